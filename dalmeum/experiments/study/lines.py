"""A study's result as tables for a terminal."""

import math
from collections.abc import Mapping, Sequence

from dalmeum.experiments.study.choice import Choice
from dalmeum.experiments.study.convergence import SHARES, Convergence
from dalmeum.experiments.study.gaps import ArmGap
from dalmeum.experiments.study.judge import ArmResult, Judgement
from dalmeum.experiments.study.result import StudyResult
from dalmeum.stats import Verdict


def result_lines(result: StudyResult) -> list[str]:
    """The question, a table for each split, and what picking the best arm on dev is worth."""
    lines = [result.study.question]
    for judgement in result.judgements:
        lines += ["", *judgement_lines(judgement, result.gaps[judgement.split], result.convergence)]
    if result.choice is not None:
        lines += ["", choice_line(result.choice)]
    return lines


def choice_line(choice: Choice) -> str:
    """What the best arm's dev score is worth on new pairs."""
    optimism = choice.optimism
    return (
        f"best on dev by the mean prediction of its seeds: {choice.best} with {optimism.score:.4f}; having "
        f"been picked there flatters it by {optimism.optimism:.4f}: "
        f"expect {optimism.corrected:.4f} on new pairs"
    )


def judgement_lines(
    judgement: Judgement,
    gaps: Mapping[str, ArmGap | None] | None = None,
    convergence: Convergence | None = None,
) -> list[str]:
    """One line an arm: score and difference with their 95 % intervals, and the verdict.

    Between them, where known: train less judged score, and the steps to shares of the baseline's best on dev.
    """
    shown_gaps = gaps if gaps is not None and any(gaps.values()) else None
    head = ["arm", "score", "95 % interval", "difference", "95 % interval"]
    head += ["train - " + judgement.split] if shown_gaps is not None else []
    head += [f"steps to {share:.0%}" for share in SHARES] if convergence is not None else []
    rows = [[*head, "verdict"]]
    for arm in judgement.arms:
        score = arm.score
        cells = [arm.name, _number(score.value, ".4f"), _interval(score.low, score.high, ".4f")]
        cells += _difference(arm)
        cells += [_gap(shown_gaps[arm.name])] if shown_gaps is not None else []
        cells += _steps(convergence, arm) if convergence is not None else []
        rows.append([*cells, _verdict(arm)])
    return [
        f"{judgement.metric} on {judgement.split}: {judgement.pairs:,} pairs, {_seeds(judgement)}; "
        f"smallest effect that matters {judgement.smallest_effect:g}",
        *table(rows),
    ]


def _seeds(judgement: Judgement) -> str:
    counts = sorted({arm.seeds for arm in judgement.arms})
    if counts == [1]:
        return "one run each"
    return f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"


def _ways_to_decide(verdict: Verdict) -> list[str]:
    """What would decide an undecided arm; empty where neither more seeds nor more pairs alone would."""
    ways = []
    if verdict.seeds_to_decide is not None:
        ways.append(f"{verdict.seeds_to_decide:,} seeds")
    if verdict.pairs_to_decide is not None:
        ways.append(f"{verdict.pairs_to_decide:,} pairs")
    return ways


def _difference(arm: ArmResult) -> list[str]:
    difference = arm.difference
    if difference is None:
        return ["", ""]
    return [
        _number(difference.difference, "+.4f"),
        _interval(difference.low, difference.high, "+.4f"),
    ]


def _gap(gap: ArmGap | None) -> str:
    return "-" if gap is None else _number(gap.gap.difference, "+.4f")


def _steps(convergence: Convergence, arm: ArmResult) -> list[str]:
    cells = []
    for each in convergence.arms[arm.name] or ():
        mean, difference = each.steps.value, each.difference
        if not math.isfinite(mean):
            cells.append(f"{each.reached} of {each.seeds} seeds")
        elif difference is None or not math.isfinite(difference.value):
            cells.append(f"{mean:,.0f}")
        else:
            cells.append(f"{mean:,.0f} ({difference.value:+,.0f})")
    return cells or ["-"] * len(SHARES)


def _verdict(arm: ArmResult) -> str:
    if arm.verdict is None:
        return ""
    if arm.verdict.outcome != "undecided":
        return arm.verdict.outcome
    ways = _ways_to_decide(arm.verdict)
    if ways:
        return f"undecided ({' or '.join(ways)} would decide)"
    alone = "pairs alone would not" if arm.is_one_model else "neither seeds nor pairs alone would"
    return f"undecided ({alone} decide)"


def _number(value: float, form: str) -> str:
    return format(value, form) if math.isfinite(value) else "-"


def _interval(low: float, high: float, form: str) -> str:
    return f"{low:{form}} to {high:{form}}" if math.isfinite(low) else "-"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines in which the cells of a column stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
