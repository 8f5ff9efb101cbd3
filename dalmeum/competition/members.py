"""Which models answer a test file, and by what weights: a run, or the members of a blend."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter

from dalmeum.data import PairTable, read_pairs
from dalmeum.errors import InputError
from dalmeum.models.pretrained import is_model_folder
from dalmeum.numbers import range_told
from dalmeum.runs.folder import Run, load, model_folder, open_run
from dalmeum.runs.record import read_kept
from dalmeum.runs.scoring import readable

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

BLEND = "blend.json"
"""What makes a run's folder that of a blend."""

MEMBER = "member-"
"""What the name of a member's folder in the blend's model begins with; a number from 1 follows."""

LENIENT = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)
"""What a blend keeps beside its weights is nothing that is needed here."""


@dataclass(frozen=True)
class Member:
    """A model and its weight; `run` is None where a model's folder stands alone."""

    model: Path
    weight: float
    run: Run | None
    author: str | None

    @property
    def name(self) -> str:
        return self.run.id if self.run else str(self.model)


@dataclass(frozen=True)
class Answering:
    """What answers as one: `intercept` and the sum of the members' similarities by their weights.

    Attributes:
        run: the run, or the blend, that was named; None of a model's folder.
        method: how a blend found its weights; None of a single run.
    """

    members: tuple[Member, ...]
    intercept: float = 0.0
    run: Run | None = None
    method: str | None = None

    @property
    def label_range(self) -> tuple[float, float] | None:
        """The first one's, as its recipe has it; None of a model's folder, which says when it is loaded."""
        run = self.members[0].run
        return None if run is None else run.recipe().data.label_range


@dataclass(frozen=True)
class _BlendMember:
    __pydantic_config__ = LENIENT

    run: str
    weight: float
    author: str | None = None


@dataclass(frozen=True)
class _Blend:
    __pydantic_config__ = LENIENT

    members: list[_BlendMember]
    method: str
    intercept: float = 0.0


_BLEND_FILE = TypeAdapter(_Blend)


def answering(run: str | Path, output: str | Path = "runs") -> Answering:
    """What a run's name, or a folder, stands for.

    Raises `InputError` as `model_folder` does, of a blend for each of its members.
    """
    place = Path(run)
    if is_model_folder(place) and not (place.resolve().parent / "run.json").is_file():
        return Answering((Member(place, 1.0, None, None),))
    opened = open_run(place.resolve().parent if is_model_folder(place) else run, output)
    file = opened.folder / BLEND
    if not file.is_file():
        model = model_folder(opened.folder)
        return Answering((Member(model, 1.0, opened, opened.record.author),), run=opened)
    blend = read_kept(file, _BLEND_FILE, "is no blend that this version of dalmeum reads")
    if not blend.members:
        raise InputError(f"{file}: names no member: blend the runs again")
    members = tuple(_member(each, number, opened.folder) for number, each in enumerate(blend.members, 1))
    return Answering(members, blend.intercept, opened, blend.method)


def answers(
    members: Sequence[tuple[Path, float]],
    intercept: float,
    data: str | Path | PairTable,
    *,
    precision: str = "auto",
    trust_code: bool = False,
    **reading: Any,
) -> tuple[PairTable, NDArray[np.float64]]:
    """A table on the models' label scale, and what they answer together (n,), not clipped.

    `members` are folders of models with their weights; `reading` is that of `read_pairs`.

    Raises `InputError` for data and models that can't be read, and models on several label scales.
    """
    source = readable([], data, "runs")

    from dalmeum.evaluation.predict import score_table

    scorer = _together(members, intercept, precision, trust_code)
    table = read_pairs(source, label_range=scorer.label_range, **reading)
    return table, score_table(scorer, table).similarity


def _together(
    members: Sequence[tuple[Path, float]], intercept: float, precision: str, trust_code: bool
) -> "PairScorer":
    """The same network that a blend's own folder holds, so that the same numbers come out of it."""
    scorers = [load(folder, precision, trust_code=trust_code) for folder, _ in members]
    if len(scorers) == 1 and members[0][1] == 1 and intercept == 0:
        return scorers[0]
    scales = [scorer.label_range for scorer in scorers]
    for (folder, _), scale in zip(members, scales, strict=True):
        if scale != scales[0]:
            told = f"{range_told(scale)}, and {members[0][0]} on {range_told(scales[0])}"
            raise InputError(f"{folder}: answers on {told}: a blend is of models on one label scale")

    from dalmeum.models.ensemble import Ensemble
    from dalmeum.models.kinds import ensemble_of

    names = [f"{MEMBER}{number}" for number, _ in enumerate(scorers, 1)]
    together = ensemble_of(dict(zip(names, scorers, strict=True)), scales[0], None)
    assert isinstance(together.model, Ensemble)
    weights = (weight for _, weight in members)
    together.model.put(dict(zip(names, weights, strict=True)), intercept)
    return together


def _member(kept: _BlendMember, number: int, blend: Path) -> Member:
    """Its model is the blend's own copy, where there is one; its run, which may be gone, trains it anew."""
    own, run = blend / "model" / f"{MEMBER}{number}", None
    try:
        run = open_run(kept.run, blend.parent)
    except InputError:
        if not is_model_folder(own):
            raise
    if run is not None and (run.folder / BLEND).is_file():
        raise InputError(f"{run.folder}: is a blend itself, and no member of {blend}")
    model = own if run is None or is_model_folder(own) else model_folder(run.folder)
    return Member(model, kept.weight, run, kept.author or (run.record.author if run else None))
