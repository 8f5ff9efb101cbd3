"""Two single models, judged by their pairs."""

import numpy as np

from dalmeum.stats import CorrelationComparison, difference
from simulations.rates import HOLM_OF_NINE, LEVEL, Counts, Many, Named, share
from simulations.sts_like import errors, labels, predictions


def models(n: int, studies: int, generator: np.random.Generator) -> Counts:
    """Two equally good models on n pairs: how often their difference is taken for real."""
    found = []
    for _ in range(studies):
        label = labels(generator, n)
        shared = errors(generator, label, ())
        first, second = predictions(label, shared + 0.6 * errors(generator, label, (2,)))
        change = difference("pearson", label, first, second)
        assert isinstance(change, CorrelationComparison)
        found.append([change.p_value, change.williams.p_value])
    hits = np.array(found)
    return {
        "pairs": n,
        "nominal_5": share(int((hits[:, 0] < LEVEL).sum()), studies),
        "nominal_0.56": share(int((hits[:, 0] < HOLM_OF_NINE).sum()), studies),
        "williams_nominal_5": share(int((hits[:, 1] < LEVEL).sum()), studies),
    }


def simulated(many: Many, generator: np.random.Generator) -> Named:
    sizes = ((60, 6000), (260, 6000), (519, 4000), (1500, 1500))
    yield "models", [models(n, many(studies), generator) for n, studies in sizes]
