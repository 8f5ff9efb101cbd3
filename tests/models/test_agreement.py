"""Whatever an encoder and its tokenizer disagree on is settled, and saved so, or refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_transformers import CrossEncoder
from tokenizers.processors import TemplateProcessing
from torch.nn import Identity
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    ModernBertConfig,
    ModernBertModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    XLNetConfig,
    XLNetModel,
)

import dalmeum
from dalmeum.errors import InputError
from dalmeum.experiments.train import train
from dalmeum.models.bi import new_bi_encoder
from dalmeum.models.cross import TokenizedPairs, new_cross_encoder
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import build_recipe

PAIRS = [
    ("A man plays a flute.", "A man is playing a large flute."),
    ("비행기가 이륙하고 있다.", "비행기가 뜬다."),
    ("", "long " * 300),
]
SMALL: dict[str, Any] = {
    "vocab_size": 30522,
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "initializer_range": 0.2,
}


@pytest.fixture
def tokenizer(minilm: str) -> PreTrainedTokenizerBase:
    loaded: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(minilm)
    return loaded


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """A small BERT without a tokenizer."""
    BertModel(BertConfig(**SMALL)).save_pretrained(tmp_path / "encoder")
    return tmp_path / "encoder"


def new(folder: Path, max_length: int = 64) -> tuple[PairScorer, TokenizedPairs]:
    model, pairs = new_cross_encoder(str(folder), num_labels=1, max_length=max_length, seed=0)
    return PairScorer(model, pairs), pairs


def scores_of_the_peer(folder: Path, tmp_path: Path) -> None:
    """What a scorer on `folder` is saved as scores the same here, there, alone and in a batch."""
    scorer, _ = new(folder)
    scorer.fold(25.0, 2.5)
    scorer.save(tmp_path / "saved")
    loaded = dalmeum.load(tmp_path / "saved", "float32")
    ours = loaded.score(PAIRS)
    assert np.ptp(ours) > 0.01
    np.testing.assert_allclose(ours, scorer.score(PAIRS), atol=1e-5)
    np.testing.assert_allclose(ours, [loaded.score([pair])[0] for pair in PAIRS], atol=1e-4)
    theirs = CrossEncoder(str(tmp_path / "saved"), device="cpu").predict(PAIRS)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_inputs_that_the_encoder_does_not_take(tokenizer: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    # ModernBERT knows no token types, and takes what it does not know without a word.
    config = ModernBertConfig(**SMALL, pad_token_id=0, cls_token_id=101, sep_token_id=102)
    ModernBertModel(config).save_pretrained(tmp_path / "encoder")
    tokenizer.save_pretrained(tmp_path / "encoder")
    _, pairs = new(tmp_path / "encoder")
    assert list(pairs.encode(["a"], ["b"])[0]) == ["input_ids", "attention_mask"]
    scores_of_the_peer(tmp_path / "encoder", tmp_path)


def test_a_mask_that_the_tokenizer_does_not_make(
    tokenizer: PreTrainedTokenizerBase, bert: Path, tmp_path: Path
) -> None:
    tokenizer.init_kwargs["model_input_names"] = ["input_ids", "token_type_ids"]
    tokenizer.save_pretrained(bert)
    _, pairs = new(bert)
    assert "attention_mask" in pairs.encode(["a"], ["b"])[0]
    scores_of_the_peer(bert, tmp_path)


def test_a_tokenizer_without_padding(tokenizer: PreTrainedTokenizerBase, bert: Path, tmp_path: Path) -> None:
    tokenizer.save_pretrained(bert)
    path = bert / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pad_token": None}))
    _, pairs = new(bert)
    assert pairs.tokenizer.pad_token == "[PAD]"
    scores_of_the_peer(bert, tmp_path)


def test_padding_on_a_side_that_moves_positions(
    tokenizer: PreTrainedTokenizerBase, bert: Path, tmp_path: Path
) -> None:
    tokenizer.padding_side = "left"
    tokenizer.save_pretrained(bert)
    _, pairs = new(bert)
    assert pairs.tokenizer.padding_side == "right"
    assert pairs.notes == ()
    scores_of_the_peer(bert, tmp_path)


def run_together(tokenizer: PreTrainedTokenizerBase, **special: str) -> PreTrainedTokenizerBase:
    """The same vocabulary without any special token around sentences."""
    backend = tokenizer.backend_tokenizer
    backend.post_processor = TemplateProcessing(single="$A", pair="$A $B", special_tokens=[])
    made: PreTrainedTokenizerBase = PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]", **special
    )
    return made


def test_special_tokens_that_the_tokenizer_does_not_add(
    tokenizer: PreTrainedTokenizerBase, bert: Path, tmp_path: Path
) -> None:
    run_together(tokenizer, cls_token="[CLS]", sep_token="[SEP]").save_pretrained(bert)
    _, pairs = new(bert)
    item = pairs.encode(["a cat"], ["a dog"])[0]
    assert pairs.tokenizer.convert_ids_to_tokens(item["input_ids"]) == [
        *("[CLS]", "a", "cat", "[SEP]", "a", "dog", "[SEP]")
    ]
    assert [note.en for note in pairs.notes] == [
        "the tokenizer put nothing between two sentences: [CLS] and [SEP] are put around them"
    ]
    scores_of_the_peer(bert, tmp_path)


def test_no_special_token_to_put_between_sentences(tokenizer: PreTrainedTokenizerBase, bert: Path) -> None:
    run_together(tokenizer).save_pretrained(bert)
    with pytest.raises(InputError) as caught:
        new(bert)
    assert str(caught.value) == (
        f"{bert}: can't be loaded as an encoder: its tokenizer puts no token between the two sentences of a "
        "pair: set its cls_token and sep_token and save it again"
    )
    # Alone, a sentence needs none.
    new_bi_encoder(str(bert), num_labels=1, max_length=64, label_range=(0.0, 5.0))


def test_tokens_beyond_the_rows_of_the_encoder(tokenizer: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    BertModel(BertConfig(**{**SMALL, "vocab_size": 30000})).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    for make in (
        lambda: new(tmp_path),
        lambda: new_bi_encoder(str(tmp_path), num_labels=1, max_length=9, label_range=(0.0, 5.0)),
    ):
        with pytest.raises(InputError) as caught:
            make()
        assert str(caught.value) == f"{tmp_path}: the tokenizer has 30,522 tokens, the encoder knows 30,000"


def test_more_tokens_than_positions_are_not_taken(tokenizer: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    BertModel(BertConfig(**SMALL, max_position_embeddings=40)).save_pretrained(tmp_path)
    tokenizer.model_max_length = 10**30
    tokenizer.save_pretrained(tmp_path)
    _, pairs = new(tmp_path)
    assert pairs.max_length == 40
    assert [note.en for note in pairs.notes] == [
        "model.max_length is 64, but this encoder takes 40 tokens: longer text is cut there"
    ]
    _, sentences = new_bi_encoder(str(tmp_path), num_labels=1, max_length=64, label_range=(0.0, 5.0))
    assert sentences.notes == pairs.notes
    assert len(sentences.encode(["word " * 99], ["a"])[0][0]["input_ids"]) == 40


def test_padding_that_an_encoder_counts_is_told(tokenizer: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    # XLNet's head reads the last token, which is padding where padding stands on the right.
    config = XLNetConfig(vocab_size=30522, d_model=32, n_layer=1, n_head=2, d_inner=64, initializer_range=0.2)
    XLNetModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    _, pairs = new(tmp_path)
    assert [note.en for note in pairs.notes] == [
        "the encoder's scores depend a little on the padding of the other pairs in a batch"
    ]


@pytest.mark.parametrize("kind", ["cross", "bi"])
def test_what_can_not_be_settled_is_refused_before_a_run_folder_is_made(
    kind: str,
    tokenizer: PreTrainedTokenizerBase,
    bert: Path,
    tmp_path: Path,
    write_pairs: Callable[..., Path],
) -> None:
    tokenizer.save_pretrained(bert)
    path = bert / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"chunk_size_feed_forward": 7}))
    recipe = {
        "data": {"train": str(write_pairs("train.csv", 8))},
        "model": {"kind": kind, "encoder": str(bert)},
        "output": str(tmp_path / "runs"),
    }
    with pytest.raises(InputError) as caught:
        train(build_recipe(recipe, "recipe"))
    assert str(caught.value).startswith(
        f"{bert}: can't be loaded as an encoder: the encoder fails on a pair as its tokenizer encodes it ("
    )
    assert not (tmp_path / "runs").exists()


def test_what_others_trained_is_scored_as_they_do(tokenizer: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    AutoModel.from_config(BertConfig(**SMALL)).save_pretrained(tmp_path / "encoder")
    run_together(tokenizer, cls_token="[CLS]", sep_token="[SEP]").save_pretrained(tmp_path / "encoder")
    peer = CrossEncoder(str(tmp_path / "encoder"), num_labels=1, device="cpu", max_length=64)
    peer.save_pretrained(str(tmp_path / "theirs"))
    ours = dalmeum.load(tmp_path / "theirs", "float32").score(PAIRS)
    np.testing.assert_allclose(ours, peer.predict(PAIRS, activation_fn=Identity()), atol=1e-4)
