"""What computes a model's scores: torch, or ONNX Runtime with a graph that was exported and certified."""

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import DalmeumError, InputError, MissingExtraError
from dalmeum.languages import Text
from dalmeum.machine import versions
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import load, model_folder

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

TORCH, ONNX, INT8, AUTO = "torch", "onnx", "onnx-int8", "auto"

BACKENDS = (AUTO, TORCH, ONNX, INT8)

HERE, CERTIFICATE = "export", "certificate.json"
"""Where an export lies in a run's folder, and what it is known by."""

ENTRIES = {ONNX: "float32", INT8: "int8"}
"""Of a certificate, by backend."""

Pairs = Sequence[tuple[str, str]]
Scores = NDArray[np.float64]
UNTOLD: Callable[[int], object] = lambda count: None  # noqa: E731


class Backend(Protocol):
    """Scores pairs."""

    @property
    def name(self) -> str:
        """One of `BACKENDS`."""
        ...

    @property
    def precision(self) -> str:
        """What it computes in: `float32`, `bfloat16`, `float16` or `int8`."""
        ...

    @property
    def label_range(self) -> tuple[float, float]:
        """Lowest and highest label."""
        ...

    @property
    def notes(self) -> tuple[Text, ...]:
        """What its user should know of it."""
        ...

    def score(self, pairs: Pairs, progress: Callable[[int], object] = UNTOLD, name: str = "pairs") -> Scores:
        """Similarities (n,) on the label scale, not clipped to it; a pair that is there twice is scored once.
        `progress` gets the number of pairs done; `name` is what errors call the pairs.

        Raises `DalmeumError` where the model answers what is no number.
        """
        ...

    def forget(self) -> None:
        """Let go of what was worked out before: what comes next has the digits that it has by itself."""
        ...


@dataclass(frozen=True)
class TorchBackend:
    """dalmeum's own way."""

    scorer: "PairScorer"
    name: str = TORCH

    @property
    def precision(self) -> str:
        return str(self.scorer.precision).removeprefix("torch.")

    @property
    def label_range(self) -> tuple[float, float]:
        return self.scorer.label_range

    @property
    def notes(self) -> tuple[Text, ...]:
        return self.scorer.notes

    def score(self, pairs: Pairs, progress: Callable[[int], object] = UNTOLD, name: str = "pairs") -> Scores:
        from dalmeum.data import PairTable
        from dalmeum.evaluation.predict import score_table

        count = len(pairs)
        ids, sides = tuple(map(str, range(count))), tuple(zip(*pairs, strict=True)) or ((), ())
        table = PairTable(ids, ("",) * count, sides[0], sides[1], name=name, label_range=self.label_range)
        return score_table(self.scorer, table, progress).similarity

    def forget(self) -> None:
        from dalmeum.models.encoding import forget

        forget(self.scorer.encoding)


class OnnxBackend:
    """A graph of an exported folder."""

    notes: tuple[Text, ...] = ()

    def __init__(self, export: Path, name: str) -> None:
        from dalmeum.serving.export.runtime import ExportedScorer

        self.name, self.precision = name, ENTRIES[name]
        self.scorer = ExportedScorer(export, entries_of(export)[name]["file"])

    @property
    def label_range(self) -> tuple[float, float]:
        return self.scorer.label_range

    def score(self, pairs: Pairs, progress: Callable[[int], object] = UNTOLD, name: str = "pairs") -> Scores:
        places: dict[tuple[str, str], int] = {}
        rows = [places.setdefault((one, two), len(places)) for one, two in pairs]
        scores = self.scorer.score(list(places), progress=progress)[rows]
        progress(len(rows) - len(places))
        broken = int((~np.isfinite(scores)).sum())
        if broken:
            raise DalmeumError(f"{name}: {broken:,} of {len(rows):,} scores by {self.name} are not numbers")
        return scores

    def forget(self) -> None:
        """Nothing is kept."""


@dataclass(frozen=True)
class Choice:
    """Which backend scores, and by what.

    Attributes:
        export: the folder of the graph; None for torch.
        sha256: of the graph; "" for torch.
    """

    name: str
    export: Path | None = None
    sha256: str = ""

    def describe(self) -> dict[str, Any]:
        """What a job writes down; nothing of torch, which jobs of old were all done by."""
        if self.export is None:
            return {}
        return {
            "backend": self.name,
            "graph": self.sha256,
            "runtime": versions(["onnxruntime"])["onnxruntime"],
        }


def open_backend(
    run: str | Path,
    backend: str = AUTO,
    *,
    export: str | Path | None = None,
    precision: str = AUTO,
    output: str | Path = "runs",
    trust_code: bool = False,
) -> Backend:
    """What scores pairs by a run's model; arguments and errors as of `chosen_backend` and `load`."""
    choice = chosen_backend(
        run, backend, export=export, precision=precision, output=output, trust_code=trust_code
    )
    return opened(choice, run, precision, output, trust_code=trust_code)


def opened(
    choice: Choice, run: str | Path, precision: str, output: str | Path = "runs", *, trust_code: bool = False
) -> Backend:
    """The backend that was chosen; whoever asks for it tells its notes."""
    if choice.export is not None:
        return OnnxBackend(choice.export, choice.name)
    return TorchBackend(load(run, precision, output, trust_code=trust_code, tell_notes=False))


def chosen_backend(
    run: str | Path,
    backend: str = AUTO,
    *,
    export: str | Path | None = None,
    precision: str = AUTO,
    output: str | Path = "runs",
    trust_code: bool = False,
    measure: bool = True,
) -> Choice:
    """Which backend is meant by a name.

    `auto` is the quickest of those that answer as they should: it is measured once for a model, an export and
    a machine, and kept in the user's cache. A precision that is named is kept to: float32 leaves
    `onnx-int8` out, shorter types both graphs. Without an export at hand it is torch.

    Args:
        export: the folder of an export; by default the one in the run's folder, if there is one.
        measure: whether `auto` may take the time to measure; without, it is torch.

    Raises `InputError` for an unknown name, an export that is not there, of another model, changed, or
    without the graph that is asked for.
    """
    if backend not in BACKENDS:
        raise InputError(f"backend {backend!r} is unknown: use one of {', '.join(BACKENDS)}")
    model = model_folder(run, output)
    installed = importlib.util.find_spec("onnxruntime") is not None
    if backend == TORCH or (backend == AUTO and not (installed and measure)):
        return Choice(TORCH)
    if not installed:
        raise MissingExtraError("onnxruntime", "export")
    folder = Path(export) if export is not None else model.parent / HERE
    if export is None and not (folder / CERTIFICATE).is_file():
        if backend == AUTO:
            return Choice(TORCH)
        raise InputError(
            f"backend {backend}: {run} has no export: dalmeum export {run} makes one; --export names one "
            "elsewhere"
        )
    graphs = _checked(folder, model)
    if backend != AUTO:
        if backend not in graphs:
            raise InputError(f"{folder}: has no {ENTRIES[backend]} graph within tolerance")
        if precision not in (AUTO, "float32") or (precision != AUTO and backend == INT8):
            raise InputError(f"backend {backend}: does not compute in {precision}: leave --precision out")
        return Choice(backend, folder, graphs[backend])
    usable = [name for name in graphs if precision == AUTO or (precision, name) == ("float32", ONNX)]
    if not usable:
        return Choice(TORCH)
    from dalmeum.serving import quickest

    key = quickest.key_of(model, graphs, precision)
    name = quickest.kept().get(key)
    if name not in (TORCH, *usable):
        name = quickest.measured(model, folder, usable, precision, trust_code)
        quickest.keep(key, name)
    return Choice(TORCH) if name == TORCH else Choice(name, folder, graphs[name])


def entries_of(export: Path) -> dict[str, dict[str, Any]]:
    """What a certificate says of graphs that are there, by backend; `InputError` where it can't be read."""
    try:
        graphs = json.loads((export / CERTIFICATE).read_text(encoding="utf-8"))["graphs"]
        found = {name: graphs[entry] for name, entry in ENTRIES.items() if entry in graphs}
        return {name: each for name, each in found.items() if each["within"] and each["written"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{export}: is no export that this version of dalmeum reads: export again") from None


def _checked(export: Path, model: Path) -> dict[str, str]:
    """Hashes of the graphs within tolerance, by backend; `InputError` where one is not what was certified."""
    from dalmeum.serving.export.certificate import graph_files, graph_hash

    entries = entries_of(export)
    certified = json.loads((export / CERTIFICATE).read_text(encoding="utf-8"))["model"]["sha256"]
    if certified != folder_hash(model):
        raise InputError(
            f"{export}: was exported from another model, or before this one changed: export again"
        )
    for each in entries.values():
        if graph_hash(graph_files(export / each["file"])) != each["sha256"]:
            raise InputError(f"{export / each['file']}: is not the graph that was certified: export again")
    return {name: each["sha256"] for name, each in entries.items()}
