"""The page of a run, `report.html`, written from what the run holds."""

from collections.abc import Mapping
from statistics import fmean

from dalmeum.comparison import Checkpoints
from dalmeum.comparison.choice import optimism_of_kept
from dalmeum.data import PairTable, Predictions
from dalmeum.data.folds import groups_of
from dalmeum.data.splits import Split, binary_threshold, read_splits
from dalmeum.evaluation import Evaluation, diagnose, evaluate_predictions
from dalmeum.pages import ASSETS, RunPage, write_run
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import damaged, read_all_evaluations, read_predictions


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
    if split != "train" and train_label is not None and "train" in predictions:
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
        out_of_folds=recipe.data.all_folds,
        warnings=run.record.warnings,
    )
    write_run(run.report, page, assets=run.folder.parent / ASSETS, self_contained=self_contained)


def evaluated_split(
    run: Run, split: Split, table: PairTable, predictions: Predictions, threshold: float | None
) -> Evaluation:
    """The scores on a labelled split; out of fold by the groups that were kept in one fold."""
    by_fold = split == "dev" and run.record.out_of_fold
    groups = groups_of(table, run.recipe().data.kept_together) if by_fold else None
    return evaluate_predictions(table, predictions, threshold=threshold, groups=groups)


def _flattered(run: Run, dev: PairTable) -> float | None:
    """By how much having kept the best of several evaluations flatters the Pearson on dev; over folds, each
    of which had a choice of its own, the mean of what it does on each.
    """
    trainings = run.recipe().trainings if run.record.out_of_fold else {"": run.recipe()}
    place = {name: row for row, name in enumerate(dev.id)}
    found = []
    for path in map(run.evaluations_of, trainings):
        if dev.label is None or not path.is_file():
            return None
        ids, evaluations = read_all_evaluations(path)
        if not set(ids) <= place.keys():
            raise damaged(path)
        labels = dev.label[[place[name] for name in ids]]
        kept = Checkpoints(labels, evaluations)
        found.append(optimism_of_kept(kept) if len(evaluations) > 1 else None)
    known = [each for each in found if each is not None]
    return fmean(known) if known and len(known) == len(found) else None


def rewrite_report(run: Run, *, self_contained: bool = False) -> None:
    """Write the page of a finished run again; `InputError` where its data or predictions can't be read."""
    recipe = run.recipe()
    tables = read_splits(recipe)
    threshold = binary_threshold(recipe, tables["train"])
    splits = [split for split in tables if not (run.record.out_of_fold and split == "train")]
    predictions = {split: read_predictions(run.predictions(split)).predictions for split in splits}
    evaluations = {
        split: evaluated_split(run, split, tables[split], predictions[split], threshold)
        for split in splits
        if tables[split].label is not None
    }
    write_report(run, tables, predictions, evaluations, self_contained=self_contained)
