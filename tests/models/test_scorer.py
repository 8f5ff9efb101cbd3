"""Where an untrained scorer starts."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dalmeum.data import read_pairs
from dalmeum.errors import InputError
from dalmeum.models.kinds import KINDS, load_scorer, new_scorer
from dalmeum.models.scorer import PairScorer, _mean_logit
from dalmeum.recipe import build_recipe

Tiny = Callable[[str], str]
Write = Callable[..., Path]

PAIRS = [("A dog runs.", "The dog runs."), ("A cat sleeps.", "Rain falls."), ("One.", "Two.")]


def scorer(encoder: str, *, sigmoid: bool = False, low: float = 0.0, high: float = 5.0) -> PairScorer:
    recipe = build_recipe({"data": {"train": "train.csv"}, "model": {"encoder": encoder}}, "recipe")
    model, encoding = KINDS["cross"].new(recipe, [], [])
    return PairScorer(model, encoding, (low, high), sigmoid)


@pytest.mark.parametrize("architecture", ["bert", "roberta", "electra"])
def test_it_answers_around_a_label_and_differs_between_pairs_as_before(
    tiny_encoder: Tiny, architecture: str
) -> None:
    model = scorer(tiny_encoder(architecture))
    before = model.score(PAIRS)
    model.start_at(2.7)
    np.testing.assert_allclose(model.score(PAIRS), before + 2.7, atol=1e-5)


def test_a_sigmoid_starts_there_too_but_not_at_its_ends(tiny_encoder: Tiny) -> None:
    model = scorer(tiny_encoder("bert"), sigmoid=True, low=1, high=5)
    logits = model.logits(model.encoding.encode(*zip(*PAIRS, strict=True)))[:, 0]
    model.start_at(4.0)
    # The logit of 3/4 is the logarithm of 3.
    expected = 1 + 4 / (1 + np.exp(-(logits + np.log(3))))
    np.testing.assert_allclose(model.score(PAIRS), expected, atol=1e-5)
    model = scorer(tiny_encoder("bert"), sigmoid=True)
    model.start_at(5.0)
    shift = model.logits(model.encoding.encode(*zip(*PAIRS, strict=True)))[:, 0] - logits
    np.testing.assert_allclose(shift, np.log(99), atol=1e-4)


@pytest.mark.parametrize("kind", ["cross", "offline", "bi"])
def test_whoever_may_read_what_one_writes_may_read_a_model(
    kind: str, tiny_encoder: Tiny, tmp_path: Path
) -> None:
    encoder = {} if kind == "offline" else {"encoder": tiny_encoder("bert")}
    values = {"data": {"train": "train.csv"}, "model": {"kind": kind, **encoder}}
    parts = KINDS[kind].new(build_recipe(values, "recipe"), *zip(*PAIRS, strict=True))
    PairScorer(*parts).save(tmp_path / "model")
    ordinary = (tmp_path / "model" / "config.json").stat().st_mode
    modes = {path.stat().st_mode for path in (tmp_path / "model").rglob("*") if path.is_file()}
    assert modes == {ordinary}


def test_weights_that_a_user_may_not_read(
    tiny_encoder: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of a folder that a container has from another user; to root all files are readable."""
    scorer(tiny_encoder("bert")).save(tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != weights)
    with pytest.raises(InputError) as error:
        load_scorer(tmp_path / "model")
    assert str(error.value) == f"{weights}: can't be read: permission denied (chmod a+r {weights})"


@pytest.mark.parametrize("kind", ["cross", "offline", "bi"])
def test_a_new_run_starts_at_the_mean_label_of_its_training_pairs(
    kind: str, tiny_encoder: Tiny, write_pairs: Write
) -> None:
    path = str(write_pairs("train.csv", 64))
    encoder = {} if kind == "offline" else {"encoder": tiny_encoder("bert")}
    recipe = build_recipe({"data": {"train": path}, "model": {"kind": kind, **encoder}}, "recipe")
    table = read_pairs(path)
    assert table.label is not None
    pairs = list(table.pairs)
    parts = KINDS[kind].new(recipe, table.sentence1, table.sentence2)
    untouched = PairScorer(*parts, (0.0, 5.0)).score(pairs)
    # A bi-encoder's cosines times 5 are on the label scale as they are.
    shift = 0.0 if kind == "bi" else table.label.mean()
    recipe = build_recipe({**recipe.model_dump(), "training": {"precision": "float32"}}, "recipe")
    np.testing.assert_allclose(new_scorer(recipe, table).score(pairs), untouched + shift, atol=1e-4)


@pytest.mark.parametrize("sigmoid", [False, True])
def test_both_orders_averaged(tiny_encoder: Tiny, sigmoid: bool, tmp_path: Path) -> None:
    values = {"data": {"train": "t.csv"}, "model": {"encoder": tiny_encoder("bert")}, "tasks": {"binary": {}}}
    model, encoding = KINDS["cross"].new(build_recipe(values, "recipe"), [], [])
    one = PairScorer(model, encoding, (1.0, 5.0), sigmoid, 3.0)
    both = dataclasses.replace(one, swap=True)
    first, second = zip(*PAIRS, strict=True)
    orders = [one.predictions(one.logits_of(*each)) for each in ((first, second), (second, first))]
    assert np.abs(orders[0].similarity - orders[1].similarity).max() > 1e-3
    answer = both.predictions(both.logits_of(first, second))
    np.testing.assert_allclose(answer.similarity, np.mean([each.similarity for each in orders], 0), atol=1e-6)
    assert answer.binary is not None
    probabilities = [each.binary for each in orders if each.binary is not None]
    np.testing.assert_allclose(answer.binary, np.mean(probabilities, 0), atol=1e-6)
    np.testing.assert_allclose(both.score(PAIRS), answer.similarity, atol=1e-12)
    both.save(tmp_path / "model")
    loaded = load_scorer(tmp_path / "model", "float32")
    assert loaded.swap
    np.testing.assert_allclose(loaded.score(PAIRS), answer.similarity, atol=1e-5)
    one.save(tmp_path / "one")
    assert not load_scorer(tmp_path / "one", "float32").swap


def test_the_mean_of_probabilities_that_are_all_but_certain() -> None:
    logits = _mean_logit(np.array([800.0, -800.0, 800.0]), np.array([800.0, -800.0, -800.0]))
    np.testing.assert_allclose(logits, [800, -800, 0])
