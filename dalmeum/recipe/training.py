"""The section `training`: how the loss is minimised."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from dalmeum.configuration import FromList, Section, described
from dalmeum.recipe.schedules import Fraction

AUTO: Mapping[str, Mapping[str, float]] = {
    "cross": {"epochs": 3, "effective_batch_size": 32, "learning_rate": 2e-5},
    "bi": {"epochs": 3, "effective_batch_size": 32, "learning_rate": 2e-5},
    "offline": {"epochs": 8, "effective_batch_size": 32, "learning_rate": 1e-3},
}
"""What `auto` means, by `model.kind`; kinds of one's own have that of `cross`.

The offline encoder's were measured by `benchmarks/default_training.py`: it starts from nothing, and hardly
moves at 2e-5."""

AUTO_KEYS = tuple(AUTO["cross"])


def auto_numbers(kind: str) -> Mapping[str, float]:
    """What `auto` means for a kind of model, by key."""
    return AUTO.get(kind, AUTO["cross"])


CURVE_VIEWERS = ("tensorboard", "wandb", "mlflow")
"""Where curves can go while a run trains, by the name of the Python package that takes them there."""
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


def _auto(key: str) -> str:
    """What `auto` means, in the words of the reference."""
    values = {kind: f"{numbers[key]:g}".replace("e-0", "e-") for kind, numbers in AUTO.items()}
    return ", ".join(
        f"{value} ({', '.join(f'`{kind}`' for kind in values if values[kind] == value)})"
        for value in dict.fromkeys(values.values())
    )


def _viewers(value: object) -> Literal["none"] | tuple[str, ...]:
    named = [] if value in (None, "none") else list(value) if isinstance(value, list | tuple) else [value]
    if any(name not in CURVE_VIEWERS for name in named):
        raise ValueError(f"must be none, {', '.join(CURVE_VIEWERS)}, or a list of them, not {value!r:.80}")
    return tuple(dict.fromkeys(map(str, named))) or "none"


Seed = Annotated[int, Field(ge=0, lt=2**32)]

Seeds = Annotated[
    Annotated[Seed, Tag("one")] | Annotated[tuple[Seed, ...], Field(min_length=2), FromList, Tag("several")],
    Discriminator(lambda value: "several" if isinstance(value, list | tuple) else "one"),
]


CurveViewers = Annotated[
    Literal["none"] | tuple[str, ...],
    PlainValidator(_viewers),
    PlainSerializer(lambda named: named[0] if len(named) == 1 else named),
    WithJsonSchema({"enum": ["none", *CURVE_VIEWERS], "list": True}),
]


class TrainingRecipe(Section):
    """How the loss is minimised.

    What is `auto` among `epochs`, `effective_batch_size` and `learning_rate` becomes a number when a recipe
    is built, since that alone knows the kind of model; it stays out of `model_fields_set`.

    `max_steps`, where given, decides over `epochs`. `effective_batch_size` is what a step learns from,
    `micro_batch_size` what fits in memory at once. `group_by` is what the pairs of a batch have in common.
    `warmup` is a share of all steps; `layerwise_decay` multiplies the learning rate once for each layer below
    the head; `early_stopping` is the number of evaluations without a better dev Pearson after which to stop.
    """

    epochs: int = described(
        f"times that every training pair is seen; `auto`: {_auto('epochs')}",
        f"학습 데이터를 몇 번 보는가. `auto`: {_auto('epochs')}",
        default="auto",
        ge=1,
        le=1_000_000,
    )
    max_steps: Annotated[int, Field(ge=1, le=MOST)] | None = described(
        "steps in place of epochs, to compare batches of different size",
        "에폭 대신 스텝 수로 정합니다. 배치 크기가 다른 실험을 견줄 때 씁니다",
        default=None,
    )
    effective_batch_size: int = described(
        "pairs in one step; the correlation is taken over all of them; `auto`: "
        f"{_auto('effective_batch_size')}",
        f"한 스텝의 문장쌍 수. 상관은 이 전체에서 구합니다. `auto`: {_auto('effective_batch_size')}",
        default="auto",
        ge=2,
        le=MOST,
    )
    micro_batch_size: MicroBatch = described(
        "what fits in memory at once: a count of pairs, or of tokens with padding; `auto` is 16,384 tokens",
        "한 번에 메모리에 올리는 양. 쌍의 수, 또는 패딩을 포함한 토큰 수. `auto`는 16,384토큰",
        default="auto",
    )
    learning_rate: float = described(
        f"peak learning rate; `auto`: {_auto('learning_rate')}",
        f"최대 학습률. `auto`: {_auto('learning_rate')}",
        default="auto",
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
    seed: Seeds = described(
        "decides head, batches and dropout; of a list, as `[1, 2, 3]`, a model is trained with each, and all "
        "together answer with their mean ([seeds](training.md#folds-and-seeds))",
        "헤드 초기값, 배치, 드롭아웃을 정합니다. `[1, 2, 3]`처럼 여럿을 적으면 시드마다 모델을 하나씩 "
        "학습하고, 답은 그 평균입니다([시드](training.ko.md#폴드와-시드))",
        default=42,
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = described(
        "`auto` is bfloat16 where the hardware is good at it, else float32",
        "`auto`는 하드웨어가 잘하면 bfloat16, 아니면 float32",
        default="auto",
    )
    report_to: CurveViewers = described(
        "where curves go while the run trains: `tensorboard` (files in the run's `logs/`), `wandb`, `mlflow` "
        "([whole runs](team.md#mlflow)), a list of them, or `none`; each is a Python package to install",
        "학습하는 동안 곡선을 보낼 곳: `tensorboard`(실행 폴더의 `logs/`에 파일), `wandb`, `mlflow`"
        "([실행 전체](team.ko.md#mlflow)), 이들의 목록, 또는 `none`. 각각 파이썬 패키지를 설치해야 합니다",
        default="none",
    )

    @model_validator(mode="after")
    def seeds_differ(self) -> Self:
        if isinstance(self.seed, tuple) and len(set(self.seed)) < len(self.seed):
            raise ValueError(f"seed {list(self.seed)}: one stands there twice, and would learn the same")
        return self

    @property
    def seeds(self) -> tuple[int, ...]:
        """All of them; of a single model one."""
        return self.seed if isinstance(self.seed, tuple) else (self.seed,)

    @property
    def one_seed(self) -> int:
        """Of a single model; of several the first."""
        return self.seeds[0]

    @model_validator(mode="before")
    @classmethod
    def auto_is_left_to_the_kind(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if key not in AUTO_KEYS or value != "auto"}

    def for_kind(self, kind: str, of_all: "TrainingRecipe | None" = None) -> Self:
        """The section with a number for all that is `auto`: the kind's, or that of `of_all`, the section of
        an ensemble's whole recipe, where it has one.
        """
        numbers = {**auto_numbers(kind)}
        if of_all is not None:
            numbers |= {key: getattr(of_all, key) for key in AUTO_KEYS if key in of_all.model_fields_set}
        automatic = {key: numbers[key] for key in AUTO_KEYS if key not in self.model_fields_set}
        return self.model_construct(self.model_fields_set, **{**dict(self), **automatic})
