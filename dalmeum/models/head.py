"""The head of a sequence classifier: its last linear layer, and the precision that it computes in."""

from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dalmeum.errors import InputError

if TYPE_CHECKING:  # slow to import, and the offline network needs none
    from transformers import PreTrainedModel


def last_linear(model: "PreTrainedModel") -> nn.Linear:
    """The layer whose row i yields logit i: `classifier` in BERT, `classifier.out_proj` in RoBERTa, ELECTRA.

    Raises `InputError` where there is none with a bias (decoders' `score`), since no affine map can be
    folded into such a head.
    """
    for child in _children_above_encoder(model):
        for layer in child.modules():
            if not isinstance(layer, nn.Linear) or layer.out_features != model.config.num_labels:
                continue
            if layer.bias is not None:
                return layer
    kind = type(model).__name__
    raise InputError(f"{kind} has no linear head with a bias: use an encoder such as BERT, RoBERTa, ELECTRA")


def fold_affine(linear: nn.Linear, slope: float, intercept: float) -> None:
    """Make the similarity logit (row 0) p answer `slope * p + intercept`, exactly but for rounding."""
    with torch.no_grad():
        linear.weight[0].mul_(slope)
        linear.bias[0].mul_(slope).add_(intercept)


def keep_head_in_float32(model: "PreTrainedModel") -> None:
    """Let everything above the encoder compute in float32 under autocast: bfloat16 steps at 4..5 are 1/32."""
    for child in _children_above_encoder(model):
        # A method, and no function around the old one: a copy of the model must not answer with its weights.
        child.forward = MethodType(_in_float32, child)


FIRST_TOKEN = frozenset({"bert", "roberta", "xlm-roberta", "camembert", "electra"})
"""Types of encoders whose sequence classifiers read the first token alone, and whose layers are BERT's."""


def leave_out_what_no_head_reads(model: "PreTrainedModel") -> None:
    """Compute the last layer, behind its attention, for the first token alone, where the head reads no other.

    That is three quarters of a layer; logits and gradients are the same but for rounding and for which random
    numbers dropout takes. The encoder's last hidden state is of that one token, (n, 1, hidden).
    """
    config = model.config
    if config.model_type not in FIRST_TOKEN or config.is_decoder or config.chunk_size_feed_forward:
        return
    encoder: Any = model.base_model.encoder
    behind = encoder.layer[-1].attention.output
    behind.forward = MethodType(_of_first_token, behind)


def _of_first_token(layer: nn.Module, attended: Tensor, before: Tensor) -> Tensor:
    answer: Tensor = type(layer).forward(layer, attended[:, :1], before[:, :1])
    return answer


def _children_above_encoder(model: "PreTrainedModel") -> list[nn.Module]:
    return [child for name, child in model.named_children() if name != model.base_model_prefix]


def _in_float32(layer: nn.Module, features: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if features.element_size() < 4:
        features = features.float()
    with torch.autocast(features.device.type, enabled=False):
        answer: Tensor = type(layer).forward(layer, features, *args, **kwargs)
        return answer
