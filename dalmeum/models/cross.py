"""Cross-encoders: both sentences through one Hugging Face encoder, a regression head on top."""

import importlib.util
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

from dalmeum.errors import InputError
from dalmeum.models.head import keep_head_in_float32, last_linear
from dalmeum.models.quiet import quiet_transformers


class TokenizedPairs:
    """The tokenizer's own pair encoding, truncated at `max_length` from the longer sentence first."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, max_length: int) -> None:
        self.tokenizer = tokenizer
        self.max_length = min(max_length, tokenizer.model_max_length)
        # sentence-transformers truncates there too.
        tokenizer.model_max_length = self.max_length

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


def locate_encoder(name: str) -> str:
    """The folder or hub name that a recipe's `encoder` stands for; `InputError` where it can't be one."""
    if name.startswith("package:"):
        package, _, inner = name.removeprefix("package:").partition("/")
        spec = importlib.util.find_spec(package) if package.isidentifier() else None
        if spec is None or spec.origin is None:
            raise InputError(
                f"{name}: package {package} is not installed: pip install {package.replace('_', '-')}"
            )
        name = str(Path(spec.origin).parent / inner)
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise InputError(f"{name}: is no model folder: config.json is missing")
        if not any(path.glob("*.safetensors")):
            raise InputError(
                f"{name}: has no *.safetensors; weights in pickles (*.bin, *.pt) can run code and are "
                "not loaded: convert them with save_pretrained"
            )
        return str(path)
    looks_like_path = path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1
    if looks_like_path or path.exists():
        raise InputError(f"{name}: no such model folder")
    return name


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
    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
            model = AutoModelForSequenceClassification.from_pretrained(
                name,
                use_safetensors=True,
                trust_remote_code=False,
                # float32 weights whatever type they were saved in: a step of 2e-5 is lost in bfloat16.
                dtype=torch.float32,
                **config,
            )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(f"{name}: can't be loaded as an encoder: {_first_sentence(error)}") from error
    last_linear(model)
    keep_head_in_float32(model)
    return model, TokenizedPairs(tokenizer, max_length or min(tokenizer.model_max_length, 512))


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:200] + ("..." if len(text) > 200 else "")
