"""Golden scores: what a model answered when it was saved travels with it, and is asked again where something
that moves scores has changed since.
"""

import contextlib
import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import InputError
from dalmeum.files import write_json
from dalmeum.languages import Text
from dalmeum.machine import processor
from dalmeum.models.encoding import LIBRARIES, apart
from dalmeum.models.fields import Fields
from dalmeum.models.pretrained import GOLDEN, READ, read_json

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

Pairs = Sequence[tuple[str, str]]
Score = Callable[[Pairs], NDArray[np.float64]]

PRECISION = "float32"
"""In which golden scores are computed, whatever the model computes in: shorter types hide small changes."""

TOLERANCE = 2e-5
"""Of the width of the label scale, 1e-4 points on 0..5: more than what other batches, threads and processors
change in float32, which `docs/deploy.md` tells.
"""

KNOWN = f".{GOLDEN}"
"""Beside a model: under what its golden scores were asked before. Hidden, as no part of the model."""

FOLDER = "{folder}"
"""Stands for a model's folder in what is noted of it."""

MOST_KNOWN = 16
"""Of those: machines that share a folder may each have their own versions."""

AGREES = Text(
    "{folder}: was saved with {before}, and {now} is installed: its {count} golden scores agree, within "
    "{moved:.1g}",
    "{folder}: 저장할 때는 {before}, 지금은 {now}입니다. 기준 점수 {count}개는 {moved:.1g} 안에서 같습니다",
)
MOVED = Text(
    "{folder}: its scores are no longer what they were. It was saved with {before}, and {now} is installed: "
    "{count} golden scores moved by up to {moved:.2g}, by {mean:.2g} on average. For the old scores: "
    "pip install {install}. To go on with the new ones, evaluate it again first",
    "{folder}: 점수가 예전과 다릅니다. 저장할 때는 {before}, 지금은 {now}이고, 기준 점수 {count}개가 최대 "
    "{moved:.2g}, 평균 {mean:.2g} 달라졌습니다. 예전 점수가 필요하면 pip install {install} 하세요. "
    "지금 점수로 쓰려면 먼저 다시 평가하세요",
)
CHANGED = Text(
    "{folder}: its scores are no longer what they were. {files} changed since it was saved: {count} golden "
    "scores moved by up to {moved:.2g}, by {mean:.2g} on average. Put the folder back as it was, or evaluate "
    "it again first",
    "{folder}: 점수가 예전과 다릅니다. 저장한 뒤 {files} 파일이 달라졌고, 기준 점수 {count}개가 최대 "
    "{moved:.2g}, 평균 {mean:.2g} 달라졌습니다. 폴더를 원래대로 되돌리거나, 먼저 다시 평가하세요",
)


@dataclass(frozen=True)
class Golden:
    """What a model answered when it was saved, and what it was made of.

    Attributes:
        pairs: of sentences, n.
        scores: (n,) their similarities on the label scale, in float32.
        versions: of what computed them, by package.
        files: SHA-256 of all that the model is read from, by the path in its folder.
        swap: whether both orders of the sentences were asked.
        quick: whether `dalmeum.models.quick` answered the same, so that it can do without transformers.
    """

    pairs: Pairs
    scores: NDArray[np.float64]
    versions: Mapping[str, str]
    files: Mapping[str, str]
    swap: bool = False
    quick: bool = False

    @classmethod
    def read(cls, folder: Path) -> "Golden | None":
        """That in a model's folder; None where there is none, `InputError` where it is damaged."""
        path = folder / GOLDEN
        if not path.is_file():
            return None
        fields = Fields(read_json(path), path)
        pairs: Any = fields["pairs"]
        try:
            found = [(str(one), str(two)) for one, two in pairs]
            scores = np.array(fields["scores"], np.float64)
            good = scores.shape == (len(found),) and len(found) > 0 and np.isfinite(scores).all()
        except (TypeError, ValueError):
            good = False
        if not good:
            raise fields.wrong("scores", "a number for each pair")
        versions, files = fields.mapping("versions", str), fields.mapping("files", str)
        flags = fields.flag("swap", False), fields.flag("quick", False)
        return cls(found, scores, versions, files, *flags)

    def weights(self) -> set[str]:
        """Of its files those that training alone changes: of an own kind without safetensors, all."""
        return {name for name in self.files if name.endswith(".safetensors")} or set(self.files)

    def moved(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far each is from what it was, infinitely where it is no number."""
        return np.nan_to_num(np.abs(scores - self.scores), nan=math.inf)


def write_golden(scorer: "PairScorer", folder: Path) -> None:
    """Put golden scores beside the model that a scorer has just written; none where it answers no numbers."""
    from dalmeum.models.golden_pairs import golden_pairs  # the practice set takes a tenth of a second

    pairs = golden_pairs()
    scores = golden_scores(scorer, pairs)
    if np.isfinite(scores).all():
        versions = _installed(("torch", *getattr(scorer.encoding, "packages", LIBRARIES)))
        golden = Golden(pairs, scores, versions, {}, scorer.swap)
        _write(folder, dataclasses.replace(golden, quick=_is_quick(golden, scorer, folder)))


def _is_quick(golden: Golden, scorer: "PairScorer", folder: Path) -> bool:
    """Whether the model that was just written can be scored without transformers."""
    from dalmeum.models.quick import quick_parts

    parts = None if scorer.own_kind else quick_parts(folder)
    if parts is None:
        return False
    network: Any = parts[0].to(scorer.model.device)
    quick = dataclasses.replace(scorer, model=network, encoding=parts[1])
    return _are_near(golden.moved(golden_scores(quick, golden.pairs)), scorer)


def _are_near(moved: NDArray[np.float64], scorer: "PairScorer") -> bool:
    low, high = scorer.label_range
    return bool(moved.max() <= TOLERANCE * (high - low))


def _write(folder: Path, golden: Golden) -> None:
    """Write golden scores, of the files that are in a folder now."""
    values = {
        "precision": PRECISION,
        "processor": processor(),
        "swap": golden.swap,
        "quick": golden.quick,
        "versions": dict(golden.versions),
        "files": {name: _hash(folder / name) for name in _files(folder)},
        "scores": [round(score, 7) for score in golden.scores.tolist()],
        "pairs": [list(pair) for pair in golden.pairs],
    }
    write_json(folder / GOLDEN, values)


def write_blended_golden(folder: Path, weights: Mapping[str, float], intercept: float) -> None:
    """Put golden scores beside an ensemble whose members lie in its folder, from theirs. None where a member
    has none, or those of other pairs or versions: then each member answers for itself.
    """
    members = {name: Golden.read(folder / name) for name in weights}
    first = next(iter(members.values()))
    if first is None or any(
        each is None or (each.pairs, each.swap) != (first.pairs, first.swap) for each in members.values()
    ):
        return
    found = [each for each in members.values() if each is not None]
    versions = {name: number for each in found for name, number in each.versions.items()}
    if any(versions[name] != number for each in found for name, number in each.versions.items()):
        return
    scores = intercept + np.array([*weights.values()]) @ np.stack([each.scores for each in found])
    _write(folder, Golden(first.pairs, scores, versions, {}, first.swap))


def golden_scores(scorer: "PairScorer", pairs: Pairs) -> NDArray[np.float64]:
    """Similarities (n,) in float32; what the encoding remembers of other texts stays as it was."""
    with apart(scorer.encoding):
        return scorer.with_precision(PRECISION).score(pairs)


def may_be_quick(folder: Path) -> bool:
    """Whether a model may be scored without transformers: it was checked before, by `check_golden`, under the
    same versions and files, and its scores had not moved.
    """
    golden = Golden.read(folder)
    if golden is None or not golden.quick:
        return False
    return _known(folder).get(_state(folder, golden, _installed(golden.versions))) == ()


def check_golden(folder: Path, scorer: "PairScorer") -> tuple[Text, ...]:
    """Ask a scorer that was loaded from a folder its golden scores again, where versions or files are others
    than when they were last asked; what its user should know.

    What comes of it is noted beside the model, where that can be written, by the versions and by the files'
    sizes and times of change, so that it is asked once. That scores moved is told each time.

    Raises `InputError` where weights are not those that were saved.
    """
    golden = Golden.read(folder)
    if golden is None:
        return ()
    installed = _installed(golden.versions)
    state, known = _state(folder, golden, installed), _known(folder)
    if state in known:
        return tuple(_of(folder, each) for each in known[state])
    changed = [name for name, digest in golden.files.items() if _hash(folder / name) != digest]
    if foreign := sorted(golden.weights() & set(changed)):
        raise InputError(
            f"{folder / foreign[0]}: is not what was saved there: put the folder back as it was, or train it "
            f"again (if you changed it on purpose, delete {folder / GOLDEN})"
        )
    told, moved = _asked(golden, installed, changed, scorer)
    known[state] = told if moved else ()
    with contextlib.suppress(InputError):  # a folder that can't be written is asked again
        kept = [*known.items()][-MOST_KNOWN:]
        write_json(folder / KNOWN, {state: [asdict(each) for each in texts] for state, texts in kept})
    return tuple(_of(folder, each) for each in told)


def _of(folder: Path, told: Text) -> Text:
    """What is told of a model, wherever its folder is by now."""
    return Text(*(each.replace(FOLDER, str(folder)) for each in (told.en, told.ko)))


def _asked(
    golden: Golden,
    installed: Mapping[str, str],
    changed: Sequence[str],
    scorer: "PairScorer",
) -> tuple[tuple[Text, ...], bool]:
    """What to tell of a model's scores, and whether they moved."""
    others = [name for name in golden.versions if golden.versions[name] != installed[name]]
    if not others and not changed:
        return (), False
    moved = golden.moved(golden_scores(scorer, golden.pairs))
    near = _are_near(moved, scorer)
    if near and not others:
        return (), False
    before, now = (
        ", ".join(f"{name} {versions[name]}" for name in others) for versions in (golden.versions, installed)
    )
    text = AGREES if near else MOVED if others else CHANGED
    told = text.format(
        folder=FOLDER,
        before=before,
        now=now,
        files=", ".join(changed),
        count=len(moved),
        moved=moved.max(),
        mean=moved.mean(),
        install=" ".join(f"{name}=={golden.versions[name]}" for name in others),
    )
    return (told,), not near


def _installed(names: Iterable[str]) -> dict[str, str]:
    """Versions of packages; `none` of what is not installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def _files(folder: Path) -> list[str]:
    """All that a model is read from, by the paths in its folder."""
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.suffix in READ)
    return [each.as_posix() for each in names if not each.name.startswith(".") and each.name != GOLDEN]


def _hash(path: Path) -> str:
    """SHA-256; empty where there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _state(folder: Path, golden: Golden, installed: Mapping[str, str]) -> str:
    """A name for the versions that are installed and the files that are there, as far as that is seen without
    reading them.
    """
    stamps: dict[str, list[int] | None] = dict.fromkeys(golden.files)
    for name in golden.files:
        with contextlib.suppress(OSError):
            status = (folder / name).stat()
            stamps[name] = [status.st_size, status.st_mtime_ns]
    told = json.dumps([installed, stamps, golden.scores.tolist()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _known(folder: Path) -> dict[str, tuple[Text, ...]]:
    """What is to be told each time, by `_state`; nothing where that can't be read."""
    with contextlib.suppress(InputError, AttributeError, TypeError):
        known = read_json(folder / KNOWN, default={}).items()
        return {state: tuple(Text(**each) for each in texts) for state, texts in known}
    return {}
