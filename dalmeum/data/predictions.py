"""What a scorer says of pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of n pairs, in the order of their table.

    Attributes:
        similarity: float64 (n,), on the label scale, not clipped to it.
        binary: float64 (n,), probabilities of being similar; None without the binary task.
    """

    similarity: NDArray[np.float64]
    binary: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.binary is not None and self.binary.shape != self.similarity.shape:
            shapes = f"similarity {self.similarity.shape} and binary {self.binary.shape}"
            raise ValueError(f"{shapes} differ in shape")

    def __len__(self) -> int:
        return len(self.similarity)

    def first(self, count: int) -> "Predictions":
        """Of the first pairs, so many."""
        return Predictions(self.similarity[:count], None if self.binary is None else self.binary[:count])


def mean_predictions(several: Sequence[Predictions]) -> Predictions:
    """The mean of what several scorers say of the same pairs; of the binary task where all have it."""
    binary = [each.binary for each in several if each.binary is not None]
    return Predictions(
        np.mean([each.similarity for each in several], axis=0),
        np.mean(binary, axis=0) if len(binary) == len(several) else None,
    )
