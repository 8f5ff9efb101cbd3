"""Ensembles: what members say together, kept and found again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dalmeum.data import PairTable
from dalmeum.data.splits import PairReader
from dalmeum.errors import InputError
from dalmeum.experiments.ready import check_ready
from dalmeum.models.ensemble import Ensemble
from dalmeum.models.kinds import load_scorer, new_scorer
from dalmeum.models.offline import build
from dalmeum.models.pretrained import check_folder
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import build_recipe
from tests.conftest import draw_pairs
from tests.models.test_kinds import OWN_KIND

Tiny = Callable[[str], str]


def table(count: int) -> PairTable:
    first, second, labels = zip(*draw_pairs(count, 5), strict=True)
    return PairTable(tuple(map(str, range(count))), ("",) * count, first, second, label=np.array(labels))


PAIRS = table(30)
TWO_OFFLINE: dict[str, Any] = {"a": {"kind": "offline"}, "b": {"kind": "offline", "training": {"epochs": 1}}}


def made(encoder: str, *, loss: str = "mixture", binary: bool = False, **members: Any) -> PairScorer:
    named = members or {
        "offline": {"kind": "offline"},
        "words": {"kind": "bi", "encoder": encoder, "max_length": 32},
        "both": {"kind": "cross", "encoder": encoder, "max_length": 32},
    }
    recipe = build_recipe(
        {
            "data": {"train": "x.csv"},
            "model": {"kind": "ensemble", "members": named},
            "loss": {"name": loss},
            "tasks": {"binary": {"threshold": 2.5} if binary else None},
            "training": {"precision": "float32"},
        },
        "test",
    )
    return new_scorer(recipe, PAIRS)


def pairs() -> list[tuple[str, str]]:
    return list(zip(PAIRS.sentence1, PAIRS.sentence2, strict=True))


def members_of(scorer: PairScorer) -> dict[str, PairScorer]:
    assert isinstance(scorer.model, Ensemble)
    return scorer.model.members


def test_at_first_it_says_the_members_mean_and_then_their_weighted_sum(tiny_encoder: Tiny) -> None:
    scorer = made(tiny_encoder("bert"))
    assert isinstance(scorer.model, Ensemble)
    said = {name: member.score(pairs()) for name, member in members_of(scorer).items()}
    assert len({round(float(each.std()), 6) for each in said.values()}) == 3
    np.testing.assert_allclose(scorer.score(pairs()), sum(said.values()) / 3, atol=1e-5)
    scorer.model.put({"offline": 0.5, "words": 2.0, "both": -1.0}, 0.25)
    scorer.fold(2.0, 1.0)
    wanted = 1.0 + 2 * (0.25 + 0.5 * said["offline"] + 2 * said["words"] - said["both"])
    np.testing.assert_allclose(scorer.score(pairs()), wanted, atol=1e-4)
    assert not scorer.has_binary


def test_members_begin_as_they_would_alone(tiny_encoder: Tiny) -> None:
    scorer = made(tiny_encoder("bert"))
    for name, values in (
        ("offline", {"kind": "offline"}),
        ("both", {"kind": "cross", "encoder": tiny_encoder("bert"), "max_length": 32}),
    ):
        recipe = build_recipe(
            {"data": {"train": "x.csv"}, "model": values, "training": {"precision": "float32"}}, "test"
        )
        np.testing.assert_array_equal(
            members_of(scorer)[name].score(pairs()), new_scorer(recipe, PAIRS).score(pairs())
        )


def test_of_the_binary_task_it_says_the_mean_probability(tiny_encoder: Tiny) -> None:
    scorer = made(tiny_encoder("bert"), binary=True)
    assert scorer.has_binary
    logits = scorer.logits_of(PAIRS.sentence1, PAIRS.sentence2)
    alone = [
        member.binary(member.logits_of(PAIRS.sentence1, PAIRS.sentence2))
        for member in members_of(scorer).values()
    ]
    np.testing.assert_allclose(scorer.binary(logits), np.mean(alone, axis=0), atol=1e-5)  # type: ignore[arg-type]


def test_a_member_behind_a_sigmoid_is_on_the_label_scale(tiny_encoder: Tiny) -> None:
    both = {"kind": "cross", "encoder": tiny_encoder("bert")}
    scorer = made("", loss="bce", offline={"kind": "offline"}, both=both)
    said = [member.score(pairs()) for member in members_of(scorer).values()]
    assert all(((each > 0) & (each < 5)).all() for each in said)
    np.testing.assert_allclose(scorer.score(pairs()), np.mean(said, axis=0), atol=1e-5)


def test_saved_and_loaded_it_says_the_same_and_so_do_its_members(tiny_encoder: Tiny, tmp_path: Path) -> None:
    scorer = made(tiny_encoder("bert"), binary=True)
    assert isinstance(scorer.model, Ensemble)
    scorer.model.put({"offline": 0.3, "words": 0.4, "both": 0.5}, -1.5)
    scorer.save(tmp_path)
    loaded = load_scorer(tmp_path, "float32")
    items = loaded.encoding.encode(PAIRS.sentence1, PAIRS.sentence2)
    np.testing.assert_allclose(
        loaded.logits(items), scorer.logits_of(PAIRS.sentence1, PAIRS.sentence2), atol=1e-5
    )
    assert (loaded.binary_threshold, loaded.label_range) == (scorer.binary_threshold, (0.0, 5.0))
    for name, member in members_of(scorer).items():
        alone = load_scorer(tmp_path / name, "float32")
        np.testing.assert_allclose(alone.score(pairs()), member.score(pairs()), atol=1e-5)
    assert loaded.score([]).shape == (0,)


def test_members_compute_in_their_own_precision(tiny_encoder: Tiny, tmp_path: Path) -> None:
    scorer = made(tiny_encoder("bert"))
    scorer.save(tmp_path)
    short = load_scorer(tmp_path, "bfloat16")
    assert {member.precision for member in members_of(short).values()} == {torch.bfloat16}
    same = [member.score(pairs()) for member in members_of(short).values()]
    np.testing.assert_allclose(short.score(pairs()), np.mean(same, axis=0), atol=1e-5)
    assert np.abs(short.score(pairs()) - scorer.score(pairs())).max() > 1e-4
    exact = short.with_precision("float32")
    np.testing.assert_allclose(exact.score(pairs()), scorer.score(pairs()), atol=1e-5)
    automatic = load_scorer(tmp_path, "auto")
    assert members_of(automatic)["offline"].precision == torch.float32


def test_of_a_member_of_own_code_trust_is_asked(
    tiny_encoder: Tiny, tmp_path: Path, own_module: Callable[[str, str], Path]
) -> None:
    own_module("own_kind", OWN_KIND)
    scorer = made("", letters={"kind": "own_kind:Tiny"}, offline={"kind": "offline"})
    scorer.save(tmp_path)
    with pytest.raises(InputError, match=r"letters: is a model of own code, own_kind:Tiny"):
        load_scorer(tmp_path)
    loaded = load_scorer(tmp_path, trust_code=True)
    np.testing.assert_allclose(loaded.score(pairs()), scorer.score(pairs()), atol=1e-5)


def test_what_is_damaged_is_told_in_a_line(tiny_encoder: Tiny, tmp_path: Path) -> None:
    made("", **TWO_OFFLINE).save(tmp_path)
    path = tmp_path / "dalmeum.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    for change, message in (
        ({"members": {"a": "x", "b": 1}}, "a is 'x', not a number"),
        ({"members": {"../a": 1.0}}, "not a weight by the name of each member"),
        ({"members": []}, r"members is \[\], not a weight by the name of each member"),
        ({"intercept": None}, "intercept is None, not a number"),
        ({"members": {"a": 1.0, "b": 1.0, "c": 1.0}}, "c: is no model folder"),
        ({"members": {"b": 1.0}}, "not a weight for a, too"),
        ({"members": {"b": 1.0}, "sha256": {}}, "not a weight for a, too"),
        ({"sha256": [1]}, r"sha256 is \[1\], not a JSON object of texts"),
    ):
        path.write_text(json.dumps({**whole, **change}), encoding="utf-8")
        with pytest.raises(InputError, match=message):
            load_scorer(tmp_path)
    path.write_text(json.dumps({key: whole[key] for key in ("members", "intercept")}), encoding="utf-8")
    with pytest.raises(InputError, match=r"missing \(dalmeum.json: label_range, sigmoid, binary_threshold\)"):
        load_scorer(tmp_path, trained_here=True)


def test_as_an_encoder_it_names_its_members(tmp_path: Path) -> None:
    made("", **TWO_OFFLINE).save(tmp_path)
    with pytest.raises(InputError) as error:
        check_folder(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: is an ensemble, and no encoder: name a member of it, as {tmp_path / 'a'}"
    )


def test_members_in_each_others_place_are_refused(tiny_encoder: Tiny, tmp_path: Path) -> None:
    """Two of one kind, which only their weights tell apart; older folders say nothing of these."""
    members: dict[str, Any] = {
        name: {"kind": "cross", "encoder": tiny_encoder(name)} for name in ("bert", "roberta")
    }
    made("", **members).save(tmp_path)
    for name in ("bert", "roberta"):  # swapped
        (tmp_path / name).rename(tmp_path / f"{name}-away")
    (tmp_path / "bert-away").rename(tmp_path / "roberta")
    (tmp_path / "roberta-away").rename(tmp_path / "bert")
    with pytest.raises(InputError, match=r"bert: is not the member that .* was saved with: put that back"):
        load_scorer(tmp_path)
    path = tmp_path / "dalmeum.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    del settings["sha256"]
    path.write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "golden.json").unlink()
    assert load_scorer(tmp_path, "float32").score(pairs()).shape == (30,)


def test_an_ensemble_in_place_of_a_member_is_refused(tiny_encoder: Tiny, tmp_path: Path) -> None:
    scorer = made(tiny_encoder("bert"))
    scorer.save(tmp_path)
    shutil.rmtree(tmp_path / "words")
    scorer.save(tmp_path / "words")
    with pytest.raises(InputError, match=r"words: is not the member that .* was saved with"):
        load_scorer(tmp_path)


def test_bad_members_are_refused_by_their_own_keys_before_any_is_fitted(
    tiny_encoder: Tiny, own_module: Callable[[str, str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    own_module("own_bad", "class Half:\n    def new(self, recipe, one, two): ...\n\n\ndef made(): return 1\n")
    build._fitted.cache_clear()
    for kind, message in (
        (
            "own_bad:Half",
            "model.members.late.kind: own_bad:Half has no load and no owns: a kind has",
        ),
        ("own_bad:Nothing", "model.members.late.kind: module own_bad has no Nothing"),
        ("own_gone:Kind", "model.members.late.kind: there is no module own_gone: install it"),
    ):
        with pytest.raises(InputError) as caught:
            made("", offline={"kind": "offline"}, late={"kind": kind})
        assert str(caught.value).startswith(message)
    broken = Path(tiny_encoder("bert")).parent / "broken"
    shutil.copytree(tiny_encoder("bert"), broken)
    (broken / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match=r"broken: can't be loaded as an encoder: weights are damaged"):
        made("", offline={"kind": "offline"}, late={"kind": "cross", "encoder": str(broken)})
    assert "fitting" not in capsys.readouterr().err
    scorer = made(tiny_encoder("bert"))
    assert list(members_of(scorer)) == ["offline", "words", "both"]
    assert "fitting the offline encoder on 30 pairs" in capsys.readouterr().err


def test_a_package_that_a_member_lacks_is_told_by_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = build_recipe(
        {"data": {"train": "x.csv"}, "model": {"kind": "ensemble", "members": TWO_OFFLINE}}, "test"
    )
    reason = "model.kind offline: its file is not that of the package"

    def refuse() -> None:
        raise InputError(reason)

    monkeypatch.setattr("dalmeum.models.pretrained.check_universal", refuse)
    with pytest.raises(InputError, match=r"^model\.members\.a\.kind offline: its file is not that"):
        check_ready([recipe], PairReader())
