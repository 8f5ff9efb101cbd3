"""Scores of predictions: overall, by slice, and the residuals behind them. Nothing here writes a file."""

from dalmeum.evaluation.diagnosis import Diagnosis, diagnose
from dalmeum.evaluation.residuals import ResidualSpread, WorstPair, residual_spread, worst_pairs
from dalmeum.evaluation.score import Evaluation, Metrics, Slice, evaluate_predictions
from dalmeum.evaluation.slices import label_bins, sources

__all__ = [
    "Diagnosis",
    "Evaluation",
    "Metrics",
    "ResidualSpread",
    "Slice",
    "WorstPair",
    "diagnose",
    "evaluate_predictions",
    "label_bins",
    "residual_spread",
    "sources",
    "worst_pairs",
]
