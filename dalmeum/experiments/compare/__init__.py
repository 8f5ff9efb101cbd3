"""Runs that exist, compared on the same pairs: recipes where each has seeds, else the trained models."""
