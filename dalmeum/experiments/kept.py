"""Finished trainings of a run over folds or seeds, kept until it ends: one that is taken up repeats none."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np

from dalmeum.data import Predictions
from dalmeum.experiments.outcome import Outcome, Tables
from dalmeum.files import write_text
from dalmeum.languages import Text
from dalmeum.models.kinds import load_scorer
from dalmeum.models.pretrained import read_json
from dalmeum.models.quiet import quiet_transformers
from dalmeum.recipe import Recipe

FINISHED = "finished"
MODEL, OUTCOME = "model", "outcome.json"


def is_kept(checkpoints: Path) -> bool:
    """Whether the training with this folder of checkpoints is finished."""
    return (checkpoints / FINISHED / OUTCOME).is_file()


def keep(outcome: Outcome, checkpoints: Path) -> None:
    """Put a training's outcome in the place of its checkpoints, whole or not at all."""
    half_written = checkpoints / f".{FINISHED}.tmp"
    shutil.rmtree(half_written, ignore_errors=True)
    with quiet_transformers():
        outcome.scorer.save(half_written / MODEL)
    values = {
        "predictions": {split: dataclasses.asdict(each) for split, each in outcome.predictions.items()},
        "history": outcome.history,
        "record": outcome.record,
        "evaluations": {name: answered for name, (_, answered) in outcome.evaluations.items()},
        "warnings": [dataclasses.asdict(each) for each in outcome.warnings],
    }
    write_text(half_written / OUTCOME, json.dumps(values, default=np.ndarray.tolist))
    half_written.rename(checkpoints / FINISHED)
    for checkpoint in checkpoints.glob("checkpoint-*"):
        shutil.rmtree(checkpoint, ignore_errors=True)


def read_kept_outcome(recipe: Recipe, tables: Tables, checkpoints: Path) -> Outcome:
    """What `keep` wrote of the training of a recipe on these tables; `InputError` where it can't be read."""
    folder = checkpoints / FINISHED
    # The code of an own kind is the recipe's own here.
    scorer = load_scorer(folder / MODEL, recipe.training.precision, trust_code=True, asked=False)
    scorer.model.to("cpu")  # type: ignore[arg-type] # the decorated method lost its type
    values = read_json(folder / OUTCOME)
    return Outcome(
        scorer=scorer,
        predictions={split: _predictions(**each) for split, each in values["predictions"].items()},
        history=tuple(values["history"]),
        record=values["record"],
        evaluations={
            name: (tables["dev"], {int(step): np.array(row) for step, row in answered.items()})
            for name, answered in values["evaluations"].items()
        },
        warnings=tuple(Text(**each) for each in values["warnings"]),
    )


def _predictions(similarity: list[float], binary: list[float] | None) -> Predictions:
    return Predictions(np.array(similarity), None if binary is None else np.array(binary))
