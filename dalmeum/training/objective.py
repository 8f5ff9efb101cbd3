"""What a step minimises: the recipe's similarity loss, and the binary task's beside it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from dalmeum.losses import similarity_loss
from dalmeum.recipe import Recipe, scheduled


@dataclass(frozen=True)
class Objective:
    """`L_similarity + weight * L_binary` on logits."""

    recipe: Recipe

    def __call__(self, logits: Tensor, labels: Tensor, binary: Tensor | None, progress: float) -> Tensor:
        """A float32 scalar from logits (n, tasks), labels (n,), binary (n,) or None, progress 0..1."""
        similarity = similarity_loss(self.recipe.loss, self.recipe.data.label_range)
        loss = similarity(logits[:, 0].float(), labels, progress)
        if binary is not None and self.recipe.tasks.binary is not None:
            weight = scheduled(self.recipe.tasks.binary.weight, progress)
            loss = loss + weight * binary_cross_entropy_with_logits(logits[:, 1].float(), binary)
        return loss.to(logits.device, torch.float32)
