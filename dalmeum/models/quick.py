"""Cross-encoders of BERT's kind, scored by torch and tokenizers alone.

For two sentences importing transformers takes longer than all the rest together. A model is only scored so
where its golden scores came out the same when it was saved.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from dalmeum.models.long_sentences import cut
from dalmeum.models.pretrained import read_json

BASES = {
    "bert": "bert",
    "electra": "electra",
    "roberta": "roberta",
    "xlm-roberta": "roberta",
    "camembert": "roberta",
}
"""Types of encoders whose layers are BERT's, and the name under which their weights stand."""

LAYER = {
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}
"""What transformers calls the parts of a layer, and what torch does."""

PROJECTED = ("query", "key", "value")


class QuickEncoding:
    """A tokenizer's own pair encoding, as `TokenizedPairs` has it."""

    def __init__(self, folder: Path) -> None:
        self.settings = read_json(folder / "tokenizer_config.json")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.side = self.settings.get("truncation_side", "right")
        self.longest = self.settings["model_max_length"]
        self.tokenizer.enable_truncation(self.longest, strategy="longest_first", direction=self.side)
        self.padding = int(self.tokenizer.token_to_id(_text(self.settings["pad_token"])) or 0)
        self.names = self.settings.get("model_input_names")

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[Any]:
        one, two = (
            cut(sentences, self.longest, self._alone, self.side) for sentences in (sentence1, sentence2)
        )
        return list(self.tokenizer.encode_batch([*zip(one, two, strict=True)]))

    def _alone(self, sentences: list[str]) -> list[Any]:
        return list(self.tokenizer.encode_batch(sentences, add_special_tokens=False))

    def lengths(self, items: Sequence[Any]) -> list[int]:
        return [len(item.ids) for item in items]

    def collate(self, items: Sequence[Any]) -> dict[str, Tensor]:
        """Padded on the right: the network reads no padding."""
        longest = max(self.lengths(items))

        def padded(values: str, fill: int) -> Tensor:
            rows = [getattr(item, values) for item in items]
            return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])

        return {
            "input_ids": padded("ids", self.padding),
            "token_type_ids": padded("type_ids", 0),
            "attention_mask": padded("attention_mask", 0),
        }

    def save_pretrained(self, folder: str | Path) -> None:
        """Nothing: what it was read from is there."""


class QuickNetwork(nn.Module):
    """A sequence classifier in torch's own encoder layers; to score with alone."""

    def __init__(self, config: Mapping[str, Any], weights: Mapping[str, Tensor], typed: bool) -> None:
        super().__init__()
        self.config = SimpleNamespace(num_labels=len(config["id2label"]))
        self.kind, self.typed = config["model_type"], typed
        base = f"{BASES[self.kind]}."
        inner = {name.removeprefix(base): weight for name, weight in weights.items() if name.startswith(base)}
        self.tables = nn.ModuleDict(
            {
                name: nn.Embedding.from_pretrained(inner[f"embeddings.{name}_embeddings.weight"])
                for name in ("word", "position", "token_type")
            }
        )
        self.first_position = config["pad_token_id"] + 1 if base == "roberta." else 0
        self.norm = nn.LayerNorm(self.tables["word"].embedding_dim, config["layer_norm_eps"])
        self.norm.load_state_dict(_part(inner, "embeddings.LayerNorm"))
        self.project = _linear(inner, "embeddings_project") if "embeddings_project.weight" in inner else None
        self.encoder = _encoder(config, inner)
        dense = "pooler.dense" if self.kind == "bert" else "classifier.dense"
        self.dense = _linear(inner if self.kind == "bert" else weights, dense)
        self.last = _linear(weights, "classifier" if self.kind == "bert" else "classifier.out_proj")

    @property
    def device(self) -> torch.device:
        return self.last.weight.device

    def forward(self, input_ids: Tensor, token_type_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        positions = torch.arange(input_ids.shape[1], device=input_ids.device) + self.first_position
        types = token_type_ids if self.typed else torch.zeros_like(token_type_ids)
        embedded = self.tables["word"](input_ids) + self.tables["token_type"](types)
        states = self.norm(embedded + self.tables["position"](positions))
        if self.project is not None:
            states = self.project(states)
        padding = attention_mask == 0
        states = self.encoder(states, src_key_padding_mask=padding if padding.any() else None)
        with torch.autocast(states.device.type, enabled=False):
            first = self.dense(states[:, 0].float())
            first = nn.functional.gelu(first) if self.kind == "electra" else first.tanh()
            return SimpleNamespace(logits=self.last(first))


def quick_parts(folder: Path) -> tuple[QuickNetwork, QuickEncoding] | None:
    """The network and encoding of a cross-encoder that dalmeum saved; None for any other model."""
    config = read_json(folder / "config.json", default={})
    files = ("tokenizer.json", "tokenizer_config.json", "model.safetensors")
    if config.get("model_type") not in BASES or not all((folder / name).is_file() for name in files):
        return None
    if config.get("hidden_act") != "gelu" or not isinstance(config.get("dalmeum"), dict):
        return None
    try:
        encoding = QuickEncoding(folder)
        typed = config["type_vocab_size"] > 1 and "token_type_ids" in (encoding.names or ["token_type_ids"])
        network = QuickNetwork(config, load_file(folder / "model.safetensors"), typed)
    except (KeyError, RuntimeError):  # weights of other names or shapes, as those of a bi-encoder's start
        return None
    return network.eval(), encoding


def _encoder(config: Mapping[str, Any], weights: Mapping[str, Tensor]) -> nn.TransformerEncoder:
    with torch.device("meta"):
        layer = nn.TransformerEncoderLayer(
            config["hidden_size"],
            config["num_attention_heads"],
            config["intermediate_size"],
            activation="gelu",
            layer_norm_eps=config["layer_norm_eps"],
            batch_first=True,
        )
        encoder = nn.TransformerEncoder(layer, config["num_hidden_layers"], enable_nested_tensor=False)
    state: dict[str, Tensor] = {}
    for number in range(config["num_hidden_layers"]):
        inner = f"encoder.layer.{number}."
        for end in ("weight", "bias"):
            projected = [weights[f"{inner}attention.self.{name}.{end}"] for name in PROJECTED]
            state[f"layers.{number}.self_attn.in_proj_{end}"] = torch.cat(projected)
            for theirs, ours in LAYER.items():
                state[f"layers.{number}.{ours}.{end}"] = weights[f"{inner}{theirs}.{end}"]
    encoder.load_state_dict(state, assign=True)
    return encoder


def _linear(weights: Mapping[str, Tensor], name: str) -> nn.Linear:
    part = _part(weights, name)
    outputs, inputs = part["weight"].shape
    layer = nn.Linear(inputs, outputs, device="meta")
    layer.load_state_dict(part, assign=True)
    return layer


def _part(weights: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    return {end: weights[f"{name}.{end}"] for end in ("weight", "bias")}


def _text(token: Any) -> str:
    return str(token["content"] if isinstance(token, dict) else token)
