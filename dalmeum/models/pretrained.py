"""Finding a pretrained encoder and telling in a line why it can't be used."""

import contextlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from dalmeum.errors import InputError
from dalmeum.files import KeyTwiceError, read_json_text
from dalmeum.models.offline import OFFLINE_TYPES
from dalmeum.models.packaged import packaged_folder
from dalmeum.models.packaged.usem3 import check_universal
from dalmeum.recipe import ModelRecipe

if TYPE_CHECKING:  # a wrong name is told before torch and transformers are imported
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model", "*.bpe.model")
"""Files of which a tokenizer's folder has at least one; without any, every word would be unknown."""

SETTINGS = "dalmeum.json"
"""Beside a model's own files: what makes of its answer a similarity, where its configuration has no room."""

GOLDEN = "golden.json"
"""Beside a model's own files: what it answered when it was saved (`dalmeum.models.golden`)."""

READ = {".json", ".safetensors", ".txt", ".model"}
"""Endings of the files that an encoder and its tokenizer are read from."""

PICKLES = (
    "weights in pickles (*.bin, *.pt) can run code and are not loaded: convert them with save_pretrained"
)


def locate_encoder(name: str) -> str:
    """The folder or hub name that a recipe's `encoder` stands for; `InputError` where it can't be one.

    One that a package carries in a form of its own is made into a folder first (`Packaged.folder`).
    """
    name = " ".join(name.split())
    if (made := packaged_folder(name)) is not None:
        return str(made)
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
    """Raise `InputError` for a recipe's encoder that can be seen to be none without loading it, and for the
    offline one where the package that it takes vectors from is missing, or another.
    """
    if model.kind == "offline":
        check_universal()
    if model.kind not in ("cross", "bi") or model.encoder is None:
        return
    located = Path(locate_encoder(model.encoder))
    if model.kind == "cross" and located.is_dir():
        check_folder(located)


def is_model_folder(folder: Path) -> bool:
    """Whether `load_scorer` would find a model there."""
    return any(os.path.isfile(folder / name) for name in ("config.json", "modules.json", SETTINGS))


def is_bi_encoder(folder: Path) -> bool:
    """Whether a folder holds a SentenceTransformer; the same library's CrossEncoder has modules, too."""
    described = read_json(folder / "config_sentence_transformers.json", default={})
    kind = described.get("model_type") if isinstance(described, dict) else None
    return (folder / "modules.json").exists() and kind in (None, "SentenceTransformer")


def is_offline(folder: Path) -> bool:
    """Whether a folder holds an offline scorer."""
    config = read_json(folder / "config.json", default={})
    return isinstance(config, dict) and config.get("model_type") in OFFLINE_TYPES


def check_folder(path: Path) -> None:
    """Raise `InputError` where an encoder's folder lacks a file, or has its weights in pickles alone."""
    settings = read_json(path / SETTINGS, default={})
    members = settings.get("members") if isinstance(settings, dict) else None
    if isinstance(members, dict):
        first = next(iter(members), "NAME")
        raise InputError(f"{path}: is an ensemble, and no encoder: name a member of it, as {path / first}")
    if not (path / "config.json").is_file():
        inner = path / "model"
        mend = f": a run's model is in {inner}" if (inner / "config.json").is_file() else ""
        raise InputError(f"{path}: is no model folder: config.json is missing{mend}")
    config = read_config(path)
    if config.get("model_type") in OFFLINE_TYPES:
        raise InputError(
            f"{path}: is an offline scorer, fitted on its own training pairs, and no encoder to start from: "
            "train model.kind=offline on all pairs at once, or choose another encoder"
        )
    if not any(path.glob("*.safetensors")):
        raise InputError(f"{path}: has no *.safetensors; {PICKLES}")
    if not any(any(path.glob(pattern)) for pattern in VOCABULARIES):
        raise InputError(f"{path}: has no tokenizer: save it there with tokenizer.save_pretrained")


def check_readable(folder: Path) -> None:
    """`InputError` for weights that this user may not read: libraries say of them that they are not there."""
    for path in folder.rglob("*.safetensors"):
        if not os.access(path, os.R_OK):
            raise InputError(f"{path}: can't be read: permission denied (chmod a+r {path})")


def read_config(folder: Path) -> dict[str, Any]:
    """The fields of an encoder's config.json; `InputError` where there are none."""
    config, reason = parse_json(folder / "config.json")
    if reason or not isinstance(config, dict):
        raise unusable(str(folder), f"config.json {reason or 'holds no fields'}")
    return config


def unusable(name: str, reason: str) -> InputError:
    """The one line for an encoder that is there and can't be used."""
    return InputError(f"{name}: can't be loaded as an encoder: {reason}")


@contextlib.contextmanager
def load_errors(name: str, part: str = "it") -> Iterator[None]:
    """Turn what libraries raise while loading `part` of `name` into an `InputError` of one line, our own."""
    try:
        yield
    except InputError:
        raise
    except SafetensorError as error:
        raise unusable(name, "weights are damaged: copy or save them again") from error
    except Exception as error:  # of any type: a library's, or a file's that it can't make sense of
        raise unusable(name, _reason(error, part)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what the tokenizers, written in Rust, may end in
            raise
        raise unusable(name, _reason(error, part)) from error


_MISSING_PACKAGES = ("sentencepiece", "tiktoken", "protobuf", "accelerate", "bitsandbytes", "blobfile")

_CAUSES = {
    r"trust_remote_code|custom code": "it needs code of its own (trust_remote_code), which is never run",
    r"model\.safetensors|safetensors file": f"has no *.safetensors; {PICKLES}",
    r"file named config\.json": "config.json is missing",
    r"Unrecognized (model|configuration)|does not recognize this architecture": (
        "config.json: its model_type is no encoder of text that transformers knows"
    ),
    r"allocate memory|out of memory": "it needs more memory than there is",
    r"mismatched_sizes": "weights and config.json disagree in the shape of a tensor",
}


def _reason(error: BaseException, part: str) -> str:
    """Why loading failed, where it is known; a library's own words say it to those who know the library."""
    said = str(error)
    package = getattr(error, "name", None) if isinstance(error, ImportError) else None
    package = package or next((each for each in _MISSING_PACKAGES if each in said), None)
    if package and (isinstance(error, ImportError) or re.search("install|backend tokenizer", said)):
        return f"{part} needs the Python package {package}: pip install {package}"
    if isinstance(error, MemoryError):
        said = "out of memory"
    known = (reason for pattern, reason in _CAUSES.items() if re.search(pattern, said))
    return next(known, f"{part} can't be read: save or copy it again ({type(error).__name__})")


def check_weights(
    name: str, missing: Collection[str], mismatched: Collection[tuple[str, Any, Any]] = ()
) -> None:
    """Raise `InputError` where weights are `missing` or of another shape: they would be drawn at random."""
    if missing:
        raise unusable(name, f"weights are missing: {', '.join(sorted(missing)[:3])}")
    for key, found, wanted in sorted(mismatched):
        raise unusable(
            name, f"weights and config.json disagree: {key} is {tuple(found)}, {tuple(wanted)} is asked for"
        )


def check_vocabulary(name: str, tokenizer: "PreTrainedTokenizerBase", model: "PreTrainedModel") -> None:
    """Raise `InputError` where the tokenizer has tokens that the encoder has no row for."""
    rows = model.get_input_embeddings().weight.shape[0]  # type: ignore[index] # a tensor in every encoder
    # Numbers of tokens may have holes.
    tokens = max([len(tokenizer) - 1, *tokenizer.get_vocab().values()]) + 1
    if tokens > rows:
        raise InputError(f"{name}: the tokenizer has {tokens:,} tokens, the encoder knows {rows:,}")


def positions(model: "PreTrainedModel") -> int:
    """Tokens that the encoder has positions for."""

    embeddings = getattr(model.base_model, "embeddings", None)
    table: Any = getattr(embeddings, "position_embeddings", None)
    if hasattr(table, "weight"):
        # RoBERTa counts positions from the padding index on.
        padding = getattr(table, "padding_idx", None)
        return int(table.weight.shape[0]) - (0 if padding is None else padding + 1)
    found = getattr(model.config, "max_position_embeddings", None)
    return found if isinstance(found, int) and found > 0 else sys.maxsize


def read_json(path: Path, default: Any = None) -> Any:
    """A JSON file's content, `default` where there is none; `InputError` where it can't be read."""
    if not path.exists():
        return default
    content, reason = parse_json(path)
    if reason:
        raise InputError(f"{path}: can't be read: {reason}")
    return content


def parse_json(path: Path) -> tuple[Any, str]:
    """A JSON file's content, or why there is none."""
    try:
        return read_json_text(path.read_text(encoding="utf-8")), ""
    except json.JSONDecodeError as error:
        return None, f"is no JSON from line {error.lineno}, column {error.colno} on"
    except UnicodeDecodeError:
        return None, "is no UTF-8 text"
    except KeyTwiceError as error:
        return None, str(error)
    except RecursionError:
        return None, "is nested too deep"
    except OSError as error:
        return None, (error.strerror or type(error).__name__).lower()
    except ValueError:  # a number of thousands of digits
        return None, "is no JSON"
