"""What stands in a run's JSON files, each value checked for its type: nothing counts as something else."""

import dataclasses
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from dalmeum.data.splits import Split
from dalmeum.errors import InputError
from dalmeum.files import KeyTwiceError, read_json_text
from dalmeum.languages import Text

DataName = Literal["train", "dev", "test", "unlabelled", "teacher"]
"""What a run may be made of; of a teacher what counts is the content of its model's folder."""

State = Literal["running", "finished", "failed"]

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


Score = Annotated[dict[Literal["value", "low", "high"], float | None], Field(min_length=3)]
Metrics = dict[Split, dict[str, Score | None]]
"""`metrics.json`: by split and name; None where a score has no value, or no interval."""


def _of_a_step(entry: dict[str, int | float | None]) -> dict[str, int | float | None]:
    step = entry.get("step")
    if not isinstance(step, int) or step < 0:
        raise ValueError("step")
    return entry


def _moment(text: str) -> str:
    datetime.datetime.fromisoformat(text)
    return text


def _both_languages(value: object) -> object:
    return {"en": value, "ko": value} if isinstance(value, str) else value


Moment = Annotated[str, AfterValidator(_moment)]
Entry = Annotated[dict[str, int | float | None], AfterValidator(_of_a_step)]
"""A line of a training log: beside its step some of `loss`, `train_pearson`, `eval_pearson`, ..."""

Warnings = tuple[Annotated[Text, BeforeValidator(_both_languages)], ...]


@dataclass(frozen=True)
class DataFile:
    """One file of a run: where it was, what it held; of a part of it also the pool that it was drawn from."""

    path: str
    rows: int
    sha256: str
    pool: "DataFile | None" = None


@dataclass(frozen=True)
class RunRecord:
    """`run.json`: what happened, when, with what. The recipe says what was to happen.

    `code` is the user's own that the recipe names (`dalmeum.recipe.own_code`). `encoder` is the hash of what
    the model began with, `training_version` that of dalmeum's own training (`dalmeum.runs.contents`); both
    are None in runs from before they were kept. `out_of_fold`: dev is the training file, each pair of which
    is predicted by models that learned from neither it nor a pair of its group. `author` is who had it
    trained, as far as that is known.
    """

    __pydantic_config__ = STRICT

    id: str
    state: State
    created: Moment
    recipe: str
    data: Mapping[DataName, DataFile]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    finished: Moment | None = None
    parent_study: str | None = None
    training: Mapping[str, Any] | None = None
    warnings: Warnings = ()
    error: str | None = None
    code: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    encoder: str | None = None
    training_version: int | None = None
    out_of_fold: bool = False
    author: str | None = None

    @property
    def is_certain(self) -> bool:
        """Whether it says what the run began with."""
        return self.encoder is not None and self.training_version is not None


Kept = TypeVar("Kept")

RECORD = TypeAdapter(RunRecord)
METRICS = TypeAdapter(Metrics, config=STRICT)
HISTORY = TypeAdapter(list[Entry], config=ConfigDict(strict=True))


def read_kept(path: Path, kind: TypeAdapter[Kept], wrong: str) -> Kept:
    """What a JSON file of a run holds; `InputError` where it can't be read, or is `wrong`."""
    try:
        text = path.read_bytes()
        kept = kind.validate_json(text)
        read_json_text(text)
        return kept
    except OSError as error:
        reason = error.strerror or str(error)
    except KeyTwiceError as error:
        reason = str(error)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] != "json_invalid":
            key = first["loc"][0] if first["loc"] else 0
            place = f" (key {key})" if isinstance(key, str) else ""
            raise InputError(f"{path}: {wrong}{place}") from None
        found = re.search(r"line (\d+) column (\d+)", first["msg"])
        reason = f"no JSON from line {found[1]}, column {found[2]} on" if found else "no JSON"
    raise InputError(f"{path}: can't be read: {reason}; the run folder is damaged") from None
