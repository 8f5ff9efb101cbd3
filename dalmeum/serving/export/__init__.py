"""A model in a folder that needs no dalmeum and no torch: a graph, a tokenizer, a certificate, a program."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.practice import practice_tables
from dalmeum.data.splits import PairReader, read_splits
from dalmeum.errors import DalmeumError, InputError
from dalmeum.files import check_output, check_path, make_folders, output_error, write_json, write_text
from dalmeum.languages import Text
from dalmeum.machine import machine, versions
from dalmeum.pages.certificate import CERTIFICATE_PAGE, write_certificate
from dalmeum.progress import tell
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import load, model_folder, open_run

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer
    from dalmeum.serving.export.certificate import Certificate

GRAPH, CERTIFICATE, EXAMPLE = "model.onnx", "certificate.json", "example.py"

SCHEMA = 1

PACKAGES = ("dalmeum", "torch", "transformers", "tokenizers", "onnx", "onnxscript", "onnxruntime", "numpy")

MOST_PAIRS = 1500
"""Pairs that a certificate is made of."""

TRACING = Text("writing the graph of {name}", "{name}의 그래프를 쓰는 중")
COMPARING = Text(
    "comparing its scores on {count:,} pairs of {name}", "{name}의 문장쌍 {count:,}개로 점수를 비교하는 중"
)


def export(
    run: str | Path,
    out: str | Path,
    *,
    data: str | Path | None = None,
    output: str | Path = "runs",
    trust_code: bool = False,
) -> dict[str, Any]:
    """Write a run's model to a folder that `onnxruntime` and `tokenizers` alone can use; its certificate.

    The folder is there when all of it is. Its graph computes in float32, and is within 1e-4 of the model's
    scores on real pairs: those of `data`, else the run's dev pairs, else the practice set's.

    Raises `InputError` for a model that no graph can hold (the offline encoder, ensembles, own kinds), a
    folder that is there, and a missing extra; `DalmeumError` where the graph can't be made, or is not within.
    """
    out = Path(out)
    model = model_folder(run, output)
    check_output(out, [model])
    check_path(out)
    if os.path.lexists(out):
        raise InputError(f"{out}: is there already: remove it, or name another folder")
    scorer = load(run, "float32", output, trust_code=trust_code)

    from dalmeum.serving.export.graph import check_exportable, write_graph  # torch, which is there by now

    check_exportable(scorer, str(run))
    table = _pairs(run, data, output, scorer.label_range)
    with _appearing(out) as folder:
        from dalmeum.serving.export.example import example
        from dalmeum.serving.export.runtime import SETTINGS, TOKENIZER, Settings, write_tokenizer

        tell(TRACING.format(name=run))
        write_graph(scorer, folder / GRAPH)
        write_tokenizer(scorer, str(run), folder / TOKENIZER)
        settings = Settings.of(scorer)
        write_json(folder / SETTINGS, settings.to_dict())
        write_text(folder / EXAMPLE, example(settings))
        tell(COMPARING.format(count=len(table), name=table.name))
        found = _certified(scorer, folder, table)
        certificate = {
            "schema": SCHEMA,
            "run": Path(run).name,
            "model": {"sha256": folder_hash(model), "kind": settings.kind},
            "pairs": {"name": table.name, "count": len(table), "labelled": table.label is not None},
            "machine": machine(),
            "versions": versions(PACKAGES),
            "graphs": {"float32": found.to_dict()},
        }
        write_json(folder / CERTIFICATE, certificate)
        write_certificate(folder / CERTIFICATE_PAGE, certificate)
        if not found.within:
            raise DalmeumError(
                f"{run}: the graph answers up to {found.change.largest:.2g} away from the model, where "
                f"{found.tolerance:g} is allowed: nothing is written"
            )
    return certificate


def _pairs(
    run: str | Path, data: str | Path | None, output: str | Path, label_range: tuple[float, float]
) -> PairTable:
    """Those that the graph is compared on, `MOST_PAIRS` at most."""
    table: PairTable | None = None
    if data is not None:
        table = read_pairs(data, label_range=label_range)
    else:
        with contextlib.suppress(DalmeumError):  # a model folder, or a run whose data moved
            table = read_splits(open_run(run, output).recipe(), PairReader()).get("dev")
    if table is None:
        table = practice_tables()["dev"]
    return table.take(range(min(len(table), MOST_PAIRS)))


def _certified(scorer: "PairScorer", folder: Path, table: PairTable) -> "Certificate":
    import torch

    from dalmeum.serving.export.certificate import FLOAT32, certified
    from dalmeum.serving.export.runtime import ExportedScorer

    exported = ExportedScorer(folder, GRAPH, threads=1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return certified(
            folder / GRAPH,
            table,
            lambda pairs, batch: scorer.score(pairs),
            exported.score,
            FLOAT32,
        )
    finally:
        torch.set_num_threads(threads)


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
