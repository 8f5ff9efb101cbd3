"""What a run knows of itself that others may know: no place of this machine, no text of anybody's data."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dalmeum.comparison.text import OUTCOMES
from dalmeum.competition.tried import STUDIES, Judged, verdicts
from dalmeum.data.readers.hub import PREFIX as HUB_PREFIX
from dalmeum.data.splits import PairReader, Split, read_splits
from dalmeum.errors import DalmeumError
from dalmeum.languages import Text
from dalmeum.numbers import NONE, RANGE, number, signed
from dalmeum.recipe import Recipe
from dalmeum.runs.folder import Run
from dalmeum.serving.card.known import ENCODERS, SETS, KnownSet
from dalmeum.serving.card.told import CardFile

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

METRICS = {
    "pearson": Text("Pearson", "피어슨"),
    "spearman": Text("Spearman", "스피어만"),
    "rmse": Text.same("RMSE"),
    "mae": Text.same("MAE"),
    "f1": Text.same("F1"),
}

STUDY_JSON = "study.json"

UNKNOWN_SET = Text("the author's own", "만든 사람의 데이터")
UNKNOWN_LICENCE = Text("not stated", "밝히지 않음")
ENCODER, LOSS, EPOCHS = Text("base encoder", "바탕 인코더"), Text("loss", "손실"), Text("epochs", "에폭")
RATE, BATCH, SEED = Text("learning rate", "학습률"), Text("batch size", "배치 크기"), Text("seed", "시드")
DIFFERENCE = Text("{metric} {value} ({bounds})", "{metric} {value}({bounds})")
VERSIONS = Text("versions", "버전")
WEIGHTS = Text("{repo} ({licence})", "{repo}({licence})")

LIMITS = {
    "like": Text(
        "Scores are judged on pairs like those above. On other texts, other languages or other sizes of "
        "difference nothing here says how good it is.",
        "점수는 위와 비슷한 문장쌍에서 잰 것입니다. 다른 글, 다른 언어, 다른 종류의 차이에서 얼마나 좋은지는 "
        "알 수 없습니다.",
    ),
    "length": Text(
        "What is longer than {length} tokens is cut off.", "토큰 {length}개를 넘는 부분은 잘라 냅니다."
    ),
    "scale": Text(
        "A score may lie a little outside of {low} to {high}, and is no probability.",
        "점수는 {low}~{high}를 조금 벗어날 수 있고, 확률이 아닙니다.",
    ),
    "base": Text(
        "What the base encoder learned from is its makers' to say: public sets may have been among it, whose "
        "scores are then too high.",
        "바탕 인코더가 무엇을 학습했는지는 그것을 만든 쪽에서 밝힐 일입니다. 공개 데이터셋이 들어 있었다면 "
        "그 데이터셋의 점수는 실제보다 높습니다.",
    ),
    "practice": Text(
        "It was trained on synthetic practice data: it is for trying things out, not for work.",
        "합성한 연습용 데이터로 학습했습니다. 시험해 보는 용도이며 실제 일에 쓸 모델이 아닙니다.",
    ),
}


def scores(run: Run) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Those on pairs that it did not learn from: split, metric, score."""
    for split, scores in run.metrics().items():
        for name, score in scores.items() if split != "train" else ():
            if score and score["value"] is not None and name in METRICS:
                yield split, name, score


def score_rows(run: Run, told: CardFile) -> Iterator[dict[str, object]]:
    for split, name, score in scores(run):
        bounds = [score["low"], score["high"]]
        low, high = (NONE if each is None else number(each, 4) for each in bounds)
        yield {
            "pairs": cell(f"{set_name(run, split, told)} ({split})"),
            "metric": METRICS[name],
            "value": number(score["value"], 4),
            "interval": NONE if None in bounds else RANGE.format(low=low, high=high),
        }


def data_rows(run: Run, told: CardFile) -> Iterator[dict[str, object]]:
    for split, file in run.record.data.items():
        known, own = known_set(run, split), told.data.get(split)
        licence = (own and own.license) or (known and known.licence)
        url = (own and own.url) or (known and known.url)
        name = cell(str(set_name(run, split, told)))
        yield {
            "split": split,
            "name": f"[{name}]({url})" if url else name,
            "pairs": f"{file.rows:,}",
            "licence": cell(str(licence or UNKNOWN_LICENCE)),
        }


def set_name(run: Run, split: str, told: CardFile) -> str | Text:
    """As the author, a public set's content, or a hub's address says; never the name of a file."""
    file = run.record.data.get(split)  # type: ignore[call-overload]
    if split in told.data:
        return told.data[split].name
    if known := known_set(run, split):
        return known.name
    if file is not None and file.path.startswith(HUB_PREFIX):
        return str(file.path.removeprefix(HUB_PREFIX).partition("?")[0])
    return UNKNOWN_SET


def known_set(run: Run, split: str) -> KnownSet | None:
    """The public set that a split is, or is a part of."""
    file = run.record.data.get(split)  # type: ignore[call-overload]
    if file is None:
        return None
    found = SETS.get(file.sha256) or (file.pool and SETS.get(file.pool.sha256))
    return found or _cut_from(run, split)


def _cut_from(run: Run, split: str) -> KnownSet | None:
    """The public set of which folds or `max_train_pairs` left a split: its file says so, if it is there."""
    recipe = run.recipe()
    data = recipe.data
    if split not in ("train", "dev") or (data.folds is None and data.max_train_pairs is None):
        return None
    part: Split = "train" if split == "train" else "dev"
    reader = PairReader()
    with contextlib.suppress(DalmeumError):
        if read_splits(recipe, reader)[part].sha256 == run.record.data[part].sha256:
            cuts = dict.fromkeys(("folds", "fold", "max_train_pairs", "part", "unlabelled", "dev", "test"))
            source = data.train if part == "train" else data.dev or data.train
            whole = recipe.model_copy(update={"data": data.model_copy(update={**cuts, "train": source})})
            return SETS.get(read_splits(whole, reader)["train"].sha256)
    return None


def hub_sets(run: Run) -> Iterator[str]:
    for file in run.record.data.values():
        if file.path.startswith(HUB_PREFIX):
            yield file.path.removeprefix(HUB_PREFIX).partition("?")[0]


def base_models(run: Run) -> list[str]:
    """Repositories of the hub that the models began with; of an encoder that is a folder here nothing."""
    return [*dict.fromkeys(repo for _, repo in _singles(run) if repo)]


def _singles(run: Run) -> list[tuple[Recipe, str | None]]:
    """The recipe of each model, and the repository that it began with."""
    recipe, contents = run.recipe(), run.record.encoder or ""
    if not recipe.members:
        return [(recipe, _repository(recipe, "^commit ", contents))]
    members = recipe.members.items()
    return [(each, _repository(each, rf"\b{name} commit ", contents)) for name, each in members]


def _repository(recipe: Recipe, by_commit: str, contents: str) -> str | None:
    encoder = recipe.model.encoder or ""
    if encoder in ENCODERS:
        return ENCODERS[encoder].repo
    # What began with a repository is known by its commit, what began with a folder by the hash of its files.
    return encoder if re.search(by_commit, contents) else None


def is_blend(run: Run) -> bool:
    return (run.folder / "blend.json").is_file()


def verdict(run: Run) -> dict[str, Any] | None:
    """The newest word of a study beside this run on its arm; None where there is none."""
    judged = verdicts(run.folder.parent.parent / STUDIES).get(run.id)
    if judged is None:
        return None
    outcome = judged.outcome and OUTCOMES[judged.outcome]
    return {"study": judged.study, "arm": judged.arm, "outcome": outcome, "difference": _difference(judged)}


def _difference(judged: Judged) -> Text | None:
    """How much better than the baseline, with its interval."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        values = json.loads(judged.page.with_name(STUDY_JSON).read_bytes())
        first, *_ = values["splits"].values()
        found = first["arms"][judged.arm]["difference"]
        low, high = (signed(found[end]) for end in ("low", "high"))
        bounds = RANGE.format(low=low, high=high)
        return DIFFERENCE.format(metric=values["metric"], value=signed(found["value"]), bounds=bounds)
    return None


def training_rows(run: Run) -> Iterator[dict[str, object]]:
    if not is_blend(run):  # whose recipe is that of one member
        for recipe, encoder in _singles(run):
            training = recipe.training
            rows: dict[Text, object] = {
                ENCODER: encoder and _with_licence(encoder),
                LOSS: _loss(recipe),
                EPOCHS: training.epochs,
                RATE: training.learning_rate,
                BATCH: training.effective_batch_size,
                SEED: ", ".join(map(str, training.seeds)),
            }
            yield from ({"name": name, "value": value} for name, value in rows.items() if value is not None)
    versions = ", ".join(f"{name} {version}" for name, version in run.record.versions.items())
    yield {"name": VERSIONS, "value": versions}


def _with_licence(repo: str) -> str | Text:
    known = next((each for each in ENCODERS.values() if each.repo == repo), None)
    return repo if known is None else WEIGHTS.format(repo=repo, licence=known.licence)


def _loss(recipe: Recipe) -> str:
    name = str(recipe.loss.name)
    return f"{name}, alpha {recipe.loss.alpha}" if name == "mixture" else name


def limits(run: Run, scorer: "PairScorer", low: str, high: str) -> Iterator[Text]:
    yield LIMITS["like"]
    known = known_set(run, "train")
    if known and "practice" in known.name:
        yield LIMITS["practice"]
    if length := getattr(scorer.encoding, "max_length", None):
        yield LIMITS["length"].format(length=length)
    if not scorer.sigmoid:
        yield LIMITS["scale"].format(low=low, high=high)
    if any(each.model.encoder for each in run.recipe().singles):
        yield LIMITS["base"]


def cell(text: str) -> str:
    """What may stand in a row of a table."""
    return " ".join(text.split()).replace("|", "\\|")
