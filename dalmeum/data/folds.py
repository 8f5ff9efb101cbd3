"""Folds: pairs held out in turn, so that no sentence stands on both sides."""

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.groups import Groups, sentence_groups
from dalmeum.data.table import PairTable

Rows = NDArray[np.int64]


def fold_rows(table: PairTable, folds: int) -> tuple[Rows, ...]:
    """The rows of each fold, rising; together all rows, each once, the same at every call.

    Pairs that share a sentence, letter for letter, straight or through other pairs, stay in one fold: a model
    that has seen a sentence in training scores its other pairs too well. Folds are as equal in size as such
    groups allow, and groups are dealt out by their mean label, so that each has its share of every label.

    Raises `ValueError` where there are fewer groups than folds, or a fold would hold fewer than 2 pairs.
    """
    groups = sentence_groups(table)
    sizes = np.bincount(groups)
    if len(sizes) < folds:
        raise ValueError(f"{len(sizes)} groups of pairs that share no sentence can't fill {folds} folds")
    fold_of_group = np.empty(len(sizes), np.int64)
    filled = np.zeros(folds)
    rng = np.random.default_rng(0)
    # Large groups first, or the last of them would leave one fold fuller than the rest.
    for group in _dealing_order(table, groups, sizes):
        # Equally filled folds take turns, so that neighbours in label part; in a new order each time.
        fold = int(rng.choice(np.flatnonzero(filled == filled.min())))
        fold_of_group[group] = fold
        filled[fold] += sizes[group]
    if filled.min() < 2:
        raise ValueError(f"{len(table)} pairs are too few for {folds} folds of 2 pairs or more")
    fold_of_row = fold_of_group[groups]
    return tuple(np.flatnonzero(fold_of_row == fold) for fold in range(folds))


def _dealing_order(table: PairTable, groups: Groups, sizes: Rows) -> Rows:
    """Groups from the largest on, those of one size by mean label, those of one label at random."""
    at_random = np.random.default_rng(0).permutation(len(sizes))
    if table.label is None:
        return np.lexsort((at_random, -sizes))
    means = np.bincount(groups, weights=table.label) / sizes
    return np.lexsort((at_random, means, -sizes))
