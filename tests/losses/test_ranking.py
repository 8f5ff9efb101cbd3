import itertools
from collections.abc import Callable

import pytest
import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder.losses import RankNetLoss
from torch import Tensor

from dalmeum.losses import cosent_loss, ranknet_loss


def drawn(n: int) -> tuple[Tensor, Tensor]:
    """Predictions, and labels of which many tie."""
    generator = torch.Generator().manual_seed(n)
    labels = torch.randint(0, 6, (n,), generator=generator).double()
    return labels / 5 + torch.randn(n, generator=generator, dtype=torch.float64), labels


def ordered(predictions: Tensor, labels: Tensor) -> Tensor:
    """`p_j - p_i` over all i, j with y_i > y_j."""
    pairs = itertools.product(range(len(labels)), repeat=2)
    return torch.stack([predictions[j] - predictions[i] for i, j in pairs if labels[i] > labels[j]])


def test_hand_numbers() -> None:
    # Ordered are (2, 1) and (2, 3): p differs by 1 and by -2.
    predictions, labels = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0.0, 5.0, 0.0])
    differences = torch.tensor([-1.0, 2.0])
    assert ranknet_loss(predictions, labels).item() == pytest.approx(
        torch.log1p(differences.exp()).mean().item()
    )
    expected = torch.log1p((3 * differences).exp().sum()).item()
    assert cosent_loss(predictions, labels, scale=3.0).item() == pytest.approx(expected)


@pytest.mark.parametrize("n", [2, 7, 40])
def test_equal_their_definitions_with_ties(n: int) -> None:
    predictions, labels = drawn(n)
    differences = ordered(predictions, labels)
    expected = torch.nn.functional.softplus(differences).mean().item()
    assert ranknet_loss(predictions, labels).item() == pytest.approx(expected, abs=1e-12)
    with_zero = torch.cat([torch.zeros(1), 20 * differences])
    assert cosent_loss(predictions, labels).item() == pytest.approx(with_zero.logsumexp(0).item(), abs=1e-9)


def test_ranknet_equals_that_of_sentence_transformers(tiny_encoder: Callable[[str], str]) -> None:
    torch.manual_seed(0)  # its head is new
    model = CrossEncoder(tiny_encoder("bert"), num_labels=1, device="cpu")
    sentences = [f"A man plays {thing}." for thing in ("a flute", "the piano", "chess", "with a dog", "golf")]
    labels = torch.tensor([0.0, 4.0, 2.0, 4.0, 1.0])
    pairs = [("A man plays a large flute.", sentence) for sentence in sentences]
    scores = torch.tensor(model.predict(pairs, activation_fn=torch.nn.Identity()))
    theirs = RankNetLoss(model, reduction_log="natural")
    model.eval()
    expected = theirs([["A man plays a large flute."], [sentences]], [labels]).item()
    assert ranknet_loss(scores, labels).item() == pytest.approx(expected, abs=1e-6)
    assert abs(expected - torch.log(torch.tensor(2.0)).item()) > 1e-3


@pytest.mark.parametrize("loss", [ranknet_loss, cosent_loss])
def test_gradcheck(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    predictions, labels = drawn(9)
    assert torch.autograd.gradcheck(loss, (predictions.requires_grad_(), labels))


@pytest.mark.parametrize("loss", [ranknet_loss, cosent_loss])
@pytest.mark.parametrize("labels", [[], [2.0], [2.0, 2.0, 2.0]])
def test_nothing_to_order_is_zero_with_a_gradient_of_zeros(
    loss: Callable[[Tensor, Tensor], Tensor], labels: list[float]
) -> None:
    predictions = torch.arange(float(len(labels)), requires_grad=True)
    value = loss(predictions, torch.tensor(labels))
    value.backward()
    assert value.item() == 0.0
    assert predictions.grad is not None
    assert torch.equal(predictions.grad, torch.zeros(len(labels)))


@pytest.mark.parametrize("loss", [ranknet_loss, cosent_loss])
def test_predictions_far_apart_stay_finite(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    predictions = torch.tensor([1e4, -1e4, 0.0], requires_grad=True)
    value = loss(predictions, torch.tensor([0.0, 5.0, 2.0]))
    value.backward()
    assert predictions.grad is not None
    assert torch.isfinite(torch.stack([value, predictions.grad.abs().sum()])).all()
    assert predictions.grad[0] > 0 > predictions.grad[1]
