"""The section `data`: which pairs, from which files."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from dalmeum.configuration import FromList, Section, described
from dalmeum.numbers import range_fault

MOST_FOLDS = 1000

FoldGroups = Literal["sentences", "near_duplicates"]
"""What keeps pairs in one fold (`dalmeum.data.folds`)."""


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


class Part(Section):
    """A part of the training pairs (`dalmeum.data.parts`), one of many of its size."""

    pairs: int = described(
        "pairs in a part; .8 of the training pairs at most",
        "한 부분의 쌍 수. 학습 쌍의 0.8배까지",
        ge=2,
    )
    number: int = described(
        "which part, from 0: as many as the training pairs have room for share no pair",
        "몇 번째 부분인지. 0부터 세며, 학습 쌍을 나눌 수 있는 만큼은 서로 겹치지 않습니다",
        default=0,
        ge=0,
    )


class DataRecipe(Section):
    """Which pairs, from which files. A path, or `hub:...`; see `dalmeum.data.read_pairs`.

    `folds` cuts the training file into so many (`dalmeum.data.folds`), of which fold number `fold` is dev;
    without `fold` each is dev in turn, and a model is trained for each. `fold_groups` is what keeps pairs in
    one fold; `auto` becomes one of the two when a recipe is built.
    `max_train_pairs` draws so many of the training pairs, the same ones for every seed. `part` takes a part
    of what is then there, before pairs are planted; a study's `resample_train` sets it for each seed.
    `planted` adds pairs of a sentence and itself, changed, to all labelled splits; `spacing_pairs`, its name
    when it could plant spacing alone, is still read. `unlabelled` are pairs that `loss.teacher` scores
    (`dalmeum.data.unlabelled`).
    """

    MAIN: ClassVar[tuple[str, ...]] = ("train",)

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
    unlabelled: str | None = described(
        "pairs to learn from by the scores of `loss.teacher`; labels that it may have are not read, and what "
        "shares a sentence with dev or test is left out ([distillation](training.md#distillation))",
        "`loss.teacher`의 점수로 배울 문장쌍. 레이블이 있어도 읽지 않고, dev나 test와 같은 문장이 든 쌍은 "
        "뺍니다([증류](training.ko.md#증류))",
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
    folds: Annotated[int, Field(ge=2, le=MOST_FOLDS)] | None = described(
        "cut train into so many folds, each of which is dev in turn: a model is trained for each, and all "
        "together answer with their mean ([folds](training.md#folds-and-seeds)); pairs that share a sentence "
        "stay together",
        "학습 파일을 이 수만큼의 폴드로 나누어 돌아가며 dev로 씁니다. 폴드마다 모델을 하나씩 학습하고, "
        "답은 그 평균입니다([폴드](training.ko.md#폴드와-시드)). 같은 문장이 든 쌍은 한 폴드에 모입니다",
        default=None,
    )
    fold: Annotated[int, Field(ge=0)] | None = described(
        "the one fold that is dev, from 0: a single model, trained on the others",
        "dev로 쓸 폴드 하나의 번호. 0부터 셉니다. 나머지 폴드로 모델을 하나만 학습합니다",
        default=None,
    )
    fold_groups: Literal["auto", "sentences", "near_duplicates"] = described(
        "what keeps pairs in one fold: `sentences` that they share, letter for letter, or `near_duplicates` "
        "of them, too, however spaced; `auto`: `sentences` with a `fold`, as ever, else `near_duplicates`",
        "무엇이 같으면 한 폴드에 모으는가. `sentences`: 글자까지 같은 문장, `near_duplicates`: 띄어쓰기만 "
        "다르거나 거의 같은 문장까지. `auto`: `fold`가 있으면 예전처럼 `sentences`, 없으면 `near_duplicates`",
        default="auto",
    )
    max_train_pairs: Annotated[int, Field(ge=2)] | None = described(
        "train on so many pairs, drawn at random, the same ones for every seed",
        "학습 쌍에서 무작위로 이만큼만 씁니다. 시드가 달라도 같은 쌍입니다",
        default=None,
    )
    part: Part | None = described(
        "train on a part of the training pairs; a study's `resample_train` gives each seed its own",
        "학습 쌍의 한 부분으로만 학습합니다. 비교 실험의 `resample_train`이 시드마다 다른 부분을 줍니다",
        default=None,
    )
    planted: Planted | None = described(
        "add pairs of a sentence and itself, changed, to all labelled splits, to see what a loss makes of "
        "them",
        "문장과 그 문장을 변형한 것을 짝지어 레이블이 있는 모든 분할에 더해, "
        "손실이 그런 쌍을 어떻게 다루는지 봅니다",
        default=None,
    )
    label_range: Annotated[tuple[float, float], FromList] = described(
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

    @model_validator(mode="before")
    @classmethod
    def fold_of_nothing_is_none(cls, values: Any) -> Any:
        """Where there are no folds, 0 is what older recipes wrote for none."""
        if isinstance(values, dict) and values.get("folds") is None and type(values.get("fold")) is int:
            return {**values, "fold": values["fold"] or None}
        return values

    @model_validator(mode="after")
    def range_is_a_range(self) -> Self:
        low, high = self.label_range
        if not low < high:
            raise ValueError(f"label_range [{low:g}, {high:g}] must go from low to high")
        if fault := range_fault(low, high):
            raise ValueError(f"label_range {fault}")
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
            if self.fold is not None:
                raise ValueError(f"fold {self.fold} of how many? Set folds, too")
            if self.fold_groups != "auto":
                raise ValueError(f"fold_groups {self.fold_groups} of which folds? Set folds, or leave it out")
        elif self.dev is not None:
            raise ValueError("folds takes dev out of train: leave dev out, as by data.dev=")
        elif self.fold is not None and self.fold >= self.folds:
            raise ValueError(f"fold {self.fold}: {self.folds} folds count from 0 to {self.folds - 1}")
        elif self.fold_groups == "auto":
            # What is frozen is for those who use a recipe; here it is still being made.
            object.__setattr__(self, "fold_groups", self._usual_groups)
        return self

    @property
    def kept_together(self) -> FoldGroups:
        """What `fold_groups` is, `auto` of a recipe without folds too."""
        return self._usual_groups if self.fold_groups == "auto" else self.fold_groups

    @property
    def _usual_groups(self) -> FoldGroups:
        return "near_duplicates" if self.fold is None else "sentences"

    @model_serializer(mode="wrap")
    def what_was_usual_goes_unsaid(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Recipes from before there was a choice are the same as ever."""
        values: dict[str, Any] = handler(self)
        if self.folds is None or (self.fold is not None and self.fold_groups == self._usual_groups):
            values.pop("fold_groups", None)
        if self.unlabelled is None:
            values.pop("unlabelled", None)
        return values

    @property
    def all_folds(self) -> int:
        """How many folds are dev in turn; 0 where dev is one thing, or nothing."""
        return 0 if self.fold is not None else self.folds or 0

    @property
    def has_dev(self) -> bool:
        return self.dev is not None or self.folds is not None

    @property
    def sources(self) -> tuple[str, ...]:
        """What is read: train, and where there are any dev, test and unlabelled."""
        named = (self.train, self.dev, self.test, self.unlabelled)
        return tuple(source for source in named if source is not None)
