"""Cross-encoders: both sentences through one Hugging Face encoder, a regression head on top."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import MethodType
from typing import Any, TypeVar

import torch
from torch import Tensor
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.modeling_outputs import SequenceClassifierOutput

from dalmeum.languages import Text
from dalmeum.models.encoders.agreement import SHORTENED, agree, prepare_tokenizer, separate
from dalmeum.models.encoders.config import check_config
from dalmeum.models.encoders.files import check_files
from dalmeum.models.encoders.hub import hub_options
from dalmeum.models.head import keep_head_in_float32, last_linear, leave_out_what_no_head_reads
from dalmeum.models.long_sentences import cut
from dalmeum.models.pieces import by_length
from dalmeum.models.pretrained import (
    check_folder,
    check_vocabulary,
    check_weights,
    load_errors,
    locate_encoder,
    positions,
)
from dalmeum.models.quiet import silent_libraries

T = TypeVar("T")

HEAD_LEFT = Text(
    "{name}: the encoder is taken, its old head, of another shape ({shapes}), is left for a new one",
    "{name}: 인코더만 쓰고, 모양이 다른 예전 헤드({shapes})는 새 헤드로 바꿉니다",
)


class TokenizedPairs:
    """The tokenizer's own pair encoding, truncated at `max_length` from the longer sentence first."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, max_length: int) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.notes: tuple[Text, ...] = ()
        # sentence-transformers truncates there too.
        tokenizer.model_max_length = max_length

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[dict[str, list[int]]]:
        if not sentence1:
            return []
        encoded = self.tokenizer(
            self._cut(sentence1), self._cut(sentence2), truncation="longest_first", max_length=self.max_length
        )
        names = list(encoded.keys())
        return [dict(zip(names, row, strict=True)) for row in zip(*encoded.values(), strict=True)]

    def _cut(self, sentences: Sequence[str]) -> list[str]:
        if not self.tokenizer.is_fast:
            return list(sentences)

        def encode(long: list[str]) -> list[Any]:
            encoded = self.tokenizer(
                long, add_special_tokens=False, truncation=True, max_length=self.max_length
            )
            return encoded.encodings or []

        return cut(sentences, self.max_length, encode, self.tokenizer.truncation_side)

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
    """An encoder and its tokenizer that agree; with `max_length`, to be trained, its head may be missing."""
    if Path(name).is_dir():
        check_folder(Path(name))
        check_config(Path(name))
        check_files(name, Path(name))
    options = hub_options(name)
    with silent_libraries():
        with load_errors(name, "its tokenizer"):
            tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False, **options)
        with load_errors(name):
            model, report = AutoModelForSequenceClassification.from_pretrained(
                name,
                use_safetensors=True,
                trust_remote_code=False,
                # float32 weights whatever type they were saved in: a step of 2e-5 is lost in bfloat16.
                dtype=torch.float32,
                output_loading_info=True,
                # Told apart below: a head of another shape is left, an encoder's weights are an error.
                ignore_mismatched_sizes=True,
                **options,
                **config,
            )
    missing, mismatched = report["missing_keys"], report["mismatched_keys"]
    old_head: list[tuple[str, Any, Any]] = []
    if max_length is not None:
        # A pooler belongs to the head's side: many encoders are published without.
        prefix = f"{model.base_model_prefix}."
        missing, head = _split(missing, lambda key: key.startswith(prefix) and ".pooler." not in key)
        mismatched, old_head = _split(mismatched, lambda each: each[0].startswith(prefix))
        if head or old_head:
            model.config.dalmeum = None  # what an older head answered, a new one does not
    check_weights(name, missing, mismatched)
    check_vocabulary(name, tokenizer, model)
    last_linear(model)
    keep_head_in_float32(model)
    leave_out_what_no_head_reads(model)
    model.forward = MethodType(_forward_by_length, model)
    return model, _agreed(name, model, tokenizer, max_length, old_head)


def _forward_by_length(model: PreTrainedModel, *args: Any, **features: Any) -> Any:
    forward = type(model).forward
    if args or "labels" in features or not all(isinstance(value, Tensor) for value in features.values()):
        return forward(model, *args, **features)  # who asks for more than logits
    logits = by_length(lambda part: forward(model, **part).logits, features)
    return SequenceClassifierOutput(logits=logits)


def _agreed(
    name: str,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None,
    old_head: Sequence[tuple[str, Any, Any]],
) -> TokenizedPairs:
    prepare_tokenizer(name, tokenizer, model)
    most = min(tokenizer.model_max_length, positions(model))
    pairs = TokenizedPairs(tokenizer, min(max_length or 512, most))
    notes: tuple[Text, ...] = ()
    if max_length is not None:
        notes = separate(name, tokenizer)
        if max_length > most:
            notes = (*notes, SHORTENED.format(most=most, max_length=max_length))
    if old_head:
        shapes = ", ".join(f"{key} {tuple(found)}" for key, found, _ in sorted(old_head))
        notes = (*notes, HEAD_LEFT.format(name=name, shapes=shapes))
    pairs.notes = (
        *notes,
        *agree(name, model, pairs, tokenizer, model, pairs.max_length, new=max_length is not None),
    )
    return pairs


def _split(keys: Iterable[T], chosen: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    """Those that are chosen, and the others."""
    listed = list(keys)
    return [key for key in listed if chosen(key)], [key for key in listed if not chosen(key)]
