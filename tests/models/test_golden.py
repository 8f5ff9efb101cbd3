"""Golden scores: a model answers for itself where something that moves scores has changed."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from dalmeum.data import PairTable
from dalmeum.errors import InputError
from dalmeum.models import golden
from dalmeum.models.golden import KNOWN, MOST_KNOWN, TOLERANCE, Golden, write_blended_golden
from dalmeum.models.golden_pairs import golden_pairs
from dalmeum.models.kinds import load_scorer, new_scorer
from dalmeum.models.members import member_hash
from dalmeum.models.pretrained import GOLDEN
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import build_recipe
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import load
from tests.conftest import draw_pairs

Tiny = Callable[[str], str]


def table(count: int = 30) -> PairTable:
    first, second, labels = zip(*draw_pairs(count, 5), strict=True)
    return PairTable(tuple(map(str, range(count))), ("",) * count, first, second, label=np.array(labels))


def made(encoder: str | None, *, swap: bool = False, binary: bool = False, **model: Any) -> PairScorer:
    recipe = build_recipe(
        {
            "data": {"train": "x.csv"},
            "model": {"kind": "cross", "encoder": encoder, "max_length": 64, **model},
            "inference": {"swap": swap},
            "tasks": {"binary": {"threshold": 2.5} if binary else None},
        },
        "test",
    )
    return new_scorer(recipe, table())


@pytest.fixture(scope="session")
def saved_once(tiny_encoder: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden") / "model"
    made(tiny_encoder("bert")).save(folder)
    return folder


@pytest.fixture
def folder(saved_once: Path, tmp_path: Path) -> Path:
    """A tiny cross-encoder, saved."""
    return Path(shutil.copytree(saved_once, tmp_path / "model"))


def rewrite(folder: Path, **changes: Any) -> None:
    """What a model would have written under other circumstances."""
    values = json.loads((folder / GOLDEN).read_text())
    (folder / GOLDEN).write_text(json.dumps({**values, **changes}))


def of_version(folder: Path, number: str, moved: float = 0.0) -> None:
    """As if another transformers had saved it, whose first score was another."""
    values = json.loads((folder / GOLDEN).read_text())
    scores = [values["scores"][0] + moved, *values["scores"][1:]]
    rewrite(folder, versions={**values["versions"], "transformers": number}, scores=scores)


def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The counts of pairs that are scored from now on to see whether a model is what it was."""
    counts: list[int] = []
    answer = golden.golden_scores

    def counted(scorer: PairScorer, pairs: golden.Pairs) -> Any:
        counts.append(len(pairs))
        return answer(scorer, pairs)

    monkeypatch.setattr(golden, "golden_scores", counted)
    return counts


def test_64_pairs_in_two_languages_that_are_nobodys() -> None:
    pairs = golden_pairs()
    assert len(pairs) == len(set(pairs)) == 64
    assert sum(one.isascii() for one, _ in pairs) == 24


def test_a_model_takes_its_scores_along(folder: Path) -> None:
    found = Golden.read(folder)
    assert found is not None
    assert list(found.pairs) == golden_pairs()
    assert found.versions.keys() == {"torch", "transformers", "tokenizers"}
    assert "model.safetensors" in found.files
    assert GOLDEN not in found.files
    scores = load_scorer(folder, "float32").score(found.pairs)
    np.testing.assert_allclose(found.scores, scores, atol=1e-6)


def test_other_batches_stay_within_the_tolerance(folder: Path) -> None:
    scorer, found = load_scorer(folder, "float32"), Golden.read(folder)
    assert found is not None
    one_by_one = np.concatenate([scorer.score([pair]) for pair in found.pairs])
    assert np.abs(one_by_one - found.scores).max() < TOLERANCE * 5


def test_nothing_changed_nothing_is_scored_or_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = asked(monkeypatch)
    assert load(folder).notes == ()
    assert load(folder).notes == ()
    assert counts == []
    assert "golden" not in capsys.readouterr().err


def test_weights_are_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_scorer(folder)

    def unwanted(path: Path) -> str:
        raise AssertionError(path)

    monkeypatch.setattr(golden, "_hash", unwanted)
    load_scorer(folder)
    os.utime(folder / "model.safetensors")
    with pytest.raises(AssertionError, match=r"json$"):
        load_scorer(folder)


def test_a_changed_version_is_told_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_version(folder, "4.0")
    counts = asked(monkeypatch)
    (told,) = load_scorer(folder).notes
    assert "saved with transformers 4.0, and transformers 5." in str(told)
    assert "its 64 golden scores agree, within " in str(told)
    assert load_scorer(folder).notes == ()
    assert counts == [64]


def test_scores_that_moved_are_told_each_time_and_asked_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_version(folder, "4.0", moved=0.64)
    counts = asked(monkeypatch)
    (told,) = load_scorer(folder).notes
    assert "moved by up to 0.64, by 0.01 on average" in told.en
    assert "pip install transformers==4.0" in told.en
    assert "최대 0.64, 평균 0.01 달라졌습니다" in told.ko
    assert load_scorer(folder).notes == (told,)
    assert counts == [64]
    (moved,) = load_scorer(folder.rename(folder.with_name("elsewhere"))).notes
    assert moved.en == told.en.replace("/model:", "/elsewhere:")
    assert counts == [64]
    folder = folder.with_name("elsewhere")
    load(folder)
    assert capsys.readouterr().err.count("moved by up to 0.64") == 1


@pytest.mark.parametrize(("moved", "said"), [(0.9e-4, "agree"), (1.2e-4, "moved")])
def test_the_tolerance_is_a_ten_thousandth_of_a_point(folder: Path, moved: float, said: str) -> None:
    of_version(folder, "4.0", moved=moved)
    (told,) = load_scorer(folder).notes
    assert said in told.en


def test_a_tampered_weight_fails(folder: Path) -> None:
    load_scorer(folder)  # was good once
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("query.weight"))
    weights[name] = weights[name].copy()
    weights[name][0, 0] += 0.01
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"model\.safetensors: is not what was saved there"):
        load_scorer(folder)
    (folder / GOLDEN).unlink()
    load_scorer(folder)


def test_another_file_that_changed_is_told_where_scores_moved(folder: Path) -> None:
    load_scorer(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "layer_norm_eps": config["layer_norm_eps"] * 2}))
    moved = load_scorer(folder).notes
    path.write_text(json.dumps({**config, "layer_norm_eps": 0.5}))
    (told,) = load_scorer(folder).notes
    assert moved == ()
    assert "config.json changed since it was saved: 64 golden scores moved by up to" in told.en


def test_a_copy_is_good_without_scoring(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_scorer(folder)
    copy = Path(shutil.copytree(folder, folder.with_name("copy"), copy_function=shutil.copy))
    counts = asked(monkeypatch)
    assert load_scorer(copy).notes == ()
    assert counts == []


def test_one_of_before_is_loaded_in_silence(
    folder: Path, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    (folder / GOLDEN).unlink()
    assert load(folder).notes == ()
    assert not (folder / KNOWN).exists()
    assert "golden" not in capsys.readouterr().err
    assert not list(recwarn)


def test_where_nothing_can_be_noted_it_is_asked_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise InputError("read-only")

    monkeypatch.setattr(golden, "write_json", refused)
    of_version(folder, "4.0")
    counts = asked(monkeypatch)
    assert load_scorer(folder).notes == load_scorer(folder).notes != ()
    assert counts == [64, 64]


def test_machines_with_several_versions_share_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = asked(monkeypatch)
    for number in ("1.0", "2.0", "1.0", "2.0"):
        monkeypatch.setattr(golden, "version", lambda name, number=number: number)
        load_scorer(folder)
    assert counts == [64, 64]
    for number in map(str, range(MOST_KNOWN + 3)):
        monkeypatch.setattr(golden, "version", lambda name, number=number: number)
        load_scorer(folder)
    assert len(json.loads((folder / KNOWN).read_text())) == MOST_KNOWN


@pytest.mark.parametrize(
    "damage", [{"scores": [1.0]}, {"pairs": 3}, {"scores": ["x"] * 64}, {"versions": []}, {"files": None}]
)
def test_damaged_ones_are_refused_in_a_line(folder: Path, damage: dict[str, Any]) -> None:
    rewrite(folder, **damage)
    with pytest.raises(InputError, match=r"golden\.json is damaged"):
        load_scorer(folder)


def test_a_damaged_note_is_no_note(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_version(folder, "4.0")
    for damaged in ("{", "[]", '{"a": 1}'):
        (folder / KNOWN).write_text(damaged)
        assert len(load_scorer(folder).notes) == 1
        assert load_scorer(folder).notes == ()


def test_what_has_no_numbers_has_no_golden_scores(tiny_encoder: Tiny, tmp_path: Path) -> None:
    scorer = made(tiny_encoder("bert"))
    scorer.fold(float("nan"), 0.0)
    scorer.save(tmp_path / "model")
    assert not (tmp_path / "model" / GOLDEN).exists()


def test_they_are_no_part_of_what_tells_models_apart(folder: Path) -> None:
    before = folder_hash(folder), member_hash(folder)
    load_scorer(folder)
    assert (folder / KNOWN).is_file()
    (folder / GOLDEN).unlink()
    assert (folder_hash(folder), member_hash(folder)) == before


def test_what_an_encoding_remembers_is_left_alone(tiny_encoder: Tiny, tmp_path: Path) -> None:
    from dalmeum.models.offline import analysis

    members = {"a": {"kind": "offline"}, "b": {"kind": "cross", "encoder": tiny_encoder("bert")}}
    scorer = made(None, kind="ensemble", members=members)
    encoding: Any = scorer.encoding
    remembered = dict(analysis._remembered), dict(encoding.members["a"]._remembered)
    assert all(remembered)
    scorer.save(tmp_path / "model")
    assert analysis._remembered.keys() == remembered[0].keys()
    assert encoding.members["a"]._remembered.keys() == remembered[1].keys()
    found = Golden.read(tmp_path / "model")
    assert found is not None
    assert {"torch", "kiwipiepy", "kiwipiepy_model", "transformers"} < found.versions.keys()
    loaded = load_scorer(tmp_path / "model")
    assert loaded.notes == ()
    assert not (tmp_path / "model" / "a" / KNOWN).exists()  # the whole answers for its members


def test_a_blend_has_the_scores_that_its_members_give_it(tiny_encoder: Tiny, tmp_path: Path) -> None:
    weights, intercept = {"a": 0.75, "b": 0.5}, -0.25
    for name, kind in (("a", "bert"), ("b", "electra")):
        made(tiny_encoder(kind)).save(tmp_path / name)
    settings = {"label_range": [0, 5], "sigmoid": False, "binary_threshold": None}
    (tmp_path / "dalmeum.json").write_text(
        json.dumps({**settings, "members": weights, "intercept": intercept})
    )
    write_blended_golden(tmp_path, weights, intercept)
    found = Golden.read(tmp_path)
    assert found is not None
    assert found.files.keys() >= {"dalmeum.json", "a/model.safetensors", "b/model.safetensors"}
    scorer = load_scorer(tmp_path, "float32")
    np.testing.assert_allclose(found.scores, scorer.score(found.pairs), atol=2e-6)
    (tmp_path / GOLDEN).unlink()
    (tmp_path / "b" / GOLDEN).unlink()
    write_blended_golden(tmp_path, weights, intercept)
    assert not (tmp_path / GOLDEN).exists()
    of_version(tmp_path / "a", "4.0")
    (told,) = load_scorer(tmp_path).notes  # which answers for itself, then
    assert told.en.startswith(f"a: {tmp_path / 'a'}: was saved with transformers 4.0")
