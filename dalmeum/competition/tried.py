"""What was tried before: finished runs of an idea, here or by anybody of the team, and the verdict on it."""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from dalmeum.comparison.text import OUTCOMES
from dalmeum.competition.store import store_at_hand
from dalmeum.data.splits import PairReader
from dalmeum.errors import DalmeumError, InputError
from dalmeum.languages import Text
from dalmeum.pages import STUDY_PAGE
from dalmeum.progress import tell
from dalmeum.recipe import Recipe
from dalmeum.recipe.study import BASELINE, Study
from dalmeum.runs.folder import Run
from dalmeum.runs.identity import idea_hash, idea_hash_of
from dalmeum.runs.reuse import age, runs_in
from dalmeum.stats import Outcome

STUDIES = "studies"
"""The usual folder of studies, beside that of runs."""

TRIED = Text(
    "{what}: tried by {author}, {verdict}, see {see}",
    "{what}: {author}이(가) 이미 해 봄, {verdict}, {see} 참고",
)
VERDICT, NO_VERDICT = Text("verdict {word}", "결과: {word}"), Text("no verdict yet", "아직 판정 없음")
SOMEBODY = Text("somebody", "누군가")
NOT_ASKED = Text(
    "what the team has tried is not known: {reason}", "팀에서 이미 해 본 것인지 확인하지 못했습니다: {reason}"
)


@dataclass(frozen=True)
class Judged:
    """A study's word on an arm; None for its baseline."""

    study: str
    arm: str
    outcome: Outcome | None
    page: Path


@dataclass(frozen=True)
class Tried:
    """A finished run of an idea: by whom, the verdict's word, and where to read more."""

    author: str | None
    outcome: Outcome | None
    see: str

    def told(self, what: object) -> Text:
        word = NO_VERDICT if self.outcome is None else VERDICT.format(word=OUTCOMES[self.outcome])
        return TRIED.format(what=what, author=self.author or SOMEBODY, verdict=word, see=self.see)


def verdicts(studies: Path) -> dict[str, Judged]:
    """By run id, what the studies in a folder say of its arm: the newest that has a word on it.

    What is no study's JSON is passed over.
    """
    found: dict[str, Judged] = {}
    for file in sorted(studies.glob("*/study.json"), key=_written):
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            values = json.loads(file.read_bytes())
            first, *_ = values["splits"].values()
            judged = first["arms"]
            for arm, told in values["arms"].items():
                outcome = (judged[arm]["verdict"] or {}).get("outcome")
                word = outcome if outcome in get_args(Outcome) else None
                for run in told["runs"]:
                    if word is not None or run not in found:
                        found[run] = Judged(file.parent.name, arm, word, file.with_name(STUDY_PAGE))
    return found


def tried(ideas: Iterable[str], output: Path, own: tuple[str, Path] | None = None) -> dict[str, Tried]:
    """By `idea_hash`, what was tried of these: what has a verdict before what has none, the newest first.

    Runs under `output` and, where a store is set up, the team's. `own` is the name of a study that is to be
    conducted, and its folder: its own runs are no news. A store that can't be reached is told, and left out.
    """
    wanted, found = set(ideas), dict[str, Tried]()
    judged = verdicts(output.parent / STUDIES)
    for run in sorted(runs_in(output, {"finished"}), key=age):
        verdict = judged.get(run.id)
        if _is_own(run, verdict, own):
            continue
        with contextlib.suppress(InputError):
            if (idea := idea_hash(run)) in wanted:
                see = verdict.page if verdict else run.report if run.report.is_file() else run.folder
                outcome = verdict.outcome if verdict else None
                _note(found, idea, Tried(run.record.author, outcome, str(see)))
    if len(found) < len(wanted):
        for idea, each in _by_the_team(wanted - found.keys()):
            _note(found, idea, each)
    return found


def tell_tried_recipe(recipe: Recipe, reader: PairReader) -> None:
    """Tell where a finished run is of the same recipe and data, whatever its seed."""
    idea = idea_hash_of(recipe, reader)
    for each in tried([idea], Path(recipe.output)).values():
        tell(each.told(Text("this recipe", "이 레시피")))


def tell_tried_arms(recipes: Mapping[str, Recipe], study: Study, folder: Path, reader: PairReader) -> None:
    """Tell of each arm that was tried outside of the study, whose pages `folder` holds; `recipes` have one of
    each arm's runs.
    """
    arms = {arm: idea_hash_of(recipe, reader) for arm, recipe in recipes.items() if arm != BASELINE}
    found = tried(arms.values(), Path(study.baseline.output), (folder.name, folder))
    for arm, idea in arms.items():
        if idea in found:
            tell(found[idea].told(arm))


def _written(file: Path) -> float:
    with contextlib.suppress(OSError):  # it may just be gone
        return file.stat().st_mtime
    return 0.0


def _is_own(run: Run, verdict: Judged | None, own: tuple[str, Path] | None) -> bool:
    if own is None:
        return False
    name, folder = own
    if verdict is None:
        return run.record.parent_study == name
    return verdict.page.parent.resolve() == folder.resolve()


def _note(found: dict[str, Tried], idea: str, each: Tried) -> None:
    if idea not in found or each.outcome is not None or found[idea].outcome is None:
        found[idea] = each


def _by_the_team(ideas: Iterable[str]) -> Iterator[tuple[str, Tried]]:
    try:
        store = store_at_hand()
        if store is None:
            return
        with store:
            from dalmeum.competition.team_runs import team_runs

            for run in team_runs(store, ideas):
                outcome: Outcome | None = run.outcome if run.outcome in get_args(Outcome) else None  # type: ignore[assignment]
                see = run.run if run.mlflow_id is None else f"{run.run} (MLflow {run.mlflow_id})"
                yield run.idea, Tried(run.author, outcome, see)
    except DalmeumError as error:
        tell(NOT_ASKED.format(reason=error))
