"""What the vectors of many texts have in common, and how alike two are beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class CommonComponents:
    """Mean and first principal components of vectors, which make unrelated texts look alike (Mu and Viswanath
    2018, "All-but-the-Top").

    Attributes:
        centre: (d,).
        components: (d, k), orthonormal; the most common last.
    """

    centre: Floats
    components: Floats

    @classmethod
    def fit(cls, vectors: Floats, count: int) -> "CommonComponents":
        """Those of vectors (n, d), of which there is at least one."""
        centre = vectors.mean(axis=0)
        centred = vectors - centre
        return cls(centre, np.ascontiguousarray(np.linalg.eigh(centred.T @ centred)[1][:, -count:]))

    def out_of(self, vectors: Floats) -> Floats:
        """Vectors (n, d) without them."""
        centred = vectors - self.centre
        left: Floats = centred - (centred @ self.components) @ self.components.T
        return left

    def cosines(self, left: Floats, right: Floats) -> Iterator[Floats]:
        """Of rows (n, d): as they are, centred, and without the components."""
        yield cosines(left, right)
        yield cosines(left - self.centre, right - self.centre)
        yield cosines(self.out_of(left), self.out_of(right))


def cosines(left: Floats, right: Floats) -> Floats:
    """Of rows (n, d), (n,); 0 where one is 0."""
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    found: Floats = (left * right).sum(axis=1) / np.maximum(norms, 1e-6)
    return found
