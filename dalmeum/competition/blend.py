"""Several runs that answer together, by weights that are judged on pairs that they were not fitted on."""

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dalmeum.comparison import Pairs
from dalmeum.comparison.arm import Array
from dalmeum.comparison.rows import check_same
from dalmeum.competition.leaked import Judged, leaks
from dalmeum.data import PairTable
from dalmeum.data.folds import groups_of
from dalmeum.data.groups import Groups, judged_by
from dalmeum.data.splits import PairReader, Split, read_splits
from dalmeum.errors import DalmeumError, InputError
from dalmeum.languages import Text
from dalmeum.numbers import range_told
from dalmeum.pages.blend import no_gain
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.predictions import labelled, read_predictions
from dalmeum.stats import Estimate, difference
from dalmeum.stats.blend_sums import METHODS, Weights
from dalmeum.stats.blends import (
    CHOSEN,
    SUBSETS,
    Gains,
    Shares,
    best_method,
    blend_gains,
    blend_shares,
    blend_weights,
    nested_blend,
)

SCHEMA = 1

SPLIT: Split = "dev"
OTHER: Split = "test"


@dataclass(frozen=True)
class Member:
    """A run in a blend.

    Attributes:
        weight: of its similarity in the blend's.
        alone: its Pearson by itself.
        gain: the blend's Pearson less that of the others together.
        share: its Shapley value: shares of all members add up to the blend's Pearson.
    """

    run: Run
    weight: float
    alone: float
    gain: float
    share: float

    def to_dict(self) -> dict[str, Any]:
        told = {"run": self.run.id, "author": self.run.record.author}
        return told | {name: getattr(self, name) for name in ("weight", "alone", "gain", "share")}


@dataclass(frozen=True)
class Blend:
    """Several runs together; all scores are Pearson's r on pairs that no weight was fitted on.

    Attributes:
        method: how the weights were found, one of `dalmeum.stats.blend_sums.METHODS`.
        score: of the blend, the way of blending chosen anew in each fold.
        methods: of each way of blending.
        best: the id of the member with the highest score, and that score: a little optimistic, as of any
            choice, so that what is shown to be better is so all the more.
        gain: the blend's score less the best member's.
        out_of_fold: the pairs are the members' training pairs, which each predicted out of fold.
        predictions: (n,), of the blend, by weights that were fitted on other pairs.
    """

    members: tuple[Member, ...]
    weights: Weights
    method: str
    score: float
    methods: Mapping[str, float]
    best: tuple[str, float]
    gain: Estimate
    out_of_fold: bool
    pairs: Pairs
    predictions: Array
    exact_shares: bool
    warnings: tuple[Text, ...] = ()

    @property
    def gains(self) -> bool:
        """Whether it is shown to be better than the best of its members alone."""
        return self.gain.low > 0

    @property
    def authors(self) -> dict[str, float]:
        """What each person adds: the shares of their members, by name, the largest first."""
        shares: dict[str, float] = {}
        for member in self.members:
            name = member.run.record.author or ""
            shares[name] = shares.get(name, 0.0) + member.share
        return dict(sorted(shares.items(), key=lambda each: -each[1]))

    def refusal(self) -> Text:
        """Why it is none, where `gains` is false."""
        name, single = self.best
        return no_gain(self.score, name, single, self.gain)

    def to_dict(self) -> dict[str, Any]:
        """What `blend.json` holds."""
        name, single = self.best
        return {
            "schema": SCHEMA,
            "method": self.method,
            "score": self.score,
            "methods": dict(self.methods),
            "best": {"run": name, "score": single},
            "gain": dataclasses.asdict(self.gain),
            "out_of_fold": self.out_of_fold,
            "intercept": self.weights.intercept,
            "exact_shares": self.exact_shares,
            "members": [member.to_dict() for member in self.members],
            "authors": self.authors,
            "warnings": [str(warning) for warning in self.warnings],
        }


def blend_of(names: Sequence[str | Path], output: Path, method: str | None = None) -> Blend:
    """What finished runs come to together, on the dev pairs that all of them were judged on.

    Args:
        names: folders, or ids under `output`.
        method: one of `METHODS`; by default the best of them.

    Raises `InputError` for fewer than two runs, one that is named twice or not finished, and runs of other
    pairs, label scales or kinds of dev (out of fold or not).
    """
    if method is not None and method not in METHODS:
        raise InputError(f"method {method}: is none of {', '.join(METHODS)}")
    runs = _opened(names, output)
    pairs, predictions = _judged(runs, SPLIT)
    groups = pairs_groups(runs[0], _table(runs, pairs, SPLIT))
    found = blended(runs, pairs, predictions, groups, method)
    told = _leaks(runs, Judged(pairs.labels, predictions, groups))
    return dataclasses.replace(found, warnings=tuple(told))


def blended(
    runs: Sequence[Run],
    pairs: Pairs,
    predictions: Array,
    groups: Groups | None,
    method: str | None = None,
    *,
    subsets: int = SUBSETS,
) -> Blend:
    """What runs come to together by their predictions (k, n) of the same pairs.

    `groups` are as in `pairs_groups`, `subsets` as in `blend_shares`; of none, shares are not found, and NaN.
    Raises `InputError` for fewer than 2 pairs.
    """
    if len(pairs.labels) < 2:
        raise InputError(f"{pairs.name}: a blend is judged on pairs that it was not fitted on: 2 or more")
    given = pairs.labels, predictions, groups
    methods = {name: nested_blend(name, *given).score for name in METHODS}
    chosen = method or best_method(*given)
    nested = nested_blend(method or CHOSEN, *given)
    gains = blend_gains(chosen, *given)
    nobody = Shares(np.full(len(runs), math.nan), False)
    shares = blend_shares(chosen, *given, subsets=subsets) if subsets else nobody
    weights = blend_weights(chosen, pairs.labels, predictions)
    best = int(np.argmax(gains.alone))
    return Blend(
        members=_members(runs, weights, gains, shares),
        weights=weights,
        method=chosen,
        score=nested.score,
        methods=methods,
        best=(runs[best].id, float(gains.alone[best])),
        gain=_gain(pairs.labels, nested.predictions, predictions[best], groups),
        out_of_fold=runs[0].record.out_of_fold,
        pairs=pairs,
        predictions=nested.predictions,
        exact_shares=shares.exact,
    )


def _opened(names: Sequence[str | Path], output: Path) -> list[Run]:
    runs: dict[Path, Run] = {}
    for name in names:
        run = open_run(name, output)
        if run.folder.resolve() in runs:
            raise InputError(f"{run.folder}: is given twice: a run gains nothing from itself")
        if run.record.state != "finished":
            raise InputError(
                f"{run.folder}: is not finished ({run.record.state}): finish it, or leave it out"
            )
        runs[run.folder.resolve()] = run
    if not runs:
        raise InputError("blend: no run is given: name two or more")
    first, *others = runs.values()
    if not others:
        raise InputError(f"{first.folder}: one run is no blend: name another, too")
    for other in others:
        ranges = [range_told(run.recipe().data.label_range) for run in (first, other)]
        if ranges[0] != ranges[1]:
            raise InputError(
                f"{first.folder} answers on {ranges[0]}, {other.folder} on {ranges[1]}: blend runs of one "
                "label scale"
            )
        if first.record.out_of_fold != other.record.out_of_fold:
            whole, apart = (first, other) if first.record.out_of_fold else (other, first)
            raise InputError(
                f"{whole.folder} was judged out of fold, {apart.folder} on a dev set: blend runs of one kind"
            )
    return list(runs.values())


def _judged(runs: Sequence[Run], split: Split) -> tuple[Pairs, Array]:
    """The pairs, and predictions (k, n); `InputError` where they are not the same, or have no labels."""
    (first, row), *others = (labelled(read_predictions(run.predictions(split))) for run in runs)
    for other, _ in others:
        check_same(first, other)
    return first, np.stack([row, *(each for _, each in others)])


def _table(runs: Sequence[Run], pairs: Pairs, split: Split) -> PairTable | None:
    """The pairs' sentences, where a member's data file still holds these pairs."""
    for run in runs:
        with contextlib.suppress(DalmeumError):
            table = read_splits(run.recipe(), PairReader()).get(split)
            if table is not None and table.label is not None and pairs.are(Pairs(table.id, table.label)):
                return table
    return None


def pairs_groups(run: Run, table: PairTable | None) -> Groups | None:
    """Groups of pairs that belong together: near-duplicates, too, where folds were cut by them; None where
    they are not known, or too few to judge by.
    """
    return None if table is None else judged_by(groups_of(table, run.recipe().data.kept_together))


def _gain(labels: Array, blend: Array, single: Array, groups: Groups | None) -> Estimate:
    if np.allclose(blend, single):
        return Estimate(0.0, 0.0, 0.0)
    found: Estimate = difference("pearson", labels, blend, single, groups=groups).interval
    return found


def _members(runs: Sequence[Run], weights: Weights, gains: Gains, shares: Shares) -> tuple[Member, ...]:
    rows = zip(runs, weights.weights, gains.alone, gains.left_out, shares.values, strict=True)
    return tuple(Member(run, *map(float, each)) for run, *each in rows)


def _leaks(runs: Sequence[Run], here: Judged) -> Iterator[Text]:
    """Members that are better on the pairs of the blend than on others, as the rest are not."""
    try:
        pairs, predictions = _judged(runs, OTHER)
    except InputError:  # nothing else was judged
        return
    groups = pairs_groups(runs[0], _table(runs, pairs, OTHER))
    yield from leaks([run.id for run in runs], here, Judged(pairs.labels, predictions, groups))
