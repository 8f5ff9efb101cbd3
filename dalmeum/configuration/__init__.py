"""Typed sections read from YAML and overridden by `key=value`, with every problem reported at once."""

import difflib
import math
import re
import shlex
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Tag, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from dalmeum.configuration.yaml_text import dump_yaml, parse_yaml, read_text, yaml_line
from dalmeum.errors import InputError, RecipeError
from dalmeum.languages import shorten

__all__ = [
    "FromList",
    "Section",
    "all_keys",
    "apply_override",
    "build",
    "described",
    "did_you_mean",
    "dump_yaml",
    "meant",
    "merged",
    "read_yaml",
    "set_key",
    "yaml_line",
]


class Section(BaseModel):
    """A part of a file: an unknown key is an error, since a misspelt one would be silently ignored, and so is
    a value of another type: `true` is no number, and `"1"` neither.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    KNOWN_AS: ClassVar[Mapping[str, str]] = {}
    """Keys that people look for here, and the whole keys that mean the same."""

    MAIN: ClassVar[tuple[str, ...]] = ()
    """The keys that a plain value in place of the section may be meant for."""


FromList = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
"""A tuple, which YAML and JSON write as a list."""


def described(en: str, ko: str, **field: Any) -> Any:
    """A key, as pydantic's `Field`, and what it is in both languages: the reference in `docs/` says so."""
    return Field(description=en, json_schema_extra={"ko": ko}, **field)


DATA_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""Ends of files that hold pairs, as somebody names one where a recipe is wanted."""

TELLING = {"recipe": ("data", "dalmeum train"), "study": ("arms", "dalmeum study")}
"""What files there are, each with a key that it has and others lack, and the command that takes it."""

AnySection = TypeVar("AnySection", bound=Section)


def read_yaml(path: Path, kind: type[Section]) -> dict[str, Any]:
    """The mapping in a YAML file that should hold a `kind`. Raises `InputError` where there is none."""
    what = kind.__name__.lower()
    if path.suffix.lower() in DATA_SUFFIXES and path.is_file():
        raise _is_data(path, what)
    text = read_text(path, what)
    if text.lstrip().startswith("["):
        raise _is_data(path, what)  # YAML would take minutes to read a long JSON list
    values = parse_yaml(text, str(path))
    if isinstance(values, str) and re.match(r"[^\n]*[\t,]", text):
        raise _is_data(path, what)
    if not isinstance(values, dict):
        required = [name for name, field in kind.model_fields.items() if field.is_required()]
        keys = " and ".join(f"{name}:" for name in required[:2])
        raise InputError(f"{path}: holds no {what}; it must start with keys such as {keys}")
    own, _ = TELLING.get(what, ("", ""))
    for other, (key, command) in TELLING.items():
        if key in values and own and own not in values:
            call = f"{command} {shlex.quote(str(path))}"
            raise InputError(f"{path}: is a {other}, not a {what}: {call}")
    return values


def _is_data(path: Path, what: str) -> InputError:
    call = f"dalmeum init {shlex.quote(str(path))}"
    return InputError(f"{path}: is data, not a {what}: {call} writes a recipe for it")


def apply_override(values: dict[str, Any], override: str) -> str | None:
    """Lay one `section.key=value` over `values`; the problem with it, if any."""
    key, sign, text = override.partition("=")
    if not sign or not key.strip():
        return f"{override!r:.80} is no override: write section.key=value, e.g. training.seed=7"
    try:
        value = parse_yaml(text, key) if text.strip() else None
    except InputError:
        return f"{key}: {text!r:.80} is not valid YAML; put text with special characters in quotes"
    set_key(values, key.strip(), value)
    return None


def set_key(values: dict[str, Any], key: str, value: Any) -> None:
    """Set `section.key` in nested dictionaries, making those that are missing."""
    *sections, last = key.split(".")
    place = values
    for section in sections:
        inner = place.setdefault(section, {})
        if not isinstance(inner, dict):
            # A section that the file wrote as a plain value (or null) is replaced by the override's mapping.
            inner = place[section] = {}
        place = inner
    place[last] = value


def merged(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both mappings together; where both have a key, mappings are merged, and else `over` has the say."""
    found = dict(values)
    for key, value in over.items():
        below = found.get(key)
        found[key] = (
            merged(below if isinstance(below, Mapping) else {}, value)
            if isinstance(value, Mapping)
            else value
        )
    return found


def build(kind: type[AnySection], values: object, name: str, problems: Sequence[str] = ()) -> AnySection:
    """A section from nested dictionaries; `problems` found earlier are reported along with its own.

    Raises `RecipeError` with all problems, each beginning with `name`.
    """
    found = list(problems)
    try:
        section = kind.model_validate(_plain(values))
    except ValidationError as error:
        details = error.errors()
        wrong = [detail["loc"][:-1] for detail in details]
        # Of a list whose items are wrong, pydantic counts the right ones.
        found += [
            _explain(kind, detail)
            for detail in details
            if detail["type"] != "too_short" or detail["loc"] not in wrong
        ]
    if found:
        raise RecipeError([f"{name}: {problem}" for problem in found])
    return section


def _plain(value: Any) -> Any:
    """Values with lists and numbers of Python in place of NumPy's and the like."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(each) for each in value]
    return _plain(value.tolist()) if callable(getattr(value, "tolist", None)) else value


_PLAIN_WORDS = {
    "tuple_type": "input should be a list",
    "list_type": "input should be a list",
    "dict_type": "input should be keys with values",
    "too_short": "at least {min_length} is needed",
}
"""What pydantic says in the words of Python."""


def _explain(kind: type[Section], detail: ErrorDetails) -> str:
    """One problem in one line: key, value, what it should be."""
    keys, section = _locate(kind, detail["loc"])
    key, fields = ".".join(keys), list(section.model_fields)
    problem, value = detail["type"], detail["input"]
    if problem == "extra_forbidden":
        near = meant(kind, key) or next(iter(difflib.get_close_matches(keys[-1], fields, n=1)), None)
        beside = near is not None and near.rpartition(".")[0] == key.rpartition(".")[0]
        shown = keys_end(near) if near and beside else near
        mend = f"did you mean {shown}?" if shown else f"known here: {', '.join(fields)}"
        return f"{key} is no key of a {kind.__name__.lower()}: {mend}"
    if problem == "missing":
        return f"{key} is missing"
    if problem in {"model_type", "model_attributes_type"}:
        main = next((name for name in section.MAIN if _fits(section, name, value)), None)
        mend = f"; did you mean {key}.{main}={value:.80}?" if main else ""
        return f"{key}: must be a mapping with keys such as {', '.join(fields[:2])}, not {value!r:.80}{mend}"
    message = detail["msg"].removeprefix("Value error, ")
    if problem in _PLAIN_WORDS:
        message = _PLAIN_WORDS[problem].format(**detail.get("ctx", {}))
    message = message[0].lower() + message[1:]
    if problem == "value_error":
        return f"{key}: {message}" if key and not message.startswith(key) else message
    if problem in {"tuple_type", "list_type"}:
        message = "must be a list"
    shown = repr(value) if not isinstance(value, float) or math.isfinite(value) else str(value)
    return f"{key}: {message}, not {shorten(shown)}{_mend(problem, value, detail.get('ctx', {}))}"


def _mend(problem: str, value: Any, context: Mapping[str, Any]) -> str:
    """How to write a value that is of another type than it looks."""
    if problem in {"int_type", "float_type", "bool_type"} and isinstance(value, str):
        return ": leave the quotes out" if _is_number(value) else ""
    if problem == "int_type" and isinstance(value, float) and value.is_integer():
        return f": write {int(value)}"
    if problem in {"tuple_type", "list_type"} and isinstance(value, str | int | float):
        return f": write [{value!s:.80}]"
    if problem == "string_type" and isinstance(value, int | float):
        return ": put it in quotes"
    if problem == "literal_error" and isinstance(value, str):
        return did_you_mean(value, re.findall("'(.*?)'", str(context.get("expected", ""))))
    return ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def did_you_mean(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)  # fp16 is 0.54 like float16
    return f"; did you mean {near[0]}?" if near else ""


def keys_end(key: str) -> str:
    return key.rpartition(".")[2]


def meant(kind: type[Section], key: str) -> str | None:
    """The whole key of a `kind` that `key` is called elsewhere, or that it names in another section."""
    name = keys_end(key.strip("-").replace("-", "_").lower())
    keys = list(all_keys(kind))
    if key in keys:
        return key
    if name in kind.KNOWN_AS:
        return kind.KNOWN_AS[name]
    found = [each for each in keys if keys_end(each) == name]
    return found[0] if len(found) == 1 else None


def all_keys(kind: type[Section], prefix: str = "") -> Iterator[str]:
    """Every key of a section and of those in it, as `section.key`."""
    for name, field in kind.model_fields.items():
        inner, _ = _inside(field.annotation)
        yield prefix + name
        # Sections with names of their own have keys that are known by those names alone.
        if inner is not None and typing.get_origin(field.annotation) is not dict:
            yield from all_keys(inner, f"{prefix}{name}.")


def _fits(section: type[Section], name: str, value: object) -> bool:
    field = section.model_fields[name]
    try:
        kind: Any = Annotated[field.annotation, "", *field.metadata]
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return isinstance(value, str)


def _locate(kind: type[Section], location: Sequence[int | str]) -> tuple[list[str], type[Section]]:
    """The keys as the file has them, and the innermost section that they lead to.

    pydantic's location also names, behind a key that may be of several kinds, the kind that it tried.
    """
    section: type[Section] | None = kind
    innermost = kind
    tags: set[str] = set()
    keys = []
    for part in location:
        if part in tags:
            continue
        keys.append(str(part))
        if section is not None and part in section.model_fields:
            section, tags = _inside(section.model_fields[str(part)].annotation)
            innermost = section or innermost
    return keys, innermost


def _inside(annotation: object) -> tuple[type[Section] | None, set[str]]:
    """The section that an annotation allows, if any, and the tags of its alternatives."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation, set()
    section: type[Section] | None = None
    tags: set[str] = set()
    for part in typing.get_args(annotation):
        if isinstance(part, Tag):
            tags.add(part.tag)
            continue
        inner, more = _inside(part)
        section, tags = section or inner, tags | more
    return section, tags
