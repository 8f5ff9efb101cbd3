"""Encoders in published shapes, with their kinds of tokenizer: trained, saved, resumed, loaded by peers."""

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
from dalmeum.experiments.train import train
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.encoders.agreement import SHORTENED
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import build_recipe
from dalmeum.runs.folder import Run
from dalmeum.training.trainer import PairTrainer
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


class CutError(Exception):
    pass


@pytest.mark.parametrize(
    ("name", "kind"), [("issue", "cross"), ("klue/roberta-base", "cross"), ("klue/roberta-base", "bi")]
)
def test_a_resumed_run_is_the_uninterrupted_one(
    name: str, kind: str, twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(twin(name), tmp_path / "whole", kind, epochs=3)
    step, calls = PairTrainer.training_step, 0

    def cut(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise CutError
        return step(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(PairTrainer, "training_step", cut)
        with pytest.raises(CutError):
            trained(twin(name), tmp_path / "cut", kind, epochs=3)
    resumed = trained(twin(name), tmp_path / "cut", kind, epochs=3, resume=True)
    assert len(list((tmp_path / "cut").glob("*/run.json"))) == 1
    scores = [dalmeum.load(run.folder, "float32").score(PAIRS) for run in (whole, resumed)]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)


def test_no_token_type_without_a_row_is_handed_out_by_what_is_saved(twin: Twin, tmp_path: Path) -> None:
    for name, names in {
        "issue": ["input_ids", "attention_mask"],
        "klue/roberta-base": ["input_ids", "attention_mask"],
        "klue/bert-base": ["input_ids", "token_type_ids", "attention_mask"],
    }.items():
        model, pairs = new_cross_encoder(twin(name), num_labels=1, max_length=48, seed=0)
        PairScorer(model, pairs).save(tmp_path / name)
        saved = AutoTokenizer.from_pretrained(tmp_path / name)
        assert list(saved(*PAIRS[0])) == names


@pytest.mark.parametrize("name", NAMES)
def test_every_twin_has_positions_for_its_longest_pair(name: str, twin: Twin) -> None:
    pairs = new_cross_encoder(twin(name), num_labels=1, max_length=2000, seed=0)[1]
    longest = 2000 if name == "modernbert-base" else 512
    assert pairs.max_length == longest
    assert len(pairs.encode(["긴 문장 " * 2000], ["글"])[0]["input_ids"]) == longest
    told = [note.en for note in pairs.notes]
    assert told == ([] if longest == 2000 else [SHORTENED.format(max_length=2000, most=512).en])
