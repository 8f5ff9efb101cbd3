"""Scores, their intervals and what may be concluded from them, on NumPy and SciPy alone."""

from dalmeum.stats.intervals import Estimate, bca, bca_each, fisher
from dalmeum.stats.metrics import f1, mae, pearson, rmse, spearman
from dalmeum.stats.seeds import SeedDifference, SeedMean, mean_over_seeds, seed_by_pair
from dalmeum.stats.steps import steps_to_reach
from dalmeum.stats.student import t_interval
from dalmeum.stats.verdicts import Outcome, Verdict, holm, verdict

__all__ = [
    "Estimate",
    "Outcome",
    "SeedDifference",
    "SeedMean",
    "Verdict",
    "bca",
    "bca_each",
    "f1",
    "fisher",
    "holm",
    "mae",
    "mean_over_seeds",
    "pearson",
    "rmse",
    "seed_by_pair",
    "spearman",
    "steps_to_reach",
    "t_interval",
    "verdict",
]
