"""`transformers.Trainer`, going on from a checkpoint as if it had never been interrupted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn
from transformers import Trainer

from dalmeum.training.checkpoints import checkpoint_of, damage_told


class ResumingTrainer(Trainer):
    """`Trainer` that finds its best checkpoint wherever the folder is, and knows when training had ended.

    `before_saving` is called before every checkpoint; what it raises ends the training. A damaged checkpoint
    is an `InputError`.
    """

    def __init__(self, *args: Any, before_saving: Callable[[], None] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before_saving = before_saving
        self.ended = False

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        if self.before_saving is not None:
            self.before_saving()
        super()._save_checkpoint(model, trial)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        with damage_told(resume_from_checkpoint):
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        with damage_told(checkpoint or ""):
            super()._load_optimizer_and_scheduler(checkpoint)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        with damage_told(checkpoint or ""):
            super()._load_rng_state(checkpoint)

    def _load_callback_state(self) -> None:
        checkpoints = Path(self.args.output_dir or "")
        with damage_told(checkpoint_of(checkpoints, self.state.global_step)):
            super()._load_callback_state()
        # The library keeps the best one's path, and where the folder has moved since forgets about it.
        best = self.state.best_global_step
        self.state.best_model_checkpoint = str(checkpoint_of(checkpoints, best)) if best else None
        # It forgets that training had ended, too, and would take a step more.
        self.ended = self.control.should_training_stop

    def _run_epoch(self, *args: Any, **kwargs: Any) -> None:
        if self.ended:
            self.control.should_training_stop = True
        else:
            super()._run_epoch(*args, **kwargs)  # type: ignore[no-untyped-call] # as the library leaves it
