"""A saved offline scorer, from its folder: without transformers, whose import takes longer than scoring."""

from pathlib import Path
from types import SimpleNamespace

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from dalmeum.errors import InputError
from dalmeum.models.fields import EXPORT_AGAIN, Fields
from dalmeum.models.offline.encoder import OfflineEncoder
from dalmeum.models.offline.network import OfflineNetwork
from dalmeum.models.pretrained import read_json


def load_offline(folder: str | Path) -> tuple[OfflineNetwork, OfflineEncoder]:
    """The network and encoder saved in `folder`. Raises `InputError` where a file is missing or broken."""
    encoder = OfflineEncoder.from_pretrained(folder)
    path = Path(folder) / "config.json"
    config = Fields(read_json(path), path)
    for name in ("kernel_width", "feature_limit"):
        if config.number(name) <= 0:
            raise config.wrong(name, "a number above 0")
    if not 0 <= config.number("dropout") < 1:
        raise config.wrong("dropout", "a share below 1")
    shape = [config.count("num_features"), config.count("hidden_size")]
    config.mapping("id2label", str)
    try:
        with safe_open(Path(folder) / "model.safetensors", framework="pt") as file:
            matrix = file.get_slice("directions").get_shape()
        if matrix != shape or shape[0] != len(encoder.names):
            raise InputError(f"{path}: is not of its weights: {EXPORT_AGAIN}")
        with torch.device("meta"):
            network = OfflineNetwork(_configuration(path))
        network.load_state_dict(load_file(Path(folder) / "model.safetensors"), assign=True)
    except InputError:
        raise
    except Exception as error:  # a library's, of any type: about these files alone
        raise InputError(f"{folder}: its weights can't be read: {EXPORT_AGAIN}") from error
    return network.eval(), encoder


def _configuration(path: Path) -> SimpleNamespace:
    """As `OfflineConfig` has it: the first version knew no share."""
    written = read_json(path)
    written["id2label"] = {int(column): label for column, label in written["id2label"].items()}
    return SimpleNamespace(
        **{"share": 0.0, "shared_feature": 0, **written, "num_labels": len(written["id2label"])}
    )
