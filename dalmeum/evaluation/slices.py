"""Ways to cut a table into named groups of rows, empty groups left out."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.perturbations.spacing import differ_in_spacing_only

Rows = NDArray[np.intp]

LABEL_RANGE = (0.0, 5.0)
MOST_UNIT_BINS = 10
BINS = 5
QUARTERS = 4

SPACING_ONLY = "spacing only"
IDENTICAL = "identical"
OTHER = "other"


def sources(source: Sequence[str]) -> dict[str, Rows]:
    """Rows of each source, sources in the order of their first row."""
    names, inverse = np.unique(np.array(source, dtype=object), return_inverse=True)
    groups = {str(name): np.flatnonzero(inverse == index) for index, name in enumerate(names)}
    return dict(sorted(groups.items(), key=lambda group: int(group[1][0])))


def label_bins(label: NDArray[np.float64], label_range: tuple[float, float] = LABEL_RANGE) -> dict[str, Rows]:
    """Rows of each label bin, named by its edges ("0-1", ..., "4-5").

    A bin is one label unit wide where 2 to 10 such bins make up the range, else a fifth of it. It holds its
    lower edge; the last holds the upper one too, and labels outside the range are in the first or the last.
    """
    low, high = label_range
    span = high - low
    bins = round(span) if span == round(span) and 2 <= span <= MOST_UNIT_BINS else BINS
    edges = np.linspace(low, high, bins + 1)
    # An edge and a label that differ by rounding alone (0.6 and 3 * 0.2) are the same number.
    position = np.searchsorted(edges[1:-1], label + 1e-9 * max(span, 1e-300), side="right")
    names = [f"{lower:g}-{upper:g}" for lower, upper in itertools.pairwise(edges)]
    groups = {name: np.flatnonzero(position == index) for index, name in enumerate(names)}
    return {name: rows for name, rows in groups.items() if rows.size}


def lengths(sentence1: Sequence[str], sentence2: Sequence[str]) -> dict[str, Rows]:
    """Rows by quarters of the mean number of characters of the two sentences, named by their bounds.

    A quarter holds its lower bound; the last holds the upper one, too. Fewer than four where lengths tie.
    """
    characters = np.array([(len(one) + len(two)) / 2 for one, two in zip(sentence1, sentence2, strict=True)])
    if not characters.size:
        return {}
    edges = np.unique(np.quantile(characters, np.linspace(0, 1, QUARTERS + 1), method="higher"))
    position = np.searchsorted(edges[1:-1], characters, side="right")
    names = [f"{lower:g}-{upper:g}" for lower, upper in itertools.pairwise(edges)] or [f"{edges[0]:g}"]
    groups = {name: np.flatnonzero(position == index) for index, name in enumerate(names)}
    return {name: rows for name, rows in groups.items() if rows.size}


def spacing(sentence1: Sequence[str], sentence2: Sequence[str]) -> dict[str, Rows]:
    """Rows of pairs that differ in white space only, of identical pairs, and of all others."""
    pairs = list(zip(sentence1, sentence2, strict=True))
    identical = np.array([one == two for one, two in pairs], bool)
    spaces = np.array([differ_in_spacing_only(one, two) for one, two in pairs], bool)
    groups = {SPACING_ONLY: spaces, IDENTICAL: identical, OTHER: ~(identical | spaces)}
    return {name: np.flatnonzero(chosen) for name, chosen in groups.items() if chosen.any()}
