import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor
from torchmetrics.functional import pearson_corrcoef

from dalmeum.losses import correlation_loss, mixture_loss, pearson


def drawn(n: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(n)
    labels = 5 * torch.rand(n, generator=generator, dtype=torch.float64)
    predictions = labels + torch.randn(n, generator=generator, dtype=torch.float64)
    return predictions.to(dtype), labels.to(dtype)


def test_hand_numbers() -> None:
    # Centred: (-1, 0, 1) and (-1, 1, 0); r = 1 / (sqrt(2) sqrt(2)) = .5. MAE: (0 + 1 + 1) / 3 = 2/3.
    predictions, labels = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 3.0, 2.0])
    assert pearson(predictions, labels).item() == pytest.approx(0.5, abs=1e-15)
    assert correlation_loss(predictions, labels).item() == pytest.approx(0.5, abs=1e-15)
    assert mixture_loss(predictions, labels, 0.25).item() == pytest.approx(0.75 * 0.5 + 0.25 * 2 / 3)
    assert mixture_loss(predictions, labels, 1.0).item() == pytest.approx(2 / 3)


def test_hand_gradient() -> None:
    # dr/dp = (y/|y| - r p/|p|) / |p| with the centred vectors above: ((-1, 1, 0) - .5 (-1, 0, 1)) / 2.
    predictions = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    correlation_loss(predictions, torch.tensor([1.0, 3.0, 2.0])).backward()
    assert predictions.grad is not None
    torch.testing.assert_close(predictions.grad, torch.tensor([0.25, -0.5, 0.25]))


@pytest.mark.parametrize("n", [2, 3, 32, 1000])
def test_equals_scipy_and_torchmetrics(n: int) -> None:
    predictions, labels = drawn(n)
    expected = scipy.stats.pearsonr(predictions.numpy(), labels.numpy()).statistic
    assert pearson(predictions, labels).item() == pytest.approx(expected, abs=1e-12)
    single = pearson(predictions.float(), labels.float()).item()
    assert single == pytest.approx(pearson_corrcoef(predictions.float(), labels.float()).item(), abs=1e-5)


def test_gradcheck() -> None:
    predictions, labels = drawn(7)
    predictions.requires_grad_()
    assert torch.autograd.gradcheck(correlation_loss, (predictions, labels))
    # Away from predictions that equal their label, where the MAE has a corner.
    assert torch.autograd.gradcheck(lambda p, y: mixture_loss(p, y, 0.3), (predictions, labels))


CASES = {
    "constant predictions": (torch.full((4,), 2.7), torch.tensor([0.0, 1.0, 2.0, 3.0])),
    "constant up to rounding": (
        torch.full((4,), 4.0) + torch.tensor([0.0, 1.0, 0.0, 1.0]) * torch.finfo(torch.float32).eps * 4,
        torch.tensor([0.0, 1.0, 2.0, 3.0]),
    ),
    "constant labels": (torch.tensor([0.0, 1.0, 2.0, 3.0]), torch.full((4,), 0.1)),
    "one pair": (torch.tensor([1.0]), torch.tensor([2.0])),
    "no pairs": (torch.zeros(0), torch.zeros(0)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_without_variance_r_is_zero_and_so_is_its_gradient(name: str, dtype: torch.dtype) -> None:
    predictions, labels = (values.to(dtype) for values in CASES[name])
    if name == "constant up to rounding" and dtype == torch.float64:
        predictions = predictions.fill_(4.0)  # float32's rounding is a difference in float64
    predictions = predictions.clone().requires_grad_()
    loss = correlation_loss(predictions, labels)
    loss.backward()
    assert loss.item() == 1.0
    assert predictions.grad is not None
    assert torch.equal(predictions.grad, torch.zeros_like(predictions))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("scale", [1e-7, 1e-3, 1.0, 1e3])
def test_short_types_stay_finite(dtype: torch.dtype, scale: float) -> None:
    predictions, labels = drawn(32, dtype)
    predictions = (predictions * scale).requires_grad_()
    loss = mixture_loss(predictions, labels, 0.1)
    loss.backward()
    assert torch.isfinite(loss)
    assert predictions.grad is not None
    assert predictions.grad.dtype == dtype
    assert torch.isfinite(predictions.grad).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_labels_of_a_million(dtype: torch.dtype) -> None:
    labels = torch.tensor([1e6, 1e6 + 1, 1e6 + 2, 1e6 + 4], dtype=dtype)
    predictions = torch.tensor([1.0, 2.0, 3.0, 5.0], dtype=dtype, requires_grad=True)
    loss = correlation_loss(predictions, labels)
    loss.backward()
    assert loss.item() == pytest.approx(0.0, abs=1e-12)
    assert predictions.grad is not None
    assert torch.isfinite(predictions.grad).all()


def test_scale_and_shift_do_not_matter() -> None:
    predictions, labels = drawn(50)
    moved = correlation_loss(3 * predictions - 7, labels)
    torch.testing.assert_close(moved, correlation_loss(predictions, labels))
    assert correlation_loss(-labels, labels).item() == pytest.approx(2.0)


def test_shapes_that_would_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match=r"predictions \(4, 1\) and labels \(4,\)"):
        correlation_loss(torch.zeros(4, 1), torch.zeros(4))
    with pytest.raises(ValueError, match=r"alpha 1\.5 is outside"):
        mixture_loss(torch.zeros(4), torch.zeros(4), 1.5)


def test_is_the_correlation_of_the_set_not_the_mean_of_batches() -> None:
    predictions, labels = drawn(64)
    whole = 1 - correlation_loss(predictions, labels).item()
    parts = np.mean(
        [
            1 - correlation_loss(p, y).item()
            for p, y in zip(predictions.split(4), labels.split(4), strict=True)
        ]
    )
    assert whole == pytest.approx(scipy.stats.pearsonr(predictions, labels).statistic)
    assert abs(whole - parts) > 0.01
