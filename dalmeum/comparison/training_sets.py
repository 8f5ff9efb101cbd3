"""Training sets of arms: read from plain numbers, checked, and told beside a verdict."""

import math
from collections.abc import Mapping
from numbers import Real

from dalmeum.data.parts import LARGEST_SHARE, most_pairs
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.stats import TrainingSets

FOR_THIS = Text("for this training set", "이 학습 데이터에 한한 판정")
FOR_NEW = Text(
    "for new training sets of {pairs:,} pairs like this pool's",
    "이 풀과 비슷한 곳에서 {pairs:,}쌍씩 뽑은 새 학습 데이터까지 감안한 판정",
)

KEYS = ("pairs", "pool", "overlap")


def sets_from(given: object) -> TrainingSets:
    """Of `{"pairs": N, "pool": M}`, and `overlap` where it is not that of random subsets, N / M."""
    if not isinstance(given, Mapping) or not {"pairs", "pool"} <= set(given) <= set(KEYS):
        raise InputError(
            f"training_sets {given!r:.80}: give pairs, pool and maybe overlap, as "
            '{"pairs": 100, "pool": 1000, "overlap": 0}'
        )
    pairs, pool = (_whole(key, given[key]) for key in ("pairs", "pool"))
    if "overlap" not in given:
        return TrainingSets(pairs, pool, pairs / pool)
    overlap = _number(given["overlap"])
    if not 0 <= overlap < 1:
        raise InputError(f"training_sets: overlap {given['overlap']!r:.80}: give a share from 0 to below 1")
    return TrainingSets(pairs, pool, overlap)


def sets_told(sets: TrainingSets | None) -> Text:
    """The training sets that a verdict holds for, to stand behind what else it holds for."""
    return FOR_THIS if sets is None else FOR_NEW.format(pairs=sets.pairs)


def check_sets(sets: TrainingSets, seeds: Mapping[str, int]) -> None:
    """Raise `InputError` where arms of so many seeds each can't have been trained on such sets."""
    most = most_pairs(sets.pool)
    if sets.pairs > most or sets.overlap > LARGEST_SHARE + 1e-9:
        raise InputError(
            f"training_sets: {sets.pairs:,} of {sets.pool:,} pairs, overlap {sets.overlap:g}: take {most:,} "
            f"at most ({LARGEST_SHARE:g} of the pool), larger sets are too much alike"
        )
    if len(set(seeds.values())) > 1 or min(seeds.values()) < 2:
        told = ", ".join(f"{name} {count}" for name, count in seeds.items())
        raise InputError(
            f"training_sets: arms have different numbers of rows, or one ({told}): give every arm a row a set"
        )
    fewest = _fewest_shared(sets.pairs, sets.pool, min(seeds.values()))
    if sets.overlap < fewest - 1e-9:
        raise InputError(
            f"training_sets: overlap {sets.overlap:g}: {min(seeds.values())} sets of {sets.pairs:,} pairs "
            f"from {sets.pool:,} share {fewest:.3g} of their pairs at least: mend overlap, or leave it out"
        )


def _fewest_shared(pairs: int, pool: int, sets: int) -> float:
    """The mean share of its pairs that a set has in common with another, all pairs being used alike."""
    uses, more = divmod(sets * pairs, pool)
    shared = more * math.comb(uses + 1, 2) + (pool - more) * math.comb(uses, 2)
    return shared / (math.comb(sets, 2) * pairs)


def _whole(key: str, value: object) -> int:
    number = _number(value)
    if not (number >= 2 and number.is_integer()):
        raise InputError(f"training_sets: {key} {value!r:.80}: give a whole number of 2 or more")
    return int(number)


def _number(value: object) -> float:
    """NaN for what is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
