"""Whether an encoder's config.json describes what its weights hold, seen before anything is built."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassFieldValidationError
from safetensors import safe_open
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_MAPPING

from dalmeum.errors import InputError
from dalmeum.models.pretrained import load_errors, read_config, unusable
from dalmeum.models.quiet import silent_libraries

_REPEATED = re.compile(r"(n|num|encoder|decoder|inner)_.*(layers?|blocks?|groups?|group_num|labels)$|block_")
"""Keys that count what a library builds one after another, in a loop."""

_SIZES = re.compile(r".*(_size|_dim|_heads?|_embeddings|_positions|_layers?)$|d_model|n_embd|n_inner")

_NUMBER = re.compile(r"\.\d+\.")
"""Of a layer, in the name of a weight."""

_AT_LEAST_ONE = ("hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size")

_OF_ENCODERS = {
    "is_decoder": False,
    "add_cross_attention": False,
    "is_causal": False,
    "causal": False,  # XLM's and Flaubert's
    "is_encoder": True,
}
"""Keys that make a decoder of an encoder, in which a token sees none after it: no weight is missing, and all
scores are others. With their values of encoders."""

_FEWEST = 1000
"""However few tensors there are: ALBERT builds its layers from one, and names of labels have none."""


def check_config(folder: Path) -> None:
    """Raise `InputError` where the encoder in `folder` can't be built, or is not what its weights hold.

    It is laid out without memory, which takes a second at most, since what is built in loops is counted
    against the weights' tensors first.
    """
    name = str(folder)
    written = read_config(folder)
    if written.get("quantization_config"):
        raise unusable(name, "its weights are quantised: choose one in float32, bfloat16 or float16")
    shapes = _shapes(folder)
    _check_counts(name, written, len(shapes))
    _check_type(name, written)
    try:
        with silent_libraries():
            config = AutoConfig.from_pretrained(name, trust_remote_code=False)
            check_made_as_encoder(name, config)
            with torch.device("meta"):
                laid_out = AutoModel.from_config(config, trust_remote_code=False)
    except InputError:
        raise
    except Exception as error:  # whatever a library says of a file that it can't use, we say it ourselves
        unknown = f"no encoder can be built from it ({type(error).__name__})"
        reason = _reason(error, written) or _oversized(written, shapes) or unknown
        raise unusable(name, f"config.json: {reason}") from error
    wanted = sum(parameter.numel() for parameter in laid_out.parameters())
    there = sum(torch.Size(shape).numel() for shape in shapes.values())
    # A pooler that the weights lack is a few per cent.
    if wanted > 2 * there:
        other = (
            f"describes a {config.model_type} encoder of {wanted:,} parameters, "
            f"and its weights have {there:,}: they belong to another config.json"
        )
        raise unusable(name, f"config.json: {_oversized(written, shapes) or other}")
    if left := _left_over(laid_out, shapes):
        raise unusable(
            name, f"weights and config.json disagree: it has fewer layers than they, which go on with {left}"
        )


def check_made_as_encoder(name: str, config: PretrainedConfig) -> None:
    """Raise `InputError` where a configuration makes a decoder of a kind of model that is none by itself."""
    for key, wanted in _OF_ENCODERS.items():
        found, of_kind = getattr(config, key, wanted), getattr(type(config), key, wanted)
        if bool(found) != wanted and of_kind == wanted:
            made = f"{key} is {json.dumps(found)}, which makes a decoder of it and changes all scores"
            mend = f"set it to {json.dumps(wanted)}, or leave it out"
            raise unusable(name, f"config.json: {made}: {mend}")


def _shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Of all tensors, by their names, from the headers of the files alone."""
    shapes: dict[str, tuple[int, ...]] = {}
    with load_errors(str(folder), "its weights"):
        for path in sorted(folder.glob("*.safetensors")):
            with safe_open(path, framework="pt") as file:
                shapes |= {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    return shapes


def _left_over(laid_out: PreTrainedModel, shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """The first weight of a layer that the encoder has others like, but not this one, if there is one."""
    built = set(laid_out.state_dict())
    layers = {_NUMBER.sub(".#.", key) for key in built}
    for key in sorted(shapes):
        inner = key.removeprefix(f"{laid_out.base_model_prefix}.")
        if inner not in built and _NUMBER.sub(".#.", inner) in layers:
            return key
    return None


def _check_counts(name: str, fields: Mapping[str, Any], tensors: int, where: str = "config.json") -> None:
    for key, value in fields.items():
        if isinstance(value, dict) and key not in ("id2label", "label2id"):
            _check_counts(name, value, tensors, f"{where}: {key}")
        if isinstance(value, float) and not math.isfinite(value):
            raise unusable(name, f"{where}: {key} is {value}, not a finite number")
        for each in value if isinstance(value, list) and "block" in key else [value]:
            if not isinstance(each, int | float):
                if _REPEATED.match(key) and isinstance(each, str):
                    raise unusable(name, f"{where}: {key} is {each!r:.80}, not a whole number")
                continue
            if _REPEATED.match(key) and each > max(tensors, _FEWEST):
                raise unusable(name, f"{where}: {key} is {each:,}, and its weights have {tensors:,} tensors")
            if key in _AT_LEAST_ONE and each < 1:
                raise unusable(name, f"{where}: {key} is {each}: 1 or more is needed")


def _check_type(name: str, written: Mapping[str, Any]) -> None:
    kind = written.get("model_type")
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        if written.get("auto_map"):
            raise unusable(name, "it needs code of its own (trust_remote_code), which is never run")
        reason = "is missing" if kind is None else f"is {kind!r:.80}, which transformers does not know"
        raise unusable(name, f"config.json: model_type {reason}")
    if CONFIG_MAPPING[kind] not in MODEL_MAPPING:
        raise unusable(name, f"config.json: model_type is {kind!r}, which is no encoder of text")


def _reason(error: Exception, written: Mapping[str, Any]) -> str | None:
    """What is wrong with the fields that a library failed on, where it can be told."""
    if isinstance(error, StrictDataclassFieldValidationError):
        found = re.search(r"field '(\w+)'", str(error))
        wanted = re.search(r"expected (\w+)", str(error))
        if found and found[1] in written:
            types = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}
            kind = types.get(wanted[1] if wanted else "", "what belongs there")
            return f"{found[1]} is {written[found[1]]!r:.80}, not {kind}"
    for key, value in written.items():
        if key in ("id2label", "label2id") and not isinstance(value, dict):
            return f"{key} is {value!r:.80}, not a JSON object"
        if _SIZES.match(key) and isinstance(value, int) and value < 0 and "relative" not in key:
            return f"{key} is {value}, not a size"
    heads, size = (written.get(key) for key in ("num_attention_heads", "hidden_size"))
    if isinstance(heads, int) and isinstance(size, int) and size % heads:
        return f"hidden_size is {size}, no multiple of num_attention_heads, {heads}"
    pad, rows = (written.get(key) for key in ("pad_token_id", "vocab_size"))
    if isinstance(pad, int) and isinstance(rows, int) and not -rows <= pad < rows:
        return f"pad_token_id is {pad}, and vocab_size {rows}"
    said = str(error)
    named = [key for key, value in written.items() if isinstance(value, str) and repr(value) in said]
    if isinstance(error, KeyError | AttributeError) and named:
        return f"{named[0]} is {written[named[0]]!r:.80}, which transformers does not know"
    shares = [key for key, value in written.items() if "dropout" in key and not _is_share(value)]
    if shares:
        return f"{shares[0]} is {written[shares[0]]!r:.80}, no share from 0 to 1"
    return None


def _is_share(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and 0 <= value <= 1)


def _oversized(written: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """The field that asks for more than any weight has, if one does."""
    largest = max((max(shape, default=1) for shape in shapes.values()), default=0)
    for key, value in written.items():
        if isinstance(value, int) and _SIZES.match(key) and value > largest + 2:
            return f"{key} is {value:,}, and no side of its weights is longer than {largest:,}"
    return None
