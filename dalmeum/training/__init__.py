"""Minimising a recipe's loss: batches, the trainer, and the fit of a scorer to pairs."""

TRAINING_VERSION = 2
"""Raised with every change of dalmeum's own by which a recipe comes to other scores: runs of an earlier one
are not taken for a study's any more. `tests/training/test_version.py` tells when that is so.
"""

CHANGED_SINCE = {"bi": 1}
"""By how much the version of a kind of model is higher, where a change left the other kinds as they were."""


def training_version(kind: str) -> int:
    """The version of what trains a kind of model, as a recipe names it."""
    return TRAINING_VERSION + CHANGED_SINCE.get(kind, 0)
