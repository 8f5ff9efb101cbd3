"""The section `model`: which pair scorer."""

from typing import Annotated, ClassVar, Self

from pydantic import PlainValidator, WithJsonSchema, model_validator

from dalmeum.configuration import Section, described, did_you_mean
from dalmeum.own_code import OWN_NAME

KIND_NAMES = ("cross", "bi", "offline")


def _model_kind(value: object) -> str:
    if isinstance(value, str) and (value in KIND_NAMES or OWN_NAME.fullmatch(value)):
        return value
    near = did_you_mean(value, KIND_NAMES) if isinstance(value, str) else ""
    raise ValueError(
        f"must be one of {', '.join(KIND_NAMES)}, or module:kind of your own, not {value!r:.80}{near}"
    )


ModelKind = Annotated[
    str, PlainValidator(_model_kind), WithJsonSchema({"enum": [*KIND_NAMES, "module:Kind"]})
]


class ModelRecipe(Section):
    """Which pair scorer. `encoder`: a hub name, a folder, `package:NAME/FOLDER` (an installed package), or
    one that a package carries in another form (`dalmeum.models.packaged`).

    `kind` may be one of the user's own, `module:Kind` (`dalmeum.models.kinds.Kind`).
    """

    MAIN: ClassVar[tuple[str, ...]] = ("kind", "encoder")

    kind: ModelKind = described(
        "`cross` (a Hugging Face encoder reads both sentences at once), `bi` (each by itself, the score is a "
        "cosine), `offline` (no download; `dalmeum[korean]`), or a "
        "[kind of your own](python.md#a-model-kind-of-your-own), `module:Kind`",
        "`cross`(Hugging Face 인코더가 두 문장을 함께 읽음), `bi`(문장을 따로 읽고 코사인을 점수로 씀), "
        "`offline`(내려받기 없음, `dalmeum[korean]` 필요), 또는 `module:Kind`로 쓰는 "
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
    max_length: int = described(
        "for `cross`: tokens of a pair; longer ones are cut, the longer sentence first. For `bi`: tokens of "
        "a sentence",
        "`cross`에서: 한 쌍의 최대 토큰 수. 넘으면 긴 문장부터 자릅니다. `bi`에서: 한 문장의 최대 토큰 수",
        default=128,
        ge=8,
        le=1_000_000,
    )

    @model_validator(mode="after")
    def encoder_belongs_to_kind(self) -> Self:
        if self.kind in ("cross", "bi") and not self.encoder:
            raise ValueError(
                f"encoder is missing: kind {self.kind} needs a hub name or a folder, e.g. klue/roberta-base"
            )
        if self.kind == "offline" and self.encoder:
            raise ValueError(
                "encoder has no use with kind offline: leave it out (model.encoder=), "
                "or take model.kind=cross"
            )
        return self
