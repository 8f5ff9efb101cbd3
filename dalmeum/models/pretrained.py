"""Finding a pretrained encoder and telling in a line why it can't be used."""

import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from dalmeum.errors import InputError
from dalmeum.recipe import ModelRecipe

if TYPE_CHECKING:  # a wrong name is told before torch and transformers are imported
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model", "*.bpe.model")
"""Files of which a tokenizer's folder has at least one; without any, every word would be unknown."""

SETTINGS = "dalmeum.json"
"""Beside a model's own files: what makes of its answer a similarity, where its configuration has no room."""

PICKLES = (
    "weights in pickles (*.bin, *.pt) can run code and are not loaded: convert them with save_pretrained"
)


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


def check_encoder(model: ModelRecipe) -> None:
    """Raise `InputError` for a recipe's encoder that can be seen to be none without loading it."""
    if model.kind not in ("cross", "bi") or model.encoder is None:
        return
    located = Path(locate_encoder(model.encoder))
    if model.kind == "cross" and located.is_dir():
        check_folder(located)


def is_model_folder(folder: Path) -> bool:
    """Whether `load_scorer` would find a model there."""
    return any(os.path.isfile(folder / name) for name in ("config.json", "modules.json", SETTINGS))


def check_folder(path: Path) -> None:
    """Raise `InputError` where an encoder's folder lacks a file, or has its weights in pickles alone."""
    if not (path / "config.json").is_file():
        raise InputError(f"{path}: is no model folder: config.json is missing")
    if not any(path.glob("*.safetensors")):
        raise InputError(f"{path}: has no *.safetensors; {PICKLES}")
    if not any(any(path.glob(pattern)) for pattern in VOCABULARIES):
        raise InputError(f"{path}: has no tokenizer: save it there with tokenizer.save_pretrained")


@contextlib.contextmanager
def load_errors(name: str) -> Iterator[None]:
    """Turn what libraries raise while loading `name` into an `InputError` of one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError) as error:
        raise InputError(f"{name}: can't be loaded as an encoder: {_one_line(error)}") from error
    except SafetensorError as error:
        raise InputError(f"{name}: can't be loaded as an encoder: weights are damaged: {error}") from error


def check_weights(name: str, missing: Collection[str]) -> None:
    """Raise `InputError` where weights are `missing`: the library would draw them at random."""
    if missing:
        raise InputError(
            f"{name}: can't be loaded as an encoder: weights are missing: {', '.join(sorted(missing)[:3])}"
        )


def check_vocabulary(name: str, tokenizer: "PreTrainedTokenizerBase", model: "PreTrainedModel") -> None:
    """Raise `InputError` where the tokenizer has tokens that the encoder has no row for."""
    rows = model.get_input_embeddings().weight.shape[0]  # type: ignore[index] # a tensor in every encoder
    if len(tokenizer) > rows:
        raise InputError(f"{name}: the tokenizer has {len(tokenizer):,} tokens, the encoder knows {rows:,}")


def positions(model: "PreTrainedModel") -> int:
    """Tokens that the encoder has positions for."""
    import torch

    embeddings = getattr(model.base_model, "embeddings", None)
    table = getattr(embeddings, "position_embeddings", None)
    if isinstance(table, torch.nn.Embedding):
        # RoBERTa counts positions from the padding index on.
        return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
    return int(getattr(model.config, "max_position_embeddings", 0) or 0) or sys.maxsize


def read_json(path: Path, default: Any = None) -> Any:
    """A JSON file's content, `default` where there is none; `InputError` where it can't be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: can't be read: {error}") from None


def _one_line(error: Exception) -> str:
    """The beginning of a library's message, which may be long and of several lines."""
    if isinstance(error, OSError) and "huggingface.co" in str(error):
        return "no such folder here, and no such model on the hub, or no network to ask it"
    text = " ".join(str(error).split())
    return text[:200] + ("..." if len(text) > 200 else "")
