"""Bi-encoders: one SentenceTransformer for both sentences, the cosine of embeddings on the label scale."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedTokenizerBase
from transformers.utils.generic import ModelOutput

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.languages import Text
from dalmeum.models.encoders.agreement import SHORTENED, agree, prepare_tokenizer
from dalmeum.models.encoders.config import check_config
from dalmeum.models.encoders.files import check_files
from dalmeum.models.encoders.hub import hub_options
from dalmeum.models.encoding import LIBRARIES
from dalmeum.models.fields import Fields
from dalmeum.models.pieces import by_length
from dalmeum.models.pretrained import (
    PICKLES,
    SETTINGS,
    check_folder,
    check_vocabulary,
    check_weights,
    load_errors,
    locate_encoder,
    positions,
    read_json,
    unusable,
)
from dalmeum.models.quiet import silent_libraries

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BINARY_UNIT = 500.0
"""What the binary map's parameters are counted in. A step moves every parameter by about the learning rate,
which suits an encoder's weights of about .02: so these are made as small. Their gradient is not made as
large: clipped with the encoder's, it would leave the encoder a fraction that differs from step to step."""

LONGEST_TRIED = 512
"""Tokens of the longest sentence that a new encoder is tried on: the square of thousands takes too long."""


class BiEncoderConfig(PretrainedConfig):
    """The number of tasks, and what `PairScorer` puts beside it."""

    model_type = "dalmeum-bi"


@dataclass
class BiEncoderOutput(ModelOutput):
    """Logits (n, tasks); `member_logits` (1, n, tasks) are what the loss takes, if not the same."""

    logits: Tensor | None = None
    member_logits: Tensor | None = None


class BiEncoder(nn.Module):
    """Logits from the cosine c of two embeddings: `slope * c + intercept`, and a line for the binary task.

    The similarity's map is no parameter: it is `low + (high - low) * c` until lines are folded into it,
    before training and after. The binary task's, at first a probability of one half at c = .5, is trained
    between them, too.

    With `angle`, the loss takes the similarity of Li and Li (2024), "AoE: Angle-optimized Embeddings for
    Semantic Textual Similarity", in place of the cosine, on the same map; scores stay those of the cosine.
    """

    on_label_scale = True
    """An untrained one, too, since the cosine is mapped: it is not moved to the mean label."""

    slope: Tensor
    intercept: Tensor

    def __init__(
        self,
        encoder: "SentenceTransformer",
        num_labels: int,
        label_range: tuple[float, float],
        *,
        angle: bool,
    ) -> None:
        super().__init__()
        low, high = label_range
        self.config = BiEncoderConfig(id2label=dict(enumerate(("similarity", "binary")[:num_labels])))
        self.angle = angle
        self.encoder = encoder
        # Its layers are counted; what a SentenceTransformer has on top of it (a dense layer) is a head.
        self.base_model_prefix = f"encoder.{next(iter(encoder._modules))}"
        self.register_buffer("slope", torch.tensor(float(high - low)))
        self.register_buffer("intercept", torch.tensor(float(low)))
        self.binary = nn.Parameter(torch.tensor([10.0, -5.0]) / BINARY_UNIT) if num_labels > 1 else None
        self.register_state_dict_post_hook(_untie)  # type: ignore[no-untyped-call] # as the library leaves it

    @property
    def device(self) -> torch.device:
        return self.slope.device

    def forward(self, **features: Tensor) -> BiEncoderOutput:
        """`features` of 2n sentences, all first ones before all second ones."""
        embeddings = self.embed(features)
        with torch.autocast(embeddings.device.type, enabled=False):
            # Cosines of similar sentences lie close together: bfloat16 steps below 1 are 1/256.
            if embeddings.element_size() < 4:
                embeddings = embeddings.float()
            first, second = embeddings.chunk(2)
            cosines = nn.functional.cosine_similarity(first, second)
            member_logits = None
            if self.angle and self.training:
                from sentence_transformers.util import pairwise_angle_sim

                member_logits = self._logits(pairwise_angle_sim(first, second), cosines)[None]
            return BiEncoderOutput(logits=self._logits(cosines, cosines), member_logits=member_logits)

    def embed(self, features: dict[str, Tensor]) -> Tensor:
        """Embeddings (n, dimensions) of the `features` of n sentences, of any length."""
        embeddings = by_length(lambda part: self.encoder(part)["sentence_embedding"], features)
        return embeddings[:, : self.encoder.truncate_dim]

    def _logits(self, similarities: Tensor, cosines: Tensor) -> Tensor:
        columns = [self.slope * similarities + self.intercept]
        if self.binary is not None:
            slope, intercept = self.binary + (BINARY_UNIT - 1) * self.binary.detach()
            columns.append(slope * cosines + intercept)
        return torch.stack(columns, dim=1)

    def fold_affine(self, slope: float, intercept: float) -> None:
        """Make the similarity p answer `slope * p + intercept`."""
        self.slope.mul_(slope)
        self.intercept.mul_(slope).add_(intercept)

    def fold_binary(self, slope: float, intercept: float) -> None:
        """Make the binary task's logit l `slope * l + intercept`."""
        assert self.binary is not None
        with torch.no_grad():
            self.binary.mul_(slope)
            self.binary[1] += intercept / BINARY_UNIT

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a SentenceTransformer folder, and `dalmeum.json` in it."""
        self.encoder.similarity_fn_name = "cosine"
        self.encoder.save_pretrained(str(folder), create_model_card=False)
        maps = {"similarity": torch.stack([self.slope, self.intercept])}
        if self.binary is not None:
            maps["binary"] = BINARY_UNIT * self.binary.detach()
        lines = {
            name: dict(zip(("slope", "intercept"), line.tolist(), strict=True)) for name, line in maps.items()
        }
        settings = {**self.config.dalmeum, **lines}
        (Path(folder) / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")

    def load_maps(self, settings: Fields) -> None:
        """Take the lines that `save_pretrained` wrote."""
        slope, intercept = settings.section("similarity").numbers("slope", "intercept")
        with torch.no_grad():
            self.slope.fill_(slope)
            self.intercept.fill_(intercept)
            if self.binary is not None:
                line = settings.section("binary").numbers("slope", "intercept")
                self.binary.copy_(torch.tensor(line) / BINARY_UNIT)


def _untie(_: nn.Module, tensors: dict[str, Any], *__: object) -> None:
    """Give tied weights (T5 has some) a copy each: checkpoints are safetensors, where none share memory."""
    seen = set()
    for name, tensor in tensors.items():
        tensors[name] = tensor.clone() if tensor.data_ptr() in seen else tensor
        seen.add(tensor.data_ptr())


Sentence = dict[str, list[int]]
"""One sentence, tokenised and not padded."""


class TokenizedSentences:
    """Each sentence tokenised as `SentenceTransformer.encode` does it, its default prompt included."""

    packages = (*LIBRARIES, "sentence-transformers")

    def __init__(self, encoder: "SentenceTransformer") -> None:
        self.encoder = encoder
        self.notes: tuple[Text, ...] = ()

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        tokenizer: PreTrainedTokenizerBase = self.encoder.tokenizer
        return tokenizer

    @property
    def max_length(self) -> int:
        """Tokens of a sentence, its prompt's and the special ones among them."""
        return int(self.encoder.max_seq_length or self.tokenizer.model_max_length)

    @property
    def prompt(self) -> str:
        """What stands before each sentence."""
        return self.encoder.prompts.get(self.encoder.default_prompt_name or "") or ""

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[tuple[Sentence, Sentence]]:
        texts = list(dict.fromkeys([*sentence1, *sentence2]))
        of_text = dict(zip(texts, self.tokenized(texts), strict=True))
        return [(of_text[one], of_text[two]) for one, two in zip(sentence1, sentence2, strict=True)]

    def tokenized(self, texts: Sequence[str]) -> list[Sentence]:
        """Each of these texts (n,)."""
        if not texts:
            return []
        unpadded = {"text": {"padding": False}, "common": {"return_tensors": None}}
        encoded = self.encoder.preprocess(list(texts), prompt=self.prompt or None, processing_kwargs=unpadded)
        columns = {name: values for name, values in encoded.items() if isinstance(values, list)}
        if "prompt_length" in encoded:
            columns["prompt_length"] = [encoded["prompt_length"]] * len(texts)
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def lengths(self, items: Sequence[tuple[Sentence, Sentence]]) -> list[int]:
        """Tokens of both sentences, the shorter one padded."""
        return [2 * max(len(sentence["input_ids"]) for sentence in pair) for pair in items]

    def collate(self, items: Sequence[tuple[Sentence, Sentence]]) -> dict[str, Tensor]:
        return self.padded([first for first, _ in items] + [second for _, second in items])

    def padded(self, sentences: Sequence[Sentence]) -> dict[str, Tensor]:
        """The features of n sentences."""
        return dict(self.encoder.tokenizer.pad(list(sentences), return_tensors="pt"))

    def save_pretrained(self, folder: str | Path) -> None:
        """Nothing: a SentenceTransformer folder has its tokenizer."""


def new_bi_encoder(
    encoder: str, *, num_labels: int, max_length: int, label_range: tuple[float, float], angle: bool = False
) -> tuple[BiEncoder, TokenizedSentences]:
    """A SentenceTransformer, or a plain encoder under mean pooling, that truncates at `max_length` tokens.

    Raises `InputError` where the encoder can't be found or read, `MissingExtraError` without
    sentence-transformers.
    """
    name = locate_encoder(encoder)
    model = _load(name, default_length=512)
    most = model.max_seq_length or max_length
    model.max_seq_length = min(max_length, most)
    network, sentences = _agreed(name, BiEncoder(model, num_labels, label_range, angle=angle), new=True)
    if max_length > most:
        sentences.notes = (SHORTENED.format(most=most, max_length=max_length), *sentences.notes)
    return network, sentences


def load_bi_encoder(folder: Path) -> tuple[BiEncoder, TokenizedSentences]:
    """A saved bi-encoder; without settings any SentenceTransformer, whose cosine is stretched over 0..5."""
    path = folder / SETTINGS
    settings = Fields(read_json(path, default={}), path)
    name = locate_encoder(str(folder))
    model = _load(name)
    network = BiEncoder(model, 2 if "binary" in settings else 1, settings.label_range(), angle=False)
    if path.exists():
        network.load_maps(settings)
    return _agreed(name, network, new=False)


def _agreed(name: str, network: BiEncoder, *, new: bool) -> tuple[BiEncoder, TokenizedSentences]:
    sentences, model = TokenizedSentences(network.encoder), network.encoder.transformers_model
    assert model is not None  # or it would not have been loaded
    longest = min(network.encoder.max_seq_length or 512, LONGEST_TRIED)
    sentences.notes = agree(name, network, sentences, sentences.tokenizer, model, longest, new=new)
    return network, sentences


def _load(name: str, default_length: int | None = None) -> "SentenceTransformer":
    """With a tokenizer that agrees, and no more tokens than there are positions."""
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError:
        raise MissingExtraError("sentence-transformers", "sentence-transformers") from None
    folder = Path(name)
    transformer = _check_modules(folder) if folder.is_dir() else None
    options = hub_options(name)
    with silent_libraries(), load_errors(name):
        model = SentenceTransformer(
            name,
            device="cpu",
            trust_remote_code=False,
            # float32 weights whatever type they were saved in: a step of 2e-5 is lost in bfloat16.
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            **options,
        )
        inner, tokenizer = model.transformers_model, model.tokenizer
    if inner is None or not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise unusable(name, "its first module is no Hugging Face encoder of text")
    if transformer is not None:
        with silent_libraries(), load_errors(name):
            # Reads names and shapes alone.
            kind: Any = type(inner)
            _, report = kind.from_pretrained(transformer, device_map="meta", output_loading_info=True)
        # A pooler is no part of it: sentence-transformers pools by itself.
        check_weights(name, [key for key in report["missing_keys"] if "pooler." not in key])
    check_vocabulary(name, tokenizer, inner)
    prepare_tokenizer(name, tokenizer, inner)
    most = min(model.max_seq_length or default_length or sys.maxsize, positions(inner))
    if most < sys.maxsize:
        model.max_seq_length = most
    return model


def _check_modules(folder: Path) -> Path:
    """The folder of the encoder proper in a model folder, checked as its siblings are."""
    modules = read_json(folder / "modules.json", default=[{"path": "", "type": "Transformer"}])
    try:
        first, *others = [folder / str(module["path"]) for module in modules]
        kind = str(modules[0]["type"]).rpartition(".")[2]
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{folder}/modules.json: is damaged: save the model again") from None
    if kind != "Transformer":
        raise InputError(
            f"{folder}: its first module is a {kind}: choose a model that starts with an encoder"
        )
    check_folder(first)
    check_config(first)
    for path in {first, folder}:
        check_files(str(folder), path)
    for path in others:
        check_files(str(folder), path, ["config.json"])
        if any(path.glob("*.bin")) and not any(path.glob("*.safetensors")):
            raise InputError(f"{path}: has no *.safetensors; {PICKLES}")
    return first
