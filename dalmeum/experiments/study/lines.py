"""A judgement as a table for a terminal."""

from dalmeum.experiments.study.judge import ArmResult, Judgement


def judgement_lines(judgement: Judgement) -> list[str]:
    """One line an arm: score and difference with their 95 % intervals, and the verdict."""
    width = max(8, *(len(arm.name) for arm in judgement.arms))
    seeds = len(judgement.arms[0].runs)
    lines = [
        f"{judgement.metric} on {judgement.split}: {judgement.pairs:,} pairs, {seeds} seeds; "
        f"smallest effect that matters {judgement.smallest_effect:g}",
        f"{'arm':<{width}}  score   95 % interval     difference  95 % interval        verdict",
    ]
    return lines + [_line(arm, width) for arm in judgement.arms]


def _line(arm: ArmResult, width: int) -> str:
    score = f"{arm.name:<{width}}  {arm.score.value:.4f}  {arm.score.low:.4f} to {arm.score.high:.4f}"
    if arm.difference is None or arm.verdict is None:
        return score
    difference = arm.difference
    interval = f"{difference.low:+.4f} to {difference.high:+.4f}"
    return f"{score}  {difference.difference:+.4f}     {interval}  {arm.verdict.outcome}{_mend(arm)}"


def _mend(arm: ArmResult) -> str:
    """What it would take to decide."""
    verdict = arm.verdict
    if verdict is None or verdict.outcome != "undecided":
        return ""
    ways = []
    if verdict.seeds_to_decide is not None:
        ways.append(f"{verdict.seeds_to_decide:,} seeds")
    if verdict.pairs_to_decide is not None:
        ways.append(f"{verdict.pairs_to_decide:,} pairs")
    return f" ({' or '.join(ways)} would decide)" if ways else " (neither seeds nor pairs alone would decide)"
