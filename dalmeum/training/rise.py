"""Whether a run ended too early: how far its train Pearson still rose from one epoch to the next."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dalmeum.languages import Text
from dalmeum.numbers import number

STEEP, NOISE, DEV_RISES = 0.01, 1.0, 0.0025
"""A rise of the train Pearson is steep from STEEP on, and of n pairs from NOISE / sqrt(n) on, twice what
dropout alone moves it by; once will do where dev rises by DEV_RISES, too. Found by
`benchmarks/default_training.py`: see docs/experiment-log.md."""

STILL_RISES = Text(
    "train Pearson still rises by {rise} an epoch at the end: train longer or raise the learning rate",
    "끝에서도 train 피어슨이 에폭마다 {rise}씩 오르고 있습니다. 더 오래 학습하거나 학습률을 올리세요",
)


class EpochScores:
    """The train Pearson of every epoch, of all its pairs together, as each was answered in training.

    Those of the log lines are of a tenth of the pairs each: they move more with the pairs than with training.

    Attributes:
        pearsons: of the epochs that ended.
        steps: logits (n, tasks) and labels (n,) of each step of the one that goes on.
    """

    FILE = "epoch_scores.safetensors"

    def __init__(self) -> None:
        self.pearsons: list[float] = []
        self.steps: list[tuple[Tensor, Tensor]] = []

    def take(self) -> tuple[Tensor, Tensor]:
        """Logits (n, tasks) and labels (n,) of the epoch so far, of which the next one knows nothing."""
        logits, labels = self._together()
        self.steps.clear()
        return logits, labels

    def _together(self) -> tuple[Tensor, Tensor]:
        logits, labels = zip(*self.steps, strict=True)
        return torch.cat(logits), torch.cat(labels)

    @property
    def rise(self) -> float | None:
        """By how much the last epoch was better than the one before it; None where there are no two."""
        return self.pearsons[-1] - self.pearsons[-2] if len(self.pearsons) > 1 else None

    def save(self, folder: Path) -> None:
        tensors = {"pearsons": torch.tensor(self.pearsons, dtype=torch.float64)}
        if self.steps:
            tensors |= dict(zip(("logits", "labels"), self._together(), strict=True))
        save_file(tensors, folder / self.FILE)

    def load(self, folder: Path) -> None:
        """Nothing is known of the epochs before a checkpoint that was written before they were kept."""
        path = folder / self.FILE
        tensors = load_file(path) if path.is_file() else {}
        self.pearsons = tensors["pearsons"].tolist() if tensors else []
        self.steps = [(tensors["logits"], tensors["labels"])] if "logits" in tensors else []


def rise_warnings(rise: float | None, pairs: int, dev_pearsons: Sequence[float]) -> tuple[Text, ...]:
    """A line where the rise over so many pairs is steep; none where dev was at its best before the end.

    `dev_pearsons` are those of all evaluations, none without dev.
    """
    if rise is None or (dev_pearsons and max(dev_pearsons) > dev_pearsons[-1]):
        return ()
    dev_rises = len(dev_pearsons) > 1 and dev_pearsons[-1] - dev_pearsons[-2] >= DEV_RISES
    steep = max(STEEP, NOISE / math.sqrt(pairs) / (2 if dev_rises else 1))
    return (STILL_RISES.format(rise=number(rise)),) if rise >= steep else ()
