"""Rows written with a column added, from every format to every other."""

import csv
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from dalmeum.data.readers.rows import open_rows
from dalmeum.data.writers import check_rows, format_of, row_writer
from dalmeum.errors import InputError

RECORDS: list[dict[str, Any]] = [
    {"sentence1": 'She said "no", then', "sentence2": "그는 갔다", "count": 3, "share": 0.5, "good": True},
    {"sentence1": "", "sentence2": "줄\n바꿈", "count": 7, "share": 2, "good": False, "list": [1, "둘"]},
    {"sentence1": "a", "sentence2": "b", "count": None, "share": -1e-9, "good": None, "list": {"x": None}},
]
SCORES = np.array([0.1 + 0.2, 5.0, -1 / 3])


def rewritten(source: Path, out: Path, column: str = "score") -> Path:
    with open_rows(source) as rows:
        written = format_of(out)
        look = check_rows(out, written, rows, column)
        with row_writer(out, written, rows, column) as write:
            for number, block in enumerate(rows.blocks(2)):
                look(block, 2 * number)
                write(block, SCORES[2 * number :][: len(block)])
    return out


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(json.dumps(each) for each in RECORDS), encoding="utf-8")
    return path


def test_json_lines_stay_as_they_are(jsonl: Path, tmp_path: Path) -> None:
    lines = rewritten(jsonl, tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    scored = zip(RECORDS, SCORES.tolist(), strict=True)
    assert [json.loads(line) for line in lines] == [{**record, "score": score} for record, score in scored]


def test_json_to_csv_and_on_to_tsv_is_refused_where_a_line_breaks(jsonl: Path, tmp_path: Path) -> None:
    out = rewritten(jsonl, tmp_path / "out.csv")
    with out.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["sentence1", "sentence2", "count", "share", "good", "list", "score"]
    assert rows[0] == ['She said "no", then', "그는 갔다", "3", "0.5", "true", "", "0.30000000000000004"]
    assert rows[1][1:6] == ["줄\n바꿈", "7", "2", "false", '[1, "둘"]']
    assert [float(row[-1]) for row in rows] == SCORES.tolist()
    assert not (tmp_path / "out.tsv").exists()
    with pytest.raises(InputError, match=r"row 2: 'sentence2' holds a tab or a line break"):
        rewritten(out, tmp_path / "out.tsv", "again")
    assert not (tmp_path / "out.tsv").exists()


def test_json_to_parquet_has_types_and_what_has_none_is_text(jsonl: Path, tmp_path: Path) -> None:
    table = pyarrow.parquet.read_table(rewritten(jsonl, tmp_path / "out.parquet"))
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["count"], types["share"]) == ("int64", "double")
    assert (types["good"], types["list"], types["score"]) == ("bool", "string", "double")
    assert table.column("count").to_pylist() == [3, 7, None]
    assert table.column("share").to_pylist() == [0.5, 2.0, -1e-9]
    assert table.column("list").to_pylist() == [None, '[1, "둘"]', '{"x": null}']
    assert table.column("score").to_pylist() == SCORES.tolist()


def test_parquet_keeps_its_types_and_is_text_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    table = pyarrow.table(
        {
            "sentence1": pyarrow.array(["a", "b", "c"]).dictionary_encode(),
            "sentence2": ["d", "e", "f"],
            "when": pyarrow.array([0, 1, None], pyarrow.date32()),
            "inner": [{"x": 1}, None, {"x": 3}],
        }
    )
    pyarrow.parquet.write_table(table, path, row_group_size=1)
    kept = pyarrow.parquet.read_table(rewritten(path, tmp_path / "out.parquet"))
    assert kept.drop(["score"]).equals(table)
    lines = rewritten(path, tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == {
        "sentence1": "a",
        "sentence2": "d",
        "when": "1970-01-01",
        "inner": {"x": 1},
        "score": SCORES[0],
    }
    rows = rewritten(path, tmp_path / "out.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[1] == 'a\td\t1970-01-01\t{"x": 1}\t0.30000000000000004'
    assert rows[2].split("\t")[3] == ""


def test_half_a_surrogate_pair_and_a_large_number_beside_the_sentences(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    record = {"sentence1": "a", "sentence2": "b", "odd": "\ud83d", "large": 1 << 70}
    path.write_text("\n".join([json.dumps(record)] * 3), encoding="utf-8")
    first = rewritten(path, tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[0]
    assert json.loads(first) == {**record, "score": SCORES[0]}
    assert (
        rewritten(path, tmp_path / "out.csv")
        .read_text(encoding="utf-8")
        .splitlines()[1]
        .startswith("a,b,?,1180")
    )
    table = pyarrow.parquet.read_table(rewritten(path, tmp_path / "out.parquet"))
    assert table.column("large").to_pylist() == [str(1 << 70)] * 3


def test_a_column_of_that_name_and_names_without_a_known_end(jsonl: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has a column 'count' already: name another with --column"):
        rewritten(jsonl, tmp_path / "out.csv", "count")
    with pytest.raises(InputError, match=r"out\.xlsx: is written by the end of its name"):
        format_of(tmp_path / "out.xlsx")
    assert format_of(Path("/dev/null")) == "csv"


def test_values_that_json_and_csv_lack(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    columns = {
        "sentence1": ["a", "b", "c"],
        "sentence2": ["d", "e", "f"],
        "price": [Decimal("1.10"), None, Decimal("-2.50")],
        "share": [math.nan, math.inf, 0.5],
        "bytes": [b"\xff\x00", b"", None],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    rows = rewritten(path, tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert rows[1].split(",")[2] == "1.10"
    lines = rewritten(path, tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert [record["share"] for record in records] == [None, None, 0.5]
    assert [record["bytes"] for record in records] == ["/wA=", "", None]
    assert records[0]["price"] == "1.10"


def test_numbers_that_no_float_holds_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    values = [1.5, 9007199254740993, 2]
    records = [{"sentence1": "a", "sentence2": "b", "mixed": value, "whole": 1 << 60} for value in values]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    table = pyarrow.parquet.read_table(rewritten(path, tmp_path / "out.parquet"))
    assert table.column("mixed").to_pylist() == ["1.5", "9007199254740993", "2"]
    assert table.column("whole").to_pylist() == [1 << 60] * 3


@pytest.mark.parametrize("out", ["out.csv", "out.tsv", "out.jsonl", "out.parquet"])
def test_rows_that_stop_early_and_columns_without_a_name(tmp_path: Path, out: str) -> None:
    """The original STS benchmark has no header, and rows of 7 to 9 fields."""
    rows = [["g", "f", "y", str(number), "5", f"a {number}", "b"] for number in range(3)]
    rows[1] += ["here", "there"]
    path = tmp_path / "sts.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    with open_rows(rewritten(path, tmp_path / out, "pred"), format=format_of(Path(out))) as again:
        (block,) = again.blocks(10)
        assert block.sentence1 == ("a 0", "a 1", "a 2")
        assert again.names[-2:] == ("source2", "pred")
    unnamed = tmp_path / "unnamed.csv"
    unnamed.write_text(",sentence1,sentence2,,\n1,a,b,x,y\n2,c,d,z,w\n3,e,f,,\n", encoding="utf-8")
    lines = rewritten(unnamed, tmp_path / "named.jsonl").read_text(encoding="utf-8").splitlines()
    first = {"column 1": "1", "sentence1": "a", "sentence2": "b", "column 4": "x", "column 5": "y"}
    assert json.loads(lines[0]) == {**first, "score": SCORES[0]}
