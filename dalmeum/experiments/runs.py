"""The run folder: `runs/<id>/` with `run.json`, `recipe.yaml`, `metrics.json`, `history.json`, `model/`,
`checkpoints/`, `predictions/` and `report.html`. The folder is the truth about a run.
"""

import contextlib
import dataclasses
import datetime
import importlib.metadata
import json
import math
import os
import platform
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from dalmeum.data import PairTable
from dalmeum.data.readers.problems import did_you_mean
from dalmeum.data.splits import PairReader, Split
from dalmeum.errors import InputError
from dalmeum.files import output_error, write_text
from dalmeum.own_code import is_own, source_hash, written
from dalmeum.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

if TYPE_CHECKING:
    from dalmeum.pages.summary import RunSummary

State = Literal["running", "finished", "failed"]

PACKAGES = ("torch", "transformers", "numpy", "kiwipiepy", "kiwipiepy_model")
"""Packages, beside dalmeum itself, whose version can move a score."""

AFTER_RUN: list[Callable[["Run"], object]] = []
"""Called, in their order, with every run that `train` has finished."""

PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class DataFile:
    """One file of a run: where it was, what it held."""

    path: str
    rows: int
    sha256: str


def data_files(tables: Mapping[Split, PairTable]) -> dict[str, DataFile]:
    """What a run's record says of its data."""
    return {split: DataFile(table.name, len(table), table.sha256) for split, table in tables.items()}


@dataclass(frozen=True)
class RunRecord:
    """`run.json`: what happened, when, with what. The recipe says what was to happen.

    `code` is the user's own that the recipe names (`code_hashes`).
    """

    id: str
    state: State
    created: str
    recipe: str
    data: Mapping[str, DataFile]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    finished: str | None = None
    parent_study: str | None = None
    training: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    error: str | None = None
    code: Mapping[str, str | None] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        data = {split: DataFile(**file) for split, file in values.pop("data").items()}
        return cls(data=data, warnings=tuple(values.pop("warnings")), **values)


@dataclass(frozen=True)
class Run:
    """A run folder and its record."""

    folder: Path
    record: RunRecord

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    def predictions(self, split: str) -> Path:
        return self.folder / "predictions" / f"{split}.csv"

    @property
    def evaluations(self) -> Path:
        return self.folder / "predictions" / "dev-evaluations.csv"

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
            state=self.record.state,
            question=self.recipe().question,
            metrics=self.metrics() if scored else {},
            folder=str(self.folder),
            page=str(self.report) if self.report.is_file() else None,
        )

    def recipe(self) -> Recipe:
        path = self.folder / "recipe.yaml"
        if not path.is_file():
            raise InputError(f"{path}: is missing: the run folder is damaged")
        return load_recipe(path)

    def recipe_yaml(self) -> str:
        return (self.folder / "recipe.yaml").read_text(encoding="utf-8")

    def keep_data(self, reader: PairReader) -> "Run":
        """The run with what its recipe has in memory written into its folder: its recipe is complete."""
        recipe = self.recipe()
        kept = reader.write_held(recipe, self.folder / "data")
        if kept is recipe:
            return self
        write_text(self.folder / "recipe.yaml", kept.to_yaml())
        paths = {split: getattr(kept.data, split) for split in self.record.data}
        return self.update(
            data={
                split: dataclasses.replace(file, path=paths[split] or file.path)
                for split, file in self.record.data.items()
            }
        )

    def metrics(self) -> dict[str, Any]:
        metrics: dict[str, Any] = _read_json(self.folder / "metrics.json")
        return metrics

    def update(self, **changes: Any) -> "Run":
        """The run with a changed record, written to `run.json`."""
        record = dataclasses.replace(self.record, **changes)
        write_text(self.folder / "run.json", _to_json(dataclasses.asdict(record)))
        return Run(self.folder, record)

    def finish(self) -> "Run":
        return self.update(state="finished", finished=_now().isoformat(timespec="seconds"))

    def history(self) -> list[dict[str, float]]:
        """The log of training: entries of `step` with some of `loss`, `train_pearson`, `eval_pearson`, ..."""
        path = self.folder / "history.json"
        history: list[dict[str, float]] = _read_json(path)
        if not isinstance(history, list) or not all(
            isinstance(entry, dict) and "step" in entry for entry in history
        ):
            raise InputError(f"{path}: is no log of training: the run folder is damaged")
        return history

    def write_history(self, history: Sequence[Mapping[str, float]]) -> None:
        # A loss may have been no number; JSON has none of those.
        entries = [
            {name: value if math.isfinite(value) else None for name, value in entry.items()}
            for entry in history
        ]
        write_text(self.folder / "history.json", json.dumps(entries) + "\n")

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        write_text(self.folder / "metrics.json", _to_json(metrics))


def create_run(
    output: Path,
    recipe: Recipe,
    name: str,
    data: Mapping[str, DataFile],
    parent_study: str | None = None,
) -> Run:
    """A new run folder under `output` whose id no other run has, even one that starts in the same second.

    Raises `InputError` where the folder can't be made.
    """
    started = _now()
    stem = f"{started:%Y%m%d-%H%M%S}-{name}"
    for number in range(1, 1000):
        folder = output / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
            (folder / "checkpoints").mkdir()
            break
        except FileExistsError:
            if not output.is_dir():
                raise InputError(f"{output}: is a file; choose another place for the output") from None
        except OSError as error:
            raise output_error(folder, error) from error
    record = RunRecord(
        id=folder.name,
        state="running",
        created=started.isoformat(timespec="seconds"),
        recipe=name,
        data=data,
        versions=versions(),
        parent_study=parent_study,
        code=code_hashes(recipe),
        machine={"platform": platform.platform(), "processor": _processor(), "cores": os.cpu_count()},
    )
    try:
        write_text(folder / "recipe.yaml", recipe.to_yaml())
        return Run(folder, record).update()
    except InputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def open_run(run: str | Path, output: str | Path = "runs") -> Run:
    """The run in a folder, or with an id under `output`.

    Raises `InputError` where there is none.
    """
    # Not Path.is_file(), which fails where a name is too long to be one.
    found = [path for path in (Path(run), Path(output) / run) if os.path.isfile(path / "run.json")]
    if not found:
        known = (file.parent.name for file in Path(output).glob("*/run.json"))
        raise InputError(
            f"{run}: no such run, neither a folder with a run.json nor an id under {output}/"
            f"{did_you_mean(str(run), known)}"
        )
    folder = found[0]
    try:
        return Run(folder, RunRecord.from_dict(_read_json(folder / "run.json")))
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"{folder}/run.json: is no record that this version of dalmeum reads") from None


def load(
    run: str | Path,
    precision: str = "auto",
    output: str | Path = "runs",
    *,
    trust_code: bool = False,
) -> "PairScorer":
    """The scorer of a run (its folder, or its id under `output`), or of a model folder.

    `precision` is `auto`, `float32`, `bfloat16` or `float16`: what the encoder computes in. With `trust_code`
    the code that a model of an own kind names is run; without, such a model is refused.

    Raises `InputError` where there is no such run, it is not finished, or its model can't be read.
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r} is unknown: use one of {', '.join(PRECISIONS)}")
    from dalmeum.models.kinds import is_model_folder, load_scorer  # torch only where it is used

    if is_model_folder(Path(run)):
        return load_scorer(Path(run), precision, trust_code=trust_code)
    opened = open_run(run, output)
    if opened.record.state != "finished":
        raise InputError(f"{opened.folder}: the run is not finished; go on with dalmeum train ... --resume")
    return load_scorer(opened.model, precision, trust_code=trust_code)


def find_resumable(output: Path, recipe: Recipe, data: Mapping[str, DataFile]) -> Run | None:
    """The newest unfinished run under `output` with the same recipe on the same data."""
    key, found = run_key(recipe, data), []
    for run in _runs(output, {"running", "failed"}):
        with contextlib.suppress(InputError):
            if run_key(run.recipe(), run.record.data, run.record.code) == key:
                found.append(run)
    return max(found, key=_age, default=None)


def finished_runs(output: Path) -> dict[str, Run]:
    """The newest finished run under `output` of each recipe on each data, by its `run_key`."""
    found: dict[str, Run] = {}
    for run in _runs(output, {"finished"}):
        with contextlib.suppress(InputError):
            key = run_key(run.recipe(), run.record.data, run.record.code)
            found[key] = max(found.get(key, run), run, key=_age)
    return found


def run_key(
    recipe: Recipe, data: Mapping[str, DataFile], code: Mapping[str, str | None] | None = None
) -> str:
    """The same for all runs that would come to the same result.

    `code` is that of the run's record; without, own code counts as it is now. Code whose source is not known
    makes a key that no other equals.
    """
    code = code_hashes(recipe) if code is None else code
    hashes = {split: file.sha256 for split, file in data.items()}
    known = {name: digest or f"unknown: {uuid.uuid4()}" for name, digest in code.items()}
    return json.dumps([_decisive(recipe), hashes, known], sort_keys=True)


def code_hashes(recipe: Recipe) -> dict[str, str | None]:
    """The user's own code that a recipe names, each with its source's hash, None where it has none.

    Raises `InputError` where it can't be found.
    """
    named = {"loss.name": recipe.loss.name, "model.kind": recipe.model.kind}
    return {written(value): source_hash(key, value) for key, value in named.items() if is_own(value)}


def _runs(output: Path, states: set[State]) -> Iterator[Run]:
    """Those in a state; other programs' folders, and runs killed before their first file, are passed over."""
    for file in output.glob("*/run.json"):
        with contextlib.suppress(InputError):
            if (run := open_run(file.parent)).record.state in states:
                yield run


def _age(run: Run) -> tuple[str, str]:
    return run.record.created, run.id


def _decisive(recipe: Recipe) -> dict[str, Any]:
    """What of a recipe decides a run's result: data count by their hashes, not by where they lie."""
    return recipe.model_dump(
        mode="json", exclude={"question": True, "output": True, "data": {"train", "dev", "test"}}
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()


def versions() -> dict[str, str]:
    found = {"dalmeum": importlib.metadata.version("dalmeum"), "python": platform.python_version()}
    for package in PACKAGES:
        found[package] = importlib.metadata.version(package)
    return found


def _processor() -> str:
    """The processor's name; `platform.processor()` is empty on most Linux systems."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: can't be read: {error}; the run folder is damaged") from None


def _to_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
