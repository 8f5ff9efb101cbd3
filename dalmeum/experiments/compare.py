"""Runs that exist, compared on the same pairs: recipes where each has seeds, else the trained models."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dalmeum.comparison import Arms, Findings, check_metric, compare_arms
from dalmeum.comparison.findings import check_effect
from dalmeum.data import PairTable
from dalmeum.data.splits import Split, read_splits
from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.arms import (
    RunGroup,
    groups_of,
    named_groups,
    open_runs,
    read_arms,
    single_runs,
    training_sets_of,
)
from dalmeum.experiments.elsewhere import score_elsewhere
from dalmeum.experiments.findings import check_pages, with_warnings, write_findings_about
from dalmeum.languages import Text, composed
from dalmeum.runs.folder import Run
from dalmeum.runs.scoring import Pairs, folder_of

PAGE = "compare.html"

SPLITS: tuple[Split, ...] = ("dev", "test")


def compared(
    arms: object,
    *,
    split: Split | None = None,
    data: Pairs | None = None,
    metric: str = "pearson",
    smallest_effect: float = 0.005,
    folder: str | Path | None = None,
    self_contained: bool = False,
    output: str | Path = "runs",
    **scoring: Any,
) -> tuple[Findings, tuple[Text, ...]]:
    """What was found, and what to warn of in `data`; arguments and errors are those of `dalmeum.compare`."""
    if isinstance(arms, str | Path) or not isinstance(arms, Arms | Sequence | Mapping):
        raise InputError(f"{arms!s:.80}: compare takes Arms, or a list of runs, or runs by the arm's name")
    _check_pairs(arms, split, data, scoring)
    page = None if folder is None else Path(folder) / PAGE
    told: tuple[Text, ...] = ()
    how: dict[str, Any] = {"metric": metric, "smallest_effect": smallest_effect}
    if isinstance(arms, Arms):
        findings, runs, source = compare_arms(arms, **how), [], ""
    else:
        named = _named_runs(arms)
        runs = open_runs([str(folder_of(run)) for _, run in named], Path(output))
        if page is not None:
            read = [source for run in runs for source in run.recipe().data.sources]
            check_pages(page, [*read, *([data] if isinstance(data, str | Path) else [])])
        names = [name for name, _ in named] if isinstance(arms, Mapping) else None
        if data is None:
            findings = compare_runs(runs, split=split or "dev", names=names, **how)
        else:
            check_metric(metric)  # before minutes of scoring
            check_effect(smallest_effect)
            scored, told = score_elsewhere(
                compared_groups(runs, names), data, output, metric=metric, **scoring
            )
            findings = compare_arms(scored, **how)
        findings, source = with_warnings(findings, runs, told), runs[0].recipe().to_yaml()
    if page is not None:
        write_findings_about(page, findings, runs, source, self_contained=self_contained)
    return findings, told


def _check_pairs(arms: object, split: Split | None, data: Pairs | None, scoring: Mapping[str, Any]) -> None:
    """`InputError` for two answers to which pairs, and for how to score them where there are none to."""
    reading = {key for key, value in scoring.items() if value is not None} - {"precision", "trust_code"}
    if data is None and reading:
        raise InputError(f"{', '.join(sorted(reading))}: says how data is read: give data, too")
    if data is not None and isinstance(arms, Arms):
        raise InputError("data: is for runs, whose models score it; Arms have their labels and predictions")
    if data is not None and split is not None:
        raise InputError(f"split {split} and data: are two sets of pairs to judge on: leave one out")


def compare_runs(
    runs: Sequence[Run],
    *,
    split: Split = "dev",
    metric: str = "pearson",
    smallest_effect: float = 0.005,
    names: Sequence[str] | None = None,
) -> Findings:
    """Judge finished runs on a labelled split, the first one's recipe being the baseline.

    Raises `InputError` as `compared_groups` does, and where runs were not scored on the same pairs, or the
    labels do not vary.
    """
    groups = compared_groups(runs, names)
    _check_split(runs, split)
    sets, tables = training_sets_of(groups), _sentences(groups[0].runs[0])
    how: dict[str, Any] = {"paired": sets is not None, "training_sets": sets}
    arms = read_arms(groups, [split], baseline=groups[0].name, tables=tables, **how)
    return compare_arms(arms, metric=metric, smallest_effect=smallest_effect)


def compared_groups(runs: Sequence[Run], names: Sequence[str] | None = None) -> list[RunGroup]:
    """The arms: by `names`, one a run; without, recipes where each has two seeds or more, else single runs.

    Raises `InputError` where all runs are of one recipe, or those of one name are not.
    """
    if names is not None:
        return named_groups(runs, names)
    groups = groups_of(runs)
    return groups if min(len(group.runs) for group in groups) > 1 else single_runs(runs)


def _named_runs(arms: "Sequence[Any] | Mapping[str, Any]") -> list[tuple[str, Any]]:
    """Runs, each with its arm's name, which is empty where arms have none."""
    if not isinstance(arms, Mapping):
        return [("", run) for run in arms]
    named = [
        (arm, run)
        for arm, runs in arms.items()
        for run in (runs if isinstance(runs, list | tuple) else [runs])
    ]
    for arm, run in named:
        if not isinstance(arm, str) or not arm.strip() or not arm.isprintable():
            raise InputError(f"arm {arm!r:.80}: give it a name that prints")
        if hasattr(run, "__array__") or isinstance(run, float | int):
            raise InputError(
                "predictions are compared as Arms(labels, predictions), which says what is right"
            )
    return [(composed(arm), run) for arm, run in named]


def _sentences(run: Run) -> Mapping[str, PairTable | None]:
    """By split; nothing where a file is not there any more."""
    try:
        return dict(read_splits(run.recipe()).items())
    except DalmeumError:
        return {}


def _check_split(runs: Sequence[Run], split: str) -> None:
    """`InputError` for a run that was not scored on the split, naming the split that all were."""
    lacking = next((run for run in runs if not run.predictions(split).is_file()), None)
    if lacking is None:
        return
    shared = [
        other for other in SPLITS if other != split and all(run.predictions(other).is_file() for run in runs)
    ]
    mend = f"all runs have {shared[0]}: --split {shared[0]}" if shared else "train it again with it"
    raise InputError(f"{lacking.predictions(split)}: is missing: the run has no such split; {mend}")
