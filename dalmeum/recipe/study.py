"""The study file: a question, a baseline recipe, arms as overrides of it, seeds, the smallest effect."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dalmeum.configuration import (
    FromList,
    Section,
    apply_override,
    build,
    described,
    dump_yaml,
    merged,
    read_yaml,
    set_key,
)
from dalmeum.errors import RecipeError
from dalmeum.languages import composed
from dalmeum.recipe import MOST_FOLDS, Part, Recipe, build_recipe
from dalmeum.recipe.synonyms import SYNONYMS

BASELINE = "baseline"
"""The name of the arm that overrides nothing."""

_OWNERS = {
    "training.seed": "seeds",
    "data.fold": "folds",
    "data.folds": "folds",
    "data.fold_groups": "baseline.data.fold_groups",
    "data.part": "resample_train",
    "output": "baseline.output",
    "training.report_to": "baseline.training.report_to",
    "question": "question",
}
"""Keys of a recipe that a study decides, and by what."""

MOST_RUNS = 10_000
"""Of one study: more is a slip of the hand."""


class Study(Section):
    """One question, and the runs that are to answer it.

    `baseline` is a recipe, written out or the path of its file; `arms` are what each changes of it, as
    `section.key: value`. Every arm is run with each of `seeds`, which become `training.seed`. With
    `folds`, each of those runs is as many, a fold of the training file being dev in turn (`data.fold`): dev
    is then all pairs of that file, out of fold. `splits` are the labelled splits to judge on: the verdict is
    taken on the first. With `resample_train` the i-th of the seeds is trained on the i-th part of the
    training pairs, the same for all arms, and what is found holds for new training sets. `smallest_effect`,
    in units of the metric, is the smallest difference that would matter. Seeds that are added later, up to
    `max_seeds`, are a further look, with a level of its own (`dalmeum.experiments.looks`).
    """

    KNOWN_AS: ClassVar[Mapping[str, str]] = {
        **{name: f"baseline.{key}" for name, key in SYNONYMS.items() if key not in _OWNERS},
        **{name: f"baseline.{name}" for name in Recipe.model_fields if name != "question"},
        **dict.fromkeys(("seed", "n_seeds", "random_seed", "random_seeds"), "seeds"),
        **dict.fromkeys(("n_splits", "num_folds", "n_folds", "k_folds", "kfold", "cv", "fold"), "folds"),
        **dict.fromkeys(("split", "eval_split", "judge_on"), "splits"),
        **dict.fromkeys(("maximum_seeds", "planned_seeds", "n_max_seeds"), "max_seeds"),
        **dict.fromkeys(("resample", "subsample", "train_size", "training_sets"), "resample_train"),
        **dict.fromkeys(("min_effect", "effect", "margin"), "smallest_effect"),
        **dict.fromkeys(("metrics", "score"), "metric"),
        **dict.fromkeys(("base", "base_recipe", "recipe", "control"), "baseline"),
        **dict.fromkeys(("arm", "variants", "treatments", "experiments"), "arms"),
    }

    question: str = described(
        "what the study is to answer, in words",
        "비교 실험이 답하려는 질문",
    )
    baseline: Recipe = described(
        "a recipe written out, or the path of its file, from the study's folder",
        "레시피를 그대로 적은 것, 또는 비교 실험 파일이 있는 폴더를 기준으로 한 레시피 파일의 경로",
    )
    arms: Annotated[dict[str, dict[str, Any]], Field(min_length=1)] = described(
        "each arm's name, and what it changes of the baseline: `{section.key: value}`",
        "비교 조건의 이름과 그것이 기준선에서 바꾸는 것: `{section.key: value}`",
    )
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], FromList] = described(
        "every arm is run with each of them, as `training.seed`; two at least",
        "모든 비교 조건을 이 시드마다(`training.seed`) 실행합니다. 둘 이상이어야 합니다",
        default=(1, 2, 3),
    )
    folds: Annotated[int, Field(ge=2, le=MOST_FOLDS)] | None = described(
        "each run becomes as many, a fold of the training file being dev in turn; arms are judged on all "
        "pairs of that file, out of fold",
        "실행마다 이 수만큼으로 나뉘어, 학습 파일의 폴드를 돌아가며 dev로 씁니다. "
        "판정은 그 파일의 모든 쌍에서, 폴드 밖 예측으로 합니다",
        default=None,
    )
    resample_train: Annotated[int, Field(ge=2)] | None = described(
        "train each seed on a part of its own, of so many of the training pairs, so that verdicts hold for "
        "new training sets of that size, too; .8 of the training pairs at most",
        "시드마다 학습 쌍에서 이만큼씩 따로 뽑은 부분으로 학습합니다. 그러면 판정이 이 크기의 "
        "새 학습 데이터에도 들어맞습니다. 학습 쌍의 0.8배까지",
        default=None,
    )
    splits: Annotated[tuple[Literal["dev", "test"], ...], Field(min_length=1), FromList] = described(
        "labelled splits to judge on; the verdict is taken on the first",
        "판정할 데이터(레이블이 있는 분할). 판정은 첫째에서 내립니다",
        default=("dev",),
    )
    paired: Annotated[bool, Field(strict=True)] = described(
        "judge the differences seed by seed: only where it is known, before any run, that a seed does the "
        "same in every arm; otherwise the seeds of two arms count as independent",
        "시드끼리 짝지은 차이로 판정합니다. 한 시드가 모든 비교 조건에서 똑같이 작용한다는 것을 "
        "실행 전에 아는 경우에만 켜세요. 켜지 않으면 두 비교 조건의 시드는 서로 독립이라고 봅니다",
        default=False,
    )
    metric: str = described(
        "what arms are judged by: `pearson`, `spearman`, `rmse`, `mae`, or a "
        "[metric of your own](python.md#a-metric-of-your-own), `module:name`",
        "판정하는 지표: `pearson`, `spearman`, `rmse`, `mae`, 또는 `module:name`으로 쓰는 "
        "[직접 만든 지표](python.ko.md#직접-만든-지표)",
        default="pearson",
    )
    max_seeds: Annotated[int, Field(ge=2)] | None = described(
        "the number of seeds up to which seeds may be added and judged again: each look has a share of the "
        "5 %; without it the first look has all, and later ones are exploratory "
        "([looks](studies.md#looks))",
        "시드를 더해 다시 판정하더라도 넘지 않을 시드 수. 판정할 때마다 5 %의 일부를 씁니다. 적지 않으면 "
        "첫 판정이 5 %를 모두 쓰고, 그 뒤의 판정은 탐색적입니다([판정 횟수](studies.ko.md#판정-횟수))",
        default=None,
    )
    smallest_effect: float = described(
        "the smallest difference that would matter, in units of the metric",
        "의미를 두는 가장 작은 차이. 지표의 단위로 적습니다",
        default=0.005,
        ge=0,
    )

    @model_validator(mode="before")
    @classmethod
    def baseline_has_the_folds(cls, values: Any) -> Any:
        """A run of a study is a single model: of folds that nobody chooses from, the first is dev."""
        match values:
            case {"folds": int(folds), "baseline": {"data": {**of_study}, **recipe}, **rest}:
                data = {"folds": folds, **of_study, "fold": of_study.get("fold") or 0}
                return {**rest, "folds": folds, "baseline": {**recipe, "data": data}}
            case {"baseline": {"data": {"folds": int(folds), **of_recipe}, **recipe}, **rest}:
                data = {"folds": folds, "fold": 0, **of_recipe}
                return {**rest, "baseline": {**recipe, "data": data}}
        return values

    @model_validator(mode="after")
    def folds_are_decided_once(self) -> Self:
        data = self.baseline.data
        if self.folds is not None and (data.folds != self.folds or data.fold):
            raise ValueError("folds: each is dev in turn: leave baseline.data.folds and data.fold out")
        if data.all_folds:
            raise ValueError(
                f"baseline.data.fold: each run of a study is a single model: write folds: {data.all_folds} "
                "in the study for all folds in turn, or fold: 0"
            )
        if isinstance(self.baseline.training.seed, tuple):
            raise ValueError("baseline.training.seed: each run of a study has one: write them as seeds")
        return self

    @model_validator(mode="after")
    def training_sets_are_the_studys(self) -> Self:
        if self.resample_train is not None and self.folds is not None:
            raise ValueError(
                "resample_train: over folds every pair is trained on and judged in turn: leave folds out, "
                "and give baseline.data.dev or test"
            )
        if self.resample_train is not None and self.baseline.data.part is not None:
            raise ValueError("resample_train: gives each seed its part: leave baseline.data.part out")
        return self

    @model_validator(mode="after")
    def seeds_tell_luck_from_idea(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError("seeds: one stands there twice")
        if len(self.seeds) < 2:
            raise ValueError("seeds: at least 2 are needed: one can't tell an idea from luck")
        return self

    @model_validator(mode="after")
    def seeds_are_as_planned(self) -> Self:
        if self.max_seeds is not None and self.max_seeds < len(self.seeds):
            raise ValueError(
                f"max_seeds: {self.max_seeds} is less than the {len(self.seeds)} seeds of the study: give "
                "the largest number that you may come to, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def runs_can_be_counted(self) -> Self:
        seeds = "seeds" if self.max_seeds is None else "max_seeds"
        runs = len(self.names) * (self.max_seeds or len(self.seeds)) * (self.folds or 1)
        if runs > MOST_RUNS:
            raise ValueError(
                f"arms, {seeds} and folds make {runs:,} runs, more than {MOST_RUNS:,}: take fewer"
            )
        return self

    @model_validator(mode="after")
    def splits_have_data(self) -> Self:
        data = self.baseline.data
        for split in self.splits:
            if not (data.has_dev if split == "dev" else data.test):
                raise ValueError(f"splits: {split} is to be judged on: set baseline.data.{split}, too")
        return self

    @property
    def by_seed(self) -> bool:
        """Whether differences seed by seed are judged: by `paired`, and where arms share training sets."""
        return self.paired or self.resample_train is not None

    @property
    def names(self) -> tuple[str, ...]:
        """All arms, the baseline first."""
        return (BASELINE, *self.arms)

    def to_yaml(self) -> str:
        """The complete study, defaults included, as `load_study` reads it back."""
        return dump_yaml(self.to_change("json"))

    def to_change(self, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Its values, for `load_study`: what the baseline leaves to the kind of model is so for arms, too."""
        return {**self.model_dump(mode=mode), "baseline": self.baseline.to_change(mode)}


def load_study(
    study: str | Path | Mapping[str, Any] | None = None, overrides: Sequence[str] = (), **keys: Any
) -> Study:
    """A study from a YAML file, a mapping as YAML would give it, or keywords alone.

    `keys` are laid over it, and then `overrides`: `key=value`, as `baseline.data.train=...`.

    Raises `RecipeError` with all problems at once, those of every arm among them.
    """
    values, name = study_values(study, keys)
    problems = [problem for override in overrides if (problem := apply_override(values, override))]
    return build_study(values, name, problems)


def study_values(
    study: str | Path | Mapping[str, Any] | None, keys: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """What a study is built of, its baseline read from its file, and what messages call it."""
    name, folder, values = "study", Path(), merged({}, {} if isinstance(study, str | Path) else study or {})
    if isinstance(study, str | Path):
        path = Path(study)
        name, folder, values = str(path), path.parent, read_yaml(path, Study)
    if isinstance(values.get("baseline"), str | Path):
        values["baseline"] = read_yaml(folder / values["baseline"], Recipe)
    values = merged(values, keys)
    if isinstance(values.get("baseline"), str | Path):
        values["baseline"] = read_yaml(Path(values["baseline"]), Recipe)
    elif isinstance(values.get("baseline"), Recipe):
        values["baseline"] = values["baseline"].to_change()
    return values, name


def build_study(values: Mapping[str, Any], name: str, problems: Sequence[str] = ()) -> Study:
    """A study from nested dictionaries; `problems` found earlier are reported along with its own."""
    arms = values.get("arms")
    if isinstance(arms, Mapping):
        values = {**values, "arms": {_composed(arm): changes for arm, changes in arms.items()}}
        names = Counter(map(_composed, arms))
        two_ways = "names two arms, its letters written in two ways"
        twice = [f"arms.{arm}: {two_ways}" for arm, count in names.items() if count > 1]
        problems = [*problems, *twice]
    study = build(Study, values, name, problems)
    arm_recipes(study, name)
    return study


def _composed(arm: Any) -> Any:
    return composed(arm) if isinstance(arm, str) else arm


def arm_recipes(study: Study, name: str = "study") -> dict[str, Recipe]:
    """The recipe of each arm, the baseline first, all with the baseline's seed.

    Raises `RecipeError` where an arm is no recipe, changes nothing, or is another one over again.
    """
    problems: list[str] = []
    recipes = {BASELINE: study.baseline}
    for arm, changes in study.arms.items():
        if problem := _check_changes(arm, changes):
            problems.append(f"{name}: arms.{arm}: {problem}")
            continue
        values = study.baseline.to_change()
        for key, value in changes.items():
            set_key(values, key, value)
        try:
            recipe = build_recipe(values, f"{name}: arms.{arm}")
        except RecipeError as error:
            problems += error.problems
            continue
        if problem := _check_owned(recipe, study.baseline):
            problems.append(f"{name}: arms.{arm}: {problem}")
        same = next(
            (
                other
                for other, known in recipes.items()
                if (known.members or known) == (recipe.members or recipe)
            ),
            None,
        )
        if same is not None:
            change = "changes nothing of the baseline" if same == BASELINE else f"is the same as {same}"
            problems.append(f"{name}: arms.{arm}: {change}: leave it out, or change another key")
        recipes[arm] = recipe
    if problems:
        raise RecipeError(problems)
    return recipes


def _check_changes(arm: str, changes: Mapping[str, Any]) -> str | None:
    if arm == BASELINE or not arm.replace("-", "").replace("_", "").replace(".", "").isalnum():
        return f"choose another name: letters, digits, '-', '_' and '.', and not {BASELINE}"
    if not changes:
        return "overrides nothing: write section.key: value"
    return None


def _check_owned(recipe: Recipe, baseline: Recipe) -> str | None:
    """What is the study's own may not be an arm's, however deep in a mapping it is written."""
    for key, owner in _OWNERS.items():
        own, base = (functools.reduce(getattr, key.split("."), each) for each in (recipe, baseline))
        if own != base:
            return f"{key} can't differ by arm: it is {owner} of the study"
    return None


def with_seed(recipe: Recipe, seed: int) -> Recipe:
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed})})


def with_fold(recipe: Recipe, fold: int) -> Recipe:
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"fold": fold})})


def with_part(recipe: Recipe, pairs: int, number: int) -> Recipe:
    part = Part(pairs=pairs, number=number)
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"part": part})})
