"""A pair scorer: a network, its encoding and its label scale, whatever the kind."""

import dataclasses
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable
from unicodedata import normalize

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dalmeum.data import Predictions
from dalmeum.errors import InputError
from dalmeum.files import open_to_others
from dalmeum.languages import Text
from dalmeum.models.encoding import PairEncoding
from dalmeum.models.golden import write_golden
from dalmeum.models.head import fold_affine, last_linear
from dalmeum.models.precision import autocast, resolve_precision
from dalmeum.models.pretrained import SETTINGS, read_json

if TYPE_CHECKING:  # transformers, which is slow to import: an offline model is scored without
    from transformers import PreTrainedModel

    from dalmeum.models.bi import BiEncoder
    from dalmeum.models.ensemble import Ensemble
    from dalmeum.models.offline.network import OfflineNetwork

PairNetwork: TypeAlias = "PreTrainedModel | BiEncoder | Ensemble | OfflineNetwork"
"""What answers logits (n, tasks); it has a `config`, and writes itself with `save_pretrained`.

It may say `on_label_scale` (True: an untrained one is, so that it is left as it starts) and `auto_precision`
(what the precision `auto` stands for): what it computes in a shorter type itself, a head too, is rounded.
"""


@runtime_checkable
class HasOwnMap(Protocol):
    """A network that knows where a line is folded into it."""

    def fold_affine(self, slope: float, intercept: float) -> None:
        """Make the similarity p answer `slope * p + intercept`."""


@runtime_checkable
class HasOwnPrecisions(Protocol):
    """A network whose parts compute each in a type of its own."""

    def with_precision(self, precision: str) -> "Ensemble":
        """The same network, its parts computing in another type."""


SCORING_BATCH = 64
"""Pairs in one forward pass of scoring on a GPU."""

SCORING_TOKENS = 1024
"""Tokens with their padding in one forward pass on a processor: enough to fill it. In batches of 64 pairs,
20,000 took 1.6 times the memory of 2,000: what one length leaves free does not fit another.
"""


ENCODED_TOGETHER = 8192
"""Pairs that are encoded before they are scored: enough to put like lengths together."""


@dataclass(frozen=True)
class PairScorer:
    """Two sentences in, a similarity on the label scale out.

    Attributes:
        model: a sequence classifier or a bi-encoder; column 0 of its logits is the similarity, column 1 (if
            any) the binary task's logit.
        encoding: the way from sentences to the model's batches.
        label_range: lowest and highest label.
        sigmoid: the similarity is the label range times the sigmoid of its logit (trained by BCE), not the
            logit itself.
        binary_threshold: the lowest label that counts as similar; None where the data had no such rule.
        precision: the floating-point type that the encoder computes in; the head computes in float32.
        own_kind: `module:Kind` of the user's own code that made the network, if it did.
        swap: sentences are scored in both orders, and the mean is the answer.
        notes: what its user should know: of a new network, what was settled when its encoder was loaded; of a
            loaded one, how its golden scores stand.
    """

    model: PairNetwork
    encoding: PairEncoding
    label_range: tuple[float, float] = (0.0, 5.0)
    sigmoid: bool = False
    binary_threshold: float | None = None
    precision: torch.dtype = torch.float32
    own_kind: str | None = None
    swap: bool = False
    notes: tuple[Text, ...] = ()

    @property
    def has_binary(self) -> bool:
        return self.columns > 1

    @property
    def columns(self) -> int:
        """Logits a pair: one a task."""
        return int(self.model.config.num_labels or 1)

    def score(self, pairs: Iterable[tuple[str, str]]) -> NDArray[np.float64]:
        """Similarities of shape (n,), on the label scale, not clipped to it.

        Raises `InputError` where an item is not a pair of strings.
        """
        return self.similarity(self.logits_of(*_columns(pairs)))

    def logits_of(
        self,
        sentence1: Sequence[str],
        sentence2: Sequence[str],
        progress: Callable[[int], object] = lambda count: None,
    ) -> NDArray[np.float64]:
        """As `logits`, for n pairs of sentences, which are composed to NFC as `read_pairs` does it.

        Encoded pairs are many times the size of their text: of so many pairs as there may be in a file, only
        `ENCODED_TOGETHER` are held at once.
        """
        result = np.empty((len(sentence1), self.columns))
        for start in range(0, len(sentence1), ENCODED_TOGETHER):
            part = slice(start, start + ENCODED_TOGETHER)
            one, two = ([normalize("NFC", text) for text in side[part]] for side in (sentence1, sentence2))
            result[part] = self.logits(self.encoding.encode(one, two), progress)
            if self.swap:
                result[part] = self._mean(result[part], self.logits(self.encoding.encode(two, one)))
        return result

    def _mean(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits (n, num_labels) of the mean similarity, and of the mean probability."""
        mean = (one + other) / 2
        probabilities = slice(0 if self.sigmoid else 1, None)
        mean[:, probabilities] = _mean_logit(one[:, probabilities], other[:, probabilities])
        return mean

    def logits(
        self, items: Sequence[Any], progress: Callable[[int], object] = lambda count: None
    ) -> NDArray[np.float64]:
        """The network's output (n, num_labels) for encoded items, in evaluation mode, in the items' order.

        `progress` is called with the number of items done since the last call.
        """
        model = self.model
        lengths = self.encoding.lengths(items)
        # Like lengths together, the longest first: what does not fit in memory fails at once.
        order = sorted(range(len(items)), key=lambda index: -lengths[index])
        result = np.empty((len(items), self.columns))
        was_training = model.training
        model.eval()
        try:
            # No `inference_mode`: in it, a shorter type's weights are cast anew in each forward pass.
            with torch.no_grad(), autocast(model.device, self.precision):
                for rows in self._batches(order, lengths):
                    batch = self.encoding.collate([items[row] for row in rows])
                    batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
                    result[rows] = model(**batch).logits.double().cpu().numpy()
                    progress(len(rows))
        finally:
            model.train(was_training)
        return result

    def _batches(self, order: Sequence[int], lengths: Sequence[int]) -> Iterator[Sequence[int]]:
        """Rows, the longest first, of one forward pass each."""
        start = 0
        while start < len(order):
            on_processor = self.model.device.type == "cpu"
            count = max(1, SCORING_TOKENS // max(1, lengths[order[start]])) if on_processor else SCORING_BATCH
            yield order[start : start + count]
            start += count

    def similarity(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Similarities (n,) on the label scale from logits (n, num_labels)."""
        column = logits[:, 0]
        if not self.sigmoid:
            return column.copy()
        low, high = self.label_range
        return low + (high - low) * _sigmoid(column)

    def binary(self, logits: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Probabilities (n,) of being similar; None for a model without the binary task."""
        return _sigmoid(logits[:, 1]) if self.has_binary else None

    def predictions(self, logits: NDArray[np.float64]) -> Predictions:
        """Of n pairs, from their logits (n, num_labels)."""
        return Predictions(self.similarity(logits), self.binary(logits))

    def fold(self, slope: float, intercept: float) -> None:
        """Fold `slope * similarity + intercept` into the last linear layer, or a network's own map."""
        if isinstance(self.model, HasOwnMap):
            self.model.fold_affine(slope, intercept)
        else:
            fold_affine(last_linear(self.model), slope, intercept)

    def start_at(self, label: float) -> None:
        """Let an untrained network, whose logits lie around 0, answer around `label` for every pair.

        A step moves a bias by the learning rate at most: without this, a loss that sees the label scale
        spends its first hundred steps on getting there, through the encoder's weights.
        """
        low, high = self.label_range
        # The sigmoid gets nowhere near its ends, where it has no slope.
        share = min(max((label - low) / (high - low), 0.01), 0.99)
        self.fold(1.0, math.log(share / (1 - share)) if self.sigmoid else label)

    def save(self, folder: Path) -> None:
        """Write a standard model folder: safetensors and JSON only, golden scores among them."""
        activation = "activation.Sigmoid" if self.sigmoid else "linear.Identity"
        self.model.config.sentence_transformers = {"activation_fn": f"torch.nn.modules.{activation}"}
        settings: dict[str, Any] = {
            "label_range": list(self.label_range),
            "sigmoid": self.sigmoid,
            "binary_threshold": self.binary_threshold,
        }
        if self.own_kind is not None:
            settings["kind"] = self.own_kind
        if self.swap:
            settings["swap"] = True
        self.model.config.dalmeum = settings
        self.model.save_pretrained(folder)
        self.encoding.save_pretrained(folder)
        if self.own_kind is not None:
            # The network may have put something of its own there, as a bi-encoder its lines.
            settings = {**read_json(folder / SETTINGS, default={}), **settings}
            (folder / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        open_to_others(folder.rglob("*.safetensors"))
        write_golden(self, folder)

    def with_precision(self, precision: str) -> "PairScorer":
        """The same scorer computing in another type: `auto`, `float32`, `bfloat16` or `float16`."""
        if isinstance(self.model, HasOwnPrecisions):
            return dataclasses.replace(self, model=self.model.with_precision(precision))
        if precision == "auto":
            # Of an own kind nobody knows that its head stays out of a shorter type.
            own = "float32" if self.own_kind is not None else precision
            precision = getattr(self.model, "auto_precision", own)
        return dataclasses.replace(self, precision=resolve_precision(precision, self.model.device))


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    sentence1: list[str] = []
    sentence2: list[str] = []
    for number, pair in enumerate(pairs):
        if isinstance(pair, str) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise InputError(f"pair {number} is no pair of strings: pass [(sentence1, sentence2), ...]")
        sentence1.append(pair[0])
        sentence2.append(pair[1])
    return sentence1, sentence2


def _mean_logit(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logit of the mean of two probabilities, from theirs; finite, however large they are."""
    similar, not_similar = (
        np.logaddexp(-np.logaddexp(0, -sign * one), -np.logaddexp(0, -sign * other)) for sign in (1, -1)
    )
    return np.asarray(similar - not_similar)


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return Tensor.numpy(torch.sigmoid(torch.from_numpy(np.ascontiguousarray(values))))
