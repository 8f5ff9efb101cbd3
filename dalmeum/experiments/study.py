"""A study from its file to its findings: what is missing is run, in parallel where there is room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dalmeum.comparison import BASELINE, Findings, check_metric, compare_arms
from dalmeum.data import PairTable
from dalmeum.data.parts import LARGEST_SHARE, most_pairs
from dalmeum.data.splits import PairReader, Split, binary_labels, pool_of, read_splits
from dalmeum.data.table import joined
from dalmeum.errors import InputError
from dalmeum.experiments.arms import RunGroup, read_arms, training_sets_of
from dalmeum.experiments.findings import with_warnings, write_findings_about
from dalmeum.experiments.looks import check_looks, take_look
from dalmeum.experiments.mirror.place import check_mirror
from dalmeum.experiments.missing import complete
from dalmeum.experiments.workers import Order
from dalmeum.files import check_output, make_folder
from dalmeum.integrations.viewers import check_viewers
from dalmeum.languages import Text, composed
from dalmeum.numbers import NONE, number
from dalmeum.own_code import is_own
from dalmeum.pages import STUDY_PAGE
from dalmeum.recipe import Recipe
from dalmeum.recipe.study import Study, arm_recipes, with_fold, with_part, with_seed
from dalmeum.runs.data import data_files
from dalmeum.runs.folder import Run
from dalmeum.runs.reuse import Wanted
from dalmeum.stats import TrainingSets

SCORED = Text.same("{split} {metric} {score}, {folder}")


@dataclass(frozen=True)
class Cell:
    """One run: an arm with a seed and, in a study with folds, a fold."""

    arm: str
    seed: int
    fold: int | None

    @property
    def name(self) -> str:
        """As part of a run's id."""
        return f"{self.arm}-{self.seed}" + ("" if self.fold is None else f"-{self.fold}")

    def __str__(self) -> str:
        return f"{self.arm}, seed {self.seed}" + ("" if self.fold is None else f", fold {self.fold}")


@dataclass(frozen=True)
class Conducted:
    """A study whose runs are all finished.

    Attributes:
        findings: against the arm that was named.
        runs: each arm's, by seed and then by fold.
    """

    findings: Findings
    runs: Mapping[str, tuple[Run, ...]]


Tables = Mapping[Split, PairTable]


def conduct(
    study: Study,
    name: str,
    output: Path | None = None,
    *,
    against: str = BASELINE,
    jobs: int | None = None,
    reader: PairReader | None = None,
    assets: Path | None = None,
    self_contained: bool = False,
) -> Conducted:
    """Run what is missing, judge the arms on each of the study's splits, and write that into `output`.

    A run is not repeated where a finished one has the same recipe, data and contents; one that an earlier,
    interrupted call left unfinished goes on where its last checkpoint stands, and what another process makes
    at this time is awaited. The look is counted in `output` (`dalmeum.experiments.looks`); without, it is a
    first one. `jobs` processes work at once, by default one a GPU, else one a core as far as memory goes.
    `reader` holds pairs that the study names and that are in no file: they are written beside the runs, for
    the processes that train. `assets` and `self_contained` are as in
    `write_findings_about`.

    Raises `InputError` for what only the user can mend, before anything is run; `DalmeumError` where a run
    failed: what is finished is kept, and not run again.
    """
    against = composed(against)
    if against not in study.names:
        raise InputError(
            f"--against {against}: is no arm of the study: choose one of {', '.join(study.names)}"
        )
    check_metric(study.metric)
    check_viewers(study.baseline)
    check_mirror(study.baseline)
    if output is not None:
        # Now, and not only after hours of training.
        check_output(output / STUDY_PAGE)
        make_folder(output)
        check_looks(output)
    reader = reader or PairReader()
    check_pools(study, reader)
    data = read_data(cell_recipes(study), study.splits, reader)
    study = _with_files(study, reader)
    runs = _run(study, name, cell_recipes(study), data, jobs)
    cells = study_cells(study)
    by_arm = {arm: tuple(runs[cell] for cell in cells if cell.arm == arm) for arm in study.names}
    groups = [RunGroup(arm, by_arm[arm], study.seeds, study.arms.get(arm, {})) for arm in study.names]
    judged_and_train: tuple[Split, ...] = tuple(dict.fromkeys((*study.splits, "train")))
    arms = read_arms(
        groups,
        study.splits,
        baseline=against,
        paired=study.by_seed,
        folds=study.folds or 1,
        training_sets=training_sets_of(groups),
        tables={split: judged_table(study, data, against, split) for split in judged_and_train},
    )
    findings = compare_arms(
        arms,
        metric=study.metric,
        smallest_effect=study.smallest_effect,
        look=take_look(study, by_arm, output),
        name=name,
        question=study.question,
    )
    findings = with_warnings(findings, list(runs.values()))
    if output is not None:
        write_findings_about(
            output / STUDY_PAGE,
            findings,
            list(runs.values()),
            study.to_yaml(),
            assets=assets,
            self_contained=self_contained,
        )
    return Conducted(findings, by_arm)


def _run(
    study: Study, name: str, recipes: Mapping[Cell, Recipe], data: Mapping[Cell, Tables], jobs: int | None
) -> dict[Cell, Run]:
    orders = {cell: Order(f"{name}-{cell.name}", name, recipe) for cell, recipe in recipes.items()}
    wanted = {cell: Wanted.of(recipe, data_files(recipe, data[cell])) for cell, recipe in recipes.items()}
    return complete(orders, wanted, Path(study.baseline.output), jobs, outcome=lambda run: _score(run, study))


def _score(run: Run, study: Study) -> Text:
    """What a run scored where the study judges it first, and where it lies."""
    split = study.splits[0]
    scores = run.metrics().get(split, {})
    name = study.metric if study.metric in scores else "pearson"
    value = scores.get(name, {}).get("value")
    score = NONE if value is None else number(value, 4)
    return SCORED.format(split=split, metric=name, score=score, folder=run.folder)


def study_cells(study: Study) -> list[Cell]:
    """All runs, those of an arm by seed and then by fold; a seed of all arms before the next seed."""
    folds = [None] if study.folds is None else range(study.folds)
    return [Cell(arm, seed, fold) for seed in study.seeds for arm in study.names for fold in folds]


def cell_recipes(study: Study) -> dict[Cell, Recipe]:
    """The recipe of each run."""
    arms = arm_recipes(study)
    recipes = {}
    for cell in study_cells(study):
        recipe = with_seed(arms[cell.arm], cell.seed)
        if study.resample_train is not None:
            # By its place, so that seeds that come later leave the parts of the first as they are.
            recipe = with_part(recipe, study.resample_train, study.seeds.index(cell.seed))
        if cell.fold is not None:
            recipe = with_fold(recipe, cell.fold)
        recipes[cell] = recipe
    return recipes


def check_pools(study: Study, reader: PairReader) -> None:
    """`InputError` where parts of so many pairs can't be drawn, or arms would draw from different pairs."""
    if study.resample_train is None:
        return
    pools = {arm: pool_of(recipe, reader) for arm, recipe in arm_recipes(study).items()}
    first = pools[BASELINE]
    most = most_pairs(len(first))
    if study.resample_train > most:
        raise InputError(
            f"resample_train {study.resample_train:,}: {first.name} gives a pool of {len(first):,} pairs: "
            f"take {most:,} at most ({LARGEST_SHARE:g} of it), larger training sets are too much alike"
        )
    for arm, pool in pools.items():
        if pool.sha256 != first.sha256:
            raise InputError(
                f"arms.{arm}: draws from other training pairs ({pool.name}, {len(pool):,} pairs) than "
                f"{BASELINE} ({first.name}, {len(first):,}): with resample_train all arms share their parts"
            )


def _with_files(study: Study, reader: PairReader) -> Study:
    """The study with files in place of all pairs in memory."""
    folder = Path(study.baseline.output) / "data"
    kept = {arm: reader.write_held(recipe, folder) for arm, recipe in arm_recipes(study).items()}
    arms = {
        arm: {key: reader.written.get(str(value), value) for key, value in changes.items()}
        for arm, changes in study.arms.items()
    }
    return study.model_copy(update={"arms": arms, "baseline": kept[BASELINE]})


def read_data(
    recipes: Mapping[Cell, Recipe], judged: Sequence[Split], reader: PairReader
) -> dict[Cell, Tables]:
    """The data of each run; errors as in `read_splits` and `binary_labels`, and where nothing can be judged
    on a split, or an arm is to be judged on other pairs than the rest: now, and not after hours of training.
    """
    read: dict[str, Tables] = {}
    firsts: dict[tuple[Split, int | None], PairTable] = {}
    keys = {cell: recipe.data.model_dump_json() for cell, recipe in recipes.items()}
    for cell, recipe in recipes.items():
        if keys[cell] not in read:
            read[keys[cell]] = read_splits(recipe, reader)
        if is_own(recipe.loss.name):
            from dalmeum.losses import similarity_loss  # torch, where it is used

            similarity_loss(recipe.loss, recipe.data.label_range)
        for split, table in read[keys[cell]].items():
            if split != "test":
                binary_labels(recipe, table)
            if split not in judged:
                continue
            if table.label is None or np.ptp(table.label) == 0:
                raise InputError(f"{table.name}: has no labels that vary: nothing can be judged on {split}")
            first = firsts.setdefault((split, cell.fold), table)
            if table.id != first.id or not np.array_equal(table.label, np.asarray(first.label)):
                raise InputError(
                    f"{table.name}: holds other pairs or labels than {first.name}: on {split} all arms are "
                    f"judged on the same ones, {cell.arm}, too"
                )
    return {cell: read[key] for cell, key in keys.items()}


def planned_sets(study: Study, data: Mapping[Cell, Tables]) -> TrainingSets | None:
    """The training sets that its seeds will have; None where all have the same."""
    if study.resample_train is None:
        return None
    pool = next(iter(data.values()))["train"].pool
    pairs, count = study.resample_train, 0 if pool is None else len(pool)
    return TrainingSets(pairs, count).of_seeds(len(study.seeds))


def judged_table(study: Study, data: Mapping[Cell, Tables], arm: str, split: Split) -> PairTable:
    """What an arm is judged on; over folds each has a dev of its own, and all have the same test."""
    cells = [cell for cell in study_cells(study) if (cell.arm, cell.seed) == (arm, study.seeds[0])]
    return joined([data[cell][split] for cell in (cells if split == "dev" else cells[:1])])
