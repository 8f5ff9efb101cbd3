"""Hypothesis strategies: real files, recipes and JSON with something in them changed."""

import json
import math
import os
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("DALMEUM_FUZZ", "1000"))
"""Examples of all fuzzing tests together; a night takes 100,000."""

SEED = int(os.environ.get("DALMEUM_FUZZ_SEED", "20261127"))

PIECES = [
    *b'\x00 \xff \xfe\xff \xef\xbb\xbf \r \n\n \t , ; " "" \' \\ { } [ ] : &a *a # % | -'.split(b" "),
    *b"nan NaN inf -inf 1e308 -1e308 1e400 0x10 1_000 1,5 5.5 -1 true null None".split(b" "),
    *b"\\ud800 \xed\xa0\x80 \x1b[2J\x1b]0;x\x07 \xc2\x9b \xc0\x80 !!python/object:os.system PAR1".split(b" "),
    *b"sentence1 label id score guid real-label".split(b" "),
    *(text.encode() for text in ("가", "각", "ㅤ", "\u202e", "\U0001f600", "- ", "9" * 400, "a" * 5000)),
    "가".encode("cp949"),
]


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """One of `seeds` after up to six changes: cut, doubled, overwritten, a byte flipped, a piece put in."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)))
        match draw(st.sampled_from(("cut", "rest", "double", "overwrite", "insert", "flip"))):
            case "cut":
                del data[start:end]
            case "rest":
                del data[start:]
            case "double":
                data[start:start] = data[start:end]
            case "overwrite":
                data[start:end] = piece
            case "insert":
                data[start:start] = piece
            case "flip" if start < len(data):
                data[start] ^= 1 << draw(st.integers(0, 7))
    return bytes(data)


SCALARS: list[Any] = [
    *[None, True, False, 0, 1, -1, 2, 7, 0.5, 1.5, -0.0, 1e-320, 1e308, -1e308, 10**18, 2**63, 10**30],
    *[math.inf, -math.inf, math.nan, "", "x", "0", "1e-5", "true", "false", "nan", "auto", "none"],
    *["\x00", "\x1b[31m", "가", "각", "a" * 300, "../x", ".", "/dev/null", "json:loads", "os:nothing"],
]
VALUES = st.one_of(
    st.sampled_from(SCALARS),
    st.lists(st.sampled_from(SCALARS), max_size=3),
    st.dictionaries(st.sampled_from(["a", "name", "tokens", "0"]), st.sampled_from(SCALARS), max_size=2),
    st.builds(lambda: [[[[]]]]),  # a new one each time: it may be changed further
)


@st.composite
def changed_tree(draw: st.DrawFn, tree: Any) -> Any:
    """A copy of what JSON or YAML holds, with up to three entries replaced, removed, renamed or added."""
    tree = json.loads(json.dumps(tree))
    for _ in range(draw(st.integers(1, 3))):
        place = tree
        while isinstance(place, dict | list) and place:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 4)):
                place = place[key]
                continue
            match draw(st.sampled_from(("replace", "replace", "remove", "rename", "add"))):
                case "replace":
                    place[key] = draw(VALUES)
                case "remove":
                    del place[key]
                case "rename" if isinstance(place, dict):
                    place[f"{key}x"] = place.pop(key)
                case _ if isinstance(place, dict):
                    place[draw(st.sampled_from(["x", "id", "kind", "", "가", "label_range"]))] = draw(VALUES)
                case _:
                    place.append(draw(VALUES))
            break
    return tree


def json_file(content: bytes) -> st.SearchStrategy[bytes]:
    """A JSON file's bytes with its tree or its bytes changed."""
    trees = changed_tree(json.loads(content)).map(lambda tree: json.dumps(tree).encode())
    return st.one_of(trees, trees, mutated([content]))


def yaml_file(tree: Any) -> st.SearchStrategy[bytes]:
    """A YAML file's bytes with its tree or its bytes changed."""
    trees = changed_tree(tree).map(lambda tree: yaml.safe_dump(tree, allow_unicode=True).encode())
    return st.one_of(trees, trees, mutated([yaml.safe_dump(tree, allow_unicode=True).encode()]))


def share(of_all: float) -> settings:
    """Settings of a test that takes this share of all examples."""
    return settings(
        max_examples=max(1, round(of_all * EXAMPLES)),
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        print_blob=True,
    )
