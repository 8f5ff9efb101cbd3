"""Minimising a recipe's loss: batches, the trainer, and the fit of a scorer to pairs."""

TRAINING_VERSION = 1
"""Raised with every change of dalmeum's own by which a recipe comes to other scores: runs of an earlier one
are not taken for a study's any more. `tests/training/test_version.py` tells when that is so.
"""
