"""The losses that a recipe can name, as a table; each as one function of predictions, labels and progress."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, huber_loss, l1_loss, mse_loss

from dalmeum.losses.concordance import concordance_loss
from dalmeum.losses.correlation import check_shapes, correlation_loss
from dalmeum.losses.mixture import mixture_loss
from dalmeum.losses.own import own_loss
from dalmeum.losses.ranking import cosent_class, cosent_loss, ranknet_loss
from dalmeum.own_code import takes
from dalmeum.recipe import LossRecipe, scheduled

Loss = Callable[[Tensor, Tensor, float], Tensor]
"""(logits (n,), labels (n,), progress of training from 0 to 1) -> scalar."""

LabelRange = tuple[float, float]


def bce_loss(logits: Tensor, labels: Tensor, label_range: LabelRange) -> Tensor:
    """Cross-entropy of labels as shares of their range; the sigmoid of the logits (n,) spans it."""
    low, high = label_range
    return binary_cross_entropy_with_logits(logits, (labels - low) / (high - low))


def cosent_on_labels(predictions: Tensor, labels: Tensor, label_range: LabelRange) -> Tensor:
    """`cosent_loss` of predictions (n,) in label units."""
    low, high = label_range
    return cosent_loss(predictions / (high - low), labels)


LOSSES: dict[str, Callable[..., Tensor]] = {
    "mixture": mixture_loss,
    "correlation": correlation_loss,
    "ccc": concordance_loss,
    "mae": l1_loss,
    "mse": mse_loss,
    "huber": huber_loss,
    "bce": bce_loss,
    "ranknet": ranknet_loss,
    "cosent": cosent_on_labels,
    # On another similarity of two embeddings, which is the bi-encoder's to answer.
    "angle": cosent_on_labels,
}
"""By the name that a recipe gives. Called with predictions (n,) and labels (n,), and with `alpha` and
`label_range` where the signature names them."""


def similarity_loss(recipe: LossRecipe, label_range: LabelRange) -> Loss:
    """The recipe's loss, on logits in label units; `bce` takes logits whose sigmoid spans the label range.

    Raises `MissingExtraError` where the loss is a library's that is not installed, `InputError` where an own
    one is no good (`own_loss`).
    """
    function = LOSSES.get(recipe.name) if isinstance(recipe.name, str) else None
    if function is None:
        function = own_loss(recipe, label_range)
    if function is cosent_on_labels:
        cosent_class()  # now, not at the first step
    takes_alpha = takes(function, "alpha")
    arguments = {"label_range": label_range} if takes(function, "label_range") else {}

    def loss(logits: Tensor, labels: Tensor, progress: float) -> Tensor:
        check_shapes(logits, labels)
        if takes_alpha:
            return function(logits, labels, alpha=scheduled(recipe.alpha, progress), **arguments)
        return function(logits, labels, **arguments)

    return loss
