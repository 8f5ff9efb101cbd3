"""What an exported graph answers beside the model that it was made from, on real pairs."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.data import PairTable
from dalmeum.stats import difference, score
from dalmeum.stats.intervals import json_number

SCHEMA = 1

FLOAT32 = 1e-4
"""How far a float32 graph may be from its model, in units of the label."""

BANDS = 5
"""Parts of the label range, of like width, and of the lengths, of like number."""

BATCHES = (1, 7, 64)
"""Pairs in one call, over which a pair's scores are compared."""

TIMED = 256
"""Pairs that the speed is measured on, in batches as people score them."""

Scores = NDArray[np.float64]
Score = Callable[[Sequence[tuple[str, str]], int], Scores]


@dataclass(frozen=True)
class Change:
    """Scores of a graph less those of its model, by size; in units of the label."""

    pairs: int
    mean: float
    p99: float
    largest: float

    @classmethod
    def of(cls, changes: Scores) -> "Change":
        size = np.abs(changes)
        if not len(size):
            return cls(0, float("nan"), float("nan"), float("nan"))
        return cls(len(size), float(size.mean()), float(np.quantile(size, 0.99)), float(size.max()))

    def to_dict(self) -> dict[str, Any]:
        return {name: json_number(value) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Certificate:
    """What was found of one graph.

    Attributes:
        file, sha256, megabytes: of the graph; the last two with the file of its weights, where it has one.
        change: over all pairs; `by_score` and `by_length` over parts of them, by their bounds.
        pearson: of the model and of the graph, and the graph's less the model's, with intervals; None without
            labels.
        other_order: how far the graph's scores move when both sentences change places, and the model's.
        batches: how far a pair's score moves, at most, with the pairs that are scored beside it.
        pairs_per_second: of the graph and of the model, in turn, one thread each.
        tolerance: the largest change that is allowed.
    """

    file: str
    sha256: str
    megabytes: float
    change: Change
    by_score: Mapping[str, Change]
    by_length: Mapping[str, Change]
    pearson: Mapping[str, Any] | None
    other_order: Mapping[str, float]
    batches: float
    pairs_per_second: Mapping[str, float]
    tolerance: float

    @property
    def within(self) -> bool:
        """Whether the graph may be used in the model's place."""
        return self.change.largest <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        """An entry of `certificate.json`."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "megabytes": round(self.megabytes, 2),
            "within": self.within,
            "tolerance": self.tolerance,
            "change": self.change.to_dict(),
            "by_score": {name: each.to_dict() for name, each in self.by_score.items()},
            "by_length": {name: each.to_dict() for name, each in self.by_length.items()},
            "pearson": self.pearson,
            "other_order": dict(self.other_order),
            "batches": self.batches,
            "pairs_per_second": {name: round(rate, 1) for name, rate in self.pairs_per_second.items()},
        }


def certified(path: Path, table: PairTable, model: Score, graph: Score, tolerance: float) -> Certificate:
    """Compare a graph's scores with its model's.

    Args:
        path: of the graph.
        table: pairs, with labels or without.
        model, graph: score pairs, so many at a time.
        tolerance: the largest change that is allowed, in units of the label.
    """
    # Weights of more than some gigabytes stand in a file of their own.
    files = sorted(path.parent.glob(f"{path.name}*"))
    pairs = list(table.pairs)
    turned = [(two, one) for one, two in pairs]
    ours, theirs = model(pairs, BATCHES[-1]), graph(pairs, BATCHES[-1])
    changes = theirs - ours
    lengths = np.array([len(one) + len(two) for one, two in pairs], float)
    few = pairs[:TIMED]
    by_batch = np.stack([graph(few, size) for size in BATCHES])
    return Certificate(
        file=path.name,
        sha256=_sha256(files),
        megabytes=sum(file.stat().st_size for file in files) / 1e6,
        change=Change.of(changes),
        by_score=_parts(changes, ours, np.linspace(*table.label_range, BANDS + 1)),
        by_length=_parts(changes, lengths, np.quantile(lengths, np.linspace(0, 1, BANDS + 1))),
        pearson=_pearsons(table, ours, theirs),
        other_order={
            "model": float(np.abs(ours - model(turned, BATCHES[-1])).mean()),
            "graph": float(np.abs(theirs - graph(turned, BATCHES[-1])).mean()),
        },
        batches=float(np.ptp(by_batch, axis=0).max()),
        pairs_per_second={"model": _rate(model, few), "graph": _rate(graph, few)},
        tolerance=tolerance,
    )


def _sha256(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for each in files:
        with each.open("rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                digest.update(piece)
    return digest.hexdigest()


def _parts(changes: Scores, values: Scores, bounds: Scores) -> dict[str, Change]:
    """By bounds of values; what lies beyond the outer ones counts to the outer parts."""
    inner = np.unique(bounds[1:-1])
    part = np.searchsorted(inner, values, side="right")
    edges = [bounds[0], *inner, bounds[-1]]
    return {
        f"{edges[number]:g} to {edges[number + 1]:g}": Change.of(changes[part == number])
        for number in range(len(edges) - 1)
    }


def _pearsons(table: PairTable, ours: Scores, theirs: Scores) -> dict[str, Any] | None:
    if table.label is None:
        return None
    found = difference("pearson", table.label, theirs, ours)
    return {
        "model": _estimate(score("pearson", table.label, ours).interval),
        "graph": _estimate(score("pearson", table.label, theirs).interval),
        "difference": _estimate(found.interval),
    }


def _estimate(found: Any) -> dict[str, Any]:
    return {name: json_number(getattr(found, name)) for name in ("value", "low", "high")}


def _rate(score: Score, pairs: Sequence[tuple[str, str]]) -> float:
    start = time.perf_counter()
    score(pairs, BATCHES[-1])
    return len(pairs) / (time.perf_counter() - start)
