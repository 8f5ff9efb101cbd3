"""What computes scores: asked for by name, or the quickest that answers rightly, chosen once and kept to."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.errors import DalmeumError, InputError
from dalmeum.serving import backends, quickest
from dalmeum.serving.backends import Choice, chosen_backend, open_backend
from dalmeum.serving.http.app import create_app
from dalmeum.serving.score_file import score_file
from tests.cli.test_commands import call


@pytest.fixture(scope="session")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `trained`, with an export of its run, whose float32 graph stands for the one in integers, too."""
    folder = tmp_path_factory.mktemp("exported") / "here"
    shutil.copytree(trained, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        dalmeum.export("latest", only="float32")
        (export,) = Path("runs").glob("*/export")
        certificate = json.loads((export / "certificate.json").read_text(encoding="utf-8"))
        entry = {**certificate["graphs"]["float32"], "tolerance": {"p99": 0.1}}
        certificate["graphs"]["int8"] = entry
        (export / "certificate.json").write_text(json.dumps(certificate), encoding="utf-8")
    return folder


@pytest.fixture
def export(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(exported, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("DALMEUM_CACHE", str(tmp_path / "cache"))
    (found,) = Path("runs").glob("*/export")
    return found


def test_each_backend_answers_as_the_model(export: Path) -> None:
    pairs = [*read_pairs("dev.csv").pairs, *list(read_pairs("dev.csv").pairs)[:3]]
    right = dalmeum.load("latest", "float32").score(pairs)
    for name in ("torch", "onnx", "onnx-int8"):
        done: list[int] = []
        backend = open_backend("latest", name, precision="auto" if "8" in name else "float32")
        assert (backend.name, backend.label_range) == (name, (0.0, 5.0))
        np.testing.assert_allclose(backend.score(pairs, done.append), right, atol=1e-5)
        assert sum(done) == len(pairs)
    moved = export.rename("elsewhere")
    np.testing.assert_allclose(open_backend("latest", "onnx", export=moved).score(pairs), right, atol=1e-5)
    with pytest.raises(InputError, match="has no export: dalmeum export latest makes one"):
        open_backend("latest", "onnx")
    assert open_backend("latest").name == "torch"


def test_auto_is_measured_once(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[Any] = []
    original = quickest.measured

    def measure(*arguments: Any) -> str:
        measured.append(arguments[2])
        original(*arguments)
        return "onnx-int8"

    monkeypatch.setattr(quickest, "measured", measure)
    assert chosen_backend("latest", measure=False) == Choice("torch")
    first = chosen_backend("latest")
    assert first.name == "onnx-int8"
    assert first.sha256
    assert chosen_backend("latest") == first
    assert chosen_backend("latest", measure=False) == Choice("torch")
    assert measured == [["onnx", "onnx-int8"]]
    # A type that is asked for is kept to.
    assert chosen_backend("latest", precision="bfloat16") == Choice("torch")
    chosen_backend("latest", precision="float32")
    assert measured[1:] == [["onnx"]]
    monkeypatch.setattr(quickest, "processor", lambda: "another machine")
    chosen_backend("latest")
    assert len(measured) == 3


def test_a_graph_must_be_worth_it() -> None:
    assert quickest.worth_most({"torch": 1.0, "onnx": 0.9, "onnx-int8": 0.84}) == "torch"
    assert quickest.worth_most({"torch": 1.0, "onnx": 0.8, "onnx-int8": 0.7}) == "onnx"
    assert quickest.worth_most({"torch": 1.0, "onnx": 0.8, "onnx-int8": 0.6}) == "onnx-int8"
    assert quickest.worth_most({"torch": 1.0, "onnx": 1.2, "onnx-int8": 0.8}) == "onnx-int8"


def test_what_answers_otherwise_here_is_not_chosen(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = backends.OnnxBackend.score

    def spoiled(self: backends.OnnxBackend, *arguments: Any, **named: Any) -> Any:
        return original(self, *arguments, **named) + (0.2 if self.name == "onnx-int8" else 0.001)

    monkeypatch.setattr(backends.OnnxBackend, "score", spoiled)
    assert chosen_backend("latest") == Choice("torch")


def test_what_is_no_good_is_told(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="backend 'tpu' is unknown: use one of auto, torch, onnx, onnx-int8"):
        chosen_backend("latest", "tpu")
    with pytest.raises(InputError, match="backend onnx: does not compute in bfloat16"):
        chosen_backend("latest", "onnx", precision="bfloat16")
    with pytest.raises(InputError, match="backend onnx-int8: does not compute in float32"):
        chosen_backend("latest", "onnx-int8", precision="float32")
    certificate = json.loads((export / "certificate.json").read_text(encoding="utf-8"))
    certificate["graphs"]["int8"]["within"] = False
    (export / "certificate.json").write_text(json.dumps(certificate), encoding="utf-8")
    with pytest.raises(InputError, match="has no int8 graph within tolerance"):
        chosen_backend("latest", "onnx-int8")
    with (export / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(InputError, match="is not the graph that was certified"):
        chosen_backend("latest", "onnx")
    certificate["model"]["sha256"] = "of another"
    (export / "certificate.json").write_text(json.dumps(certificate), encoding="utf-8")
    with pytest.raises(InputError, match="was exported from another model"):
        chosen_backend("latest", "onnx")
    (export / "certificate.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="is no export that this version of dalmeum reads"):
        chosen_backend("latest", "onnx")


def test_a_file_goes_on_by_what_it_was_begun_with(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scored = score_file("latest", "dev.csv", "whole.csv", backend="onnx")
    assert score_file("latest", "dev.csv", "whole.csv", resume=True).before == scored.rows

    original = backends.OnnxBackend.score

    def cut_off(self: backends.OnnxBackend, *arguments: Any, **named: Any) -> Any:
        original(self, *arguments, **named)
        raise DalmeumError("cut off")

    monkeypatch.setattr("dalmeum.serving.score_file.SHARD", 8)
    calls: list[int] = []

    def second_fails(self: backends.OnnxBackend, *arguments: Any, **named: Any) -> Any:
        calls.append(1)
        return (cut_off if len(calls) == 2 else original)(self, *arguments, **named)

    monkeypatch.setattr(backends.OnnxBackend, "score", second_fails)
    with pytest.raises(DalmeumError, match="cut off"):
        score_file("latest", "dev.csv", "out.csv", backend="onnx")
    with pytest.raises(InputError, match="holds scores of another model"):
        score_file("latest", "dev.csv", "out.csv", backend="torch", resume=True)
    assert score_file("latest", "dev.csv", "out.csv", resume=True).before == 8
    right = dalmeum.load("latest", "float32").score(list(read_pairs("dev.csv").pairs))
    lines = Path("out.csv").read_text(encoding="utf-8").splitlines()[1:]
    np.testing.assert_allclose([float(line.rsplit(",", 1)[1]) for line in lines], right, atol=1e-5)


def test_two_sentences(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = []
    for arguments in (["--backend", "onnx"], ["--precision", "float32"]):
        assert call("score", "latest", "A cat sleeps.", "A dog barks.", *arguments) == 0
        answers.append(float(capsys.readouterr().out))
    assert answers[0] == pytest.approx(answers[1], abs=2e-4)
    assert call("score", "latest", "a", "b", "--backend", "tpu") == 2


def test_a_server_computes_by_what_it_is_told_to(export: Path) -> None:
    pairs = [list(pair) for pair in read_pairs("dev.csv").pairs]
    right = dalmeum.load("latest", "float32").score([(one, two) for one, two in pairs])
    for backend, precision, said in (("torch", "float32", "float32"), ("onnx-int8", "auto", "int8")):
        with TestClient(create_app(["latest"], backend=backend, precision=precision)) as client:
            (model,) = client.get("/v1/models").json()["data"]
            assert (model["backend"], model["precision"]) == (backend, said)
            scores = client.post("/score", json={"pairs": pairs}).json()["scores"]
            np.testing.assert_allclose(scores, right, atol=1e-5)
    shutil.rmtree(export)
    with pytest.raises(InputError, match="has no export"):
        create_app(["latest"], backend="onnx")
