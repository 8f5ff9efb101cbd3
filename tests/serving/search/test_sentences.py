"""Sentences out of files as people have them: a line each or a column, with what is odd in them."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from dalmeum.errors import DataError, InputError
from dalmeum.serving.search.sentences import Sentences, read_queries, read_sentences


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_a_line_is_a_sentence_empty_ones_are_left_out_and_like_ones_are_one(tmp_path: Path) -> None:
    path = write(
        tmp_path / "corpus.txt", "비가 온다.\r\n\r\n  눈이 온다.\r\n비가 온다.\r\n   \r\n", "utf-8-sig"
    )
    found = read_sentences(path)
    assert found.texts == ("비가 온다.", "눈이 온다.")
    assert found.lines == ((1, 4), (3,))
    assert (len(found), found.count) == (2, 3)
    assert [each.en for each in found.warnings] == [f"{path}: 2 lines without a sentence left out"]


def test_cp949_is_read_as_such_and_letters_are_composed(tmp_path: Path) -> None:
    korean = write(tmp_path / "excel.txt", "한국어 문장\n둘째\n", "cp949")
    assert read_sentences(korean).texts == ("한국어 문장", "둘째")
    decomposed = write(tmp_path / "mac.txt", "한국\n한국\n")
    assert read_sentences(decomposed).lines == ((1, 2),)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_a_column_of_every_format(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"id": [7, 8, 9], "review": ["one", None, "three"], "text": ["a, b", "c", "a, b"]})
    path = tmp_path / f"corpus.{ending}"
    if ending == "parquet":
        frame.to_parquet(path)
    elif ending in ("json", "jsonl"):
        frame.to_json(path, orient="records", lines=ending == "jsonl")
    else:
        frame.to_csv(path, index=False, sep="," if ending == "csv" else "\t")
    first = 2 if ending in ("csv", "tsv") else 1  # below the header
    found = read_sentences(path)
    assert found.texts == ("a, b", "c")
    assert found.lines == ((first, first + 2), (first + 1,))
    named = read_sentences(path, column="review")
    assert named.texts == ("one", "three")
    assert "1 line without" in named.warnings[0].en or "1 record without" in named.warnings[0].en


@pytest.mark.parametrize(
    ("name", "text", "options", "told"),
    [
        (
            "a.csv",
            "id,review\n1,x\n",
            {},
            "say with --column which column holds the sentences: it has 'id', 'rev",
        ),
        ("a.csv", "id,review\n1,x\n", {"column": "reveiw"}, "has no column 'reveiw'; did you mean 'review'"),
        (
            "a.csv",
            "The cat sat on the mat.\nA dog.\n",
            {},
            "is data already: put the columns' names above it",
        ),
        ("a.txt", "x\n", {"column": "text"}, "read as a sentence a line, which has no columns"),
        ("a.txt", "x\n", {"format": "xml"}, "unknown format 'xml': choose from auto, text, csv"),
        ("a.txt", "x\n", {"encoding": "latin-9"}, "encoding 'latin-9' is not known"),
        ("a.txt", " \n \n", {}, "is empty"),
        ("a.csv", "text\n\n \n", {}, "has a header and no rows"),
        ("a.jsonl", '{"text": " "}\n', {}, "holds no sentence"),
        ("a.txt", "a\x00b is a longer line\nfine\n", {}, "line 1: sentence holds a NUL character"),
        ("a.jsonl", '{"text": 5}\n', {}, "line 1: text '5' is not text"),
        ("a.txt", "PK\x03\x04", {}, "is a zip or Excel file"),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: Path, name: str, text: str, options: dict[str, str], told: str
) -> None:
    with pytest.raises(InputError) as error:
        read_sentences(write(tmp_path / name, text), **options)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_tabs_in_text_are_told(tmp_path: Path) -> None:
    found = read_sentences(write(tmp_path / "table.txt", "1\ta cat\n"))
    assert found.texts == ("1\ta cat",)
    assert "--format tsv" in found.warnings[0].en


def test_lists_and_columns_of_frames() -> None:
    assert read_sentences(["a", "b", "a"]).lines == ((1, 3), (2,))
    assert read_sentences(pd.Series(["a", "b"])).texts == ("a", "b")
    with pytest.raises(InputError, match="the DataFrame: pass a file, or one column as a list of texts"):
        read_sentences(pd.DataFrame({"text": ["a"]}))
    with pytest.raises(DataError, match="record 2: sentence '3' is not text"):
        read_sentences(["a", 3])  # type: ignore[list-item]
    with pytest.raises(DataError, match="holds no sentence"):
        read_sentences([])


def test_a_query_is_a_text_or_a_file_and_a_lost_file_is_no_query(tmp_path: Path) -> None:
    path = write(tmp_path / "queries.txt", "first\nsecond\n")
    assert read_queries(str(path)).texts == ("first", "second")
    assert read_queries("what is this? a/b").texts == ("what is this? a/b",)
    assert read_queries("word").texts == ("word",)
    for lost in ("querys.txt", "folder/queries", "queries.csv"):
        with pytest.raises(DataError, match="no such file"):
            read_queries(lost)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(data: bytes, **options: str) -> Sentences:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        return read_sentences("-", **options)

    assert read("가\n나\n".encode()).texts == ("가", "나")
    assert read(b"id,text\n1,x\n", format="csv").texts == ("x",)
    with pytest.raises(DataError, match="standard input: is empty"):
        read(b"")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match="standard input is closed"):
        read_sentences("-")


def test_digests_tell_texts_apart(make: Callable[..., Sentences]) -> None:
    one, other = make("a", "b").digests(), make("a", "c").digests()
    assert len(one) == 32
    assert one[:16] == other[:16]
    assert one[16:] != other[16:]
