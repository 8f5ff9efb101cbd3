"""What a step minimises: the recipe's similarity loss, and the binary task's beside it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from dalmeum.losses import float64, similarity_loss
from dalmeum.recipe import Recipe, scheduled


@dataclass(frozen=True)
class Objective:
    """`L_similarity + weight * L_binary`, the mean over the members of an ensemble inside one network.

    Members learn each for itself, or they would not differ.
    """

    recipe: Recipe

    def __call__(self, outputs: Tensor, labels: Tensor, binary: Tensor | None, progress: float) -> Tensor:
        """A float64 scalar from outputs (members, n, tasks), labels (n,), binary (n,), progress 0..1."""
        similarity = similarity_loss(self.recipe.loss, self.recipe.data.label_range)
        task = self.recipe.tasks.binary
        losses = []
        for logits in float64(outputs):
            loss = similarity(logits[:, 0], labels.to(logits), progress)
            if binary is not None and task is not None:
                cross_entropy = binary_cross_entropy_with_logits(logits[:, 1], binary.to(logits))
                loss = loss + scheduled(task.weight, progress) * cross_entropy
            losses.append(loss)
        return torch.stack(losses).mean()
