"""Pair scorers, saved and loaded in the ecosystem's own formats."""
