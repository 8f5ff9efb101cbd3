"""The sections `loss` and `tasks`: what training minimises."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    JsonValue,
    PlainSerializer,
    PlainValidator,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from dalmeum.configuration import Section, described, did_you_mean
from dalmeum.own_code import OWN_NAME, is_own, written
from dalmeum.recipe.schedules import ScheduledFraction, TaskWeight

LOSS_NAMES = ("mixture", "correlation", "ccc", "mae", "mse", "huber", "bce", "ranknet", "cosent", "angle")

OTHER_NAMES = {
    **dict.fromkeys(("mse_loss", "mseloss", "l2", "l2_loss"), "mse"),
    **dict.fromkeys(("l1", "l1_loss", "l1loss", "mae_loss"), "mae"),
    **dict.fromkeys(("smooth_l1", "smoothl1", "smoothl1loss", "huberloss"), "huber"),
    **dict.fromkeys(("pearson", "pearson_loss", "corr", "pcc"), "correlation"),
    **dict.fromkeys(("bceloss", "bcewithlogitsloss", "cross_entropy", "binary_cross_entropy"), "bce"),
    **dict.fromkeys(("cosentloss", "cosine"), "cosent"),
    **dict.fromkeys(("angleloss",), "angle"),
}
"""What other tools call the losses."""


def _loss_name(value: object) -> str | Callable[..., Any]:
    if callable(value) or (isinstance(value, str) and (value in LOSS_NAMES or OWN_NAME.fullmatch(value))):
        return value
    name = OTHER_NAMES.get(value.lower(), value) if isinstance(value, str) else ""
    near = did_you_mean(name, LOSS_NAMES)
    raise ValueError(
        f"must be one of {', '.join(LOSS_NAMES)}, or module:function of your own, not {value!r:.80}{near}"
    )


LossName = Annotated[
    str | Callable[..., Any],
    PlainValidator(_loss_name),
    PlainSerializer(written, when_used="json"),
    WithJsonSchema({"enum": [*LOSS_NAMES, "module:function"]}),
]


class LossRecipe(Section):
    """What training minimises.

    `name` may be one of the user's own, `module:function`, or in Python the function itself
    (`dalmeum.losses.own`); `arguments` are what that one takes beside predictions and labels. `alpha` is the
    share of the MAE in the mixture; of the others an own one that names it has it. `scope` says over which
    pairs a loss is taken (`dalmeum.training.scopes`). `teacher` scores `data.unlabelled`, whose pairs are
    learned from beside the labelled ones.
    """

    MAIN: ClassVar[tuple[str, ...]] = ("name",)

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
    teacher: str | None = described(
        "a run, blend or model folder whose scores of `data.unlabelled` are labels, too "
        "([distillation](training.md#distillation))",
        "`data.unlabelled`에 매긴 점수를 레이블로 삼을 실행, 블렌드 또는 모델 폴더"
        "([증류](training.ko.md#증류))",
        default=None,
    )

    @model_validator(mode="after")
    def arguments_are_for_own_losses(self) -> Self:
        if self.arguments and not is_own(self.name):
            raise ValueError(f"arguments are for a loss of your own: {self.name} takes none")
        if "alpha" in self.arguments:
            raise ValueError("arguments.alpha: has a key of its own, loss.alpha")
        return self

    @model_serializer(mode="wrap")
    def no_teacher_goes_unsaid(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Recipes from before there were any are the same as ever."""
        values: dict[str, Any] = handler(self)
        if self.teacher is None:
            values.pop("teacher", None)
        return values


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
