"""A model in a folder that needs no dalmeum and no torch: a graph, a tokenizer, a certificate, a program."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from numpy.typing import NDArray

from dalmeum.errors import DalmeumError, InputError
from dalmeum.files import check_output, check_path, make_folders, output_error, write_json, write_text
from dalmeum.languages import Text
from dalmeum.machine import machine, versions
from dalmeum.pages.certificate import CERTIFICATE_PAGE, write_certificate
from dalmeum.progress import tell
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import load, model_folder
from dalmeum.serving.backends import CERTIFICATE, HERE
from dalmeum.serving.export.pairs import ExportPairs, pairs_for

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer
    from dalmeum.serving.export.certificate import Certificate
    from dalmeum.serving.export.int8 import Search

GRAPH, INT8 = "model.onnx", "model-int8.onnx"
EXAMPLE = "example.py"

GRAPHS = {"float32": GRAPH, "int8": INT8}

SCHEMA = 2

PACKAGES = ("dalmeum", "torch", "transformers", "tokenizers", "onnx", "onnxscript", "onnxruntime", "numpy")

TRACING = Text("writing the graph of {name}", "{name}의 그래프를 쓰는 중")
ROUNDING = Text(
    "int8: measuring what {count:,} pairs of {name} make of it",
    "int8: {name}의 문장쌍 {count:,}개로 재는 중",
)
COMPARING = Text(
    "{graph}: comparing its scores on {count:,} pairs of {name}",
    "{graph}: {name}의 문장쌍 {count:,}개로 점수를 비교하는 중",
)
WHAT = {
    "largest": "the largest change of a score",
    "p99": "the 99th percentile of the change",
    "pearson": "the difference in Pearson's correlation with the labels",
    "disagreement": "what misses to 1 in Pearson's correlation with the model's scores",
}


def export(
    run: str | Path,
    out: str | Path | None = None,
    *,
    only: str | None = None,
    data: str | Path | None = None,
    output: str | Path = "runs",
    trust_code: bool = False,
) -> dict[str, Any]:
    """Write a run's model to a folder that `onnxruntime` and `tokenizers` alone can use; its certificate.

    The folder is there when all of it is. Its float32 graph is within 1e-4 points (of 0 to 5) of the model's
    scores on real pairs: those of `data`, else the run's dev pairs, else the practice set's. A second graph
    computes in 8-bit integers, and is there where it is within its own tolerances (`certificate.INT8_P99`,
    `INT8_PEARSON`); where it is not, the certificate says by how much.

    Args:
        out: by default `export` in the run's folder.
        only: `float32` or `int8`; by default both.

    Raises `InputError` for a model that no graph can hold (the offline encoder, ensembles, own kinds), a
    folder that is there, and a missing extra; `DalmeumError` where the graph can't be made, or is not within
    tolerance: the float32 one, or that of `only`.
    """
    if only is not None and only not in GRAPHS:
        raise InputError(f"export of {only!r}: there are {' and '.join(GRAPHS)}")
    out = place_of(run, out, output)
    model = model_folder(run, output)
    scorer = load(run, "float32", output, trust_code=trust_code)

    from dalmeum.serving.export.graph import check_exportable, write_graph  # torch, which is there by now

    check_exportable(scorer, str(run))
    pairs = pairs_for(run, data, output, scorer.label_range)
    with _appearing(out) as folder:
        from dalmeum.serving.export.example import example
        from dalmeum.serving.export.runtime import SETTINGS, TOKENIZER, Settings, write_tokenizer

        tell(TRACING.format(name=run))
        write_graph(scorer, folder / GRAPH)
        write_tokenizer(scorer, str(run), folder / TOKENIZER)
        settings = Settings.of(scorer)
        write_json(folder / SETTINGS, settings.to_dict())
        graphs = _graphs(str(run), scorer, folder, pairs, only)
        write_text(
            folder / EXAMPLE, example(settings, [each["file"] for each in graphs.values() if each["written"]])
        )
        certificate = {
            "schema": SCHEMA,
            "run": Path(run).name,
            "model": {
                "sha256": folder_hash(model),
                "kind": settings.kind,
                "shorter": _in_shorter_type(scorer, pairs),
            },
            "pairs": pairs.to_dict(),
            "machine": machine(),
            "versions": versions(PACKAGES),
            "graphs": graphs,
        }
        write_json(folder / CERTIFICATE, certificate)
        write_certificate(folder / CERTIFICATE_PAGE, certificate)
    return certificate


def place_of(run: str | Path, out: str | Path | None = None, output: str | Path = "runs") -> Path:
    """Where an export of a run goes; `InputError` where it can't."""
    model = model_folder(run, output)
    if out is None:
        if not os.path.isfile(model.parent / "run.json"):
            raise InputError(f"{model}: is a model without a run: name the folder to make, with -o")
        out = model.parent / HERE
    else:
        out = Path(out)
        check_output(out, [model])
        check_path(out)
    if os.path.lexists(out):
        raise InputError(f"{out}: is there already: remove it, or name another folder")
    return out


def _graphs(
    run: str, scorer: "PairScorer", folder: Path, pairs: ExportPairs, only: str | None
) -> dict[str, dict[str, Any]]:
    """Entries of the certificate; what is not to be there is removed."""
    from dalmeum.serving.export.certificate import FLOAT32, INT8_P99, INT8_PEARSON

    graphs: dict[str, dict[str, Any]] = {}
    width = scorer.label_range[1] - scorer.label_range[0]
    if only != "int8":
        found = _certified(scorer, folder, GRAPH, pairs, {"largest": FLOAT32 * width})
        _check(run, "the graph", found)
        graphs["float32"] = {**found.to_dict(), "written": True}
    if only == "float32":
        return graphs
    p99 = INT8_P99 * width
    search = _int8(folder, pairs, p99)
    if search is None:
        if only:
            raise DalmeumError(f"{run}: nothing in its graph can be computed in integers: nothing is written")
        return graphs
    tolerance = {"p99": p99, "pearson" if pairs.labels_count else "disagreement": INT8_PEARSON}
    found = _certified(scorer, folder, INT8, pairs, tolerance)
    if only:
        _check(run, "the graph in integers", found)
        _remove(folder / GRAPH)
    elif not found.within:
        _remove(folder / INT8)
    graphs["int8"] = {**found.to_dict(), "written": found.within, "search": search.to_dict()}
    return graphs


def _int8(folder: Path, pairs: ExportPairs, p99: float) -> "Search | None":
    from dalmeum.serving.export.certificate import INT8_PEARSON
    from dalmeum.serving.export.int8 import write_int8

    tell(ROUNDING.format(count=len(pairs.calibration), name=pairs.calibration_name))
    return write_int8(folder, GRAPH, INT8, pairs.calibration, p99, INT8_PEARSON)


def _check(run: str, what: str, found: "Certificate") -> None:
    if found.within:
        return
    told = " and ".join(
        f"{WHAT[name]} is {value:.2g}, where {found.tolerance[name]:g} is allowed"
        for name, value in found.beyond.items()
    )
    raise DalmeumError(f"{run}: {what} is not within tolerance: {told}: nothing is written")


def _remove(graph: Path) -> None:
    from dalmeum.serving.export.certificate import graph_files

    for path in graph_files(graph):
        path.unlink()


def _certified(
    scorer: "PairScorer", folder: Path, graph: str, pairs: ExportPairs, tolerance: dict[str, float]
) -> "Certificate":
    import torch

    from dalmeum.serving.export.certificate import certified
    from dalmeum.serving.export.runtime import ExportedScorer

    tell(COMPARING.format(graph=graph, count=len(pairs.table), name=pairs.table.name))
    exported = ExportedScorer(folder, graph, threads=1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return certified(
            folder / graph,
            pairs.table,
            lambda rows, batch: scorer.score(rows),
            exported.score,
            tolerance,
        )
    finally:
        torch.set_num_threads(threads)


def _in_shorter_type(scorer: "PairScorer", pairs: ExportPairs) -> dict[str, Any] | None:
    """What the type that the model computes in on this machine does to its scores; None for float32."""
    from dalmeum.serving.export.certificate import spread

    shorter = scorer.with_precision("auto")
    if shorter.precision == scorer.precision:
        return None

    def score(rows: Sequence[tuple[str, str]], batch: int) -> NDArray[np.float64]:
        parts = [shorter.score(rows[start : start + batch]) for start in range(0, len(rows), batch)]
        return np.concatenate(parts)

    found = spread(list(pairs.table.pairs), lambda rows, batch: scorer.score(rows), score)
    return {"precision": str(shorter.precision).removeprefix("torch."), **found}


@contextlib.contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """A folder under another name, which becomes `out` when the block ends well; a dead one's is removed."""
    folder = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        make_folders(out.parent)
        for left in out.parent.glob(f".{out.name}.*.partial"):
            pid = left.name.split(".")[-2]
            if pid.isdecimal() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid))):
                shutil.rmtree(left, ignore_errors=True)
        folder.mkdir()
        yield folder
        os.rename(folder, out)
    except OSError as error:
        raise output_error(out, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
