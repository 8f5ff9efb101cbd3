"""The section `training`: how the loss is minimised."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from dalmeum.configuration import Section, described
from dalmeum.recipe.schedules import Fraction

MOST = 1_000_000_000
"""Of pairs, tokens or steps: what is more is a slip of the hand."""


class TokenBudget(Section):
    """A micro-batch as the number of its tokens, padding included."""

    tokens: int = Field(ge=1, le=MOST)


def _count_or_budget(value: object) -> str:
    if isinstance(value, dict | Section):
        return "budget"
    return "auto" if isinstance(value, str) else "count"


MicroBatch = Annotated[
    Annotated[int, Field(ge=1, le=MOST), Tag("count")]
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
        le=1_000_000,
    )
    max_steps: Annotated[int, Field(ge=1, le=MOST)] | None = described(
        "steps in place of epochs, to compare batches of different size",
        "에폭 대신 스텝 수로 정합니다. 배치 크기가 다른 실험을 견줄 때 씁니다",
        default=None,
    )
    effective_batch_size: int = described(
        "pairs in one step; the correlation is taken over all of them",
        "한 스텝의 문장쌍 수. 상관은 이 전체에서 구합니다",
        default=32,
        ge=2,
        le=MOST,
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
        le=1_000_000,
    )
    early_stopping: Annotated[int, Field(ge=1, le=MOST)] | None = described(
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
