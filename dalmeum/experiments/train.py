"""One run, end to end: data files in; a model, predictions, metrics and a report out."""

import contextlib
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from numpy.typing import NDArray
from transformers import TrainerCallback

from dalmeum.comparison import check_metric
from dalmeum.data import PairTable, Predictions
from dalmeum.data.splits import PairReader, Split, binary_labels, data_warnings, read_splits
from dalmeum.errors import DalmeumError
from dalmeum.evaluation import Evaluation, evaluate_predictions
from dalmeum.experiments.ready import plan_told, starts_slowly
from dalmeum.files import disk_error
from dalmeum.integrations.viewers import check_viewers, viewers
from dalmeum.losses import similarity_loss
from dalmeum.models.ensemble import Ensemble
from dalmeum.models.kinds import new_scorer
from dalmeum.models.quiet import quiet_transformers
from dalmeum.models.scorer import PairScorer
from dalmeum.progress import tell
from dalmeum.recipe import Recipe
from dalmeum.runs.begin import begin, clear_leftovers
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.lock import LostRunError, RunLock
from dalmeum.runs.predictions import write_evaluations, write_predictions, write_submission
from dalmeum.runs.record import data_files
from dalmeum.runs.report import write_report
from dalmeum.stats import METRICS
from dalmeum.training.ensemble import fit_ensemble
from dalmeum.training.fit import Fit, fit
from dalmeum.training.pairs import EncodedPairs, encode_pairs
from dalmeum.training.processes import LostProcessError, lost_processes_told


def train(
    recipe: Recipe,
    name: str = "recipe",
    *,
    resume: bool = False,
    parent_study: str | None = None,
    reader: PairReader | None = None,
    self_contained: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> Run:
    """Run a recipe and return its finished run, whose folder holds all that came out.

    Nothing is written before data, recipe and encoder are known to be good. With `resume`, the newest
    unfinished run in `recipe.output` with the same recipe, data and contents, that no other process works on,
    is taken up where its last checkpoint stands; where there is none, a new one starts. Of several processes
    (torchrun) all train, and the first alone writes. `parent_study` is the name of the study that orders the
    run, if one does; then a run that another process has finished is returned, and `HeldError` raised for one
    that another works on. `reader` holds
    pairs that the recipe names and that are in no file: they are written into the run. With `self_contained`
    its page is one file that can be mailed. `callbacks` are the trainer's, beside those of the recipe.

    Raises `InputError` for what only the user can mend, `DalmeumError` where training fails.
    """
    similarity_loss(recipe.loss, recipe.data.label_range)  # a library that it lacks is told before any work
    check_metric(*METRICS)
    check_viewers(recipe)
    reader = reader or PairReader()
    tables = read_splits(recipe, reader)
    binary: dict[Split, NDArray[np.int64] | None] = {
        split: binary_labels(recipe, tables[split]) for split in tables if split != "test"
    }
    scorer = new_scorer(recipe, tables["train"])
    files = data_files(tables)
    processes = PartialState(cpu=scorer.model.device.type == "cpu")
    folder: list[Path | None] = [None]
    with contextlib.ExitStack() as stack:
        lock: RunLock | None = None
        if processes.is_main_process:
            machine = {"device": str(scorer.model.device), "processes": processes.num_processes}
            run, lock = begin(
                recipe,
                name,
                files,
                reader,
                machine=machine,
                notes=scorer.notes,
                resume=resume,
                parent_study=parent_study,
            )
            if lock is None:
                return run
            stack.enter_context(lock)
            folder = [run.folder]
        with lost_processes_told():
            (shared,) = broadcast_object_list(folder)
        run = open_run(shared or "")
        if processes.is_main_process:
            tell(run.folder if starts_slowly(recipe) else plan_told(recipe, tables, run.folder))
        still_ours = lock.check if lock else _unasked
        with _failure_recorded(run, still_ours):
            encoded = {
                split: encode_pairs(scorer, table, binary.get(split)) for split, table in tables.items()
            }
            with lost_processes_told():
                pairs = encoded["train"], encoded.get("dev")
                fit_one = _Fitting(run, still_ours, processes.is_main_process, tuple(callbacks))
                if recipe.members:
                    result = fit_ensemble(scorer, recipe, *pairs, run.checkpoints, fit_one)
                else:
                    result = fit_one("", scorer, recipe, *pairs, run.checkpoints)
                if processes.is_main_process:
                    still_ours()
                    _record_results(run, scorer, tables, encoded, result, self_contained)
                    still_ours()
                    open_run(run.folder).finish()
                    clear_leftovers(run.folder)
                processes.wait_for_everyone()
    run = open_run(run.folder)
    return run.told() if processes.is_main_process else run


@dataclass(frozen=True)
class _Fitting:
    """The fit of a run's single model, or of a member of its ensemble, by name."""

    run: Run
    before_saving: Callable[[], None]
    main_process: bool
    callbacks: tuple[TrainerCallback, ...]

    def __call__(
        self,
        name: str,
        scorer: PairScorer,
        recipe: Recipe,
        train: EncodedPairs,
        dev: EncodedPairs | None,
        checkpoints: Path,
    ) -> Fit:
        with viewers(recipe, self.run.folder, name, main_process=self.main_process) as watching:
            callbacks = [*self.callbacks, *watching]
            return fit(scorer, recipe, train, dev, checkpoints, callbacks, before_saving=self.before_saving)


def _unasked() -> None:
    """The first process of a run holds its lock, and asks for all."""


@contextlib.contextmanager
def _failure_recorded(run: Run, still_ours: Callable[[], None]) -> Iterator[None]:
    """What goes wrong stands in the run's record, too, unless the run is another process's by now."""
    try:
        yield
    except LostRunError:
        raise
    except Exception as error:
        still_ours()  # what goes wrong in a folder where two work is not what is to be told
        if mended := disk_error(run.folder, error):
            raise mended from error
        told = isinstance(error, DalmeumError)
        reason = str(error) if told else "".join(traceback.format_exception_only(error)).strip()
        with contextlib.suppress(DalmeumError):  # a disk that is full for this, too, must not hide the reason
            # What made another process end has been written by that one, if it could.
            if not isinstance(error, LostProcessError) or open_run(run.folder).record.state == "running":
                run.update(state="failed", error=reason)
        raise


def _record_results(
    run: Run,
    scorer: PairScorer,
    tables: Mapping[Split, PairTable],
    encoded: Mapping[Split, EncodedPairs],
    result: Fit,
    self_contained: bool,
) -> None:
    """The model, predictions, metrics and report of a trained scorer."""
    _save_model(scorer, run.model)
    evaluations: dict[Split, Evaluation] = {}
    predictions: dict[Split, Predictions] = {}
    for split, table in tables.items():
        predictions[split] = (
            result.train_predictions
            if split == "train"
            else scorer.predictions(scorer.logits(encoded[split].items))
        )
        write_predictions(run.predictions(split), table, predictions[split])
        if table.label is None:
            write_submission(run.submission, table, predictions[split])
        else:
            evaluations[split] = evaluate_predictions(
                table, predictions[split], threshold=scorer.binary_threshold
            )
    if result.dev_predictions:
        write_evaluations(run.kept_evaluations, tables["dev"], result.dev_predictions)
    run.write_history(result.history)
    run.write_metrics({split: evaluation.to_dict() for split, evaluation in evaluations.items()})
    warnings = (*run.record.warnings, *data_warnings(tables.values()), *result.warnings)
    run = run.update(training=_training_record(result, scorer), warnings=warnings)
    write_report(run, tables, predictions, evaluations, self_contained=self_contained)


def _save_model(scorer: PairScorer, folder: Path) -> None:
    """Whole or not at all: another process may load it while this one writes."""
    half_written = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(half_written, ignore_errors=True)
    with quiet_transformers():
        scorer.save(half_written)
    shutil.rmtree(folder, ignore_errors=True)
    half_written.rename(folder)


def _training_record(result: Fit, scorer: PairScorer) -> dict[str, Any]:
    record = {
        "steps": result.steps,
        "best_step": result.best_step,
        "seconds": round(result.seconds, 3),
        "precision": str(scorer.precision).removeprefix("torch."),
        "parameters": sum(parameter.numel() for parameter in scorer.model.parameters()),
        "slope": result.slope,
        "intercept": result.intercept,
    }
    if isinstance(scorer.model, Ensemble):
        members = scorer.model.members
        del record["precision"]  # each member has its own
        record["weights"] = scorer.model.weights
        record["members"] = {
            name: _training_record(each, members[name]) for name, each in result.members.items()
        }
    return record
