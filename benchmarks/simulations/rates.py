"""How often something happened in simulated studies, and what simulations share."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Counts = dict[str, Any]

Many = Callable[[int], int]
"""Of the studies that a recorded result takes, how many to simulate now."""

Named = Iterator[tuple[str, list[Counts]]]
"""Results with their names, as `simulated` of each module gives them."""

Generator = np.random.Generator

LEVEL = 0.05
HOLM_OF_NINE = LEVEL / 9
DIFFERENT = {"better", "worse"}


def share(hits: int, of: int) -> dict[str, float]:
    rate = hits / of
    # Of a rate of 0 the error is that of one hit.
    seen = min(max(rate, 1 / of), 1 - 1 / of)
    return {"share": rate, "standard_error": math.sqrt(seen * (1 - seen) / of), "studies": of}
