"""The correlation loss, held to the label scale by a share of the MAE."""

from torch import Tensor
from torch.nn.functional import l1_loss

from dalmeum.losses.correlation import correlation_loss, float64


def mixture_loss(predictions: Tensor, labels: Tensor, alpha: float) -> Tensor:
    """`(1 - alpha) * (1 - r) + alpha * MAE`.

    The first term rewards the order and spacing of predictions, the second their place on the label scale,
    which r leaves free. The two differ in unit: r has none, the MAE is in label units.

    Args:
        predictions: (n,), in label units.
        labels: (n,), in label units.
        alpha: from 0 (correlation alone) to 1 (MAE alone).

    Returns:
        A float64 scalar.

    Raises:
        ValueError: shapes differ or are not (n,), or alpha is outside 0..1.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha {alpha} is outside 0..1")
    mae = l1_loss(float64(predictions), float64(labels))
    return (1 - alpha) * correlation_loss(predictions, labels) + alpha * mae
