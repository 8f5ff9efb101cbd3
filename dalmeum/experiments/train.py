"""One run, end to end: data files in; a model, predictions, metrics and a report out."""

import contextlib
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from numpy.typing import NDArray
from transformers import TrainerCallback

from dalmeum.comparison import check_metric
from dalmeum.data import PairTable
from dalmeum.data.splits import PairReader, Split, binary_labels, data_warnings, read_splits
from dalmeum.errors import DalmeumError
from dalmeum.evaluation import Evaluation
from dalmeum.experiments.kept import is_kept, keep, read_kept_outcome
from dalmeum.experiments.mirror.importer import Chooses, smallest
from dalmeum.experiments.mirror.live import Watching, live, unwatched
from dalmeum.experiments.mirror.place import check_mirror
from dalmeum.experiments.outcome import Outcome, Tables, outcome_of, together
from dalmeum.experiments.ready import plan_told, starts_slowly
from dalmeum.experiments.teacher import learned_from, scored_by_teacher, teacher_notes
from dalmeum.files import disk_error
from dalmeum.integrations.viewers import check_viewers, viewers
from dalmeum.losses import similarity_loss
from dalmeum.models.kinds import new_scorer
from dalmeum.models.quiet import quiet_transformers
from dalmeum.models.scorer import PairScorer
from dalmeum.progress import tell
from dalmeum.recipe import Recipe
from dalmeum.runs.begin import begin, clear_leftovers
from dalmeum.runs.data import data_files
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.lock import LostRunError, RunLock
from dalmeum.runs.predictions import write_evaluations, write_predictions, write_submission
from dalmeum.runs.report import evaluated_split, write_report
from dalmeum.stats import METRICS
from dalmeum.training.ensemble import MEMBER, fit_ensemble
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
    chooses: Chooses = smallest,
) -> Run:
    """Run a recipe and return its finished run, whose folder holds all that came out.

    Over folds or seeds (`Recipe.trainings`) it is an ensemble of as many models, trained one after another,
    each as if it were alone.

    Nothing is written before data, recipe and encoder are known to be good. With `resume`, the newest
    unfinished run in `recipe.output` with the same recipe, data and contents, that no other process works on,
    is taken up where its last checkpoint stands; where there is none, a new one starts. Of several processes
    (torchrun) all train, and the first alone writes. `parent_study` is the name of the study that orders the
    run, if one does; then a run that another process has finished is returned, and `HeldError` raised for one
    that another works on. `reader` holds
    pairs that the recipe names and that are in no file: they are written into the run. With `self_contained`
    its page is one file that can be mailed. `callbacks` are the trainer's, beside those of the recipe.
    `chooses` says which of several MLflow runs of its content stays, where the recipe reports to MLflow.

    Raises `InputError` for what only the user can mend, `DalmeumError` where training fails.
    """
    similarity_loss(recipe.loss, recipe.data.label_range)  # a library that it lacks is told before any work
    check_metric(*METRICS)
    check_viewers(recipe)
    check_mirror(recipe)
    reader = reader or PairReader()
    tables = read_splits(recipe, reader)
    trainings = recipe.trainings or {"": recipe}
    files = data_files(recipe, tables)
    scored = scored_by_teacher(recipe, tables)
    first = _Ready.of(next(iter(trainings.values())), reader, scored)
    processes = PartialState(cpu=first.scorer.model.device.type == "cpu")
    folder: list[Path | None] = [None]
    with contextlib.ExitStack() as stack:
        lock: RunLock | None = None
        if processes.is_main_process:
            machine = {"device": str(first.scorer.model.device), "processes": processes.num_processes}
            run, lock = begin(
                recipe,
                name,
                files,
                reader,
                machine=machine,
                notes=(*first.scorer.notes, *teacher_notes(recipe, tables)),
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
            tell(run.folder if starts_slowly(recipe) else plan_told(recipe, tables, run.folder, reader))
        still_ours = lock.check if lock else _unasked
        watching = stack.enter_context(live(recipe, run, chooses)) if lock else unwatched
        with _failure_recorded(run, still_ours):
            outcomes: dict[str, tuple[Tables, Outcome]] = {}
            for place, (special, each) in enumerate(trainings.items()):
                if special:
                    tell(MEMBER.format(name=special, number=place + 1, count=len(trainings)))
                main = processes.is_main_process
                fit_one = _Fitting(run, still_ours, special, main, tuple(callbacks), watching)
                ready = first if each is first.recipe else None
                outcomes[special] = _trained(each, ready, reader, scored, fit_one)
            if processes.is_main_process:
                still_ours()
                found = together(recipe, tables, outcomes) if recipe.trainings else outcomes[""][1]
                _record_results(run, tables, found, self_contained)
                still_ours()
                open_run(run.folder).finish()
                clear_leftovers(run.folder)
            processes.wait_for_everyone()
    run = open_run(run.folder)
    return run.told() if processes.is_main_process else run


def _trained(
    recipe: Recipe,
    ready: "_Ready | None",
    reader: PairReader,
    scored: PairTable | None,
    fit_one: "_Fitting",
) -> tuple[Tables, Outcome]:
    """The tables and the outcome of a training; one of several that was finished before is not repeated."""
    checkpoints = fit_one.run.checkpoints / fit_one.special
    if fit_one.special:
        with lost_processes_told():
            (kept,) = broadcast_object_list([is_kept(checkpoints)])
        if kept:
            tables = read_splits(recipe, reader)
            return tables, read_kept_outcome(recipe, tables, checkpoints)
    ready = ready or _Ready.of(recipe, reader, scored)
    outcome = ready.train(fit_one, checkpoints)
    if fit_one.special:
        # What is trained waits for the others where memory is plentiful.
        ready.scorer.model.to("cpu")  # type: ignore[arg-type] # the decorated method lost its type
        if fit_one.main_process:
            fit_one.before_saving()
            keep(outcome, checkpoints)
    return ready.tables, outcome


@dataclass(frozen=True)
class _Ready:
    """One training of a run, before it begins.

    Attributes:
        tables: what its model is judged on.
        learned: `tables`, but with the pairs that a teacher has scored in train.
    """

    recipe: Recipe
    tables: Tables
    learned: Tables
    binary: Mapping[Split, NDArray[np.int64] | None]
    scorer: PairScorer

    @classmethod
    def of(cls, recipe: Recipe, reader: PairReader, scored: PairTable | None) -> "_Ready":
        """`scored` are pairs with a teacher's scores. Errors as in `read_splits`, `binary_labels` and
        `new_scorer`.
        """
        tables = read_splits(recipe, reader)
        learned = {**tables, "train": learned_from(recipe, tables["train"], scored)}
        binary: dict[Split, NDArray[np.int64] | None] = {
            split: binary_labels(recipe, table) for split, table in learned.items() if split != "test"
        }
        return cls(recipe, tables, learned, binary, new_scorer(recipe, learned["train"]))

    def train(self, fit_one: "_Fitting", checkpoints: Path) -> Outcome:
        """The outcome of training in place."""
        encoded = {
            split: encode_pairs(self.scorer, table, self.binary.get(split))
            for split, table in self.learned.items()
        }
        with lost_processes_told():
            given = self.scorer, self.recipe, encoded["train"], encoded.get("dev"), checkpoints
            result = fit_ensemble(*given, fit_one) if self.recipe.members else fit_one("", *given)
        return outcome_of(fit_one.special, self.scorer, self.tables, encoded, result)


@dataclass(frozen=True)
class _Fitting:
    """The fit of a training's single model, or of a member of its ensemble, by name."""

    run: Run
    before_saving: Callable[[], None]
    special: str
    main_process: bool
    callbacks: tuple[TrainerCallback, ...]
    watching: Watching

    def __call__(
        self,
        name: str,
        scorer: PairScorer,
        recipe: Recipe,
        train: EncodedPairs,
        dev: EncodedPairs | None,
        checkpoints: Path,
    ) -> Fit:
        shown = "-".join(filter(None, (self.special, name)))
        in_log = ".".join(filter(None, (self.special, name)))
        with viewers(recipe, self.run.folder, shown, main_process=self.main_process) as viewing:
            callbacks = [*self.callbacks, *viewing, *self.watching(in_log)]
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


def _record_results(run: Run, tables: Tables, found: Outcome, self_contained: bool) -> None:
    """The model, predictions, metrics and report of what was trained."""
    _save_model(found.scorer, run.model)
    evaluations: dict[Split, Evaluation] = {}
    for split, predictions in found.predictions.items():
        table = tables[split]
        write_predictions(run.predictions(split), table, predictions)
        if table.label is None:
            write_submission(run.submission, table, predictions)
        else:
            evaluations[split] = evaluated_split(
                run, split, table, predictions, found.scorer.binary_threshold
            )
    for special, (dev, answered) in found.evaluations.items():
        write_evaluations(run.evaluations_of(special), dev, answered)
    run.write_history(found.history)
    run.write_metrics({split: evaluation.to_dict() for split, evaluation in evaluations.items()})
    # Over folds dev is train.
    apart = [table for split, table in tables.items() if not (run.record.out_of_fold and split == "dev")]
    warnings = (*run.record.warnings, *data_warnings(apart), *found.warnings)
    run = run.update(training=found.record, warnings=warnings)
    write_report(run, tables, found.predictions, evaluations, self_contained=self_contained)


def _save_model(scorer: PairScorer, folder: Path) -> None:
    """Whole or not at all: another process may load it while this one writes."""
    half_written = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(half_written, ignore_errors=True)
    with quiet_transformers():
        scorer.save(half_written)
    shutil.rmtree(folder, ignore_errors=True)
    half_written.rename(folder)
