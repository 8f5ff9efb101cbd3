"""Run folders whose predictions and history are known, and the study that they are of."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from dalmeum.experiments.study.result import StudyResult, study_result
from numpy.typing import NDArray

from dalmeum.data import PairTable, Predictions
from dalmeum.experiments.predictions import write_predictions
from dalmeum.experiments.runs import Run, RunRecord
from dalmeum.recipe import build_recipe
from dalmeum.recipe.study import Study

from ..report_content import HOSTILE

Array = NDArray[np.float64]

SEEDS = (1, 2, 3, 4)
SIZES = {"train": 500, "dev": 300}
LABELS = {split: np.random.default_rng(len(split)).uniform(0, 5, size) for split, size in SIZES.items()}
SHARED = {split: np.random.default_rng(size).normal(0, 0.8, size) for split, size in SIZES.items()}
"""The error that all runs share."""


def fake_run(
    folder: Path,
    scored: dict[str, tuple[Array | None, Array]],
    *,
    curve: Sequence[tuple[int, float]] | None = None,
    warnings: tuple[str, ...] = (),
    identifier: str | None = None,
) -> Run:
    """A finished run; `scored` are labels and predictions by split, `curve` steps and Pearson on dev."""
    for split, (labels, predictions) in scored.items():
        count = len(predictions)
        sentences = tuple(f"sentence {number}" for number in range(count))
        ids = tuple(f"{split}-{number}" for number in range(count))
        table = PairTable(ids, ("",) * count, sentences, sentences, label=labels)
        write_predictions(folder / "predictions" / f"{split}.csv", table, Predictions(predictions))
    run = Run(
        folder, RunRecord(identifier or folder.name, "finished", "", "test", {}, {}, {}, warnings=warnings)
    )
    if curve is not None:
        history: list[dict[str, float]] = [{"step": 1, "loss": 1.0, "train_pearson": 0.1}]
        run.write_history(history + [{"step": step, "eval_pearson": score} for step, score in curve])
    return run


def fake_arm(
    folder: Path,
    name: str,
    noise: float,
    *,
    known: float = 0.3,
    speed: float = 40.0,
    train: bool = True,
    warnings: tuple[str, ...] = (),
    identifier: str | None = None,
) -> tuple[Run, ...]:
    """A run a seed: labels, the shared error, and noise; `known` of the training pairs' error is gone.

    Noises that agree to .001 are drawn alike. On dev the curves rise to .9, with a scale of `speed` steps.
    """
    runs = []
    for seed in SEEDS:
        generator = np.random.default_rng([seed, int(noise * 1000)])
        scored: dict[str, tuple[Array | None, Array]] = {}
        for split in SIZES if train else ("dev",):
            error = SHARED[split] + generator.normal(0, noise, SIZES[split])
            scored[split] = LABELS[split], LABELS[split] + error * (1 - known * (split == "train"))
        pace = speed * generator.uniform(0.9, 1.1)
        curve = [(step, 0.9 * (1 - float(np.exp(-step / pace)))) for step in range(25, 301, 25)]
        runs.append(
            fake_run(
                folder / f"{name}-{seed}",
                scored,
                curve=curve if train else None,
                warnings=warnings,
                identifier=identifier,
            )
        )
    return tuple(runs)


def write_data(folder: Path, run: Run, sources: Sequence[str] = ("news", "review")) -> None:
    """The data files of a run from `fake_arm`, and its recipe; every tenth pair differs in spacing only."""
    for split, labels in LABELS.items():
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "source", "sentence_1", "sentence_2", "label"])
            for number, label in enumerate(labels.tolist()):
                words = f"문장 {number} 하나"
                other = words.replace(" ", "") if number % 10 == 0 else words + " 더" * (1 + number % 7)
                source = sources[number % len(sources)]
                writer.writerow([f"{split}-{number}", source, words, other, repr(label)])
    data = {split: str(folder / f"{split}.csv") for split in LABELS}
    recipe = build_recipe({"data": data, "model": {"kind": "offline"}}, "test")
    (run.folder / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")


def fake_study(arms: dict[str, dict[str, Any]], **values: Any) -> Study:
    given = {
        "question": "Does it help? · 도움이 될까?",
        "baseline": {"data": {"train": "train.csv", "dev": "dev.csv"}, "model": {"kind": "offline"}},
        "arms": arms,
        "seeds": SEEDS,
        "smallest_effect": 0.004,
    }
    return Study.model_validate({**given, **values})


ARMS: dict[str, dict[str, Any]] = {
    "clean": {"loss.alpha": 0.05},
    "noisy": {"loss.alpha": 0.9, "training.epochs": 1},
    "same": {"loss.alpha": 0.11},
    "close": {"loss.alpha": 0.2},
}


def fake_result(folder: Path, *, train: bool = True, **values: Any) -> StudyResult:
    """A study with an arm of each verdict."""
    noises = {"baseline": 0.5, "clean": 0.1, "noisy": 1.2, "same": 0.5004, "close": 0.46}
    knows = {"noisy": 0.6}
    speeds = {"clean": 20.0, "noisy": 90.0}
    runs = {
        name: fake_arm(
            folder / "runs",
            name,
            noise,
            known=knows.get(name, 0.3),
            speed=speeds.get(name, 40.0),
            train=train,
            warnings=("all labels of dev are guessed",),
        )
        for name, noise in noises.items()
    }
    write_data(folder, runs["baseline"][0])
    return study_result(fake_study(ARMS, **values), "alpha", runs)


def written(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values


def hostile_result(folder: Path) -> StudyResult:
    """Hostile text in every place of a study that takes text."""
    everything = " ".join(HOSTILE[:5])
    runs = {
        name: fake_arm(folder / "runs", name, noise, warnings=HOSTILE, identifier=everything)
        for name, noise in (("baseline", 0.5), ("arm", 0.4))
    }
    write_data(folder, runs["baseline"][0], sources=HOSTILE[:5])
    changes = {f"question.{number}": text for number, text in enumerate(HOSTILE)}
    return study_result(fake_study({"arm": changes}, question=everything), everything, runs)
