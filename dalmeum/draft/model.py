"""Which model a first recipe trains: the best that is installed and that this machine trains soon."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from dalmeum.configuration import yaml_line
from dalmeum.draft.comments import comment
from dalmeum.errors import InputError, MissingExtraError
from dalmeum.languages import Text
from dalmeum.models.packaged import FULL, Packaged
from dalmeum.models.packaged.source import SOURCES
from dalmeum.models.pretrained import check_encoder
from dalmeum.recipe import ModelRecipe

OFFLINE, E5 = "offline", "package:e5"

SLOWER = 7
"""How many times the offline encoder's processor time e5 takes on the practice set, from start to report
(`benchmarks/first_recipes.py`); more on more pairs."""

NOT_KOREAN = Text(
    "offline is made for Korean, and few of these pairs have any: a pretrained encoder will do far better.",
    "offline은 한국어용인데 한글이 든 문장쌍이 적습니다. 사전학습 인코더가 훨씬 낫습니다.",
)
OFFLINE_HERE = Text(
    "offline is trained in minutes, without a GPU. A pretrained encoder scores higher and takes {times} "
    "times as long or more{how}; in place of the line below:",
    "offline은 GPU 없이 몇 분이면 학습합니다. 사전학습 인코더는 점수가 더 높지만 {times}배 넘게 "
    "걸립니다{how}. 아래 줄 대신 이렇게 씁니다:",
)
INSTALL = Text(" (pip install 'dalmeum[e5]')", "(pip install 'dalmeum[e5]')")
E5_HERE = Text(
    "multilingual-e5-small from an installed package, as a bi-encoder: each sentence gets an embedding, and "
    "their cosine is the score. Without a GPU it takes {times} times as long as offline or more{why}; in "
    "place of the two lines below:",
    "설치된 패키지에 든 multilingual-e5-small을 바이 인코더로 씁니다. 문장마다 임베딩을 만들고 그 코사인으로 "
    "점수를 냅니다. GPU가 없으면 offline보다 {times}배 넘게 오래 걸립니다{why}. 아래 두 줄 대신 "
    "이렇게 씁니다:",
)
CROSS = Text(
    "cross: the encoder reads both sentences at once. bi is quicker where many are compared.",
    "cross: 인코더가 두 문장을 함께 읽습니다. bi는 많은 문장을 견줄 때 더 빠릅니다.",
)
TOLD_OFFLINE = Text(
    "offline (minutes, no GPU); --encoder {other} scores higher and takes {times} times as long or more{how}",
    "offline(몇 분, GPU 불필요). --encoder {other}는 점수가 더 높지만 {times}배 넘게 걸립니다{how}",
)
TOLD_E5 = Text(
    "bi, {encoder}; --encoder offline is quicker without a GPU{why}",
    "bi, {encoder}. GPU가 없으면 --encoder offline이 빠릅니다{why}",
)


@dataclass(frozen=True)
class ChosenModel:
    """What a recipe trains.

    Attributes:
        encoder: None for the offline one.
        named: whether the user named it.
        e5: the encoder that `package:e5` is for these pairs: its whole vocabulary where they are not Korean.
        has_e5: whether it is installed, with what trains it.
        lacking: why the offline encoder can't be trained here; None where it can.
    """

    kind: Literal["offline", "bi", "cross"]
    encoder: str | None
    named: bool
    e5: str
    has_e5: bool
    lacking: str | None

    @property
    def is_packaged(self) -> bool:
        """Whether it is a sentence encoder that a package carries, which has numbers of its own."""
        return self.kind == "bi"


def chosen_model(encoder: str | None, *, korean: bool) -> ChosenModel:
    """The one that the user named, or the best of what is installed.

    Without a GPU that is the offline encoder, since a first run is to be over in minutes; with one, e5. Each
    stands in for the other where that is missing.

    Raises `InputError` where nothing is installed that could be trained, or what was named is not.
    """
    e5, lacking = E5 if korean else E5 + FULL, _lacking_offline()
    name = encoder or _best(e5, lacking)
    known: dict[str, Any] = {"named": bool(encoder), "e5": e5, "has_e5": has_e5(), "lacking": lacking}
    if name == OFFLINE:
        if lacking is not None:
            raise InputError(lacking)
        return ChosenModel("offline", None, **known)
    packaged = Packaged.named(name)
    if packaged is None:
        return ChosenModel("cross", name, **known)
    missing = _missing(packaged.source.package) if packaged.wheel is None else _missing()
    if missing is not None:
        raise MissingExtraError(missing, packaged.source.extra)
    return ChosenModel("bi", name, **known)


def _best(e5: str, lacking: str | None) -> str:
    if lacking is None and not (has_e5() and has_gpu()):
        return OFFLINE
    if not has_e5():
        raise InputError(f"{lacking}; or name an encoder, as in --encoder klue/roberta-base")
    return e5


def has_e5() -> bool:
    return _missing(SOURCES["e5"].package) is None


def has_gpu() -> bool:
    from dalmeum.models.precision import default_device  # torch, only where there is a choice

    return default_device().type != "cpu"


def _missing(*packages: str) -> str | None:
    """The first of what a packaged encoder takes that is not installed."""
    wanted = (*packages, "sentence_transformers")
    return next((name.replace("_", "-") for name in wanted if importlib.util.find_spec(name) is None), None)


def _lacking_offline() -> str | None:
    try:
        check_encoder(ModelRecipe(kind="offline"))
    except InputError as error:
        return str(error)
    return None


def model_told(model: ChosenModel) -> Text:
    """What was chosen, and how to have the other, for the terminal."""
    if model.named and model.kind != "offline":
        return Text.same(f"{model.kind}, {model.encoder}")
    if model.kind == "offline":
        how = "" if model.has_e5 else INSTALL
        return TOLD_OFFLINE.format(other=model.e5, times=SLOWER, how=how)
    return TOLD_E5.format(encoder=model.encoder, why=_why(model))


def model_lines(model: ChosenModel, *, korean: bool) -> Iterator[str]:
    """The section of a recipe, with the other choice as a comment."""
    yield "model:"
    if model.kind == "offline":
        if not korean:
            yield from comment(NOT_KOREAN, 2)
        yield from comment(OFFLINE_HERE.format(times=SLOWER, how="" if model.has_e5 else INSTALL), 2)
        yield "  #   kind: bi"
        yield f"  #   encoder: {model.e5}"
        yield "  kind: offline"
        yield ""
        return
    if model.kind == "bi":
        yield from comment(E5_HERE.format(times=SLOWER, why=_why(model)), 2)
        yield "  #   kind: offline"
    else:
        yield from comment(CROSS, 2)
    yield f"  kind: {model.kind}"
    yield f"  encoder: {yaml_line(model.encoder)}"
    yield ""


def _why(model: ChosenModel) -> str:
    """What the offline encoder lacks here, in brackets."""
    return "" if model.lacking is None else f" ({model.lacking})"
