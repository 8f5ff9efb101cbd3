"""Typed sections read from YAML and overridden by `key=value`, with every problem reported at once."""

import difflib
import math
import re
import shlex
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, Tag, ValidationError
from pydantic_core import ErrorDetails

from dalmeum.errors import InputError, RecipeError


class Section(BaseModel):
    """A part of a file: an unknown key is an error, since a misspelt one would be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def described(en: str, ko: str, **field: Any) -> Any:
    """A key, as pydantic's `Field`, and what it is in both languages: the reference in `docs/` says so."""
    return Field(description=en, json_schema_extra={"ko": ko}, **field)


DATA_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""Ends of files that hold pairs, as somebody names one where a recipe is wanted."""

AnySection = TypeVar("AnySection", bound=Section)


class _Loader(yaml.SafeLoader):
    """YAML as people write it: PyYAML reads 2e-5 as text, and keeps the last of two equal keys in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.YAMLError(f"line {line}: a key must be a plain word")
            if key_node.value in seen:
                raise yaml.YAMLError(f"line {line}: key {key_node.value} stands there twice: leave one out")
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def read_yaml(path: Path, kind: type[Section]) -> dict[str, Any]:
    """The mapping in a YAML file that should hold a `kind`. Raises `InputError` where there is none."""
    what = kind.__name__.lower()
    if path.suffix.lower() in DATA_SUFFIXES and path.is_file():
        raise _is_data(path, what)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such {what}; the ones at hand are in recipes/") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; name the {what}'s YAML file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the {what} as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: can't be read: {(error.strerror or str(error)).lower()}") from None
    if text.lstrip().startswith("["):
        raise _is_data(path, what)  # YAML would take minutes to read a long JSON list
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{path}{place}: is not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise InputError(f"{path}: is not valid YAML: nested too deep") from None
    if isinstance(values, str) and re.match(r"[^\n]*[\t,]", text):
        raise _is_data(path, what)
    if not isinstance(values, dict):
        required = [name for name, field in kind.model_fields.items() if field.is_required()]
        keys = " and ".join(f"{name}:" for name in required[:2])
        raise InputError(f"{path}: holds no {what}; it must start with keys such as {keys}")
    return values


def _is_data(path: Path, what: str) -> InputError:
    call = f"dalmeum init {shlex.quote(str(path))}"
    return InputError(f"{path}: is data, not a {what}: {call} writes a recipe for it")


def yaml_text(value: object) -> str:
    """A value on one line as YAML reads it back, in quotes where it needs them."""
    dumped = yaml.safe_dump(value, allow_unicode=True, width=math.inf, default_flow_style=True)
    return dumped.removesuffix("...\n").strip()


def apply_override(values: dict[str, Any], override: str) -> str | None:
    """Lay one `section.key=value` over `values`; the problem with it, if any."""
    key, sign, text = override.partition("=")
    if not sign or not key.strip():
        return f"{override!r:.80} is no override: write section.key=value, e.g. training.seed=7"
    try:
        value = yaml.load(text, Loader=_Loader) if text.strip() else None
    except (yaml.YAMLError, RecursionError):
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
        section = kind.model_validate(values)
    except ValidationError as error:
        found += [_explain(kind, detail) for detail in error.errors()]
    if found:
        raise RecipeError([f"{name}: {problem}" for problem in found])
    return section


def _explain(kind: type[Section], detail: ErrorDetails) -> str:
    """One problem in one line: key, value, what it should be."""
    keys, fields = _locate(kind, detail["loc"])
    key = ".".join(keys)
    problem, value = detail["type"], detail["input"]
    if problem == "extra_forbidden":
        near = difflib.get_close_matches(keys[-1], fields, n=1)
        mend = f"did you mean {near[0]}?" if near else f"known here: {', '.join(fields)}"
        return f"{key} is no key of a {kind.__name__.lower()}: {mend}"
    if problem == "missing":
        return f"{key} is missing"
    if problem in {"model_type", "model_attributes_type"}:
        return f"{key}: must be a mapping with keys such as {', '.join(fields[:2])}, not {value!r:.80}"
    message = detail["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if problem == "value_error":
        return f"{key}: {message}" if key and not message.startswith(key) else message
    shown = repr(value) if not isinstance(value, float) or math.isfinite(value) else str(value)
    return f"{key}: {message}, not {shown[:80]}"


def _locate(kind: type[Section], location: Sequence[int | str]) -> tuple[list[str], list[str]]:
    """The keys as the file has them, and what keys the innermost section knows.

    pydantic's location also names, behind a key that may be of several kinds, the kind that it tried.
    """
    section: type[Section] | None = kind
    fields = list(kind.model_fields)
    tags: set[str] = set()
    keys = []
    for part in location:
        if part in tags:
            continue
        keys.append(str(part))
        if section is not None and part in section.model_fields:
            section, tags = _inside(section.model_fields[str(part)].annotation)
            fields = list(section.model_fields) if section else fields
    return keys, fields


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
