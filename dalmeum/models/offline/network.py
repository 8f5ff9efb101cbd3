"""The network of the offline pair scorer: a kernel machine that gradient descent trains.

It needs nothing of transformers, which takes longer to import than the network takes to score.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dalmeum.models.head import fold_affine

MOMENTUM = 0.1
"""Weight of a batch in what is followed of all, as in batch normalisation."""


class KernelMachine(nn.Module):
    """Logits (n, num_labels) from pair features (n, num_features), by random Fourier features.

    Rahimi and Recht (2007), "Random Features for Large-Scale Kernel Machines": with w normal and b uniform,
    the inner product of two pairs' `sqrt(2 / hidden_size) * cos(w x + b)` is close to a Gaussian kernel. So
    a linear layer over them is a kernel machine, smooth between the few training pairs, where a network
    that learns its hidden layer fits the quirks of their sources. The features themselves are passed on as
    well: the linear part of the answer goes on outside the range that training saw.

    With a `share`, one feature that nothing has trained has so much of the similarity, on the scale of the
    rest: what is learned from one kind of text does not all hold on another. Training does not see it, or
    the rest would learn to take it back; so mean and spread of the rest are followed as batch normalisation
    follows those of its inputs.
    """

    config: Any
    """`OfflineConfig`, or what is of the same names."""
    feature_mean: Tensor
    feature_scale: Tensor
    directions: Tensor
    phases: Tensor
    answer_mean: Tensor
    answer_spread: Tensor
    base_model_prefix = "kernel"
    auto_precision = "float32"
    """Small products of exact features: nothing to gain from a shorter type."""

    def lay_out(self, config: Any) -> None:
        """Make its tensors, by a configuration."""
        self.register_buffer("feature_mean", torch.zeros(config.num_features))
        self.register_buffer("feature_scale", torch.ones(config.num_features))
        self.register_buffer("directions", torch.zeros(config.num_features, config.hidden_size))
        self.register_buffer("phases", torch.zeros(config.hidden_size))
        if config.share:
            self.register_buffer("answer_mean", torch.zeros(()))
            self.register_buffer("answer_spread", torch.ones(()))
        self.classifier = nn.Linear(config.hidden_size + config.num_features, len(config.id2label or {}))

    @torch.no_grad()
    def initialise(self, features: Tensor, seed: int) -> None:
        """Standardise by the training pairs' `features` (n, num_features); draw all weights from `seed`."""
        draw = torch.Generator().manual_seed(seed)
        width = math.sqrt(2 * self.config.kernel_width / self.config.num_features)
        self.feature_mean.copy_(features.mean(0))
        deviation = features.std(0, correction=0)
        # A feature that never varies in training says nothing: scale 1 keeps it from being blown up later.
        self.feature_scale.copy_(torch.where(deviation > 1e-4, deviation, torch.ones(())))
        self.directions.copy_(width * torch.randn(self.directions.shape, generator=draw))
        self.phases.copy_(2 * math.pi * torch.rand(self.phases.shape, generator=draw))
        # Not zero: the correlation of constant predictions has no gradient.
        self.classifier.weight.copy_(0.01 * torch.randn(self.classifier.weight.shape, generator=draw))
        self.classifier.bias.zero_()

    def logits(self, features: Tensor) -> Tensor:
        """(n, num_labels), of pair features (n, num_features)."""
        return self.answer(*self.expand(features))

    def expand(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Random features (n, hidden_size) of pair features (n, num_features), and these standardised."""
        limit = self.config.feature_limit
        x = ((features.float() - self.feature_mean) / self.feature_scale).clamp(-limit, limit)
        return math.sqrt(2) * torch.cos(torch.addmm(self.phases, x, self.directions)), x

    def answer(self, kernel: Tensor, x: Tensor) -> Tensor:
        """Logits (n, num_labels) of what `expand` gives."""
        kernel = nn.functional.dropout(kernel, self.config.dropout, self.training)
        logits: Tensor = self.classifier(torch.cat([kernel, x], dim=1))
        if not self.config.share:
            return logits
        if self.training:
            self._follow(logits[:, 0].detach())
            return logits
        shared = self.answer_mean + self.answer_spread * x[:, self.config.shared_feature]
        similarity = torch.lerp(logits[:, 0], shared, self.config.share)
        return torch.cat([similarity[:, None], logits[:, 1:]], dim=1)

    def _follow(self, similarity: Tensor) -> None:
        """Move the mean and spread of what is learned towards those of a batch of two pairs or more."""
        if len(similarity) > 1:
            self.answer_mean.lerp_(similarity.mean(), MOMENTUM)
            self.answer_spread.lerp_(similarity.std(), MOMENTUM)

    def fold_affine(self, slope: float, intercept: float) -> None:
        """Make the similarity p answer `slope * p + intercept`."""
        fold_affine(self.classifier, slope, intercept)
        if self.config.share:
            self.answer_mean.mul_(slope).add_(intercept)
            self.answer_spread.mul_(slope)


@dataclass(frozen=True)
class Output:
    """Logits (n, num_labels)."""

    logits: Tensor


class OfflineNetwork(KernelMachine):
    """A saved one, to score with."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.lay_out(config)

    @property
    def device(self) -> torch.device:
        return self.phases.device

    def forward(self, features: Tensor, **_: Any) -> Output:
        return Output(self.logits(features))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write it as transformers does."""
        from dalmeum.models.offline.modeling import as_pretrained

        as_pretrained(self).save_pretrained(folder)
