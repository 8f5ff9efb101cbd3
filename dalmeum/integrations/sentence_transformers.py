"""Losses for `CrossEncoderTrainer` and `SentenceTransformerTrainer`: Pearson's correlation of a whole batch.

A correlation is no mean over pairs: the gradients of a batch's parts don't add up to that of the batch. Here
`mini_batch_size` bounds memory, and the loss is still that of all pairs. All mini-batches but the last run
forward without keeping activations, and once more, with the same dropout masks, when backward comes to them.
To autograd that is one graph, so what a trainer does with a loss (gradient accumulation, loss scaling, DDP's
averaging) works as with any other. (The idea of two passes is that of gradient caching, Gao et al. 2021,
arXiv 2101.06983; the second is a checkpoint's recomputation, Chen et al. 2016, arXiv 1604.06174.)
"""

import itertools
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.losses import correlation_loss, mixture_loss
from dalmeum.training.exact import RandomState
from dalmeum.training.processes import gather_pairs, world_size

try:
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from sentence_transformers.util import batch_to_device
except ModuleNotFoundError:
    raise MissingExtraError("sentence-transformers", "sentence-transformers") from None

Features = dict[str, Any]
"""What a model's `preprocess` makes of n texts or pairs: `input_ids` (n, tokens), `attention_mask`, ..."""

Columns = Sequence[Features]
"""The features of n pairs: of a cross-encoder one column, of the pairs; of a bi-encoder two, of the texts."""


class PairLoss(nn.Module, ABC):
    """A loss of all pairs of a batch at once; what the losses below have in common.

    Args:
        model: a `CrossEncoder` with one label, whose prediction is the raw logit; or a `SentenceTransformer`,
            whose prediction is the cosine of the two embeddings.
        mini_batch_size: pairs in one forward pass. It changes memory and speed, not the loss: without
            dropout the gradient is that of the batch in one piece. Pairs of like length share a mini-batch.
            None: the batch is one piece, and no forward pass runs twice.
        gather_across_devices: take the loss over the pairs of all processes. False: each process has a loss
            of its own, and their gradients are averaged.

    Raises:
        InputError: the model, the data set's columns or the labels are not of the kind that is wanted.
    """

    def __init__(
        self,
        model: CrossEncoder | SentenceTransformer,
        mini_batch_size: int | None = None,
        gather_across_devices: bool = True,
    ) -> None:
        super().__init__()
        if mini_batch_size is not None and mini_batch_size < 1:
            raise InputError(f"mini_batch_size {mini_batch_size} is below 1: choose 1 or more, or None")
        self.predict = prediction_of(model)
        self.model = model
        self.mini_batch_size = mini_batch_size
        self.gather_across_devices = gather_across_devices

    @abstractmethod
    def compute_loss(self, predictions: Tensor, labels: Tensor) -> Tensor:
        """Predictions (n,) and labels (n,) -> scalar."""

    def forward(
        self,
        inputs: Sequence[Any],
        labels: Tensor | None,
        prompt: str | None = None,
        task: str | None = None,
    ) -> Tensor:
        """The loss of a batch, a scalar of the predictions' type, float32 at least.

        Args:
            inputs: two columns: of a cross-encoder the texts, n each; of a bi-encoder their features.
            labels: (n,) or (n, 1).
            prompt: for the cross-encoder's `preprocess`, as is `task`.
        """
        if len(inputs) != 2:
            raise InputError(f"{len(inputs)} columns beside the label: {type(self).__name__} takes two texts")
        if not isinstance(labels, Tensor):
            raise InputError(
                f"{type(self).__name__} needs a column `label` or `score` with one number a pair"
            )
        mini_batches = self.mini_batches(self.columns(inputs, prompt, task), labels.numel())
        predictions = self.predictions([part for _, part in mini_batches])
        if labels.numel() != len(predictions):
            raise InputError(f"{labels.numel()} labels for {len(predictions)} pairs: one a pair is wanted")
        order = torch.cat([rows for rows, _ in mini_batches])
        labels = labels.flatten()[order.to(labels.device)]
        if self.gather_across_devices:
            predictions, labels = gathered(predictions), gather_pairs(labels)[0]
        if not torch.isfinite(labels).all():
            raise InputError("a label of the batch is no number: leave out rows whose label is missing")
        loss = self.compute_loss(predictions, labels)
        return loss.to(predictions.device, at_least_float32(predictions).dtype)

    def columns(self, inputs: Sequence[Any], prompt: str | None, task: str | None) -> Columns:
        """The features of the batch; those of a bi-encoder come from its trainer's collator."""
        if self.predict is cosines:
            return inputs
        model = unwrapped(self.model)
        pairs = model.preprocess(list(zip(*inputs, strict=True)), prompt=prompt, task=task)
        return [batch_to_device(pairs, model.device)]

    def mini_batches(self, columns: Columns, count: int) -> list[tuple[Tensor, Columns]]:
        """The rows and the features of each mini-batch of `count` pairs; the longest pairs come last."""
        if self.mini_batch_size is None or count <= self.mini_batch_size:
            return [(torch.arange(count), columns)]
        widths = torch.stack([used_widths(features) for features in columns])
        pieces = widths.sum(dim=0).argsort(stable=True).split(self.mini_batch_size)
        return [
            (rows, [cut(*column, rows) for column in zip(columns, widths, strict=True)]) for rows in pieces
        ]

    def predictions(self, mini_batches: Sequence[Columns]) -> Tensor:
        """Predictions (n,) of all mini-batches; the last keeps its graph, which backward uses up first."""
        *earlier, last = mini_batches
        if earlier and isinstance(self.model, DataParallel):
            raise InputError(
                "mini_batch_size needs a process for each GPU, but this one drives several: choose one with "
                "CUDA_VISIBLE_DEVICES=0, or start a process each with torchrun"
            )
        # DDP's wrapper prepares its reduction in forward: what runs again in backward must not go through it.
        predict = partial(self.predict, unwrapped(self.model))
        outputs = [recomputed(predict, columns) for columns in earlier]
        return torch.cat([*outputs, self.predict(self.model, last)])

    def get_config_dict(self) -> dict[str, Any]:
        """What a model card says of the loss."""
        return {
            "mini_batch_size": self.mini_batch_size,
            "gather_across_devices": self.gather_across_devices,
        }


class CorrelationLoss(PairLoss):
    """`1 - r`, r being Pearson's correlation of predictions and labels over the batch (`correlation_loss`).

    Labels may be on any scale. The scale of a cross-encoder's scores is left free, too: fit a line to bring
    them to the labels' scale, or train with `MixtureLoss`. The arguments are those of `PairLoss`.

    Example:
        >>> model = CrossEncoder("klue/roberta-base", num_labels=1, activation_fn=torch.nn.Identity())
        >>> loss = CorrelationLoss(model, mini_batch_size=16)
        >>> CrossEncoderTrainer(model=model, args=args, train_dataset=dataset, loss=loss).train()
    """

    def compute_loss(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return correlation_loss(predictions, labels)


class MixtureLoss(PairLoss):
    """`(1 - alpha) * (1 - r) + alpha * MAE` over the batch (`mixture_loss`).

    The MAE is in label units, and draws the predictions to the labels' scale. A bi-encoder predicts cosines:
    scale its labels to 0..1 (or -1..1), as for sentence-transformers' own losses. A cross-encoder's logits
    take any scale.

    Args:
        alpha: the MAE's share, from 0 to 1. The other arguments are those of `PairLoss`.

    Example:
        >>> model = SentenceTransformer("klue/roberta-base")
        >>> loss = MixtureLoss(model, alpha=0.1, mini_batch_size=16)
        >>> SentenceTransformerTrainer(model=model, args=args, train_dataset=dataset, loss=loss).train()
    """

    def __init__(
        self,
        model: CrossEncoder | SentenceTransformer,
        alpha: float = 0.1,
        mini_batch_size: int | None = None,
        gather_across_devices: bool = True,
    ) -> None:
        super().__init__(model, mini_batch_size, gather_across_devices)
        if not 0 <= alpha <= 1:
            raise InputError(f"alpha {alpha} is outside 0..1")
        self.alpha = alpha

    def compute_loss(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return mixture_loss(predictions, labels, self.alpha)

    def get_config_dict(self) -> dict[str, Any]:
        return {"alpha": self.alpha, **super().get_config_dict()}


def prediction_of(model: nn.Module) -> Callable[[nn.Module, Columns], Tensor]:
    """How a model of this kind predicts."""
    if isinstance(model, SentenceTransformer):
        return cosines
    if not isinstance(model, CrossEncoder):
        raise InputError(f"{type(model).__name__}: the model must be a CrossEncoder or a SentenceTransformer")
    if model.num_labels != 1:
        raise InputError(
            f"the cross-encoder has {model.num_labels} labels: create it with CrossEncoder(..., num_labels=1)"
        )
    if not isinstance(model.activation_fn, nn.Identity):
        name = getattr(model.activation_fn, "__name__", type(model.activation_fn).__name__)
        warnings.warn(
            f"the loss is that of raw logits, but model.predict applies {name}: "
            "create the model with CrossEncoder(..., activation_fn=torch.nn.Identity())",
            stacklevel=3,
        )
    return logits


def logits(model: nn.Module, columns: Columns) -> Tensor:
    """A cross-encoder's raw logits (n,) of pairs."""
    (pairs,) = columns
    scores: Tensor = model(pairs)["scores"]
    return scores.flatten()


def cosines(model: nn.Module, columns: Columns) -> Tensor:
    """The cosines (n,) of a bi-encoder's embeddings of two texts."""
    first, second = (at_least_float32(model(column)["sentence_embedding"]) for column in columns)
    return torch.cosine_similarity(first, second)


def at_least_float32(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))


def recomputed(predict: Callable[[Columns], Tensor], columns: Columns) -> Tensor:
    """`predict(columns)` without its activations: backward calls it again, from the same random state.

    Autograd works through the newest graph first and to its end, so that of several such calls only one has
    its activations in memory at a time.
    """
    device = columns[0]["attention_mask"].device
    state = RandomState.now(device)
    calls = itertools.count()

    def predict_alike(columns: Columns) -> Tensor:
        columns = [dict(features) for features in columns]  # to which models add their outputs
        if next(calls) == 0:
            return predict(columns)
        after = RandomState.now(device)
        state.restore(device)
        try:
            return predict(columns)
        finally:
            after.restore(device)

    # `preserve_rng_state` would do the same, but for Apple's mps, which it passes over.
    outputs: Tensor = checkpoint(predict_alike, columns, use_reentrant=False, preserve_rng_state=False)
    return outputs


def unwrapped(model: nn.Module) -> Any:
    """The model inside the wrapper of data-parallel training, which may itself have been compiled."""
    inner = getattr(model, "_orig_mod", model)
    return inner.module if isinstance(inner, DataParallel | DistributedDataParallel) else model


def gathered(ours: Tensor) -> Tensor:
    """All ranks' predictions; this rank's carry W times the gradient, since DDP averages over the W ranks."""
    everyone, first = gather_pairs(ours)
    # Adds nothing but the gradient.
    everyone[first : first + len(ours)] += world_size() * (ours - ours.detach())
    return everyone


def used_widths(features: Features) -> Tensor:
    """How many tokens (n,) each row uses, on the CPU; only padding is beyond."""
    mask = features.get("attention_mask")
    if not isinstance(mask, Tensor) or mask.dim() != 2:
        raise InputError(
            "mini_batch_size: the model's inputs are no padded texts, a row each, and can't be cut: "
            "set mini_batch_size=None, or model[0].unpad_inputs = False"
        )
    places = torch.arange(1, mask.shape[1] + 1, device=mask.device)
    return (mask.bool() * places).amax(dim=1).cpu()


def cut(features: Features, widths: Tensor, rows: Tensor) -> Features:
    """The features of some rows, without the padding on the right that only longer ones need."""
    count, tokens = features["attention_mask"].shape
    width = int(widths[rows].max())

    def of_rows(value: Any) -> Any:
        if not isinstance(value, Tensor) or value.dim() == 0 or len(value) != count:
            return value
        part = value[rows.to(value.device)]
        return part[:, :width] if part.dim() > 1 and part.shape[1] == tokens else part

    return {name: of_rows(value) for name, value in features.items()}
