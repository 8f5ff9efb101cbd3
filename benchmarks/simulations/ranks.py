"""Ranks of many single models on the same pairs, as on a board."""

import numpy as np

from dalmeum.stats import rank_models
from simulations.rates import Counts, Many, Named, share
from simulations.sts_like import labels, predictions, width

OWN = {"equal": (0.3, 0.3), "unequal": (0.1, 0.7)}
"""From least to most, the share of a model's own errors in the variance of its errors."""


def ranks(models: int, n: int, own: str, studies: int, generator: np.random.Generator) -> Counts:
    """Models that are equally good: how often any of them is put below the first rank.

    A pair that is hard is so for all of them (a multivariate t): so their errors are distributed alike,
    however much of them is shared, and none is better than another.
    """
    own_share = np.linspace(*OWN[own], models)[:, None]
    below = 0
    for _ in range(studies):
        label = labels(generator, n)
        normal = generator.normal(size=(models + 1, n))
        mixed = np.sqrt(1 - own_share) * normal[0] + np.sqrt(own_share) * normal[1:]
        hardness = width(label) / np.sqrt(generator.chisquare(5, n) / 5)
        ranking = rank_models(label, predictions(label, hardness * mixed))
        below += max(ranking.ranks) > 1
    return {"models": models, "pairs": n, "own_errors": own, "any_below": share(below, studies)}


def simulated(many: Many, generator: np.random.Generator) -> Named:
    for own in OWN:
        yield (
            f"ranks_{own}",
            [ranks(models, n, own, many(1000), generator) for models in (2, 5, 20) for n in (60, 260, 1500)],
        )
