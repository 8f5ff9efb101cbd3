"""Cross-encoders: both sentences through one Hugging Face encoder, a regression head on top."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from dalmeum.models.head import keep_head_in_float32, last_linear
from dalmeum.models.pretrained import (
    check_folder,
    check_vocabulary,
    check_weights,
    load_errors,
    locate_encoder,
    positions,
)
from dalmeum.models.quiet import quiet_transformers


class TokenizedPairs:
    """The tokenizer's own pair encoding, truncated at `max_length` from the longer sentence first."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, max_length: int) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        # sentence-transformers truncates there too.
        tokenizer.model_max_length = max_length

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[dict[str, list[int]]]:
        if not sentence1:
            return []
        encoded = self.tokenizer(
            list(sentence1), list(sentence2), truncation="longest_first", max_length=self.max_length
        )
        names = list(encoded.keys())
        return [dict(zip(names, row, strict=True)) for row in zip(*encoded.values(), strict=True)]

    def lengths(self, items: Sequence[dict[str, list[int]]]) -> list[int]:
        return [len(item["input_ids"]) for item in items]

    def collate(self, items: Sequence[dict[str, list[int]]]) -> dict[str, Tensor]:
        return dict(self.tokenizer.pad(list(items), return_tensors="pt"))

    def save_pretrained(self, folder: str | Path) -> Any:
        return self.tokenizer.save_pretrained(folder)


def new_cross_encoder(
    encoder: str, *, num_labels: int, max_length: int, seed: int
) -> tuple[PreTrainedModel, TokenizedPairs]:
    """A pretrained encoder under a fresh head, whose weights depend on `seed` alone.

    Raises `InputError` where the encoder can't be found, read, or folded into.
    """
    torch.manual_seed(seed)
    model, pairs = _load(
        locate_encoder(encoder), max_length=max_length, num_labels=num_labels, problem_type="regression"
    )
    names = ["similarity", "binary"][:num_labels]
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: index for index, name in enumerate(names)}
    return model, pairs


def load_cross_encoder(folder: Path) -> tuple[PreTrainedModel, TokenizedPairs]:
    """A saved cross-encoder, ours or any sequence classifier with one or two labels."""
    return _load(locate_encoder(str(folder)), max_length=None)


def _load(name: str, *, max_length: int | None, **config: Any) -> tuple[PreTrainedModel, TokenizedPairs]:
    """An encoder and its tokenizer; with `max_length`, to be trained, its head may be missing."""
    if Path(name).is_dir():
        check_folder(Path(name))
    with load_errors(name), quiet_transformers():
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        model, report = AutoModelForSequenceClassification.from_pretrained(
            name,
            use_safetensors=True,
            trust_remote_code=False,
            # float32 weights whatever type they were saved in: a step of 2e-5 is lost in bfloat16.
            dtype=torch.float32,
            output_loading_info=True,
            **config,
        )
    missing = report["missing_keys"]
    if max_length is not None:
        # A pooler belongs to the head's side: many encoders are published without.
        encoder = f"{model.base_model_prefix}."
        missing = [key for key in missing if key.startswith(encoder) and ".pooler." not in key]
    check_weights(name, missing)
    check_vocabulary(name, tokenizer, model)
    last_linear(model)
    keep_head_in_float32(model)
    limits = (max_length or 512, tokenizer.model_max_length, positions(model))
    return model, TokenizedPairs(tokenizer, min(limits))
