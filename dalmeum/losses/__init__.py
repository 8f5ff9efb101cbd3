"""Losses are functions of tensors: predictions and labels in, a scalar out."""

from dalmeum.losses.correlation import correlation_loss, float64, pearson
from dalmeum.losses.mixture import mixture_loss
from dalmeum.losses.similarity import similarity_loss

__all__ = ["correlation_loss", "float64", "mixture_loss", "pearson", "similarity_loss"]
