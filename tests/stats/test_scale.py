import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]

from dalmeum.stats import linearity, pearson, rmse

Array = NDArray[np.float64]


def pairs(n: int, bent: bool) -> tuple[Array, Array]:
    generator = np.random.default_rng(0)
    prediction = np.round(generator.uniform(0, 5, n), 1)
    label = 5 * (prediction / 5) ** 3 if bent else prediction
    return label + generator.normal(0, 0.4, n), prediction


def test_both_fits_equal_their_references() -> None:
    label, prediction = pairs(60, bent=True)
    result = linearity(label, prediction, folds=5, splits=1, seed=3)
    line, curve = np.empty(60), np.empty(60)
    for held_out in np.array_split(np.random.default_rng(3).permutation(60), 5):
        rest = np.setdiff1d(np.arange(60), held_out)
        line[held_out] = np.polyval(np.polyfit(prediction[rest], label[rest], 1), prediction[held_out])
        fit = IsotonicRegression(out_of_bounds="clip").fit(prediction[rest], label[rest])
        curve[held_out] = fit.predict(prediction[held_out])
    np.testing.assert_allclose(result.isotonic, curve, atol=1e-9)
    assert result.rmse_linear == pytest.approx(rmse(label, line))
    assert result.rmse_isotonic == pytest.approx(rmse(label, curve))
    assert result.difference.difference == pytest.approx(rmse(label, curve) - rmse(label, line))
    assert result.pearson_gain == pytest.approx(pearson(label, curve) - pearson(label, prediction))


def test_answers_are_means_over_splits_which_hardly_move_them() -> None:
    label, prediction = pairs(300, bent=True)
    one, ten = (
        [linearity(label, prediction, splits=splits, seed=seed) for seed in range(6)] for splits in (1, 10)
    )
    moved = [np.std([fit.difference.difference for fit in fits], ddof=1) for fits in (one, ten)]
    assert moved[1] < 0.6 * moved[0]
    # What is left of it adds less than a hundredth to the standard error.
    assert moved[1] < 0.14 * ten[0].difference.standard_error
    constant = linearity(label, np.full(300, 2.0))
    np.testing.assert_allclose(constant.linear, label.mean(), atol=0.05)


def test_a_bent_scale_is_seen() -> None:
    result = linearity(*pairs(500, bent=True))
    assert result.difference.interval.high < 0
    assert result.difference.p_value < 0.01
    assert result.pearson_gain > 0.02


def test_on_a_straight_scale_the_curve_only_fits_noise() -> None:
    result = linearity(*pairs(500, bent=False))
    assert result.difference.difference > 0
    assert result.pearson_gain < 0


def test_constant_predictions_leave_the_mean() -> None:
    label, _ = pairs(20, bent=False)
    result = linearity(label, np.full(20, 2.0))
    assert result.rmse_linear == pytest.approx(result.rmse_isotonic)
    assert result.difference.p_value == 1


def test_too_few_pairs_for_the_folds() -> None:
    with pytest.raises(ValueError, match="10 folds of 12 pairs"):
        linearity(np.arange(12), np.arange(12))
