"""Algorithms that are equally good on average, where the training set decides which one looks better.

Each is a ridge regression that sees the same few features of the pairs and some of its own, drawn alike, so
that none is better by construction. Every seed leaves out a tenth of the features at random: the seed's luck.
Pools, test pairs and seeds are drawn anew in every study, which dalmeum's own functions judge; beside it what
is found where all seeds are trained on one set, and where parts of two arms are taken for independent draws.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dalmeum.data.parts import part_rows
from dalmeum.stats import differences_to, verdicts
from dalmeum.stats.training_sets import mean_overlap
from simulations.rates import DIFFERENT, Counts, Many, Named, share
from simulations.sts_like import Array, errors, labels

TEST_PAIRS, RESAMPLES = 1000, 100
SHARED, OWN = 10, 20
"""Features that all algorithms see, and those that each has for itself."""

SIGNAL, KEPT, PENALTY = 0.25, 0.9, 10.0


def pairs(generator: np.random.Generator, n: int, arms: int) -> tuple[Array, Array]:
    """Labels (n,), and what each algorithm sees of the pairs, (arms, n, features)."""
    label = labels(generator, n)
    hint = SIGNAL * ((label - 2) / 2 + 0.5 * errors(generator, label, ()))
    shared = hint[:, None] + generator.normal(size=(n, SHARED))
    own = hint[:, None] + generator.normal(size=(arms, n, OWN))
    return label, np.concatenate([np.broadcast_to(shared, (arms, n, SHARED)), own], axis=2)


def predicted(generator: np.random.Generator, label: Array, seen: Array, new: Array) -> Array:
    """By one seed of one algorithm, for the pairs `new`."""
    kept = generator.random(SHARED + OWN) < KEPT
    middle = seen[:, kept].mean(axis=0)
    centred = seen[:, kept] - middle
    penalty = PENALTY * np.eye(kept.sum())
    weights = np.linalg.solve(centred.T @ centred + penalty, centred.T @ (label - label.mean()))
    return np.asarray(np.clip(label.mean() + (new[:, kept] - middle) @ weights, 0, 5))


def trained(
    generator: np.random.Generator, pool: int, size: int, parts: Sequence[int], arms: int
) -> tuple[Array, Array]:
    """Labels of the test pairs, and predictions (arms, parts, pairs): of each algorithm a seed a part."""
    rows = np.array([part_rows(pool, size, part) for part in parts])
    # Of the pool only what is in a part.
    used, places = np.unique(rows, return_inverse=True)
    label, seen = pairs(generator, len(used), arms)
    test, new = pairs(generator, TEST_PAIRS, arms)
    made = [
        [
            predicted(generator, label[those], seen[arm, those], new[arm])
            for those in places.reshape(rows.shape)
        ]
        for arm in range(arms)
    ]
    return test, np.array(made)


def false_verdicts(
    pool: int,
    size: int,
    parts: Sequence[int],
    arms: int,
    studies: int,
    generator: np.random.Generator,
    how: Mapping[str, Any],
) -> dict[str, float]:
    """How often one of so many arms is called better or worse than the baseline, which is as good."""
    hits = 0
    for _ in range(studies):
        label, (base, *others) = trained(generator, pool, size, parts, arms + 1)
        named = {str(arm): rows for arm, rows in enumerate(others)}
        judged = differences_to("pearson", label, named, base, **how)
        hits += any(each.outcome in DIFFERENT for each in verdicts(list(judged.values()), 0.0))
    return share(hits, studies)


def resampled(
    pool: int, size: int, seeds: int, arms: int, studies: int, generator: np.random.Generator
) -> Counts:
    """Each seed is trained on a part of its own, and judged as a study with `resample_train` does."""
    overlap = mean_overlap(pool, size, range(seeds))
    how = {"paired": True, "overlap": overlap, "resamples": RESAMPLES}
    rate = false_verdicts(pool, size, range(seeds), arms, studies, generator, how)
    return {**_cell(pool, size, seeds, arms), "overlap": overlap, "better_or_worse": rate}


def _cell(pool: int, size: int, seeds: int, arms: int) -> Counts:
    return {"pool": pool, "pairs": size, "seeds": seeds, "arms": arms}


def simulated(many: Many, generator: np.random.Generator) -> Named:
    seeds = (3, 5, 10)
    disjoint = ((1000, 100), (5749, 100), (5749, 400))
    shared = ((200, 100), (500, 400), (1000, 400), (2500, 2000), (5749, 2000))
    cells = [
        *((*sizes, k, 1, 1000) for sizes in disjoint for k in seeds),
        *((*sizes, k, 1, 500) for sizes in shared for k in seeds),
        *((*sizes, 3, 4, 500) for sizes in ((1000, 100), (200, 100))),
    ]
    yield (
        "resampled",
        [resampled(pool, size, k, arms, many(studies), generator) for pool, size, k, arms, studies in cells],
    )
    how: dict[str, Any] = {"resamples": RESAMPLES}
    yield (
        "one_training_set",
        [
            {
                **_cell(2 * size, size, k, 1),
                "better_or_worse": false_verdicts(2 * size, size, [0] * k, 1, many(300), generator, how),
            }
            for size in (100, 400, 2000)
            for k in seeds
        ],
    )
    yield (
        "parts_as_independent",
        [
            {
                **_cell(*sizes, k, 1),
                "better_or_worse": false_verdicts(*sizes, range(k), 1, many(300), generator, how),
            }
            for sizes in ((1000, 100), (200, 100))
            for k in seeds
        ],
    )
