"""The nearest of many vectors: exactly, by matrix products, or along a graph that links near ones."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import MissingExtraError
from dalmeum.serving.search.embedding import Vectors

Rows = NDArray[np.int64]
Nearest = tuple[NDArray[np.float32], Rows]
"""Cosines (q, count) of q vectors to their nearest ones, the nearest first, and the rows of these."""

GRAPH_FROM = 50_000
"""Vectors from which a kept index has a graph. Below it one query takes some 10 ms exactly."""

AIM, TRIED_ON, TRIED_COUNT = 0.99, 200, 10
"""The share of the true 10 nearest that a graph has to find, of so many of its own vectors."""

EXPANSIONS = (64, 128, 256, 512, 1024, 2048)
"""Vectors that are looked at on the way: more find more, in more time."""

MORE = 5
"""Times the vectors asked for are taken from the graph, which has them in 8 bits, and compared exactly."""

TOGETHER, COMPARED = 256, 1 << 14
"""Queries, and vectors, in one matrix product."""


Advance = Callable[[int], object]
"""Gets the number of queries that were answered since the last call."""

UNTOLD: Advance = lambda count: None  # noqa: E731


def nearest(vectors: Vectors, queries: Vectors, count: int, advance: Advance = UNTOLD) -> Nearest:
    """By the product with every vector; where several are equally near, the first ones."""
    count = min(count, len(vectors))
    cosines = np.empty((len(queries), count), np.float32)
    rows = np.empty((len(queries), count), np.int64)
    for start in range(0, len(queries), TOGETHER):
        part = slice(start, start + TOGETHER)
        cosines[part], rows[part] = _nearest(vectors, queries[part], count)
        advance(len(queries[part]))
    return cosines, rows


def _nearest(vectors: Vectors, queries: Vectors, count: int) -> Nearest:
    best = np.full((len(queries), 0), 0, np.float32)
    rows = np.empty((len(queries), 0), np.int64)
    for start in range(0, len(vectors), COMPARED):
        products = queries @ vectors[start : start + COMPARED].T
        numbers = np.broadcast_to(np.arange(start, start + products.shape[1]), products.shape)
        if products.shape[1] > count:
            chosen = np.argpartition(-products, count - 1, axis=1)[:, :count]
            products, numbers = (np.take_along_axis(each, chosen, 1) for each in (products, numbers))
        best, rows = _first(np.hstack([best, products]), np.hstack([rows, numbers]), count)
    return best, rows


def _first(cosines: NDArray[np.float32], rows: Rows, count: int) -> Nearest:
    order = np.lexsort((rows, -cosines), axis=1)[:, :count]
    return np.take_along_axis(cosines, order, 1), np.take_along_axis(rows, order, 1)


@dataclass(frozen=True)
class Graph:
    """Leads to near vectors without a look at most of the others (Malkov and Yashunin 2018, HNSW).

    Attributes:
        expansion: one of `EXPANSIONS`.
        recall: the share of the true 10 nearest that it finds so, of `TRIED_ON` of its own vectors.
        held: the memory that the links lie in, where that is not their own.
    """

    links: Any
    vectors: Vectors
    expansion: int
    recall: float
    held: Any = None

    def nearest(self, queries: Vectors, count: int, advance: Advance = UNTOLD) -> Nearest:
        count = min(count, len(self.vectors))
        taken = min(max(MORE * count, 50), len(self.vectors))
        self.links.expansion_search = max(self.expansion, taken)
        cosines = np.empty((len(queries), count), np.float32)
        rows = np.empty((len(queries), count), np.int64)
        for number, query in enumerate(queries):
            found = np.sort(self.links.search(query, taken, threads=1).keys.astype(np.int64))
            if len(found) < count:  # some that no link leads to
                found = np.arange(len(self.vectors))
            exact = self.vectors[found] @ query
            cosines[number], rows[number] = (each[0] for each in _first(exact[None], found[None], count))
            advance(1)
        return cosines, rows


def new_links(dimensions: int) -> Any:
    """Without any vector yet; `MissingExtraError` without usearch."""
    try:
        from usearch.index import Index
    except ModuleNotFoundError:
        raise MissingExtraError("usearch", "search") from None
    return Index(ndim=dimensions, metric="ip", dtype="i8")


def tried(links: Any, vectors: Vectors) -> Graph:
    """The graph with the least expansion that comes to `AIM`, or the largest one."""
    sample = np.unique(np.linspace(0, len(vectors) - 1, TRIED_ON).astype(np.int64))
    queries = vectors[sample]
    # The nearest one is the vector itself.
    cosines, _ = nearest(vectors, queries, TRIED_COUNT + 1)
    recall = 0.0
    for expansion in EXPANSIONS:
        graph = Graph(links, vectors, expansion, recall)
        found, _ = graph.nearest(queries, TRIED_COUNT + 1)
        recall = float(np.mean(found[:, 1:] >= cosines[:, -1:] - 1e-6))
        if recall >= AIM:
            break
    return Graph(links, vectors, expansion, math.floor(1000 * recall) / 1000)
