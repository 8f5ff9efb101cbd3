"""The universal sentence encoder's dense layers, trained on the labels of pairs, out of fold."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dalmeum.data import PairTable
from dalmeum.data.folds import fold_rows
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.losses import correlation_loss
from dalmeum.models.offline.universal import DENSE, embedding_of, hidden_of, universal_encoder
from dalmeum.progress import Progress

TUNING = Text("training the sentence encoder's last layers, fold", "문장 인코더의 마지막 층 학습, 폴드")

EPOCHS, BATCH, LEARNING_RATE, DROPOUT = 2, 64, 3e-4, 0.1
"""Chosen by the out-of-fold Pearson of KorSTS train; longer or faster training loses on text unlike it."""

PREFIX = "tuned_"
"""Of its arrays in an encoder's file."""

WARMUP = 0.1
"""Share of the steps."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class TunedLayers:
    """Dense layers by fold, each trained on the pairs of all other folds, and which sentence is of which.

    A sentence of the training pairs is always answered for by the layers that have not learned from it, so
    that its cosine says of a training pair what it would of a new one, in training and ever after. New
    sentences have the mean of all folds' weights: they began at one place and did not go far.

    Attributes:
        weights: by the names in `DENSE`, (k, ...) of k folds, exact in float16.
        sentences: of the training pairs, (m,), rising, by `fingerprints`.
        folds: (m,), below k.
    """

    weights: Mapping[str, Tensor]
    sentences: NDArray[np.int64]
    folds: NDArray[np.int8]

    @classmethod
    def fit(cls, train: PairTable, first: Vectors, second: Vectors, folds: int, seed: int) -> "TunedLayers":
        """Of n labelled pairs whose sentences have these vectors (n, 512) below the dense layers.

        Raises `InputError` where the pairs can't fill the folds.
        """
        try:
            rows = fold_rows(train, folds)
        except ValueError as error:
            raise InputError(f"model.universal.tuned_folds: {train.name}: {error}") from None
        vectors = torch.from_numpy(first), torch.from_numpy(second)
        labels = torch.as_tensor(train.label, dtype=torch.float32)
        trained = []
        fold_of: dict[int, int] = {}
        with Progress(folds, TUNING) as progress:
            for fold, held_out in enumerate(rows):
                others = np.setdiff1d(np.arange(len(train)), held_out)
                draw = torch.Generator().manual_seed(seed * folds + fold)
                trained.append(_trained(*vectors, labels, torch.from_numpy(others), draw))
                for side in (train.sentence1, train.sentence2):
                    known = fingerprints([side[row] for row in held_out.tolist()])
                    fold_of.update(dict.fromkeys(known.tolist(), fold))
                progress.advance()
        sentences = np.array(sorted(fold_of), np.int64)
        return cls(
            {name: torch.stack([each[name] for each in trained]) for name in DENSE},
            sentences,
            np.array([fold_of[sentence] for sentence in sentences.tolist()], np.int8),
        )

    def cosines(
        self,
        texts: Sequence[str],
        vectors: Vectors,
        first: NDArray[np.int64],
        second: NDArray[np.int64],
    ) -> Vectors:
        """Of n pairs, rows of m texts and their vectors (m, 512); (n,).

        A pair of two training sentences from different folds has the mean of both folds' cosines.
        """
        folds = self._folds_of(texts)
        one, other = folds[first], folds[second]
        one, other = np.where(one < 0, other, one), np.where(other < 0, one, other)
        below = torch.from_numpy(vectors)
        result = np.zeros(len(first), np.float32)
        for fold in np.unique(np.concatenate([one, other])).tolist():
            times = (one == fold).astype(np.float32) + (other == fold)
            rows = np.flatnonzero(times)
            used, places = np.unique(np.stack([first[rows], second[rows]]), return_inverse=True)
            left, right = places.reshape(2, -1)
            with torch.inference_mode():
                embedded = embed(below[used], self._layers[fold]).numpy()
            result[rows] += times[rows] / 2 * (embedded[left] * embedded[right]).sum(axis=1)
        return result

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For a file; `from_arrays` reads them."""
        weights = {
            f"{PREFIX}{name}": weight.numpy().astype(np.float16) for name, weight in self.weights.items()
        }
        return {**weights, f"{PREFIX}sentences": self.sentences, f"{PREFIX}folds": self.folds}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "TunedLayers":
        """Raises `ValueError` where they do not fit together, or what they say of folds can't be."""
        weights = {name: arrays[f"{PREFIX}{name}"] for name in DENSE}
        sentences, folds = arrays[f"{PREFIX}sentences"], arrays[f"{PREFIX}folds"]
        shapes = {name: tuple(weight.shape) for name, weight in universal_encoder().weights.items()}
        count = len(weights[DENSE[0]])
        if any(weight.shape != (count, *shapes[name]) for name, weight in weights.items()):
            raise ValueError("weights of another shape")
        if sentences.shape != folds.shape or not len(folds) or not 0 <= folds.min() <= folds.max() < count:
            raise ValueError("sentences of no fold")
        if (np.diff(sentences) <= 0).any():
            raise ValueError("sentences out of order")
        return cls(
            {name: torch.from_numpy(weight.astype(np.float32)) for name, weight in weights.items()},
            sentences.astype(np.int64),
            folds.astype(np.int8),
        )

    @cached_property
    def _layers(self) -> list[dict[str, Tensor]]:
        """Of each fold, and last, where -1 finds them, the mean of all."""
        folds = range(len(self.weights[DENSE[0]]))
        each = [{name: weight[fold] for name, weight in self.weights.items()} for fold in folds]
        return [*each, {name: weight.mean(dim=0) for name, weight in self.weights.items()}]

    def _folds_of(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The fold of each text, -1 for those that are not of the training pairs."""
        wanted = fingerprints(texts)
        places = np.searchsorted(self.sentences, wanted).clip(max=len(self.sentences) - 1)
        return np.where(self.sentences[places] == wanted, self.folds[places].astype(np.int64), -1)


def fingerprints(texts: Sequence[str]) -> NDArray[np.int64]:
    """64 bits of each text: two of a million texts are alike once in 37 million times."""
    digests = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8) for text in texts)
    return np.frombuffer(b"".join(each.digest() for each in digests), "<i8").astype(np.int64)


def embed(vectors: Tensor, layers: Mapping[str, Tensor]) -> Tensor:
    """Embeddings (n, 512) of length 1, of vectors (n, 512) below the dense layers."""
    return embedding_of(hidden_of(vectors, layers), layers)


def _trained(
    first: Tensor, second: Tensor, labels: Tensor, rows: Tensor, draw: torch.Generator
) -> dict[str, Tensor]:
    """The dense layers after training on these rows: the cosine is to correlate with the labels."""
    begin = universal_encoder().weights
    layers = {name: begin[name].clone().requires_grad_() for name in DENSE}
    optimizer = torch.optim.AdamW(layers.values(), lr=LEARNING_RATE, weight_decay=0.0)
    batches = [
        batch for _ in range(EPOCHS) for batch in rows[torch.randperm(len(rows), generator=draw)].split(BATCH)
    ]
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (WARMUP * len(batches))) * (1 - step / len(batches))
    )
    for batch in batches:
        left, right = (_dropped_out(side[batch], draw) for side in (first, second))
        cosine = (embed(left, layers) * embed(right, layers)).sum(dim=1)
        optimizer.zero_grad()
        correlation_loss(cosine, labels[batch]).backward()
        optimizer.step()
        schedule.step()
    # As they are saved, so that a loaded model answers alike.
    return {name: layer.detach().half().float() for name, layer in layers.items()}


def _dropped_out(vectors: Tensor, draw: torch.Generator) -> Tensor:
    kept = torch.rand(vectors.shape, generator=draw) >= DROPOUT
    return vectors * kept / (1 - DROPOUT)
