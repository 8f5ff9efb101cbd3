"""Losses are functions of tensors: predictions and labels in, a scalar out."""

from dalmeum.losses.concordance import concordance_loss
from dalmeum.losses.correlation import correlation_loss, float64, pearson
from dalmeum.losses.mixture import mixture_loss
from dalmeum.losses.ranking import cosent_loss, ranknet_loss
from dalmeum.losses.similarity import LOSSES, similarity_loss

__all__ = [
    "LOSSES",
    "concordance_loss",
    "correlation_loss",
    "cosent_loss",
    "float64",
    "mixture_loss",
    "pearson",
    "ranknet_loss",
    "similarity_loss",
]
