"""Lin's concordance correlation coefficient as a loss."""

import torch
from torch import Tensor

from dalmeum.losses.correlation import check_shapes, float64


def concordance(predictions: Tensor, labels: Tensor) -> Tensor:
    """Lin's coefficient of two tensors of shape (n,), differentiable, as a float64 scalar.

    `2 s_xy / (s_x^2 + s_y^2 + (mean_x - mean_y)^2)` with n - 1 in the (co)variances (Lin 1989, "A Concordance
    Correlation Coefficient to Evaluate Reproducibility"; n - 1 as in torchmetrics). It is Pearson's r times
    a factor of at most 1 for agreement in scale and shift. Where n < 2, or both sides are one and the same
    number, it is 0 and so is its gradient. A constant side alone gives 0, too; constant predictions have a
    gradient, that of the covariance.
    """
    x, y = float64(predictions), float64(labels)
    if len(x) > 1:
        centred_x, centred_y = x - x.mean(), y - y.mean()
        variances = (centred_x.square().sum() + centred_y.square().sum()) / (len(x) - 1)
        disagreement = variances + (x.mean() - y.mean()).square()
        kind = torch.finfo(predictions.dtype if predictions.is_floating_point() else torch.float64)
        # Below, the gradient would overflow the type that it goes back to.
        if disagreement.detach().sqrt() > kind.tiny:
            return 2 * torch.dot(centred_x, centred_y) / (len(x) - 1) / disagreement
    # Stays connected to both inputs, so that backward() finds a gradient of zeros.
    return (x.sum() + y.sum()) * 0.0


def concordance_loss(predictions: Tensor, labels: Tensor) -> Tensor:
    """`1 - CCC`, from 0 (each prediction equals its label) to 2.

    Args:
        predictions: (n,), in label units; n is the number of pairs over which the coefficient is taken.
        labels: (n,), in label units.

    Returns:
        A float64 scalar; 1 where a side is constant. Always finite for finite input, and so is its gradient.

    Raises:
        ValueError: the two differ in shape or are not of shape (n,).
    """
    check_shapes(predictions, labels)
    return 1.0 - concordance(predictions, labels)
