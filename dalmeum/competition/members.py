"""Which models answer a test file, and by what weights: a run, or the members of a blend."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

BLEND = "blend.json"
"""What makes a run's folder that of a blend: it has no model of its own."""


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
    run: str
    weight: float
    author: str | None = None


@dataclass(frozen=True)
class _Blend:
    members: list[_BlendMember]
    method: str
    intercept: float = 0.0


_BLEND_FILE = TypeAdapter(_Blend, config=ConfigDict(strict=True, extra="ignore", allow_inf_nan=False))


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
    members = tuple(_member(each, opened.folder) for each in blend.members)
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
    """A table on the models' label scale, and what they answer (n,), not clipped; one model in memory at a
    time.

    `members` are folders of models with their weights; `reading` is that of `read_pairs`.

    Raises `InputError` for data and models that can't be read, and models on several label scales.
    """
    from dalmeum.evaluation.predict import score_table

    source = readable([], data, "runs")
    table, total = None, np.zeros(0)
    for folder, weight in members:
        scorer = load(folder, precision, trust_code=trust_code)
        if table is None:
            table = read_pairs(source, label_range=scorer.label_range, **reading)
            total = np.full(len(table), intercept)
        elif scorer.label_range != table.label_range:
            told = " and ".join(map(range_told, (table.label_range, scorer.label_range)))
            raise InputError(f"{folder}: answers on another label scale than the member before it: {told}")
        total += weight * score_table(scorer, table).similarity
    if table is None:
        raise ValueError("no member")
    return table, total


def _member(kept: _BlendMember, blend: Path) -> Member:
    run = open_run(kept.run, blend.parent)
    if (run.folder / BLEND).is_file():
        raise InputError(f"{run.folder}: is a blend itself, and no member of {blend}")
    return Member(model_folder(run.folder), kept.weight, run, kept.author or run.record.author)
