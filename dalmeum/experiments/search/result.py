"""What a search came to, with how much of it was luck."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dalmeum.experiments.search.trials import Search, Trial
from dalmeum.experiments.study import Conducted
from dalmeum.pages.search import SearchResult, ShownTrial
from dalmeum.recipe.space import Range, setting
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.predictions import labelled, read_predictions
from dalmeum.stats import Estimate, luck_of_best, optimism_of_choice

if TYPE_CHECKING:
    import optuna

BEST = "best"
"""The arm that is judged against the recipe as it is."""

FEWEST_FOR_IMPORTANCE = 8
"""Complete trials: of fewer, the best tenth that PED-ANOVA looks at is one trial."""


def search_result(
    search: Search, study: "optuna.Study", trials: Sequence[Trial], best: Trial, conducted: Conducted | None
) -> SearchResult:
    scores = [run.metrics()["dev"]["pearson"]["value"] for run in conducted.runs[BEST]] if conducted else []
    luck: Estimate | None = None
    if best.score is not None and len(scores) > 1 and None not in scores:
        luck = luck_of_best(best.score, scores)
    optimism, candidates = _optimism(search, trials)
    shown_trials = {each.number: _shown_trial(each) for each in trials}
    return SearchResult(
        name=search.name,
        question=search.recipe.question,
        space={each.key: str(each) for each in search.space},
        scales={each.key: isinstance(each, Range) and each.log for each in search.space},
        default={each.key: setting(search.recipe, each.key) for each in search.space},
        trials=tuple(shown_trials.values()),
        best=shown_trials[best.number],
        importance=_importance(study, trials),
        findings=conducted.findings if conducted else None,
        scores=tuple(scores),
        luck=luck,
        optimism=optimism,
        candidates=candidates,
    )


def _shown_trial(trial: Trial) -> ShownTrial:
    return ShownTrial(
        trial.number, trial.state, trial.score, trial.settings, trial.run, trial.seconds, trial.error
    )


def _optimism(search: Search, trials: Sequence[Trial]) -> tuple[float | None, int]:
    """What picking the best of the complete trials adds to its dev score, and how many were looked at: those
    whose predictions are on this machine.
    """
    rows = []
    labels = None
    for trial in trials:
        run = run_of(search, trial) if trial.state == "complete" else None
        if run is not None:
            pairs, row = labelled(read_predictions(run.predictions("dev")))
            labels = pairs.labels if labels is None else labels
            rows.append(row)
    if labels is None or len(rows) < 2:
        return None, len(rows)
    try:
        return optimism_of_choice(labels, np.stack(rows)).optimism, len(rows)
    except ValueError:
        return None, len(rows)


def run_of(search: Search, trial: Trial) -> Run | None:
    """A trial's run; None where it has none, or another machine has it."""
    if trial.run is None or not (search.output / trial.run / "run.json").is_file():
        return None
    return open_run(search.output / trial.run)


def _importance(study: "optuna.Study", trials: Sequence[Trial]) -> Mapping[str, float]:
    import optuna

    scores = [each.score for each in trials if each.state == "complete"]
    if len(scores) < FEWEST_FOR_IMPORTANCE or len(set(scores)) < 2:
        return {}
    return optuna.importance.get_param_importances(study)
