"""Diagnoses of predictions whose ailment is known."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dalmeum.data import PairTable
from dalmeum.evaluation import Diagnosis, diagnose
from dalmeum.evaluation.diagnosis import ErrorSlice, Kind
from dalmeum.stats import label_reliability, linearity, pearson

Array = NDArray[np.float64]


def pairs(count: int, *, spaced: int = 0, seed: int = 0, **columns: Any) -> PairTable:
    """Pairs of two sources, the first `spaced` of which differ in spacing only."""
    words = [f"문장 하나 {number}" for number in range(count)]
    others = [
        word.replace(" ", "") if row < spaced else f"{word} 길" + "길" * (row % 40)
        for row, word in enumerate(words)
    ]
    return PairTable(
        id=tuple(map(str, range(count))),
        source=tuple("news" if row % 3 else "review" for row in range(count)),
        sentence1=tuple(words),
        sentence2=tuple(others),
        label=np.random.default_rng(seed).uniform(0, 5, count),
        **columns,
    )


def labels(table: PairTable) -> Array:
    assert table.label is not None
    return table.label


def noisy(table: PairTable, seeds: int, noise: float = 0.6, seed: int = 1) -> Array:
    generator = np.random.default_rng(seed)
    shared = generator.normal(0, noise, len(table))
    return np.asarray(labels(table) + shared + generator.normal(0, noise / 2, (seeds, len(table))))


def diagnosed(table: PairTable, predictions: Array, **values: Any) -> Diagnosis:
    found = diagnose(table, predictions, **{"resamples": 300, **values})
    assert found is not None
    json.dumps(found.to_dict(), allow_nan=False)
    return found


def part(diagnosis: Diagnosis, kind: Kind, name: str) -> ErrorSlice:
    (found,) = (each for each in diagnosis.slices[kind] if each.name == name)
    return found


@pytest.mark.parametrize("seeds", [1, 3])
def test_shares_of_every_kind_add_up(seeds: int) -> None:
    table = pairs(400, spaced=40)
    diagnosis = diagnosed(table, noisy(table, seeds))
    assert list(diagnosis.slices) == ["spacing", "source", "length", "prediction", "label"]
    for parts in diagnosis.slices.values():
        assert sum(each.pairs for each in parts) == 400
        assert sum(each.share_of_pairs for each in parts) == pytest.approx(1)
        assert sum(each.share_of_lost_score for each in parts) == pytest.approx(1)
        assert all(each.difference is None for each in parts)


def test_bias_and_rmse_of_a_slice_by_hand() -> None:
    # The line is 1 on the first half, whose labels are 1 off it, and 5 on the other, whose labels are 2 off.
    values = np.array([0.0, 2.0] * 5 + [3.0, 7.0] * 5)
    table = dataclasses.replace(pairs(20), source=("a",) * 10 + ("b",) * 10, label=values)
    table = dataclasses.replace(table, label_range=(0, 10))
    diagnosis = diagnosed(table, np.array([[-1.0] * 10 + [1.0] * 10]))
    first, second = diagnosis.slices["source"]
    assert (first.rmse, second.rmse) == pytest.approx((1, 2))
    assert (first.bias, second.bias) == pytest.approx((0, 0))
    assert (first.relative_error.value, second.relative_error.value) == pytest.approx((0.4, 1.6))
    assert diagnosis.slices["label"][0].name == "0-1"
    assert diagnosis.slices["label"][0].bias == pytest.approx(1)


@pytest.mark.parametrize("seeds", [1, 4])
def test_planted_errors_in_spacing_only_pairs_are_found(seeds: int) -> None:
    table = pairs(600, spaced=60)
    errors = np.random.default_rng(3).normal(0, 0.5, 600)
    predictions = np.tile(labels(table), (seeds, 1))
    predictions += np.random.default_rng(4).normal(0, 0.05, (seeds, 600))
    harmless = dataclasses.replace(table, label=labels(table) + errors)
    assert not part(diagnosed(harmless, predictions), "spacing", "spacing only").harder
    errors[:60] *= 4
    found = part(
        diagnosed(dataclasses.replace(table, label=labels(table) + errors), predictions),
        "spacing",
        "spacing only",
    )
    # 16 times the squares on a tenth of the pairs: 1.6 of 2.5.
    assert found.harder
    assert found.relative_error.low < 6.4 < found.relative_error.high
    assert found.share_of_lost_score == pytest.approx(0.64, abs=0.08)


def test_an_arm_that_errs_on_spacing_is_told_from_its_baseline_there_alone() -> None:
    table = pairs(600, spaced=80)
    baseline, arm = noisy(table, 4), noisy(table, 4)
    arm[:, :80] += 1.5 * (arm[:, :80] - labels(table)[:80])
    arm += np.random.default_rng(5).normal(0, 0.05, arm.shape)
    diagnosis = diagnosed(table, arm, baseline=baseline)
    spaced = part(diagnosis, "spacing", "spacing only").difference
    rest = part(diagnosis, "spacing", "other").difference
    assert spaced is not None
    assert rest is not None
    assert spaced.low > 0.3
    assert abs(rest.value) < 0.1
    own, other = diagnosed(table, arm), diagnosed(table, baseline)
    expected = part(own, "spacing", "spacing only").rmse - part(other, "spacing", "spacing only").rmse
    assert spaced.value == pytest.approx(expected)
    assert all(each.difference is None for each in diagnosis.slices["prediction"])


def test_two_single_runs_are_compared_too() -> None:
    table = pairs(300, spaced=100)
    run = noisy(table, 1)
    same = part(diagnosed(table, run, baseline=5 - 2 * run), "spacing", "other").difference
    # Another scale is no difference: each run has its own line.
    assert same is not None
    assert same.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_bent_scale_is_told_from_a_straight_one(seeds: int) -> None:
    table = pairs(500)
    straight = noisy(table, seeds, noise=0.4)
    assert not diagnosed(table, straight).scale.bent
    bent = 5 * (np.clip(straight, 0, 5) / 5) ** 3
    scale = diagnosed(table, bent).scale
    assert scale.bent
    assert scale.pearson_gain.low > 0.02
    assert scale.rmse_isotonic < scale.rmse_linear


def test_the_scale_of_an_arm_is_the_mean_of_its_runs() -> None:
    table = pairs(200)
    predictions = noisy(table, 3) ** 2
    scale = diagnosed(table, predictions).scale
    runs = [linearity(labels(table), row) for row in predictions]
    assert scale.rmse_linear == pytest.approx(np.mean([run.rmse_linear for run in runs]))
    assert scale.difference.value == pytest.approx(np.mean([run.difference.difference for run in runs]))
    assert scale.pearson_gain.value == pytest.approx(np.mean([run.pearson_gain for run in runs]))


@pytest.mark.parametrize("seeds", [1, 3])
def test_overfitting_is_the_gap_to_the_training_pairs(seeds: int) -> None:
    table, train = pairs(400), pairs(800, seed=8)
    predictions, memorised = noisy(table, seeds), noisy(train, seeds, noise=0.2)
    found = diagnosed(table, predictions, train=(labels(train), memorised)).overfitting
    assert found is not None
    expected = [
        pearson(labels(train), one) - pearson(labels(table), two)
        for one, two in zip(memorised, predictions, strict=True)
    ]
    assert found.gap.value == pytest.approx(np.mean(expected))
    assert found.found
    alike = diagnosed(table, predictions, train=(labels(train), noisy(train, seeds))).overfitting
    assert alike is not None
    assert not alike.found
    assert diagnosed(table, predictions).overfitting is None


def test_the_ceiling_is_the_reliability_of_the_annotators() -> None:
    generator = np.random.default_rng(0)
    truth = generator.uniform(0, 5, 300)
    scores = truth[:, None] + generator.normal(0, 1, (300, 4))
    # The last pair has one annotator fewer.
    annotations = (*map(tuple, scores[:-1].tolist()), tuple(scores[-1, :3].tolist()))
    table = pairs(300, annotations=annotations)
    table = dataclasses.replace(table, label=np.array([np.mean(each) for each in annotations]))
    diagnosis = diagnosed(table, truth[None], resamples=2000)
    scores[-1, 3] = np.nan
    assert diagnosis.ceiling is not None
    assert diagnosis.ceiling.ceiling == label_reliability(scores).ceiling
    # The truth itself gets as far as a model can.
    assert diagnosis.ceiling.distance == pytest.approx(0, abs=0.01)
    assert diagnosis.ceiling.distance == diagnosis.ceiling.ceiling.value - diagnosis.score.value
    assert diagnosed(pairs(300), truth[None]).ceiling is None
    alone = dataclasses.replace(table, annotations=tuple((each[0],) for each in annotations))
    assert diagnosed(alone, truth[None]).ceiling is None


def test_few_pairs_of_a_slice_have_no_interval() -> None:
    table = pairs(200, spaced=9)
    found = part(
        diagnosed(table, noisy(table, 2), baseline=noisy(table, 2, seed=9)), "spacing", "spacing only"
    )
    assert np.isfinite(found.relative_error.value)
    assert np.isnan(found.relative_error.low)
    assert not found.harder
    assert found.difference is not None
    assert np.isnan(found.difference.low)


def test_the_largest_sources_are_kept() -> None:
    table = pairs(400)
    names = tuple(f"source {min(row, 399 - row) % 30 if row > 30 else 30}" for row in range(400))
    table = dataclasses.replace(table, source=names)
    kept = diagnosed(table, noisy(table, 1)).slices["source"]
    assert len(kept) == 10
    assert kept[0].name == "source 30"
    one = dataclasses.replace(table, source=("",) * 400)
    assert "source" not in diagnosed(one, noisy(table, 1)).slices


def test_nothing_to_diagnose() -> None:
    table = pairs(40)
    constant = np.full((2, 40), 3.0)
    assert diagnose(table, constant) is None
    assert diagnose(pairs(19), noisy(pairs(19), 1)) is None
    flat = dataclasses.replace(table, label=np.ones(40))
    assert diagnose(flat, noisy(table, 1)) is None
    # A baseline that says nothing is no reason to say nothing of the arm.
    assert diagnosed(table, noisy(table, 2), baseline=constant).slices["length"][0].difference is None
    unlabelled = dataclasses.replace(table, label=None)
    with pytest.raises(ValueError, match="needs labels"):
        diagnose(unlabelled, noisy(table, 1))
