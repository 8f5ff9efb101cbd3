"""Folds: pairs held out in turn, so that no sentence stands on both sides."""

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.groups import Groups, near_groups, sentence_groups
from dalmeum.data.table import PairTable
from dalmeum.recipe.data import FoldGroups

Rows = NDArray[np.int64]

LABEL_BINS = 10
"""Of equal width, by which labels are spread over folds."""


def fold_rows(table: PairTable, folds: int, together: FoldGroups = "sentences") -> tuple[Rows, ...]:
    """The rows of each fold, rising; together all rows, each once, the same at every call.

    Pairs that share a sentence, straight or through other pairs, stay in one fold: a model that has seen a
    sentence in training scores its other pairs too well. With `sentences` it is shared letter for letter,
    and groups of such pairs are dealt out by their mean label; with `near_duplicates` copies that are spaced
    or written a little otherwise count as shared (`near_groups`), and each fold gets its share of every label
    and source as well as of the pairs (`strata`). What a word stands for never changes, since finished
    runs are known by it: another assignment gets another word.

    Raises `ValueError` where there are fewer groups than folds, or a fold would hold fewer than 2 pairs.
    """
    groups = groups_of(table, together)
    count = int(groups.max()) + 1 if len(groups) else 0
    if count < folds:
        raise ValueError(f"{count} groups of pairs that share no sentence can't fill {folds} folds")
    deal = _by_mean_label if together == "sentences" else _stratified
    fold_of_row = deal(table, groups, folds)[groups]
    if np.bincount(fold_of_row, minlength=folds).min() < 2:
        raise ValueError(f"{len(table)} pairs are too few for {folds} folds of 2 pairs or more")
    return tuple(np.flatnonzero(fold_of_row == fold) for fold in range(folds))


def groups_of(table: PairTable, together: FoldGroups) -> Groups:
    """The pairs that stay in one fold."""
    return sentence_groups(table) if together == "sentences" else near_groups(table)


def strata(table: PairTable) -> Rows:
    """What each of n pairs is to be spread by, (n, 4): numbers of its stratum among all pairs, which are one,
    of its source, of its label's bin, and of both together. Each kind has numbers of its own, from 0 on.
    """
    sources = np.unique(table.source, return_inverse=True)[1]
    low, high = table.label_range
    label = np.zeros(len(table)) if table.label is None else (table.label - low) / (high - low)
    bins = np.clip(label * LABEL_BINS, 0, LABEL_BINS - 1).astype(np.int64)
    columns = [np.zeros_like(bins), sources, bins, sources * LABEL_BINS + bins]
    found, start = [], 0
    for column in columns:
        numbers = np.unique(column, return_inverse=True)[1]
        found.append(start + numbers)
        start += int(numbers.max(initial=-1)) + 1
    return np.stack(found, axis=1)


def stratum_weights(of_row: Rows) -> NDArray[np.float64]:
    """What each stratum counts for: one over its pairs; all pairs, the first stratum, as much as a bin of
    labels does, so that folds are first of all of one size.
    """
    weights = 1 / np.bincount(of_row.ravel())
    weights[0] *= LABEL_BINS
    return np.asarray(weights)


def _stratified(table: PairTable, groups: Groups, folds: int) -> Rows:
    """The fold of each group, the largest first: that in which the strata of its pairs are emptiest.

    With n(s) pairs in stratum s, n(s, f) of them in fold f, n(s, g) in group g and weights w(s), the sum over
    strata and folds of w(s) (n(s, f) - n(s) / folds)^2 is at most (1 - 1 / folds) times the sum over strata
    and groups of w(s) n(s, g)^2: the fold that is taken adds no more than a random one would on average.
    """
    of_row = strata(table)
    weights = stratum_weights(of_row)
    filled = np.zeros((len(weights), folds))
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    ends = np.cumsum(sizes)
    fold_of_group = np.empty(len(sizes), np.int64)
    at_random = np.random.default_rng(0).permutation(len(sizes))
    for group in np.lexsort((at_random, -sizes)):
        rows = order[ends[group] - sizes[group] : ends[group]]
        found, counts = np.unique(of_row[rows], return_counts=True)
        fold = int(np.argmin(((counts * weights[found])[:, None] * filled[found]).sum(axis=0)))
        filled[found, fold] += counts
        fold_of_group[group] = fold
    return fold_of_group


def _by_mean_label(table: PairTable, groups: Groups, folds: int) -> Rows:
    """The fold of each group, the largest first: the emptiest one."""
    sizes = np.bincount(groups)
    fold_of_group = np.empty(len(sizes), np.int64)
    filled = np.zeros(folds)
    rng = np.random.default_rng(0)
    # Large groups first, or the last of them would leave one fold fuller than the rest.
    for group in _dealing_order(table, groups, sizes):
        # Equally filled folds take turns, so that neighbours in label part; in a new order each time.
        fold = int(rng.choice(np.flatnonzero(filled == filled.min())))
        fold_of_group[group] = fold
        filled[fold] += sizes[group]
    return fold_of_group


def _dealing_order(table: PairTable, groups: Groups, sizes: Rows) -> Rows:
    """Groups from the largest on, those of one size by mean label, those of one label at random."""
    at_random = np.random.default_rng(0).permutation(len(sizes))
    if table.label is None:
        return np.lexsort((at_random, -sizes))
    means = np.bincount(groups, weights=table.label) / sizes
    return np.lexsort((at_random, means, -sizes))
