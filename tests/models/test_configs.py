"""Configurations and files of an encoder that can't be: one line, which names file and field, and at once."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig

from dalmeum.errors import InputError
from dalmeum.models.bi import load_bi_encoder, new_bi_encoder
from dalmeum.models.cross import load_cross_encoder, new_cross_encoder
from dalmeum.models.encoders.config import check_made_as_encoder
from dalmeum.models.kinds import load_scorer
from dalmeum.models.scorer import PairScorer

Tiny = Callable[[str], str]


@pytest.fixture
def folder(tiny_encoder: Tiny, tmp_path: Path) -> Path:
    """A small BERT, whose files a test may spoil."""
    folder = Path(shutil.copytree(tiny_encoder("bert"), tmp_path / "encoder"))
    path = folder / "config.json"
    fields = json.loads(path.read_text())
    del fields["embedding_size"]  # another kind's
    path.write_text(json.dumps(fields))
    return folder


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")


def lines(folder: Path) -> set[str]:
    """What all three ways to load an encoder say, without the encoder's name."""
    name, told = str(folder), set()
    for load in (
        lambda: new_cross_encoder(name, num_labels=1, max_length=32, seed=0),
        lambda: new_bi_encoder(name, num_labels=1, max_length=32, label_range=(0.0, 5.0)),
        lambda: load_cross_encoder(folder),
    ):
        started = time.monotonic()
        with pytest.raises(InputError) as caught:
            load()
        assert time.monotonic() - started < 10
        start = f"{name}: can't be loaded as an encoder: "
        assert str(caught.value).startswith(start)
        told.add(str(caught.value).removeprefix(start))
    return told


HUGE = 10_000_000
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"hidden_size": "x"}, "hidden_size is 'x', not a whole number"),
    ({"hidden_size": None}, "hidden_size is None, not a whole number"),
    ({"hidden_size": True}, "hidden_size is True, not a whole number"),
    ({"hidden_size": 32.5}, "hidden_size is 32.5, not a whole number"),
    ({"hidden_size": -1}, "hidden_size is -1: 1 or more is needed"),
    ({"layer_norm_eps": "x"}, "layer_norm_eps is 'x', not a number"),
    ({"layer_norm_eps": float("inf")}, "layer_norm_eps is inf, not a finite number"),
    ({"layer_norm_eps": float("nan")}, "layer_norm_eps is nan, not a finite number"),
    ({"is_decoder": "false"}, "is_decoder is 'false', not true or false"),
    ({"num_attention_heads": 0}, "num_attention_heads is 0: 1 or more is needed"),
    ({"num_attention_heads": 3}, "hidden_size is 32, no multiple of num_attention_heads, 3"),
    ({"hidden_act": "nope"}, "hidden_act is 'nope', which transformers does not know"),
    ({"dtype": "float31"}, "dtype is 'float31', which transformers does not know"),
    ({"model_type": "nope"}, "model_type is 'nope', which transformers does not know"),
    ({"model_type": ["bert"]}, "model_type is ['bert'], which transformers does not know"),
    ({"model_type": None}, "model_type is missing"),
    ({"hidden_dropout_prob": 3.0}, "hidden_dropout_prob is 3.0, no share from 0 to 1"),
    ({"pad_token_id": 99_999}, "pad_token_id is 99999, and vocab_size 30522"),
    ({"id2label": 3}, "id2label is 3, not a JSON object"),
    ({"num_labels": "x"}, "num_labels is 'x', not a whole number"),
    ({"type_vocab_size": -1}, "type_vocab_size is -1, not a size"),
    ({"num_hidden_layers": HUGE}, "num_hidden_layers is 10,000,000, and its weights have 39 tensors"),
    ({"num_labels": 10**9}, "num_labels is 1,000,000,000, and its weights have 39 tensors"),
    (
        {"hidden_size": 10**12},
        "hidden_size is 1,000,000,000,000, and no side of its weights is longer than 30,522",
    ),
    ({"vocab_size": HUGE}, "vocab_size is 10,000,000, and no side of its weights is longer than 30,522"),
    (
        {"intermediate_size": HUGE},
        "intermediate_size is 10,000,000, and no side of its weights is longer than 30,522",
    ),
    (
        {"max_position_embeddings": HUGE},
        "max_position_embeddings is 10,000,000, and no side of its weights is longer than 30,522",
    ),
    (
        {"hidden_size": 64},
        "describes a bert encoder of 2,018,496 parameters, and its weights have 1,000,096: "
        "they belong to another config.json",
    ),
]


@pytest.mark.parametrize(("fields", "line"), WRONG, ids=[str(fields) for fields, _ in WRONG])
def test_a_field_that_can_not_be(folder: Path, fields: dict[str, Any], line: str) -> None:
    change(folder / "config.json", **fields)
    assert lines(folder) == {f"config.json: {line}"}


DECODERS: list[tuple[str, dict[str, Any], str]] = [
    ("bert", {"is_decoder": True}, "is_decoder is true"),
    ("bert", {"is_causal": True}, "is_causal is true"),
    ("bert", {"is_causal": "false"}, 'is_causal is "false"'),  # any text is true to a library
    ("roberta", {"is_decoder": True, "add_cross_attention": True}, "is_decoder is true"),
    ("electra", {"add_cross_attention": True}, "add_cross_attention is true"),
]


@pytest.mark.parametrize(("kind", "fields", "line"), DECODERS)
def test_a_field_that_makes_a_decoder_of_an_encoder(
    tiny_encoder: Tiny, tmp_path: Path, kind: str, fields: dict[str, Any], line: str
) -> None:
    folder = Path(shutil.copytree(tiny_encoder(kind), tmp_path / "encoder"))
    change(folder / "config.json", **fields)
    told = f"config.json: {line}, which makes a decoder of it and changes all scores: set it to false, "
    assert lines(folder) == {told + "or leave it out"}


def test_arguments_beside_the_config_that_make_a_decoder_of_an_encoder(minilm: str, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    SentenceTransformer(minilm, device="cpu").save_pretrained(str(tmp_path))
    change(tmp_path / "sentence_bert_config.json", config_kwargs={"is_decoder": True})
    with pytest.raises(InputError, match=r"config\.json: is_decoder is true, which makes a decoder of it"):
        load_bi_encoder(tmp_path)


@pytest.mark.parametrize(
    ("key", "of_encoder"),
    [("is_decoder", False), ("is_causal", False), ("causal", False), ("is_encoder", True)],
)
def test_what_changes_scores_is_what_is_refused(key: str, of_encoder: bool) -> None:
    kind = "xlm" if key in ("causal", "is_encoder") else "bert"
    config = AutoConfig.for_model(kind, **{key: not of_encoder})
    with pytest.raises(InputError, match=f"{key} is {str(not of_encoder).lower()}"):
        check_made_as_encoder("here", config)
    check_made_as_encoder("here", AutoConfig.for_model(kind, **{key: of_encoder}))


def test_a_decoder_by_its_kind_is_taken_as_it_is() -> None:
    for kind in ("gpt2", "qwen2", "prophetnet"):  # the last adds cross-attention by default
        check_made_as_encoder("here", AutoConfig.for_model(kind))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{oops", "config.json is no JSON from line 1, column 2 on"),
        ("[]", "config.json holds no fields"),
        ("{}", "config.json: model_type is missing"),
        ("[" * 100_000, "config.json is nested too deep"),
    ],
)
def test_a_config_that_is_none(folder: Path, content: str, line: str) -> None:
    (folder / "config.json").write_text(content)
    assert lines(folder) == {line}


def test_code_and_quantised_weights_are_refused(folder: Path) -> None:
    change(folder / "config.json", model_type="own", auto_map={"AutoConfig": "own.Config"})
    assert lines(folder) == {"it needs code of its own (trust_remote_code), which is never run"}
    change(folder / "config.json", model_type="bert", quantization_config={"quant_method": "gptq"})
    assert lines(folder) == {"its weights are quantised: choose one in float32, bfloat16 or float16"}


@pytest.mark.parametrize(
    ("file", "fields", "line"),
    [
        ("tokenizer_config.json", {"do_lower_case": "false"}, "do_lower_case is 'false', not true or false"),
        ("tokenizer_config.json", {"model_max_length": "512"}, "model_max_length is '512', not a number"),
        (
            "tokenizer_config.json",
            {"model_max_length": 0},
            "model_max_length is 0, not a number of 1 or more",
        ),
        (
            "tokenizer_config.json",
            {"model_max_length": float("nan")},
            "model_max_length is nan, not a number",
        ),
        (
            "tokenizer_config.json",
            {"split_special_tokens": "True"},
            "split_special_tokens is 'True', not true",
        ),
    ],
)
def test_a_field_of_another_type_beside_the_encoder(
    folder: Path, file: str, fields: dict[str, Any], line: str
) -> None:
    change(folder / file, **fields)
    (told,) = lines(folder)
    assert told.startswith(f"{file}: {line}")


@pytest.mark.parametrize("content", ["{oops", "[]", "{}", '{"version": "1.0", "model": {"type": "Nope"}}'])
def test_a_damaged_tokenizer(folder: Path, content: str) -> None:
    (folder / "tokenizer.json").write_text(content)
    for told in lines(folder):
        assert told.startswith(
            ("its tokenizer can't be read: save or copy it again (", "it can't be read: save ")
        )


def test_a_pooling_of_another_type(minilm: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(minilm, tmp_path / "minilm"))
    change(folder / "1_Pooling" / "config.json", pooling_mode_mean_tokens="true")
    with pytest.raises(InputError) as caught:
        load_scorer(folder)
    assert str(caught.value) == (
        f"{folder}: can't be loaded as an encoder: 1_Pooling/config.json: "
        "pooling_mode_mean_tokens is 'true', not true or false"
    )


def test_weights_that_are_not_those_of_the_config(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    key = "encoder.layer.0.output.dense.weight"
    spoiled = weights | {key: torch.zeros(3, 3)}
    save_file(spoiled, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError) as caught:
        new_cross_encoder(str(folder), num_labels=1, max_length=32, seed=0)
    assert str(caught.value) == (
        f"{folder}: can't be loaded as an encoder: weights and config.json disagree: "
        f"bert.{key} is (3, 3), (32, 64) is asked for"
    )
    with pytest.raises(InputError, match=r"weights and config\.json disagree in the shape of a tensor"):
        new_bi_encoder(str(folder), num_labels=1, max_length=32, label_range=(0.0, 5.0))


def test_layers_that_the_config_leaves_out(folder: Path) -> None:
    change(folder / "config.json", num_hidden_layers=1)
    assert lines(folder) == {
        "weights and config.json disagree: it has fewer layers than they, which go on with "
        "encoder.layer.1.attention.output.LayerNorm.bias"
    }


def test_weights_that_are_no_numbers(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.0.output.dense.bias"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="its answer to a plain pair is no number: weights are damaged"):
        new_cross_encoder(str(folder), num_labels=1, max_length=32, seed=0)


def test_damaged_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:999])
    assert lines(folder) == {"weights are damaged: copy or save them again"}


def test_a_saved_cross_encoder_with_an_absurd_config(tiny_encoder: Tiny, tmp_path: Path) -> None:
    model, pairs = new_cross_encoder(tiny_encoder("roberta"), num_labels=1, max_length=32, seed=0)
    PairScorer(model, pairs).save(tmp_path / "model")
    change(tmp_path / "model" / "config.json", num_hidden_layers=HUGE)
    started = time.monotonic()
    with pytest.raises(InputError, match=r"config\.json: num_hidden_layers is 10,000,000, and"):
        load_scorer(tmp_path / "model")
    assert time.monotonic() - started < 10
