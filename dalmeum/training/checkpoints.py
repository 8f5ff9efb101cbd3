"""Checkpoints: which one a run goes on from, and what is said of a damaged one."""

import contextlib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from transformers import TrainerState
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from dalmeum.errors import DalmeumError, InputError
from dalmeum.files import KeyTwiceError, read_json_text

STATE = "trainer_state.json"

Count = Annotated[int, Field(ge=0)]
Number = bool | int | float


class _Callback(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    args: dict[str, Number] = {}
    attributes: dict[str, Number] = {}


class _State(BaseModel):
    """What a `TrainerState` is read from, which by itself takes everything for everything."""

    model_config = ConfigDict(strict=True, extra="allow")

    global_step: Count
    max_steps: Count
    num_train_epochs: Count
    logging_steps: Count | float
    epoch: float | None = None
    best_global_step: Count | None = None
    best_metric: float | None = None
    best_model_checkpoint: str | None = None
    train_batch_size: int | None = None
    num_input_tokens_seen: int = 0
    total_flos: float = 0
    log_history: list[dict[str, float | int | None]]
    stateful_callbacks: dict[str, _Callback | list[_Callback]]


def checkpoint_of(checkpoints: Path, step: int) -> Path:
    return checkpoints / f"{PREFIX_CHECKPOINT_DIR}-{step}"


def newest_checkpoint(checkpoints: Path) -> Path | None:
    """The newest checkpoint that was written whole: its state, which is written last, must be one.

    And the best one so far must be there: without it another would be chosen in the end.
    """
    steps = [path.name.removeprefix(f"{PREFIX_CHECKPOINT_DIR}-") for path in checkpoints.glob("*-*")]
    for step in sorted((int(step) for step in steps if step.isdecimal()), reverse=True):
        folder = checkpoint_of(checkpoints, step)
        with contextlib.suppress(OSError, ValidationError, KeyTwiceError):
            text = (folder / STATE).read_bytes()
            state = _State.model_validate_json(text)
            read_json_text(text)
            known = {field.name for field in fields(TrainerState)}
            best = checkpoint_of(checkpoints, state.best_global_step or step)
            if (
                state.global_step == step
                and set(state.model_extra or ()) <= known
                and (best / "model.safetensors").is_file()
            ):
                return folder
    return None


@contextlib.contextmanager
def damage_told(checkpoint: str | Path) -> Iterator[None]:
    """Raise `InputError` for whatever a library says that can't read a checkpoint."""
    try:
        yield
    except DalmeumError:
        raise
    except Exception as error:
        raise InputError(
            f"{checkpoint}: is damaged ({type(error).__name__}): delete this folder; the run goes on from "
            "the checkpoint before it, or begins anew where there is none"
        ) from error
