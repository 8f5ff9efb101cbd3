"""Pairs as the trainer takes them: encoded once, with their labels beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from dalmeum.data import PairTable
from dalmeum.models.encoding import PairEncoding, encode_told
from dalmeum.models.scorer import PairScorer


@dataclass(frozen=True)
class EncodedPairs(Dataset[list[int]]):
    """Encoded pairs and their labels, float32 (n,); `binary` is None where the binary task is not trained.

    `sources` numbers the sources that pairs come from, (n,); None where nobody asks for them.

    As a torch dataset it hands row numbers through: the collator makes the batch, so that a batch's labels
    are one indexing of a tensor.
    """

    items: Sequence[Any]
    labels: Tensor
    binary: Tensor | None
    sources: Sequence[int] | None = None

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, rows: list[int]) -> list[int]:
        return rows


def encode_pairs(scorer: PairScorer, table: PairTable, binary: NDArray[np.int64] | None) -> EncodedPairs:
    """A table's pairs with their labels, NaN where it has none; `binary` (n,) are the binary task's."""
    labels = np.full(len(table), np.nan) if table.label is None else table.label
    return EncodedPairs(
        items=encode_told(scorer.encoding, table.sentence1, table.sentence2),
        labels=torch.tensor(labels, dtype=torch.float32),
        binary=None if binary is None else torch.tensor(binary, dtype=torch.float32),
        sources=np.unique(table.source, return_inverse=True)[1].tolist(),
    )


Batch = dict[str, list[dict[str, Any]]]


def collate_rows(pairs: EncodedPairs, encoding: PairEncoding) -> Callable[[list[list[int]]], Batch]:
    """The collator of a data loader over `pairs`: rows of micro-batches in, `{"micro_batches": [...]}` out.

    Each holds the network's `inputs`, and of its n pairs the `rows`, the `labels` and, if any, `binary`. An
    empty one gets the inputs of row 0, so that there is something to run; with n = 0 its output is dropped.
    """

    def collate(micro_batches: list[list[int]]) -> Batch:
        return {"micro_batches": [collate_one(rows) for rows in micro_batches]}

    def collate_one(rows: list[int]) -> dict[str, Any]:
        index = torch.as_tensor(rows, dtype=torch.long)
        batch = {
            "inputs": encoding.collate([pairs.items[row] for row in rows or [0]]),
            "rows": index,
            "labels": pairs.labels[index],
        }
        return batch if pairs.binary is None else {**batch, "binary": pairs.binary[index]}

    return collate
