"""The lines that a training tells."""

from typing import Any

import pytest
from transformers import TrainerControl, TrainerState

from dalmeum.training.callbacks import ReportProgress


def test_a_loss_is_told_as_soon_as_one_was_logged(capsys: pytest.CaptureFixture[str]) -> None:
    report, control = ReportProgress(), TrainerControl()
    state = TrainerState(global_step=1, max_steps=2, num_train_epochs=2, epoch=1.0)
    arguments: Any = None
    report.on_train_begin(arguments, state, control)
    scored = {"eval_loss": 0.5, "eval_pearson": 0.25}
    report.on_log(arguments, state, control, logs=scored)
    report.on_log(arguments, state, control, logs={"loss": float("nan")})
    report.on_log(arguments, state, control, logs=scored)
    report.close()
    first, second = capsys.readouterr().err.splitlines()
    assert first == "epoch 1.0/2  step 1  dev loss 0.5000  dev pearson 0.2500"
    assert second == "epoch 1.0/2  step 1  train loss nan  dev loss 0.5000  dev pearson 0.2500"
