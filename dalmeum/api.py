"""The public face, which `import dalmeum` hands on: what the command line can do, on frames and arrays."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.comparison.arms import BASELINE, Arms
from dalmeum.comparison.findings import Findings
from dalmeum.data.splits import PairReader, Split, read_splits
from dalmeum.errors import InputError
from dalmeum.evaluation import Evaluation
from dalmeum.experiments.findings import check_pages
from dalmeum.experiments.ready import check_ready, plan_told, starts_slowly
from dalmeum.pages import ASSETS, STUDY_PAGE
from dalmeum.progress import first_process, tell
from dalmeum.recipe import Recipe
from dalmeum.recipe.space import search_space
from dalmeum.recipe.study import arm_recipes
from dalmeum.runs.names import checked_name
from dalmeum.runs.scoring import Pairs, evaluated, folder_of, predicted
from dalmeum.sections import recipe_from, study_from

if TYPE_CHECKING:
    from dalmeum.experiments.plan import StudyPlan
    from dalmeum.models.scorer import PairScorer
    from dalmeum.pages.search import SearchResult
    from dalmeum.runs.folder import Run


def load(
    run: "str | Path | Run",
    precision: str = "auto",
    output: str | Path = "runs",
    *,
    trust_code: bool = False,
) -> "PairScorer":
    """The scorer of a run (its folder, or its id under `output`), or of a model folder.

    Args:
        run: e.g. `runs/20260102-030405-korsts-offline`, or the id alone.
        precision: what the encoder computes in: `auto` (bfloat16 where the processor is good at it),
            `float32`, `bfloat16` or `float16`. The head computes in float32 always.
        output: the folder of runs in which an id is looked up.
        trust_code: whether a model of somebody's own kind may run its code.

    A model answers golden scores when it was saved, and again when a library has changed since: what came of
    that is a warning.

    Raises:
        InputError: no such run, not finished, or its model can't be read, or has not the weights that were
            saved.

    Example:
        >>> scores = dalmeum.load("runs/<id>").score([("비가 온다.", "비가 내린다.")])  # doctest: +SKIP
    """
    from dalmeum.runs.folder import load as load_run

    check_flags(trust_code=trust_code)
    scorer = load_run(folder_of(run), precision, output, trust_code=trust_code, tell_notes=False)
    for note in scorer.notes:
        warnings.warn(str(note), stacklevel=2)
    return scorer


def train(
    recipe: str | Path | Mapping[str, Any] | Recipe | None = None,
    *,
    name: str | None = None,
    resume: bool = False,
    self_contained: bool = False,
    **sections: Any,
) -> "Run":
    """Train one model, as `dalmeum train` does, and return its finished run.

    Args:
        recipe: a YAML file, a mapping as YAML would give it, or nothing, where the sections say all.
        name: a part of the run's id; by default that of the recipe's file.
        resume: take up the newest unfinished run of the same recipe and data, if there is one.
        self_contained: make the run's page one file.
        sections: keys of a recipe, laid over `recipe`, as `training={"epochs": 1}`. `data.train`, `dev` and
            `test` may be frames or lists, as `read_pairs` takes them: they are written into the run.
            `data=frame` is short for `data={"train": frame}`, and `loss=f` for `loss={"name": f}`, f being
            one of dalmeum's losses by name, `module:function`, or the function itself.

    Raises:
        InputError: what only the caller can mend. DalmeumError: training failed.

    Example:
        >>> run = dalmeum.train(data=frame, model={"kind": "offline"})  # doctest: +SKIP
    """
    check_flags(resume=resume, self_contained=self_contained)
    reader, called = PairReader(), _name(name, recipe, "recipe")
    ready = recipe_from(recipe, sections, reader)
    check_ready([ready], reader)
    if starts_slowly(ready):
        tell(plan_told(ready, read_splits(ready, reader), Path(ready.output), reader))

    if first_process():
        from dalmeum.competition.tried import tell_tried_recipe

        tell_tried_recipe(ready, reader)

    from dalmeum.competition.push import team_chooses
    from dalmeum.experiments.train import train as train_run

    return train_run(
        ready,
        called,
        resume=resume,
        reader=reader,
        self_contained=self_contained,
        chooses=team_chooses,
    )


def study(
    study: str | Path | Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    folder: str | Path | None = None,
    against: str = BASELINE,
    jobs: int | None = None,
    self_contained: bool = False,
    **keys: Any,
) -> Findings:
    """Conduct a study, as `dalmeum study` does: what is missing is run, and the arms are judged.

    Args:
        study: a YAML file, a mapping as YAML would give it, or nothing, where the keys say all.
        name: a part of the runs' ids; by default that of the study's file.
        folder: for study.html and study.json; by default studies/NAME.
        against: the arm that the others are compared with.
        jobs: runs at once; by default one a GPU, else one a core as far as memory goes.
        self_contained: make the study's page one file.
        keys: of a study, laid over `study`, as `seeds=[1, 2, 3]`. The baseline's data may be frames or lists:
            they are written beside its runs. Losses of one's own are named as `module:function`, since
            processes of their own train.

    Raises:
        InputError: what only the caller can mend. DalmeumError: a run failed.
    """
    check_flags(self_contained=self_contained)
    called = _name(name, study, "study")
    _check_counts(jobs=jobs)
    page = Path(folder or Path("studies", called))
    reader = PairReader()
    ready = study_from(study, keys, reader)
    recipes = arm_recipes(ready).values()
    read = [source for recipe in recipes for source in recipe.data.sources]
    check_pages(page / STUDY_PAGE, [*read, *([study] if isinstance(study, str | Path) else [])])
    check_ready(recipes, reader)

    from dalmeum.competition.ideas import first_recipes
    from dalmeum.competition.push import show_verdicts
    from dalmeum.competition.tried import tell_tried_arms
    from dalmeum.experiments.study import conduct

    tell_tried_arms(first_recipes(ready), ready, page, reader)

    conducted = conduct(
        ready,
        called,
        page,
        against=against,
        jobs=jobs,
        reader=reader,
        assets=page.parent / ASSETS if folder is None else None,
        self_contained=self_contained,
    )
    show_verdicts(ready.baseline, [run for runs in conducted.runs.values() for run in runs], page.parent)
    return conducted.findings


def plan(
    study: str | Path | Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    folder: str | Path | None = None,
    seed_sd: float | None = None,
    pair_se: float | None = None,
    jobs: int | None = None,
    **keys: Any,
) -> "StudyPlan":
    """Say what a study can find, what it would take and how long it will run, as `dalmeum study --plan` does.

    Nothing is trained: how much seeds and pairs differ is taken from finished runs of like recipes under the
    study's `output` (the same kind of model, encoder, training data and judged pairs), or stated.

    Args:
        study, name, folder, jobs, keys: as `study` takes them; in the folder are the looks taken so far.
        seed_sd: standard deviation of a recipe's score over its seeds, in units of the metric.
        pair_se: standard error that the pairs give to the difference of two recipes, likewise.

    Raises:
        InputError: what only the caller can mend.
    """
    called = _name(name, study, "study")
    _check_counts(jobs=jobs)
    reader = PairReader()
    ready = study_from(study, keys, reader)
    check_ready(arm_recipes(ready).values(), reader)

    from dalmeum.experiments.plan import plan_study

    kept = Path(folder or Path("studies", called))
    return plan_study(ready, called, kept, seed_sd=seed_sd, pair_se=pair_se, jobs=jobs, reader=reader)


def tune(
    recipe: str | Path | Mapping[str, Any] | Recipe | None = None,
    *,
    trials: int | None = None,
    hours: float | None = None,
    space: Sequence[str] = (),
    storage: str | None = None,
    jobs: int | None = None,
    seeds: int = 5,
    trials_only: bool = False,
    prune: bool = True,
    name: str | None = None,
    folder: str | Path | None = None,
    self_contained: bool = False,
    **sections: Any,
) -> "SearchResult | None":
    """Search for better settings, as `dalmeum tune` does, and judge the best over fresh seeds.

    The same call goes on with a search, and several at once share it.

    Args:
        recipe, sections: as `train` takes them.
        trials, hours: how many trials in all, and after how long no further one is begun; one or both.
        space: what to try, as `["training.learning_rate=1e-5..1e-3:log"]`; by default what the kind of model
            has.
        storage: the search's database, for several machines; by default a file beside its runs.
        jobs: trials at once; by default as in `study`.
        seeds: fresh ones, over which the best settings are judged; 2 or more.
        trials_only: help with trials, and leave judging to another process: answers None.
        prune: end trials early that do worse than others.
        name: of the search; by default that of the recipe's file.
        folder: for search.html, study.html and best.yaml; by default searches/NAME.
        self_contained: make the pages one file each.

    Raises:
        InputError: what only the caller can mend. DalmeumError: every trial failed.
    """
    from dalmeum.experiments.tune import Plan
    from dalmeum.experiments.tune import tune as search

    check_flags(self_contained=self_contained, trials_only=trials_only, prune=prune)
    _check_counts(jobs=jobs, trials=trials, seeds=seeds)
    if hours is not None and not (isinstance(hours, int | float) and hours > 0):
        raise InputError(f"hours {hours!r:.80}: give a number above 0, or leave it out")
    called, reader = _name(name, recipe, "recipe"), PairReader()
    ready = recipe_from(recipe, sections, reader)
    place = Path(folder or Path("searches", called))
    return search(
        ready,
        called,
        Plan(search_space(ready, space), trials, hours, storage, jobs, seeds, trials_only, prune),
        place,
        reader=reader,
        assets=place.parent / ASSETS if folder is None else None,
        self_contained=self_contained,
    )


def compare(
    arms: "Arms | Sequence[str | Path | Run] | Mapping[str, str | Path | Run | Sequence[str | Path | Run]]",
    *,
    split: Split | None = None,
    data: Pairs | None = None,
    metric: str = "pearson",
    smallest_effect: float = 0.005,
    folder: str | Path | None = None,
    self_contained: bool = False,
    label_range: tuple[float, float] | None = None,
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
    **reading: Any,
) -> Findings:
    """Say whether one is better, as `dalmeum compare` does: of runs, or of predictions that anything made.

    Args:
        arms: `Arms`, or finished runs: folders, ids under `output`, or `Run`s; the first one's recipe is the
            baseline. Runs whose recipes differ in their seed alone are seeds of one arm. Or each arm's name,
            the baseline's first, to its run or runs.
        split: of runs, the labelled split to judge on; by default dev.
        data: other labelled pairs to judge runs on, as `read_pairs` takes them: their models score them.
            `reading` are its `columns`, `format`, `encoding`; `precision` and `trust_code` are as in `load`.
        label_range: lowest and highest label of `data`, where it has another scale than the runs; by default
            a table's own, else the runs'. Across scales only a metric that is free of them can judge.
        metric: a name in `dalmeum.stats.METRICS`, or `module:name`.
        smallest_effect: the smallest difference that would matter, in units of the metric.
        folder: write compare.html and compare.json there.
        self_contained: make that page one file.

    Raises:
        InputError: runs or arms that can't be compared.

    Example:
        >>> arms = Arms(labels, {"baseline": ours, "theirs": theirs})  # doctest: +SKIP
        >>> print(compare(arms))  # doctest: +SKIP
    """
    from dalmeum.experiments.compare import compared

    check_flags(self_contained=self_contained, trust_code=trust_code)
    findings, told = compared(
        arms,
        split=split,
        data=data,
        metric=metric,
        smallest_effect=smallest_effect,
        folder=folder,
        self_contained=self_contained,
        label_range=label_range,
        precision=precision,
        output=output,
        trust_code=trust_code,
        **reading,
    )
    for each in told:
        warnings.warn(str(each), stacklevel=2)
    return findings


def evaluate(
    run: "str | Path | Run | PairScorer",
    data: Pairs,
    *,
    threshold: float | None = None,
    label_range: tuple[float, float] | None = None,
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
    **reading: Any,
) -> Evaluation:
    """Scores of a run on labelled pairs, each with its interval, overall, by source and by label bin.

    Args:
        run: as `load` takes it, as are `precision`, `output` and `trust_code`; or a scorer.
        data: labelled pairs, as `read_pairs` takes them; `reading` are its `columns`, `format`, `encoding`.
        threshold: the lowest label that counts as similar, for F1; by default the run's own.
        label_range: lowest and highest label of `data`, where it has another scale than the run; by default
            a table's own, else the run's. Across scales there is no RMSE, no MAE, and no F1 of similarities.
    """
    check_flags(trust_code=trust_code)
    _, evaluation, told = evaluated(
        run,
        data,
        threshold,
        label_range=label_range,
        precision=precision,
        output=output,
        trust_code=trust_code,
        **reading,
    )
    for each in told:
        warnings.warn(str(each), stacklevel=2)
    return evaluation


def predict(
    run: "str | Path | Run | PairScorer | Sequence[str | Path | Run | PairScorer]",
    data: Pairs,
    *,
    arm: str | None = None,
    label_range: tuple[float, float] | None = None,
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
    **reading: Any,
) -> NDArray[np.float64]:
    """Similarities (n,) of pairs, on the label scale, not clipped to it; of several runs, their mean.

    Args:
        run: as `load` takes it, as are `precision`, `output` and `trust_code`; or a scorer; or several; or a
            study's folder, which stands for the runs of its `arm`.
        data: pairs, as `read_pairs` takes them; `reading` are its `columns`, `format`, `encoding`.
        label_range: lowest and highest of their labels, if any, where that is another scale than the run's.
    """
    check_flags(trust_code=trust_code)
    _, predictions, told = predicted(
        run,
        data,
        arm=arm,
        label_range=label_range,
        precision=precision,
        output=output,
        trust_code=trust_code,
        **reading,
    )
    for each in told:
        warnings.warn(str(each), stacklevel=2)
    return predictions.similarity


def _check_counts(**counts: object) -> None:
    for name, value in counts.items():
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise InputError(f"{name} {value!r:.80}: give a whole number of 1 or more, or leave it out")


def check_flags(**flags: object) -> None:
    """`"false"` is true: an option that is either takes nothing else."""
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise InputError(f"{name}={value!r:.80}: give True or False")


def _name(name: object, source: object, default: str) -> str:
    """A part of runs' ids; `InputError` for one that is no part of a folder's name."""
    if name is None:
        return Path(source).stem if isinstance(source, str | Path) else default
    return checked_name(name)
