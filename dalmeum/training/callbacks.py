"""What happens around the steps: evaluations inside an epoch, and telling how far training is."""

from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from dalmeum.errors import DalmeumError
from dalmeum.languages import Text
from dalmeum.progress import Progress


class IntermediateEvaluations(TrainerCallback):
    """Evaluate and save at equal steps inside an epoch too; the Trainer itself does so at its end."""

    def __init__(self, steps_per_epoch: int, evaluations: int) -> None:
        self.steps_per_epoch = steps_per_epoch
        evaluations = min(evaluations, steps_per_epoch)
        self.at = {round(part * steps_per_epoch / evaluations) for part in range(1, evaluations)}
        self.last: int | None = None

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.global_step % self.steps_per_epoch in self.at - {0}:
            control.should_evaluate = control.should_save = True
            self.last = state.global_step

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.global_step == self.last:  # training ends here: once is enough
            control.should_evaluate = control.should_save = False


class StoppedEarlyError(DalmeumError):
    """Training was stopped, since others do better."""


class StopsEarly(TrainerCallback):
    """Ends a training that does worse than others.

    After each evaluation but the last `goes_on` is asked, with their number, those before a resumption among
    them, and the best Pearson on dev so far, that of the weights which would be kept. Raises
    `StoppedEarlyError` where it says no.
    """

    def __init__(self, goes_on: Callable[[int, float], bool]) -> None:
        self.goes_on = goes_on

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        scores = [entry["eval_pearson"] for entry in state.log_history if "eval_pearson" in entry]
        if state.global_step < state.max_steps and not self.goes_on(len(scores), max(scores)):
            raise StoppedEarlyError(f"stopped early, after {len(scores)} evaluations: others do better")


TRAINING = Text("training, step", "학습 스텝")


class EpochEnd(TrainerCallback):
    """Calls a function at the end of each epoch, before what is evaluated and saved there."""

    def __init__(self, function: Callable[[], None]) -> None:
        self.function = function

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.function()


class ReportProgress(TrainerCallback):
    """A bar over the steps, and a line for each evaluation."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.last_loss: float | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.is_world_process_zero:
            self.progress = Progress(state.max_steps, TRAINING)
            self.progress.jump(state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self.progress:
            self.progress.jump(state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        logs = logs or {}
        self.last_loss = logs.get("loss", self.last_loss)
        if self.progress and "eval_pearson" in logs:
            # Of one or two steps alone none was logged yet.
            loss = "" if self.last_loss is None else f"train loss {self.last_loss:.4f}  "
            self.progress.line(
                f"epoch {state.epoch or 0:.1f}/{state.num_train_epochs:g}  step {state.global_step}  "
                f"{loss}dev loss {logs['eval_loss']:.4f}  "
                f"dev pearson {logs['eval_pearson']:.4f}"
            )

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.close()

    def close(self) -> None:
        """Also where training ended in an error, of which the callback is not told."""
        if self.progress:
            self.progress.__exit__(None, None, None)
