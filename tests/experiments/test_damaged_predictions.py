"""A predictions file that holds no scores is damaged: neither `compare` nor `study` judges by it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dalmeum.errors import InputError
from dalmeum.experiments.compare import compare_runs
from dalmeum.runs.predictions import read_evaluations, read_predictions
from tests.experiments.made_runs import make_run

HEADER = "id,label,prediction,binary_prediction"
GOOD = (HEADER, "a,1.0,1.5,", "b,4.0,3.5,")

Damage = Callable[[Sequence[str]], Sequence[str | bytes]]


def second_row(line: str | bytes) -> Damage:
    return lambda lines: [*lines[:2], line, *lines[3:]]


DAMAGES: dict[str, Damage] = {
    **{
        f"prediction {value!r}": second_row(f"b,4.0,{value},")
        for value in ("nan", "inf", "-inf", "1e308", "-1e308", "1e999", "", "many", "1_0", "0x1p3", "1,5")
    },
    **{f"label {value!r}": second_row(f"b,{value},3.5,") for value in ("nan", "inf", "1e308", "", "high")},
    **{f"probability {value!r}": second_row(f"b,4.0,3.5,{value}") for value in ("nan", "2", "-0.1", "0.5")},
    "an id twice": second_row("a,4.0,3.5,"),
    "a field less": second_row("b,4.0,3.5"),
    "a field more": second_row("b,4.0,3.5,,"),
    "an open quote": second_row('"b,4.0,3.5,'),
    "binary rubbish": second_row(bytes(range(256))),
    "no rows": lambda lines: lines[:1],
    "empty": lambda lines: [],
    "no header": lambda lines: lines[1:],
    "another header": lambda lines: ["id,target,prediction,binary_prediction", *lines[1:]],
    "columns in another order": lambda lines: ["id,prediction,label,binary_prediction", *lines[1:]],
}


def write(path: Path, lines: Sequence[str | bytes]) -> Path:
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    scored = read_predictions(write(tmp_path / "dev.csv", GOOD))
    assert scored.ids == ("a", "b")
    assert scored.predictions.similarity.tolist() == [1.5, 3.5]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damages(damage: str, tmp_path: Path) -> None:
    path = write(tmp_path / "dev.csv", DAMAGES[damage](GOOD))
    with pytest.raises(InputError) as caught:
        read_predictions(path)
    assert str(caught.value) == f"{path}: is damaged: train the run again"


@pytest.mark.parametrize("value", ["nan", "inf", "1e308"])
def test_no_verdict_by_what_is_no_score(value: str, tmp_path: Path) -> None:
    base, other = make_run(tmp_path, 0.5, 1), make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.9}})
    path = other.predictions("dev")
    header, first, *rest = path.read_text(encoding="utf-8").splitlines()
    name, label, *_ = first.split(",")
    path.write_text("\n".join([header, f"{name},{label},{value},", *rest]), encoding="utf-8")
    with pytest.raises(InputError, match=r"dev\.csv: is damaged: train the run again$"):
        compare_runs([base, other])


def test_rows_that_all_runs_lack(tmp_path: Path) -> None:
    """Which no comparison between them shows."""
    runs = make_run(tmp_path, 0.5, 1), make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.9}})
    for run in runs:
        path = run.predictions("dev")
        path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[:-1]), encoding="utf-8")
    with pytest.raises(InputError, match=r"dev\.csv: is damaged: train the run again$"):
        compare_runs(runs)


@pytest.mark.parametrize("row", ["b,nan", "b,1e308", "b,", "b", "b,1,2", "a,2"])
def test_damaged_evaluations(row: str, tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", ["id,10", "a,1.5", "b,2.5"])
    assert read_evaluations(good, ("a", "b")).tolist() == [[1.5, 2.5]]
    path = write(tmp_path / "dev-evaluations.csv", ["id,10", "a,1.5", row])
    with pytest.raises(InputError, match=r"is damaged: train the run again$"):
        read_evaluations(path, ("a", "b"))
