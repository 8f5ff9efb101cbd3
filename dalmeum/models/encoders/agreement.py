"""Bringing an encoder and its tokenizer to agree, by one forward pass of a real pair when they are loaded.

What they may differ in is settled where that is safe, so that it is saved with the model, or refused.
"""

import inspect
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.models.encoders.config import check_made_as_encoder
from dalmeum.models.encoding import PairEncoding
from dalmeum.models.pretrained import unusable

FIRST, SECOND = "A man is playing a guitar. 한 남자가 기타를 친다.", "2 women sing; 두 여자가 노래한다."

SAME = 1e-3
"""Rounding moves a logit by less, relative to its size, when its pair is padded."""

SEPARATED = Text(
    "the tokenizer put nothing between two sentences: {cls} and {sep} are put around them",
    "토크나이저가 두 문장 사이에 아무것도 넣지 않아 {cls}와 {sep} 토큰을 넣습니다",
)
SHORTENED = Text(
    "model.max_length is {max_length}, but this encoder takes {most} tokens: longer text is cut there",
    "model.max_length는 {max_length}이지만 이 인코더는 토큰 {most}개까지만 받으므로 "
    "더 긴 글은 거기서 자릅니다",
)
PADDING_COUNTS = Text(
    "the encoder's scores depend a little on the padding of the other pairs in a batch",
    "이 인코더의 점수는 같은 배치에 든 다른 문장쌍의 패딩에 따라 조금 달라집니다",
)


def prepare_tokenizer(name: str, tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> None:
    """Let the tokenizer pad, and hand out only what the encoder takes, with the mask that it takes.

    Raises `InputError` where no token can be padding.
    """
    if tokenizer.pad_token_id is None:
        known = tokenizer.get_vocab()
        padding = getattr(model.config, "pad_token_id", None)
        of_encoder = [token for token, number in known.items() if number == padding]
        named = (tokenizer.eos_token, tokenizer.sep_token, tokenizer.unk_token)
        tokens = [token for token in (*of_encoder, "[PAD]", "<pad>", *named) if token in known]
        if not tokens:
            raise unusable(name, "its tokenizer has no padding: set its pad_token and save it again")
        tokenizer.pad_token = tokens[0]
    taken = inspect.signature(type(model).forward).parameters
    names = [each for each in tokenizer.model_input_names if each in taken]
    if "attention_mask" in taken and "attention_mask" not in names:
        names.append("attention_mask")  # or padding would be read as text
    hand_out(tokenizer, names)


def hand_out(tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> None:
    """Let the tokenizer make these inputs alone, here and wherever it is loaded after it was saved."""
    if list(names) != list(tokenizer.model_input_names):
        tokenizer.model_input_names = list(names)
        tokenizer.init_kwargs["model_input_names"] = list(names)


def separate(name: str, tokenizer: PreTrainedTokenizerBase) -> tuple[Text, ...]:
    """Let a tokenizer that runs two sentences together put its special tokens around them.

    Raises `InputError` where it has none, or can't be changed.
    """
    first, second = (
        tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"] for text in (FIRST, SECOND)
    )
    pair = tokenizer(FIRST, SECOND, verbose=False)["input_ids"]
    start = next((at for at in range(len(pair)) if pair[at : at + len(first)] == first), None)
    if start is None or pair[start + len(first) :][: len(second)] != second:
        return ()
    cls, sep = tokenizer.cls_token or tokenizer.bos_token, tokenizer.sep_token or tokenizer.eos_token
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if cls is None or sep is None or backend is None:
        raise unusable(
            name,
            "its tokenizer puts no token between the two sentences of a pair: "
            "set its cls_token and sep_token and save it again",
        )
    numbers = [(token, tokenizer.convert_tokens_to_ids(token)) for token in dict.fromkeys((cls, sep))]
    single = f"{cls}:0 $A:0 {sep}:0"
    backend.post_processor = TemplateProcessing(
        single=single, pair=f"{single} $B:1 {sep}:1", special_tokens=numbers
    )
    return (SEPARATED.format(cls=cls, sep=sep),)


def agree(
    name: str,
    network: nn.Module,
    encoding: PairEncoding,
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    longest: int,
    *,
    new: bool,
) -> tuple[Text, ...]:
    """Try `network` on a pair, short, of `longest` tokens, and padded, as `encoding` makes them.

    Token types that the encoder has no rows for are no longer handed out, and padding goes where it makes no
    difference. Raises `InputError` where the encoder takes no such pair, or is made a decoder.
    """
    check_made_as_encoder(name, model.config)
    network.eval()
    words = " ".join([FIRST] * longest)[: 20 * longest]
    try:
        alone = _logits(network, encoding, [(FIRST, SECOND)])
    except Exception:
        if "token_type_ids" not in tokenizer.model_input_names:
            raise _fails(name, "a pair", tokenizer) from None
        hand_out(tokenizer, [each for each in tokenizer.model_input_names if each != "token_type_ids"])
        try:
            alone = _logits(network, encoding, [(FIRST, SECOND)])
        except Exception as error:
            raise _fails(name, "a pair", tokenizer) from error
    if not np.isfinite(alone).all():
        if new:
            raise unusable(name, "its answer to a plain pair is no number: weights are damaged")
        return ()  # whoever asks a trained model for scores is told of how many
    try:
        together = _logits(network, encoding, [(FIRST, SECOND), (words, words)])
    except Exception as error:
        raise _fails(name, f"a pair of {longest} tokens", tokenizer) from error
    if _same(alone, together):
        return ()
    for holder, setting, value in (
        (tokenizer, "padding_side", "right"),
        (model.config, "pad_token_id", tokenizer.pad_token_id),
    ):
        before = getattr(holder, setting, None)
        setattr(holder, setting, value)
        if before != value and _same(alone, _logits(network, encoding, [(FIRST, SECOND), (words, words)])):
            return ()
        setattr(holder, setting, before)
    return (PADDING_COUNTS,)


def _logits(
    network: nn.Module, encoding: PairEncoding, pairs: Sequence[tuple[str, str]]
) -> NDArray[np.float64]:
    items = encoding.encode(*zip(*pairs, strict=True))
    with torch.inference_mode():
        logits: torch.Tensor = network(**encoding.collate(items)).logits
    return logits.double().numpy()


def _same(alone: NDArray[np.float64], together: NDArray[np.float64]) -> bool:
    return bool(np.allclose(alone[0], together[0], rtol=SAME, atol=SAME))


def _fails(name: str, what: str, tokenizer: PreTrainedTokenizerBase) -> InputError:
    inputs = ", ".join(tokenizer.model_input_names)
    return unusable(
        name, f"the encoder fails on {what} as its tokenizer encodes it ({inputs}): they belong to two models"
    )
