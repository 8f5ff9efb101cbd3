"""The loss that a recipe names, as one function of predictions, labels and progress."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, huber_loss, l1_loss, mse_loss

from dalmeum.losses.concordance import concordance_loss
from dalmeum.losses.correlation import check_shapes, correlation_loss
from dalmeum.losses.mixture import mixture_loss
from dalmeum.losses.ranking import cosent_class, cosent_loss, ranknet_loss
from dalmeum.recipe import LossRecipe, scheduled

Loss = Callable[[Tensor, Tensor, float], Tensor]
"""(logits (n,), labels (n,), progress of training from 0 to 1) -> scalar."""


def similarity_loss(recipe: LossRecipe, label_range: tuple[float, float]) -> Loss:
    """The recipe's loss, on logits in label units; `bce` takes logits whose sigmoid spans the label range.

    `angle` is `cosent`, on another similarity of two embeddings, which is the bi-encoder's to answer.

    Raises `MissingExtraError` where the loss is a library's that is not installed.
    """
    low, high = label_range
    if recipe.name in ("cosent", "angle"):
        cosent_class()  # now, not at the first step

    def bce(logits: Tensor, labels: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(logits, (labels - low) / (high - low))

    def cosent(logits: Tensor, labels: Tensor) -> Tensor:
        return cosent_loss(logits / (high - low), labels)

    losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "correlation": correlation_loss,
        "ccc": concordance_loss,
        "mae": l1_loss,
        "mse": mse_loss,
        "huber": huber_loss,
        "bce": bce,
        "ranknet": ranknet_loss,
        "cosent": cosent,
        "angle": cosent,
    }

    def loss(logits: Tensor, labels: Tensor, progress: float) -> Tensor:
        check_shapes(logits, labels)
        if recipe.name == "mixture":
            return mixture_loss(logits, labels, scheduled(recipe.alpha, progress))
        return losses[recipe.name](logits, labels)

    return loss
