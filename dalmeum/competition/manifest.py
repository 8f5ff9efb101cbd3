"""`FILE.manifest.json`: all that rebuilds a submission, and what was known of it when it was handed in."""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dalmeum.comparison import Pairs
from dalmeum.comparison.arm import Array
from dalmeum.competition.board import SPLIT, pairs_key
from dalmeum.competition.members import Answering, Member
from dalmeum.data import PairTable
from dalmeum.errors import InputError
from dalmeum.files import KeyTwiceError, json_text, read_json_text
from dalmeum.machine import commit, machine, versions
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import PACKAGES, Run
from dalmeum.runs.identity import content_hash
from dalmeum.runs.predictions import labelled, read_predictions
from dalmeum.runs.record import STRICT, DataFile, DataName, Metrics, Moment

ENDING = ".manifest.json"


def manifest_place(file: Path) -> Path:
    return Path(f"{file}{ENDING}")


@dataclass(frozen=True)
class MemberRecord:
    """A member as it was: where it lay, what it was made of, and all that trains it anew.

    Attributes:
        folder: of its model.
        weights: `folder_hash` of its model, any file.
        content: `content_hash` of its run. This, recipe, data, code and versions are the run's; of a model's
            folder that is no run's there are none.
        code: the user's own that its recipe names, by the hash of its source.
    """

    __pydantic_config__ = STRICT

    name: str
    folder: str
    weight: float
    weights: str
    author: str | None = None
    content: str | None = None
    recipe: Mapping[str, Any] | None = None
    data: Mapping[DataName, DataFile] = dataclasses.field(default_factory=dict)
    code: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """The labelled pairs that the scores are of; equal hashes are equal rows with equal labels."""

    __pydantic_config__ = STRICT

    pairs: int
    sha256: str

    @classmethod
    def of(cls, pairs: Pairs) -> "Judged":
        return cls(len(pairs.ids), pairs_key(pairs))


@dataclass(frozen=True)
class Manifest:
    """What was handed in, and how it comes about again.

    Attributes:
        sha256: of the file.
        run: the folder that was named; `method` and `intercept` are those of a blend.
        test: what was scored; `reading` says how it was read (`read_pairs`).
        sample: the board's own sample, whose order and header the file has, by the hash of its bytes.
        scores: `{split: {name: {value, low, high}}}`, as in a run's `metrics.json`; `judged` are the pairs of
            dev, or of the training file out of fold.
        commit: git's, of the folder where it was made.
    """

    __pydantic_config__ = STRICT

    file: str
    sha256: str
    rows: int
    created: Moment
    author: str
    run: str
    members: tuple[MemberRecord, ...]
    test: DataFile
    reading: Mapping[str, Any]
    label_range: tuple[float, float]
    precision: str
    scores: Metrics
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    intercept: float = 0.0
    method: str | None = None
    sample: DataFile | None = None
    judged: Judged | None = None
    commit: str | None = None

    @property
    def own_code(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for member in self.members for name in member.code))

    def to_text(self) -> str:
        return json_text(dataclasses.asdict(self))

    def to_dict(self) -> dict[str, Any]:
        """As JSON gives it back."""
        values: dict[str, Any] = json.loads(self.to_text())
        return values


_MANIFEST = TypeAdapter(Manifest)


def manifest_of(
    answering: Answering, table: PairTable, *, file: Path, named: str | Path, **known: Any
) -> Manifest:
    """The manifest of a submission of these models; `known` are the fields that nothing here says."""
    run = answering.run
    return Manifest(
        file=file.name,
        rows=len(table),
        run=str(run.folder if run else named),
        members=tuple(map(_member, answering.members)),
        test=DataFile(table.name, len(table), table.sha256),
        label_range=table.label_range,
        intercept=answering.intercept,
        method=answering.method,
        scores=_scores(run),
        judged=_judged(run),
        commit=commit(),
        versions=versions(PACKAGES),
        machine=machine(),
        **known,
    )


def read_manifest(path: Path) -> Manifest:
    """Raises `InputError` for what is no manifest."""
    try:
        text = path.read_bytes()
        read_json_text(text)
        return _MANIFEST.validate_json(text)
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror or error}") from None
    except KeyTwiceError as error:
        raise InputError(f"{path}: {error}") from None
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        told = f" (key {place})" if place else ""
    except ValueError as error:
        found = re.search(r"line (\d+) column (\d+)", str(error))
        told = f": no JSON from line {found[1]}, column {found[2]} on" if found else ""
    raise InputError(f"{path}: is no manifest that this version of dalmeum reads{told}")


def manifest_from(values: Mapping[str, Any], name: str) -> Manifest:
    """The manifest that the ledger keeps; `InputError`, with its name, where it is none."""
    try:
        return _MANIFEST.validate_json(json.dumps(values))
    except ValidationError:
        raise InputError(f"{name}: has no manifest that this version of dalmeum reads") from None


def dev_pairs(run: Run) -> tuple[Pairs, Array] | None:
    """The labelled pairs that a run was judged on, and its predictions; None where it has none."""
    try:
        return labelled(read_predictions(run.predictions(SPLIT)))
    except InputError:
        return None


def _member(member: Member) -> MemberRecord:
    name, folder, weights = member.name, str(member.model), folder_hash(member.model, any_file=True)
    if (run := member.run) is None:
        return MemberRecord(name, folder, member.weight, weights, member.author)
    return MemberRecord(
        name,
        folder,
        member.weight,
        weights,
        member.author,
        content=content_hash(run),
        recipe=run.recipe().model_dump(mode="json"),
        data=run.record.data,
        code=run.record.code,
        versions=run.record.versions,
    )


def _scores(run: Run | None) -> Metrics:
    if run is None or not (run.folder / "metrics.json").is_file():
        return {}
    return run.metrics()  # type: ignore[return-value]


def _judged(run: Run | None) -> Judged | None:
    found = None if run is None else dev_pairs(run)
    return None if found is None else Judged.of(found[0])
