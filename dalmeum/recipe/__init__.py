"""The typed recipe: everything that decides a run, read from YAML, overridden by `key=value`.

All problems are reported at once, each with the key and the mend, before anything heavy is loaded.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dalmeum.configuration import (
    Section,
    apply_override,
    build,
    described,
    dump_yaml,
    meant,
    merged,
    read_yaml,
)
from dalmeum.own_code import is_own, source_hash, written
from dalmeum.recipe.data import MOST_FOLDS, DataRecipe, Part, Planted
from dalmeum.recipe.loss import LOSS_NAMES, BinaryTask, LossRecipe, TasksRecipe
from dalmeum.recipe.model import KIND_NAMES, ModelRecipe
from dalmeum.recipe.schedules import FractionSchedule, WeightSchedule, scheduled
from dalmeum.recipe.synonyms import SYNONYMS
from dalmeum.recipe.training import AUTO_KEYS, TokenBudget, TrainingRecipe

__all__ = [
    "KIND_NAMES",
    "LOSS_NAMES",
    "MOST_FOLDS",
    "BinaryTask",
    "DataRecipe",
    "FractionSchedule",
    "LossRecipe",
    "ModelRecipe",
    "Part",
    "Planted",
    "Recipe",
    "TasksRecipe",
    "TokenBudget",
    "TrainingRecipe",
    "WeightSchedule",
    "build_recipe",
    "load_recipe",
    "own_code",
    "recipe_key",
    "recipe_values",
    "scheduled",
]


class Recipe(Section):
    """One run."""

    KNOWN_AS: ClassVar[Mapping[str, str]] = SYNONYMS

    question: str | None = described(
        "what the run is to answer, in words; stands at the top of the report",
        "이 실행이 답하려는 질문. 보고서 맨 위에 나옵니다",
        default=None,
    )
    data: DataRecipe
    model: ModelRecipe
    loss: LossRecipe = LossRecipe()
    tasks: TasksRecipe = TasksRecipe()
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)
    output: str = described(
        "where the run folder is made",
        "실행 폴더가 생기는 곳",
        default="runs",
    )

    @model_validator(mode="after")
    def training_fits_the_kind(self) -> Self:
        # What is frozen is for those who use a recipe; here it is still being made.
        object.__setattr__(self, "training", self.training.for_kind(self.model.kind))
        return self

    @model_validator(mode="after")
    def loss_belongs_to_kind(self) -> Self:
        if self.loss.name == "angle" and self.model.kind != "bi":
            raise ValueError(
                "loss.name angle is a loss of two embeddings: use it with model.kind bi, or cosent"
            )
        if self.loss.name == "bce" and self.model.kind == "bi":
            raise ValueError(
                "loss.name bce wants a logit, model.kind bi answers a cosine: use mse or mixture"
            )
        return self

    @model_validator(mode="after")
    def threshold_is_on_the_label_scale(self) -> Self:
        task, (low, high) = self.tasks.binary, self.data.label_range
        if task is not None and task.threshold is not None and not low < task.threshold <= high:
            raise ValueError(f"tasks.binary.threshold {task.threshold:g} is outside {low:g}..{high:g}")
        return self

    @model_validator(mode="after")
    def early_stopping_needs_dev(self) -> Self:
        if self.training.early_stopping is not None and not self.data.has_dev:
            raise ValueError("training.early_stopping needs data.dev: without it there is nothing to watch")
        return self

    def to_change(self, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Its values, for others to be laid over them: what was left to the kind of model is so again."""
        values = self.model_dump(mode=mode)
        values["training"] |= {key: "auto" for key in AUTO_KEYS if key not in self.training.model_fields_set}
        return values

    def to_yaml(self) -> str:
        """The complete recipe, defaults included and `auto` in numbers, as `load_recipe` reads it back."""
        return dump_yaml(self.model_dump(mode="json"))


def load_recipe(
    recipe: str | Path | Mapping[str, Any] | Recipe | None = None,
    overrides: Sequence[str] = (),
    **sections: Any,
) -> Recipe:
    """A recipe from a YAML file, a mapping, another recipe, or keywords alone.

    Args:
        recipe: a path, or a mapping as YAML would give it.
        overrides: `section.key=value`, laid over it last; values are YAML.
        sections: keys of a recipe, laid over it; mappings are merged, as in
            `load_recipe("recipe.yaml", training={"seed": 7})`.

    Raises `RecipeError` with all problems at once.
    """
    values, name = recipe_values(recipe, sections)
    problems = [problem for override in overrides if (problem := apply_override(values, override))]
    return build_recipe(values, name, problems)


def recipe_values(
    recipe: str | Path | Mapping[str, Any] | Recipe | None, sections: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """What `load_recipe` builds a recipe of, and what messages call it."""
    name = str(recipe) if isinstance(recipe, str | Path) else "recipe"
    if isinstance(recipe, str | Path):
        values = read_yaml(Path(recipe), Recipe)
    elif isinstance(recipe, Recipe):
        values = recipe.to_change()
    else:
        values = merged({}, recipe or {})
    return merged(values, {key: _section(key, value) for key, value in sections.items()}), name


def _section(key: str, value: Any) -> Any:
    """A section as a mapping: `loss="mae"` is short for `loss={"name": "mae"}`."""
    return {"name": value} if key == "loss" and (isinstance(value, str) or callable(value)) else value


def build_recipe(values: dict[str, Any], name: str, problems: Sequence[str] = ()) -> Recipe:
    """A recipe from nested dictionaries; `problems` found earlier are reported along with its own."""
    return build(Recipe, values, name, problems)


def recipe_key(name: str) -> str | None:
    """The whole key of a recipe that people, or other tools, call `name`; None where there is none."""
    return meant(Recipe, name)


def own_code(recipe: Recipe) -> dict[str, str | None]:
    """The user's own code that a recipe names, each with its source's hash, None where it has none.

    Raises `InputError` where it can't be found.
    """
    named = {"loss.name": recipe.loss.name, "model.kind": recipe.model.kind}
    return {written(value): source_hash(key, value) for key, value in named.items() if is_own(value)}
