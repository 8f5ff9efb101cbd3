"""A name that stands in a file twice: which of the two values is meant can't be known."""

import unicodedata
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from dalmeum.data import read_pairs
from dalmeum.errors import DataError


def put(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def refused(name: str) -> list[str]:
    with pytest.raises(DataError) as raised:
        read_pairs(name)
    return list(raised.value.problems)


def test_a_key_twice_in_json(here: Path) -> None:
    twice = '{"sentence1": "가", "sentence2": "나", "label": 1, "label": 4}'
    once = '{"sentence1": "가", "sentence2": "나", "label": 1}'
    assert refused(put("a.jsonl", f"{once}\n{twice}\n")) == [
        "a.jsonl, line 2: key 'label' stands there twice: leave one out"
    ]
    assert refused(put("a.json", f"[{once}, {twice}]")) == [
        "a.json, record 2: key 'label' stands there twice: leave one out"
    ]
    nested = (
        '{"guid": "1", "source": "s", "sentence1": "가", "sentence2": "나", "labels": '
        '{"label": 1, "real-label": 1, "real-label": 2, "binary-label": 0}}'
    )
    assert refused(put("k.json", f"[{nested}]")) == [
        "k.json, record 1: key 'real-label' stands there twice: leave one out"
    ]


@pytest.mark.parametrize(
    "twice",
    [
        '"labels": {"label": 1}, "labels.label": 4',
        '"labels.label": 4, "labels": {"label": 1}',
        f'"label": 1, "점수": 1, "{unicodedata.normalize("NFD", "점수")}": 2',
    ],
)
def test_one_name_written_in_two_ways_in_json(twice: str, here: Path) -> None:
    name = "점수" if "점수" in twice else "labels.label"
    assert refused(put("a.jsonl", f'{{"sentence1": "가", "sentence2": "나", {twice}}}')) == [
        f"a.jsonl, line 1: key '{name}' stands there twice: leave one out"
    ]


def test_a_column_twice_in_parquet(here: Path) -> None:
    table = pyarrow.table([["가"], ["나"], ["다"]], names=["sentence1", "sentence1", "sentence2"])
    pyarrow.parquet.write_table(table, "a.parquet")
    assert refused("a.parquet") == ["a.parquet: column 'sentence1' appears 2 times"]
