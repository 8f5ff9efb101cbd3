"""Bi-encoders in training: the exact gradient, every loss, checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer

from dalmeum.losses import mixture_loss
from dalmeum.models.bi import BINARY_UNIT, BiEncoder, new_bi_encoder
from dalmeum.models.kinds import load_scorer
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.training.batches import MicroBatchSize, cut, sorted_by_length
from dalmeum.training.checkpoints import newest_checkpoint
from dalmeum.training.exact import Passes, RandomState, exact_backward
from dalmeum.training.fit import fit
from dalmeum.training.optimizer import parameter_groups
from dalmeum.training.pairs import EncodedPairs, collate_rows
from dalmeum.training.scale import begin_on_label_scale
from dalmeum.training.trainer import PairTrainer, network_outputs
from tests.conftest import draw_pairs

Tiny = Callable[[str], str]


def recipe_for(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "data": {"train": "train.csv", "dev": "dev.csv"},
        "model": {"kind": "bi", "encoder": "tiny"},
        "training": {"epochs": 3, "effective_batch_size": 16, "learning_rate": 1e-4, "precision": "float32"},
    }
    for key, value in changes.items():
        section, _, name = key.partition("__")
        values.setdefault(section, {}).update({name: value})
    return build_recipe(values, "test")


def scorer_for(encoder: str, recipe: Recipe) -> PairScorer:
    model, encoding = new_bi_encoder(
        encoder,
        num_labels=1 if recipe.tasks.binary is None else 2,
        max_length=32,
        label_range=(0.0, 5.0),
        angle=recipe.loss.name == "angle",
    )
    return PairScorer(model, encoding)


def encoded(scorer: PairScorer, count: int, seed: int) -> EncodedPairs:
    first, second, labels = zip(*draw_pairs(count, seed), strict=True)
    label = torch.tensor(labels)
    binary = (label >= 2.5).float() if scorer.has_binary else None
    return EncodedPairs(scorer.encoding.encode(first, second), label, binary)


@pytest.mark.parametrize("size", [3, 16])
@pytest.mark.parametrize("angle", [False, True])
def test_exact_gradient_equals_the_kept_graphs_with_dropout(minilm: str, size: int, angle: bool) -> None:
    model, encoding = new_bi_encoder(minilm, num_labels=2, max_length=32, label_range=(0, 5), angle=angle)
    model.double().train()
    pairs = encoded(PairScorer(model, encoding), 16, 1)
    labels = pairs.labels.double()
    lengths = encoding.lengths(pairs.items)
    pieces = cut(sorted_by_length(range(16), lengths), lengths, MicroBatchSize(pairs=size))
    micro_batches = collate_rows(pairs, encoding)(pieces)["micro_batches"]
    rows = [row for piece in pieces for row in piece]

    def forward(batch: dict[str, Any]) -> Tensor:
        return network_outputs(model, batch)

    def loss(outputs: Tensor) -> Tensor:
        return mixture_loss(outputs[0, :, 0], labels[rows], 0.1) + outputs[0, :, 1].square().mean()

    def gradient(backward: Callable[[], object]) -> Tensor:
        model.zero_grad()
        torch.manual_seed(7)
        backward()
        return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])

    passes = Passes(forward, forward, Tensor.backward, torch.device("cpu"))
    exact = gradient(lambda: exact_backward(passes, micro_batches, loss))
    kept = gradient(lambda: loss(torch.cat([forward(batch) for batch in micro_batches], dim=1)).backward())
    assert (exact - kept).norm() < 1e-10 * kept.norm()
    if size == 3:
        restore = RandomState.restore
        try:
            RandomState.restore = lambda self, device: None  # type: ignore[method-assign]
            other = gradient(lambda: exact_backward(passes, micro_batches, loss))
        finally:
            RandomState.restore = restore  # type: ignore[method-assign]
        assert (other - kept).norm() > 0.01 * kept.norm()


@pytest.mark.parametrize(("loss", "scope"), [("mixture", "exact"), ("cosent", "micro"), ("angle", "dataset")])
def test_a_real_encoder_learns_and_ends_on_the_label_scale(
    minilm: str, tmp_path: Path, loss: str, scope: str
) -> None:
    recipe = recipe_for(
        loss__name=loss,
        loss__scope=scope,
        tasks__binary={"weight": 0.2},
        training__micro_batch_size=8,
        training__epochs=2,
    )
    scorer = scorer_for(minilm, recipe)
    train, dev = encoded(scorer, 96, 1), encoded(scorer, 60, 2)
    untrained = scipy.stats.pearsonr(scorer.similarity(scorer.logits(dev.items)), dev.labels).statistic
    result = fit(scorer, recipe, train, dev, tmp_path / "checkpoints")
    logits = scorer.logits(dev.items)
    r = scipy.stats.pearsonr(scorer.similarity(logits), dev.labels).statistic
    assert r > untrained + 0.01
    # The kept weights are those of the best evaluation, in the checkpoint as in memory.
    best = max(entry["eval_pearson"] for entry in result.history if "eval_pearson" in entry)
    assert r == pytest.approx(best, abs=1e-6)
    predictions = scorer.similarity(scorer.logits(train.items))
    np.testing.assert_allclose(predictions, result.train_predictions.similarity, atol=1e-4)
    assert (predictions - train.labels.numpy()).mean() == pytest.approx(0.0, abs=1e-4)
    scorer.save(tmp_path / "model")
    loaded = load_scorer(tmp_path / "model", "float32")
    np.testing.assert_allclose(loaded.logits(dev.items), logits, atol=1e-5)


def test_resumed_training_takes_the_same_steps(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(
        loss__scope="dataset", training__micro_batch_size=6, tasks__binary={"weight": 0.5}, training__epochs=4
    )
    whole = scorer_for(tiny_encoder("roberta"), recipe)
    train, dev = encoded(whole, 80, 1), encoded(whole, 50, 2)
    fit(whole, recipe, train, dev, tmp_path / "whole")

    class KilledError(Exception):
        pass

    broken = scorer_for(tiny_encoder("roberta"), recipe)
    begin_on_label_scale(broken, recipe.loss, train)
    trainer = PairTrainer(broken, recipe, train, dev, tmp_path / "broken")
    step = trainer.training_step

    def dying_step(*args: Any, **kwargs: Any) -> Any:
        if trainer.state.global_step == 12:
            raise KilledError
        return step(*args, **kwargs)

    trainer.training_step = dying_step  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        trainer.train()
    newest = newest_checkpoint(tmp_path / "broken")
    assert newest is not None
    assert newest.name == "checkpoint-10"
    resumed = scorer_for(tiny_encoder("roberta"), recipe)
    fit(resumed, recipe, train, dev, tmp_path / "broken")
    np.testing.assert_array_equal(resumed.logits(dev.items), whole.logits(dev.items))


def test_encoder_with_tied_weights_is_checkpointed(minilm: str, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(minilm)
    sizes = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2}
    AutoModel.from_config(AutoConfig.for_model("t5", vocab_size=len(tokenizer), **sizes)).save_pretrained(
        tmp_path / "t5"
    )
    tokenizer.save_pretrained(tmp_path / "t5")
    recipe = recipe_for(training__epochs=2)
    scorer = scorer_for(str(tmp_path / "t5"), recipe)
    fit(scorer, recipe, encoded(scorer, 32, 1), encoded(scorer, 30, 2), tmp_path / "checkpoints")
    tied = load_file(next((tmp_path / "checkpoints").glob("*/model.safetensors")))
    first, second = (tied[f"encoder.0.model.{name}.weight"] for name in ("shared", "encoder.embed_tokens"))
    assert torch.equal(first, second)


def test_binary_map_moves_as_far_as_it_has_to(
    tiny_encoder: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dalmeum.training.fit.begin_on_label_scale", lambda *_: None)
    recipe = recipe_for(tasks__binary={"weight": 1.0}, training__learning_rate=2e-5)
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    assert isinstance(scorer.model, BiEncoder)
    assert scorer.model.binary is not None
    before = scorer.model.binary.detach().clone()
    fit(scorer, recipe, encoded(scorer, 160, 1), None, tmp_path)
    # All cosines of a random encoder are near 1, and most pairs are not similar: the threshold has to rise.
    trained = load_file(next(tmp_path.glob("checkpoint-*/model.safetensors")))["binary"]
    assert (BINARY_UNIT * (trained - before).abs() > 0.05).all()


def test_learning_rate_falls_by_layer_and_not_above_the_encoder(tiny_encoder: Tiny, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense

    with_dense = SentenceTransformer(tiny_encoder("bert"), device="cpu")
    with_dense.add_module("2", Dense(32, 8))
    with_dense.save(str(tmp_path))
    model, _ = new_bi_encoder(str(tmp_path), num_labels=2, max_length=32, label_range=(0.0, 5.0))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = parameter_groups(model, learning_rate=1.0, weight_decay=0.0, layerwise_decay=0.5, decayed=())
    rates = {names[id(parameter)]: group["lr"] for group in groups for parameter in group["params"]}
    assert rates.keys() == set(names.values())
    for name, rate in rates.items():
        if "layer.1." in name or "pooler" in name:
            assert rate == 0.5, name
        elif "layer.0." in name:
            assert rate == 0.25, name
        elif "embeddings" in name:
            assert rate == 0.125, name
        else:
            assert name in {"binary", "encoder.2.linear.weight", "encoder.2.linear.bias"}
            assert rate == 1.0, name
