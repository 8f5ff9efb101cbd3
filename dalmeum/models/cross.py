"""Cross-encoders: both sentences through one Hugging Face encoder, a regression head on top."""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
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

VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model", "*.bpe.model")
"""Files of which a tokenizer's folder has at least one; without any, every word would be unknown."""


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


def locate_encoder(name: str) -> str:
    """The folder or hub name that a recipe's `encoder` stands for; `InputError` where it can't be one."""
    name = " ".join(name.split())
    if name.startswith("package:"):
        package, _, inner = name.removeprefix("package:").partition("/")
        if not package.isidentifier():
            raise InputError(f"{name}: names no package: write package:NAME/FOLDER")
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise InputError(
                f"{name}: package {package} is not installed: pip install {package.replace('_', '-')}"
            )
        name = str(Path(spec.origin).parent / inner)
    path = Path(name).expanduser()
    if path.is_dir():
        return str(path)
    looks_like_path = path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1
    if looks_like_path or path.exists():
        raise InputError(f"{name}: no such model folder")
    return name


def _check_folder(path: Path) -> None:
    if not (path / "config.json").is_file():
        raise InputError(f"{path}: is no model folder: config.json is missing")
    if not any(path.glob("*.safetensors")):
        raise InputError(
            f"{path}: has no *.safetensors; weights in pickles (*.bin, *.pt) can run code and are "
            "not loaded: convert them with save_pretrained"
        )
    if not any(any(path.glob(pattern)) for pattern in VOCABULARIES):
        raise InputError(f"{path}: has no tokenizer: save it there with tokenizer.save_pretrained")


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
        _check_folder(Path(name))
    try:
        with quiet_transformers():
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
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError) as error:
        raise InputError(f"{name}: can't be loaded as an encoder: {_one_line(error)}") from error
    except SafetensorError as error:
        raise InputError(f"{name}: can't be loaded as an encoder: weights are damaged: {error}") from error
    encoder = f"{model.base_model_prefix}."
    missing = sorted(report["missing_keys"])
    if max_length is not None:
        # A pooler belongs to the head's side: many encoders are published without.
        missing = [key for key in missing if key.startswith(encoder) and ".pooler." not in key]
    if missing:
        raise InputError(
            f"{name}: can't be loaded as an encoder: weights are missing: {', '.join(missing[:3])}"
        )
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise InputError(f"{name}: the tokenizer has {len(tokenizer):,} tokens, the encoder knows {rows:,}")
    last_linear(model)
    keep_head_in_float32(model)
    limits = (max_length or 512, tokenizer.model_max_length, _positions(model))
    return model, TokenizedPairs(tokenizer, min(limits))


def _positions(model: PreTrainedModel) -> int:
    """Tokens that the encoder has positions for."""
    embeddings = getattr(model.base_model, "embeddings", None)
    table = getattr(embeddings, "position_embeddings", None)
    if isinstance(table, torch.nn.Embedding):
        # RoBERTa counts positions from the padding index on.
        return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
    return int(getattr(model.config, "max_position_embeddings", 0) or 0) or sys.maxsize


def _one_line(error: Exception) -> str:
    """The beginning of a library's message, which may be long and of several lines."""
    if isinstance(error, OSError) and "huggingface.co" in str(error):
        return "no such folder here, and no such model on the hub, or no network to ask it"
    text = " ".join(str(error).split())
    return text[:200] + ("..." if len(text) > 200 else "")
