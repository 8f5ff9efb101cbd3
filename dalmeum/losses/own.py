"""A loss of the user's own: a function of predictions and labels that stands outside dalmeum."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from dalmeum.errors import DalmeumError, InputError
from dalmeum.losses.correlation import float64
from dalmeum.own_code import find, takes, written
from dalmeum.recipe import LossRecipe

TRIED_PAIRS = 8


def own_loss(recipe: LossRecipe, label_range: tuple[float, float]) -> Callable[..., Tensor]:
    """The recipe's own loss, tried on a few pairs.

    It is called with predictions, float32 (n,), labels, float64 (n,), what stands in `loss.arguments`, and
    `alpha` where its signature names it; its value is checked at every call.

    Raises `InputError` where it can't be found or called, or returns nothing that training could minimise.
    """
    name = written(recipe.name)
    function = find("loss.name", recipe.name) if isinstance(recipe.name, str) else recipe.name
    if not callable(function):
        raise InputError(f"loss.name: {name} is no function, but {type(function).__name__}")
    takes_alpha = takes(function, "alpha")
    given = {**recipe.arguments, **({"alpha": 0.0} if takes_alpha else {})}
    _check_arguments(name, function, given)

    def without_alpha(predictions: Tensor, labels: Tensor) -> Tensor:
        return call(predictions, labels, recipe.arguments)

    def with_alpha(predictions: Tensor, labels: Tensor, alpha: float) -> Tensor:
        return call(predictions, labels, {**recipe.arguments, "alpha": alpha})

    def call(predictions: Tensor, labels: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        # Both on the processor where the device has no float64.
        predictions, labels = float64(predictions), float64(labels)
        # Mixed precision is the network's: a loss computes in the type that it is given.
        with torch.autocast(predictions.device.type, enabled=False):
            value = function(predictions.float(), labels, **arguments)
        return _checked(name, value, predictions)

    loss = with_alpha if takes_alpha else without_alpha
    _try(name, lambda predictions, labels: call(predictions, labels, given), label_range)
    return loss


def _check_arguments(name: str, function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(None, None, **arguments)
    except TypeError as error:
        raise InputError(f"loss.arguments: {name}{signature} can't be called with them: {error}") from None


def _try(name: str, loss: Callable[[Tensor, Tensor], Tensor], label_range: tuple[float, float]) -> None:
    """Raise `InputError` unless the loss of a few made-up pairs has a gradient by the predictions."""
    low, high = label_range
    share = torch.tensor([0.1, 0.9, 0.3, 0.4, 0.8, 0.2, 0.6, 0.5], dtype=torch.float64)
    predictions = (low + (high - low) * share).requires_grad_()
    labels = torch.linspace(low, high, TRIED_PAIRS, dtype=torch.float64)
    try:
        # A loss that draws must not move what training draws.
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            (gradient,) = torch.autograd.grad(loss(predictions, labels), predictions, allow_unused=True)
    except DalmeumError:
        raise
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"loss {name} fails on {TRIED_PAIRS} made-up pairs: {reason}") from error
    if gradient is None:
        raise _no_gradient(name)
    if not torch.isfinite(gradient).all():
        raise InputError(f"loss {name}: its gradient on {TRIED_PAIRS} made-up pairs is not finite")


def _checked(name: str, value: Any, predictions: Tensor) -> Tensor:
    if not isinstance(value, Tensor) or value.dim() or not value.is_floating_point():
        what = f"{value.dtype} of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value)
        raise InputError(f"loss {name} must return a floating-point tensor without dimensions, not {what}")
    if predictions.requires_grad and torch.is_grad_enabled() and not value.requires_grad:
        raise _no_gradient(name)
    return float64(value)


def _no_gradient(name: str) -> InputError:
    return InputError(
        f"loss {name} has no gradient: compute it from the predictions with torch, without item() or detach()"
    )
