"""Files of any size, scored in constant memory: other columns kept, a column of scores added."""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalmeum.data.readers.rows import RowFile, open_rows
from dalmeum.data.writers import Look, check_rows, format_of, row_writer
from dalmeum.errors import InputError
from dalmeum.files import check_output, check_writable, is_device, make_temporary, output_error
from dalmeum.languages import Text, counted
from dalmeum.machine import processor, versions
from dalmeum.progress import Progress
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import load, model_folder
from dalmeum.serving.shards import Shards, Work, is_whole, note_whole, parts_of, shards_beside

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

SHARD = 4096
"""Rows that are scored together: like lengths beside each other, repeated pairs once. What is done is kept
after so many; another number could change scores in their last digits.
"""

COLUMN = "score"

PACKAGES = ("dalmeum", "torch", "transformers", "tokenizers", "numpy")
"""What could change a score in the middle of a file."""

STANDARD_INPUT = "standard input"

SCORING = Text("scoring", "채점")
EMPTY = Text("{name}: {count} with an empty sentence", "{name}: 빈 문장이 있는 문장쌍 {number:,}개")


@dataclass(frozen=True)
class Scored:
    """What was written.

    Attributes:
        rows: of the file.
        before: those of them that were scored already.
        seconds: that scoring took, this time.
    """

    out: Path
    rows: int
    before: int = 0
    seconds: float = 0.0
    warnings: tuple[Text, ...] = ()

    @property
    def rate(self) -> float | None:
        """Pairs a second of this time."""
        return (self.rows - self.before) / self.seconds if self.seconds and self.rows > self.before else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "out": str(self.out),
            "rows": self.rows,
            "scored_before": self.before,
            "seconds": round(self.seconds, 3),
            "warnings": [str(each) for each in self.warnings],
        }


def score_file(
    run: str | Path,
    file: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    cluster: bool = False,
    workers: int | None = None,
    column: str = COLUMN,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    encoding: str = "auto",
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
) -> Scored:
    """Score the pairs of a file, and write its rows with a column of scores added, in the same order.

    Rows are read, scored and written some thousand at a time. `out` is there when all of it is; until then
    scores lie in `OUT.parts/`, where with `resume` a scoring goes on that was cut off, of the same file by
    the same model; a small `.OUT.scored.json` says later what is in it.

    Args:
        file: CSV, TSV, JSON lines or Parquet, or `-` for standard input.
        out: written by the end of its name: .csv, .tsv, .jsonl or .parquet.
        cluster: on many workers at once, by Ray.
        workers: how many of them (`dalmeum.serving.cluster`).
        column: the name of the new column.

    Raises `InputError` and `DataError` for what only the user can mend, before anything is scored, and
    `DalmeumError` where scoring fails.
    """
    out = Path(out)
    model = model_folder(run, output)
    inputs = [model, *([] if str(file) == "-" else [file])]
    for place in (out, parts_of(out)):
        check_output(place, inputs)
    check_writable(out)
    written = format_of(out)
    with _opened(file, out, format, columns, encoding) as rows:
        stamp = _stamp(rows)
        count, told = _surveyed(rows, check_rows(out, written, rows, column))
        job = {
            "file": {
                "sha256": rows.sha256(),
                "rows": count,
                "fields": rows.fields,
                **rows.read_as,
                "column": column,
                "shard": SHARD,
            },
            "model": {"sha256": folder_hash(model), "precision": precision},
            "versions": {**versions(PACKAGES), "processor": processor()},
        }
        if resume and out.is_file() and not Shards(parts_of(out)).begun:
            return _whole(out, job, count)
        with shards_beside(out, resume) as shards:
            scorer = load(run, precision, output, trust_code=trust_code, tell_notes=False)
            told = (*scorer.notes, *told)
            work = Work(
                file=os.path.abspath(rows.path),
                size=os.path.getsize(rows.path),
                reading={"format": format, "columns": columns, "encoding": encoding, "name": rows.name},
                model=str(model.resolve()),
                precision=precision,
                trust_code=trust_code,
                shard=SHARD,
            )
            shards.begin(job)
            start = time.monotonic()
            before = _score(shards, work, scorer, count, cluster, workers)
            seconds = time.monotonic() - start
            with row_writer(out, written, rows, column) as write:
                for number, block in enumerate(rows.blocks(SHARD)):
                    write(block, shards.whole(number, len(block)))
                if _stamp(rows) != stamp:  # its size may be the same
                    raise InputError(f"{rows.name}: has changed while it was read: run the command again")
            if not is_device(out):
                note_whole(out, job)
    return Scored(out, count, before, seconds, warnings=told)


def _stamp(rows: RowFile) -> tuple[int, int]:
    status = os.stat(rows.path)
    return status.st_size, status.st_mtime_ns


def _score(
    shards: Shards, work: Work, scorer: "PairScorer", count: int, cluster: bool, workers: int | None
) -> int:
    """Score all shards that are not there; the number of rows that were."""
    sizes = [min(SHARD, count - start) for start in range(0, count, SHARD)]
    todo = [number for number, size in enumerate(sizes) if shards.scores(number, size) is None]
    before = count - sum(sizes[number] for number in todo)
    with Progress(count, SCORING) as progress:
        progress.jump(before)
        if cluster and todo:
            from dalmeum.serving.cluster import score_shards  # Ray

            for number, scores in score_shards(work, todo, workers):
                shards.keep(number, scores)
                progress.advance(len(scores))
        elif todo:
            from dalmeum.serving.worker import Worker  # the model's libraries, which are there by now

            worker = Worker(work, scorer)
            for number in todo:
                shards.keep(number, worker.scores(number, progress.advance))
    return before


def _surveyed(rows: RowFile, look: Look) -> tuple[int, tuple[Text, ...]]:
    """The number of rows, and what to warn of; `DataError` with all that is wrong with them."""
    count = empty = 0
    for block in rows.blocks(SHARD):
        look(block, count)
        count += len(block)
        empty += sum(
            not one.strip() or not two.strip()
            for one, two in zip(block.sentence1, block.sentence2, strict=True)
        )
    told = (EMPTY.format(name=rows.name, count=counted(empty, "pair"), number=empty),) if empty else ()
    return count, (*rows.warnings, *told)


def _whole(out: Path, job: Mapping[str, Any], count: int) -> Scored:
    """What `resume` finds done; `InputError` for a file that is not known to be this one's output."""
    if is_whole(out, job):
        Shards(parts_of(out)).remove()
        return Scored(out, count, count)
    raise InputError(
        f"{out}: is there, and is not known to be this file scored by this model: leave --resume out to "
        "replace it, or name another output"
    )


@contextlib.contextmanager
def _opened(
    file: str | Path, out: Path, format: str, columns: Mapping[str, str] | None, encoding: str
) -> Iterator[RowFile]:
    """The rows of a file, or of what comes from standard input, which is kept on the disk meanwhile."""
    with contextlib.ExitStack() as stack:
        name = None
        if str(file) == "-":
            name = STANDARD_INPUT
            if sys.stdin is None:
                raise InputError("standard input is closed: name a file")
            folder = out.parent if out.parent.is_dir() and not is_device(out) else Path(tempfile.gettempdir())
            try:
                handle, file = make_temporary(folder)
                stack.callback(Path(file).unlink, missing_ok=True)
                with open(handle, "wb") as spool:
                    shutil.copyfileobj(sys.stdin.buffer, spool)
            except OSError as error:
                raise output_error(folder, error) from error
        opened = open_rows(file, format=format, columns=columns, encoding=encoding, name=name)
        yield stack.enter_context(opened)
