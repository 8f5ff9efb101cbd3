"""A network's forward in pieces of like length: on a processor time goes by tokens, padding among them."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

PIECE = 48
"""What a further piece costs, in tokens: measured forward and backward, on 12 layers of width 384."""


def by_length(function: Callable[[dict[str, Tensor]], Tensor], features: dict[str, Tensor]) -> Tensor:
    """`function(features)`, one row a text, in less time, where rows do not depend on each other.

    On a processor the n texts are put to `function` in pieces that are padded to their own longest text. A
    GPU, which is quicker with one large batch, takes all at once, as does one who traces the network.
    """
    mask = features.get("attention_mask")
    tracing = torch.jit.is_tracing() or torch.compiler.is_compiling()  # type: ignore[attr-defined,no-untyped-call]
    if mask is None or mask.ndim != 2 or mask.device.type != "cpu" or tracing:
        return function(features)
    # Up to the last token: padding on the left stays, since positions are counted from there.
    lengths = (mask.ne(0) * torch.arange(1, mask.shape[1] + 1)).amax(1).clamp(min=1).tolist()
    pieces = cut_by_length(lengths)
    outputs = [function(_part(features, rows, max(lengths[row] for row in rows))) for rows in pieces]
    order = torch.tensor([row for rows in pieces for row in rows])
    return torch.cat(outputs)[order.argsort()]


def cut_by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Indices of texts in the pieces that cost least: tokens with padding, and `PIECE` for each.

    The best cut of the i shortest texts ends in one piece behind the best cut of some shortest j < i. Texts
    of one length are never parted.
    """
    order = sorted(range(len(lengths)), key=lambda index: lengths[index])
    cost, begin_of = {0: 0}, {}
    for end, index in enumerate(order, start=1):
        longest = lengths[index]
        if end < len(order) and lengths[order[end]] == longest:
            continue
        costs = {begin: before + (end - begin) * longest + PIECE for begin, before in cost.items()}
        begin_of[end] = min(costs, key=lambda begin: costs[begin])
        cost[end] = costs[begin_of[end]]
    return [order[begin:end] for begin, end in _bounds(begin_of, len(order))]


def _bounds(begin_of: dict[int, int], end: int) -> Iterator[tuple[int, int]]:
    while end:
        yield begin_of[end], end
        end = begin_of[end]


def _part(features: dict[str, Tensor], rows: list[int], width: int) -> dict[str, Tensor]:
    """Features of some texts, cut after `width` tokens."""
    shape = features["attention_mask"].shape
    part = {name: value[rows] if value.shape[:1] == shape[:1] else value for name, value in features.items()}
    return {
        name: part[name][:, :width] if value.shape[:2] == shape else part[name]
        for name, value in features.items()
    }
