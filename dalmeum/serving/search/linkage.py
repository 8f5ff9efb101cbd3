"""Near-duplicates: all pairs of vectors over a threshold, and what hangs together by them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dalmeum.serving.search.embedding import Vectors
from dalmeum.serving.search.nearest import Rows

COMPARED = 4096
"""Vectors on each side of one matrix product."""

HELD = 1 << 22
"""Pairs that are held before they become links between clusters."""


@dataclass(frozen=True)
class Clusters:
    """What hangs together: from each vector of a cluster a chain of near pairs leads to each other one.

    Attributes:
        of: the number of each vector's cluster, (n,); a vector that is near to none is one alone.
        pairs: that are over the threshold.
    """

    of: Rows
    pairs: int


def clusters(
    vectors: Vectors, least: float, advance: Callable[[int], object] = lambda count: None
) -> Clusters:
    """By single linkage of all pairs with a cosine of `least` or more; every pair is compared, none missed.

    `advance` gets the number of pairs that were compared. Time grows with the square of n, memory with n.
    """
    labels = np.arange(len(vectors))
    count = held = 0
    links: list[tuple[Rows, Rows]] = []
    for start in range(0, len(vectors), COMPARED):
        block = vectors[start : start + COMPARED]
        for other in range(start, len(vectors), COMPARED):
            products = block @ vectors[other : other + COMPARED].T
            if other == start:
                products[np.tril_indices(len(block))] = -np.inf
            first, second = np.nonzero(products >= least)
            count += len(first)
            held += len(first)
            links.append((first + start, second + other))
            if held > HELD:
                labels, links, held = _joined(labels, links), [], 0
            compared = len(block) * (len(block) - 1) // 2 if other == start else products.size
            advance(compared)
    return Clusters(_joined(labels, links), count)


def _joined(labels: Rows, links: list[tuple[Rows, Rows]]) -> Rows:
    """The numbers of clusters after these pairs have joined some of them."""
    if not links:
        return labels
    first, second = (labels[np.concatenate(side)] for side in zip(*links, strict=True))
    number = len(labels)
    graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(number, number))
    _, joined = connected_components(graph, directed=False)
    return np.asarray(joined[labels], np.int64)


def by_centrality(vectors: Vectors, rows: Rows) -> tuple[Rows, NDArray[np.float32]]:
    """The rows of a cluster, the most central first, then as they are near to it; and their cosines to it.

    The most central one has the largest mean cosine to all of them; of several the first.
    """
    members = vectors[rows]
    # Of two the means are equal, but for rounding.
    means = np.round(members @ members.mean(axis=0), 6)
    centre = int(np.argmax(means))
    cosines = np.asarray(members @ members[centre], np.float32)
    cosines[centre] = np.inf  # itself, whatever rounding makes of it
    order = np.argsort(-cosines, kind="stable")
    cosines[centre] = 1
    return rows[order], cosines[order]
