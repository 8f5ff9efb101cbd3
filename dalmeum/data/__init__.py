"""Pairs of sentences: table, predictions, readers, checks, perturbations and the built-in practice set."""

from dalmeum.data.predictions import Predictions
from dalmeum.data.readers import read_pairs
from dalmeum.data.table import PairTable

__all__ = ["PairTable", "Predictions", "read_pairs"]
