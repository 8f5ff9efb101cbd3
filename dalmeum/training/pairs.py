"""Pairs as the trainer takes them: encoded once, with their labels beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from dalmeum.models.encoding import PairEncoding


@dataclass(frozen=True)
class EncodedPairs(Dataset[int]):
    """Encoded pairs and their labels, float32 (n,); `binary` is None where the binary task is not trained.

    As a torch dataset it yields row numbers: `collate_rows` makes the batch, so that a batch's labels are one
    indexing of a tensor.
    """

    items: Sequence[Any]
    labels: Tensor
    binary: Tensor | None

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, row: int) -> int:
        return row


def collate_rows(pairs: EncodedPairs, encoding: PairEncoding) -> Callable[[list[int]], dict[str, Tensor]]:
    """The collator of a data loader over `pairs`: the network's inputs, `labels` and, if any, `binary`."""

    def collate(rows: list[int]) -> dict[str, Tensor]:
        batch = encoding.collate([pairs.items[row] for row in rows])
        batch["labels"] = pairs.labels[torch.as_tensor(rows)]
        if pairs.binary is not None:
            batch["binary"] = pairs.binary[torch.as_tensor(rows)]
        return batch

    return collate
