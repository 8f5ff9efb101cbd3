"""Files read a block of rows at a time: the same pairs as `read_pairs`, and all that stands beside them."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from dalmeum.data import read_pairs
from dalmeum.data.readers.rows import Block, open_rows
from dalmeum.errors import DataError, InputError

TEXTS = [(f"문장 {number}, 그리고\t", f'따옴표 "{number}"') for number in range(10)]
TSV = [(one.replace("\t", " "), two) for one, two in TEXTS]


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def write(folder: Path, kind: str) -> Path:
    path = folder / f"pairs.{kind}"
    if kind == "csv":
        rows = [f"{quoted(one)},{quoted(two)},덤 {number}" for number, (one, two) in enumerate(TEXTS)]
        path.write_text("\n".join(["sentence1,sentence2,extra", *rows]) + "\n", encoding="cp949")
    elif kind == "tsv":
        lines = [f"{one}\t{two}\t덤 {number}" for number, (one, two) in enumerate(TSV)]
        path.write_text("\n".join(["sentence1\tsentence2\textra", *lines]), encoding="utf-8")
    elif kind in ("jsonl", "json"):
        records = [
            {"pair": {"one": one, "two": two}, "sentence1": one, "sentence2": two, "extra": number}
            for number, (one, two) in enumerate(TEXTS)
        ]
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        path.write_text("\n\n".join(lines) if kind == "jsonl" else f"[{', '.join(lines)}]", encoding="utf-8")
    else:
        one, two = zip(*TEXTS, strict=True)
        table = pyarrow.table({"sentence1": one, "sentence2": two, "extra": range(10)})
        pyarrow.parquet.write_table(table, path, row_group_size=3)
    return path


def lists(kind: str, blocks: list[Block]) -> list[object]:
    extra: list[object] = []
    for block in blocks:
        if kind == "parquet":
            extra += block.rows.column("extra").to_pylist()
        elif kind in ("json", "jsonl"):
            extra += [record["extra"] for record in block.rows]
        else:
            extra += [int(fields[2].removeprefix("덤 ")) for fields in block.rows]
    return extra


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_blocks_hold_the_pairs_of_the_whole_file_and_what_stands_beside_them(
    tmp_path: Path, kind: str
) -> None:
    path = write(tmp_path, kind)
    table = read_pairs(path)
    with open_rows(path) as rows:
        for size, sizes in ((4, [4, 4, 2]), (5, [5, 5]), (100, [10])):
            blocks = list(rows.blocks(size))
            assert [len(block) for block in blocks] == sizes
            pairs = [pair for each in blocks for pair in zip(each.sentence1, each.sentence2, strict=True)]
            assert pairs == list(table.pairs)
            assert lists(kind, blocks) == list(range(10))
        assert rows.names[-1] == "extra"


def test_all_problems_are_told_with_their_lines_once_the_rows_were_gone_through(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    rows = [f"a {number},b" for number in range(8)]
    rows[2], rows[5], rows[7] = "one field", "a,b\x00", "a,b,c"
    path.write_text("\n".join(["sentence1,sentence2", *rows]), encoding="utf-8")
    with open_rows(path) as opened, pytest.raises(DataError) as found:
        list(opened.blocks(2))
    with pytest.raises(DataError) as whole:
        read_pairs(path)
    assert found.value.problems == whole.value.problems
    assert [line.split(":")[0].rsplit(" ", 1)[1] for line in found.value.problems] == ["4", "7", "9"]


def test_records_that_are_none_and_lines_that_are_no_json(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    good = '{"sentence1": "a", "sentence2": "b"}'
    path.write_text("\n".join([good, "7", good, "{", '{"sentence1": "a"}']), encoding="utf-8")
    with pytest.raises(DataError) as found, open_rows(path) as rows:
        list(rows.blocks(2))
    assert [problem.split(": ")[0].rsplit(" ", 1)[1] for problem in found.value.problems] == ["2", "4"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "sentence1,sentence2\n", "has no rows"),
        ("a.csv", "one,two\na,b\n", "no header, or none with names that are known"),
        ("a.csv", "sentence1,two\na,b\n", "no column for sentence2"),
        ("a.jsonl", "[]", "has no rows"),
        ("a.parquet", "PAR1nothing", "is not a readable Parquet file"),
    ],
)
def test_what_is_no_file_of_pairs(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=told), open_rows(tmp_path / name) as rows:
        list(rows.blocks(4))


def test_a_set_of_the_hub_is_no_file() -> None:
    with pytest.raises(InputError, match="is no file; dalmeum predict"), open_rows("hub:klue/klue"):
        pass
