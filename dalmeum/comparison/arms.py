"""Arms: what several recipes, or several models, predicted for the same pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.comparison.arm import Arm, Pairs
from dalmeum.comparison.arrays import arms_of, check_index, groups_of, numbers, repeated
from dalmeum.comparison.training_sets import check_sets, sets_from
from dalmeum.errors import InputError
from dalmeum.languages import composed
from dalmeum.stats import TrainingSets

Compared = Literal["recipes", "models"]

BASELINE = "baseline"
"""The arm that the others are compared with, where nobody names another."""


@dataclass(frozen=True, eq=False, init=False)
class Arms:
    """Arms that were scored on the same labelled pairs, and the baseline among them.

    Where every arm has one row of predictions, trained models are compared, and what is found holds for new
    pairs. Where every arm has a row for each of two seeds or more, recipes are compared, for new seeds, too.

    Attributes:
        arms: the baseline first.
        pairs: by split, those that can be judged on.
        paired: whether verdicts take the i-th rows of all arms for one draw of a seed; never between trained
            models.
        folds: so many runs after one another are one seed (out of fold on dev).
        training_sets: what the seeds were trained on, where each was trained on a set of its own, the i-th
            of all arms on the same: then what is found holds for new training sets, too. None: for the
            training sets that were used.

    Args:
        labels: (n,), finite numbers.
        predictions: of each arm by name, (n,) or (k, n).
        baseline: name of the arm that the others are compared with.
        ids: n names of the pairs; by default their numbers, from 0.
        seeds: of the rows: a sequence for all arms, or one an arm by name.
        groups: (n,), whatever names the group of each pair: pairs of one, as those that share sentences, may
            err alike, and verdicts are by groups. By default every pair stands alone.
        paired: whether the i-th rows of all arms are one draw of a seed, which was decided before the runs:
            then differences by seed are judged. Otherwise the seeds of two arms are independent, also where
            both have the same numbers, which is the default.
        training_sets: that the i-th rows of all arms were trained on the i-th of several training sets, drawn
            from one pool: `{"pairs": 100, "pool": 1000}`, the numbers of pairs in each set and in the pool.
            Sets count as random subsets; write `"overlap": 0` where no two of them share a pair, or else the
            share of its pairs that one has in common with another on average. Differences by row are judged.
        split: what findings call these pairs. As `dev`, they also tell what picking the best arm on them is
            worth.

    Raises:
        InputError: shapes that do not fit, numbers that are not finite, series of pandas whose indexes
            differ, labels that are all equal, one arm alone, or no arm of the baseline's name.

    Example:
        >>> arms = Arms([0.0, 2.5, 5.0, 1.0], {"baseline": [1, 2, 4, 2], "mine": [0, 3, 5, 1]})
        >>> [arm.name for arm in arms.arms]
        ['baseline', 'mine']
    """

    arms: tuple[Arm, ...]
    pairs: Mapping[str, Pairs]
    paired: bool
    folds: int
    training_sets: TrainingSets | None

    def __init__(
        self,
        labels: ArrayLike,
        predictions: Mapping[str, ArrayLike],
        *,
        baseline: str = BASELINE,
        ids: Sequence[str] | None = None,
        seeds: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
        groups: ArrayLike | None = None,
        paired: bool | None = None,
        training_sets: Mapping[str, float] | None = None,
        split: str = "test",
    ) -> None:
        if paired not in (True, False, None):
            raise InputError(f"paired is {paired!r:.80}: give True, False, or leave it out")
        label = numbers("labels", labels)
        names = tuple(map(str, ids if ids is not None else range(len(np.atleast_1d(label)))))
        if label.ndim != 1 or len(names) != len(label):
            raise InputError(
                f"labels of shape {label.shape} and {len(names)} ids: one of each a pair is wanted"
            )
        if len(set(names)) < len(names):
            raise InputError(f"ids: {repeated(names)!r:.80} stands there twice")
        arms = arms_of(predictions, len(label), seeds, split)
        check_index(labels, predictions, groups)
        known = {arm.seeds for arm in arms if arm.seeds}
        if len(known) > 1 and (paired or training_sets is not None):
            judged = "paired=True" if paired else "training_sets"
            mend = "leave paired out" if paired else "leave it out"
            raise InputError(f"{judged}, but the arms have different seeds: {mend}, or mend the seeds")
        sets = None if training_sets is None else sets_from(training_sets)
        if sets is not None and paired is False:
            raise InputError("training_sets: arms that share them are judged by row: leave paired=False out")
        pairs = Pairs(names, label, groups=groups_of(groups, len(label)))
        self._set(arms, {split: pairs}, composed(baseline), bool(paired), 1, sets)

    @classmethod
    def of(
        cls,
        arms: Sequence[Arm],
        pairs: Mapping[str, Pairs],
        *,
        baseline: str = BASELINE,
        paired: bool = False,
        folds: int = 1,
        training_sets: TrainingSets | None = None,
    ) -> "Arms":
        """Arms with all that is known of them, on one split or several; errors as of `Arms`."""
        made = cls.__new__(cls)
        made._set(arms, pairs, baseline, paired, folds, training_sets)
        return made

    def _set(
        self,
        arms: Sequence[Arm],
        pairs: Mapping[str, Pairs],
        baseline: str,
        paired: bool,
        folds: int,
        training_sets: TrainingSets | None,
    ) -> None:
        _check(arms, pairs, baseline)
        if training_sets is not None:
            check_sets(training_sets, {arm.name: arm.count for arm in arms})
            paired = True
        if paired and len({arm.count for arm in arms}) > 1:
            counts = ", ".join(f"{arm.name} {arm.count}" for arm in arms)
            raise InputError(
                f"arms of different numbers of seeds ({counts}) are not paired: set paired=False"
            )
        first = sorted(arms, key=lambda arm: arm.name != baseline)
        paired = paired and first[0].count > 1
        object.__setattr__(self, "arms", tuple(first))
        known = {"pairs": pairs, "paired": paired, "folds": folds, "training_sets": training_sets}
        for name, value in known.items():
            object.__setattr__(self, name, value)

    @property
    def baseline(self) -> Arm:
        return self.arms[0]

    @property
    def others(self) -> tuple[Arm, ...]:
        return self.arms[1:]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(arm.name for arm in self.arms)

    @property
    def same_seeds(self) -> bool:
        """Whether the i-th runs of all arms have one seed, so that they may be shown beside each other."""
        known = {arm.seeds for arm in self.arms}
        return self.compared == "recipes" and (self.paired or (len(known) == 1 and bool(self.baseline.seeds)))

    @property
    def overlap(self) -> float:
        """Of the training sets of two seeds; 0 where all were trained on one."""
        return 0.0 if self.training_sets is None else self.training_sets.overlap

    @property
    def compared(self) -> Compared:
        return "models" if self.baseline.count == 1 else "recipes"

    def __len__(self) -> int:
        return len(self.arms)

    def __repr__(self) -> str:
        splits = ", ".join(f"{split}: {len(pairs.ids):,} pairs" for split, pairs in self.pairs.items())
        arms = ", ".join(f"{arm.name} ({arm.count})" for arm in self.arms)
        return f"Arms({arms}; {splits})"


def _check(arms: Sequence[Arm], pairs: Mapping[str, Pairs], baseline: str) -> None:
    names = [arm.name for arm in arms]
    if not names:
        raise InputError("predictions: holds no arm: give predictions by the arm's name")
    if baseline not in names:
        raise InputError(f"baseline {baseline!r} is no arm: choose one of {', '.join(names)}")
    if len(names) < 2:
        raise InputError(f"{baseline}: one arm has nothing to be compared with: name another, too")
    for those in pairs.values():
        if not len(those.labels):
            raise InputError(f"{those.name}: there are no pairs to judge on")
        if np.ptp(those.labels) == 0:
            raise InputError(
                f"{those.name}: all labels are {those.labels[0]:g}: nothing can be judged on these pairs"
            )
    counts = {arm.name: arm.count for arm in arms}
    if min(counts.values()) == 1 < max(counts.values()):
        single = ", ".join(name for name, count in counts.items() if count == 1)
        raise InputError(
            f"{single}: has one seed, others have more: give every arm two seeds or more, or every one a "
            "single row of predictions"
        )
