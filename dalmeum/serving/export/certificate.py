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

FLOAT32 = 2e-5
"""How far a float32 graph may be from its model, as a share of the label range (1e-4 points of 0 to 5): what
is rounded grows with the scores.
"""

INT8_P99, INT8_PEARSON = 0.02, 0.001
"""How far 99 of 100 scores of a graph in integers may be from its model's, as a share of the label range (.1
points of 0 to 5), and how far Pearson's correlation with the labels may be from the model's. Where there are
no labels that the model was made for, as much may be missing to 1 in the correlation with the model's scores:
changes that know nothing of the labels cost no larger share of the correlation with them.
"""

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
        agreement: Pearson's correlation of both; None where one of them answers the same for all.
        batches: how far a pair's score moves, at most, with how many pairs are scored beside it.
        paddings: how far it moves, at most, beside the longest pair, to whose length it is padded.
        pairs_per_second: of the graph and of the model, in turn, one thread each, by processor time.
        tolerance: what is allowed, by name: `largest` and `p99` of the change, `pearson` for its difference,
            `disagreement` for 1 - `agreement`.
    """

    file: str
    sha256: str
    megabytes: float
    change: Change
    by_score: Mapping[str, Change]
    by_length: Mapping[str, Change]
    pearson: Mapping[str, Any] | None
    other_order: Mapping[str, float]
    agreement: float | None
    batches: float
    paddings: float
    pairs_per_second: Mapping[str, float]
    tolerance: Mapping[str, float]

    @property
    def found(self) -> dict[str, float]:
        """What is held against the tolerance, by its names; no number is beyond any."""
        pearson = None if self.pearson is None else self.pearson["difference"]["value"]
        values = {
            "largest": self.change.largest,
            "p99": self.change.p99,
            "pearson": float("nan") if pearson is None else abs(pearson),
            "disagreement": float("nan") if self.agreement is None else 1 - self.agreement,
        }
        return {name: values[name] for name in self.tolerance}

    @property
    def beyond(self) -> dict[str, float]:
        """What is not within tolerance."""
        return {name: value for name, value in self.found.items() if not value <= self.tolerance[name]}

    @property
    def within(self) -> bool:
        """Whether the graph may be used in the model's place."""
        return not self.beyond

    def to_dict(self) -> dict[str, Any]:
        """An entry of `certificate.json`."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "megabytes": round(self.megabytes, 2),
            "within": self.within,
            "tolerance": dict(self.tolerance),
            "found": {name: json_number(value) for name, value in self.found.items()},
            "change": self.change.to_dict(),
            "by_score": {name: each.to_dict() for name, each in self.by_score.items()},
            "by_length": {name: each.to_dict() for name, each in self.by_length.items()},
            "pearson": self.pearson,
            "other_order": dict(self.other_order),
            "agreement": self.agreement,
            "batches": self.batches,
            "paddings": self.paddings,
            "pairs_per_second": {name: round(rate, 1) for name, rate in self.pairs_per_second.items()},
        }


def certified(
    path: Path, table: PairTable, model: Score, graph: Score, tolerance: Mapping[str, float]
) -> Certificate:
    """Compare a graph's scores with its model's.

    Args:
        path: of the graph.
        table: pairs, with labels or without.
        model, graph: score pairs, so many at a time.
        tolerance: as of a `Certificate`.
    """
    files = graph_files(path)
    pairs = list(table.pairs)
    turned = [(two, one) for one, two in pairs]
    ours, theirs = model(pairs, BATCHES[-1]), graph(pairs, BATCHES[-1])
    changes = theirs - ours
    lengths = np.array([len(one) + len(two) for one, two in pairs], float)
    few = pairs[:TIMED]
    by_batch = np.stack([graph(few, size) for size in BATCHES])
    longest = pairs[int(lengths.argmax())]
    padded = np.array([graph([longest, pair], 2)[1] for pair in few[: BATCHES[-1]]])
    return Certificate(
        file=path.name,
        sha256=graph_hash(files),
        megabytes=sum(file.stat().st_size for file in files) / 1e6,
        change=Change.of(changes),
        by_score=_parts(changes, ours, np.linspace(*table.label_range, BANDS + 1)),
        by_length=_parts(changes, lengths, np.quantile(lengths, np.linspace(0, 1, BANDS + 1))),
        pearson=_pearsons(table, ours, theirs),
        other_order={
            "model": float(np.abs(ours - model(turned, BATCHES[-1])).mean()),
            "graph": float(np.abs(theirs - graph(turned, BATCHES[-1])).mean()),
        },
        agreement=agreement(theirs, ours),
        batches=float(np.ptp(by_batch, axis=0).max()),
        paddings=float(np.abs(padded - by_batch[0, : len(padded)]).max()),
        pairs_per_second={"model": _rate(model, few), "graph": _rate(graph, few)},
        tolerance=tolerance,
    )


def spread(pairs: Sequence[tuple[str, str]], model: Score, shorter: Score) -> dict[str, Any]:
    """How far a model's scores in a shorter type are from those in float32, and how far they move, at most,
    with how many pairs are scored at once; arguments as of `certified`.
    """
    few = list(pairs[:TIMED])
    by_batch = np.stack([shorter(few, size) for size in BATCHES])
    change = Change.of(by_batch[-1] - model(few, BATCHES[-1]))
    return {"change": change.to_dict(), "batches": float(np.ptp(by_batch, axis=0).max())}


def graph_files(path: Path) -> list[Path]:
    """A graph's, and that of its weights: those of more than some gigabytes stand in a file of their own."""
    return [each for each in (path, path.with_name(f"{path.name}.data")) if each.is_file()]


def graph_hash(files: Sequence[Path]) -> str:
    """SHA-256 of a graph, with the file of its weights, where it has one."""
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


def agreement(one: Scores, other: Scores) -> float | None:
    """Pearson's correlation of two lists of scores; None where there is none."""
    if len(one) < 2 or not np.ptp(one) or not np.ptp(other):
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _rate(score: Score, pairs: Sequence[tuple[str, str]]) -> float:
    start = time.process_time()
    score(pairs, BATCHES[-1])
    return len(pairs) / max(time.process_time() - start, 1e-9)
