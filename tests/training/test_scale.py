"""Where a bi-encoder's map begins: at a line fitted to training pairs, whatever the width of its cosines."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dalmeum.errors import DalmeumError
from dalmeum.models.bi import BINARY_UNIT, BiEncoder
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import LossRecipe, Recipe
from dalmeum.training.fit import Fit, fit
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.scale import begin_on_label_scale
from tests.training.test_bi import encoded, recipe_for, scorer_for

Tiny = Callable[[str], str]


def narrow(scorer: PairScorer) -> None:
    """Let its cosines crowd near 1, as those of e5 do: a large vector is added to every embedding."""
    assert isinstance(scorer.model, BiEncoder)

    def shift(_: object, __: object, output: dict[str, Tensor]) -> dict[str, Tensor]:
        embeddings = output["sentence_embedding"]
        lifted = embeddings / embeddings.norm(dim=1, keepdim=True) + 2.0
        return {**output, "sentence_embedding": lifted}

    scorer.model.encoder.register_forward_hook(shift)


def begun(encoder: str, recipe: Recipe, count: int = 48) -> tuple[PairScorer, EncodedPairs]:
    scorer = scorer_for(encoder, recipe)
    narrow(scorer)
    pairs = encoded(scorer, count, 1)
    begin_on_label_scale(scorer, recipe.loss, pairs)
    return scorer, pairs


def test_a_narrow_cosine_begins_at_its_least_squares_line(minilm: str) -> None:
    recipe = recipe_for()
    plain = scorer_for(minilm, recipe)
    narrow(plain)
    scorer, pairs = begun(minilm, recipe)
    labels = pairs.labels.double().numpy()
    cosines = plain.similarity(plain.logits(pairs.items)) / 5
    assert cosines.min() > 0.9
    slope, intercept = np.polyfit(cosines, labels, 1)
    assert isinstance(scorer.model, BiEncoder)
    assert scorer.model.slope.item() == pytest.approx(slope, rel=1e-3)
    assert scorer.model.intercept.item() == pytest.approx(intercept, rel=1e-3)
    found = scorer.similarity(scorer.logits(pairs.items))
    assert np.abs(found - labels).mean() < 1.3 < 2 < np.abs(5 * cosines - labels).mean()


def test_of_many_pairs_some_are_looked_at_evenly_spread(minilm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dalmeum.training.scale.SAMPLE", 5)
    recipe = recipe_for()
    scorer, pairs = begun(minilm, recipe, count=17)
    rows = [0, 4, 8, 12, 16]
    other = scorer_for(minilm, recipe)
    narrow(other)
    some = EncodedPairs([pairs.items[row] for row in rows], pairs.labels[rows], None)
    begin_on_label_scale(other, recipe.loss, some)
    assert isinstance(scorer.model, BiEncoder)
    assert isinstance(other.model, BiEncoder)
    assert scorer.model.slope.item() == pytest.approx(other.model.slope.item(), rel=1e-6)


def test_where_no_line_rises_the_map_stays(tiny_encoder: Tiny) -> None:
    recipe = recipe_for()
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    pairs = encoded(scorer, 12, 1)
    backwards = EncodedPairs(pairs.items, -torch.tensor(scorer.similarity(scorer.logits(pairs.items))), None)
    begin_on_label_scale(scorer, recipe.loss, backwards)
    assert isinstance(scorer.model, BiEncoder)
    assert (scorer.model.slope.item(), scorer.model.intercept.item()) == (5.0, 0.0)


def test_with_a_binary_task_both_maps_stay(minilm: str) -> None:
    scorer, _ = begun(minilm, recipe_for(tasks__binary={"weight": 0.2}))
    assert isinstance(scorer.model, BiEncoder)
    assert scorer.model.binary is not None
    assert (scorer.model.slope.item(), scorer.model.intercept.item()) == (5.0, 0.0)
    np.testing.assert_allclose((scorer.model.binary * BINARY_UNIT).tolist(), [10, -5], rtol=1e-6)


@pytest.mark.parametrize("loss", ["cosent", "angle"])
def test_losses_made_for_cosines_find_them_again(minilm: str, loss: str) -> None:
    scorer, _ = begun(minilm, recipe_for(loss__name=loss))
    assert isinstance(scorer.model, BiEncoder)
    assert (scorer.model.slope.item(), scorer.model.intercept.item()) == (5.0, 0.0)


def test_other_kinds_are_left_alone(tiny_encoder: Tiny) -> None:
    scorer = PairScorer(*new_cross_encoder(tiny_encoder("bert"), num_labels=1, max_length=32, seed=0))
    pairs = EncodedPairs(scorer.encoding.encode(["a", "b"], ["a", "c"]), torch.tensor([5.0, 0.0]), None)
    before = scorer.logits(pairs.items)
    begin_on_label_scale(scorer, LossRecipe(), pairs)
    np.testing.assert_array_equal(scorer.logits(pairs.items), before)


def test_a_resumed_run_keeps_its_line(minilm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_for(loss__name="mae", training__epochs=2)
    saved = []

    def trained(place: str, before_saving: Callable[[], None] | None = None) -> Fit:
        scorer = scorer_for(minilm, recipe)
        narrow(scorer)
        train, dev = encoded(scorer, 32, 1), encoded(scorer, 16, 2)
        return fit(scorer, recipe, train, dev, tmp_path / place, before_saving=before_saving)

    def end_at_the_second() -> None:
        saved.append(1)
        if len(saved) == 2:
            raise DalmeumError("ended")

    def refuse(*_: object) -> None:
        raise AssertionError("a resumed run has its line")

    whole = trained("whole")
    assert whole.history[0]["train_mae"] < 1.5
    with pytest.raises(DalmeumError, match="ended"):
        trained("ended", end_at_the_second)
    monkeypatch.setattr("dalmeum.training.fit.begin_on_label_scale", refuse)
    resumed = trained("ended")
    assert resumed.history == whole.history
    assert (resumed.slope, resumed.intercept) == (whole.slope, whole.intercept)
