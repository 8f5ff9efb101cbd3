"""Decomposed Unicode is composed when read, in files, frames, lists and tables, and is told."""

import dataclasses
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.checks import check_tables

NFC = [("한 남자가 기타를 친다.", "누군가 기타를 친다."), ("café", "커피"), ("abc", "def")]
NFD = [(unicodedata.normalize("NFD", one), unicodedata.normalize("NFD", two)) for one, two in NFC]
TOLD = "4 sentences in decomposed Unicode, as macOS writes Hangul, were composed (NFC)"


def as_csv(pairs: list[tuple[str, str]], path: Path) -> Path:
    rows = "".join(f"{row},쇼핑,{one},{two},{row}\n" for row, (one, two) in enumerate(pairs))
    path.write_text("id,source,sentence_1,sentence_2,label\n" + rows, encoding="utf-8")
    return path


def decomposed_table(**columns: Any) -> PairTable:
    first, second = zip(*NFD, strict=True)
    return PairTable(("1", "2", "3"), ("",) * 3, first, second, **columns)


@pytest.mark.parametrize("held", ["csv", "jsonl", "parquet", "frame", "list", "table"])
def test_wherever_it_comes_from(held: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(NFD, columns=["sentence1", "sentence2"])
    source = {
        "csv": as_csv(NFD, tmp_path / "pairs.csv"),
        "jsonl": tmp_path / "pairs.jsonl",
        "parquet": tmp_path / "pairs.parquet",
        "frame": frame,
        "list": NFD,
        "table": decomposed_table(),
    }[held]
    frame.to_json(tmp_path / "pairs.jsonl", orient="records", lines=True, force_ascii=False)
    frame.to_parquet(tmp_path / "pairs.parquet")
    table = read_pairs(source, name="mine")
    assert list(table.pairs) == NFC
    (warning,) = table.warnings
    assert warning.en.endswith(TOLD)
    assert "NFC로 합쳤습니다" in warning.ko
    assert [finding.kind for finding in check_tables([table]).findings] == ["reader"]


def test_composed_text_is_left_as_it_is_and_counts_as_before(tmp_path: Path) -> None:
    table = read_pairs(as_csv(NFC, tmp_path / "pairs.csv"))
    assert table.warnings == ()
    assert read_pairs(table) is table
    # The hash that version 0.1.0 gave these pairs: their runs are found again.
    assert table.sha256 == "1f8004dbae3d5e14c2cdf0d188fba58442d0e0a95b90c822ce1f47ea9905a1a1"


def test_decomposed_text_counts_as_the_same_data(tmp_path: Path) -> None:
    one = read_pairs(as_csv(NFC, tmp_path / "nfc.csv"))
    other = read_pairs(as_csv(NFD, tmp_path / "nfd.csv"))
    assert one.sha256 == other.sha256
    assert check_tables([one, other]).problems[0].count == 3


def test_ids_stay_as_they_are(tmp_path: Path) -> None:
    ids = ["가", unicodedata.normalize("NFD", "가")]
    table = read_pairs(
        [{"id": each, "sentence1": f"{row}", "sentence2": "x"} for row, each in enumerate(ids)]
    )
    assert list(table.id) == ids


def test_a_table_that_is_composed_keeps_its_other_columns() -> None:
    table = decomposed_table(label=np.array([1.0, 2.0, 3.0]), name="t")
    composed = read_pairs(table)
    assert dataclasses.replace(composed, warnings=()).label is table.label
    assert composed.warnings[0].en == f"t: {TOLD}"
