import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dalmeum.data import PairTable, Predictions, read_pairs


def table() -> PairTable:
    return PairTable(("1", "2"), ("", ""), ("a", "b"), ("c", "d"), label=np.array([0.0, 5.0]))


def test_the_label_range_stays_with_the_rows_and_out_of_the_hash() -> None:
    wide = dataclasses.replace(table(), label_range=(0.0, 10.0))
    assert wide.take([1]).label_range == (0.0, 10.0)
    assert wide.sha256 == table().sha256
    assert table().label_range == (0.0, 5.0)


def test_a_reader_sets_it(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("sentence1,sentence2,label\na,b,-1\n", encoding="utf-8")
    assert read_pairs(path, label_range=(-1, 1)).label_range == (-1, 1)


def test_predictions_of_two_lengths() -> None:
    assert len(Predictions(np.zeros(3))) == 3
    with pytest.raises(ValueError, match=r"similarity \(3,\) and binary \(2,\) differ in shape"):
        Predictions(np.zeros(3), np.zeros(2))
