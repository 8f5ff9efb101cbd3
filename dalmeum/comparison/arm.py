"""One side of a comparison: what a recipe's runs, or a model, predicted for labelled pairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.data import PairTable
from dalmeum.data.groups import Groups

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Labelled pairs.

    Attributes:
        ids: n of them.
        labels: (n,).
        name: what messages call them, as the file that they were read from.
        table: their sentences; None where nobody has them.
        groups: (n,), the number of each pair's group, whose pairs share sentences; None where nobody knows or
            every pair stands alone.
    """

    ids: tuple[str, ...]
    labels: Array
    name: str = "labels"
    table: PairTable | None = None
    groups: Groups | None = None

    def are(self, other: "Pairs") -> bool:
        """Whether both are the same pairs in the same order, with the same labels."""
        return self.ids == other.ids and np.array_equal(self.labels, other.labels)


@dataclass(frozen=True, eq=False)
class Curve:
    """One run's evaluations on dev: rising steps and Pearson, both (evaluations,)."""

    steps: Array
    pearson: Array


@dataclass(frozen=True, eq=False)
class Checkpoints:
    """What one run predicted on dev at each of its evaluations: labels (n,), predictions (evaluations, n)."""

    labels: Array
    predictions: Array


@dataclass(frozen=True, eq=False)
class Arm:
    """One side of a comparison.

    Attributes:
        name: unique among the arms.
        predictions: by split, (k, n), a row a seed; k is 1 for one trained model.
        seeds: k of them; empty where nobody knows them.
        changes: keys and values of its recipe that are not the baseline's.
        runs: ids of its runs, by seed and then by fold; empty where there are none.
        train, train_predictions: the training pairs and what was predicted for them, (k, m); None where
            nobody kept it, and over folds.
        parts: the same of each seed, predictions being (m,), where they were trained on sets of their own
            (`Arms.training_sets`); empty where nobody kept it.
        curves, checkpoints: one a run; empty where the runs kept none.
    """

    name: str
    predictions: Mapping[str, Array]
    seeds: tuple[int, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    train: Pairs | None = None
    train_predictions: Array | None = None
    parts: tuple[tuple[Pairs, Array], ...] = ()
    curves: tuple[Curve, ...] = ()
    checkpoints: tuple[Checkpoints, ...] = ()

    @property
    def count(self) -> int:
        """k, the number of seeds."""
        return len(next(iter(self.predictions.values())))
