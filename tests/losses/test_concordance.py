import pytest
import torch
from torch import Tensor
from torchmetrics.functional import concordance_corrcoef

from dalmeum.losses import concordance_loss


def drawn(n: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(n)
    labels = 5 * torch.rand(n, generator=generator, dtype=torch.float64)
    return 0.4 * labels + 2 + torch.randn(n, generator=generator, dtype=torch.float64), labels


def test_hand_numbers() -> None:
    # Variances 1 and 1, covariance 1/2: 2 * .5 / (1 + 1 + 0); shifted by 1: 2 * .5 / (1 + 1 + 1).
    predictions, labels = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 3.0, 2.0])
    assert concordance_loss(predictions, labels).item() == pytest.approx(1 / 2)
    assert concordance_loss(predictions + 1, labels).item() == pytest.approx(2 / 3)
    assert concordance_loss(labels, labels).item() == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("n", [2, 3, 32, 1000])
def test_equals_torchmetrics(n: int) -> None:
    predictions, labels = drawn(n)
    expected = 1 - concordance_corrcoef(predictions, labels).item()
    assert concordance_loss(predictions, labels).item() == pytest.approx(expected, abs=1e-12)
    single = concordance_loss(predictions.float(), labels.float())
    assert single.dtype == torch.float64
    assert single.item() == pytest.approx(expected, abs=1e-6)


def test_gradcheck() -> None:
    predictions, labels = drawn(7)
    assert torch.autograd.gradcheck(concordance_loss, (predictions.requires_grad_(), labels))


CASES = {
    "constant predictions": ([2.0, 2.0, 2.0], [0.0, 1.0, 5.0]),
    "constant labels": ([0.0, 1.0, 5.0], [2.0, 2.0, 2.0]),
    "one number": ([2.0, 2.0, 2.0], [2.0, 2.0, 2.0]),
    "one pair": ([1.0], [2.0]),
    "no pairs": ([], []),
    "barely apart": ([1e-30, 0.0, 0.0], [0.0, 0.0, 1e-30]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_without_variance_it_is_finite(name: str, dtype: torch.dtype) -> None:
    predictions, labels = (torch.tensor(values, dtype=dtype) for values in CASES[name])
    predictions.requires_grad_()
    loss = concordance_loss(predictions, labels)
    loss.backward()
    assert predictions.grad is not None
    assert torch.isfinite(predictions.grad).all()
    if name == "barely apart":
        return
    assert loss.item() == 1.0
    # Constant predictions can be spread towards the labels; elsewhere there is no direction to learn from.
    assert bool(predictions.grad.any()) == (name == "constant predictions")
