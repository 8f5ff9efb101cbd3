"""The typed recipe: everything that decides a run, read from YAML, overridden by `key=value`.

All problems are reported at once, each with the key and the mend, before anything heavy is loaded.
"""

import difflib
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator
from pydantic_core import ErrorDetails

from dalmeum.errors import InputError, RecipeError


class Section(BaseModel):
    """A part of a recipe: an unknown key is an error, since a misspelt one would be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Fraction = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class FractionSchedule(Section):
    """A share that moves in a straight line from the first optimisation step to the last."""

    start: Fraction
    end: Fraction


class WeightSchedule(Section):
    """A weight that moves in a straight line from the first optimisation step to the last."""

    start: Weight
    end: Weight


def _number_or_schedule(value: object) -> str:
    return "schedule" if isinstance(value, dict | Section) else "number"


_NUMBER, _SCHEDULE, _EITHER = Tag("number"), Tag("schedule"), Discriminator(_number_or_schedule)
ScheduledFraction = Annotated[Annotated[Fraction, _NUMBER] | Annotated[FractionSchedule, _SCHEDULE], _EITHER]
ScheduledWeight = Annotated[Annotated[Weight, _NUMBER] | Annotated[WeightSchedule, _SCHEDULE], _EITHER]


def scheduled(value: float | FractionSchedule | WeightSchedule, progress: float) -> float:
    """The number that `value` stands for at `progress` (0 at the first step, 1 at the last)."""
    if isinstance(value, int | float):
        return float(value)
    return value.start + (value.end - value.start) * progress


class DataRecipe(Section):
    """Which pairs, from which files. A path, or `hub:...`; see `dalmeum.data.read_pairs`."""

    train: str
    dev: str | None = None
    test: str | None = None
    format: str = "auto"
    encoding: str = "auto"
    columns: dict[str, str] | None = None
    label_range: tuple[float, float] = (0.0, 5.0)

    @model_validator(mode="after")
    def range_is_a_range(self) -> Self:
        low, high = self.label_range
        if not low < high:
            raise ValueError(f"label_range [{low:g}, {high:g}] must go from low to high")
        return self


class ModelRecipe(Section):
    """Which pair scorer. `encoder`: a hub name, a folder, or `package:NAME/FOLDER` (an installed package)."""

    kind: Literal["cross", "offline"] = "cross"
    encoder: str | None = None
    max_length: int = Field(default=128, ge=8)

    @model_validator(mode="after")
    def encoder_belongs_to_kind(self) -> Self:
        if self.kind == "cross" and not self.encoder:
            raise ValueError(
                "encoder is missing: kind cross needs a hub name or a folder, e.g. klue/roberta-base"
            )
        if self.kind == "offline" and self.encoder:
            raise ValueError("encoder has no use with kind offline: leave it out")
        return self


class LossRecipe(Section):
    """What training minimises.

    `alpha` is the share of the MAE in the mixture; other losses don't use it. `scope` says over which pairs a
    loss is taken (`dalmeum.training.scopes`).
    """

    name: Literal["mixture", "correlation", "mae", "mse", "huber", "bce"] = "mixture"
    alpha: ScheduledFraction = 0.1
    scope: Literal["auto", "micro", "exact", "dataset"] = "auto"


class BinaryTask(Section):
    """Similar or not. `threshold` null takes the data's own column; a number means label >= threshold."""

    weight: ScheduledWeight = 0.2
    threshold: float | None = None


class TasksRecipe(Section):
    """Tasks beside similarity."""

    binary: BinaryTask | None = None


class TokenBudget(Section):
    """A micro-batch as the number of its tokens, padding included."""

    tokens: int = Field(ge=1)


def _count_or_budget(value: object) -> str:
    if isinstance(value, dict | Section):
        return "budget"
    return "auto" if isinstance(value, str) else "count"


MicroBatch = Annotated[
    Annotated[int, Field(ge=1), Tag("count")]
    | Annotated[TokenBudget, Tag("budget")]
    | Annotated[Literal["auto"], Tag("auto")],
    Discriminator(_count_or_budget),
]


class TrainingRecipe(Section):
    """How the loss is minimised.

    `effective_batch_size` is what a step learns from, `micro_batch_size` what fits in memory at once.
    `warmup` is a share of all steps; `layerwise_decay` multiplies the learning rate once for each layer below
    the head; `early_stopping` is the number of evaluations without a better dev Pearson after which to stop.
    """

    epochs: int = Field(default=3, ge=1)
    effective_batch_size: int = Field(default=32, ge=2)
    micro_batch_size: MicroBatch = "auto"
    learning_rate: float = Field(default=2e-5, gt=0)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup: Fraction = 0.1
    weight_decay: float = Field(default=0.01, ge=0)
    layerwise_decay: float = Field(default=1.0, gt=0, le=1)
    max_gradient_norm: float = Field(default=1.0, gt=0)
    evaluations_per_epoch: int = Field(default=1, ge=1)
    early_stopping: Annotated[int, Field(ge=1)] | None = None
    group_by_length: bool = True
    seed: int = Field(default=42, ge=0, lt=2**32)
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"


class Recipe(Section):
    """One run."""

    question: str | None = None
    data: DataRecipe
    model: ModelRecipe
    loss: LossRecipe = LossRecipe()
    tasks: TasksRecipe = TasksRecipe()
    training: TrainingRecipe = TrainingRecipe()
    output: str = "runs"

    @model_validator(mode="after")
    def threshold_is_on_the_label_scale(self) -> Self:
        task, (low, high) = self.tasks.binary, self.data.label_range
        if task is not None and task.threshold is not None and not low < task.threshold <= high:
            raise ValueError(f"tasks.binary.threshold {task.threshold:g} is outside {low:g}..{high:g}")
        return self

    @model_validator(mode="after")
    def early_stopping_needs_dev(self) -> Self:
        if self.training.early_stopping is not None and self.data.dev is None:
            raise ValueError("training.early_stopping needs data.dev: without it there is nothing to watch")
        return self

    def to_yaml(self) -> str:
        """The complete recipe, defaults included, as `load_recipe` reads it back."""
        return yaml.safe_dump(self.model_dump(mode="json"), allow_unicode=True, sort_keys=False)


class _Loader(yaml.SafeLoader):
    """YAML as people write it: PyYAML reads 2e-5 as text, and keeps the last of two equal keys in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.YAMLError(f"line {line}: a key must be a plain word")
            if key_node.value in seen:
                raise yaml.YAMLError(f"line {line}: key {key_node.value} stands there twice: leave one out")
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a YAML file, with `section.key=value` overrides (values are YAML) laid over it.

    Raises `RecipeError` with all problems at once.
    """
    values = _read_yaml(Path(path))
    problems = [problem for override in overrides if (problem := _apply_override(values, override))]
    return build_recipe(values, str(path), problems)


def build_recipe(values: dict[str, Any], name: str, problems: Sequence[str] = ()) -> Recipe:
    """A recipe from nested dictionaries; `problems` found earlier are reported along with its own."""
    found = list(problems)
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        found += [_explain(detail) for detail in error.errors()]
    if found:
        raise RecipeError([f"{name}: {problem}" for problem in found])
    return recipe


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such recipe; the ones at hand are in recipes/") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; name the recipe's YAML file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the recipe as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: can't be read: {(error.strerror or str(error)).lower()}") from None
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{path}{place}: is not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise InputError(f"{path}: is not valid YAML: nested too deep") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: holds no recipe; it must start with keys such as data: and model:")
    return values


def _apply_override(values: dict[str, Any], override: str) -> str | None:
    """Lay one `section.key=value` over `values`; the problem with it, if any."""
    key, sign, text = override.partition("=")
    if not sign or not key.strip():
        return f"{override!r:.80} is no override: write section.key=value, e.g. training.seed=7"
    try:
        value = yaml.load(text, Loader=_Loader) if text.strip() else None
    except (yaml.YAMLError, RecursionError):
        return f"{key}: {text!r:.80} is not valid YAML; put text with special characters in quotes"
    *sections, last = key.strip().split(".")
    place = values
    for section in sections:
        inner = place.setdefault(section, {})
        if not isinstance(inner, dict):
            # A section that the file wrote as a plain value (or null) is replaced by the override's mapping.
            inner = place[section] = {}
        place = inner
    place[last] = value
    return None


def _explain(detail: ErrorDetails) -> str:
    """One problem in one line: key, value, what it should be."""
    location = [part for part in detail["loc"] if part not in _TAGS]
    key = ".".join(str(part) for part in location)
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        known = _fields_at(location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1)
        mend = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        return f"{key} is no key of a recipe: {mend}"
    if kind == "missing":
        return f"{key} is missing"
    if kind in {"model_type", "model_attributes_type"}:
        keys = ", ".join(_fields_at(location)[:2])
        return f"{key}: must be a mapping with keys such as {keys}, not {value!r:.80}"
    message = detail["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if kind == "value_error":
        return f"{key}: {message}" if key and not message.startswith(key) else message
    shown = repr(value) if not isinstance(value, float) or math.isfinite(value) else str(value)
    return f"{key}: {message}, not {shown[:80]}"


def _fields_at(location: Sequence[int | str]) -> list[str]:
    """The keys that a section may have."""
    return list(_SECTIONS[".".join(str(part) for part in location)].model_fields)


_SECTIONS: dict[str, type[Section]] = {
    "": Recipe,
    "data": DataRecipe,
    "model": ModelRecipe,
    "loss": LossRecipe,
    "loss.alpha": FractionSchedule,
    "tasks": TasksRecipe,
    "tasks.binary": BinaryTask,
    "tasks.binary.weight": WeightSchedule,
    "training": TrainingRecipe,
    "training.micro_batch_size": TokenBudget,
}

_TAGS = {"number", "schedule", "count", "budget", "auto"}
"""What pydantic puts into the location of a problem to say which kind of value it tried."""
