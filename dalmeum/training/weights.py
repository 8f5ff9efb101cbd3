"""How much each task counts in the loss: by the recipe, or learned."""

import math
from pathlib import Path
from typing import Protocol

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch import Tensor

from dalmeum.recipe import BinaryTask, WeightSchedule, scheduled
from dalmeum.training.processes import world_size


class TaskWeights(Protocol):
    """One way to weigh the losses of the tasks, similarity first, binary (if any) second."""

    def at(self, progress: float) -> list[float]:
        """Every task's weight at `progress` of training, 0..1."""
        ...

    def penalty(self) -> float:
        """What the weights themselves add to the loss."""
        ...

    def observe(self, losses: Tensor) -> None:
        """Take note of the tasks' losses, (tasks,), that a step is taken on."""
        ...

    def step(self, device: torch.device) -> None:
        """Learn from what was observed on all ranks since the last step; `device` is where ranks meet."""
        ...

    def save(self, folder: Path) -> None:
        """Write to a checkpoint what the next step depends on."""
        ...

    def load(self, folder: Path) -> None:
        """Take up what `save` wrote."""
        ...


class GivenWeights:
    """1 for similarity, and the recipe's weight for the binary task, if there is one."""

    def __init__(self, binary: float | WeightSchedule | None) -> None:
        self.binary = binary

    def at(self, progress: float) -> list[float]:
        return [1.0] if self.binary is None else [1.0, scheduled(self.binary, progress)]

    def penalty(self) -> float:
        return 0.0

    def observe(self, losses: Tensor) -> None:
        """Nothing is learned."""

    def step(self, device: torch.device) -> None:
        """Nothing is learned."""

    def save(self, folder: Path) -> None:
        """The recipe says it all."""

    def load(self, folder: Path) -> None:
        """The recipe says it all."""


class LearnedWeights:
    """Homoscedastic uncertainty (Kendall, Gal and Cipolla 2018, CVPR): `sum_t exp(-s_t) L_t + s_t / 2`.

    s_t is the task's log-variance, at first 0. That is their eq. 10 for a classification, here for both
    tasks: the 1/2 that they set before a regression's loss is a squared error's, which few of the losses are,
    and it only shifts s_t. At rest exp(-s_t) = 1 / (2 L_t), so each task brings the gradient of log(L_t) / 2,
    whatever the unit of its loss.

    The derivative 1/2 - exp(-s_t) L_t is known, so no graph is needed, and nothing here is a parameter of the
    model: clipping its gradient, its weight decay and the scaling of float16 leave the s_t alone. They take
    plain gradient steps of a rate of their own, which have no state beside s_t.
    """

    FILE = "log_variances.safetensors"

    RATE = 0.1
    """At rest the curvature is 1/2 for any loss: an error falls to 1/e in 20 steps. By the encoder's rate of
    2e-5, 100 steps of Adam move s_t by .002 at most."""

    LOWEST, HIGHEST = -4.0, 8.0
    """L_t = 1 - r goes to 0 and would take exp(-s_t) to infinity: -4 is a weight of 55, at rest where r is
    .99. 8 is at rest at a loss of 1,490, a squared error on labels from 0 to 100; beyond, a task would not
    learn."""

    LONGEST = 1.0
    """A step's length: the derivative grows as exp(-s_t), and one step would lead far past the minimum."""

    def __init__(self) -> None:
        self.log_variances = torch.zeros(2, dtype=torch.float64)
        self.observed: list[Tensor] = []

    def at(self, progress: float) -> list[float]:
        return [math.exp(-log_variance) for log_variance in self.log_variances.tolist()]

    def penalty(self) -> float:
        return self.log_variances.sum().item() / 2

    def observe(self, losses: Tensor) -> None:
        self.observed.append(losses.detach())

    def step(self, device: torch.device) -> None:
        # The last place is the count: under the micro scope ranks differ in it, and one may have none.
        total = torch.zeros(3, dtype=torch.float64)
        for losses in self.observed:
            total += torch.cat([losses.cpu().double(), torch.ones(1, dtype=torch.float64)])
        self.observed.clear()
        if world_size() > 1:
            # What all ranks know is summed too: the same numbers must come out on each, to the last bit.
            shared = total.to(device)
            dist.all_reduce(shared)
            total = shared.cpu()
        gradient = 0.5 - torch.exp(-self.log_variances) * total[:2] / total[2]
        move = (-self.RATE * gradient).clamp(-self.LONGEST, self.LONGEST)
        # Bounded after the step and not inside the loss, where the derivative beyond a bound would be 0 and
        # s_t could never leave it.
        self.log_variances = (self.log_variances + move).clamp(self.LOWEST, self.HIGHEST)

    def save(self, folder: Path) -> None:
        save_file({"log_variances": self.log_variances}, folder / self.FILE)

    def load(self, folder: Path) -> None:
        self.log_variances = load_file(folder / self.FILE)["log_variances"]


def task_weights(task: BinaryTask | None) -> TaskWeights:
    """The weights that a recipe asks for."""
    if task is None:
        return GivenWeights(None)
    return LearnedWeights() if task.weight == "learned" else GivenWeights(task.weight)
