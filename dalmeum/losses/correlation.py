"""Pearson's correlation as a loss."""

import torch
from torch import Tensor


def pearson(predictions: Tensor, labels: Tensor) -> Tensor:
    """Pearson's r of two tensors of shape (n,), differentiable, as a float64 scalar.

    Computed in float64 on centred values, whatever the input's type. Where a side does not vary beyond the
    rounding of its own type (or n < 2), r is 0 and so is its gradient: there is no direction to learn from.
    """
    x, y = _centred(predictions), _centred(labels)
    if _is_constant(x, predictions) or _is_constant(y, labels):
        # Stays connected to both inputs, so that backward() finds a gradient of zeros.
        return (x.sum() + y.sum()) * 0.0
    return torch.dot(x / x.norm(), y / y.norm())


def correlation_loss(predictions: Tensor, labels: Tensor) -> Tensor:
    """`1 - r`, from 0 (perfect) to 2: invariant to the scale and shift of either side.

    Args:
        predictions: (n,), any float type; n is the number of pairs over which r is taken.
        labels: (n,), on any scale.

    Returns:
        A float64 scalar; 1 where a side is constant. Always finite for finite input, and so is its gradient.

    Raises:
        ValueError: the two differ in shape or are not of shape (n,).

    Example:
        >>> correlation_loss(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 20.0, 30.0])).item()
        0.0
    """
    check_shapes(predictions, labels)
    return 1.0 - pearson(predictions, labels)


def check_shapes(predictions: Tensor, labels: Tensor) -> None:
    """Raise `ValueError` unless both are of one shape (n,): (n, 1) against (n,) would broadcast to (n, n)."""
    if predictions.dim() != 1 or predictions.shape != labels.shape:
        shapes = f"predictions {tuple(predictions.shape)} and labels {tuple(labels.shape)}"
        raise ValueError(f"{shapes} must both have shape (n,)")


def float64(values: Tensor) -> Tensor:
    """The n scalars in float64; on the CPU where the device (Apple's mps) has no such type."""
    return (values.cpu() if values.device.type == "mps" else values).double()


def _centred(values: Tensor) -> Tensor:
    values = float64(values)
    return values - values.mean() if len(values) else values


def _is_constant(centred: Tensor, values: Tensor) -> bool:
    if len(values) < 2:
        return True
    kind = torch.finfo(values.dtype) if values.is_floating_point() else torch.finfo(torch.float64)
    # Units in the last place, relative to the magnitude: in float64 one pair in two batches was seen 7 of
    # them apart. Below the smallest normal number the gradient, at most 1 / |centred|, would overflow the
    # type that it goes back to.
    units = 16 if kind.dtype == "float64" else 2
    rounding = units * kind.eps * values.detach().abs().max().item()
    floor = max(rounding * len(values) ** 0.5, kind.tiny)
    return bool(centred.detach().norm() <= floor)
