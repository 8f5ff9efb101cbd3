"""Run folders whose predictions and history are known, and the study that they are of."""

import contextlib
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dalmeum.comparison import Arms
from dalmeum.data import PairTable, Predictions
from dalmeum.data.splits import Split, read_splits
from dalmeum.errors import DalmeumError
from dalmeum.experiments.arms import RunGroup, read_arms
from dalmeum.languages import Text
from dalmeum.recipe import build_recipe
from dalmeum.recipe.study import Study
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import write_predictions
from dalmeum.runs.record import RunRecord
from tests.comparison.made import LABELS, SEEDS, Array, one_run, sentences


def fake_run(
    folder: Path,
    scored: dict[str, tuple[Array | None, Array]],
    *,
    curve: Sequence[tuple[int, float]] | None = None,
    warnings: tuple[Text, ...] = (),
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
        folder,
        RunRecord(
            identifier or folder.name,
            "finished",
            "2026-01-01T00:00:00+00:00",
            "test",
            data={},
            versions={},
            machine={},
            warnings=warnings,
            encoder="sha256 0",
            training_version=1,
        ),
    )
    if curve is not None:
        history: list[dict[str, float]] = [{"step": 1, "loss": 1.0, "train_pearson": 0.1}]
        run.write_history(history + [{"step": int(step), "eval_pearson": score} for step, score in curve])
    return run


def fake_arm(
    folder: Path,
    name: str,
    noise: float,
    *,
    known: float = 0.3,
    speed: float = 40.0,
    train: bool = True,
    warnings: tuple[Text, ...] = (),
    identifier: str | None = None,
) -> tuple[Run, ...]:
    """A run a seed, as `one_run`; without `train` it kept neither training predictions nor a history."""
    runs = []
    for seed in SEEDS:
        predictions, curve = one_run(noise, seed, known, speed)
        runs.append(
            fake_run(
                folder / f"{name}-{seed}",
                {split: (LABELS[split], predictions[split]) for split in (LABELS if train else ("dev",))},
                curve=list(zip(curve.steps, curve.pearson, strict=True)) if train else None,
                warnings=warnings,
                identifier=identifier,
            )
        )
    return tuple(runs)


def write_data(folder: Path, run: Run, sources: Sequence[str] = ("news", "review")) -> None:
    """The data files of a run from `fake_arm`, and its recipe; dev has the sentences of `sentences`."""
    table = sentences(sources)
    for split, labels in LABELS.items():
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "source", "sentence_1", "sentence_2", "label"])
            for number, label in enumerate(labels.tolist()):
                row = number % len(table)
                texts = table.source[row], table.sentence1[row], table.sentence2[row]
                writer.writerow([f"{split}-{number}", *texts, repr(label)])
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


def arms_of(runs: Mapping[str, Sequence[Run]], study: Study, *, baseline: str = "baseline") -> Arms:
    """As `conduct` reads them; the sentences are those of the baseline's first run, if its data are there."""
    groups = [RunGroup(name, tuple(those), SEEDS, study.arms.get(name, {})) for name, those in runs.items()]
    tables: Mapping[Split, PairTable] = {}
    with contextlib.suppress(DalmeumError):
        tables = read_splits(runs["baseline"][0].recipe())
    return read_arms(
        groups, study.splits, baseline=baseline, tables={split: tables.get(split) for split in study.splits}
    )
