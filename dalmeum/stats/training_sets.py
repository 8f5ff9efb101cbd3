"""The training set as a source of error: seeds that were each trained on a set of their own.

Seeds on one training set tell nothing of what another would have done. With a set of N pairs for each of k
seeds, all from a pool of M, the variance s^2 of their scores holds the sets' part beside the seeds' own, and
where no two sets share a pair s^2 / k is all the error of the mean. Sets that share pairs are alike. To first
order a score is a mean of what each of its training pairs does, so that the scores of two sets correlate by
the share of their pairs that they have in common, rho in the mean over the sets; what pairs do together makes
it less (Hoeffding 1948, Annals of Mathematical Statistics 19, 293-325). The variance of one score being v,
that of the mean is v (1 + (k - 1) rho) / k while s^2 estimates v (1 - rho), so that

    variance of the mean = s^2 (1 / k + rho / (1 - rho))

which is Nadeau and Bengio's (2003, Machine Learning 52, 239-281) corrected resampled t test, with the share
of training pairs in common where they have the share of pairs that are tested on. Random subsets of N of M
have rho = N / M. The seeds' own luck counts as if it were the sets', which errs on the safe side.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class TrainingSets:
    """What the seeds of a comparison were trained on: the i-th seed of every arm on the i-th set.

    Attributes:
        pairs: N, in one set.
        pool: M, pairs that the sets are drawn from.
        overlap: rho, the share of its pairs that a set has in common with another, in the mean over all.
    """

    pairs: int
    pool: int
    overlap: float = 0.0

    @property
    def parts(self) -> Literal["disjoint", "overlapping"]:
        return "overlapping" if self.overlap else "disjoint"

    def of_seeds(self, seeds: int) -> "TrainingSets":
        """Those that a study of so many seeds has: its first parts."""
        return dataclasses.replace(self, overlap=mean_overlap(self.pool, self.pairs, range(seeds)))

    def to_dict(self) -> dict[str, Any]:
        return {"pairs": self.pairs, "pool": self.pool, "parts": self.parts, "overlap": self.overlap}


def variance_share(seeds: int, overlap: float = 0.0) -> float:
    """Variance of the mean of k scores, in units of their variance s^2; 1 / k where nothing is in common."""
    return 1 / seeds + overlap / (1 - overlap)


def mean_overlap(pool: int, pairs: int, numbers: Sequence[int]) -> float:
    """The share of its pairs that one of these parts of a pool has in common with another, expected, in the
    mean.

    Parts are numbered from 0: the first pool / pairs are cut from one shuffled pool and share no pair, the
    next from another shuffle, and so on; those from two shuffles share pairs / pool of theirs.
    """
    shuffles = np.array(numbers) // (pool // pairs)
    others = shuffles[:, None] != shuffles
    return pairs / pool * float(others.sum()) / (len(shuffles) * (len(shuffles) - 1))
