"""YAML as people write it, read from files of a size that people write."""

import math
import os
import re
import stat
from pathlib import Path
from typing import Any

import yaml

from dalmeum.errors import InputError, nearest_file
from dalmeum.places import is_file_at_rest

YAML_SUFFIXES = (".yaml", ".yml")
AT_HAND = "recipes"
"""The checkout's folder of recipes and studies."""

WRITES = {"recipe": "dalmeum init TRAIN.csv", "study": "dalmeum demo"}
"""Commands after which there is such a file."""

MOST_BYTES = 500_000
MOST_VALUES = 50_000
"""Of a file, counted with all that its aliases repeat."""


def read_text(path: Path, what: str) -> str:
    """The text of a file that should hold a `what`; `InputError` where there is none of a usual size."""
    try:
        mode = os.stat(path).st_mode
        # An unnamed pipe has a writer: <(command) in a shell. One with a name may never get any.
        piped = stat.S_ISFIFO(mode) and os.path.normpath(path).startswith(("/dev/", "/proc/"))
        if stat.S_ISDIR(mode):
            raise InputError(f"{path}: is a folder; name the {what}'s YAML file")
        if not (piped or is_file_at_rest(path)):
            raise InputError(f"{path}: is a device or a pipe; name the {what}'s YAML file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InputError(f"{path}: holds more than {MOST_BYTES // 1000} kB: that is no {what}")
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such {what}{_others(path, what)}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the {what} as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError(f"{path}: can't be read: {reason}") from None


def _others(path: Path, what: str) -> str:
    """The file that a wrong name may have meant, or else where there are some, as a message's end."""
    if near := nearest_file(path, YAML_SUFFIXES):
        return f"; did you mean {near!r}?"
    if Path(AT_HAND).is_dir():
        return f"; the ones at hand are in {AT_HAND}/"
    return f": {WRITES[what]} writes one" if what in WRITES else ""


def parse_yaml(text: str, name: str) -> Any:
    """What YAML text says. Raises `InputError`, beginning with `name`, where it is none."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{name}{place}: is not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}: is not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise InputError(f"{name}: is not valid YAML: nested too deep") from None
    except (ValueError, OverflowError) as error:  # a 13th month, a number of 5,000 digits
        raise InputError(f"{name}: is not valid YAML: {error}") from None


def dump_yaml(values: Any) -> str:
    """YAML that `parse_yaml` reads back as the same values."""
    return yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False)


def yaml_line(value: Any) -> str:
    """A value on one line as `parse_yaml` reads it back, in quotes where it needs them."""
    dumped: str = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, width=math.inf, default_flow_style=True
    )
    return dumped.removesuffix("...\n").strip()


class _Loader(yaml.SafeLoader):
    """YAML's core schema: `2e-5` is a number, 010 is ten, and 1:30, yes, no and off are text, unlike in
    PyYAML, which also keeps the last of two equal keys in silence, and repeats what aliases name without end.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 # as PyYAML has it
        first: [
            (tag, pattern) for tag, pattern in rows if tag.rpartition(":")[2] not in {"int", "float", "bool"}
        ]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_document(self, node: yaml.Node) -> Any:
        if _values(node) > MOST_VALUES:
            raise yaml.YAMLError(f"holds more than {MOST_VALUES:,} values, with all that its aliases repeat")
        return super().construct_document(node)

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

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        return int(self.construct_scalar(node).replace("_", ""))

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        text = self.construct_scalar(node).replace("_", "").lower()
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))


class _Dumper(yaml.SafeDumper):
    """Quotes whatever text the loader would take for something else."""

    yaml_implicit_resolvers = {  # noqa: RUF012 # as PyYAML has it
        first: list(rows) for first, rows in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9][0-9_]*", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(
            f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
        )
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


def _values(root: yaml.Node) -> int:
    """Scalars and collections below a node, what several aliases name counted for each of them."""
    counts: dict[int, int] = {}

    def count(node: yaml.Node) -> int:
        known = counts.get(id(node))
        if known == 0:
            raise yaml.YAMLError(
                f"line {node.start_mark.line + 1}: what an alias names holds the alias itself"
            )
        if known is None:
            counts[id(node)] = 0
            pairs = node.value if isinstance(node, yaml.CollectionNode) else []
            parts = [each for pair in pairs for each in (pair if isinstance(pair, tuple) else (pair,))]
            known = counts[id(node)] = 1 + sum(map(count, parts))
        return known

    return count(root)
