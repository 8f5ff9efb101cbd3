"""The typed recipe: everything that decides a run, read from YAML, overridden by `key=value`.

All problems are reported at once, each with the key and the mend, before anything heavy is loaded.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    Discriminator,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from dalmeum.configuration import Section, apply_override, build, described, merged, read_yaml
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

    perturbation: str = described(
        "what is done to the sentence: one of `dalmeum.data.perturbations`, as `spacing`",
        "문장에 가할 변형: `spacing`처럼 `dalmeum.data.perturbations`에 있는 것 중 하나",
    )
    share: float = described(
        "how many, as a share of the split's own pairs",
        "몇 쌍인지, 그 분할의 쌍 수에 대한 비율로",
        gt=0,
        le=1,
    )
    label: float = described(
        "their label",
        "그 쌍들의 레이블",
    )


class DataRecipe(Section):
    """Which pairs, from which files. A path, or `hub:...`; see `dalmeum.data.read_pairs`.

    `folds` cuts the training file into so many (`dalmeum.data.folds`), of which fold number `fold` is dev.
    `max_train_pairs` draws so many of the training pairs, the same ones for every seed. `planted` adds
    pairs of a sentence and itself, changed, to all labelled splits; `spacing_pairs`, its name when it could
    plant spacing alone, is still read.
    """

    train: str = described(
        "labelled pairs: a path, or `hub:owner/name?config=...&split=...`",
        "레이블이 있는 문장쌍: 경로 또는 `hub:owner/name?config=...&split=...`",
    )
    dev: str | None = described(
        "labelled pairs; the checkpoint with the best Pearson over all of them is kept",
        "레이블이 있는 문장쌍. 전체에서 잰 피어슨이 가장 높은 체크포인트를 남깁니다",
        default=None,
    )
    test: str | None = described(
        "pairs to predict at the end, labelled or not",
        "끝에 예측할 문장쌍. 레이블은 없어도 됩니다",
        default=None,
    )
    format: str = described(
        "one of the [data formats](#data-formats)",
        "[데이터 형식](#데이터-형식) 중 하나",
        default="auto",
    )
    encoding: str = described(
        "`auto` (UTF-8 with or without BOM, else CP949), `utf-8`, `cp949`",
        "`auto`(BOM이 있든 없든 UTF-8, 아니면 CP949), `utf-8`, `cp949`",
        default="auto",
    )
    columns: dict[str, str] | None = described(
        "field to column for generic formats, as in `{sentence1: question1, label: score}`",
        "일반 형식에서 필드에 열을 지정: `{sentence1: question1, label: score}`",
        default=None,
    )
    folds: Annotated[int, Field(ge=2)] | None = described(
        "cut train into so many folds, one of which is dev; pairs that share a sentence stay together",
        "학습 파일을 이 수만큼의 폴드로 나누고 그중 하나를 dev로 씁니다. "
        "같은 문장이 든 쌍은 한 폴드에 모입니다",
        default=None,
    )
    fold: int = described(
        "which fold is dev, from 0",
        "dev로 쓸 폴드의 번호. 0부터 셉니다",
        default=0,
        ge=0,
    )
    max_train_pairs: Annotated[int, Field(ge=2)] | None = described(
        "train on so many pairs, drawn at random, the same ones for every seed",
        "학습 쌍에서 무작위로 이만큼만 씁니다. 시드가 달라도 같은 쌍입니다",
        default=None,
    )
    planted: Planted | None = described(
        "add pairs of a sentence and itself, changed, to all labelled splits, to see what a loss makes of "
        "them",
        "문장과 그 문장을 변형한 것을 짝지어 레이블이 있는 모든 분할에 더해, "
        "손실이 그런 쌍을 어떻게 다루는지 봅니다",
        default=None,
    )
    label_range: tuple[float, float] = described(
        "lowest and highest label",
        "가장 낮은 레이블과 가장 높은 레이블",
        default=(0.0, 5.0),
    )

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


ModelKind = Annotated[str, PlainValidator(_model_kind), WithJsonSchema({"enum": [*KINDS, "module:Kind"]})]
LossName = Annotated[
    str | Callable[..., Any],
    PlainValidator(_loss_name),
    PlainSerializer(written, when_used="json"),
    WithJsonSchema({"enum": [*LOSSES, "module:function"]}),
]


class ModelRecipe(Section):
    """Which pair scorer. `encoder`: a hub name, a folder, or `package:NAME/FOLDER` (an installed package).

    `kind` may be one of the user's own, `module:Kind` (`dalmeum.models.kinds.Kind`).
    """

    kind: ModelKind = described(
        "`cross` (a Hugging Face encoder reads both sentences at once), `bi` (each by itself, the score is a "
        "cosine), `offline` (no download), or a [kind of your own](python.md#a-model-kind-of-your-own), "
        "`module:Kind`",
        "`cross`(Hugging Face 인코더가 두 문장을 함께 읽음), `bi`(문장을 따로 읽고 코사인을 점수로 씀), "
        "`offline`(내려받기 없음), 또는 `module:Kind`로 쓰는 "
        "[직접 만든 종류](python.ko.md#직접-만든-모델-종류)",
        default="cross",
    )
    encoder: str | None = described(
        "for `cross` and `bi`: a hub name, a folder, or `package:NAME/FOLDER` in an installed Python package",
        "`cross`와 `bi`에서: 허브 이름, 폴더, 또는 설치된 파이썬 패키지 안의 `package:NAME/FOLDER`",
        default=None,
    )
    max_length: int = described(
        "for `cross`: tokens of a pair; longer ones are cut, the longer sentence first. For `bi`: tokens of "
        "a sentence",
        "`cross`에서: 한 쌍의 최대 토큰 수. 넘으면 긴 문장부터 자릅니다. `bi`에서: 한 문장의 최대 토큰 수",
        default=128,
        ge=8,
    )

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

    name: LossName = described(
        "what training minimises: see [losses](losses.md), or a "
        "[loss of your own](python.md#a-loss-of-your-own)",
        "학습에서 줄이려는 손실: [손실](losses.ko.md) 참고. "
        "[직접 만든 손실](python.ko.md#직접-만든-손실)도 됩니다",
        default="mixture",
    )
    alpha: ScheduledFraction = described(
        "share of the MAE in the mixture; a schedule goes in a straight line from the first step to the last",
        "mixture에서 MAE의 몫. 시작과 끝을 적으면 첫 스텝부터 마지막 스텝까지 직선으로 바뀝니다",
        default=0.1,
    )
    scope: Literal["auto", "micro", "exact", "dataset"] = described(
        "over which pairs the loss is taken: `exact` (the effective batch), `micro`, `dataset`; see "
        "[scope](losses.md#scope)",
        "손실을 어느 쌍들에 대해 구하는지: `exact`(유효 배치 전체), `micro`, `dataset`. "
        "[범위](losses.ko.md#범위) 참고",
        default="auto",
    )
    arguments: dict[str, JsonValue] = described(
        "what a loss of your own takes beside predictions, labels and alpha",
        "직접 만든 손실이 예측, 레이블, alpha 말고 더 받는 값",
        default_factory=dict,
    )

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

    weight: TaskWeight = described(
        "weight of that task's loss; `learned`: both tasks are weighed by their uncertainty",
        "그 과제 손실의 가중치. `learned`이면 두 과제의 가중치를 불확실성에서 학습합니다",
        default=0.2,
    )
    threshold: float | None = described(
        "similar means label >= this; none: the data's own binary column",
        "레이블이 이 값 이상이면 유사. 없으면 데이터의 이진 열을 씁니다",
        default=None,
    )


class TasksRecipe(Section):
    """Tasks beside similarity."""

    binary: BinaryTask | None = described(
        "learn similar-or-not beside the similarity",
        "유사도와 함께 유사/비유사를 학습합니다",
        default=None,
    )


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

    epochs: int = described(
        "times that every training pair is seen",
        "학습 데이터를 몇 번 보는가",
        default=3,
        ge=1,
    )
    max_steps: Annotated[int, Field(ge=1)] | None = described(
        "steps in place of epochs, to compare batches of different size",
        "에폭 대신 스텝 수로 정합니다. 배치 크기가 다른 실험을 견줄 때 씁니다",
        default=None,
    )
    effective_batch_size: int = described(
        "pairs in one step; the correlation is taken over all of them",
        "한 스텝의 문장쌍 수. 상관은 이 전체에서 구합니다",
        default=32,
        ge=2,
    )
    micro_batch_size: MicroBatch = described(
        "what fits in memory at once: a count of pairs, or of tokens with padding; `auto` is 16,384 tokens",
        "한 번에 메모리에 올리는 양. 쌍의 수, 또는 패딩을 포함한 토큰 수. `auto`는 16,384토큰",
        default="auto",
    )
    learning_rate: float = described(
        "peak learning rate; fits pretrained encoders, the offline one wants more",
        "최대 학습률. 사전학습 인코더에 맞춘 값이고 오프라인 인코더는 더 커야 합니다",
        default=2e-5,
        gt=0,
    )
    schedule: Literal["linear", "cosine", "constant"] = described(
        "of the learning rate, after the warm-up",
        "워밍업 뒤 학습률의 모양",
        default="linear",
    )
    warmup: Fraction = described(
        "share of all steps over which the learning rate rises",
        "전체 스텝 중 학습률이 올라가는 구간의 비율",
        default=0.1,
    )
    weight_decay: float = described(
        "AdamW's, not on biases and normalisation",
        "AdamW의 가중치 감쇠. 편향과 정규화 층에는 걸지 않습니다",
        default=0.01,
        ge=0,
    )
    layerwise_decay: float = described(
        "below 1, each layer further down learns more slowly by this factor",
        "1보다 작으면 아래층으로 갈수록 학습률에 이 값을 한 번씩 곱합니다",
        default=1.0,
        gt=0,
        le=1,
    )
    max_gradient_norm: float = described(
        "gradients are clipped to this norm",
        "그래디언트를 이 노름에서 자릅니다",
        default=1.0,
        gt=0,
    )
    evaluations_per_epoch: int = described(
        "looks at dev in an epoch, each a candidate for the best checkpoint",
        "에폭당 dev 평가 횟수. 매번 최고 체크포인트 후보가 됩니다",
        default=1,
        ge=1,
    )
    early_stopping: Annotated[int, Field(ge=1)] | None = described(
        "looks without a better dev Pearson after which to stop",
        "dev 피어슨이 이 횟수만큼 나아지지 않으면 멈춥니다",
        default=None,
    )
    group_by: Literal["length", "source", "none"] = described(
        "what the pairs of a batch have in common: `length` (less padding), `source`, or `none`",
        "한 배치의 쌍들이 닮은 점: `length`(길이. 패딩이 줄어듭니다), `source`(출처), `none`(무작위)",
        default="length",
    )
    seed: int = described(
        "decides head, batches and dropout",
        "헤드 초기값, 배치, 드롭아웃을 정합니다",
        default=42,
        ge=0,
        lt=2**32,
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = described(
        "`auto` is bfloat16 where the hardware is good at it, else float32",
        "`auto`는 하드웨어가 잘하면 bfloat16, 아니면 float32",
        default="auto",
    )


class Recipe(Section):
    """One run."""

    question: str | None = described(
        "what the run is to answer, in words; stands at the top of the report",
        "이 실행이 답하려는 질문. 보고서 맨 위에 나옵니다",
        default=None,
    )
    data: DataRecipe
    model: ModelRecipe
    loss: LossRecipe = LossRecipe()
    tasks: TasksRecipe = TasksRecipe()
    training: TrainingRecipe = TrainingRecipe()
    output: str = described(
        "where the run folder is made",
        "실행 폴더가 생기는 곳",
        default="runs",
    )

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
        values = recipe.model_dump()
    else:
        values = merged({}, recipe or {})
    return merged(values, sections), name


def build_recipe(values: dict[str, Any], name: str, problems: Sequence[str] = ()) -> Recipe:
    """A recipe from nested dictionaries; `problems` found earlier are reported along with its own."""
    return build(Recipe, values, name, problems)
