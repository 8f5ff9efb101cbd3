"""dalmeum submit: a submission file, its manifest, and its line in the ledger."""

import contextlib
import csv
import datetime
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dalmeum.author import known_author
from dalmeum.competition.manifest import Manifest, manifest_of, manifest_place
from dalmeum.competition.members import Answering, answering, answers
from dalmeum.competition.store import SETTING, open_store
from dalmeum.competition.submitted import Submitted
from dalmeum.data import PairTable, read_pairs
from dalmeum.data.splits import data_warnings
from dalmeum.errors import DalmeumError, InputError, MissingExtraError
from dalmeum.files import check_output, check_writable, replace_file
from dalmeum.languages import Text, counted
from dalmeum.runs.predictions import SUBMISSION_HEADER, Array, submission_bytes
from dalmeum.runs.record import DataFile
from dalmeum.runs.scoring import readable

if TYPE_CHECKING:
    from dalmeum.competition.ledger import Submission
    from dalmeum.competition.store.database import Store

NO_LEDGER = Text(
    "no ledger is kept, and no quota: {reason}", "제출 기록을 남기지 않고 횟수도 세지 않습니다: {reason}"
)
NAMED = 3
"""Ids that a message lists."""


def submit(
    run: str | Path,
    test: str | Path,
    file: Path,
    *,
    sample: Path | None = None,
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
    reading: Mapping[str, Any] | None = None,
) -> Submitted:
    """Write what a run, or a blend, answers to a test file, and record it.

    Nothing is written unless all of it is: file, manifest and ledger.

    Args:
        sample: the board's own sample of a submission, whose ids, order and header the file then has.
        reading: `format`, `columns` and `encoding` of `read_pairs`.

    Raises:
        InputError: runs, data and places that can't be used; ids that are missing, extra or there twice; a
            quota that is used up; a store that can't be reached. DalmeumError: a score that is no number.
    """
    author = known_author()
    reading = {"format": "auto", "columns": {}, "encoding": "auto", **(reading or {})}
    models = answering(run, output)
    _check_places(file, [test, *([sample] if sample else []), *(each.model for each in models.members)])
    with _ledger() as (store, warnings):
        if store is not None:
            from dalmeum.competition.ledger import check_quota

            check_quota(store, author)
        table, similarity, order = _answered(
            models, test, sample, precision=precision, trust_code=trust_code, reading=reading
        )
        content = content_of(table, similarity, order)
        manifest = manifest_of(
            models,
            table,
            file=file,
            named=run,
            sha256=hashlib.sha256(content).hexdigest(),
            created=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            author=author,
            reading=reading,
            precision=precision,
            sample=order.file if order else None,
        )
        line = _write(file, content, manifest, store)
    return Submitted(file, manifest, line, (*warnings, *data_warnings([table])))


@dataclass(frozen=True)
class Sample:
    """A board's own sample of a submission: its header, and its ids (n,) in their order."""

    file: DataFile
    header: tuple[str, str]
    ids: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> "Sample":
        """`InputError` for what has not two columns, and ids that are there twice."""
        try:
            content = path.read_bytes()
            rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror or error}") from None
        except (UnicodeDecodeError, csv.Error):
            raise InputError(f"{path}: is no CSV file in UTF-8, as a sample of a submission is") from None
        rows = [row for row in rows if row]
        if len(rows) < 2 or any(len(row) != 2 for row in rows):
            raise InputError(f"{path}: is no sample of a submission: a header and rows of id and score")
        header, *body = rows
        ids = tuple(row[0] for row in body)
        _check_once(ids, str(path))
        digest = hashlib.sha256(content).hexdigest()
        return cls(DataFile(str(path), len(ids), digest), (header[0], header[1]), ids)

    def ordered(self, table: PairTable, similarity: Array) -> tuple[PairTable, Array]:
        """The rows in the sample's order; `InputError` where the ids are not the same."""
        place = {name: row for row, name in enumerate(table.id)}
        wanted = set(self.ids)
        missing = [name for name in self.ids if name not in place]
        extra = [name for name in table.id if name not in wanted]
        if missing or extra:
            told = [
                f"{counted(len(ids), 'id')} {what} ({_named(ids)})"
                for ids, what in ((missing, "missing"), (extra, "that the sample has not"))
                if ids
            ]
            raise InputError(f"{table.name}: has other ids than {self.file.path}: {', '.join(told)}")
        rows = np.array([place[name] for name in self.ids], np.int64)
        return table.take(rows), similarity[rows]


def _answered(
    models: Answering,
    test: str | Path,
    sample: Path | None,
    *,
    precision: str,
    trust_code: bool,
    reading: Mapping[str, Any],
) -> tuple[PairTable, Array, Sample | None]:
    """The test file's pairs, what the models answer, and the sample."""
    data: str | Path | PairTable = test
    readable([], test, "runs")
    order = Sample.read(sample) if sample else None
    if models.label_range is not None:  # what is wrong with the data is told before anything heavy
        data = read_pairs(test, label_range=models.label_range, **reading)
        _check_once(data.id, str(test))
        if order:
            order.ordered(data, np.zeros(len(data)))
    weighted = [(member.model, member.weight) for member in models.members]
    given = {"precision": precision, "trust_code": trust_code, **reading}
    return *answers(weighted, models.intercept, data, **given), order


def content_of(table: PairTable, similarity: Array, order: Sample | None) -> bytes:
    """The file; errors as in `laid_out`."""
    header = order.header if order else SUBMISSION_HEADER
    return submission_bytes(*laid_out(table, similarity, order), header)


def laid_out(table: PairTable, similarity: Array, order: Sample | None) -> tuple[PairTable, Array]:
    """The rows as the file has them; errors as in `Sample.ordered`, and for scores that are no number."""
    _check_once(table.id, table.name)
    if not len(table):
        raise InputError(f"{table.name}: holds no pair to be scored")
    if not np.isfinite(similarity).all():
        broken = int((~np.isfinite(similarity)).sum())
        raise DalmeumError(f"{table.name}: {counted(broken, 'score')} of the models' sum: no number")
    return order.ordered(table, similarity) if order else (table, similarity)


def _check_once(ids: tuple[str, ...], name: str) -> None:
    if len(set(ids)) == len(ids):
        return
    twice = [name for name, count in Counter(ids).items() if count > 1]
    told = f"{counted(len(twice), 'id')} there more than once ({_named(twice)})"
    raise InputError(f"{name}: {told}: a board takes each once")


def _named(ids: Sequence[str]) -> str:
    return ", ".join([*ids[:NAMED], *(["..."] if len(ids) > NAMED else [])])


def _check_places(file: Path, inputs: list[str | Path]) -> None:
    if os.path.exists(file) and not os.path.isfile(file) and not os.path.isdir(file):
        raise InputError(f"{file}: is no file that a manifest could stand beside; name one")
    for place in (file, manifest_place(file)):
        check_output(place, inputs)
        check_writable(place)


@contextlib.contextmanager
def _ledger() -> "Iterator[tuple[Store | None, tuple[Text, ...]]]":
    """The team's store, and what to warn of where none can be kept."""
    try:
        store = open_store()
    except MissingExtraError as error:
        if os.environ.get(SETTING):
            raise
        yield None, (NO_LEDGER.format(reason=error),)
        return
    with store:
        yield store, ()


def _write(file: Path, content: bytes, manifest: Manifest, store: "Store | None") -> "Submission | None":
    """All of it or nothing: what has no line in the ledger takes no file's name."""
    line = None
    with replace_file(file, newline="") as written, replace_file(manifest_place(file)) as beside:
        written.buffer.write(content)
        beside.write(manifest.to_text())
        if store is not None:
            from dalmeum.competition.ledger import record

            kept = manifest.to_dict()
            line = record(store, manifest.author, manifest.sha256, kept, kept["scores"])
    return line
