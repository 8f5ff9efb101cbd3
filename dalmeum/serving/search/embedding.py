"""From sentences to unit vectors whose inner products, on a line, are a bi-encoder's scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import DalmeumError, InputError

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

Vectors = NDArray[np.float32]

BATCH = 64
"""Sentences in one forward pass."""

BI_ENCODER = (
    "a bi-encoder, as dalmeum train recipes/korsts-e5-bi.yaml makes one, or a SentenceTransformer folder"
)


@dataclass(frozen=True)
class Embedder:
    """A bi-encoder that answers one sentence at a time.

    Attributes:
        slope, intercept: the line from a cosine to the label scale.
        label_range: lowest and highest label.
    """

    scorer: "PairScorer"
    slope: float
    intercept: float

    @classmethod
    def of(cls, scorer: "PairScorer", run: str) -> "Embedder":
        """Raises `InputError` for a model that has no vectors of single sentences."""
        from dalmeum.models.bi import BiEncoder  # torch, which the scorer has brought along

        network = scorer.model
        if not isinstance(network, BiEncoder) or scorer.own_kind is not None:
            raise InputError(
                f"{run}: is no bi-encoder: it compares two sentences together and has no vector of one; use "
                f"{BI_ENCODER}, and this one with --rerank"
            )
        slope, intercept = network.slope.item(), network.intercept.item()
        if not slope > 0:
            raise InputError(
                f"{run}: its score falls as the cosine rises, so that nothing is near: train it again"
            )
        return cls(scorer, slope, intercept)

    @property
    def label_range(self) -> tuple[float, float]:
        return self.scorer.label_range

    @property
    def dimensions(self) -> int:
        return int(self.embed(["."]).shape[1])

    def similarity(self, cosines: NDArray[np.float32]) -> NDArray[np.float64]:
        """On the label scale, not clipped to it."""
        return self.slope * cosines.astype(np.float64) + self.intercept

    def cosine(self, similarity: float) -> float:
        """That comes to a similarity; above 1 where nothing does."""
        return (similarity - self.intercept) / self.slope

    def embed(self, texts: Sequence[str], advance: Callable[[int], object] = lambda count: None) -> Vectors:
        """Vectors (n, dimensions) of length 1; `advance` gets the number of texts done.

        Raises `DalmeumError` where the model answers what is no number.
        """
        import torch

        from dalmeum.models.bi import BiEncoder, TokenizedSentences
        from dalmeum.models.precision import autocast

        model, encoding = self.scorer.model, self.scorer.encoding
        assert isinstance(model, BiEncoder)
        assert isinstance(encoding, TokenizedSentences)
        items = encoding.tokenized(texts)
        order = sorted(range(len(items)), key=lambda row: -len(items[row]["input_ids"]))
        found: dict[int, Vectors] = {}
        model.eval()
        with torch.no_grad(), autocast(model.device, self.scorer.precision):
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                batch = encoding.padded([items[row] for row in rows])
                vectors = model.embed({name: tensor.to(model.device) for name, tensor in batch.items()})
                with torch.autocast(vectors.device.type, enabled=False):
                    unit = torch.nn.functional.normalize(vectors.float()).cpu().numpy()
                found.update(zip(rows, unit, strict=True))
                advance(len(rows))
        result = np.stack([found[row] for row in range(len(items))])
        if not np.isfinite(result).all():
            raise DalmeumError(
                "the model answers what is no number: its weights are damaged or diverged; train it again, "
                "with a lower learning rate or precision=float32"
            )
        return result
