"""Sentence vectors of the universal sentence encoder, multilingual, version 3, computed in torch.

A deep averaging network over pieces and their n-grams: convolutions of width 2, 3 and 5, a mean over the
sentence, and dense layers. The package's own engine computes the same in NumPy, in half again the time: what
depends on a piece alone, more than half of the arithmetic, is computed here once for all of its places.
"""

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dalmeum.models.packaged.usem3 import universal_tokenizer, universal_weights

SIZES = {"embedding": 512, "ngrams": 512, "hidden": 320}
"""Vectors of a sentence and their sizes: of the last layer, and below the dense ones and between them."""

DENSE = ("p1", "d0", "d1", "p3", "d2", "d3")
"""Weights of the dense layers."""

ORDERS = {2: 0, 3: 1, 5: 2}
"""Widths of n-grams, and how many of the pieces stand before the one that an n-gram belongs to."""

PIECE, NGRAM = 512, 256
CHUNKS = 17
"""Rows of the embedding table take turns among so many parts, each with a range of its own for its bytes."""

TOGETHER, AT_ONCE = 16_384, 1_024
"""Pieces whose like ones are computed once, and pieces that are held in all widths at once."""

Vectors = Mapping[str, NDArray[np.float32]]


class UniversalEncoder:
    """Sentences in, vectors out; what a sentence comes to does not hang on its company but for rounding."""

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        parts = [torch.from_numpy(arrays[f"q{number + 1}"]) for number in range(CHUNKS)]
        self.table = torch.stack(parts, dim=1).reshape(-1, PIECE)
        self.weights = {
            name: torch.from_numpy(array.astype(np.float32))
            for name, array in arrays.items()
            if not name.startswith("q")
        }
        self.epsilon = float(self.weights["eps"])

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, size) by the names in `SIZES`, on torch's threads; `embedding` is of length 1."""
        pieces = [universal_tokenizer().encode(text) for text in texts]
        found: dict[str, list[Tensor]] = {name: [torch.zeros(0, size)] for name, size in SIZES.items()}
        for rows in _budgeted(pieces, TOGETHER):
            for name, vectors in self._dense(*self._summed(pieces[rows])).items():
                found[name].append(vectors)
        return {name: torch.cat(vectors).numpy() for name, vectors in found.items()}

    def _summed(self, sentences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Features (n, 1280) of the sentences' pieces, summed, and the number of pieces (n, 1)."""
        pieces, place = torch.unique(
            torch.tensor(list(itertools.chain.from_iterable(sentences))), return_inverse=True
        )
        layers = Pieces(self, pieces)
        lengths = torch.tensor([len(sentence) for sentence in sentences])
        ends = [0, *lengths.cumsum(0).tolist()]
        sums = [
            torch.segment_reduce(
                layers.features(place[ends[rows.start] : ends[rows.stop]], lengths[rows]),
                "sum",
                lengths=lengths[rows],
                axis=0,
            )
            for rows in _budgeted(sentences, AT_ONCE)
        ]
        return torch.cat(sums), lengths[:, None].float()

    def _dense(self, sums: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        w = self.weights
        ngrams = (sums @ w["cnn_W"] + lengths * w["cnn_b"]) / lengths.sqrt()
        hidden = hidden_of(ngrams, w)
        return {"embedding": embedding_of(hidden, w), "ngrams": ngrams, "hidden": hidden}


def hidden_of(ngrams: Tensor, w: Mapping[str, Tensor]) -> Tensor:
    """Vectors (n, 320) between the dense layers, of those (n, 512) below them."""
    return (ngrams @ w["p1"] + (ngrams @ w["d0"]).relu() @ w["d1"]).relu()


def embedding_of(hidden: Tensor, w: Mapping[str, Tensor]) -> Tensor:
    """Vectors (n, 512) of length 1, of those (n, 320) between the dense layers."""
    return functional.normalize(torch.tanh(hidden @ w["p3"] + (hidden @ w["d2"]).relu() @ w["d3"]))


class Pieces:
    """What depends on a piece alone, of u different ones: embedding and the inputs of the convolutions.

    Attributes:
        embedding: (u, 512).
        inputs: by width, (u, 256).
        first: by width n, a convolution's first layer taken apart: row (piece, place in the n-gram) is what
            the piece adds there, (n (u + 1), 256), the last n rows zero.
    """

    def __init__(self, encoder: UniversalEncoder, pieces: Tensor) -> None:
        self.encoder, w = encoder, encoder.weights
        part = pieces % CHUNKS
        self.embedding = encoder.table[pieces] * w["scale"][part, None] + w["lo"][part, None]
        self.inputs: dict[int, Tensor] = {}
        self.first: dict[int, Tensor] = {}
        kernel, bias, scale, shift = (
            torch.cat([w[f"{name}{width}"] for width in ORDERS], dim=-1)
            for name in ("proj", "proj_b", "ln_g", "ln_b")
        )
        joint = torch.addmm(bias, self.embedding, kernel)
        joint = functional.layer_norm(joint, joint.shape[1:], scale, shift, encoder.epsilon)
        for width, inputs in zip(ORDERS, joint.split(NGRAM, dim=1), strict=True):
            self.inputs[width] = inputs.contiguous()
            kernel = w[f"w1_{width}"].view(width, NGRAM, NGRAM).transpose(0, 1).reshape(NGRAM, -1)
            added = torch.zeros(width * (len(pieces) + 1), NGRAM)
            torch.mm(self.inputs[width], kernel, out=added[:-width].view(len(pieces), -1))
            self.first[width] = added

    def features(self, pieces: Tensor, lengths: Tensor) -> Tensor:
        """Normalised features (t, 1280) of t places, which hold these pieces (rows of what is here), of
        sentences of these lengths.
        """
        w, count = self.encoder.weights, len(pieces)
        places = _neighbours(lengths)
        neighbours = functional.pad(pieces, (0, 1), value=len(self.embedding))
        result = torch.empty(count, PIECE + NGRAM * len(ORDERS))
        result[:, :PIECE] = self.embedding[pieces]
        padded = torch.zeros(count + 1, NGRAM)
        for number, (width, before) in enumerate(ORDERS.items()):
            window = places[:, max(ORDERS.values()) - before :][:, :width]
            rows = neighbours[window] * width + torch.arange(width)
            first = functional.embedding_bag(rows, self.first[width], mode="sum")
            first = first.add_(w[f"b1_{width}"]).relu_().add_(self.inputs[width][pieces])
            padded[:count] = first
            second = torch.addmm(w[f"b2_{width}"], padded[window].view(count, -1), w[f"w2_{width}"]).relu_()
            start = PIECE + NGRAM * number
            result[:, start : start + NGRAM] = second.add_(first)
        return functional.layer_norm(result, result.shape[1:], w["ln_g"], w["ln_b"], self.encoder.epsilon)


def _neighbours(lengths: Tensor) -> Tensor:
    """For each of t places those around it, (t, 5); outside of its sentence t."""
    count = int(lengths.sum())
    before, after = max(ORDERS.values()), max(width - left for width, left in ORDERS.items())
    places = torch.arange(count)[:, None] + torch.arange(-before, after)
    sentence = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    inside = (places >= 0) & (places < count)
    inside &= sentence[places.clamp(0, count - 1)] == sentence[:, None]
    return torch.where(inside, places, count)


def _budgeted(sentences: Sequence[Sequence[int]], budget: int) -> Iterator[slice]:
    """Neighbouring sentences of so many pieces together at most, or one longer one."""
    start, pieces = 0, 0
    for end, sentence in enumerate(sentences):
        if end > start and pieces + len(sentence) > budget:
            yield slice(start, end)
            start, pieces = end, 0
        pieces += len(sentence)
    if start < len(sentences):
        yield slice(start, len(sentences))


@functools.cache
def universal_encoder() -> UniversalEncoder:
    """The encoder of the installed package, shared: it takes a second to read.

    Raises `MissingExtraError` where the package is not installed, `InputError` where its files are others.
    """
    return UniversalEncoder(universal_weights())
