"""Which learning rate and weight decay each parameter gets."""

import re
from collections.abc import Collection
from typing import Any

from torch.nn import Parameter

from dalmeum.models.scorer import PairNetwork

_LAYER = re.compile(r"\.(?:layers?|h|blocks?)\.(\d+)\.")


def parameter_groups(
    model: PairNetwork,
    *,
    learning_rate: float,
    weight_decay: float,
    layerwise_decay: float,
    decayed: Collection[str],
) -> list[dict[str, Any]]:
    """Parameters grouped by learning rate and weight decay.

    The head learns at `learning_rate`, the last encoder layer at `learning_rate * layerwise_decay`, and so
    on down to the embeddings (Howard and Ruder 2018, discriminative fine-tuning). `decayed` names the
    parameters that take weight decay: no biases, no normalisation.
    """
    names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    depth = 1 + max((_layer(name) for name in names), default=-1)
    groups: dict[tuple[int, bool], list[Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            below = _layers_below_head(name, model.base_model_prefix, depth)
            groups.setdefault((below, name in decayed), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": learning_rate * layerwise_decay**below,
            "weight_decay": weight_decay if decay else 0.0,
        }
        for (below, decay), parameters in groups.items()
    ]


def _layer(name: str) -> int:
    found = _LAYER.search(name)
    return int(found[1]) if found else -1


def _layers_below_head(name: str, encoder: str, depth: int) -> int:
    if depth == 0 or not name.startswith(f"{encoder}."):
        return 0
    layer = _layer(name)
    if layer >= 0:
        return depth - layer
    return 1 if "pooler" in name or "final" in name else depth + 1
