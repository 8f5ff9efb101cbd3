"""Code outside the package, found by the name that a recipe gives it."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dalmeum.errors import InputError
from dalmeum.own_code import find, is_own, source_hash, written

Module = Callable[[str, str], Path]


def test_what_is_own_and_how_it_is_written() -> None:
    assert not is_own("mixture")
    assert is_own("my_module:my_loss")
    assert is_own(find)
    assert written("my_module:my_loss") == "my_module:my_loss"
    assert written(find) == "dalmeum.own_code:find"
    assert written(InputError("x")) == "dalmeum.errors:InputError"


def test_it_is_found_on_the_python_path_and_nowhere_else(
    own_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_module("own_found", "class Kind:\n    def loss(self): ...\n")
    assert find("model.kind", "own_found:Kind").__name__ == "Kind"
    assert find("loss.name", "own_found:Kind.loss").__qualname__ == "Kind.loss"
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "own_here.py").write_text("loss = print\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    with pytest.raises(InputError, match=r"^loss\.name: there is no module own_here: install it, or put"):
        find("loss.name", "own_here:loss")


@pytest.mark.parametrize(
    ("source", "name", "problem"),
    [
        ("", "own_bad:loss", "loss.name: module own_bad has no loss"),
        ("losss = 1", "own_bad:loss", "loss.name: module own_bad has no loss; did you mean losss?"),
        ("import own_none", "own_bad:loss", "ModuleNotFoundError: No module named 'own_none'"),
        ("1 / 0", "own_bad:loss", "module own_bad can't be imported: ZeroDivisionError: division by zero"),
        ("def", "own_bad:loss", "module own_bad can't be imported: SyntaxError: invalid syntax"),
        ("raise SystemExit(3)", "own_bad:loss", "module own_bad can't be imported: SystemExit: 3"),
        ("", "own_bad.inner:loss", "there is no module own_bad.inner"),
    ],
)
def test_what_cannot_be_found_is_a_line(own_module: Module, source: str, name: str, problem: str) -> None:
    own_module("own_bad", source)
    with pytest.raises(InputError) as caught:
        find("loss.name", name)
    assert problem in str(caught.value)
    assert str(caught.value).startswith("loss.name: ")
    assert "\n" not in str(caught.value)


def test_the_hash_is_that_of_the_modules_source(own_module: Module) -> None:
    own_module("own_hashed", "def loss(p, y): return helper(p)\ndef helper(p): return p.sum()\n")
    by_name = source_hash("loss.name", "own_hashed:loss")
    assert by_name is not None
    assert by_name == source_hash("loss.name", find("loss.name", "own_hashed:loss"))
    own_module("own_hashed", "def loss(p, y): return helper(p)\ndef helper(p): return p.mean()\n")
    assert source_hash("loss.name", "own_hashed:loss") not in (None, by_name)


def test_the_hash_covers_where_the_code_stands(own_module: Module) -> None:
    hashes = []
    for power in (1, 2, 2):
        own_module("own_inner", f"def loss(p, y): return (p - y).abs().pow({power}).mean()\n")
        own_module(
            "own_outer",
            "from functools import partial\nfrom own_inner import loss\nbound = partial(loss, y=0)\n",
        )
        hashes.append([source_hash("loss.name", f"own_outer:{name}") for name in ("loss", "bound")])
    linear, *squares = hashes
    assert squares[0] == squares[1]
    assert None not in linear
    assert linear[0] != squares[0][0]
    assert linear[1] != squares[0][1]


def test_a_kind_that_is_an_object_counts_with_its_class(own_module: Module) -> None:
    hashes = []
    for size in (1, 2):
        own_module("own_inner", f"class Kind:\n    size = {size}\n")
        own_module("own_outer", "from own_inner import Kind\nkind = Kind()\n")
        hashes.append(source_hash("model.kind", "own_outer:kind"))
    assert None not in hashes
    assert hashes[0] != hashes[1]


def test_a_change_after_the_import_has_no_hash_until_it_is_loaded(own_module: Module) -> None:
    path = own_module("own_hashed", "def loss(p, y): return p.sum()\n")
    before = source_hash("loss.name", "own_hashed:loss")
    path.write_text("def loss(p, y): return p.mean()  # changed\n", encoding="utf-8")
    # What runs is the sum still, and what another process would find is the mean.
    assert source_hash("loss.name", "own_hashed:loss") is None
    assert source_hash("loss.name", find("loss.name", "own_hashed:loss")) is None
    importlib.reload(sys.modules["own_hashed"])
    after = source_hash("loss.name", "own_hashed:loss")
    assert after not in (None, before)
    path.write_text("def loss(p, y): return p.sum()\n", encoding="utf-8")
    importlib.reload(sys.modules["own_hashed"])
    assert source_hash("loss.name", "own_hashed:loss") == before


def test_a_change_between_finding_and_hashing_is_seen(own_module: Module) -> None:
    path = own_module("own_hashed", "def loss(p, y): return p.sum()\n")
    find("loss.name", "own_hashed:loss")
    path.write_text("def loss(p, y): return p.mean()  # changed\n", encoding="utf-8")
    assert source_hash("loss.name", "own_hashed:loss") is None


def test_what_its_name_does_not_lead_back_to_has_no_hash() -> None:
    def inside() -> None: ...

    assert source_hash("loss.name", lambda: None) is None
    assert source_hash("loss.name", inside) is None
    assert source_hash("loss.name", "math:sqrt") is None  # written in C: there is no source
    assert source_hash("loss.name", find) == source_hash("loss.name", "dalmeum.own_code:find")


def test_the_hash_covers_what_the_code_imports_from_beside_it(own_module: Module) -> None:
    hashes = []
    for source in ("SCALE = 1", "SCALE = 2"):
        own_module("own_deepest", f"{source}\n")
        own_module("own_helper", "from own_deepest import SCALE\n")
        own_module(
            "own_hashed", "import math, own_helper\ndef loss(p, y): return own_helper.SCALE * p.sum()\n"
        )
        hashes.append(source_hash("loss.name", "own_hashed:loss"))
    assert None not in hashes
    assert hashes[0] != hashes[1]


def test_the_hash_covers_its_package(own_module: Module) -> None:
    hashes = []
    for source in ("SCALE = 1", "SCALE = 2"):
        package = own_module("own_package", "").with_suffix("")
        package.mkdir(exist_ok=True)
        for name, text in {
            "__init__": "",
            "constants": source,
            "losses": "from .constants import SCALE\nimport json\ndef loss(p, y): return SCALE * p.sum()",
        }.items():
            (package / f"{name}.py").write_text(f"{text}\n", encoding="utf-8")
            sys.modules.pop(f"own_package.{name}", None)
        package.with_suffix(".py").unlink(missing_ok=True)
        importlib.invalidate_caches()
        hashes.append(source_hash("loss.name", "own_package.losses:loss"))
    assert None not in hashes
    assert hashes[0] != hashes[1]
