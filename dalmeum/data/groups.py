"""Pairs that share sentences err alike, so that they tell less than as many pairs that share none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable

Groups = NDArray[np.intp]
"""The number of each pair's group, from 0, shape (n,)."""

MOST = 0.5
"""Share of the sum of squared sizes beyond which a result is also told without the largest group."""


def sentence_groups(table: PairTable) -> Groups:
    """Pairs that share a sentence, letter for letter, straight or through other pairs, are of one group."""
    from scipy.sparse import coo_array  # slow to import, and needed here alone
    from scipy.sparse.csgraph import connected_components

    distinct = dict.fromkeys((*table.sentence1, *table.sentence2))
    sentences = {sentence: index for index, sentence in enumerate(distinct)}
    first = [sentences[sentence] for sentence in table.sentence1]
    second = [sentences[sentence] for sentence in table.sentence2]
    ones = np.ones(len(table), np.int8)
    edges = coo_array((ones, (first, second)), shape=(len(sentences), len(sentences)))
    component = connected_components(edges, directed=False)[1][first]
    return np.unique(component, return_inverse=True)[1].astype(np.intp)


@dataclass(frozen=True)
class GroupSizes:
    """How unequal groups are.

    Attributes:
        count: how many there are, those of one pair among them.
        largest: pairs of the largest.
        largest_share: of the sum of squared sizes, what the square of the largest is: its share of the error
            where errors are as much alike in every group.
        design_effect_at_most: the variance of a mean, in units of what it would be of pairs that stand
            alone, where the pairs of a group err all alike (Kish 1965): the mean of squared sizes over that
            of sizes.
    """

    count: int
    largest: int
    largest_share: float
    design_effect_at_most: float

    @classmethod
    def of(cls, groups: Groups) -> "GroupSizes":
        sizes = np.bincount(groups).astype(np.float64)
        squares, largest = float(sizes @ sizes), int(sizes.max())
        return cls(len(sizes), largest, largest**2 / squares, squares / len(groups))

    @property
    def hangs_on_one(self) -> bool:
        """Whether one group, of several pairs, is most of what the groups add."""
        return self.largest > 1 and self.largest_share > MOST

    @property
    def stand_alone(self) -> bool:
        """Whether no two pairs are of one group."""
        return self.largest == 1


def without_largest(groups: Groups) -> NDArray[np.bool_]:
    """The pairs of all groups but the largest, the first of those that are, as a mask of shape (n,)."""
    largest = int(np.argmax(np.bincount(groups)))
    return np.asarray(groups != largest)
