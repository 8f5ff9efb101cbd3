"""Scores, their intervals and what may be concluded from them, on NumPy and SciPy alone."""

from dalmeum.stats.correlations import (
    CorrelationComparison,
    SignificanceTest,
    compare_correlations,
    steiger,
    williams,
    zou,
)
from dalmeum.stats.intervals import Estimate, bca, bca_each, fisher
from dalmeum.stats.metrics import f1, mae, pearson, rmse, spearman
from dalmeum.stats.paired import PairedDifference, paired_difference
from dalmeum.stats.seeds import SeedDifference, SeedMean, mean_over_seeds, seed_by_pair
from dalmeum.stats.steps import steps_to_reach
from dalmeum.stats.student import t_interval
from dalmeum.stats.verdicts import Outcome, Verdict, holm, verdict

__all__ = [
    "CorrelationComparison",
    "Estimate",
    "Outcome",
    "PairedDifference",
    "SeedDifference",
    "SeedMean",
    "SignificanceTest",
    "Verdict",
    "bca",
    "bca_each",
    "compare_correlations",
    "f1",
    "fisher",
    "holm",
    "mae",
    "mean_over_seeds",
    "paired_difference",
    "pearson",
    "rmse",
    "seed_by_pair",
    "spearman",
    "steiger",
    "steps_to_reach",
    "t_interval",
    "verdict",
    "williams",
    "zou",
]
