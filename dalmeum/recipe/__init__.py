"""The typed recipe: everything that decides a run, read from YAML, overridden by `key=value`.

All problems are reported at once, each with the key and the mend, before anything heavy is loaded.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

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
from dalmeum.errors import RecipeError
from dalmeum.own_code import is_own, source_hash, written
from dalmeum.recipe.data import MOST_FOLDS, DataRecipe, Part, Planted
from dalmeum.recipe.inference import InferenceRecipe
from dalmeum.recipe.loss import LOSS_NAMES, BinaryTask, LossRecipe, TasksRecipe
from dalmeum.recipe.model import ENSEMBLE, KIND_NAMES, ModelRecipe
from dalmeum.recipe.schedules import FractionSchedule, WeightSchedule, scheduled
from dalmeum.recipe.synonyms import SYNONYMS
from dalmeum.recipe.training import AUTO_KEYS, TokenBudget, TrainingRecipe

__all__ = [
    "ENSEMBLE",
    "KIND_NAMES",
    "LOSS_NAMES",
    "MOST_FOLDS",
    "BinaryTask",
    "DataRecipe",
    "FractionSchedule",
    "InferenceRecipe",
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
    inference: InferenceRecipe = InferenceRecipe()
    output: str = described(
        "where the run folder is made",
        "실행 폴더가 생기는 곳",
        default="runs",
    )

    @model_validator(mode="after")
    def training_fits_the_kind(self) -> Self:
        # What is frozen is for those who use a recipe; here it is still being made.
        members = {
            name: member.model_copy(update={"training": member.training.for_kind(member.kind, self.training)})
            for name, member in self.model.members.items()
        }
        if members:
            object.__setattr__(self, "model", self.model.model_copy(update={"members": members}))
        object.__setattr__(self, "training", self.training.for_kind(self.model.kind))
        return self

    @model_validator(mode="after")
    def members_differ(self) -> Self:
        # As each is trained: a default that one of them spells out makes no other.
        whole = {name: (each.model, each.training.model_dump()) for name, each in self.members.items()}
        for one, other in combinations(whole, 2):
            if whole[one] == whole[other]:
                raise ValueError(
                    f"model.members: {one} and {other} are the same, and would learn the same: "
                    "leave one out, or change it"
                )
        return self

    @model_validator(mode="after")
    def loss_belongs_to_kind(self) -> Self:
        members = {f"model.members.{name}.kind": each.kind for name, each in self.model.members.items()}
        for key, kind in (members or {"model.kind": self.model.kind}).items():
            if self.loss.name == "angle" and kind != "bi":
                raise ValueError(
                    f"loss.name angle is a loss of two embeddings: use it with {key} bi, or cosent"
                )
            if self.loss.name == "bce" and kind == "bi":
                raise ValueError(
                    f"loss.name bce wants a logit, {key} bi answers a cosine: use mse or mixture"
                )
        return self

    @model_validator(mode="after")
    def orders_differ(self) -> Self:
        if self.inference.swap and {each.model.kind for each in self.singles} == {"bi"}:
            raise ValueError(
                "inference.swap has no use with model.kind bi: its cosine is the same in both orders"
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
        stops = any(each.training.early_stopping is not None for each in self.singles)
        if stops and not self.data.has_dev:
            raise ValueError("training.early_stopping needs data.dev: without it there is nothing to watch")
        return self

    @model_validator(mode="after")
    def teacher_has_pairs(self) -> Self:
        if self.loss.teacher is not None and self.data.unlabelled is None:
            raise ValueError("loss.teacher scores pairs of which none are named: set data.unlabelled, too")
        if self.data.unlabelled is not None and self.loss.teacher is None:
            raise ValueError(
                "data.unlabelled has no labels to learn from: set loss.teacher, a run that scores its pairs"
            )
        return self

    @property
    def members(self) -> dict[str, "Recipe"]:
        """The recipe of each member of an ensemble, as if it were trained alone; none of a single model."""
        found = {}
        for name, member in self.model.members.items():
            length = member.max_length or self.model.max_length
            model = ModelRecipe(
                kind=member.kind, encoder=member.encoder, universal=member.universal, max_length=length
            )
            own = {*member.training.model_fields_set, *AUTO_KEYS}
            training = {key: getattr(member.training, key) for key in own}
            update = {"model": model, "training": self.training.model_copy(update=training)}
            found[name] = self.model_copy(update=update)
        return found

    @property
    def singles(self) -> tuple["Recipe", ...]:
        """The recipes of all models that are trained: of the members, or of the single model itself."""
        return tuple(self.members.values()) or (self,)

    @property
    def trainings(self) -> dict[str, "Recipe"]:
        """Of a run over folds or seeds the recipe of each training, by the name of what is special to it:
        `fold-0`, `seed-7`, `fold-0-seed-7`; none of a run that trains once.
        """
        folds, seeds = range(self.data.all_folds), self.training.seeds
        found = {}
        for fold, seed in product(folds or [None], seeds):
            names = [f"fold-{fold}"] if folds else []
            names += [f"seed-{seed}"] if len(seeds) > 1 else []
            if names:
                data = self.data.model_copy(update={"fold": fold})
                training = self.training.model_copy(update={"seed": seed})
                found["-".join(names)] = self.model_copy(update={"data": data, "training": training})
        return found

    @model_serializer(mode="wrap")
    def as_it_is_known(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """With what members leave to their kind left out, and what was usual before it could be chosen."""
        values: dict[str, Any] = handler(self)
        if self.inference == InferenceRecipe():
            values.pop("inference", None)
        if self.model.members:
            for key in set(AUTO_KEYS) - self.training.model_fields_set:
                values.get("training", {}).pop(key, None)
        return values

    def to_change(self, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Its values, for others to be laid over them: what was left to the kind of model is so again."""
        values = self.model_dump(mode=mode)
        left = [(values, self.training)]
        for name, member in self.model.members.items():
            left.append((values["model"]["members"][name], member.training))
        for section, training in left:
            own = training.model_fields_set
            section["training"] |= {
                key: getattr(training, key) if key in own else "auto" for key in AUTO_KEYS
            }
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
    built = build_recipe(values, name, problems)
    if unheard := [told for override in overrides if (told := _unheard(built, override))]:
        raise RecipeError([f"{name}: {told}" for told in unheard])
    return built


def _unheard(recipe: Recipe, override: str) -> str | None:
    """What is wrong with an override for the whole of an ensemble, whose members all have a number of their
    own, as in a run's recipe.yaml; if it is.
    """
    given = override.partition("=")[0].strip()
    section, _, key = (given if "." in given else recipe_key(given) or given).partition(".")
    members = recipe.model.members
    if section != "training" or key not in AUTO_KEYS or not members:
        return None
    if any(key not in member.training.model_fields_set for member in members.values()):
        return None
    return (
        f"{given} reaches no member, since each has its own: "
        f"set model.members.{next(iter(members))}.training.{key}, and so on"
    )


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
    named |= {f"model.members.{name}.kind": each.kind for name, each in recipe.model.members.items()}
    return {written(value): source_hash(key, value) for key, value in named.items() if is_own(value)}
