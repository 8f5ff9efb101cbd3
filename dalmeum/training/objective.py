"""What a step minimises: the recipe's similarity loss, and the binary task's beside it."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from dalmeum.losses import float64, similarity_loss
from dalmeum.recipe import Recipe
from dalmeum.training.weights import task_weights


class Objective:
    """The weighted sum of the tasks' losses.

    Each is the mean over the members of an ensemble inside one network: members learn each for itself, or
    they would not differ.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.similarity = similarity_loss(recipe.loss, recipe.data.label_range)
        self.has_binary = recipe.tasks.binary is not None
        self.weights = task_weights(recipe.tasks.binary)

    def __call__(self, outputs: Tensor, labels: Tensor, binary: Tensor | None, progress: float) -> Tensor:
        """A float64 scalar from outputs (members, n, tasks), labels (n,), binary (n,), progress 0..1."""
        return self.weighted(self.losses(outputs, labels, binary, progress), progress)

    def training_loss(
        self, outputs: Tensor, labels: Tensor, binary: Tensor | None, progress: float
    ) -> Tensor:
        """The same, of which learned weights take note."""
        losses = self.losses(outputs, labels, binary, progress)
        self.weights.observe(losses)
        return self.weighted(losses, progress)

    def losses(self, outputs: Tensor, labels: Tensor, binary: Tensor | None, progress: float) -> Tensor:
        """Each task's loss, (tasks,): similarity and, with the binary task, its cross-entropy."""
        return torch.stack(
            [self._member_losses(logits, labels, binary, progress) for logits in float64(outputs)]
        ).mean(0)

    def _member_losses(
        self, logits: Tensor, labels: Tensor, binary: Tensor | None, progress: float
    ) -> Tensor:
        losses = [self.similarity(logits[:, 0], labels.to(logits), progress)]
        if self.has_binary:
            assert binary is not None  # a run does not start without
            losses.append(binary_cross_entropy_with_logits(logits[:, 1], binary.to(logits)))
        return torch.stack(losses)

    def weighted(self, losses: Tensor, progress: float) -> Tensor:
        return losses @ losses.new_tensor(self.weights.at(progress)) + self.weights.penalty()
