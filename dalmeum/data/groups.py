"""Pairs that share sentences err alike, so that they tell less than as many pairs that share none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.keys import letters
from dalmeum.data.table import PairTable
from dalmeum.data.telling import Finding, finding
from dalmeum.languages import Text

Groups = NDArray[np.intp]
"""The number of each pair's group, from 0, shape (n,)."""

VISIBLE = 2.0
"""A design effect from which a table's pairs are said to depend on each other."""

FEWEST = 3
"""Groups below which nothing can be judged by them."""

MOST = 0.5
"""Share of the sum of squared sizes beyond which a result is also told without the largest group."""


LONG_ENOUGH = 10
"""Letters from which a sentence has near-duplicates: of shorter ones each letter is too much of them."""


def sentence_groups(table: PairTable) -> Groups:
    """Pairs that share a sentence, letter for letter, straight or through other pairs, are of one group."""
    # Hashes, of 64 bits, take a fraction of the memory that a table of the sentences does.
    both = chain(table.sentence1, table.sentence2)
    hashes = np.fromiter(map(hash, both), np.int64, 2 * len(table))
    _, earliest, sentences = np.unique(hashes, return_index=True, return_inverse=True)
    # Numbered as they first appear: a hash is another one in each process.
    first, second = np.argsort(np.argsort(earliest))[sentences].reshape(2, -1)
    component = _connected(first, second, len(earliest))[first]
    return np.unique(component, return_inverse=True)[1].astype(np.intp)


def near_groups(table: PairTable) -> Groups:
    """As `sentence_groups`, but a sentence is shared by its near-duplicates, too: those of the same letters
    and digits, however spaced, punctuated and capitalised, and of `LONG_ENOUGH` letters or more those that
    are the same once a letter is left out of one of them, or of each.
    """
    both = list(map(letters, chain(table.sentence1, table.sentence2)))
    numbers = {text: number for number, text in enumerate(dict.fromkeys(both))}
    first, second = np.fromiter(map(numbers.__getitem__, both), np.int64, len(both)).reshape(2, -1)
    one, other = _near(list(numbers))
    edges = np.concatenate([first, one]), np.concatenate([second, other])
    return np.unique(_connected(*edges, len(numbers))[first], return_inverse=True)[1].astype(np.intp)


def _near(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of different texts, by number, that are the same once a letter is left out of one or of each:
    enough of them to connect all that are.
    """
    long = [number for number, text in enumerate(texts) if len(text) >= LONG_ENOUGH]
    counts = [len(texts[number]) + 1 for number in long]
    variants = chain.from_iterable(map(_variants, (texts[number] for number in long)))
    hashes = np.fromiter(variants, np.int64, sum(counts))
    owners = np.fromiter(chain.from_iterable(map(repeat, long, counts)), np.int64, sum(counts))
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    same = hashes[1:] == hashes[:-1]
    return owners[1:][same], owners[:-1][same]


def _variants(text: str) -> Iterator[int]:
    """Hashes of a text and of it without each of its letters."""
    yield hash(text)
    for place in range(len(text)):
        yield hash(text[:place] + text[place + 1 :])


def _connected(one: NDArray[np.int64], other: NDArray[np.int64], count: int) -> Groups:
    """The number of each node's component, of `count` nodes with these edges; numbered from 0 by node."""
    from scipy.sparse import coo_array  # slow to import, and needed here alone
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    return np.asarray(connected_components(edges, directed=False)[1], np.intp)


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
        """Whether one group, of several pairs, is most of what the groups add, and enough others are left."""
        return self.largest > 1 and self.largest_share > MOST and self.count > FEWEST

    @property
    def too_few(self) -> bool:
        """Whether groups can't tell how much they differ."""
        return self.count < FEWEST

    @property
    def matters(self) -> bool:
        """Whether errors that are alike in groups could make a mean visibly less sure."""
        return self.design_effect_at_most >= VISIBLE

    @property
    def stand_alone(self) -> bool:
        """Whether no two pairs are of one group."""
        return self.largest == 1


def judged_by(groups: Groups | None) -> Groups | None:
    """The groups; None where they are too few, so that each pair has to be taken to stand alone."""
    return None if groups is None or GroupSizes.of(groups).too_few else groups


def without_largest(groups: Groups) -> NDArray[np.bool_]:
    """The pairs of all groups but the largest, the first of those that are, as a mask of shape (n,)."""
    largest = int(np.argmax(np.bincount(groups)))
    return np.asarray(groups != largest)


TOO_FEW = Text(
    "nearly all pairs are connected by sentences that they share, too closely to judge by groups of them: "
    "verdicts and intervals take each pair to stand alone, and may claim more than is known",
    "거의 모든 쌍이 같은 문장으로 이어져 있어 묶음으로는 판정할 수 없습니다. "
    "판정과 구간은 쌍이 서로 독립이라고 보고 구하므로 실제보다 확실해 보일 수 있습니다",
)


def dependence(table: PairTable, sizes: GroupSizes | None) -> Finding | None:
    """What it means that pairs share sentences, where it matters."""
    if sizes is None or not sizes.matters:
        return None
    if sizes.too_few:
        return finding("note", "sentence_groups", table, TOO_FEW, (), len(table))
    by_one = Text(
        "; the largest group has {share:.0%} of the sum of squared sizes, so much may hang on it alone",
        ". 크기 제곱합의 {share:.0%}가 가장 큰 묶음에 있어 결과가 이 묶음 하나에 크게 달려 있을 수 있습니다",
    ).format(share=sizes.largest_share)
    told = Text(
        "pairs share sentences: {count:,} groups, the largest of {largest:,} pairs; verdicts and intervals "
        "are by groups, and the error of a score may be up to {times:.1f} times that of as many pairs that "
        "share none{by_one}",
        "같은 문장이 든 쌍이 있습니다: 묶음 {count:,}개, 가장 큰 묶음 {largest:,}쌍. "
        "판정과 구간은 묶음 단위로 구하며, 점수의 오차는 문장이 겹치지 않을 때보다 "
        "최대 {times:.1f}배까지 커질 수 있습니다{by_one}",
    ).format(
        count=sizes.count,
        largest=sizes.largest,
        times=sizes.design_effect_at_most**0.5,
        by_one=by_one if sizes.hangs_on_one else "",
    )
    return finding("note", "sentence_groups", table, told, (), len(table))
