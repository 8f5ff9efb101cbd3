"""Parts of a pool of pairs: a training set for each seed."""

import numpy as np
from numpy.typing import NDArray

LARGEST_SHARE = 0.8
"""Of the pool: larger parts are so much alike that their differences tell next to nothing."""


def most_pairs(pool: int) -> int:
    """That a part of a pool of so many pairs may have."""
    return int(LARGEST_SHARE * pool + 1e-9)


def part_rows(pool: int, pairs: int, number: int) -> NDArray[np.int64]:
    """The rows of part number `number`, from 0: `pairs` of a pool of so many, the same at every call.

    The pool is shuffled and cut into as many parts as it has room for, then shuffled anew for the next ones.
    So the first pool / pairs parts share no pair, those from two shuffles share pairs / pool of theirs on
    average, and no part depends on how many there will be. Raises `ValueError` for parts of more than .8 of
    the pool.
    """
    if pairs > most_pairs(pool):
        raise ValueError(
            f"parts of {pairs:,} pairs from a pool of {pool:,}: take {most_pairs(pool):,} at most "
            f"({LARGEST_SHARE:g} of it), larger ones are too much alike"
        )
    shuffle, place = divmod(number, pool // pairs)
    return np.random.default_rng(shuffle).permutation(pool)[place * pairs : (place + 1) * pairs]
