"""A comparison of runs as tables for a terminal."""

from collections.abc import Mapping

from dalmeum.experiments.compare.result import Comparison
from dalmeum.experiments.study.lines import choice_line, judgement_lines, table
from dalmeum.stats import CorrelationComparison

MODELS_NOTE = (
    "note: not every recipe has runs of two seeds, so the verdict is on these trained models alone: "
    "another seed may turn it; train each recipe with more seeds to judge the recipes"
)
SEEDS_NOTE = (
    "note: the arms do not have the same seeds, so their runs are not paired; "
    "with the same seeds the intervals are usually narrower"
)


def comparison_lines(comparison: Comparison) -> list[str]:
    """The study's table, the tests beside the bootstrap where there are some, each arm's runs, and a note."""
    lines = judgement_lines(comparison.judgement, comparison.gaps, comparison.convergence)
    if comparison.tests:
        lines += ["", *_test_lines(comparison.tests)]
    if comparison.choice is not None:
        lines += ["", choice_line(comparison.choice)]
    runs = [[name, ", ".join(run.id for run in arm.runs)] for name, arm in comparison.arms.items()]
    lines += ["", *table([["arm", "runs"], *runs])]
    if comparison.compared == "models":
        lines += ["", MODELS_NOTE]
    elif not comparison.same_seeds:
        lines += ["", SEEDS_NOTE]
    return lines


def _test_lines(tests: Mapping[str, CorrelationComparison]) -> list[str]:
    """The other tests beside the bootstrap; p-values are not adjusted for the number of arms here."""
    rows = [["arm", "bootstrap p", "Williams' t", "p", "Steiger's z", "p", "Zou's 95 % interval"]]
    for name, test in tests.items():
        rows.append(
            [
                name,
                _p_value(test.p_value),
                f"{test.williams.statistic:+.2f}",
                _p_value(test.williams.p_value),
                f"{test.steiger.statistic:+.2f}",
                _p_value(test.steiger.p_value),
                f"{test.zou.low:+.4f} to {test.zou.high:+.4f}",
            ]
        )
    return ["tests of the same differences, each p-value for itself", *table(rows)]


def _p_value(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"
