"""The run folder: `runs/<id>/` with `run.json`, `recipe.yaml`, `metrics.json`, `history.json`, `model/`,
`checkpoints/`, `predictions/` and `report.html`. The folder is the truth about a run.
"""

import dataclasses
import datetime
import functools
import json
import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dalmeum.author import author
from dalmeum.data.splits import PairReader
from dalmeum.errors import InputError
from dalmeum.files import check_path, make_folders, output_error, writable, write_json, write_text
from dalmeum.languages import Text
from dalmeum.machine import machine, versions
from dalmeum.models.pretrained import is_model_folder
from dalmeum.own_code import written
from dalmeum.progress import tell
from dalmeum.recipe import Recipe, load_recipe, own_code
from dalmeum.runs.lock import RunLock, holder_of
from dalmeum.runs.names import LATEST, latest, nearest
from dalmeum.runs.record import HISTORY, METRICS, RECORD, DataFile, DataName, RunRecord, read_kept

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer
    from dalmeum.pages.summary import RunSummary

PACKAGES = ("dalmeum", "torch", "transformers", "numpy", "kiwipiepy", "kiwipiepy_model")
"""Packages whose version can move a score."""

AFTER_RUN: list[Callable[["Run"], object]] = []
"""Called, in their order, with every finished run, a study's too, in the process that asked for it."""

FAILED_AFTER = Text(
    "{function} failed after the run: {reason}", "실행 후 호출한 {function}에서 오류가 났습니다: {reason}"
)

DAMAGED = "the run folder is damaged"

Lived = Literal["running", "finished", "failed", "lost"]
"""As a run's record says, but for a run whose process is gone before it had ended: that is lost."""

PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Run:
    """A run folder and its record."""

    folder: Path
    record: RunRecord

    @classmethod
    def open(cls, run: str | Path, output: str | Path = "runs") -> "Run":
        """As `open_run`."""
        return open_run(run, output)

    @property
    def id(self) -> str:
        return self.record.id

    def lived(self) -> Lived:
        """What became of the run, by its record and its own lease."""
        if self.record.state != "running":
            return self.record.state
        if holder_of(self.folder) is not None:
            return "running"
        # Its process may have come to the end between the two looks.
        state = open_run(self.folder).record.state
        return "lost" if state == "running" else state

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    @property
    def submission(self) -> Path:
        """What a board takes, of a test without labels."""
        return self.folder / "submission.csv"

    def predictions(self, split: str) -> Path:
        return self.folder / "predictions" / f"{split}.csv"

    @property
    def kept_evaluations(self) -> Path:
        return self.evaluations_of("")

    def evaluations_of(self, training: str) -> Path:
        """What a training, by its name in `Recipe.trainings`, answered on dev at every evaluation."""
        return self.folder / "predictions" / f"dev-evaluations{training and f'-{training}'}.csv"

    def __str__(self) -> str:
        """What it is, and what it scored, in the terminal's language."""
        from dalmeum.pages.summary import run_lines

        return "\n".join(run_lines(self._summary()))

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        from dalmeum.pages.summary import run_html

        return run_html(self._summary())

    def _summary(self) -> "RunSummary":
        from dalmeum.pages.summary import RunSummary

        scored = (self.folder / "metrics.json").is_file()
        return RunSummary(
            id=self.id,
            state=self.lived(),
            question=self.recipe().question,
            metrics=self.metrics() if scored else {},
            folder=str(self.folder),
            page=str(self.report) if self.report.is_file() else None,
            out_of_fold=self.record.out_of_fold,
        )

    def recipe(self) -> Recipe:
        return self._recipe

    @functools.cached_property
    def _recipe(self) -> Recipe:
        path = self.folder / "recipe.yaml"
        if not path.is_file():
            raise InputError(f"{path}: is missing: the run folder is damaged")
        return load_recipe(path)

    def metrics(self) -> dict[str, Any]:
        """`{split: {name: {value, low, high}}}`, None for a score, or a bound of it, that there is not."""
        kept = read_kept(self.folder / "metrics.json", METRICS, f"holds no scores: {DAMAGED}")
        return {str(split): scores for split, scores in kept.items()}

    def update(self, **changes: Any) -> "Run":
        """The run with a changed record, written to `run.json`."""
        record = dataclasses.replace(self.record, **changes)
        write_json(self.folder / "run.json", dataclasses.asdict(record))
        return Run(self.folder, record)

    def finish(self) -> "Run":
        return self.update(state="finished", finished=_now().isoformat(timespec="seconds"))

    def told(self) -> "Run":
        """The run after all of `AFTER_RUN` were called with it; what they raise is a warning."""
        run = self
        for function in AFTER_RUN:
            try:
                function(run)
            except (Exception, SystemExit) as error:
                told = FAILED_AFTER.format(function=written(function), reason=" ".join(repr(error).split()))
                run = run.update(warnings=(*run.record.warnings, told))
        return run

    def history(self) -> list[dict[str, Any]]:
        """The log of training: entries of `step` with some of `loss`, `train_pearson`, `eval_pearson`, ..."""
        return [*read_kept(self.folder / "history.json", HISTORY, f"is no log of training: {DAMAGED}")]

    def write_history(self, history: Sequence[Mapping[str, float]]) -> None:
        # A loss may have been no number; JSON has none of those.
        entries = [
            {name: value if math.isfinite(value) else None for name, value in entry.items()}
            for entry in history
        ]
        write_text(self.folder / "history.json", json.dumps(entries) + "\n")

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        write_json(self.folder / "metrics.json", metrics)


def create_run(
    output: Path,
    recipe: Recipe,
    name: str,
    data: Mapping[DataName, DataFile],
    parent_study: str | None = None,
    reader: PairReader | None = None,
    **record: Any,
) -> tuple[Run, RunLock]:
    """A new run folder under `output` whose id no other run has, even one that starts in the same second.

    What the recipe has in memory, held by `reader`, is written into it, so that the recipe there is complete.
    `record` are further fields of its record. The run is this process's until the lock is released.
    Raises `InputError` where the folder can't be made.
    """
    check_path(output)
    started = _now()
    stem = f"{started:%Y%m%d-%H%M%S}-{_part_of_an_id(name)}"
    for number in range(1, 1000):
        folder = output / (stem if number == 1 else f"{stem}-{number}")
        try:
            make_folders(output)
            folder.mkdir()
            (folder / "checkpoints").mkdir()
            _check_depth(folder)
            break
        except FileExistsError:
            if not output.is_dir():
                raise InputError(f"{output}: is a file; choose another place for the output") from None
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise output_error(folder, error) from error
    lock = None
    try:
        lock = RunLock.take(folder)  # before there is a record by which others find the run
        kept = recipe if reader is None else reader.write_held(recipe, folder / "data")
        paths = {name: getattr(kept.data, name, None) for name in data if kept is not recipe}
        values = RunRecord(
            id=folder.name,
            state="running",
            created=started.isoformat(timespec="seconds"),
            recipe=writable(name),
            data={
                name: dataclasses.replace(file, path=paths.get(name) or file.path)
                for name, file in data.items()
            },
            versions=versions(PACKAGES),
            parent_study=None if parent_study is None else writable(parent_study),
            code=own_code(recipe),
            machine=machine(),
            out_of_fold=bool(recipe.data.all_folds),
            author=author(),
            **record,
        )
        write_text(folder / "recipe.yaml", kept.to_yaml())
        return Run(folder, values).update(), lock
    except BaseException:
        if lock is not None:
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        raise


LONGEST_NAME = 200
"""Bytes of a run's name: with its time, a number and what its files add, a folder's name has at most 255."""

LONGEST_INSIDE = f"checkpoints/checkpoint-{10**9}/{'x' * 60}"
"""Where in a run's folder the longest path leads."""


def _part_of_an_id(name: str) -> str:
    """A name, of a recipe's file perhaps, without what no id has: what does not print, and more than fits."""
    printed = "".join(letter if letter.isprintable() else "_" for letter in name)
    return printed.encode()[:LONGEST_NAME].decode(errors="ignore")


def _check_depth(folder: Path) -> None:
    """Raise the system's error where a path in the folder would be too long: now, not after training."""
    deepest = os.path.abspath(folder / LONGEST_INSIDE)
    os.mkdir(os.path.dirname(deepest))
    with open(deepest, "xb"):
        pass
    shutil.rmtree(os.path.dirname(deepest))


def open_run(run: str | Path, output: str | Path = "runs") -> Run:
    """The run in a folder, or with an id under `output`.

    Raises `InputError` where there is none.
    """
    # Not Path.is_file(), which fails where a name is too long to be one.
    found = [path for path in (Path(run), Path(output) / run) if os.path.isfile(path / "run.json")]
    if not found and str(run) == LATEST:
        found = [latest(Path(output))]
    if not found and os.path.isfile(run):
        raise InputError(f"{run}: is a file, not a run: name the run before the file")
    if not found:
        raise InputError(
            f"{run}: no such run, neither a folder with a run.json nor an id under {output}/"
            f"{nearest(Path(run).name, Path(output))}"
        )
    folder = found[0]
    record = read_kept(folder / "run.json", RECORD, "is no record that this version of dalmeum reads")
    return Run(folder, record)


def model_folder(run: str | Path, output: str | Path = "runs") -> Path:
    """The folder of a finished run's model, or a model folder itself; errors as in `load`."""
    if is_model_folder(Path(run)):
        return Path(run)
    opened = open_run(run, output)
    if opened.record.state != "finished":
        raise InputError(f"{opened.folder}: the run is not finished; go on with dalmeum train ... --resume")
    if not is_model_folder(opened.model):
        raise InputError(f"{opened.model}: is no model folder: config.json is missing")
    return opened.model


def load(
    run: str | Path,
    precision: str = "auto",
    output: str | Path = "runs",
    *,
    trust_code: bool = False,
    tell_notes: bool = True,
    quick: bool = False,
) -> "PairScorer":
    """The scorer of a run (its folder, or its id under `output`), or of a model folder.

    `precision` is `auto`, `float32`, `bfloat16` or `float16`: what the encoder computes in. With `trust_code`
    the code that a model of an own kind names is run; without, such a model is refused. What its user should
    know of it, as scores that moved, is told here, unless the caller does it by its `notes`. `quick` is for a
    few pairs and no more (`load_scorer`).

    Raises `InputError` where there is no such run, it is not finished, or its model can't be read.
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r} is unknown: use one of {', '.join(PRECISIONS)}")
    folder = model_folder(run, output)
    from dalmeum.models.kinds import load_scorer  # torch only where it is used, and all of its names are good

    place = folder.resolve()
    trained_here = place.name == "model" and os.path.isfile(place.parent / "run.json")
    how: Any = {"trust_code": trust_code, "trained_here": trained_here, "quick": quick}
    scorer = load_scorer(folder, precision, **how)
    for note in scorer.notes if tell_notes else ():
        tell(f"{Text('warning', '주의')}: {note}")
    return scorer


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()
