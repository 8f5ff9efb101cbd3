"""Scores as tables, for the terminal and for a page."""

import numpy as np
import pytest

from dalmeum.data import PairTable, Predictions
from dalmeum.evaluation import Evaluation, evaluate_predictions
from dalmeum.languages import Text
from dalmeum.pages.scores import metrics_lines, slice_lines, slices_table
from dalmeum.pages.tables import Cell, difference_cell, estimate_cell
from dalmeum.stats import METRICS, Estimate, Metric


def evaluation() -> Evaluation:
    table = PairTable(
        id=("0", "1", "2"),
        source=("news", "더 긴 이름", "news"),
        sentence1=("a",) * 3,
        sentence2=("b",) * 3,
        label=np.array([0.0, 1.0, 4.5]),
    )
    return evaluate_predictions(table, Predictions(np.array([0.5, 1.0, 4.0])), threshold=3.0)


SCORES: dict[str, dict[str, float | None] | None] = {
    "pearson": {"value": 0.93214, "low": 0.9, "high": 0.95},
    "rmse": {"value": 0.5, "low": None, "high": None},
    "f1": None,
}


@pytest.mark.parametrize(
    ("setting", "lines"),
    [
        (
            "en",
            [
                "dev       score  95 % interval",
                "pearson  0.9321  0.9000 to 0.9500",
                "rmse     0.5000",
                "f1            -",
            ],
        ),
        (
            "ko",
            [
                "dev        점수  95 % 구간",
                "pearson  0.9321  0.9000 ~ 0.9500",
                "rmse     0.5000",
                "f1            -",
            ],
        ),
    ],
)
def test_scores_in_the_terminal(setting: str, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", setting)
    assert metrics_lines(SCORES, "dev") == lines


def test_slices_in_the_terminal_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DALMEUM_LANG", raising=False)
    lines = slice_lines(evaluation())
    assert lines[:4] == [
        "",
        "source      pairs  pearson  spearman    rmse     mae      f1",
        "news            2   1.0000    1.0000  0.5000  0.5000  1.0000",
        "더 긴 이름      1        -         -  0.0000  0.0000       -",
    ]
    assert lines[5].split() == ["label", "pairs", "pearson", "spearman", "rmse", "mae", "f1"]
    assert [line.split()[0] for line in lines[6:]] == ["0-1", "1-2", "4-5"]


def test_slices_on_a_page() -> None:
    table = slices_table(evaluation().by_source, Text("source", "출처"))
    assert table.heads[2:4] == [Text("Pearson r", "피어슨 상관"), Text("Spearman ρ", "스피어만 상관")]
    (news, other) = table.groups[0].rows
    assert (news.name, news.cells[0], news.cells[3]) == ("news", Cell("2"), Cell("0.500"))
    assert other.cells[1] == Cell("-")


def test_an_own_metric_has_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Metric(lambda labels, predictions: float(np.max(np.abs(labels - predictions))), title="<worst>")
    monkeypatch.setitem(METRICS, "worst", own)
    found = evaluation()
    assert slice_lines(found)[1].split() == [
        *("source", "pairs", "pearson", "spearman", "rmse", "mae", "worst", "f1")
    ]
    table = slices_table(found.by_source, Text("source", "출처"))
    assert table.heads[-2:] == ["<worst>", "F1"]
    assert table.groups[0].rows[0].cells[-2].value == "0.500"


@pytest.mark.parametrize(
    ("estimate", "cell"),
    [
        (None, Cell("-")),
        (Estimate(float("nan")), Cell("-")),
        (Estimate(0.93214), Cell("0.932")),
        (Estimate(0.93214, 0.9, 0.95), Cell("0.932", (Text("0.90 to 0.95", "0.90 ~ 0.95"),))),
    ],
)
def test_a_score_in_a_cell(estimate: Estimate | None, cell: Cell) -> None:
    assert estimate_cell(estimate) == cell


@pytest.mark.parametrize(
    ("difference", "cell"),
    [
        (None, Cell("-")),
        (Estimate(0.25), Cell("+0.250")),
        (Estimate(0.25, 0.1, 0.4), Cell("+0.250", (Text("+0.100 to +0.400", "+0.100 ~ +0.400"),), "worse")),
        (
            Estimate(-0.25, -0.4, -0.1),
            Cell("-0.250", (Text("-0.400 to -0.100", "-0.400 ~ -0.100"),), "better"),
        ),
        (Estimate(0.25, -0.1, 0.6), Cell("+0.250", (Text("-0.100 to +0.600", "-0.100 ~ +0.600"),))),
        (Estimate(0.0002, 0.0001, 0.0003), Cell("+0.000", (Text("+0.000 to +0.000", "+0.000 ~ +0.000"),))),
    ],
)
def test_differences_are_coloured_where_they_are_clear(difference: Estimate | None, cell: Cell) -> None:
    assert difference_cell(difference) == cell
