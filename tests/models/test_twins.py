"""Encoders in published shapes with their own kinds of tokenizer: trained, saved, resumed, scored by the peer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_transformers import CrossEncoder, SentenceTransformer
from transformers import AutoTokenizer, RobertaConfig, RobertaModel

import dalmeum
from dalmeum.data.practice import practice_tables
from dalmeum.experiments.runs import Run
from dalmeum.experiments.train import train
from dalmeum.recipe import build_recipe
from tests.models.twins import NAMES, make_twin

Twin = Callable[[str], str]
PAIRS = [
    ("비행기가 이륙하고 있다.", "비행기가 뜬다."),
    ("고양이가 잔다.", "The stock market fell sharply on Monday after a report on inflation."),
    ("", "<script>alert('x')</script>"),
    ("긴 문장 " * 300, "다른 문장 " * 300),
]


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory, minilm: str) -> Twin:
    def make(name: str) -> str:
        folder = tmp_path_factory.getbasetemp() / f"twin-{name.replace('/', '-')}"
        if not folder.exists():
            if name == "issue":
                one_type_row(folder, minilm)
            else:
                make_twin(name, folder)
        return str(folder)

    return make


def one_type_row(folder: Path, tokenizer: str) -> None:
    """A RoBERTa with one token-type row beside a BERT tokenizer, which makes types 0 and 1."""
    config = RobertaConfig(
        vocab_size=30522,
        type_vocab_size=1,
        pad_token_id=0,
        max_position_embeddings=514,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.2,
    )
    RobertaModel(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(folder)


def trained(encoder: str, output: Path, kind: str, *, resume: bool = False, **training: Any) -> Run:
    table = practice_tables()["train"]
    assert table.label is not None
    rows = [(*pair, float(label)) for pair, label in zip(table.pairs, table.label, strict=True)][:16]
    recipe = {
        "data": {"train": str(written(output.parent / "train.csv", rows))},
        "model": {"kind": kind, "encoder": encoder, "max_length": 48},
        "training": {"epochs": 1, "effective_batch_size": 8, "precision": "float32", **training},
        "output": str(output),
    }
    return train(build_recipe(recipe, "recipe"), resume=resume)


def written(path: Path, rows: list[tuple[str, str, float]]) -> Path:
    lines = ["sentence1\tsentence2\tscore", *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["issue", *NAMES])
def test_a_trained_cross_encoder_scores_alike_in_the_peer(name: str, twin: Twin, tmp_path: Path) -> None:
    run = trained(twin(name), tmp_path / "runs", "cross")
    assert run.record.training is not None
    assert run.record.training["steps"] == 2
    ours = dalmeum.load(run.folder, "float32").score(PAIRS)
    theirs = CrossEncoder(str(run.model), device="cpu").predict(PAIRS)
    assert np.ptp(ours) > 0.01
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("name", ["issue", *NAMES])
def test_a_trained_bi_encoder_scores_alike_in_the_peer(name: str, twin: Twin, tmp_path: Path) -> None:
    run = trained(twin(name), tmp_path / "runs", "bi")
    line = json.loads((run.model / "dalmeum.json").read_text())["similarity"]
    peer = SentenceTransformer(str(run.model), device="cpu")
    first, second = (peer.encode(list(column)) for column in zip(*PAIRS, strict=True))
    cosines = peer.similarity_pairwise(first, second).numpy()
    ours = dalmeum.load(run.folder, "float32").score(PAIRS)
    np.testing.assert_allclose(ours, line["slope"] * cosines + line["intercept"], atol=1e-4)
