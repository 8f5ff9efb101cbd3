"""The page of a run, `report.html`, written from what the run holds."""

from collections.abc import Mapping

from dalmeum.comparison import Checkpoints
from dalmeum.comparison.choice import optimism_of_kept
from dalmeum.data import PairTable, Predictions
from dalmeum.data.splits import Split, binary_threshold, read_splits
from dalmeum.evaluation import Evaluation, diagnose, evaluate_predictions
from dalmeum.pages import ASSETS, RunPage, write_run
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import read_evaluations, read_predictions


def write_report(
    run: Run,
    tables: Mapping[Split, PairTable],
    predictions: Mapping[Split, Predictions],
    evaluations: Mapping[Split, Evaluation],
    *,
    self_contained: bool = False,
) -> None:
    """Write the page of a run, on dev or, without a dev set, on train; see `write_page`."""
    recipe = run.recipe()
    split: Split = "dev" if "dev" in tables else "train"
    shown, train_label = predictions[split].similarity, tables["train"].label
    train = None
    if split != "train" and train_label is not None:
        train = train_label, predictions["train"].similarity[None]
    page = RunPage(
        title=run.id,
        question=recipe.question,
        recipe=recipe.to_yaml(),
        versions=run.record.versions,
        data_hashes={name: f"{file.path}, {file.sha256}" for name, file in run.record.data.items()},
        history=run.history(),
        split=split,
        table=tables[split],
        predictions=shown,
        evaluation=evaluations[split],
        diagnosis=diagnose(tables[split], shown[None], train=train),
        flattered=_flattered(run, tables[split]) if split == "dev" else None,
        warnings=run.record.warnings,
    )
    write_run(run.report, page, assets=run.folder.parent / ASSETS, self_contained=self_contained)


def _flattered(run: Run, dev: PairTable) -> float | None:
    """By how much having kept the best of several evaluations flatters the Pearson on dev."""
    if dev.label is None or not run.kept_evaluations.is_file():
        return None
    evaluations = read_evaluations(run.kept_evaluations, dev.id)
    return None if len(evaluations) < 2 else optimism_of_kept(Checkpoints(dev.label, evaluations))


def rewrite_report(run: Run, *, self_contained: bool = False) -> None:
    """Write the page of a finished run again; `InputError` where its data or predictions can't be read."""
    recipe = run.recipe()
    tables = read_splits(recipe)
    threshold = binary_threshold(recipe, tables["train"])
    predictions = {split: read_predictions(run.predictions(split)).predictions for split in tables}
    evaluations = {
        split: evaluate_predictions(table, predictions[split], threshold=threshold)
        for split, table in tables.items()
        if table.label is not None
    }
    write_report(run, tables, predictions, evaluations, self_contained=self_contained)
