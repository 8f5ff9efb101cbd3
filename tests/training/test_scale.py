"""Where a bi-encoder's map begins: at a line fitted to training pairs, whatever the width of its cosines."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from dalmeum.errors import DalmeumError
from dalmeum.models.bi import BINARY_UNIT, BiEncoder
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import LossRecipe, Recipe
from dalmeum.training.fit import Fit, fit
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.scale import begin_on_label_scale, binary_scale
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


def test_with_a_binary_task_both_maps_begin_at_their_fits(minilm: str) -> None:
    plain, _ = begun(minilm, recipe_for())
    scorer, pairs = begun(minilm, recipe_for(tasks__binary={"weight": 0.2}))
    assert isinstance(scorer.model, BiEncoder)
    assert isinstance(plain.model, BiEncoder)
    assert scorer.model.slope == plain.model.slope
    assert scorer.model.intercept == plain.model.intercept
    assert pairs.binary is not None
    logits, similar = scorer.logits(pairs.items)[:, 1], pairs.binary.numpy()
    # Half of the pairs' labels are told by a narrow cosine, which 10 c - 5 calls similar one and all.
    assert np.logaddexp(0, (1 - 2 * similar) * logits).mean() < 0.55 < np.log(2) < log_loss_of(4.9, similar)
    # Of a line as steep as 10,000, float32 leaves some thousandths.
    np.testing.assert_allclose(binary_scale(logits, similar)[:2], (1.0, 0.0), atol=1e-2)


def log_loss_of(logit: float, similar: NDArray[np.float32]) -> float:
    return float(np.logaddexp(0, (1 - 2 * similar) * logit).mean())


def test_binary_line_is_the_logistic_regression_on_platts_targets() -> None:
    scores = np.array([0.1, 0.2, 0.4, 0.5, 0.8, 0.9])
    similar = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    targets = np.where(similar == 1, 4 / 5, 1 / 5)
    slope, intercept, warnings = binary_scale(scores, similar)
    # Where the cross-entropy is least, its derivatives by both are zero.
    residuals = 1 / (1 + np.exp(-(slope * scores + intercept))) - targets
    assert abs(residuals.mean()) < 1e-8
    assert abs((residuals * scores).mean()) < 1e-8
    assert warnings == ()
    narrow = binary_scale(0.99 + 1e-4 * scores, similar)
    assert narrow[0] == pytest.approx(1e4 * slope, rel=1e-5)
    assert narrow[0] * 0.99 + narrow[1] == pytest.approx(intercept, abs=1e-3)


@pytest.mark.parametrize("gap", [1e-3, 1.0])
def test_classes_that_do_not_overlap_have_a_line(gap: float) -> None:
    """Two points, each at its target: logits of 101/102 and 1/102."""
    scores, similar = np.repeat([0.0, gap], 100), np.repeat([0.0, 1.0], 100)
    slope, intercept, _ = binary_scale(scores, similar)
    assert intercept == pytest.approx(-np.log(101), rel=1e-6)
    assert slope * gap == pytest.approx(2 * np.log(101), rel=1e-6)


@pytest.mark.parametrize(
    ("scores", "similar", "told"),
    [
        ([0.5, 0.5, 0.5], [0.0, 1.0, 1.0], "the model gives all training pairs one score"),
        ([0.1, 0.5, 0.9], [1.0, 1.0, 1.0], "all training pairs have the same binary label"),
        ([0.1, 0.5, 0.9], [1.0, 1.0, 0.0], "scores are no higher for pairs labelled similar"),
    ],
)
def test_where_no_binary_line_serves_it_stays(scores: list[float], similar: list[float], told: str) -> None:
    slope, intercept, warnings = binary_scale(np.array(scores), np.array(similar))
    assert (slope, intercept) == (1.0, 0.0)
    assert [warning.en for warning in warnings] == [f"{told}: the binary task's line was left as it was"]


def test_after_training_the_binary_line_is_that_of_training_pairs_without_dropout(
    minilm: str, tmp_path: Path
) -> None:
    recipe = recipe_for(tasks__binary={"weight": 0.2}, training__epochs=1, data__dev=None)
    scorer = scorer_for(minilm, recipe)
    train = encoded(scorer, 48, 1)
    result = fit(scorer, recipe, train, None, tmp_path)
    logits = scorer.logits(train.items)
    assert train.binary is not None
    np.testing.assert_allclose(binary_scale(logits[:, 1], train.binary.numpy())[:2], (1.0, 0.0), atol=1e-3)
    assert result.train_predictions.binary is not None
    probabilities = 1 / (1 + np.exp(-logits[:, 1]))
    np.testing.assert_allclose(result.train_predictions.binary, probabilities, atol=1e-5)
    trained = load_file(next(tmp_path.glob("checkpoint-*/model.safetensors")))["binary"] * BINARY_UNIT
    assert isinstance(scorer.model, BiEncoder)
    assert scorer.model.binary is not None
    assert (scorer.model.binary * BINARY_UNIT - trained).abs().max() > 0.05


def test_clipping_sees_the_gradient_of_the_line_and_not_of_its_unit(tiny_encoder: Tiny) -> None:
    scorer = scorer_for(tiny_encoder("bert"), recipe_for(tasks__binary={"weight": 0.2}))
    pairs = encoded(scorer, 6, 1)
    assert isinstance(scorer.model, BiEncoder)
    assert scorer.model.binary is not None
    scorer.model.eval()
    logits = scorer.model(**scorer.encoding.collate(pairs.items)).logits
    logits[:, 1].sum().backward()
    assert scorer.model.binary.grad is not None
    cosines = logits[:, 0].detach() / 5
    np.testing.assert_allclose(logits[:, 1].detach(), 10 * cosines - 5, atol=1e-4)
    np.testing.assert_allclose(scorer.model.binary.grad, [cosines.sum(), 6], rtol=1e-5)


@pytest.mark.parametrize("loss", ["cosent", "angle"])
def test_losses_made_for_cosines_find_them_again(minilm: str, loss: str) -> None:
    scorer, _ = begun(minilm, recipe_for(loss__name=loss, tasks__binary={"weight": 0.2}))
    assert isinstance(scorer.model, BiEncoder)
    assert (scorer.model.slope.item(), scorer.model.intercept.item()) == (5.0, 0.0)
    assert scorer.model.binary is not None
    np.testing.assert_allclose((scorer.model.binary * BINARY_UNIT).tolist(), [10, -5], rtol=1e-6)


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
