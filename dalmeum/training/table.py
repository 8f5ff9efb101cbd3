"""The last prediction of every training pair: what the dataset scope takes its loss over."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor


class PredictionTable:
    """Last outputs of all N training pairs, (members, N, tasks), and which pairs have been seen.

    Kept in float64 on the processor: one number a pair and task, beside which a step's work is nothing.
    """

    def __init__(self, pairs: int) -> None:
        self.seen = torch.zeros(pairs, dtype=torch.bool)
        self.outputs = torch.zeros(0, pairs, 0, dtype=torch.float64)

    @property
    def count(self) -> int:
        """M, the number of pairs seen so far."""
        return int(self.seen.sum())

    def with_live(self, rows: Tensor, outputs: Tensor) -> Tensor:
        """The table (members, N, tasks) with live outputs (members, n, tasks) in the places of their rows.

        Differentiable by the live ones; the others are numbers.
        """
        members, _, tasks = outputs.shape
        if not self.outputs.numel():
            self.outputs = torch.zeros(members, len(self.seen), tasks, dtype=torch.float64)
        return self.outputs.index_copy(1, rows.cpu(), outputs.cpu().double())

    def put(self, rows: Tensor, outputs: Tensor) -> None:
        """Remember outputs (members, n, tasks) of the pairs at `rows` (n,), and that they were seen."""
        self.outputs = self.with_live(rows, outputs.detach())
        self.seen[rows.cpu()] = True

    def save(self, path: Path) -> None:
        save_file({"seen": self.seen, "outputs": self.outputs}, path)

    def load(self, path: Path) -> None:
        tensors = load_file(path)
        self.seen, self.outputs = tensors["seen"], tensors["outputs"]
