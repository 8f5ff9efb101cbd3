"""A loss from outside the package: how it is called, and what is said where it can't be used."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dalmeum.errors import InputError
from dalmeum.losses import mixture_loss, similarity_loss
from dalmeum.recipe import FractionSchedule, LossRecipe

Module = Callable[[str, str], Path]

LOGITS = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
LABELS = torch.tensor([1.0, 4.0, 3.0], dtype=torch.float64)


def test_what_it_is_given() -> None:
    calls: list[tuple[torch.dtype, torch.dtype, int, float, bool]] = []

    def own(predictions: Tensor, labels: Tensor, power: int, alpha: float) -> Tensor:
        autocast = torch.is_autocast_enabled("cpu")
        calls.append((predictions.dtype, labels.dtype, power, alpha, autocast))
        return (predictions - labels).abs().pow(power).mean()

    schedule = FractionSchedule(start=0.0, end=0.5)
    loss = similarity_loss(LossRecipe(name=own, alpha=schedule, arguments={"power": 3}), (0.0, 5.0))
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(LOGITS, LABELS, 0.5)
    # Differences 0, -2 and 1.
    assert value.item() == pytest.approx(3.0)
    assert value.dtype == torch.float64
    assert calls[-1] == (torch.float32, torch.float64, 3, 0.25, False)


class OnApple(Tensor):
    """Stands for a tensor on Apple's mps, which knows no float64."""

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment] # as PyTorch's pages have it

    @property
    def device(self) -> torch.device:  # type: ignore[override] # a plain attribute in the stubs
        return torch.device("mps")

    def double(self) -> Tensor:
        raise TypeError("the MPS framework doesn't support float64")

    def cpu(self) -> Tensor:  # type: ignore[override] # takes a memory format in the stubs
        return self.as_subclass(Tensor)


def test_a_device_without_float64_hands_both_to_the_processor() -> None:
    devices: list[tuple[str, str]] = []

    def own(predictions: Tensor, labels: Tensor) -> Tensor:
        devices.append((predictions.device.type, labels.device.type))
        return (predictions - labels).square().mean()

    loss = similarity_loss(LossRecipe(name=own), (0.0, 5.0))
    value = loss(LOGITS.float().as_subclass(OnApple), LABELS.float().as_subclass(OnApple), 0.0)
    assert value.item() == pytest.approx(5 / 3)
    assert value.dtype == torch.float64
    assert devices[-1] == ("cpu", "cpu")


def test_alpha_is_left_out_where_the_signature_does_not_name_it(own_module: Module) -> None:
    own_module(
        "own_squared",
        "def loss(predictions, labels, **rest):\n"
        "    assert not rest, rest\n"
        "    return (predictions - labels).square().mean()\n",
    )
    loss = similarity_loss(LossRecipe(name="own_squared:loss", alpha=0.7), (0.0, 5.0))
    assert loss(LOGITS, LABELS, 0.0).item() == pytest.approx(5 / 3)


def test_a_copy_of_the_mixture_is_the_mixture() -> None:
    recipe = LossRecipe(name=mixture_loss, alpha=0.3)
    assert similarity_loss(recipe, (0.0, 5.0))(LOGITS, LABELS, 0.0).item() == pytest.approx(
        mixture_loss(LOGITS, LABELS, 0.3).item()
    )
    assert recipe.model_dump(mode="json")["name"] == "dalmeum.losses.mixture:mixture_loss"


def test_trying_it_draws_nothing() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    similarity_loss(LossRecipe(name=lambda p, y: (p * torch.rand(len(p))).sum()), (0.0, 5.0))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("loss = 3", "loss.name: own_bad:loss is no function, but int"),
        (
            "def loss(p, y, delta): ...",
            "loss.arguments: own_bad:loss(p, y, delta) can't be called with them: "
            "missing a required argument: 'delta'",
        ),
        ("def loss(p): ...", "own_bad:loss(p) can't be called with them: too many positional arguments"),
        (
            "def loss(p, y): return 0.0",
            "must return a floating-point tensor without dimensions, not <class 'float'>",
        ),
        ("def loss(p, y): return (p - y) ** 2", "not torch.float64 of shape (8,)"),
        ("def loss(p, y): return (p > y).sum()", "not torch.int64 of shape ()"),
        ("def loss(p, y): return (p - y).detach().sum()", "loss own_bad:loss has no gradient: compute it"),
        (
            "import torch\ndef loss(p, y): return torch.tensor((p - y).sum().item())",
            "loss own_bad:loss has no gradient: compute it",
        ),
        (
            "import torch\ndef loss(p, y): return torch.zeros((), requires_grad=True)",
            "loss own_bad:loss has no gradient: compute it",
        ),
        (
            "def loss(p, y): raise ValueError('two\\nlines')",
            "loss own_bad:loss fails on 8 made-up pairs: ValueError: two lines",
        ),
        ("class loss:\n    def __init__(self, p, y): ...", "not <class 'own_bad.loss'>"),
    ],
)
def test_what_cannot_be_minimised_is_a_line(own_module: Module, source: str, problem: str) -> None:
    own_module("own_bad", source)
    with pytest.raises(InputError) as caught:
        similarity_loss(LossRecipe(name="own_bad:loss"), (0.0, 5.0))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_arguments_that_it_does_not_take(own_module: Module) -> None:
    own_module("own_plain", "def loss(p, y): return (p - y).square().mean()")
    with pytest.raises(InputError, match=r"own_plain:loss\(p, y\).*unexpected keyword argument 'delta'"):
        similarity_loss(LossRecipe(name="own_plain:loss", arguments={"delta": 1}), (0.0, 5.0))


def test_what_it_returns_is_checked_at_every_call() -> None:
    def own(predictions: Tensor, labels: Tensor) -> Tensor:
        error = (predictions - labels).square()
        return error.mean() if len(error) == 8 else error

    loss = similarity_loss(LossRecipe(name=own), (0.0, 5.0))
    with pytest.raises(InputError, match=r"must return a floating-point tensor .*, not .* of shape \(3,\)"):
        loss(LOGITS, LABELS, 0.0)
