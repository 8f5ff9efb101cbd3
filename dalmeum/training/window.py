"""What was seen since the log's last line, and the loss of all steps."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor


class Window:
    """Losses, and outputs with labels of the training pairs, since the log's last line.

    Checkpoints hold it: one may lie between two lines of the log, and a resumed run's next line is on all
    steps since the last one.
    """

    def __init__(self) -> None:
        self.losses: list[Tensor] = []
        self.logits: list[Tensor] = []
        self.labels: list[Tensor] = []
        self.logged = torch.zeros(2, dtype=torch.float64)
        """Sum of the losses in earlier lines, and of how many steps."""

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """A step's loss, and its n pairs: logits (n, tasks), labels (n,)."""
        self.losses.append(loss.detach().double())
        self.logits.append(logits.detach())
        self.labels.append(labels)

    def take(self) -> tuple[Tensor, Tensor, Tensor]:
        """The mean loss, logits (n, tasks) and labels (n,) of the window, in float64; a new one begins."""
        losses = torch.stack(self.losses).cpu()
        self.logged += torch.stack([losses.sum(), torch.tensor(len(losses), dtype=torch.float64)])
        taken = losses.mean(), torch.cat(self.logits).double().cpu(), torch.cat(self.labels).double().cpu()
        for each in (self.losses, self.logits, self.labels):
            each.clear()
        return taken

    def mean_loss(self) -> Tensor:
        """Of all steps, those before a resume too."""
        losses = torch.stack(self.losses).cpu() if self.losses else torch.zeros(0, dtype=torch.float64)
        return (self.logged[0] + losses.sum()) / (self.logged[1] + len(losses)).clamp_min(1)

    def save(self, folder: Path, process: int) -> None:
        """Write it to a checkpoint; each process has seen others."""
        folder.mkdir(parents=True, exist_ok=True)  # a process may be here before the first one
        tensors = {"logged": self.logged}
        if self.losses:
            tensors["losses"] = torch.stack(self.losses).cpu()
            tensors["logits"] = torch.cat(self.logits).cpu()
            tensors["labels"] = torch.cat(self.labels).cpu()
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, _file(folder, process))

    def load(self, folder: Path, process: int) -> None:
        """Take up what `save` wrote; nothing where the checkpoint is from before it was kept."""
        self.__init__()  # type: ignore[misc] # an empty one
        path = _file(folder, process)
        if not path.is_file():
            return
        tensors = load_file(path)
        self.logged = tensors["logged"]
        if "losses" in tensors:
            self.losses = list(tensors["losses"])
            self.logits, self.labels = [tensors["logits"]], [tensors["labels"]]


def _file(folder: Path, process: int) -> Path:
    return folder / f"log_window_{process}.safetensors"
