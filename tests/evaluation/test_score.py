import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dalmeum.data import PairTable, Predictions
from dalmeum.errors import DalmeumError, InputError
from dalmeum.evaluation import evaluate_predictions
from dalmeum.stats import METRICS, Metric

Array = NDArray[np.float64]


def table(label: list[float] | None, n: int = 0, **columns: Any) -> PairTable:
    n = n if label is None else len(label)
    given = {"source": ("news",) * n, **columns}
    return PairTable(
        id=tuple(f"p{row}" for row in range(n)),
        sentence1=("a",) * n,
        sentence2=("b",) * n,
        label=None if label is None else np.array(label),
        name="dev.csv",
        **given,
    )


@pytest.fixture
def graded() -> tuple[PairTable, Predictions]:
    generator = np.random.default_rng(0)
    label = np.round(generator.uniform(0, 5, 300), 1)
    source = tuple(["review", "petition", "news"][row % 3] for row in range(300))
    pairs = table(list(label), source=source, binary=(label >= 2.5).astype(np.int64))
    return pairs, Predictions(label + generator.normal(0, 0.7, 300))


def test_overall_scores(graded: tuple[PairTable, Predictions]) -> None:
    pairs, predictions = graded[0], graded[1].similarity
    assert pairs.label is not None
    evaluation = evaluate_predictions(pairs, Predictions(predictions), resamples=200)
    metrics = evaluation.metrics
    assert evaluation.pairs == 300
    assert metrics.pearson.value == pytest.approx(stats.pearsonr(pairs.label, predictions).statistic)
    assert metrics.scores["spearman"].value == pytest.approx(
        stats.spearmanr(pairs.label, predictions).statistic
    )
    error = predictions - pairs.label
    assert metrics.scores["rmse"].value == pytest.approx(math.sqrt(np.mean(error**2)))
    assert metrics.scores["mae"].value == pytest.approx(np.mean(np.abs(error)))
    for estimate in (
        metrics.pearson,
        metrics.scores["spearman"],
        metrics.scores["rmse"],
        metrics.scores["mae"],
        metrics.f1,
    ):
        assert estimate is not None
        assert estimate.low < estimate.value < estimate.high


def test_the_contract_of_the_metrics(graded: tuple[PairTable, Predictions]) -> None:
    metrics = evaluate_predictions(*graded, resamples=50).to_dict()
    assert list(metrics) == ["pearson", "spearman", "rmse", "mae", "f1"]
    for estimate in metrics.values():
        assert estimate is not None
        assert list(estimate) == ["value", "low", "high"]
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_slices_follow_table_and_scale(graded: tuple[PairTable, Predictions]) -> None:
    pairs, predictions = graded[0], graded[1].similarity
    assert pairs.label is not None
    evaluation = evaluate_predictions(pairs, Predictions(predictions), resamples=50)
    assert [(part.name, part.pairs) for part in evaluation.by_source] == [
        ("review", 100),
        ("petition", 100),
        ("news", 100),
    ]
    assert [part.name for part in evaluation.by_label] == ["0-1", "1-2", "2-3", "3-4", "4-5"]
    assert sum(part.pairs for part in evaluation.by_label) == 300
    petition = evaluation.by_source[1].metrics
    expected = stats.pearsonr(pairs.label[1::3], predictions[1::3]).statistic
    assert petition.pearson.value == pytest.approx(expected)


def test_equal_calls_give_equal_intervals(graded: tuple[PairTable, Predictions]) -> None:
    def everything(seed: int) -> dict[str, Any]:
        evaluation = evaluate_predictions(*graded, resamples=100, seed=seed)
        return evaluation.to_dict() | evaluation.slices_to_dict()

    assert everything(seed=0) == everything(seed=0)
    assert everything(seed=0) != everything(seed=1)


def test_slices_as_json() -> None:
    pairs = table([0.0, 1.0, 4.5], source=("news", "a longer name", "news"))
    evaluation = evaluate_predictions(pairs, Predictions(np.array([0.5, 1.0, 4.0])), threshold=3.0)
    slices = evaluation.slices_to_dict()
    assert list(slices) == ["by_source", "by_label"]
    assert slices["by_source"]["news"]["pairs"] == 2
    assert slices["by_source"]["news"]["metrics"]["mae"]["value"] == pytest.approx(0.5)
    assert list(slices["by_label"]) == ["0-1", "1-2", "4-5"]
    json.dumps(slices, allow_nan=False)


def test_a_small_slice_has_scores_without_an_interval() -> None:
    label = [0.5] * 9 + [4.0, 4.5] * 10
    predictions = np.array(label) + np.linspace(0, 1, len(label)) ** 2
    evaluation = evaluate_predictions(table(label), Predictions(predictions), resamples=100)
    small = evaluation.by_label[0]
    assert (small.name, small.pairs) == ("0-1", 9)
    assert math.isfinite(small.metrics.scores["mae"].value)
    assert math.isnan(small.metrics.scores["mae"].low)
    assert math.isfinite(evaluation.by_label[-1].metrics.scores["mae"].low)


LABEL = [0.0, 1.0, 2.0, 3.0, 4.0]
PREDICTION = np.array([2.6, 0.0, 1.0, 2.4, 5.0])


@pytest.mark.parametrize(
    ("binary", "binary_predictions", "threshold", "expected"),
    [
        # No rule.
        (None, None, None, None),
        (None, [0.9, 0.1, 0.1, 0.9, 0.9], None, None),
        # Truth and prediction from the threshold: predicted 0, 3, 4 are right in 2 (one false alarm).
        (None, None, 2.4, 2 * 2 / (2 + 3)),
        # Truth from the column, prediction from what it implies (3.0): one hit, one miss.
        ([0, 0, 0, 1, 1], None, None, 2 * 1 / (2 + 1)),
        # The column is the truth, whatever the given threshold says of labels.
        ([0, 0, 1, 1, 1], None, 2.4, 2 * 2 / (3 + 3)),
        # A binary head decides at .5.
        ([0, 0, 0, 1, 1], [0.5, 0.1, 0.2, 0.7, 0.49], None, 2 * 1 / (2 + 2)),
        (None, [0.1, 0.1, 0.1, 0.7, 0.9], 3.0, 1.0),
        # One class: no threshold is implied, but a binary head can still be judged.
        ([1, 1, 1, 1, 1], None, None, None),
        ([1, 1, 1, 1, 1], [0.9, 0.9, 0.9, 0.9, 0.1], None, 2 * 4 / (5 + 4)),
    ],
)
def test_f1_rules(
    binary: list[int] | None,
    binary_predictions: list[float] | None,
    threshold: float | None,
    expected: float | None,
) -> None:
    pairs = table(LABEL, binary=None if binary is None else np.array(binary, dtype=np.int64))
    probabilities = None if binary_predictions is None else np.array(binary_predictions)
    evaluation = evaluate_predictions(
        pairs, Predictions(PREDICTION, probabilities), threshold=threshold, resamples=20
    )
    f1 = evaluation.metrics.f1
    assert (None if f1 is None else f1.value) == (None if expected is None else pytest.approx(expected))
    assert (evaluation.to_dict()["f1"] is None) == (expected is None)


@pytest.mark.filterwarnings("error")
def test_constant_predictions_are_null_in_json() -> None:
    metrics = evaluate_predictions(table(LABEL * 4), Predictions(np.full(20, 2.0)), resamples=50).to_dict()
    assert metrics["pearson"] == {"value": None, "low": None, "high": None}
    assert metrics["mae"] is not None
    assert metrics["mae"]["value"] == pytest.approx(1.2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rows", [1, 2])
def test_one_or_two_pairs(rows: int) -> None:
    evaluation = evaluate_predictions(table(LABEL[:rows]), Predictions(PREDICTION[:rows]))
    assert evaluation.metrics.scores["mae"].value == pytest.approx([2.6, 1.8][rows - 1])
    assert math.isnan(evaluation.metrics.pearson.low)


def test_what_can_not_be_scored() -> None:
    with pytest.raises(InputError, match=r"dev\.csv: holds no pairs"):
        evaluate_predictions(table([]), Predictions(np.zeros(0)))
    with pytest.raises(InputError, match=r"dev\.csv: has no labels"):
        evaluate_predictions(table(None, n=3), Predictions(np.zeros(3)))
    with pytest.raises(DalmeumError, match=r"2 of 5 predictions are not finite \(first in row 2\)"):
        evaluate_predictions(table(LABEL), Predictions(np.array([1, np.nan, 2, np.inf, 3])))
    with pytest.raises(ValueError, match="5 rows"):
        evaluate_predictions(table(LABEL), Predictions(np.zeros(4)))


def test_the_table_stays_as_it_was(graded: tuple[PairTable, Predictions]) -> None:
    pairs, predictions = graded[0], graded[1].similarity
    before = pairs.sha256, predictions.copy()
    evaluate_predictions(pairs, Predictions(predictions), resamples=20)
    assert pairs.sha256 == before[0]
    np.testing.assert_array_equal(predictions, before[1])


def test_results_are_frozen(graded: tuple[PairTable, Predictions]) -> None:
    evaluation = evaluate_predictions(*graded, resamples=20)
    with pytest.raises(dataclasses.FrozenInstanceError):
        evaluation.pairs = 1  # type: ignore[misc]


def test_a_metric_of_ones_own_is_scored_like_the_others() -> None:
    METRICS["kendall"] = Metric(lambda labels, predictions: stats.kendalltau(labels, predictions).statistic)
    try:
        pairs = table(np.random.default_rng(0).uniform(0, 5, 40).tolist())
        predictions = np.asarray(pairs.label) + np.random.default_rng(1).normal(0, 1, 40)
        found = evaluate_predictions(pairs, Predictions(predictions), resamples=50).metrics.scores["kendall"]
    finally:
        del METRICS["kendall"]
    assert found.value == pytest.approx(stats.kendalltau(pairs.label, predictions).statistic)
    assert found.low < found.value < found.high


def test_on_two_scales_scores_that_compare_them_do_not_exist() -> None:
    """Labels of 0..1 and similarities of 0..5: correlations as ever, F1 from probabilities alone."""
    labels = np.array([0.1, 0.9, 0.4, 0.6, 0.8, 0.2])
    similarity = np.array([1.0, 4.5, 2.5, 2.0, 4.0, 0.5])
    pairs = dataclasses.replace(table(labels.tolist()), binary=(labels >= 0.5).astype(np.int64))
    found = evaluate_predictions(pairs, Predictions(similarity), one_scale=False, resamples=20).metrics
    assert found.pearson.value == pytest.approx(stats.pearsonr(labels, similarity).statistic)
    assert found.scores["spearman"].value == pytest.approx(stats.spearmanr(labels, similarity).statistic)
    assert math.isnan(found.scores["rmse"].value)
    assert math.isnan(found.scores["mae"].value)
    assert found.f1 is None
    probabilities = np.array([0.1, 0.9, 0.6, 0.7, 0.9, 0.2])  # one of four that are called similar is not
    with_task = Predictions(similarity, probabilities)
    told = evaluate_predictions(pairs, with_task, one_scale=False, resamples=20).metrics
    assert told.f1 is not None
    assert told.f1.value == pytest.approx(2 * 3 / (2 * 3 + 1))


def test_the_name_of_f1_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "f1", METRICS["mae"])
    with pytest.raises(ValueError, match=r"^metric f1: is the name of the binary F1"):
        evaluate_predictions(table([0.0, 5.0, 1.0]), Predictions(np.array([0.0, 5.0, 1.0])), threshold=2.5)
