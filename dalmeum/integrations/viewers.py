"""Where curves go while a run trains, beside its own folder: TensorBoard, Weights & Biases.

MLflow, which shows whole runs, is `dalmeum.experiments.mirror`'s.
"""

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dalmeum.errors import InputError
from dalmeum.recipe import Recipe

if TYPE_CHECKING:
    from transformers import TrainerCallback

VIEWERS = ("tensorboard", "wandb")

LOGS = "logs"
"""TensorBoard's folder in that of a run."""


def check_viewers(recipe: Recipe) -> None:
    """Raise `InputError` where a package is not installed that the recipe wants its curves in."""
    for name in _named(recipe):
        spec = importlib.util.find_spec(name)
        # A folder of that name, as wandb leaves one, can be imported, too: it has no file of its own.
        told = "" if spec and spec.origin else "is not installed"
        if not told:
            try:
                importlib.import_module(name)
            except ImportError as error:
                told = f"can't be imported ({error})"
        if told:
            raise InputError(
                f"training.report_to: {name} {told}: pip install {name}, or leave training.report_to out"
            )


@contextlib.contextmanager
def viewers(
    recipe: Recipe, run: Path, member: str = "", *, main_process: bool
) -> "Iterator[list[TrainerCallback]]":
    """The Trainer's callbacks for what `training.report_to` names, for the run in that folder.

    Of an ensemble each member's curves are apart, under its name.

    Raises `InputError` where one can't start, as W&B does who knows no account.
    """
    named = _named(recipe) if main_process else ()
    callbacks: list[TrainerCallback] = []
    with contextlib.ExitStack() as stack:
        if "tensorboard" in named:
            from torch.utils.tensorboard import SummaryWriter
            from transformers.integrations.integration_utils import TensorBoardCallback

            writer = SummaryWriter(log_dir=str(run / LOGS / member))
            callbacks.append(TensorBoardCallback(writer))
        if "wandb" in named:
            stack.enter_context(_wandb_run(recipe, run, member))
            from transformers.integrations.integration_utils import WandbCallback

            callbacks.append(WandbCallback())
        yield callbacks


@contextlib.contextmanager
def _wandb_run(recipe: Recipe, run: Path, member: str) -> Iterator[None]:
    """A run of its own there: the callback takes up one that is open, and closes none."""
    import wandb

    project = os.environ.get("WANDB_PROJECT", "dalmeum")
    try:
        opened = wandb.init(
            project=project,
            name=f"{run.name}-{member}" if member else run.name,
            dir=str(run),
            config=recipe.model_dump(mode="json"),
            reinit=True,
        )
    except Exception as error:  # of many types, all about the account or the network
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise InputError(
            f"training.report_to: wandb can't start: {reason}: run wandb login, or set WANDB_MODE=offline"
        ) from error
    try:
        yield
    except BaseException:
        opened.finish(exit_code=1)
        raise
    opened.finish()


def _named(recipe: Recipe) -> tuple[str, ...]:
    named = recipe.training.report_to
    return () if named == "none" else tuple(name for name in named if name in VIEWERS)
