"""Many pairs are encoded in parts, and how far that is is told."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from dalmeum import progress
from dalmeum.models import encoding
from dalmeum.models.encoding import encode_told


class Slow:
    """An item is its pair."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[Any]:
        self.asked.append(len(sentence1))
        time.sleep(0.05)
        return list(zip(sentence1, sentence2, strict=True))

    def lengths(self, items: Sequence[Any]) -> list[int]:
        raise NotImplementedError

    def collate(self, items: Sequence[Any]) -> dict[str, Tensor]:
        raise NotImplementedError

    def save_pretrained(self, folder: str | Path) -> Any:
        raise NotImplementedError


def test_items_come_in_their_order_and_the_parts_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "PART", 3)
    monkeypatch.setattr(progress, "EVERY", 0.02)
    first, second = list("abcdefgh"), list("12345678")
    slow = Slow()
    assert encode_told(slow, first, second) == list(zip(first, second, strict=True))
    assert slow.asked == [3, 3, 2]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "encoding, pair 0 of 8"
    assert lines[-1].startswith(("encoding, pair 3 of 8", "encoding, pair 6 of 8"))
    assert encode_told(slow, [], []) == []
