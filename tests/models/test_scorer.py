"""Where an untrained scorer starts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dalmeum.data import read_pairs
from dalmeum.models.kinds import KINDS, new_scorer
from dalmeum.models.scorer import PairScorer
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
