"""What each process of the distributed tests does; a module of its own, as spawned processes import it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from dalmeum.losses import mixture_loss
from dalmeum.models.cross import new_cross_encoder
from dalmeum.training.batches import MicroBatchSize, PairBatchSampler
from dalmeum.training.exact import Passes, exact_backward, gather_pairs
from dalmeum.training.pairs import EncodedPairs, collate_rows
from dalmeum.training.trainer import network_outputs
from tests.conftest import draw_pairs


@contextlib.contextmanager
def joined(rank: int, world_size: int, meeting: Path) -> Iterator[None]:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=world_size)
    yield
    dist.barrier()
    # Not the ordinary end: there gloo's threads and the interpreter can wait for each other for ever.
    os._exit(0)


def gradient(model: nn.Module) -> Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def relative_difference(first: Tensor, second: Tensor) -> float:
    return float((first - second).norm() / second.norm())


CASES = {
    "even": (16, True),
    "uneven": (7, True),
    "some rank empty": (2, True),
    "uneven without dropout": (7, False),
}
"""Pairs in the effective batch, and whether dropout is on."""


def compare_gradients(rank: int, world_size: int, meeting: Path, encoder: str, out: Path) -> None:
    """Write how far the exact gradient under DDP is from that of graphs kept on all ranks."""
    with joined(rank, world_size, meeting):
        for name, (pairs, dropout) in CASES.items():
            model, encoding = new_cross_encoder(encoder, num_labels=1, max_length=64, seed=0)
            network: nn.Module = model.double().train(dropout)
            first, second, labels = zip(*draw_pairs(pairs), strict=True)
            encoded = EncodedPairs(encoding.encode(first, second), torch.tensor(labels).double(), None)
            wrapped = DistributedDataParallel(network, broadcast_buffers=False)
            # Two steps: DDP lays its buckets anew at the beginning of the second.
            for step in range(2):
                (pieces,) = PairBatchSampler(
                    encoding.lengths(encoded.items),
                    pairs,
                    seed=step,
                    micro_batch_size=MicroBatchSize(pairs=3),
                    rank=rank,
                    world_size=world_size,
                )
                micro_batches = collate_rows(encoded, encoding)(pieces)["micro_batches"]
                exact = exact_gradient(network, wrapped, micro_batches, 100 + rank)
                reference = kept_gradient(network, micro_batches, 100 + rank)
                difference = relative_difference(exact, reference)
                (out / f"difference-{name}-{rank}-{step}").write_text(repr(difference))


def exact_gradient(
    network: nn.Module, wrapped: nn.Module, micro_batches: list[dict[str, Any]], seed: int
) -> Tensor:
    torch.manual_seed(seed)
    network.zero_grad()
    passes = Passes(
        lambda batch: network_outputs(network, batch),
        lambda batch: network_outputs(wrapped, batch),
        Tensor.backward,
        torch.device("cpu"),
    )
    exact_backward(passes, micro_batches, mixture_of(micro_batches))
    return gradient(network)


def kept_gradient(network: nn.Module, micro_batches: list[dict[str, Any]], seed: int) -> Tensor:
    """Every rank keeps its graphs; what the others predicted are numbers to it; gradients are summed."""
    torch.manual_seed(seed)
    network.zero_grad()
    outputs = torch.cat([network_outputs(network, batch) for batch in micro_batches], dim=1)
    everyone, start = gather_pairs(outputs, dim=1)
    live = torch.cat([everyone[:, :start], outputs, everyone[:, start + outputs.shape[1] :]], dim=1)
    mixture_of(micro_batches)(live).backward()
    total = gradient(network)
    dist.all_reduce(total)
    return total


def mixture_of(micro_batches: list[dict[str, Any]]) -> Any:
    labels, _ = gather_pairs(torch.cat([batch["labels"] for batch in micro_batches]))
    return lambda outputs: mixture_loss(outputs[0, :, 0], labels, 0.1)
