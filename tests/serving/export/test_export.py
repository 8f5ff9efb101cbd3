"""A model in a folder of its own: the same scores, from a program that knows nothing of dalmeum and torch."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import dalmeum
from dalmeum.data import PairTable, read_pairs
from dalmeum.errors import DalmeumError, InputError
from dalmeum.models.kinds import new_scorer
from dalmeum.recipe import load_recipe
from dalmeum.serving import export as exporting
from dalmeum.serving.export import certificate, int8, ranges
from dalmeum.serving.export.certificate import Change, certified
from dalmeum.serving.export.runtime import ExportedScorer
from tests import kill
from tests.cli.test_commands import call

WritePairs = Callable[..., Path]

ODD = [
    ("  spaces   around ", "a"),
    ("", "nothing before"),
    ("long " * 100, "words " * 90),
    ("각", "각"),
    ("The Cat EATS.", "the cat eats."),
]

ALONE = """
import importlib.abc, runpy, sys
class Refuses(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "dalmeum", "sentence_transformers"}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuses())
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def saved(folder: Path, train: Path, swap: bool = False, **model: Any) -> Path:
    """An untrained model whose scores differ from pair to pair."""
    recipe = load_recipe(
        data={"train": str(train)}, model={"max_length": 32, **model}, inference={"swap": swap}
    )
    scorer = new_scorer(recipe, read_pairs(train))
    scorer.fold(3.0, 0.5)
    scorer.save(folder)
    return folder


@pytest.fixture
def model(
    write_pairs: WritePairs,
    tiny_encoder: Callable[[str], str],
    korean_encoder: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Path:
    kind, encoder, swap = request.param
    name = korean_encoder if encoder == "korean" else tiny_encoder(encoder)
    return saved(tmp_path / "model", write_pairs("train.csv", 20), swap, kind=kind, encoder=name)


KINDS = [("cross", "bert", False), ("cross", "roberta", True), ("bi", "korean", False), ("bi", "bert", False)]


@pytest.mark.parametrize("model", KINDS, indirect=True, ids=["-".join(map(str, kind)) for kind in KINDS])
def test_scores_are_those_of_the_model_wherever_they_are_computed(
    model: Path, tmp_path: Path, write_pairs: WritePairs
) -> None:
    out = tmp_path / "exported"
    made = dalmeum.export(model, str(out), data=write_pairs("dev.csv", 60, seed=3))
    graph = made["graphs"]["float32"]
    assert graph["within"]
    assert graph["change"]["largest"] <= 1e-4
    assert (graph["change"]["pairs"], made["pairs"]["count"]) == (60, 60)
    assert json.loads((out / "certificate.json").read_text(encoding="utf-8")) == made
    pairs = [*read_pairs(write_pairs("dev.csv", 60, seed=3)).pairs, *ODD]
    expected = dalmeum.load(model, "float32").score(pairs)
    assert np.ptp(expected) > 0.01
    for batch in (1, 5, 64):
        np.testing.assert_allclose(ExportedScorer(out).score(pairs, batch), expected, atol=1e-4)
    for pair in (pairs[0], ODD[0], ODD[4]):
        program = [sys.executable, "-c", ALONE.replace("sys.argv[0]", repr(str(out / "example.py"))), *pair]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert float(done.stdout) == pytest.approx(expected[pairs.index(pair)], abs=2e-4)


def test_the_program_is_short(own_run: Path) -> None:
    assert call("export", "latest", "-o", "exported") == 0
    text = Path("exported", "example.py").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith('"""')]
    assert len(lines) <= 18


def test_what_a_shorter_type_does_to_the_model_is_told(
    own_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "dalmeum.models.scorer.resolve_precision",
        lambda name, device: torch.float32 if name == "float32" else torch.bfloat16,
    )
    found = dalmeum.export("latest", "exported", only="float32")["model"]["shorter"]
    pairs = list(read_pairs("dev.csv").pairs)
    right, shorter = (dalmeum.load("latest", name).score(pairs) for name in ("float32", "auto"))
    assert found["precision"] == "bfloat16"
    assert found["change"]["largest"] == pytest.approx(np.abs(shorter - right).max(), abs=1e-4)
    assert 0 < found["batches"] < 0.2


def test_the_command_compares_on_the_runs_own_dev_pairs(
    own_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("export", "latest", "-o", "exported", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    dev = read_pairs("dev.csv")
    assert (told["folder"], told["certificate"]["pairs"]["count"]) == ("exported", len(dev))
    assert told["certificate"]["pairs"]["source"] == "dev"
    pearson = told["certificate"]["graphs"]["float32"]["pearson"]
    assert pearson["difference"]["value"] == pytest.approx(0, abs=1e-6)
    assert pearson["model"]["value"] == pytest.approx(
        dalmeum.evaluate(own_run, "dev.csv", precision="float32").metrics.pearson.value
    )
    integers = told["certificate"]["graphs"]["int8"]
    assert (integers["tolerance"], integers["written"]) == (
        {"p99": 0.1, "pearson": 0.001},
        integers["within"],
    )
    assert sorted(path.name for path in Path("exported").iterdir()) == [
        "certificate.html",
        "certificate.json",
        "example.py",
        "export.json",
        *(["model-int8.onnx"] if integers["within"] else []),
        "model.onnx",
        "tokenizer.json",
    ]


@pytest.mark.parametrize("model", [("cross", "roberta", True)], indirect=True)
def test_integers_are_near_the_model_and_the_program_uses_them(
    model: Path, tmp_path: Path, write_pairs: WritePairs
) -> None:
    file = write_pairs("dev.csv", 400, seed=3)
    out = tmp_path / "exported"
    graph = dalmeum.export(model, out, data=file)["graphs"]["int8"]
    assert graph["within"], graph["found"]
    assert graph["search"]["products"] > 4
    pairs = list(read_pairs(file).pairs)[:50]
    expected = dalmeum.load(model, "float32").score(pairs)
    scores = ExportedScorer(out, "model-int8.onnx").score(pairs)
    assert 0 < np.abs(scores - expected).max() < 0.1
    # Scales are fixed: a score does not depend on what is scored beside it.
    alone = np.concatenate([ExportedScorer(out, "model-int8.onnx").score([pair]) for pair in pairs[:5]])
    np.testing.assert_allclose(alone, scores[:5], atol=1e-5)
    code = ALONE.replace("sys.argv[0]", repr(str(out / "example.py")))
    for arguments, told in (([*pairs[0], "model-int8.onnx"], scores[0]), (pairs[0], expected[0])):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert float(done.stdout) == pytest.approx(told, abs=2e-4)
    for wrong in ([], ["one"], [*pairs[0], "other.onnx"]):
        done = subprocess.run(
            [sys.executable, str(out / "example.py"), *wrong], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            "give two sentences, each in quotes, and perhaps which graph: model.onnx or model-int8.onnx"
        ]


def test_integers_that_are_spoiled_are_left_out_and_named(
    own_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = ranges._with

    def coarse(*arguments: Any) -> Any:
        found = original(*arguments)
        return dataclasses.replace(found, scale=20 * found.scale, zero=found.zero // 20)

    monkeypatch.setattr(ranges, "_with", coarse)
    monkeypatch.setattr(int8, "SECONDS", 0.0)
    monkeypatch.setattr(certificate, "INT8_P99", 1e-6)
    assert call("export", "latest", "-o", "out") == 0
    assert "int8: left out, beyond tolerance: p99" in capsys.readouterr().out
    assert not Path("out", "model-int8.onnx").exists()
    told = json.loads(Path("out", "certificate.json").read_text(encoding="utf-8"))["graphs"]["int8"]
    assert (told["within"], told["written"]) == (False, False)
    assert told["found"]["p99"] > told["tolerance"]["p99"]
    assert "left out of the folder" in Path("out", "certificate.html").read_text(encoding="utf-8")
    text = Path("out", "example.py").read_text(encoding="utf-8")
    assert "model-int8.onnx" not in text
    assert call("export", "latest", "-o", "alone", "--only", "int8") == 1
    assert "the graph in integers is not within tolerance" in capsys.readouterr().err
    assert not list(Path().glob("*alone*"))


def test_one_graph_alone(own_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("export", "latest", "--only", "float32", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["folder"]) == own_run / "export"  # where score finds it
    assert list(told["certificate"]["graphs"]) == ["float32"]
    assert not (own_run / "export" / "model-int8.onnx").exists()
    assert call("export", "latest") == 2
    assert "is there already" in capsys.readouterr().err
    assert call("export", "latest", "-o", "out", "--only", "int4") == 2
    assert call("export", str(own_run / "model"), "-o", "out", "--only", "float16") == 2


def test_what_is_refused_leaves_nothing(
    own_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there").mkdir()
    dalmeum.load("latest")  # which may note that golden scores agree
    before = sorted(Path().rglob("*"))
    for arguments, told in (
        (["latest", "-o", "there"], "there: is there already"),
        (["nobody", "-o", "out"], "nobody"),
        (["latest", "-o", "out", "--data", "none.csv"], "none.csv: no such file"),
        (["latest", "-o", str(own_run / "out")], "lies in the folder of a run"),
    ):
        assert call("export", *arguments) == 2, arguments
        assert told in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert call("export", "latest", "-o", "out") == 2
    assert "pip install 'dalmeum[export]'" in capsys.readouterr().err
    assert sorted(Path().rglob("*")) == before


def test_a_graph_that_is_away_from_its_model_is_not_written(
    own_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ExportedScorer.score

    def spoiled(self: ExportedScorer, pairs: Any, batch: int = 64) -> Any:
        return original(self, pairs, batch) + 0.001

    monkeypatch.setattr(ExportedScorer, "score", spoiled)
    with pytest.raises(
        DalmeumError, match=r"the largest change of a score is 0\.001, where 0\.0001 is allowed"
    ):
        exporting.export(own_run, Path("out"))
    assert not Path("out").exists()
    assert not list(Path().glob(".out*"))


def test_another_label_range_allows_as_large_a_share(own_run: Path, write_pairs: WritePairs) -> None:
    """A score of 90 has a tenth of the digits behind the point that one of 4 has."""
    scorer = dataclasses.replace(dalmeum.load(own_run, "float32"), label_range=(0.0, 100.0))
    scorer.save(Path("wide"))
    made = exporting.export("wide", Path("out"), only="float32", data=write_pairs("dev.csv", 30))
    assert made["graphs"]["float32"]["tolerance"] == {"largest": pytest.approx(0.002)}


def test_what_no_graph_holds_is_told(
    write_pairs: WritePairs, tiny_encoder: Callable[[str], str], here: Path
) -> None:
    train = write_pairs("train.csv", 30)
    offline = saved(here / "offline", train, kind="offline", encoder=None)
    with pytest.raises(InputError, match=r"offline: .* can't be exported: cross-encoders"):
        exporting.export(offline, Path("out"))
    recipe = load_recipe(
        data={"train": str(train), "folds": 2},
        model={"encoder": tiny_encoder("bert"), "max_length": 16},
        training={"max_steps": 1, "precision": "float32"},
    )
    run = dalmeum.train(recipe)
    with pytest.raises(InputError, match=r"is an ensemble: export its members one by one \(fold-0, fold-1\)"):
        exporting.export(run.folder, Path("out"))
    assert exporting.export(run.model / "fold-1", Path("out"))["pairs"]["name"] == "practice dev"


def test_folders_of_the_dead_are_swept(own_run: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for pid in (dead.pid, os.getppid()):
        Path(f".out.{pid}.partial").mkdir()
    exporting.export(own_run, Path("out"))
    assert [path.name for path in Path().glob(".out.*")] == [f".out.{os.getppid()}.partial"]


def test_changes_are_those_of_the_scores(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"0" * 2_000_000)
    table = PairTable(
        id=tuple("abcdefgh"),
        source=("",) * 8,
        sentence1=tuple("a" * length for length in range(1, 9)),
        sentence2=("b",) * 8,
        label=np.arange(8) / 2,
    )
    ours = {pair: number / 2 for number, pair in enumerate(table.pairs)}

    def model(pairs: Any, batch: int) -> Any:
        return np.array([ours.get(pair, 9.0) for pair in pairs])

    def graph(pairs: Any, batch: int) -> Any:
        moved = model(pairs, batch) + 0.01 * batch
        moved[-1] += 0.5
        return moved

    found = certified(path, table, model, graph, {"largest": 1e-4})
    assert found.change.largest == pytest.approx(0.5 + 0.64)
    assert found.change.mean == pytest.approx(0.64 + 0.5 / 8)
    assert found.batches == pytest.approx(0.63)
    assert [each.pairs for each in found.by_score.values()] == [2, 2, 2, 2, 0]
    assert list(found.by_score) == ["0 to 1", "1 to 2", "2 to 3", "3 to 4", "4 to 5"]
    assert sum(each.pairs for each in found.by_length.values()) == 8
    assert found.megabytes == 2.0
    (tmp_path / "model.onnx.data").write_bytes(b"1" * 500_000)
    larger = certified(path, table, model, model, {"largest": -1.0})
    assert larger.megabytes == 2.5
    assert larger.sha256 != found.sha256
    assert not found.within
    assert found.to_dict()["by_score"]["4 to 5"]["mean"] is None
    assert Change.of(np.zeros(3)) == Change(3, 0.0, 0.0, 0.0)
    same = certified(path, table, model, model, {"largest": 1e-4, "pearson": 0.0, "disagreement": 1e-9})
    assert same.within
    assert same.pearson is not None
    assert same.pearson["difference"]["value"] == 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_at_a_write_nothing_looks_like_an_export(own_run: Path) -> None:
    dalmeum.load("latest")
    command = [sys.executable, "-m", "dalmeum", "export", "latest", "-o", "exported"]
    undisturbed = kill.call(command, Path())
    assert undisturbed.code == 0, undisturbed.said
    count = len(undisturbed.written)
    assert undisturbed.written[-1] == "exported"  # the folder takes its name when all of it is there
    begun = next(at for at, name in enumerate(undisturbed.written, 1) if name.endswith("/model-int8.onnx"))
    for at in (1, begun, begun + 1, count):
        shutil.rmtree("exported", ignore_errors=True)
        assert kill.call(command, Path(), at).code == -signal.SIGKILL
        assert not Path("exported").exists()
    assert kill.call(command, Path()).code == 0
    assert not list(Path().glob(".exported.*"))
    assert len(ExportedScorer(Path("exported")).score([("a", "b")])) == 1
