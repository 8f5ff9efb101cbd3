"""Pairs of sentences: their table, readers, checks, perturbations and the built-in practice set."""

from dalmeum.data.readers import read_pairs
from dalmeum.data.table import PairTable

__all__ = ["PairTable", "read_pairs"]
