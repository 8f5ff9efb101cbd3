"""Arms from runs: whose recipes differ in their seed alone are seeds of one arm; and all that they kept."""

import functools
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
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.predictions import (
    Array,
    ScoredPairs,
    damaged,
    labelled,
    read_evaluations,
    read_predictions,
)
from dalmeum.runs.settings import SEED, Settings, arm_names, settings_of
from dalmeum.stats import TrainingSets
from dalmeum.stats.training_sets import mean_overlap

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
    folds = {run.recipe().data.fold or 0: run for run in runs.values()}
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
    settings = [settings_of(run) for run in runs]
    # Of a run from before its contents were kept they may be those of any other of its recipe.
    known = {each.recipe: each.contents for each in reversed(settings) if each.run.record.is_certain}

    def contents(each: Settings) -> object:
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
    arms = [[settings_of(run)] for run in runs]
    return _groups(arms, arm_names(arms))


def named_groups(runs: Sequence[Run], names: Sequence[str]) -> list[RunGroup]:
    """Runs by the names of their arms, the first one's the baseline.

    Raises `InputError` where runs of one arm are of several recipes, or of one seed.
    """
    settings = [settings_of(run) for run in runs]
    arms = _by_seed(zip(names, settings, strict=True))
    for name, (first, *others) in zip(dict.fromkeys(names), arms, strict=True):
        for other in others:
            if other.recipe != first.recipe:
                raise InputError(
                    f"{name}: {first.run.folder} and {other.run.folder}: differ in more than their seed: "
                    "give them two names"
                )
    return _groups(arms, list(dict.fromkeys(names)), but=SEED)


def _by_seed(runs: Iterable[tuple[Hashable, Settings]]) -> list[list[Settings]]:
    """Runs by what each is filed under, those of an arm by seed."""
    arms: dict[Hashable, dict[int, Settings]] = {}
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
    arms: Sequence[Sequence[Settings]], names: Sequence[str], but: str | None = None
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


def read_arms(
    groups: Sequence[RunGroup],
    splits: Sequence[Split],
    *,
    baseline: str = BASELINE,
    paired: bool = False,
    folds: int = 1,
    tables: Mapping[str, PairTable | None] | None = None,
    training_sets: TrainingSets | None = None,
) -> Arms:
    """All that runs kept, each file read once.

    With folds, the runs of a seed that leave out one fold each give one row together: on dev each pair's
    prediction by the run that did not learn from it (out of fold), on test the mean of them all.

    Args:
        groups: with as many runs after one another as there are folds for each seed.
        splits: to judge on.
        paired, training_sets: as in `Arms`.
        tables: by split, training pairs among them, the sentences; left aside where they are of other pairs
            or labels by now.

    Raises:
        InputError: runs that were not scored on the same pairs, labels that do not vary, a damaged file.
    """
    read = functools.cache(read_predictions)
    scored = {
        split: {group.name: scored_rows(group.runs, split, folds, read) for group in groups}
        for split in splits
    }
    pairs: dict[str, Pairs] = {}
    for split, of_arms in scored.items():
        first, *others = (those for those, _ in of_arms.values())
        for other in others:
            check_same(first, other)
        pairs[split] = with_sentences(first, (tables or {}).get(split))
    arms = []
    for group in groups:
        parts = _parts(group.runs, read) if training_sets else ()
        train, train_rows = (None, None) if training_sets else _train(group.runs, folds, read)
        if train is not None:
            train = with_sentences(train, (tables or {}).get("train"))
        arms.append(
            Arm(
                name=group.name,
                predictions={split: of_arms[group.name][1] for split, of_arms in scored.items()},
                seeds=group.seeds,
                changes=group.changes,
                runs=tuple(run.id for run in group.runs),
                train=train,
                train_predictions=train_rows,
                parts=parts,
                curves=_curves(group.runs),
                checkpoints=_checkpoints(group.runs, read),
            )
        )
    how: Any = {"baseline": baseline, "paired": paired, "folds": folds}
    return Arms.of(arms, pairs, training_sets=training_sets, **how)


def training_sets_of(groups: Sequence[RunGroup]) -> TrainingSets | None:
    """What the seeds were trained on, the same for all arms; None where an arm's seeds all share one set.

    Raises `InputError` where an arm has other parts than the first, or one part for two seeds.
    """
    parts = [[_part(run) for run in group.runs] for group in groups]
    if all(len(set(of_arm)) == 1 for of_arm in parts):
        return None
    known = [part for part in parts[0] if part is not None]
    for group, of_arm in zip(groups, parts, strict=True):
        if of_arm != known or len(set(known)) < len(known):
            raise InputError(
                f"{group.name}: its seeds were not each trained on a part of their own, the same as those of "
                f"{groups[0].name}: compare runs of studies with one resample_train, or one run an arm"
            )
    _, pairs, pool, _ = known[0]
    return TrainingSets(pairs, pool, mean_overlap(pool, pairs, [part[0] for part in known]))


def _part(run: Run) -> tuple[int, int, int, str] | None:
    """Number and pairs of the part that a run was trained on, and pairs and hash of its pool."""
    part, file = run.recipe().data.part, run.record.data.get("train")
    if part is None or file is None or file.pool is None:
        return None
    return part.number, part.pairs, file.pool.rows, file.pool.sha256


def scored_rows(runs: Sequence[Run], split: Split, folds: int = 1, read: Read = read_predictions) -> Scored:
    """The pairs of a split and predictions for them (k, n), of an arm's runs as `read_arms` takes them."""
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
    return scored_rows(runs, "train", 1, read)


def _parts(runs: Sequence[Run], read: Read) -> tuple[Scored, ...]:
    """What each run predicted for its own training pairs; none where one kept nothing."""
    if not all(run.predictions("train").is_file() for run in runs):
        return ()
    return tuple(labelled(_kept(run, "train", read)) for run in runs)


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
