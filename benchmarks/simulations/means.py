"""Intervals of an arm's mean score over seeds: how often they hold that of new seeds and new pairs."""

import numpy as np

from dalmeum.stats import METRICS, fisher, mean_over_seeds, metric_named, student
from simulations.rates import Counts, Generator, Many, Named, share
from simulations.sts_like import Array, errors, labels, predictions, skewed

RESAMPLES = 500
SIZES = (60, 120, 519)
SEEDS = (2, 3, 5, 10)
TRUTH_PAIRS, TRUTH_DRAWS, TRUTH_SEEDS = 20_000, 100, 4


def arm(generator: Generator, pairs: int, seeds: int) -> tuple[Array, Array]:
    """Labels and predictions, a row a seed: errors that all seeds share, and better and worse seeds."""
    label = labels(generator, pairs)
    shared = errors(generator, label, ()) + 0.4 * errors(generator, label, ())
    size = 0.5 * np.exp(0.2 * skewed(generator, (seeds, 1)))
    return label, predictions(label, shared + size * errors(generator, label, (seeds,)))


def truth(metric: str, generator: Generator) -> float:
    """The mean score of all seeds on all pairs, to .0005."""
    everything = np.ones((1, TRUTH_PAIRS))
    found = []
    for _ in range(TRUTH_DRAWS):
        label, rows = arm(generator, TRUTH_PAIRS, TRUTH_SEEDS)
        found += [metric_named(metric)(label, row)(everything)[0] for row in rows]
    return float(np.mean(found))


def coverage(metric: str, pairs: int, seeds: int, true: float, studies: int, generator: Generator) -> Counts:
    """How often the interval holds the truth, lies above and below it; before: score +- t standard errors."""
    held = above = below = before = 0
    for _ in range(studies):
        label, rows = arm(generator, pairs, seeds)
        found = mean_over_seeds(label, rows, metric=metric_named(metric), resamples=RESAMPLES)
        held += found.low <= true <= found.high
        above += true < found.low
        below += found.high < true
        width = student.half_width(found.standard_error, found.degrees_of_freedom)
        before += abs(found.value - true) <= width
    return {
        "metric": metric,
        "pairs": pairs,
        "seeds": seeds,
        "covers": share(held, studies),
        "above": above / studies,
        "below": below / studies,
        "on_its_own_scale": share(before, studies),
    }


def of_fisher(pairs: int, true: float, studies: int, generator: Generator) -> Counts:
    """Fisher's interval of one model's Pearson, which no report shows."""
    held = 0
    for _ in range(studies):
        label, (row,) = arm(generator, pairs, 1)
        found = fisher(float(np.corrcoef(label, row)[0, 1]), pairs)
        held += found.low <= true <= found.high
    return {"pairs": pairs, "covers": share(held, studies)}


def simulated(many: Many, generator: Generator) -> Named:
    true = {metric: truth(metric, generator) for metric in METRICS}
    yield (
        "mean_over_seeds",
        [
            coverage("pearson", pairs, seeds, true["pearson"], many(2000 if pairs < 500 else 1000), generator)
            for pairs in SIZES
            for seeds in SEEDS
        ]
        + [
            coverage(metric, pairs, 3, true[metric], many(1000), generator)
            for metric in ("spearman", "rmse", "mae")
            for pairs in (60, 120)
        ],
    )
    yield "fisher", [of_fisher(pairs, true["pearson"], many(2000), generator) for pairs in (60, 519, 1500)]
