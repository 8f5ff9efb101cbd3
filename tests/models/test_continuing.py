"""Starting from what was trained before: checkpoints with heads of other shapes, and models of runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForSequenceClassification,
    RobertaForSequenceClassification,
)

import dalmeum
from dalmeum.errors import InputError
from dalmeum.experiments.train import train
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.kinds import new_scorer, try_encoder
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.runs.folder import Run
from tests.conftest import draw_pairs

Tiny = Callable[[str], str]
Write = Callable[..., Path]


def recipe(write_pairs: Write, kind: str, encoder: str | None, **training: Any) -> Recipe:
    path = write_pairs("train.csv", 24)
    sections = {
        "data": {"train": str(path)},
        "model": {"kind": kind} if encoder is None else {"kind": kind, "encoder": encoder, "max_length": 32},
        "training": {"epochs": 1, "effective_batch_size": 8, "precision": "float32", **training},
        "output": str(path.parent / "runs"),
    }
    return build_recipe(sections, "recipe")


def of_nli(kind: str, source: str, folder: Path) -> Path:
    """A checkpoint for natural language inference: three classes, the usual start for STS."""
    model = AutoModelForSequenceClassification.from_pretrained(source, num_labels=3)
    torch.nn.init.normal_(model.base_model.embeddings.word_embeddings.weight)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra"])
def test_of_a_checkpoint_for_nli_the_encoder_is_taken(kind: str, tiny_encoder: Tiny, tmp_path: Path) -> None:
    folder = of_nli(kind, tiny_encoder(kind), tmp_path / "nli")
    model, pairs = new_cross_encoder(str(folder), num_labels=1, max_length=32, seed=0)
    before = AutoModelForSequenceClassification.from_pretrained(folder)
    for name, weights in before.base_model.state_dict().items():
        assert torch.equal(weights, model.base_model.state_dict()[name])
    assert model.config.num_labels == 1
    last = "classifier" if kind == "bert" else "classifier.out_proj"
    assert [note.en for note in pairs.notes] == [
        f"{folder}: the encoder is taken, its old head, of another shape "
        f"({last}.bias (3,), {last}.weight (3, 32)), is left for a new one"
    ]
    assert try_encoder(str(folder)).notes == pairs.notes


def test_a_run_says_that_it_left_a_head(tiny_encoder: Tiny, tmp_path: Path, write_pairs: Write) -> None:
    folder = of_nli("bert", tiny_encoder("bert"), tmp_path / "nli")
    run = train(recipe(write_pairs, "cross", str(folder)))
    (told,) = [warning for warning in run.record.warnings if "its old head" in warning.en]
    assert json.loads((run.folder / "run.json").read_text())["warnings"][0] == {"en": told.en, "ko": told.ko}
    assert BertForSequenceClassification.from_pretrained(run.model).config.num_labels == 1


def test_a_new_head_depends_on_the_seed_alone(tiny_encoder: Tiny, tmp_path: Path) -> None:
    folder = str(of_nli("roberta", tiny_encoder("roberta"), tmp_path / "nli"))
    heads = []
    for seed in (1, 1, 2):
        torch.rand(5)
        model: Any = new_cross_encoder(folder, num_labels=1, max_length=32, seed=seed)[0]
        assert isinstance(model, RobertaForSequenceClassification)
        heads.append(model.classifier.out_proj.weight.detach().clone())
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


PAIRS = [pair[:2] for pair in draw_pairs(12, 5)]


@pytest.fixture
def trained(write_pairs: Write, tiny_encoder: Tiny) -> Callable[[str], Run]:
    def make(kind: str) -> Run:
        return train(recipe(write_pairs, kind, None if kind == "offline" else tiny_encoder("bert")))

    return make


@pytest.mark.parametrize("first", ["cross", "bi"])
@pytest.mark.parametrize("then", ["cross", "bi"])
def test_a_run_goes_on_from_the_model_of_another(
    first: str, then: str, trained: Callable[[str], Run], write_pairs: Write
) -> None:
    before = trained(first)
    after = train(recipe(write_pairs, then, str(before.model), learning_rate=1e-6))
    assert not [warning.en for warning in after.record.warnings if "head" in warning.en]
    assert np.isfinite(dalmeum.load(after.folder).score(PAIRS)).all()


def test_a_cross_encoder_goes_on_from_where_it_stands(
    trained: Callable[[str], Run], write_pairs: Write
) -> None:
    before = trained("cross")
    again = recipe(write_pairs, "cross", str(before.model))
    table = dalmeum.read_pairs(again.data.train)
    start = new_scorer(again, table)
    # Its head is on the label scale: the mean label must not be added to it once more.
    ended = dalmeum.load(before.folder, "float32")
    np.testing.assert_allclose(start.score(PAIRS), ended.score(PAIRS), atol=1e-5)
    with_binary = again.model_copy(
        update={"tasks": build_recipe({**again.model_dump(), "tasks": {"binary": {}}}, "recipe").tasks}
    )
    # With a task more, the head is new, and starts at the mean label.
    assert table.label is not None
    mean = float(table.label.mean())
    assert new_scorer(with_binary, table).score(PAIRS).mean() == pytest.approx(mean, abs=1)


@pytest.mark.parametrize("kind", ["cross", "bi"])
def test_an_offline_model_is_no_encoder(kind: str, trained: Callable[[str], Run], write_pairs: Write) -> None:
    before = trained("offline")
    line = (
        f"{before.model}: is an offline scorer, fitted on its own training pairs, and no encoder to start "
        "from: train model.kind=offline on all pairs at once, or choose another encoder"
    )
    with pytest.raises(InputError) as caught:
        train(recipe(write_pairs, kind, str(before.model)))
    assert str(caught.value) == line
    with pytest.raises(InputError) as caught:
        try_encoder(str(before.model))
    assert str(caught.value) == line


def test_a_run_is_not_its_model(trained: Callable[[str], Run], write_pairs: Write) -> None:
    before = trained("cross")
    with pytest.raises(InputError) as caught:
        train(recipe(write_pairs, "cross", str(before.folder)))
    assert str(caught.value) == (
        f"{before.folder}: is no model folder: config.json is missing: a run's model is in {before.model}"
    )
