import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dalmeum.stats.blend_sums import METHODS
from dalmeum.stats.blends import (
    FOLDS,
    best_method,
    blend_gains,
    blend_shares,
    blend_weights,
    group_folds,
    nested_blend,
)

Array = NDArray[np.float64]


def data(seed: int = 1, pairs: int = 240, models: int = 4) -> tuple[Array, Array, NDArray[np.int64]]:
    """Labels 0..5, models of unlike quality on scales of their own, and groups of three pairs."""
    draw = np.random.default_rng(seed)
    labels = np.clip(draw.normal(2.5, 2, pairs), 0, 5)
    shared = draw.normal(0, 0.7, pairs)
    noise = draw.normal(0, 1, (models, pairs)) * np.linspace(0.6, 1.6, models)[:, None]
    scales = np.array([1.0, 0.1, 30.0, 2.0])[:models, None]
    return labels, (labels + shared + noise) * scales + scales, np.arange(pairs) // 3


def pearson(one: Array, other: Array) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def test_equal_weights_are_of_models_on_the_label_scale() -> None:
    labels, predictions, _ = data()
    found = blend_weights("mean", labels, predictions)
    lines = [np.polyfit(row, labels, 1) for row in predictions]
    mean = np.mean(
        [slope * row + start for (slope, start), row in zip(lines, predictions, strict=True)], axis=0
    )
    slope, start = np.polyfit(mean, labels, 1)
    np.testing.assert_allclose(found.of(predictions), slope * mean + start, atol=1e-9)
    assert found.weights.shape == (4,)


def test_least_squares_without_negative_weights_are_those_of_scipy() -> None:
    from scipy.optimize import lsq_linear

    labels, predictions, _ = data(seed=3)
    predictions[3] = 2 * predictions[0] - labels / 4  # least squares would have it below 0
    found = blend_weights("least_squares", labels, predictions)
    centred = (predictions - predictions.mean(axis=1)[:, None]).T
    expected = lsq_linear(centred, labels - labels.mean(), bounds=(0, np.inf)).x
    blend = centred @ expected
    assert pearson(found.of(predictions), labels) == pytest.approx(pearson(blend, labels), abs=1e-7)
    assert (found.weights >= 0).all()


def test_least_squares_maximise_the_correlation() -> None:
    labels, predictions, _ = data(seed=5)
    best = pearson(blend_weights("least_squares", labels, predictions).of(predictions), labels)
    draw = np.random.default_rng(0)
    spread = predictions.std(axis=1)
    tried = [pearson((weights / spread) @ predictions, labels) for weights in draw.dirichlet([0.5] * 4, 4000)]
    assert max(tried) <= best + 1e-9
    assert max(tried) > best - 1e-3


def test_greedy_selection_is_the_best_mean_on_its_way() -> None:
    labels, predictions, _ = data(seed=7)
    scaled = np.stack([np.polyval(np.polyfit(row, labels, 1), row) for row in predictions])
    chosen: list[int] = []
    best: tuple[float, list[int]] = (-math.inf, [])
    for _ in range(50):
        scores = [pearson(scaled[[*chosen, each]].mean(axis=0), labels) for each in range(4)]
        chosen.append(int(np.argmax(scores)))
        if max(scores) > best[0] + 1e-9:
            best = (max(scores), list(chosen))
    blend = blend_weights("greedy", labels, predictions).of(predictions)
    assert pearson(blend, scaled[best[1]].mean(axis=0)) == pytest.approx(1.0, abs=1e-12)
    assert len({*best[1]}) > 1


@pytest.mark.parametrize("method", METHODS)
def test_a_blend_is_on_the_label_scale_and_scales_of_models_make_no_difference(method: str) -> None:
    labels, predictions, _ = data(seed=9)
    blend = blend_weights(method, labels, predictions).of(predictions)
    assert np.polyfit(blend, labels, 1) == pytest.approx([1.0, 0.0], abs=1e-9)
    other = blend_weights(method, labels, predictions * 1000 + 5e6)
    np.testing.assert_allclose(other.of(predictions * 1000 + 5e6), blend, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_models_that_do_not_rise_with_the_labels_have_no_weight(method: str) -> None:
    labels, predictions, _ = data()
    predictions[1] = -predictions[1]
    predictions[2] = 3.0
    weights = blend_weights(method, labels, predictions).weights
    assert weights[1] == weights[2] == 0.0
    assert weights[0] > 0
    none = blend_weights(method, labels, -predictions[:1])
    assert none.weights.tolist() == [0.0]
    assert none.intercept == pytest.approx(labels.mean())


def test_copies_share_their_weight() -> None:
    labels, predictions, _ = data()
    weights = blend_weights("least_squares", labels, np.stack([predictions[0]] * 2)).weights
    assert weights[0] == pytest.approx(weights[1], rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_nested_predictions_are_by_weights_of_the_other_folds(method: str) -> None:
    """On a scale that no label of the fold had a say in but by one line over all pairs."""
    labels, predictions, groups = data()
    found = nested_blend(method, labels, predictions, groups)
    parts = group_folds(len(labels), groups)
    assert len(parts) == FOLDS
    expected = np.empty(len(labels))
    for rows in parts:
        rest = np.setdiff1d(np.arange(len(labels)), rows)
        line = blend_weights(method, labels[rest], predictions[:, rest])
        whole = line.of(predictions)
        expected[rows] = ((whole - whole.mean()) / whole.std())[rows]
    slope, start = np.polyfit(expected, labels, 1)
    np.testing.assert_allclose(found.predictions, slope * expected + start, atol=1e-8)
    assert found.score == pytest.approx(pearson(expected, labels), abs=1e-10)


def test_a_model_alone_scores_what_it_scores() -> None:
    """Scales that are fitted anew in each fold would take some of it."""
    labels, predictions, groups = data(pairs=60)
    for row in predictions:
        assert nested_blend("mean", labels, row[None], groups).score == pytest.approx(pearson(row, labels))


def test_what_is_chosen_is_chosen_without_the_pairs_that_it_is_judged_on() -> None:
    labels, predictions, groups = data(seed=11, pairs=60)
    found = nested_blend("chosen", labels, predictions, groups, folds=4)
    for rows in group_folds(60, groups, folds=4):
        # Labels of the fold, whatever they are, reach neither its weights nor the way that is chosen.
        other = labels.copy()
        other[rows] = other[rows][::-1]
        again = nested_blend("chosen", other, predictions, groups, folds=4)
        one, two = (each.predictions[rows] for each in (again, found))
        np.testing.assert_allclose((one - one.mean()) / one.std(), (two - two.mean()) / two.std(), atol=1e-9)
    assert found.score == pytest.approx(pearson(found.predictions, labels), abs=1e-10)
    assert best_method(labels, predictions, groups, folds=4) in METHODS


@pytest.mark.parametrize("pairs", [2, 3, 4, 5])
def test_a_handful_of_pairs_gives_a_score_or_none(pairs: int) -> None:
    """Where the others of a fold are one pair, no model varies, but for what rounding makes of it."""
    for seed in range(60):
        labels, predictions, _ = data(seed=seed, pairs=pairs)
        found = nested_blend("chosen", labels, predictions)
        assert math.isnan(found.score) or -1 - 1e-9 <= found.score <= 1 + 1e-9
        assert np.isfinite(found.predictions).all()


def test_many_models_of_noise_show_no_gain_where_nothing_is_fitted() -> None:
    """In its own pairs a blend of 30 models gains; the nested score does not see it."""
    draw = np.random.default_rng(0)
    labels = draw.normal(size=100)
    base = labels + draw.normal(size=100)
    predictions = np.stack([base, *(draw.normal(size=(29, 100)))])
    fitted = pearson(blend_weights("least_squares", labels, predictions).of(predictions), labels)
    alone = pearson(base, labels)
    assert fitted > alone + 0.03
    assert nested_blend("least_squares", labels, predictions).score < alone


def test_shares_add_up_and_equal_models_have_equal_ones() -> None:
    labels, predictions, groups = data()
    predictions[3] = predictions[2]
    shares = blend_shares("least_squares", labels, predictions, groups)
    whole = nested_blend("least_squares", labels, predictions, groups).score
    assert shares.exact
    assert shares.values.sum() == pytest.approx(whole, abs=1e-9)
    assert shares.values[2] == pytest.approx(shares.values[3], abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_a_gain_is_what_the_others_lack(method: str) -> None:
    labels, predictions, groups = data()
    predictions[3] = predictions[2]
    noise = np.random.default_rng(1).normal(size=(3, len(labels)))
    models = np.concatenate([predictions, noise, -predictions[:1]])
    gains = blend_gains(method, labels, models, groups)
    whole = nested_blend(method, labels, models, groups).score
    without = [nested_blend(method, labels, np.delete(models, each, 0), groups).score for each in range(8)]
    np.testing.assert_allclose(gains.left_out, whole - np.array(without), atol=1e-6)
    assert gains.left_out[7] == 0.0
    assert method == "mean" or gains.left_out[2] == pytest.approx(0.0, abs=1e-4)
    for row, score in zip(predictions, gains.alone[:4], strict=True):
        assert score == pytest.approx(pearson(row, labels), abs=1e-9)


def test_shares_by_all_orders_are_those_by_subsets() -> None:
    labels, predictions, groups = data(models=3)

    def worth(members: tuple[int, ...]) -> float:
        return nested_blend("mean", labels, predictions[list(members)], groups).score if members else 0.0

    orders = list(itertools.permutations(range(3)))
    expected = np.zeros(3)
    for order in orders:
        for place, each in enumerate(order):
            expected[each] += (worth(order[: place + 1]) - worth(order[:place])) / len(orders)
    found = blend_shares("mean", labels, predictions, groups)
    np.testing.assert_allclose(found.values, expected, atol=1e-9)


def test_of_many_models_orders_are_drawn() -> None:
    """They add up all the same, and come near to what all orders give."""
    labels, predictions, groups = data(models=4)
    draw = np.random.default_rng(2)
    spread = predictions.std(axis=1)[:, None] / 3
    many = np.concatenate([predictions + spread * draw.normal(size=predictions.shape) for _ in range(2)])
    exact = blend_shares("mean", labels, many, groups)
    drawn = blend_shares("mean", labels, many, groups, subsets=128)
    assert exact.exact
    assert not drawn.exact
    assert drawn.values.sum() == pytest.approx(nested_blend("mean", labels, many, groups).score, abs=1e-9)
    np.testing.assert_allclose(drawn.values, exact.values, atol=0.015)
    assert np.ptp(exact.values) > 0.03


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=60), st.integers(2, 12))
def test_no_group_stands_in_two_folds(groups: list[int], folds: int) -> None:
    if len({*groups}) < 2:
        with pytest.raises(ValueError, match="2 groups of pairs or more"):
            group_folds(len(groups), groups, folds=folds)
        return
    parts = group_folds(len(groups), groups, folds=folds)
    assert sorted(row for rows in parts for row in rows.tolist()) == list(range(len(groups)))
    held = [{groups[row] for row in rows.tolist()} for rows in parts]
    assert all(held)
    assert not any(one & other for one, other in itertools.combinations(held, 2))


@pytest.mark.parametrize(
    ("method", "labels", "predictions", "told"),
    [
        ("median", [1.0, 2.0], [[1.0, 2.0]], "is none of mean, least_squares, greedy, chosen"),
        ("mean", [1.0, 2.0], [1.0, 2.0], "must be"),
        ("mean", [1.0, 2.0], [[1.0, 2.0, 3.0]], "must be"),
        ("mean", [1.0, math.nan], [[1.0, 2.0]], "finite"),
    ],
)
def test_what_does_not_fit_is_refused(
    method: str, labels: list[float], predictions: list[float], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        blend_weights(method, labels, predictions)
    with pytest.raises(ValueError, match=r"groups of shape \(1,\)"):
        group_folds(2, [1])
