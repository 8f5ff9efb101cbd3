"""Names of models, and limits."""

import json
from pathlib import Path

import pytest

from dalmeum.errors import InputError
from dalmeum.serving.http.limits import Limits
from dalmeum.serving.http.models import find_models
from tests.conftest import run_folders


def test_names(own_run: Path) -> None:
    (by_id,) = find_models([own_run.name])
    assert (by_id.name, by_id.model, by_id.run) == (
        own_run.name,
        (own_run / "model").resolve(),
        own_run.resolve(),
    )
    assert find_models(["latest"]) == find_models([own_run]) == find_models([own_run / "model"]) == [by_id]
    named = find_models([f"모델.1={own_run}", "latest", f"a-b_c={own_run / 'model'}"])
    assert [place.name for place in named] == ["모델.1", own_run.name, "a-b_c"]
    (own_run / "model").rename("plain")
    (alone,) = find_models(["plain"])
    assert (alone.name, alone.run) == ("plain", None)
    Path("plain").rename("x=plain")
    assert find_models(["y=x=plain"])[0].name == "y"
    with pytest.raises(InputError, match="'x=plain' is no plain name"):
        find_models(["x=plain"])


@pytest.mark.parametrize("name", ["a b", "a/b", "a\nb", "x" * 101, "<b>"])
def test_no_name(own_run: Path, name: str) -> None:
    with pytest.raises(InputError, match="is no plain name: letters, digits, dots and dashes"):
        find_models([f"{name}={own_run}"])


def test_two_of_one_name(own_run: Path) -> None:
    with pytest.raises(InputError, match=f"are both called {own_run.name}: name one as in other=latest"):
        find_models([own_run, "latest"])
    with pytest.raises(InputError, match="are both called a: name one"):
        find_models([f"a={own_run}", f"a={own_run}"])


def test_what_is_not_there(own_run: Path) -> None:
    with pytest.raises(InputError, match="serve: no run is given"):
        find_models([])
    for given in ("nothing", "name=nothing"):
        with pytest.raises(InputError, match="nothing: no such run"):
            find_models([given])
    record = json.loads((own_run / "run.json").read_text(encoding="utf-8"))
    (own_run / "run.json").write_text(json.dumps({**record, "state": "running"}), encoding="utf-8")
    with pytest.raises(InputError, match="the run is not finished"):
        find_models(run_folders("runs"))


def test_limits() -> None:
    assert Limits(pairs=7).pairs == 7
    for wrong in (0, -1, float("inf"), float("nan"), True, "1"):
        with pytest.raises(InputError, match=r"limit wait .*: give a number above 0"):
            Limits(wait=wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a request of 11 pairs would never fit a queue of 10"):
        Limits(pairs=11, waiting=10)
