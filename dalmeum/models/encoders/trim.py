"""A smaller vocabulary: the rows of an encoder's embeddings that texts need, and the pieces beside them.

Most weights of a multilingual encoder are its table of word pieces, few of which one language needs
(Abdaoui et al. 2020, "Load What You Need: Smaller Versions of Multilingual BERT").
"""

import contextlib
import itertools
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase

from dalmeum.errors import DalmeumError, InputError
from dalmeum.files import check_output, disk_error, make_folders, open_to_others, write_json
from dalmeum.models.encoders.config import check_config
from dalmeum.models.encoders.files import check_files
from dalmeum.models.encoders.hub import hub_options
from dalmeum.models.encoders.pieces import (
    State,
    always_kept,
    check_kind,
    letters_of,
    numbered,
    with_pieces,
)
from dalmeum.models.pretrained import (
    GOLDEN,
    VOCABULARIES,
    check_folder,
    load_errors,
    locate_encoder,
    read_config,
    read_json,
    unusable,
)
from dalmeum.models.quiet import silent_libraries

LEFT_OUT = (
    *VOCABULARIES,
    "added_tokens.json",
    GOLDEN,
    "*.safetensors",
    "*.bin",
    "*.pt",
    "*.onnx",
    "*.h5",
    ".*",
)
"""Files that are written anew, tell of the old vocabulary and weights, or hold weights in another form."""

HEADS = ("lm_head.", "predictions.")
"""Of language models: what else has a row for each piece."""

TOGETHER = 10_000
"""Texts that are cut at once."""


@dataclass(frozen=True)
class Trimmed:
    """A trimmed encoder's folder; how many pieces, and bytes of weights, there were before and are now."""

    folder: Path
    pieces: tuple[int, int]
    weights: tuple[int, int]


def trim_encoder(encoder: str, texts: Sequence[str], folder: Path) -> Trimmed:
    """Write an encoder with the pieces that `texts` need into `folder`, which must not be there yet.

    Kept are special tokens, the pieces that the texts are cut into, after the model's prompts, too, and the
    letters that these are made of. A text of kept pieces is cut as before, and has the same embedding to the
    last digit; of any other, letters that no piece has are unknown. The folder's other files stay, as heads,
    pooling and prompts do, and so it may be a trained model's.

    Raises `InputError` for what is no encoder, for one whose tokenizer is neither of unigrams nor WordPiece,
    and where nothing can be written.
    """
    source = _found(encoder)
    inner = transformer_folder(source)
    tokenizer = _tokenizer(encoder, inner)
    state = _state(encoder, tokenizer)
    cut = _cut(tokenizer, _with_prompts(source, texts))
    pieces = {piece for row in cut for piece in row}
    names = {row: token for token, row in numbered(state).items()}
    special = {names.get(row, "") for row in _special(read_config(inner)).values()}
    kept = {*pieces, *letters_of(pieces), *always_kept(state), *special}
    trimmed, rows = with_pieces(state, kept)
    check_output(folder, [source])
    if folder.exists():
        raise InputError(f"{folder}: is there already: choose another place for the output")
    with _whole_folder(folder) as half_made:
        shutil.copytree(source, half_made, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        there = half_made / inner.relative_to(source)
        (there / "tokenizer.json").write_text(json.dumps(trimmed, ensure_ascii=False), encoding="utf-8")
        _renumber(there, {row: place for place, row in enumerate(rows)})
        weights = _trim_weights(encoder, inner, there, rows)
        if _cut(_tokenizer(encoder, there), _with_prompts(source, texts)) != cut:
            raise unusable(
                encoder, "its vocabulary can't be trimmed: its tokenizer cuts texts otherwise then"
            )
    return Trimmed(folder, (len(names), len(rows)), weights)


def transformer_folder(folder: Path) -> Path:
    """Where in a model folder the encoder proper is: a SentenceTransformer names its modules' folders."""
    modules = read_json(folder / "modules.json", default=None)
    try:
        return folder if modules is None else folder / str(modules[0]["path"])
    except (IndexError, KeyError, TypeError):
        raise InputError(f"{folder}/modules.json: is damaged: save the model again") from None


def _found(encoder: str) -> Path:
    """The encoder's folder, checked; one that a hub has is fetched into its cache."""
    name = locate_encoder(encoder)
    if not Path(name).is_dir():
        options = hub_options(name)
        with silent_libraries(), load_errors(name):
            name = snapshot_download(name, allow_patterns=["*.json", "*.safetensors", "*.txt"], **options)
    inner = transformer_folder(Path(name))
    check_folder(inner)
    check_config(inner)
    check_files(name, inner)
    return Path(name)


def _tokenizer(encoder: str, folder: Path) -> PreTrainedTokenizerBase:
    with silent_libraries(), load_errors(encoder, "its tokenizer"):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    return tokenizer


def _state(encoder: str, tokenizer: PreTrainedTokenizerBase) -> State:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise unusable(encoder, "its vocabulary can't be trimmed: its tokenizer is none of tokenizers")
    state: State = json.loads(backend.to_str())
    check_kind(encoder, state)
    return state


def _with_prompts(folder: Path, texts: Sequence[str]) -> Iterator[str]:
    """Each text, and each behind the prompts that the model may put before it."""
    settings = read_json(folder / "config_sentence_transformers.json", default={})
    prompts = settings.get("prompts") or {}
    for prompt in dict.fromkeys(["", *(each for each in prompts.values() if isinstance(each, str))]):
        yield from (prompt + text for text in texts)


def _cut(tokenizer: PreTrainedTokenizerBase, texts: Iterator[str]) -> list[list[str]]:
    """The pieces of each text."""
    rows: list[list[str]] = []
    while chunk := list(itertools.islice(texts, TOGETHER)):
        encoded = tokenizer(chunk, add_special_tokens=False, verbose=False)["input_ids"]
        rows += [list(tokenizer.convert_ids_to_tokens(row)) for row in encoded]
    return rows


def _special(config: Mapping[str, Any]) -> dict[str, int]:
    """Keys of a configuration that name a row: of padding, of a first token."""
    return {key: row for key, row in config.items() if key.endswith("_token_id") and type(row) is int}


def _renumber(folder: Path, new: Mapping[int, int]) -> None:
    """Write the new numbers of rows into the files that name some."""
    config = read_config(folder)
    config |= {key: new.get(row) for key, row in _special(config).items()}
    write_json(folder / "config.json", {**config, "vocab_size": len(new)})
    path = folder / "tokenizer_config.json"
    settings = read_json(path, default={})
    if decoder := settings.get("added_tokens_decoder"):
        settings["added_tokens_decoder"] = {str(new[int(row)]): token for row, token in decoder.items()}
        write_json(path, settings)


def _trim_weights(encoder: str, source: Path, folder: Path, rows: Sequence[int]) -> tuple[int, int]:
    """Write the weights with `rows` of what has one for each piece; bytes before and after."""
    embeddings, count = _embeddings(source)
    if rows[-1] >= count:
        raise InputError(
            f"{encoder}: the tokenizer has tokens up to {rows[-1]:,}, the encoder {count:,} rows"
        )
    found = 0
    for path in sorted(source.glob("*.safetensors")):
        tensors: dict[str, Tensor] = {}
        with load_errors(encoder, "its weights"), safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118
                tensor = file.get_tensor(key)
                is_embeddings = f".{key}".endswith(f".{embeddings}")
                found += is_embeddings
                if is_embeddings or (any(head in key for head in HEADS) and len(tensor) == count):
                    tensor = tensor[list(rows)]
                tensors[key] = tensor
            save_file(tensors, folder / path.name, file.metadata())
    if not found:
        raise unusable(encoder, f"its weights have no {embeddings}")
    open_to_others(folder.glob("*.safetensors"))
    before, after = (
        sum(path.stat().st_size for path in each.glob("*.safetensors")) for each in (source, folder)
    )
    return before, after


def _embeddings(folder: Path) -> tuple[str, int]:
    """What the weights call the table of pieces, and how many rows it has."""
    with silent_libraries(), load_errors(str(folder)), torch.device("meta"):
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        model = AutoModel.from_config(config, trust_remote_code=False)
    table = model.get_input_embeddings().weight
    return next(name for name, each in model.named_parameters() if each is table), table.shape[0]


@contextlib.contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill that takes its name when the block ends well, and is gone if not."""
    half_made = folder.with_name(f".{folder.name}.tmp")
    try:
        make_folders(folder.parent)
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir()
        yield half_made
        half_made.rename(folder)
    except DalmeumError:
        raise
    except Exception as error:
        if (told := disk_error(folder, error)) is None:
            raise
        raise told from error
    finally:
        shutil.rmtree(half_made, ignore_errors=True)
