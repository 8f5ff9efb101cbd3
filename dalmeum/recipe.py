"""The typed recipe: everything that decides a run, read from YAML, overridden by `key=value`.

All problems are reported at once, each with the key and the mend, before anything heavy is loaded.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Discriminator, Field, JsonValue, PlainSerializer, PlainValidator, Tag, model_validator

from dalmeum.configuration import Section, apply_override, build, read_yaml
from dalmeum.own_code import is_own, written

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


def _kind_of_task_weight(value: object) -> str | None:
    if isinstance(value, int | float | dict | Section):
        return _number_or_schedule(value)
    return "learned" if value == "learned" else None


TaskWeight = Annotated[
    Annotated[Weight, _NUMBER]
    | Annotated[WeightSchedule, _SCHEDULE]
    | Annotated[Literal["learned"], Tag("learned")],
    Discriminator(
        _kind_of_task_weight,
        custom_error_type="task_weight",
        custom_error_message="must be a number, {start: ..., end: ...} or learned",
    ),
]


def scheduled(value: float | FractionSchedule | WeightSchedule, progress: float) -> float:
    """The number that `value` stands for at `progress` (0 at the first step, 1 at the last)."""
    if isinstance(value, int | float):
        return float(value)
    return value.start + (value.end - value.start) * progress


class Planted(Section):
    """Pairs of a sentence and itself under a perturbation (`dalmeum.data.perturbations`).

    `share` is how many, in units of a split's own pairs.
    """

    perturbation: str
    share: float = Field(gt=0, le=1)
    label: float


class DataRecipe(Section):
    """Which pairs, from which files. A path, or `hub:...`; see `dalmeum.data.read_pairs`.

    `folds` cuts the training file into so many (`dalmeum.data.folds`), of which fold number `fold` is dev.
    `max_train_pairs` draws so many of the training pairs, the same ones for every seed. `planted` adds
    pairs of a sentence and itself, changed, to all labelled splits; `spacing_pairs`, its name when it could
    plant spacing alone, is still read.
    """

    train: str
    dev: str | None = None
    test: str | None = None
    format: str = "auto"
    encoding: str = "auto"
    columns: dict[str, str] | None = None
    folds: Annotated[int, Field(ge=2)] | None = None
    fold: int = Field(default=0, ge=0)
    max_train_pairs: Annotated[int, Field(ge=2)] | None = None
    planted: Planted | None = None
    label_range: tuple[float, float] = (0.0, 5.0)

    @model_validator(mode="before")
    @classmethod
    def spacing_pairs_are_planted(cls, values: Any) -> Any:
        """The old key as the new one, so that old recipes are equal to new ones."""
        if not isinstance(values, dict) or "spacing_pairs" not in values:
            return values
        rest = {key: value for key, value in values.items() if key != "spacing_pairs"}
        spacing, other = values["spacing_pairs"], rest.get("planted")
        if isinstance(other, dict) and other.get("perturbation") != "spacing":
            if spacing is not None:
                raise ValueError("spacing_pairs is the old name of planted: leave one of them out")
            return rest
        if isinstance(spacing, dict):
            # Both stand there where one key of the old name is laid over a recipe.
            spacing = {"perturbation": "spacing", **(other or {}), **spacing}
        return {**rest, "planted": spacing}

    @model_validator(mode="after")
    def range_is_a_range(self) -> Self:
        low, high = self.label_range
        if not low < high:
            raise ValueError(f"label_range [{low:g}, {high:g}] must go from low to high")
        return self

    @model_validator(mode="after")
    def planted_label_is_in_range(self) -> Self:
        low, high = self.label_range
        if self.planted is not None and not low <= self.planted.label <= high:
            raise ValueError(f"planted.label {self.planted.label:g} is outside {low:g}..{high:g}")
        return self

    @model_validator(mode="after")
    def dev_is_one_thing(self) -> Self:
        if self.folds is None:
            if self.fold:
                raise ValueError(f"fold {self.fold} of how many? Set folds, too")
        elif self.dev is not None:
            raise ValueError("folds takes dev out of train: leave dev out")
        elif self.fold >= self.folds:
            raise ValueError(f"fold {self.fold}: {self.folds} folds count from 0 to {self.folds - 1}")
        return self

    @property
    def has_dev(self) -> bool:
        return self.dev is not None or self.folds is not None


KINDS = ("cross", "bi", "offline")
LOSSES = ("mixture", "correlation", "ccc", "mae", "mse", "huber", "bce", "ranknet", "cosent", "angle")

_OWN = re.compile(r"[\w.]+:\S+")


def _model_kind(value: object) -> str:
    if isinstance(value, str) and (value in KINDS or _OWN.fullmatch(value)):
        return value
    raise ValueError(f"must be one of {', '.join(KINDS)}, or module:kind of your own, not {value!r:.80}")


def _loss_name(value: object) -> str | Callable[..., Any]:
    if callable(value) or (isinstance(value, str) and (value in LOSSES or _OWN.fullmatch(value))):
        return value
    raise ValueError(f"must be one of {', '.join(LOSSES)}, or module:function of your own, not {value!r:.80}")


ModelKind = Annotated[str, PlainValidator(_model_kind)]
LossName = Annotated[
    str | Callable[..., Any], PlainValidator(_loss_name), PlainSerializer(written, when_used="json")
]


class ModelRecipe(Section):
    """Which pair scorer. `encoder`: a hub name, a folder, or `package:NAME/FOLDER` (an installed package).

    `kind` may be one of the user's own, `module:Kind` (`dalmeum.models.kinds.Kind`).
    """

    kind: ModelKind = "cross"
    encoder: str | None = None
    max_length: int = Field(default=128, ge=8)

    @model_validator(mode="after")
    def encoder_belongs_to_kind(self) -> Self:
        if self.kind in ("cross", "bi") and not self.encoder:
            raise ValueError(
                f"encoder is missing: kind {self.kind} needs a hub name or a folder, e.g. klue/roberta-base"
            )
        if self.kind == "offline" and self.encoder:
            raise ValueError("encoder has no use with kind offline: leave it out")
        return self


class LossRecipe(Section):
    """What training minimises.

    `name` may be one of the user's own, `module:function`, or in Python the function itself
    (`dalmeum.losses.own`); `arguments` are what that one takes beside predictions and labels. `alpha` is the
    share of the MAE in the mixture; of the others an own one that names it has it. `scope` says over which
    pairs a loss is taken (`dalmeum.training.scopes`).
    """

    name: LossName = "mixture"
    alpha: ScheduledFraction = 0.1
    scope: Literal["auto", "micro", "exact", "dataset"] = "auto"
    arguments: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def arguments_are_for_own_losses(self) -> Self:
        if self.arguments and not is_own(self.name):
            raise ValueError(f"arguments are for a loss of your own: {self.name} takes none")
        if "alpha" in self.arguments:
            raise ValueError("arguments.alpha: has a key of its own, loss.alpha")
        return self


class BinaryTask(Section):
    """Similar or not. `threshold` null takes the data's own column; a number means label >= threshold.

    `weight` is that of its loss beside the similarity's; `learned` weighs both by their uncertainty
    (`dalmeum.training.weights`).
    """

    weight: TaskWeight = 0.2
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

    `max_steps`, where given, decides over `epochs`. `effective_batch_size` is what a step learns from,
    `micro_batch_size` what fits in memory at once. `group_by` is what the pairs of a batch have in common.
    `warmup` is a share of all steps; `layerwise_decay` multiplies the learning rate once for each layer below
    the head; `early_stopping` is the number of evaluations without a better dev Pearson after which to stop.
    """

    epochs: int = Field(default=3, ge=1)
    max_steps: Annotated[int, Field(ge=1)] | None = None
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
    group_by: Literal["length", "source", "none"] = "length"
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

    def to_yaml(self) -> str:
        """The complete recipe, defaults included, as `load_recipe` reads it back."""
        return yaml.safe_dump(self.model_dump(mode="json"), allow_unicode=True, sort_keys=False)


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a YAML file, with `section.key=value` overrides (values are YAML) laid over it.

    Raises `RecipeError` with all problems at once.
    """
    values = read_yaml(Path(path), Recipe)
    problems = [problem for override in overrides if (problem := apply_override(values, override))]
    return build_recipe(values, str(path), problems)


def build_recipe(values: dict[str, Any], name: str, problems: Sequence[str] = ()) -> Recipe:
    """A recipe from nested dictionaries; `problems` found earlier are reported along with its own."""
    return build(Recipe, values, name, problems)
