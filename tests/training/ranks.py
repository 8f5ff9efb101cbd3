"""What each process of the distributed tests does; a module of its own, as spawned processes import it."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from transformers import Trainer

from dalmeum.losses import mixture_loss
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import build_recipe
from dalmeum.training.batches import MicroBatchSize, PairBatchSampler
from dalmeum.training.checkpoints import newest_checkpoint
from dalmeum.training.exact import Passes, exact_backward
from dalmeum.training.fit import fit
from dalmeum.training.pairs import EncodedPairs, collate_rows
from dalmeum.training.processes import gather_pairs
from dalmeum.training.trainer import PairTrainer, network_outputs
from dalmeum.training.weights import LearnedWeights
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
    "one pair": (1, True),
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
            # Both as Trainer has them.
            wrapped = DistributedDataParallel(network, broadcast_buffers=False, find_unused_parameters=True)
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


def fit_with_a_last_batch_of_one(
    rank: int, world_size: int, meeting: Path, encoder: str, out: Path, scope: str
) -> None:
    """Write the weights after training, and whether a checkpoint was whole before this rank's part of it."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world_size)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}  # asked for, but all have met already
    write_random_state = Trainer._save_rng_state

    def write_late(self: Trainer, output_dir: str) -> None:
        time.sleep(0.5 * rank)
        early = (Path(output_dir) / "trainer_state.json").exists()
        (out / f"early-{rank}-{Path(output_dir).name}").write_text(repr(early))
        write_random_state(self, output_dir)

    Trainer._save_rng_state = write_late  # type: ignore[method-assign]
    with joined(rank, world_size, meeting):
        recipe = build_recipe(
            {
                "data": {"train": "x"},
                "model": {"encoder": encoder},
                "loss": {"name": "correlation", "scope": scope},
                "training": {"epochs": 2, "effective_batch_size": 8, "micro_batch_size": 1},
            },
            "test",
        )
        model, encoding = new_cross_encoder(encoder, num_labels=1, max_length=64, seed=0)
        first, second, labels = zip(*draw_pairs(17), strict=True)
        pairs = EncodedPairs(encoding.encode(first, second), torch.tensor(labels), None)
        fit(PairScorer(model, encoding), recipe, pairs, None, out / "checkpoints")
        weights = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
        np.save(out / f"weights-{rank}.npy", weights.numpy())


def learn_task_weights(
    rank: int, world_size: int, meeting: Path, encoder: str, out: Path, scope: str
) -> None:
    """Write this rank's log-variances, and those that it takes up from the checkpoint."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world_size)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}  # asked for, but all have met already
    with joined(rank, world_size, meeting):
        recipe = build_recipe(
            {
                "data": {"train": "x"},
                "model": {"encoder": encoder},
                "loss": {"scope": scope},
                "tasks": {"binary": {"weight": "learned"}},
                "training": {"epochs": 2, "effective_batch_size": 8, "micro_batch_size": 1},
            },
            "test",
        )
        model, encoding = new_cross_encoder(encoder, num_labels=2, max_length=64, seed=0)
        first, second, labels = zip(*draw_pairs(17), strict=True)
        label = torch.tensor(labels)
        pairs = EncodedPairs(encoding.encode(first, second), label, (label >= 2.5).float())
        trainer = PairTrainer(PairScorer(model, encoding), recipe, pairs, None, out / "checkpoints")
        trainer.train()
        learned, resumed = trainer.objective.weights, LearnedWeights()
        checkpoint = newest_checkpoint(out / "checkpoints")
        assert isinstance(learned, LearnedWeights)
        assert checkpoint is not None
        resumed.load(checkpoint)
        both = torch.stack([learned.log_variances, resumed.log_variances])
        np.save(out / f"log-variances-{rank}.npy", both.numpy())


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
