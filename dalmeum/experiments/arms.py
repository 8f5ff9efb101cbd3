"""Arms from runs: whose recipes differ in their seed alone are seeds of one arm; and all that they kept."""

import functools
import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dalmeum.comparison import BASELINE, Arm, Arms, Checkpoints, Curve, Pairs
from dalmeum.comparison.rows import Scored, check_same, rows_of, with_sentences
from dalmeum.data import PairTable
from dalmeum.data.splits import Split
from dalmeum.errors import InputError
from dalmeum.recipe.training import auto_numbers
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.predictions import (
    Array,
    ScoredPairs,
    damaged,
    labelled,
    read_evaluations,
    read_predictions,
)

SEED = "training.seed"
LONGEST_NAME = 60
"""Beyond it an arm's name says only as many of its changes as tell it from the others."""

LONGEST_VALUE = 24

Read = Callable[[Path], ScoredPairs]


@dataclass(frozen=True)
class RunGroup:
    """The runs of one arm.

    Attributes:
        name: what it changes of the baseline, or its first run's id where that has no name.
        runs: by seed and, of one seed, by fold.
        seeds: of the runs.
        changes: keys and values of its recipe that are not the baseline's; empty for the baseline.
    """

    name: str
    runs: tuple[Run, ...]
    seeds: tuple[int, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Settings:
    """A run's recipe as `section.key: value`.

    Attributes:
        shown: as the recipe has them.
        decisive: data by what the files held, not by where they lie; own code by its source, too.
        contents: what the run's record holds of what it began with.
    """

    run: Run
    shown: Mapping[str, Any]
    decisive: Mapping[str, Any]
    contents: tuple[str | None, int | None]

    @property
    def seed(self) -> int:
        seed: int = self.shown[SEED]
        return seed

    @property
    def recipe(self) -> str:
        """The same for all seeds of an arm."""
        return json.dumps({**self.decisive, SEED: None}, sort_keys=True)

    def changes(self, baseline: "_Settings") -> dict[str, Any]:
        """What of its recipe is not as the baseline's, but for numbers that both left to their kinds."""
        left = self.auto & baseline.auto
        return {
            key: self.shown[key]
            for key, value in self.decisive.items()
            if key in self.shown and key not in left
            if key not in baseline.decisive or baseline.decisive[key] != value
        }

    @functools.cached_property
    def auto(self) -> frozenset[str]:
        """Keys with the number that its kind of model has where nobody names one."""
        auto = auto_numbers(self.shown["model.kind"])
        return frozenset(
            key for name, number in auto.items() if self.shown.get(key := f"training.{name}") == number
        )


def open_runs(names: Sequence[str], output: Path) -> list[Run]:
    """The finished runs with these folders or ids; `InputError` where one is none, or is named twice."""
    runs: dict[Path, Run] = {}
    for name in names:
        run = open_run(name, output)
        if run.folder.resolve() in runs:
            raise InputError(f"{run.folder}: is given twice: leave one out")
        if run.record.state != "finished":
            raise InputError(
                f"{run.folder}: is not finished ({run.record.state}): finish it with dalmeum train --resume, "
                "or leave it out"
            )
        runs[run.folder.resolve()] = run
    folds = {run.recipe().data.fold: run for run in runs.values()}
    if len(folds) > 1:
        first, second, *_ = folds.values()
        raise InputError(
            f"{first.folder} and {second.folder}: are of different folds: compare runs of one fold, or let "
            "dalmeum study judge over all of them (its key folds)"
        )
    if len(runs) < 2:
        raise InputError(f"{', '.join(names)}: one run has nothing to be compared with: name another, too")
    return list(runs.values())


def groups_of(runs: Sequence[Run]) -> list[RunGroup]:
    """Runs by recipe, the first run's recipe first.

    Raises `InputError` where all have one recipe, or two have one recipe and one seed.
    """
    settings = [_settings(run) for run in runs]
    # Of a run from before its contents were kept they may be those of any other of its recipe.
    known = {each.recipe: each.contents for each in reversed(settings) if each.run.record.is_certain}

    def contents(each: _Settings) -> object:
        return each.contents if each.run.record.is_certain else known.get(each.recipe, each.contents)

    arms = _by_seed(((each.recipe, contents(each)), each) for each in settings)
    if len(arms) == 1:
        raise InputError(
            f"{runs[0].folder} and {runs[-1].folder}: all runs are seeds of one recipe, so there is nothing "
            "to compare: name runs of another recipe, too, or let dalmeum study run one"
        )
    return _groups(arms, arm_names(arms, but=SEED), but=SEED)


def single_runs(runs: Sequence[Run]) -> list[RunGroup]:
    """Each run an arm of its own, the first one the baseline."""
    arms = [[_settings(run)] for run in runs]
    return _groups(arms, arm_names(arms))


def named_groups(runs: Sequence[Run], names: Sequence[str]) -> list[RunGroup]:
    """Runs by the names of their arms, the first one's the baseline.

    Raises `InputError` where runs of one arm are of several recipes, or of one seed.
    """
    settings = [_settings(run) for run in runs]
    arms = _by_seed(zip(names, settings, strict=True))
    for name, (first, *others) in zip(dict.fromkeys(names), arms, strict=True):
        for other in others:
            if other.recipe != first.recipe:
                raise InputError(
                    f"{name}: {first.run.folder} and {other.run.folder}: differ in more than their seed: "
                    "give them two names"
                )
    return _groups(arms, list(dict.fromkeys(names)), but=SEED)


def _by_seed(runs: Iterable[tuple[Hashable, _Settings]]) -> list[list[_Settings]]:
    """Runs by what each is filed under, those of an arm by seed."""
    arms: dict[Hashable, dict[int, _Settings]] = {}
    for arm, each in runs:
        seeds = arms.setdefault(arm, {})
        if each.seed in seeds:
            raise InputError(
                f"{seeds[each.seed].run.folder} and {each.run.folder}: have one recipe and one seed, "
                f"{each.seed}: leave one out"
            )
        seeds[each.seed] = each
    return [[seeds[seed] for seed in sorted(seeds)] for seeds in arms.values()]


def _groups(
    arms: Sequence[Sequence[_Settings]], names: Sequence[str], but: str | None = None
) -> list[RunGroup]:
    return [
        RunGroup(
            name,
            tuple(each.run for each in arm),
            tuple(each.seed for each in arm),
            {key: value for key, value in arm[0].changes(arms[0][0]).items() if key != but},
        )
        for name, arm in zip(names, arms, strict=True)
    ]


def arm_names(arms: Sequence[Sequence[_Settings]], but: str | None = None) -> list[str]:
    """What each arm changes of the first one, `but` one key: as much as tells it from all the others.

    A change is never cut; an arm that has none, or the same as another, has its first run's id.
    """
    first = arms[0][0]
    changes = [{key: value for key, value in arm[0].changes(first).items() if key != but} for arm in arms]
    values = {key: [each[0].shown.get(key) for each in arms] for of_arm in changes for key in of_arm}
    names = [BASELINE]
    for arm, of_arm in zip(arms[1:], changes[1:], strict=True):
        told = [f"{key}={_apart(value, values[key])}" for key, value in of_arm.items()]
        name = _short(told, of_arm, [each for each in changes if each is not of_arm])
        names.append(name if name and name not in names else arm[0].run.id)
    return names


def _short(told: Sequence[str], changes: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> str:
    """An arm's changes; of many the first ones that no other has alike, as many as a name has room for."""
    whole = ", ".join(told)
    forms = [
        f"{', '.join(told[:count])}, ..."
        for count in range(1, len(told))
        if list(changes.items())[:count] not in [list(each.items())[:count] for each in others]
    ]
    if len(whole) <= LONGEST_NAME or not forms:
        return whole
    return next((form for form in reversed(forms) if len(form) <= LONGEST_NAME), forms[0])


def _apart(value: Any, others: Sequence[Any]) -> str:
    """A value; of a long path the part in which it differs from the others."""
    text, texts = _text(value), map(_text, others)
    if len(text) <= LONGEST_VALUE:
        return text
    paths = [each.split("/") for each in texts if len(each) > LONGEST_VALUE]
    places = enumerate(zip(*paths, strict=False))
    shared = next((place for place, parts in places if len(set(parts)) > 1), 0)
    return f".../{'/'.join(text.split('/')[shared:])}" if shared else text


def read_arms(
    groups: Sequence[RunGroup],
    splits: Sequence[Split],
    *,
    baseline: str = BASELINE,
    paired: bool = False,
    folds: int = 1,
    tables: Mapping[str, PairTable | None] | None = None,
) -> Arms:
    """All that runs kept, each file read once.

    With folds, the runs of a seed that leave out one fold each give one row together: on dev each pair's
    prediction by the run that did not learn from it (out of fold), on test the mean of them all.

    Args:
        groups: with as many runs after one another as there are folds for each seed.
        splits: to judge on.
        paired: as in `Arms`.
        tables: by split, the sentences; left aside where they are of other pairs or labels by now.

    Raises:
        InputError: runs that were not scored on the same pairs, labels that do not vary, a damaged file.
    """
    read = functools.cache(read_predictions)
    scored = {
        split: {group.name: _rows(group.runs, split, folds, read) for group in groups} for split in splits
    }
    pairs: dict[str, Pairs] = {}
    for split, of_arms in scored.items():
        first, *others = (those for those, _ in of_arms.values())
        for other in others:
            check_same(first, other)
        pairs[split] = with_sentences(first, (tables or {}).get(split))
    arms = []
    for group in groups:
        train, train_rows = _train(group.runs, folds, read)
        arms.append(
            Arm(
                name=group.name,
                predictions={split: of_arms[group.name][1] for split, of_arms in scored.items()},
                seeds=group.seeds,
                changes=group.changes,
                runs=tuple(run.id for run in group.runs),
                train=train,
                train_predictions=train_rows,
                curves=_curves(group.runs),
                checkpoints=_checkpoints(group.runs, read),
            )
        )
    return Arms.of(arms, pairs, baseline=baseline, paired=paired, folds=folds)


def _rows(runs: Sequence[Run], split: Split, folds: int, read: Read) -> Scored:
    parts = [labelled(_kept(run, split, read)) for run in runs]
    return rows_of(parts, folds, out_of_fold=split == "dev")


def _kept(run: Run, split: Split, read: Read) -> ScoredPairs:
    scored, file = read(run.predictions(split)), run.record.data.get(split)
    if file is not None and len(scored.ids) != file.rows:
        raise damaged(scored.path)
    return scored


def _train(runs: Sequence[Run], folds: int, read: Read) -> tuple[Pairs | None, Array | None]:
    """None where a run kept no predictions of its training pairs, of single models, which have no use for
    them, and over folds: each run has others.
    """
    if len(runs) == 1 or folds > 1 or not all(run.predictions("train").is_file() for run in runs):
        return None, None
    return _rows(runs, "train", 1, read)


def _curves(runs: Sequence[Run]) -> tuple[Curve, ...]:
    """The runs' evaluations on dev; none where a run is from before histories were kept, or had no dev."""
    curves = []
    for run in runs:
        if not (run.folder / "history.json").is_file():
            return ()
        # A resumed run may have evaluated a step twice.
        scores = {
            entry["step"]: entry["eval_pearson"]
            for entry in run.history()
            if entry.get("eval_pearson") is not None
        }
        if not scores:
            return ()
        steps = sorted(scores)
        curves.append(Curve(np.array(steps, float), np.array([scores[step] for step in steps])))
    return tuple(curves)


def _checkpoints(runs: Sequence[Run], read: Read) -> tuple[Checkpoints, ...]:
    """What the runs predicted on dev at every evaluation; none where one kept none."""
    kept = []
    for run in runs:
        if not run.kept_evaluations.is_file():
            return ()
        dev, _ = labelled(read(run.predictions("dev")))
        kept.append(Checkpoints(dev.labels, read_evaluations(run.kept_evaluations, dev.ids)))
    return tuple(kept)


def _settings(run: Run) -> _Settings:
    recipe = run.recipe().model_dump(
        mode="json",
        exclude={"question": True, "output": True, "data": {"test"}, "training": {"report_to"}},
    )
    shown = _flat(recipe)
    hashes = {
        f"data.{split}": file.sha256
        for split, file in run.record.data.items()
        if shown.get(f"data.{split}") is not None
    }
    # Own code whose source is not known is like no other.
    code = {f"code.{name}": digest or str(run.folder) for name, digest in run.record.code.items()}
    contents = run.record.encoder, run.record.training_version
    return _Settings(run, shown, {**shown, **hashes, **code}, contents)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
