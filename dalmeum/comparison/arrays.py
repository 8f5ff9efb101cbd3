"""Arms from plain arrays, as somebody hands them over: whatever is wrong with them is told in a line."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.comparison.arm import Arm, Array
from dalmeum.data.groups import Groups
from dalmeum.errors import InputError
from dalmeum.languages import composed
from dalmeum.stats.columns import group_numbers


def arms_of(
    predictions: Mapping[str, ArrayLike],
    pairs: int,
    seeds: Sequence[int] | Mapping[str, Sequence[int]] | None,
    split: str,
) -> list[Arm]:
    """Arms from plain arrays."""
    if not isinstance(predictions, Mapping):
        raise InputError(f"predictions are given by the arm's name, not as a {type(predictions).__name__}")
    if isinstance(seeds, Mapping) and (unknown := [name for name in seeds if name not in predictions]):
        raise InputError(f"seeds: {unknown[0]!r:.80} is no arm: choose of {', '.join(map(str, predictions))}")
    arms = []
    for name, values in predictions.items():
        rows = np.atleast_2d(numbers(f"predictions[{name!r}]", values))
        if rows.ndim != 2 or rows.shape[1] != pairs or not len(rows):
            raise InputError(
                f"predictions[{name!r}] of shape {np.shape(values)}: {pairs} labels want "
                f"({pairs},) or (k, {pairs}), a row a seed"
            )
        given = seeds.get(name) if isinstance(seeds, Mapping) else seeds
        own = () if given is None else _whole_numbers(given, str(name))
        if own and len(own) != len(rows):
            raise InputError(f"{len(own)} seeds for {len(rows)} rows of predictions[{name!r}]: one a row")
        if len(set(own)) < len(own):
            raise InputError(f"seeds of {name!r}: {repeated(own)} stands there twice")
        arms.append(Arm(composed(str(name)), {split: rows}, own))
    if len({arm.name for arm in arms}) < len(arms):
        twice = repeated([arm.name for arm in arms])
        raise InputError(f"predictions: {twice!r:.80} names two arms, its letters written in two ways")
    return arms


def groups_of(groups: ArrayLike | None, pairs: int) -> Groups | None:
    try:
        return group_numbers(groups, pairs)
    # Rows of different lengths, names that have no order, or another number of them.
    except (TypeError, ValueError) as error:
        told = str(error) if str(error).startswith("groups") else f"groups: {groups!r:.80} name no groups"
        raise InputError(f"{told}; give one number, or name, a pair") from None


def check_index(labels: ArrayLike, predictions: Mapping[str, ArrayLike], groups: ArrayLike | None) -> None:
    """`InputError` where two series of pandas name their rows differently: which belong together?"""
    rows = {f"predictions[{name!r}]": values for name, values in predictions.items()}
    series: dict[str, Any] = {"labels": labels, "groups": groups, **rows}
    indexes = {
        name: values.index
        for name, values in series.items()
        if type(values).__name__ == "Series" and hasattr(values, "index")
    }
    for name, index in indexes.items():
        first = next(iter(indexes))
        if not index.equals(indexes[first]):
            raise InputError(
                f"{first} and {name} have different indexes, and pairs are taken by position: "
                "bring them into one order, or hand over .to_numpy()"
            )


def _whole_numbers(seeds: Any, arm: str) -> tuple[int, ...]:
    try:
        found = tuple(map(int, seeds))
        whole = not isinstance(seeds, str) and list(found) == list(seeds)
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise InputError(f"seeds of {arm!r:.80}: {seeds!r:.80} are no whole numbers, one a row")
    return found


def repeated(values: Sequence[Any]) -> Any:
    return next(value for place, value in enumerate(values) if value in values[:place])


def numbers(name: str, values: ArrayLike) -> Array:
    """Numbers as float64, a copy, so that nobody else changes them; `InputError` where they are none."""
    try:
        # What is masked is no number.
        given = np.ma.asarray(values, np.float64).filled(np.nan) if np.ma.isMaskedArray(values) else values
        plain = np.asarray(given)
        if plain.dtype.kind in "cmM":
            raise InputError(f"{name}: holds {plain.dtype}, not real numbers")
        if plain.dtype.kind in "SU":
            raise TypeError
        numbers = np.array(plain, np.float64)
    except InputError:
        raise
    # Tensors and frames have errors of their own.
    except Exception:
        raise InputError(f"{name}: holds what is no number, or rows of different lengths") from None
    broken = np.argwhere(~np.isfinite(numbers))
    if len(broken):
        place = ", ".join(map(str, broken[0]))
        raise InputError(f"{name}[{place}] is not finite ({len(broken):,} such): leave those pairs out")
    return numbers
