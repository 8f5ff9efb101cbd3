"""The studies of docs/questions.md judged anew by what `dalmeum.stats` does today, from what was kept.

Kept are means, intervals and p-values; the runs, the scores by seed and the predictions are not. Of each
difference this finds again what its interval was made of:

- its standard error and degrees of freedom, from the interval together with the smallest detectable effect
  (`effect`), or with the p-value where Holm's steps can be undone (`p_value`). Where neither was kept, all of
  the error counts as the seeds' (`assumed`): no smaller standard error could have made that interval, so its
  p-value is a lower bound, and the arm is `undecided` whatever it is;
- the variance over seeds, from Satterthwaite's degrees of freedom, the pairs' variance being the rest.

Those intervals took the i-th seed of two arms for one draw. The variance of the differences by seed has the
expectation of the two arms' variances together where seeds are independent, so it serves for both. It is
pooled over the arms, and an arm whose own is larger keeps its own: stricter than `dalmeum.stats.spread`,
which leaves the pool only for arms that are clearly noisier, since of arms that share nearly all with the
baseline (a second task of a small weight) the differences hardly vary, and would lend the others their
certainty. Verdicts are `dalmeum.stats.verdicts`, Holm's over the arms of one table.

Recipes were run with a few seeds whose scores were kept without the predictions: the pairs' error of their
means is at most that of the like arm of a study on the same pairs.

    python benchmarks/judge_questions.py --out benchmarks/results/questions-judged-2026-11-27.json
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, variance
from typing import Any

from scipy.optimize import brentq

from dalmeum.stats import Difference, smallest_detectable_effect, student, verdicts

RESULTS = Path(__file__).parent / "results"
KEPT = ("questions-2026-11-24.json", "scope-2026-11-24.json")
MOST_FREEDOM = 1e6
HALF_A_DIGIT = 5e-7
"""What rounding took from the numbers of the first file."""


@dataclass(frozen=True)
class Kept:
    """A difference as it was kept, with the parts of its error.

    Attributes:
        seed_variance: of one seed's difference.
        pair_variance: of the mean difference.
        recovered: what told the degrees of freedom: `effect`, `p_value`, `seeds` (an interval over seeds
            alone) or `assumed`.
    """

    value: float
    seed_variance: float
    pair_variance: float
    recovered: str


def parts(value: float, half_width: float, freedom: float, seeds: int, recovered: str) -> Kept:
    """Satterthwaite undone, the pairs' own degrees of freedom taken for infinite."""
    square = (half_width / student.half_width(1.0, freedom)) ** 2
    share = min(math.sqrt((seeds - 1) / freedom), 1.0)
    return Kept(value, square * share * seeds, square * (1 - share), recovered)


def freedom_by_effect(half_width: float, effect: float, seeds: int) -> float:
    """Degrees of freedom at which the interval and the smallest detectable effect have one standard error."""

    def excess(freedom: float) -> float:
        error = half_width / student.half_width(1.0, freedom)
        return smallest_detectable_effect(error, freedom) - effect

    return _root(excess, seeds)


def freedom_by_p_value(value: float, half_width: float, p_value: float, seeds: int) -> float:
    """Degrees of freedom at which the interval and the p-value have one standard error."""

    def excess(freedom: float) -> float:
        return student.p_value(value, half_width / student.half_width(1.0, freedom), freedom) - p_value

    return _root(excess, seeds)


def _root(excess: Callable[[float], float], seeds: int) -> float:
    """Where the function is 0, not below the seeds' degrees of freedom; rounding may leave it outside."""
    low, high = excess(seeds - 1.0), excess(MOST_FREEDOM)
    if low * high < 0:
        logarithm = brentq(lambda log: excess(math.exp(log)), math.log(seeds - 1), math.log(MOST_FREEDOM))
        return math.exp(logarithm)
    return seeds - 1.0 if abs(low) < abs(high) else MOST_FREEDOM


def raw_p_values(adjusted: Mapping[str, float]) -> dict[str, float]:
    """p-values before Holm, of the arms with one of their own; which of equal ones led is not known."""
    counts = Counter(adjusted.values())
    ranked = sorted(adjusted.items(), key=lambda each: each[1])
    return {
        name: max(p_value, HALF_A_DIGIT) / (len(ranked) - rank)
        for rank, (name, p_value) in enumerate(ranked)
        if counts[p_value] == 1 and p_value < 1
    }


def judged(
    arms: Mapping[str, Kept], seeds: int, smallest_effect: float, *, without: int = 0
) -> dict[str, Any]:
    """Each arm's difference with its interval, both p-values by Holm, and its verdict.

    `without` a difference are so many arms more (not all seeds reached the target); Holm counts them, too.
    """
    pool, together = pooled([arm.seed_variance for arm in arms.values()], seeds)
    found: dict[str, Difference] = {}
    for name, arm in arms.items():
        spread, freedom = max((arm.seed_variance, seeds - 1.0), (pool, together))
        sources = [(spread / seeds, freedom), (arm.pair_variance, MOST_FREEDOM)]
        found[name] = student.difference(arm.value, *student.satterthwaite(sources))
    missing = [student.difference(math.nan, math.nan, math.nan)] * without
    told = verdicts([*found.values(), *missing], smallest_effect)
    return {
        name: {
            **_rounded(difference.interval.to_dict()),
            "p_value": _significant(verdict.p_value),
            "equivalence_p_value": _significant(verdict.equivalence_p_value),
            "verdict": "undecided" if arms[name].recovered == "assumed" else verdict.outcome,
            "recovered": arms[name].recovered,
        }
        for (name, difference), verdict in zip(found.items(), told, strict=False)
    }


def pooled(variances: Sequence[float], seeds: int) -> tuple[float, float]:
    """Mean variance of differences to one baseline, and Box's (1954) degrees of freedom of it.

    As in `dalmeum.stats.paired_spreads`, with a correlation of 1/2 between any two in place of the observed.
    """
    total, squares = sum(variances), sum(variance**2 for variance in variances)
    return total / len(variances), (seeds - 1) * total**2 / (0.75 * squares + 0.25 * total**2)


def _rounded(interval: Mapping[str, float | None]) -> dict[str, float]:
    return {key: round(number, 6) for key, number in interval.items() if number is not None}


def _significant(p_value: float) -> float:
    return float(f"{p_value:.4g}")


def _half_width(interval: Mapping[str, float]) -> float:
    return (interval["high"] - interval["low"]) / 2


def of_judgement(judgement: Mapping[str, Any]) -> dict[str, Any]:
    """A judgement of scores on one split."""
    arms = judgement["arms"]
    runs = [arm["runs"] if isinstance(arm["runs"], int) else len(arm["runs"]) for arm in arms.values()]
    (seeds,) = set(runs)
    told = {name: arm for name, arm in arms.items() if arm["difference"]}
    p_values = raw_p_values({name: arm["verdict"]["p_value"] for name, arm in told.items()})
    kept = {}
    for name, arm in told.items():
        change, half_width = arm["difference"]["value"], _half_width(arm["difference"])
        freedom, how = seeds - 1.0, "assumed"
        if effect := arm["verdict"].get("detectable_effect"):
            freedom, how = freedom_by_effect(half_width, effect, seeds), "effect"
        elif name in p_values:
            freedom, how = freedom_by_p_value(change, half_width, p_values[name], seeds), "p_value"
        kept[name] = parts(change, half_width, freedom, seeds, how)
    return {
        "pairs": judgement["pairs"],
        "seeds": seeds,
        "smallest_effect": judgement["smallest_effect"],
        "scores": {name: _rounded(arm["score"]) for name, arm in arms.items()},
        "arms": judged(kept, seeds, judgement["smallest_effect"]),
    }


def of_gaps(gaps: Mapping[str, Any], seeds: int) -> dict[str, Any]:
    """Gaps between training pairs and judged ones, less the baseline's; their p-values were kept raw."""
    kept = {}
    for name, arm in gaps.items():
        if arm and (change := arm["difference"]):
            half_width = _half_width(change)
            p_value = max(change["p_value"], HALF_A_DIGIT)
            freedom = freedom_by_p_value(change["value"], half_width, p_value, seeds)
            kept[name] = parts(change["value"], half_width, freedom, seeds, "p_value")
    return _larger_or_smaller(judged(kept, seeds, 0.0))


def of_steps(convergence: Mapping[str, Any], seeds: int) -> dict[str, Any]:
    """Steps to 95 % of the baseline's best dev score, less the baseline's: intervals over seeds alone."""
    kept = {}
    for name, (nearest, *_) in convergence["arms"].items():
        if (change := nearest["difference"]) and change["value"] is not None:
            freedom = seeds - 1.0
            kept[name] = parts(change["value"], _half_width(change), freedom, seeds, "seeds")
    without = len(convergence["arms"]) - 1 - len(kept)
    return _larger_or_smaller(judged(kept, seeds, 0.0, without=without))


def _larger_or_smaller(arms: dict[str, Any]) -> dict[str, Any]:
    """Neither a gap nor a number of steps is better or worse, and no size of theirs is one that matters."""
    words = {"better": "larger", "worse": "smaller"}
    for arm in arms.values():
        del arm["equivalence_p_value"]
        arm["verdict"] = words.get(arm["verdict"], arm["verdict"])
    return arms


def studies() -> dict[str, Any]:
    found = {}
    for file in KEPT:
        for name, study in json.loads((RESULTS / file).read_text(encoding="utf-8"))["studies"].items():
            told = {each["split"]: of_judgement(each) for each in study["judgements"]}
            seeds = told["test"]["seeds"]
            found[name] = {"baseline": study["against"], **told}
            if any(study["gaps"]["test"].values()):
                found[name]["gaps"] = of_gaps(study["gaps"]["test"], seeds)
            if study["convergence"]:
                found[name]["steps"] = of_steps(study["convergence"], seeds)
    return found


def recipes(judged_studies: Mapping[str, Any]) -> dict[str, Any]:
    """Means of the recipes' seeds, with an interval for new seeds and new pairs."""
    found = {}
    told = json.loads((RESULTS / "recipes-2026-11-24.json").read_text(encoding="utf-8"))["recipes"]
    for name, recipe in told.items():
        if "study" not in recipe:
            continue
        scores, (study, arm) = recipe["scores"], recipe["study"]
        pair_error = _half_width(judged_studies[study]["test"]["scores"][arm]) / student.half_width(
            1.0, math.inf
        )
        sources = [(variance(scores) / len(scores), len(scores) - 1.0), (pair_error**2, MOST_FREEDOM)]
        interval = student.difference(mean(scores), *student.satterthwaite(sources)).interval
        found[name] = {**_rounded(interval.to_dict()), "seeds": len(scores)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    from record import circumstances

    found = studies()
    circumstance = circumstances(("numpy", "scipy"), {"kept": list(KEPT)})
    result = {**circumstance, "studies": found, "recipes": recipes(found)}
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
