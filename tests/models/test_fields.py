"""What is read from the JSON of a model folder is of the type that it has to be, or the folder is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dalmeum
from dalmeum.errors import InputError
from dalmeum.models.bi import new_bi_encoder
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.kinds import load_scorer
from dalmeum.models.offline.build import build_offline
from dalmeum.models.scorer import PairScorer

Tiny = Callable[[str], str]
RANGE = "not two numbers"
SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"sigmoid": "false"}, "sigmoid is 'false', not true or false"),
    ({"sigmoid": 0}, "sigmoid is 0, not true or false"),
    ({"sigmoid": None}, "sigmoid is None, not true or false"),
    ({"label_range": ["0", "5"]}, f"label_range is ['0', '5'], {RANGE}"),
    ({"label_range": "05"}, f"label_range is '05', {RANGE}"),
    ({"label_range": [0, 5, 9]}, f"label_range is [0, 5, 9], {RANGE}"),
    ({"label_range": [False, True]}, f"label_range is [False, True], {RANGE}"),
    ({"label_range": [0, float("nan")]}, f"label_range is [0, nan], {RANGE}"),
    ({"label_range": [0, 10**400]}, "label_range is [0, 1"),
    ({"label_range": {"0": 1, "5": 2}}, f"label_range is {{'0': 1, '5': 2}}, {RANGE}"),
    ({"label_range": [5, 0]}, "label_range is [5, 0], not a lowest label below a highest"),
    ({"binary_threshold": "2.5"}, "binary_threshold is '2.5', not a number"),
    ({"binary_threshold": True}, "binary_threshold is True, not a number"),
    ({"binary_threshold": float("inf")}, "binary_threshold is inf, not a number"),
    ({"kind": 3}, "kind is 3, not text"),
]
IDS = [str(fields)[:40] for fields, _ in SETTINGS]


def change(path: Path, section: str | None, fields: dict[str, Any]) -> None:
    written = json.loads(path.read_text(encoding="utf-8"))
    (written if section is None else written[section]).update(fields)
    path.write_text(json.dumps(written), encoding="utf-8")


def refused(folder: Path, place: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        dalmeum.load(folder)
    assert str(caught.value).startswith(f"{folder}/{place} is damaged: export the model again ({problem}")


@pytest.mark.parametrize(("fields", "problem"), SETTINGS, ids=IDS)
def test_settings_of_a_cross_encoder(
    tiny_encoder: Tiny, tmp_path: Path, fields: dict[str, Any], problem: str
) -> None:
    PairScorer(*new_cross_encoder(tiny_encoder("bert"), num_labels=1, max_length=32, seed=0)).save(tmp_path)
    change(tmp_path / "config.json", "dalmeum", fields)
    refused(tmp_path, "config.json: its section dalmeum", problem)


OF_BI = [
    *SETTINGS,
    ({"similarity": {"slope": "4.5", "intercept": 0}}, "slope is '4.5', not a number"),
    ({"similarity": {"slope": 4.5, "intercept": True}}, "intercept is True, not a number"),
    ({"similarity": {"slope": float("nan"), "intercept": 0}}, "slope is nan, not a number"),
    ({"similarity": [4.5, 0]}, "similarity is [4.5, 0], not a JSON object"),
    ({"similarity": None}, "similarity is None, not a JSON object"),
    ({"binary": {"slope": 1}}, "intercept is missing"),
    ({"binary": "yes"}, "binary is 'yes', not a JSON object"),
]


@pytest.mark.parametrize(("fields", "problem"), OF_BI, ids=[str(fields)[:40] for fields, _ in OF_BI])
def test_settings_of_a_bi_encoder(
    tiny_encoder: Tiny, tmp_path: Path, fields: dict[str, Any], problem: str
) -> None:
    scale = (0.0, 5.0)
    parts = new_bi_encoder(tiny_encoder("bert"), num_labels=1, max_length=32, label_range=scale)
    PairScorer(*parts).save(tmp_path)
    change(tmp_path / "dalmeum.json", None, fields)
    refused(tmp_path, "dalmeum.json", problem)


def test_a_bi_encoder_without_its_map(tiny_encoder: Tiny, tmp_path: Path) -> None:
    parts = new_bi_encoder(tiny_encoder("bert"), num_labels=1, max_length=32, label_range=(0.0, 5.0))
    PairScorer(*parts).save(tmp_path)
    path = tmp_path / "dalmeum.json"
    fields = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in fields.items() if key != "similarity"}))
    refused(tmp_path, "dalmeum.json", "similarity is missing")


@pytest.mark.parametrize("settings", [3, "x", [1], True])
def test_settings_that_are_no_fields(tiny_encoder: Tiny, tmp_path: Path, settings: object) -> None:
    PairScorer(*new_cross_encoder(tiny_encoder("bert"), num_labels=1, max_length=32, seed=0)).save(tmp_path)
    change(tmp_path / "config.json", None, {"dalmeum": settings})
    refused(tmp_path, "config.json: its section dalmeum", f"{settings!r} is no JSON object")


TWICE = {
    "config.json": ('"sigmoid": false', '"sigmoid": true, "sigmoid": false'),
    "tokenizer_config.json": ("{", '{"model_max_length": 4, '),
}


@pytest.mark.parametrize("file", TWICE)
def test_a_key_that_stands_twice(tiny_encoder: Tiny, tmp_path: Path, file: str) -> None:
    """The last one would count in silence."""
    PairScorer(*new_cross_encoder(tiny_encoder("bert"), num_labels=1, max_length=32, seed=0)).save(tmp_path)
    path = tmp_path / file
    written, twice = TWICE[file]
    path.write_text(path.read_text(encoding="utf-8").replace(written, twice, 1), encoding="utf-8")
    key = twice.split('"')[1]
    with pytest.raises(InputError, match=f"{file}.* the key '{key}' stands there twice: leave one out$"):
        dalmeum.load(tmp_path)


@pytest.mark.parametrize("file", ["dalmeum.json", "modules.json", "config_sentence_transformers.json"])
def test_a_key_that_stands_twice_beside_a_bi_encoder(tiny_encoder: Tiny, tmp_path: Path, file: str) -> None:
    parts = new_bi_encoder(tiny_encoder("bert"), num_labels=1, max_length=32, label_range=(0.0, 5.0))
    PairScorer(*parts).save(tmp_path)
    path = tmp_path / file
    path.write_text(path.read_text(encoding="utf-8").replace("{", '{"type": "x", "type": "y", ', 1))
    with pytest.raises(InputError, match=f"{file}.* the key 'type' stands there twice: leave one out$"):
        dalmeum.load(tmp_path)


OF_OFFLINE: list[tuple[str, dict[str, Any], str]] = [
    ("config.json", {"hidden_size": "2048"}, "hidden_size is '2048', not a whole number of 1 or more"),
    ("config.json", {"num_features": 0}, "num_features is 0, not a whole number of 1 or more"),
    ("config.json", {"kernel_width": "x"}, "kernel_width is 'x', not a number"),
    ("config.json", {"kernel_width": 0}, "kernel_width is 0, not a number above 0"),
    ("config.json", {"feature_limit": -4}, "feature_limit is -4, not a number above 0"),
    ("config.json", {"dropout": -1}, "dropout is -1, not a share below 1"),
    ("config.json", {"dropout": 10**18}, "dropout is 1000000000000000000, not a share below 1"),
    ("config.json", {"feature_limit": True}, "feature_limit is True, not a number"),
    ("config.json", {"id2label": ["similarity"]}, "id2label is ['similarity'], not a JSON object of texts"),
    ("encoder.json", {"documents": "3"}, "documents is '3', not a whole number of 1 or more"),
    ("encoder.json", {"documents": 0}, "documents is 0, not a whole number of 1 or more"),
    ("encoder.json", {"features": "x"}, "features is 'x', not a list of texts"),
    ("encoder.json", {"morphemes": [1]}, "morphemes is [1], not a list of texts"),
    ("encoder.json", {"kiwi": {"kiwipiepy": 1}}, "kiwi is {'kiwipiepy': 1}, not a JSON object of texts"),
    (
        "encoder.json",
        {"document_frequency": {"가/NNG": "1"}},
        "document_frequency is {'가/NNG': '1'}, not a JSON object of whole numbers",
    ),
]


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offline")
    PairScorer(*build_offline(["비가 온다."], ["눈이 온다."], num_labels=1, seed=0)).save(folder)
    return folder


@pytest.mark.parametrize(("file", "fields", "problem"), OF_OFFLINE, ids=[str(row[1]) for row in OF_OFFLINE])
def test_files_of_an_offline_scorer(offline: Path, file: str, fields: dict[str, Any], problem: str) -> None:
    whole = (offline / file).read_bytes()
    change(offline / file, None, fields)
    try:
        refused(offline, file, problem)
    finally:
        (offline / file).write_bytes(whole)
    assert load_scorer(offline).score([("비가 온다.", "비가 온다.")]).shape == (1,)


def test_a_key_that_stands_twice_of_an_offline_scorer(offline: Path, tmp_path: Path) -> None:
    for file in ("config.json", "encoder.json"):
        folder = Path(shutil.copytree(offline, tmp_path / file))
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8").replace("{", '{"documents": 1, "documents": 2, ', 1))
        with pytest.raises(InputError) as caught:
            load_scorer(folder)
        told = "can't be read: the key 'documents' stands there twice: leave one out"
        assert str(caught.value) == f"{path}: {told}"


@pytest.mark.parametrize("fields", [{"hidden_size": 10**9}, {"num_features": 10**9}, {"hidden_size": 3}])
def test_sizes_of_an_offline_scorer_that_are_not_its_weights(offline: Path, fields: dict[str, Any]) -> None:
    whole = (offline / "config.json").read_bytes()
    change(offline / "config.json", None, fields)
    try:
        with pytest.raises(InputError) as caught:
            load_scorer(offline)
    finally:
        (offline / "config.json").write_bytes(whole)
    assert str(caught.value) == f"{offline}/config.json: is not of its weights: export the model again"


def test_arrays_of_an_offline_scorer_that_are_not_of_its_json(offline: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(offline, tmp_path / "model"))
    change(folder / "encoder.json", None, {"morphemes": ["비/NNG"]})
    with pytest.raises(InputError) as caught:
        load_scorer(folder)
    assert str(caught.value) == (
        f"{folder}/encoder.safetensors: is not of its encoder.json: export the model again"
    )
    (folder / "encoder.safetensors").write_bytes(b"cut off")
    with pytest.raises(InputError) as caught:
        load_scorer(folder)
    assert str(caught.value) == f"{folder}/encoder.safetensors: is damaged: export the model again"
