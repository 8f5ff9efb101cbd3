"""Over which pairs a step's loss is taken: each micro-batch, the effective batch, or the training set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from dalmeum.recipe import LossRecipe
from dalmeum.training.exact import MicroBatch, Passes, exact_backward
from dalmeum.training.objective import Objective
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.processes import gather_pairs
from dalmeum.training.table import PredictionTable


class Scope(Protocol):
    """One way to take a step's loss."""

    def backward(
        self, passes: Passes, micro_batches: Sequence[MicroBatch], progress: float
    ) -> tuple[Tensor, Tensor]:
        """Add the step's gradient to the parameters; the loss and this rank's outputs, both detached."""
        ...

    def save(self, folder: Path) -> None:
        """Write to a checkpoint what the next step depends on."""
        ...

    def load(self, folder: Path) -> None:
        """Take up what `save` wrote."""
        ...


class MicroScope:
    """The loss of each micro-batch on each rank, averaged: what every peer computes under accumulation.

    For a loss that is a mean over pairs that is the batch's loss (with micro-batches of one size); for a
    correlation it is another loss, the noisier the smaller the micro-batch.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective

    def backward(
        self, passes: Passes, micro_batches: Sequence[MicroBatch], progress: float
    ) -> tuple[Tensor, Tensor]:
        losses, outputs = [], []
        with passes.shared_casts():
            for index, micro_batch in enumerate(micro_batches):
                is_last = index == len(micro_batches) - 1
                output = (passes.synchronised_forward if is_last else passes.forward)(micro_batch)
                if output.shape[1]:
                    loss = self.objective.training_loss(
                        output, micro_batch["labels"], micro_batch.get("binary"), progress
                    )
                else:
                    loss = output.sum()
                passes.backward(loss / len(micro_batches))
                losses.append(loss.detach())
                outputs.append(output.detach())
        return torch.stack(losses).mean(), torch.cat(outputs, dim=1)

    def save(self, folder: Path) -> None:
        """Nothing outlives a step."""

    def load(self, folder: Path) -> None:
        """Nothing outlives a step."""


class ExactScope:
    """The loss of the whole effective batch, over all its micro-batches and ranks (`exact_backward`)."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective

    def backward(
        self, passes: Passes, micro_batches: Sequence[MicroBatch], progress: float
    ) -> tuple[Tensor, Tensor]:
        labels, binary = gather_labels(micro_batches)
        return exact_backward(
            passes,
            micro_batches,
            lambda outputs: self.objective.training_loss(outputs, labels, binary, progress),
        )

    def save(self, folder: Path) -> None:
        """Nothing outlives a step."""

    def load(self, folder: Path) -> None:
        """Nothing outlives a step."""


class DatasetScope:
    """The loss of all M training pairs seen so far: the live batch B among the others' last predictions.

    Back-propagated is (M / |B|) * sum_{i in B} (dL/dp_i) p_i, the scale of a batch's loss; with M = |B| it is
    the batch's loss. With weights and table frozen, the mean over an epoch of (|B| / N) times these gradients
    is the gradient of the loss of the full set.
    """

    FILE = "prediction_table.safetensors"

    def __init__(self, objective: Objective, train: EncodedPairs) -> None:
        self.objective = objective
        self.labels = train.labels
        self.binary = train.binary
        self.table = PredictionTable(len(train))

    def backward(
        self, passes: Passes, micro_batches: Sequence[MicroBatch], progress: float
    ) -> tuple[Tensor, Tensor]:
        rows, _ = gather_pairs(torch.cat([batch["rows"] for batch in micro_batches]))
        scale = 1.0

        def scaled_loss(outputs: Tensor) -> Tensor:
            nonlocal scale
            self.table.put(rows, outputs)
            scale = self.table.count / len(rows)
            seen = self.table.seen
            binary = None if self.binary is None else self.binary[seen]
            everyone = self.table.with_live(rows, outputs)[:, seen]
            return scale * self.objective.training_loss(everyone, self.labels[seen], binary, progress)

        loss, outputs = exact_backward(passes, micro_batches, scaled_loss)
        return loss / scale, outputs

    def save(self, folder: Path) -> None:
        self.table.save(folder / self.FILE)

    def load(self, folder: Path) -> None:
        self.table.load(folder / self.FILE)


def make_scope(recipe: LossRecipe, objective: Objective, train: EncodedPairs) -> Scope:
    """The scope that a recipe names. `auto` is exact: where one micro-batch holds all, that is one pass."""
    if recipe.scope == "dataset":
        return DatasetScope(objective, train)
    return MicroScope(objective) if recipe.scope == "micro" else ExactScope(objective)


def gather_labels(micro_batches: Sequence[MicroBatch]) -> tuple[Tensor, Tensor | None]:
    """The labels, and the binary ones if any, of all ranks' pairs, in the order of their outputs."""
    labels, _ = gather_pairs(torch.cat([batch["labels"] for batch in micro_batches]))
    if "binary" not in micro_batches[0]:
        return labels, None
    return labels, gather_pairs(torch.cat([batch["binary"] for batch in micro_batches]))[0]
