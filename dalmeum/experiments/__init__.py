"""Runs: carried out, recorded, reported."""
