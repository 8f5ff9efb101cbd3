"""Runs brought to MLflow: with the verdicts of studies here, and each once for the team."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalmeum.competition.store import store_at_hand
from dalmeum.competition.tried import STUDIES, Judged, verdicts
from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.mirror.client import LONG, Mlflow
from dalmeum.experiments.mirror.importer import Chooses, Result, bring, find, smallest
from dalmeum.experiments.mirror.place import Place, is_wanted, place_at_hand
from dalmeum.experiments.mirror.problems import MlflowError
from dalmeum.experiments.mirror.shown import Shown, Verdict
from dalmeum.languages import Text
from dalmeum.progress import tell
from dalmeum.recipe import Recipe
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.reuse import age, runs_in

if TYPE_CHECKING:
    from dalmeum.competition.store.database import Store

NO_STORE = Text(
    "the team's store can't be asked, runs are told apart by MLflow alone: {reason}",
    "팀 저장소에 물을 수 없어 MLflow에 있는 것만으로 같은 실행을 가립니다: {reason}",
)
VERDICTS_LATER = Text(
    "the verdicts are not in MLflow yet, dalmeum push brings them later: {reason}",
    "판정을 아직 MLflow에 올리지 못했습니다. 나중에 dalmeum push로 올리세요: {reason}",
)
LEFT_OUT = Text("{run}: left out: {reason}", "{run}: 제외: {reason}")


@dataclass(frozen=True)
class Pushed:
    """What became of runs at a place: the ids that they have in MLflow, by their own.

    `still_running` are trained now, and not in MLflow yet; `damaged` can't be read.
    """

    place: Place
    new: dict[str, str] = field(default_factory=dict)
    updated: dict[str, str] = field(default_factory=dict)
    unchanged: dict[str, str] = field(default_factory=dict)
    still_running: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def note(self, run: Run, result: Result, identifier: str) -> None:
        {"new": self.new, "updated": self.updated, "unchanged": self.unchanged}[result][run.id] = identifier

    def to_dict(self) -> dict[str, Any]:
        return {
            "place": str(self.place),
            "experiment": self.place.experiment,
            "new": self.new,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "still_running": self.still_running,
            "damaged": self.damaged,
        }


def push(runs: Sequence[str], output: Path) -> Pushed:
    """Bring runs to MLflow, by id or folder; without any, all under `output`.

    Runs that are being trained are brought only where MLflow has them already, as lost, say. Of all runs
    those whose folder is damaged are told, and left out.

    Raises `InputError` for a run that there is not, or is named and damaged; `MlflowError` where MLflow can't
    be used: what was brought before stays, and the next call goes on.
    """
    place = place_at_hand()
    if not runs and not output.is_dir():
        raise InputError(f"{output}: no such folder of runs: train one, or name another with --output")
    named = [open_run(run, output) for run in runs]
    found = named or sorted(runs_in(output), key=age)
    mlflow, pushed = Mlflow.open(place), Pushed(place)
    judged = {folder: verdicts(folder) for folder in {run.folder.parent.parent / STUDIES for run in found}}
    with _chosen_by_team() as chooses:
        for run in found:
            try:
                verdict = judged[run.folder.parent.parent / STUDIES].get(run.id)
                _push(mlflow, _shown(run, verdict), chooses, pushed)
            except InputError as error:
                if named or isinstance(error, MlflowError):
                    raise
                tell(LEFT_OUT.format(run=run.id, reason=error))
                pushed.damaged.append(run.id)
    return pushed


def _push(mlflow: Mlflow, shown: Shown, chooses: Chooses, pushed: Pushed) -> None:
    if shown.state == "running":
        with mlflow.working(LONG) as client:
            if not find(mlflow.experiment, client, shown.content):
                pushed.still_running.append(shown.run.id)
                return
    pushed.note(shown.run, *bring(mlflow, shown, LONG, chooses))


def show_verdicts(recipe: Recipe, runs: Sequence[Run], studies: Path) -> None:
    """Where a study's recipe reports to MLflow: show what the studies in a folder say of its runs.

    What goes wrong there is told.
    """
    if not is_wanted(recipe):
        return
    try:
        mlflow, judged = Mlflow.open(place_at_hand()), verdicts(studies)
        with _chosen_by_team() as chooses:
            for run in runs:
                bring(mlflow, _shown(run, judged.get(run.id)), LONG, chooses)
    except DalmeumError as error:
        tell(VERDICTS_LATER.format(reason=error))


def team_chooses(shown: Shown, found: Sequence[str]) -> str:
    """Of several MLflow runs of one content that which the team's store names, where there is a store."""
    with _chosen_by_team() as chooses:
        return chooses(shown, found)


@contextlib.contextmanager
def _chosen_by_team() -> Iterator[Chooses]:
    with contextlib.ExitStack() as stack:
        chooses: Chooses = smallest
        try:
            store = store_at_hand()
            if store is not None:
                stack.enter_context(store)
                chooses = _chosen_by(store)
        except DalmeumError as error:
            tell(NO_STORE.format(reason=error))
        yield chooses


def _chosen_by(store: "Store") -> Chooses:
    """A finished run gets a row there, whose MLflow id is that of whoever came first."""
    from dalmeum.competition.team_runs import TeamRun, register, team_runs

    def chooses(shown: Shown, found: Sequence[str]) -> str:
        if shown.state != "finished":
            of_idea = team_runs(store, [shown.idea])
            known = {row.mlflow_id for row in of_idea if row.content == shown.content}
            return min([each for each in found if each in known] or found)
        record, outcome = shown.run.record, shown.verdict.outcome if shown.verdict else None
        row = TeamRun(shown.content, shown.idea, record.id, record.author, outcome, min(found))
        stays = register(store, row).mlflow_id
        if stays not in found:
            stays = register(store, row, gone=stays).mlflow_id
        return stays or min(found)

    return chooses


def _shown(run: Run, judged: Judged | None) -> Shown:
    verdict = Verdict(f"{judged.study}: {judged.arm}", judged.outcome) if judged else None
    return Shown.of(run, verdict)
