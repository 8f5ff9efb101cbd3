"""The small JSON files beside an encoder: libraries take them as they are, and "false" for true."""

from collections.abc import Sequence
from pathlib import Path

from dalmeum.models.fields import is_number
from dalmeum.models.pretrained import parse_json, unusable

OF_ENCODER = (
    "tokenizer_config.json",
    "special_tokens_map.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
)

_FLAGS = (
    "do_lower_case",
    "do_basic_tokenize",
    "strip_accents",
    "tokenize_chinese_chars",
    "add_prefix_space",
    "trim_offsets",
    "clean_up_tokenization_spaces",
    "include_prompt",
    "bias",
)
_NUMBERS = (
    "model_max_length",
    "max_seq_length",
    "truncate_dim",
    "embedding_dimension",
    "word_embedding_dimension",
    "in_features",
    "out_features",
)


def check_files(name: str, folder: Path, files: Sequence[str] = OF_ENCODER) -> None:
    """Raise `InputError` where one of the `files` that are there has a field of a wrong type."""
    for file in files:
        path = folder / file
        told = path.relative_to(name) if path.is_relative_to(name) else path
        if not path.is_file():
            continue
        fields, reason = parse_json(path)
        if reason or not isinstance(fields, dict):
            raise unusable(name, f"{told} {reason or 'holds no fields'}")
        for key, value in fields.items():
            if wanted := _wanted(key, value):
                raise unusable(name, f"{told}: {key} is {value!r:.80}, not {wanted}")


def _wanted(key: str, value: object) -> str | None:
    """What a field should be, where it is something else."""
    if value is None:
        return None
    flag = key in _FLAGS or key.startswith("pooling_mode_")
    if (flag and not isinstance(value, bool)) or value in ("true", "false", "True", "False"):
        return "true or false"
    if key in _NUMBERS and not (is_number(value) and isinstance(value, int | float) and value >= 1):
        return "a number of 1 or more"
    return None
