"""The section `model`: which pair scorer, or which several."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BeforeValidator,
    Field,
    FieldSerializationInfo,
    PlainValidator,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    field_serializer,
    model_serializer,
    model_validator,
)

from dalmeum.configuration import Section, described, did_you_mean
from dalmeum.errors import InputError
from dalmeum.own_code import OWN_NAME
from dalmeum.recipe.training import AUTO_KEYS, TrainingRecipe

KIND_NAMES = ("cross", "bi", "offline")
"""Kinds of a single model."""

ENSEMBLE = "ensemble"

MEMBER_NAME = re.compile(r"(?!(?i:con|prn|aux|nul|com\d|lpt\d)$)[A-Za-z0-9][A-Za-z0-9_-]{0,29}")
"""A folder's name, too, on Windows as well, and a part of a key."""


def _one_of(*names: str) -> Callable[[object], str]:
    def kind(value: object) -> str:
        if isinstance(value, str) and (value in names or OWN_NAME.fullmatch(value)):
            return value
        near = did_you_mean(value, names) if isinstance(value, str) else ""
        raise ValueError(
            f"must be one of {', '.join(names)}, or module:kind of your own, not {value!r:.80}{near}"
        )

    return kind


ModelKind = Annotated[
    str,
    PlainValidator(_one_of(*KIND_NAMES, ENSEMBLE)),
    WithJsonSchema({"enum": [*KIND_NAMES, ENSEMBLE, "module:Kind"]}),
]
MemberKind = Annotated[
    str, PlainValidator(_one_of(*KIND_NAMES)), WithJsonSchema({"enum": [*KIND_NAMES, "module:Kind"]})
]


def _check_encoder(kind: str, encoder: str | None, place: str = "model") -> None:
    if kind in ("cross", "bi") and not encoder:
        raise ValueError(
            f"encoder is missing: kind {kind} needs a hub name or a folder, e.g. klue/roberta-base"
        )
    if kind == "offline" and encoder:
        raise ValueError(
            f"encoder has no use with kind offline: leave it out ({place}.encoder=), "
            f"or take {place}.kind=cross"
        )


def _check_universal(kind: str, universal: object, place: str = "model") -> None:
    if kind != "offline" and universal is not None:
        raise ValueError(
            f"universal is of kind offline, and has no use with {kind}: leave it out ({place}.universal=)"
        )


def _without_universal(values: dict[str, Any]) -> dict[str, Any]:
    """Recipes that say nothing of it are what they were before it could be said."""
    if values.get("universal") is None:
        values.pop("universal", None)
    return values


class UniversalRecipe(Section):
    """What the offline encoder makes of its universal sentence encoder, beyond its cosines as features."""

    tuned_folds: Annotated[int, Field(ge=2, le=20)] | None = described(
        "train its dense layers on the labels, for a further cosine: of training pairs out of so many folds, "
        "of others by the mean of the folds' weights",
        "문장 인코더의 밀집층을 레이블로 학습해 코사인을 하나 더 씁니다. 학습 쌍에는 이 수만큼의 폴드로 나눠 "
        "그 쌍을 보지 않은 층을, 다른 쌍에는 폴드 가중치의 평균을 씁니다",
        default=None,
    )
    share: float = described(
        "share of its bare cosine in the answer, which holds on text unlike the training pairs",
        "답에서 학습하지 않은 코사인이 차지하는 비율. 학습 쌍과 다른 글에서 버티는 몫입니다",
        default=0.0,
        ge=0,
        le=0.9,
    )


@contextlib.contextmanager
def errors_of_member(name: str) -> Iterator[None]:
    """Let an `InputError` that names a key of the section name that of a member of an ensemble."""
    try:
        yield
    except InputError as error:
        told = re.sub(
            r"\bmodel\.(kind|encoder|universal|max_length)\b", rf"model.members.{name}.\1", str(error)
        )
        error.args = (told,)
        raise


class MemberRecipe(Section):
    """One member of an ensemble: `kind`, `encoder`, `universal` and `max_length` as of a single model, and
    what of the section `training` is its own. The rest is the recipe's, `max_length` too.
    """

    MAIN: ClassVar[tuple[str, ...]] = ("kind", "encoder")

    kind: MemberKind
    encoder: str | None = None
    universal: UniversalRecipe | None = None
    max_length: Annotated[int, Field(ge=8, le=1_000_000)] | None = None
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)

    @model_validator(mode="after")
    def encoder_belongs_to_kind(self) -> Self:
        _check_encoder(self.kind, self.encoder, "model.members.NAME")
        _check_universal(self.kind, self.universal, "model.members.NAME")
        return self

    @model_serializer(mode="wrap")
    def what_is_not_given_is_left_out(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_universal(handler(self))

    @model_validator(mode="after")
    def what_is_the_runs_is_not_a_members(self) -> Self:
        for key in ("seed", "report_to"):
            if key in self.training.model_fields_set:
                raise ValueError(f"training.{key} is the whole run's: set it in the recipe's own training")
        return self

    @field_serializer("training")
    def own_training(self, training: TrainingRecipe, info: FieldSerializationInfo) -> dict[str, Any]:
        """What is its own, and the numbers that `auto` stands for."""
        kept = training.model_fields_set | set(AUTO_KEYS)
        return training.model_dump(mode=info.mode, include=kept, warnings=False)


def _without_none(members: object) -> object:
    """An arm of a study leaves a member out with `model.members.NAME: null`, and all with null."""
    if isinstance(members, dict):
        return {name: member for name, member in members.items() if member is not None}
    return {} if members is None else members


class ModelRecipe(Section):
    """Which pair scorer. `encoder`: a hub name, a folder, `package:NAME/FOLDER` (an installed package), or
    one that a package carries in another form (`dalmeum.models.packaged`).

    `kind` may be one of the user's own, `module:Kind` (`dalmeum.models.kinds.Kind`).
    """

    MAIN: ClassVar[tuple[str, ...]] = ("kind", "encoder")

    kind: ModelKind = described(
        "`cross` (a Hugging Face encoder reads both sentences at once), `bi` (each by itself, the score is a "
        "cosine), `offline` (no download; `dalmeum[korean]`), `ensemble` (several of them), or a "
        "[kind of your own](python.md#a-model-kind-of-your-own), `module:Kind`",
        "`cross`(Hugging Face 인코더가 두 문장을 함께 읽음), `bi`(문장을 따로 읽고 코사인을 점수로 씀), "
        "`offline`(내려받기 없음, `dalmeum[korean]` 필요), `ensemble`(여러 모델을 함께 씀), "
        "또는 `module:Kind`로 쓰는 "
        "[직접 만든 종류](python.ko.md#직접-만든-모델-종류)",
        default="cross",
    )
    encoder: str | None = described(
        "for `cross` and `bi`: a hub name, a folder, `package:NAME/FOLDER` in an installed Python package, "
        "or `package:e5` (`package:e5/full`, `package:FILE.whl`; [encoders](training.md#encoders))",
        "`cross`와 `bi`에서: 허브 이름, 폴더, 설치된 파이썬 패키지 안의 `package:NAME/FOLDER`, 또는 "
        "`package:e5`(`package:e5/full`, `package:FILE.whl`. [인코더](training.ko.md#인코더) 참고)",
        default=None,
    )
    universal: UniversalRecipe | None = described(
        "for `offline`: what it makes of its sentence encoder beyond the features",
        "`offline`에서: 특징 말고 문장 인코더를 더 쓰는 방법",
        default=None,
    )
    max_length: int = described(
        "for `cross`: tokens of a pair; longer ones are cut, the longer sentence first. For `bi`: tokens of "
        "a sentence",
        "`cross`에서: 한 쌍의 최대 토큰 수. 넘으면 긴 문장부터 자릅니다. `bi`에서: 한 문장의 최대 토큰 수",
        default=128,
        ge=8,
        le=1_000_000,
    )
    members: Annotated[dict[str, MemberRecipe], BeforeValidator(_without_none)] = described(
        "for `ensemble`: a name for each member, with its `kind`, `encoder`, `max_length` and `training`; "
        "see [ensembles](training.md#ensembles)",
        "`ensemble`에서: 구성 모델의 이름과 그 `kind`, `encoder`, `max_length`, `training`. "
        "[앙상블](training.ko.md#앙상블) 참고",
        default_factory=dict,
    )

    @model_validator(mode="after")
    def encoder_belongs_to_kind(self) -> Self:
        _check_encoder(self.kind, self.encoder)
        _check_universal(self.kind, self.universal)
        return self

    @model_validator(mode="after")
    def members_belong_to_an_ensemble(self) -> Self:
        if self.kind != ENSEMBLE:
            if self.members:
                raise ValueError(
                    f"members have no use with kind {self.kind}: leave them out (model.members=), "
                    f"or take model.kind={ENSEMBLE}"
                )
            return self
        if self.encoder:
            raise ValueError(
                "encoder has no use with kind ensemble: give it to a member (model.members.NAME.encoder)"
            )
        if len(self.members) < 2:
            raise ValueError(
                f"members: an ensemble has two or more, not {len(self.members)}: "
                "write members: {NAME: {kind: ...}, ...}"
            )
        for name in self.members:
            if not MEMBER_NAME.fullmatch(name):
                raise ValueError(
                    f"members: {name!r:.80} is no name: letters, digits, '-' and '_', 30 at most"
                )
        folded = {name.casefold(): name for name in self.members}
        if twice := [name for name in self.members if folded[name.casefold()] != name]:
            raise ValueError(
                f"members: {twice[0]} and {folded[twice[0].casefold()]} differ in capitals alone, and would "
                "share a folder on some systems: rename one"
            )
        return self

    @model_serializer(mode="wrap")
    def single_models_have_no_members(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values = _without_universal(handler(self))
        if not self.members:
            values.pop("members", None)
        return values
