import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from transformers import AutoModelForSequenceClassification, PreTrainedModel, TrainerState

from dalmeum.data import PairTable
from dalmeum.errors import DalmeumError
from dalmeum.languages import Text
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.golden import Golden
from dalmeum.models.golden_pairs import golden_pairs
from dalmeum.models.head import last_linear
from dalmeum.models.kinds import load_scorer, new_scorer
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.stats import pearson
from dalmeum.training.checkpoints import newest_checkpoint
from dalmeum.training.fit import fit
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.scale import label_scale
from dalmeum.training.trainer import PairTrainer
from tests.conftest import draw_pairs

Tiny = Callable[[str], str]


def recipe_for(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "data": {"train": "train.csv", "dev": "dev.csv"},
        "model": {"kind": "cross", "encoder": "tiny"},
        "training": {"epochs": 2, "effective_batch_size": 16, "learning_rate": 1e-4, "precision": "float32"},
    }
    for key, value in changes.items():
        section, _, name = key.partition("__")
        values.setdefault(section, {}).update({name: value} if name else value)
    return build_recipe(values, "test")


def scorer_for(encoder: str, recipe: Recipe) -> PairScorer:
    labels = 1 if recipe.tasks.binary is None else 2
    model, encoding = new_cross_encoder(
        encoder, num_labels=labels, max_length=32, seed=recipe.training.one_seed
    )
    return PairScorer(model, encoding, sigmoid=recipe.loss.name == "bce")


def encoded(scorer: PairScorer, count: int, seed: int) -> EncodedPairs:
    first, second, labels = zip(*draw_pairs(count, seed), strict=True)
    label = torch.tensor(labels)
    binary = (label >= 2.5).float() if scorer.has_binary else None
    return EncodedPairs(scorer.encoding.encode(first, second), label, binary)


@pytest.mark.parametrize("loss", ["mixture", "bce"])
def test_a_real_encoder_learns(minilm: str, tmp_path: Path, loss: str) -> None:
    recipe = recipe_for(
        loss__name=loss, tasks__binary={"weight": 1.0}, training__learning_rate=3e-4, training__epochs=3
    )
    scorer = scorer_for(minilm, recipe)
    dev = encoded(scorer, 100, 2)
    result = fit(scorer, recipe, encoded(scorer, 160, 1), dev, tmp_path)
    logits = scorer.logits(dev.items)
    r = scipy.stats.pearsonr(scorer.similarity(logits), dev.labels).statistic
    assert r > 0.7
    probability = scorer.binary(logits)
    assert probability is not None
    assert dev.binary is not None
    assert scipy.stats.pearsonr(probability, dev.binary).statistic > 0.5
    # The kept weights are those of the best evaluation, which took the whole dev set at once.
    best = max(entry["eval_pearson"] for entry in result.history if "eval_pearson" in entry)
    assert r == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(
    "loss", ["mixture", "correlation", "ccc", "mae", "mse", "huber", "ranknet", "cosent"]
)
def test_every_loss_ends_on_the_label_scale(tiny_encoder: Tiny, tmp_path: Path, loss: str) -> None:
    # Random weights learn little: with many a seed scores fall with the labels, and no line is folded.
    recipe = recipe_for(loss__name=loss, training__learning_rate=1e-3, training__epochs=6, training__seed=6)
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    train = encoded(scorer, 160, 1)
    result = fit(scorer, recipe, train, encoded(scorer, 50, 2), tmp_path)
    predictions = scorer.similarity(scorer.logits(train.items))
    np.testing.assert_allclose(predictions, result.train_predictions.similarity, atol=1e-4)
    # What a least-squares line leaves: the labels' mean, and errors unrelated to the predictions.
    errors = predictions - train.labels.numpy()
    assert errors.mean() == pytest.approx(0.0, abs=1e-4)
    assert (errors * predictions).mean() == pytest.approx(0.0, abs=1e-3)


def test_history_keeps_r_mae_and_loss_of_train_and_dev_apart(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(training__evaluations_per_epoch=2)
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    result = fit(scorer, recipe, encoded(scorer, 160, 1), encoded(scorer, 50, 2), tmp_path)
    steps = [entry for entry in result.history if "loss" in entry]
    evaluations = [entry for entry in result.history if "eval_loss" in entry]
    assert [entry["step"] for entry in steps] == list(range(1, 21))
    assert all({"train_pearson", "train_mae", "learning_rate"} <= entry.keys() for entry in steps)
    assert [entry["step"] for entry in evaluations] == [5, 10, 15, 20]
    labels = encoded(scorer, 50, 2).labels.numpy()
    kept = [pearson(labels, predictions) for predictions in result.dev_predictions.values()]
    assert kept == pytest.approx([entry["eval_pearson"] for entry in evaluations])
    assert all({"eval_pearson", "eval_mae"} <= entry.keys() for entry in evaluations)


@pytest.mark.parametrize("kind", ["cross", "bi"])
def test_what_was_trained_in_a_short_type_computes_in_float32_where_asked(
    tiny_encoder: Tiny, tmp_path: Path, kind: str
) -> None:
    """No wrapper of training's stays: golden scores would be a short type's, in the name of float32."""
    model = {"kind": kind, "encoder": tiny_encoder("bert"), "max_length": 32}
    recipe = recipe_for(training__precision="bfloat16", training__epochs=1, model=model)
    first, second, labels = zip(*draw_pairs(16, 5), strict=True)
    table = PairTable(tuple(map(str, range(16))), ("",) * 16, first, second, label=np.array(labels))
    scorer = new_scorer(recipe, table)
    fit(scorer, recipe, encoded(scorer, 32, 1), None, tmp_path / "checkpoints")
    scorer.save(tmp_path / "model")
    pairs = golden_pairs()
    right = load_scorer(tmp_path / "model", "float32").score(pairs)
    np.testing.assert_allclose(scorer.with_precision("float32").score(pairs), right, atol=1e-5)
    golden = Golden.read(tmp_path / "model")
    assert golden is not None
    np.testing.assert_allclose(golden.scores, right, atol=1e-5)
    assert golden.quick == (kind == "cross")


def test_without_a_dev_set_the_last_weights_count(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(data__dev=None)
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    result = fit(scorer, recipe, encoded(scorer, 64, 1), None, tmp_path)
    assert (result.steps, result.best_step) == (8, 8)
    assert result.dev_predictions == {}


def test_early_stopping(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(training__epochs=50, training__early_stopping=1, training__learning_rate=1e-9)
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    result = fit(scorer, recipe, encoded(scorer, 64, 1), encoded(scorer, 50, 2), tmp_path)
    assert result.steps < 50 * 4


@pytest.mark.parametrize("scope", ["exact", "dataset"])
def test_resumed_training_takes_the_same_steps(tiny_encoder: Tiny, tmp_path: Path, scope: str) -> None:
    recipe = recipe_for(
        loss__scope=scope,
        training__epochs=3,
        training__evaluations_per_epoch=2,
        training__micro_batch_size=6,
    )
    whole = scorer_for(tiny_encoder("bert"), recipe)
    train, dev = encoded(whole, 160, 1), encoded(whole, 50, 2)
    uninterrupted = fit(whole, recipe, train, dev, tmp_path / "whole")

    class KilledError(Exception):
        pass

    # Killed two steps after the checkpoint in the middle of the second epoch, which holds all there is.
    broken = scorer_for(tiny_encoder("bert"), recipe)
    trainer = PairTrainer(broken, recipe, train, dev, tmp_path / "broken")
    step = trainer.training_step

    def dying_step(*args: Any, **kwargs: Any) -> Any:
        if trainer.state.global_step == 17:
            raise KilledError
        return step(*args, **kwargs)

    trainer.training_step = dying_step  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        trainer.train()
    newest = newest_checkpoint(tmp_path / "broken")
    assert newest is not None
    assert newest.name == "checkpoint-15"
    resumed = scorer_for(tiny_encoder("bert"), recipe)
    result = fit(resumed, recipe, train, dev, tmp_path / "broken")
    assert [*result.dev_predictions] == [*uninterrupted.dev_predictions] == [5, 10, 15, 20, 25, 30]
    for evaluation, predictions in result.dev_predictions.items():
        np.testing.assert_array_equal(predictions, uninterrupted.dev_predictions[evaluation])
    np.testing.assert_array_equal(resumed.logits(dev.items), whole.logits(dev.items))
    assert result.rise == uninterrupted.rise


def test_half_written_checkpoint_does_not_count(tmp_path: Path) -> None:
    for step in (10, 20, 30):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").touch()
        state = TrainerState(global_step=step, logging_steps=1, stateful_callbacks=[])
        state.save_to_json(str(folder / "trainer_state.json"))
    (folder / "trainer_state.json").unlink()
    half = tmp_path / "checkpoint-20" / "trainer_state.json"
    half.write_text(half.read_text()[:40])
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert newest_checkpoint(tmp_path / "none") is None


def test_label_scale_is_the_least_squares_line(tiny_encoder: Tiny) -> None:
    scorer = scorer_for(tiny_encoder("bert"), recipe_for())
    predictions, labels = np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.5, 5.0])
    line = scipy.stats.linregress(predictions, labels)
    slope, intercept, warnings = label_scale(scorer, predictions, labels)
    assert (slope, intercept) == pytest.approx((line.slope, line.intercept))
    assert warnings == ()


@pytest.mark.parametrize(
    ("predictions", "english", "korean"),
    [
        (
            np.array([3.0, 2.0, 1.0]),
            "scores do not rise with the training labels",
            "학습 레이블이 커져도 점수가 커지지 않아",
        ),
        (
            np.array([1.0, 1.0, 1.0]),
            "the model gives all training pairs one score",
            "모델이 모든 학습 문장쌍에 같은 점수를 주어",
        ),
    ],
)
def test_no_line_where_it_cannot_serve(
    tiny_encoder: Tiny, predictions: Any, english: str, korean: str
) -> None:
    scorer = scorer_for(tiny_encoder("bert"), recipe_for())
    slope, intercept, warnings = label_scale(scorer, predictions, np.array([1.0, 2.0, 3.0]))
    assert (slope, intercept) == (1.0, 0.0)
    assert warnings == (
        Text(
            f"{english}: the model was not put on the label scale",
            f"{korean} 모델을 레이블 척도에 맞추지 않았습니다",
        ),
    )


def test_label_that_is_no_number_never_reaches_the_weights(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(data__dev=None)
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    train = encoded(scorer, 32, 1)
    train.labels[5] = float("nan")
    with pytest.raises(DalmeumError, match=r"step [12]: the loss is not a finite number: .* labels"):
        fit(scorer, recipe, train, None, tmp_path)
    assert all(torch.isfinite(parameter).all() for parameter in scorer.model.parameters())


@pytest.mark.parametrize("scope", ["micro", "exact", "dataset"])
def test_constant_and_tiny_batches_are_survived(tiny_encoder: Tiny, tmp_path: Path, scope: str) -> None:
    recipe = recipe_for(
        data__dev=None, loss__name="correlation", loss__scope=scope, training__micro_batch_size=1
    )
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    train = encoded(scorer, 33, 1)  # the last batch is one pair
    train.labels[:] = 2.0
    fit(scorer, recipe, train, None, tmp_path)
    assert all(torch.isfinite(parameter).all() for parameter in scorer.model.parameters())


def test_weights_that_are_no_numbers_are_told(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(data__dev=None, training__learning_rate=1e-9)
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    assert isinstance(scorer.model, PreTrainedModel)
    with torch.no_grad():
        last_linear(scorer.model).bias.fill_(float("nan"))
    with pytest.raises(DalmeumError, match="step 1: the loss is not a finite number: lower"):
        fit(scorer, recipe, encoded(scorer, 32, 1), None, tmp_path)


def test_checkpoints_hold_the_unfolded_weights(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(loss__name="correlation")
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    result = fit(scorer, recipe, encoded(scorer, 64, 1), encoded(scorer, 50, 2), tmp_path)
    assert isinstance(scorer.model, PreTrainedModel)
    folded = copy.deepcopy(last_linear(scorer.model).bias.detach())
    best = AutoModelForSequenceClassification.from_pretrained(tmp_path / f"checkpoint-{result.best_step}")
    unfolded = last_linear(best).bias.detach()
    assert folded.item() == pytest.approx(result.slope * unfolded.item() + result.intercept, abs=1e-5)
    assert abs(result.intercept) > 0.1
