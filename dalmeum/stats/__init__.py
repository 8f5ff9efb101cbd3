"""Scores and their intervals, on NumPy alone."""

from dalmeum.stats.intervals import Estimate, bca, bca_each, fisher
from dalmeum.stats.metrics import f1, mae, pearson, rmse, spearman

__all__ = ["Estimate", "bca", "bca_each", "f1", "fisher", "mae", "pearson", "rmse", "spearman"]
