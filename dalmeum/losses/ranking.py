"""Losses of the order of pairs, which of two is the more similar; the scale of predictions is left free."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn.functional import softplus

from dalmeum.errors import MissingExtraError
from dalmeum.losses.correlation import check_shapes, float64


def ranknet_loss(predictions: Tensor, labels: Tensor) -> Tensor:
    """The mean of `log(1 + exp(-(p_i - p_j)))` over all i, j with y_i > y_j.

    Burges et al. (2005), "Learning to Rank using Gradient Descent", with sigma 1. Ties in y order nothing.
    Time and memory grow with the number of ordered pairs, at most n^2 / 2.

    Args:
        predictions: (n,), in label units: the logistic function's width is one of them.
        labels: (n,), on any scale.

    Returns:
        A float64 scalar; 0, with a gradient of zeros, where no two labels differ.

    Raises:
        ValueError: the two differ in shape or are not of shape (n,).
    """
    check_shapes(predictions, labels)
    labels, order = float64(labels).sort()
    scores = float64(predictions)[order]
    total, ordered, start = scores.sum() * 0.0, 0, 0
    # Label by label: no n x n matrix of which half is thrown away, and what ties is never compared.
    for ties in labels.unique_consecutive(return_counts=True)[1].tolist():
        lower, higher = scores[:start], scores[start : start + ties]
        total = total + softplus(lower - higher[:, None]).sum()
        ordered += start * ties
        start += ties
    return total / max(ordered, 1)


def cosent_loss(similarities: Tensor, labels: Tensor, scale: float = 20.0) -> Tensor:
    """`log(1 + sum exp(scale * (s_j - s_i)))` over all i, j with y_i > y_j.

    Huang et al. (2024), "CoSENT: Consistent Sentence Embedding via Similarity Ranking", computed by
    sentence-transformers.

    Args:
        similarities: (n,). `scale` is made for cosines: divide predictions in label units by the width of
            the label range.
        labels: (n,), on any scale.
        scale: an inverse temperature.

    Returns:
        A float64 scalar; 0, with a gradient of zeros, where no two labels differ.

    Raises:
        ValueError: the two differ in shape or are not of shape (n,).
        MissingExtraError: sentence-transformers is not installed.
    """
    check_shapes(similarities, labels)
    scores = float64(similarities)
    # Its embeddings are our scores, and its similarity hands them through.
    loss = cosent_class()(None, scale, similarity_fct=lambda scores, _: scores)
    value: Tensor = loss.compute_loss_from_embeddings([scores, scores], float64(labels))
    return value


def cosent_class() -> Callable[..., Any]:
    """sentence-transformers' loss; `MissingExtraError` where it is not installed."""
    try:
        from sentence_transformers.sentence_transformer.losses import CoSENTLoss
    except ModuleNotFoundError:
        raise MissingExtraError("sentence-transformers", "sentence-transformers") from None
    return CoSENTLoss
