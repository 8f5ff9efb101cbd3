"""The binary rule of a data set: above which label a pair counts as similar."""

import numpy as np
from numpy.typing import NDArray


def implied_threshold(label: NDArray[np.float64], binary: NDArray[np.int64]) -> float | None:
    """The threshold t for which `label >= t` contradicts the binary column in the fewest rows.

    t is a label of the data: where the rule holds without exception it is the lowest label of a similar
    pair (KLUE-STS: 3.0); of several equally good ones it is the lowest. None where a class is missing or
    no threshold contradicts fewer rows than calling every pair alike would.
    """
    order = np.argsort(label, kind="stable")
    ordered, similar = label[order], binary[order] == 1
    starts = np.flatnonzero(np.diff(ordered)) + 1
    if not starts.size:
        return None
    similar_below = np.cumsum(similar)[starts - 1]
    dissimilar_below = starts - similar_below
    contradictions = similar_below + (np.sum(~similar) - dissimilar_below)
    best = int(np.argmin(contradictions))
    if contradictions[best] >= min(np.sum(similar), np.sum(~similar)):
        return None
    return float(ordered[starts[best]])
