"""What each process of the distributed tests does; a module of its own, as spawned processes import it."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from sentence_transformers import CrossEncoder
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from dalmeum.integrations.sentence_transformers import MixtureLoss
from dalmeum.losses import mixture_loss
from dalmeum.training.processes import gather_pairs
from tests.conftest import draw_pairs
from tests.integrations.their_trainers import KINDS, NO_DROPOUT, dataset, fresh, load, trainer, weights
from tests.training.ranks import gradient, joined, relative_difference

CASES: dict[str, dict[str, Any]] = {
    "whole batch": {"counts": (4, 4), "size": None},
    "mini-batches": {"counts": (8, 8), "size": 3},
    "uneven": {"counts": (7, 2), "size": 2},
    "unused parameters": {"counts": (6, 6), "size": 2, "find_unused_parameters": True},
    "accumulation": {"counts": (6, 6), "size": 2, "accumulation": 2},
    "a loss a process": {"counts": (6, 6), "size": 2, "gather_across_devices": False},
}
"""Pairs of each of two ranks, the size of their mini-batches, and what else is special."""


PLAIN_SGD: dict[str, Any] = {"optim": "sgd", "learning_rate": 0.1, "max_grad_norm": 0.0, "seed": 3}
"""Steps that are the gradient's own, so that they can be compared."""


def compare_gradients_and_train(rank: int, world_size: int, meeting: Path, encoder: str, out: Path) -> None:
    """Write how far the gradient under DDP is from that of graphs kept, and what the trainers train."""
    with joined(rank, world_size, meeting):
        for kind in KINDS:
            for name, case in CASES.items():
                for step, difference in enumerate(differences(kind, encoder, rank, **case)):
                    (out / f"difference-{kind}-{name}-{rank}-{step}").write_text(repr(difference))
        # What torchrun sets; the processes have met already.
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world_size)}
        os.environ |= {"MASTER_ADDR": "localhost", "MASTER_PORT": "0"}
        for kind in KINDS:
            model = trained(kind, encoder, out, batch_size=8 // world_size)
            torch.save(weights(model), out / f"weights-{kind}-{rank}.pt")


def trained(kind: str, encoder: str, folder: Path, batch_size: int) -> nn.Module:
    """A model after three steps in its own trainer, `batch_size` pairs a process, and an evaluation."""
    model: nn.Module = load(kind, encoder, **NO_DROPOUT).double()
    loss = MixtureLoss(model, alpha=0.1, mini_batch_size=3)  # type: ignore[arg-type]
    options = {"per_device_train_batch_size": batch_size, "max_steps": 3}
    training = trainer(model, loss, dataset(24), folder, **options, **PLAIN_SGD)
    training.train()
    assert training.evaluate()["eval_loss"] > 0
    return model


def differences(
    kind: str,
    encoder: str,
    rank: int,
    counts: tuple[int, int],
    size: int | None,
    *,
    find_unused_parameters: bool = False,
    accumulation: int = 1,
    gather_across_devices: bool = True,
) -> list[float]:
    """Of two steps: DDP lays its buckets anew at the beginning of the second."""
    model = load(kind, encoder).double().train()
    if kind == "bi-encoder" and not find_unused_parameters:
        model.transformers_model.pooler = None  # has parameters, and is not used
    loss = MixtureLoss(model, alpha=0.1, mini_batch_size=size, gather_across_devices=gather_across_devices)
    wrapped = DistributedDataParallel(model, find_unused_parameters=find_unused_parameters)
    found = []
    for step in range(2):
        batches = [inputs_and_labels(model, counts, rank, 10 * step + part) for part in range(accumulation)]

        def ours(batches: list[Any] = batches) -> None:
            loss.model = wrapped  # type: ignore[assignment] # as the trainer does
            for part, (inputs, labels) in enumerate(batches):
                last = part == len(batches) - 1
                with contextlib.nullcontext() if last else wrapped.no_sync():
                    (loss(fresh(inputs), labels) / len(batches)).backward()

        def kept(batches: list[Any] = batches) -> None:
            loss.model = model
            for inputs, labels in batches:
                (kept_loss(loss, fresh(inputs), labels) / len(batches)).backward()

        reference = after(kept, model, rank)
        dist.all_reduce(reference)
        if not gather_across_devices:
            reference /= dist.get_world_size()
        found.append(relative_difference(after(ours, model, rank), reference))
    return found


def inputs_and_labels(model: Any, counts: tuple[int, int], rank: int, seed: int) -> tuple[list[Any], Tensor]:
    """This rank's part of a batch, as the trainer hands it to a loss."""
    drawn = draw_pairs(sum(counts), seed)
    first, second, labels = zip(*(drawn[: counts[0]], drawn[counts[0] :])[rank], strict=True)
    texts = [list(first), list(second)]
    inputs = texts if isinstance(model, CrossEncoder) else [model.preprocess(column) for column in texts]
    return inputs, torch.tensor(labels, dtype=torch.float64)


def after(backward: Callable[[], None], model: nn.Module, rank: int) -> Tensor:
    model.zero_grad()
    torch.manual_seed(100 + rank)
    backward()
    return gradient(model)


def kept_loss(loss: MixtureLoss, inputs: list[Any], labels: Tensor) -> Tensor:
    """Every rank keeps its graphs; what the others predicted are numbers to it; gradients are summed."""
    mini_batches = loss.mini_batches(loss.columns(inputs, None, None), len(labels))
    predictions = torch.cat([loss.predict(loss.model, part) for _, part in mini_batches])
    labels = labels[torch.cat([rows for rows, _ in mini_batches])]
    if not loss.gather_across_devices:
        return mixture_loss(predictions, labels, loss.alpha)
    everyone, first = gather_pairs(predictions)
    live = torch.cat([everyone[:first], predictions, everyone[first + len(predictions) :]])
    return mixture_loss(live, gather_pairs(labels)[0], loss.alpha)
