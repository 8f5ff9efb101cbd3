"""The gradient of a whole batch's loss, through micro-batches and over ranks.

Throughout, the outputs of a network are of shape (members, n, tasks): one member, but for an ensemble inside
one network.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from dalmeum.training.processes import gather_pairs, world_size

MicroBatch = dict[str, Any]
"""What one forward takes: `inputs` of the network, `rows` (n,), `labels` (n,) and, if any, `binary` (n,)."""

Forward = Callable[[MicroBatch], Tensor]
"""A micro-batch -> outputs (members, n, tasks)."""

Loss = Callable[[Tensor], Tensor]
"""Outputs (members, n, tasks) of all pairs of a batch -> scalar."""


@dataclass(frozen=True)
class RandomState:
    """The generators that dropout draws from."""

    cpu: Tensor
    device: Tensor | None

    @classmethod
    def now(cls, device: torch.device) -> "RandomState":
        if device.type == "cpu":
            return cls(torch.get_rng_state(), None)
        return cls(torch.get_rng_state(), torch.get_device_module(device).get_rng_state(device))

    def restore(self, device: torch.device) -> None:
        torch.set_rng_state(self.cpu)
        if self.device is not None:
            torch.get_device_module(device).set_rng_state(self.device, device)


@dataclass(frozen=True)
class Passes:
    """The ways through a network that a step takes.

    Attributes:
        forward: through the bare module; its backward leaves gradients on this rank.
        synchronised_forward: through the module's wrapper (DDP), whose backward averages the gradients that
            have gathered over ranks. The same as `forward` where there is one rank.
        backward: of a scalar, with whatever scaling mixed precision needs.
        device: where the network is.
        shared_casts: a context in which mixed precision casts each weight once for all forwards.
    """

    forward: Forward
    synchronised_forward: Forward
    backward: Callable[[Tensor], None]
    device: torch.device
    shared_casts: Callable[[], AbstractContextManager[object]] = nullcontext


def exact_backward(
    passes: Passes, micro_batches: Sequence[MicroBatch], loss_of: Loss
) -> tuple[Tensor, Tensor]:
    """Back-propagate the loss of a whole effective batch through its micro-batches, on all ranks.

    Pass 1 runs every micro-batch and keeps its outputs alone, with the random state that it started from.
    Then L and dL/dp of the n * tasks scalars are computed at once. Pass 2 runs each micro-batch again under
    its recorded state, so that dropout draws the same masks, and back-propagates sum_i (dL/dp_i) p_i, whose
    gradient is that of L: the gradient of one big batch, whose graph would not fit. (The idea is that of
    gradient caching, Gao et al. 2021, arXiv 2101.06983.)

    The last micro-batch keeps its graph in pass 1 and uses it up first: one forward less, and never more than
    one graph in memory. Where one micro-batch holds all, one pass is enough. DDP averages over the W ranks,
    so W times the sum is back-propagated. All ranks must bring the same number of micro-batches.

    Returns the loss and this rank's outputs, both detached.
    """
    *earlier, last = micro_batches
    states, outputs = [], []
    # A context for each pass: a cast that is kept from `no_grad` would have no way back to its weight.
    with torch.no_grad(), passes.shared_casts():
        for micro_batch in earlier:
            states.append(RandomState.now(passes.device))
            outputs.append(passes.forward(micro_batch))
    with passes.shared_casts():
        kept = (passes.forward if earlier else passes.synchronised_forward)(last)
        ours = torch.cat([*outputs, kept.detach()], dim=1)
        loss, gradient = output_gradient(ours, loss_of)
        *parts, kept_part = gradient.split([*(output.shape[1] for output in outputs), kept.shape[1]], dim=1)
        passes.backward((kept * kept_part).sum())
        after = RandomState.now(passes.device)
        for index, micro_batch in enumerate(earlier):
            states[index].restore(passes.device)
            is_last = index == len(earlier) - 1
            output = (passes.synchronised_forward if is_last else passes.forward)(micro_batch)
            passes.backward((output * parts[index]).sum())
    after.restore(passes.device)
    return loss, ours


def output_gradient(ours: Tensor, loss_of: Loss) -> tuple[Tensor, Tensor]:
    """The loss of all ranks' outputs, and W times its gradient by this rank's, (members, n, tasks)."""
    everyone, first = gather_pairs(ours, dim=1)
    everyone.requires_grad_()
    with torch.enable_grad():
        loss = loss_of(everyone)
    (gradient,) = torch.autograd.grad(loss, everyone)
    return loss.detach(), world_size() * gradient[:, first : first + ours.shape[1]]
