"""Pairs of sentences: their table, readers, checks, perturbations and the built-in practice set."""

from dalmeum.data.table import PairTable

__all__ = ["PairTable"]
