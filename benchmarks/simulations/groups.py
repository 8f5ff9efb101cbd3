"""Pairs that share sentences and err alike: how often equal models and arms are told apart, by groups."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from dalmeum.stats import METRICS, difference, pearson, resampling, score, seeds_by_pair, student, weighted
from dalmeum.stats.intervals import BootstrapDistribution, influences
from simulations.rates import HOLM_OF_NINE, LEVEL, Counts, Generator, Many, Named, share
from simulations.sts_like import Array, errors, labels, predictions, skewed

Groups = NDArray[np.intp]

SHAPES: dict[str, dict[int, int]] = {
    "korsts_train": {
        1: 4381,
        2: 275,
        3: 66,
        4: 30,
        5: 6,
        6: 3,
        7: 5,
        8: 1,
        10: 2,
        11: 1,
        12: 2,
        13: 1,
        16: 1,
        325: 1,
    },
    "sick_train": {
        1: 145,
        2: 132,
        3: 111,
        4: 155,
        5: 142,
        6: 100,
        7: 59,
        8: 28,
        9: 16,
        10: 10,
        11: 6,
        12: 10,
        13: 3,
        14: 10,
        15: 1,
        16: 2,
        17: 1,
        19: 2,
        20: 1,
        25: 1,
        39: 1,
        64: 1,
        73: 1,
        259: 1,
    },
    "stsb_dev": {1: 1368, 2: 39, 3: 3, 5: 1, 9: 1, 31: 1},
    "equal_2": {2: 260},
    "equal_5": {5: 100},
    "equal_10": {10: 26},
}
"""How many groups there are of each size."""

CORRELATIONS = (0.0, 0.1, 0.3, 0.7)
"""Of the errors of two pairs of one group."""

ERROR_SD = 0.95
"""Of `errors`."""


def groups_of(shape: Mapping[int, int]) -> Groups:
    sizes = np.repeat(list(shape), list(shape.values()))
    return np.repeat(np.arange(len(sizes)), sizes)


def alike(
    generator: Generator, label: Array, groups: Groups, correlation: Array | float, size: tuple[int, ...]
) -> Array:
    """Errors of shape (*size, n), of which a part is the group's: how far its scores are spread too wide.

    `correlation` is one number, or one a group. So errors that are alike add up in a correlation, which
    errors that are higher or lower all over a group do not.
    """
    share = np.broadcast_to(correlation, groups.max() + 1)[groups]
    centred = (label - label.mean()) / label.std()
    slope = generator.standard_normal((*size, groups.max() + 1))[..., groups]
    return np.asarray(
        np.sqrt(1 - share) * errors(generator, label, size) + np.sqrt(share) * ERROR_SD * centred * slope
    )


def agreement(label: Array, prediction: Array) -> weighted.Weighted:
    """Covariance with the standardised labels: most of what moves in a correlation, and far quicker."""
    values = (label - label.mean()) / label.std() * prediction
    return lambda weights: np.asarray(weights @ values / weights.sum(axis=-1))


def models(shape: str, correlation: Array | float, studies: int, generator: Generator) -> Counts:
    """Two equally good models, by groups, and as if every pair stood alone (Steiger's z)."""
    groups, found = groups_of(SHAPES[shape]), []
    for _ in range(studies):
        label = labels(generator, len(groups))
        own = alike(generator, label, groups, correlation, (2,))
        first, second = predictions(label, errors(generator, label, ()) + 0.6 * own)
        change = difference("pearson", label, first, second, groups=groups)
        found.append([change.p_value, change.steiger.p_value])  # type: ignore[attr-defined]
    hits = np.array(found)
    return {
        "nominal_5": share(int((hits[:, 0] < LEVEL).sum()), studies),
        "nominal_0.56": share(int((hits[:, 0] < HOLM_OF_NINE).sum()), studies),
        "alone_nominal_5": share(int((hits[:, 1] < LEVEL).sum()), studies),
    }


def arms(shape: str, correlation: float, seeds: int, studies: int, generator: Generator) -> dict[str, float]:
    """Two equally good arms whose seeds differ, each with errors that all of its seeds make."""
    groups, hits = groups_of(SHAPES[shape]), 0
    for _ in range(studies):
        label = labels(generator, len(groups))
        own = 0.4 * alike(generator, label, groups, correlation, (2, 1))
        size = 0.5 * np.exp(0.2 * skewed(generator, (2, seeds, 1)))
        luck = size * alike(generator, label, groups, correlation, (2, seeds))
        first, second = predictions(label, errors(generator, label, ()) + own + luck)
        (found,) = seeds_by_pair(label, {"arm": first}, second, groups=groups, metric=agreement).values()
        hits += found.p_value < LEVEL
    return share(hits, studies)


def one_run(shape: str, correlation: float, studies: int, generator: Generator) -> Counts:
    """How often the interval of one run's Pearson holds the true one: by groups, and drawn by groups."""
    groups, hits, drawn = groups_of(SHAPES[shape]), 0, 0

    def run(those: Groups) -> tuple[Array, Array]:
        label = labels(generator, len(those))
        return label, predictions(label, alike(generator, label, those, correlation, ()))

    true = pearson(*run(np.arange(10**6)))
    for _ in range(studies):
        label, prediction = run(groups)
        hits += _holds(score("pearson", label, prediction, groups=groups), true)
        drawn += _holds(bootstrap_of_groups(label, prediction, groups), true)
    return {"covered": share(hits, studies), "bootstrap_of_groups": share(drawn, studies)}


def _holds(found: object, true: float) -> bool:
    return bool(found.low <= true <= found.high)  # type: ignore[attr-defined]


def bootstrap_of_groups(label: Array, prediction: Array, groups: Groups) -> object:
    """The BCa interval of resamples that draw whole groups (Field and Welsh 2007), which was not taken."""
    statistic = METRICS["pearson"](label, prediction)
    count, resamples = int(groups.max()) + 1, 500
    blocks = (weights[:, groups] for weights in resampling.bootstrap(count, resamples, 0))
    (replicates,) = resampling.evaluate([statistic], blocks)
    (left_out,) = resampling.evaluate([statistic], resampling.jackknife(len(label), groups=groups))
    value = float(statistic(np.ones((1, len(label))))[0])
    return BootstrapDistribution.of(value, replicates, influences(left_out)).interval()


def jackknife_of_groups(influence: Array, groups: Groups) -> tuple[float, float]:
    """Variance of the sum and degrees of freedom, by what `paired_difference` does."""
    sizes = np.bincount(groups)
    parts = np.bincount(groups, influence - influence.mean()) / (1 - sizes / len(groups))
    count = len(sizes)
    return float(np.sum((parts - parts.mean()) ** 2)) * (count - 1) / count, count - 1.0


def effective_groups(influence: Array, groups: Groups) -> tuple[float, float]:
    """The same at Carter, Schnepel and Steigerwald's (2017) effective number of groups."""
    squares = np.bincount(groups).astype(float) ** 2
    return jackknife_of_groups(influence, groups)[0], squares.sum() ** 2 / (squares @ squares)


def components(influence: Array, groups: Groups) -> tuple[float, float]:
    """One intraclass correlation for all groups, from the products within them, best weighted for it."""
    sizes = np.bincount(groups)
    centred = influence - influence.mean()
    squares = np.bincount(groups, centred**2)
    variance = float(squares.sum()) / len(centred)
    several = sizes > 1
    size, products = sizes[several], (np.bincount(groups, centred) ** 2 - squares)[several]
    number, covariance = size * (size - 1.0), 0.0
    for rounds in range(7):
        r = float(np.clip(covariance / variance, 0, 1))
        noise = 2 * (size - 1) * ((size - 1) * (1 + (size - 1) * r) ** 2 + (1 - r) ** 2)
        weight = number / noise if rounds else 1 / number
        covariance = max(float((weight * products).sum() / (weight * number).sum()), 0.0)
    freedom = 2 * covariance**2 / variance**2 * float((number**2 / noise).sum())
    parts = (len(centred) * variance, len(centred) - 1.0), (covariance * number.sum(), max(freedom, 1e-9))
    error, together = student.satterthwaite(parts)
    return error**2, together


METHODS: dict[str, Callable[[Array, Groups], tuple[float, float]]] = {
    "jackknife_of_groups": jackknife_of_groups,
    "effective_groups": effective_groups,
    "components": components,
}


def methods(
    shape: str, correlation: float, largest: float, effect: float, studies: int, generator: Generator
) -> Counts:
    """On normal influences alone: rejected at 5 % by each method, where `effect` of a pair is the truth."""
    groups = groups_of(SHAPES[shape])
    sizes = np.bincount(groups)
    alike = np.where(np.arange(len(sizes)) == sizes.argmax(), largest, correlation)
    hits = dict.fromkeys(METHODS, 0)
    for _ in range(studies):
        own, common = generator.normal(size=len(groups)), generator.normal(size=len(sizes))
        influence = effect + np.sqrt(1 - alike)[groups] * own + (np.sqrt(alike) * common)[groups]
        for name, method in METHODS.items():
            variance, freedom = method(influence, groups)
            p_value = student.p_value(float(influence.sum()), float(np.sqrt(variance)), freedom)
            hits[name] += p_value < LEVEL
    return {name: share(count, studies) for name, count in hits.items()}


def simulated(many: Many, generator: Generator) -> Named:
    sizes = {"korsts_train": 1000, "sick_train": 500, "stsb_dev": 500}
    yield (
        "grouped_models",
        [
            {"shape": shape, "correlation": r, **models(shape, r, many(sizes.get(shape, 2000)), generator)}
            for shape in SHAPES
            for r in CORRELATIONS
        ],
    )
    yield (
        "grouped_arms",
        [
            {
                "shape": shape,
                "correlation": r,
                "seeds": k,
                "better_or_worse": arms(shape, r, k, many(studies), generator),
            }
            for shape, k, studies in (
                ("korsts_train", 3, 400),
                ("korsts_train", 5, 400),
                ("sick_train", 3, 300),
                ("equal_5", 3, 1500),
                ("equal_5", 5, 1500),
            )
            for r in CORRELATIONS
        ],
    )
    yield (
        "grouped_runs",
        [
            {"shape": shape, "correlation": r, **one_run(shape, r, many(studies), generator)}
            for shape, studies in (("korsts_train", 150), ("stsb_dev", 200), ("equal_5", 400))
            for r in CORRELATIONS
        ],
    )
    # Correlation in all groups but the largest, there, and the true effect of a pair.
    cases = ((0.0, 0.0, 0.0), (0.3, 0.3, 0.0), (0.7, 0.7, 0.0), (0.1, 0.7, 0.0), (0.3, 0.05, 0.0))
    powers = ((0.0, 0.0, 0.04), (0.3, 0.3, 0.1), (0.7, 0.7, 0.15))
    yield (
        "grouped_methods",
        [
            {
                "shape": "korsts_train",
                "correlation": r,
                "of_the_largest": largest,
                "effect": effect,
                **methods("korsts_train", r, largest, effect, many(1000), generator),
            }
            for r, largest, effect in (*cases, *powers)
        ],
    )
