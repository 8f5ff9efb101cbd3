"""A file that can't be used is told so in lines that name the place and the mend, all of them at once."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dalmeum.data import read_pairs
from dalmeum.errors import DataError, InputError, MissingExtraError

HEADER = "id,source,sentence_1,sentence_2,label,binary-label\n"
Problems = Callable[..., list[str]]


@pytest.fixture
def problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Problems:
    """The lines of the error that reading `content` as `name` raises."""
    monkeypatch.chdir(tmp_path)

    def read(name: str, content: str | bytes, **options: object) -> list[str]:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        with pytest.raises(DataError) as raised:
            read_pairs(name, **options)  # type: ignore[arg-type]
        return list(raised.value.problems)

    return read


def test_places_that_hold_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.csv").touch()
    Path("folder").mkdir()
    for name, line in (
        ("trian.csv", "trian.csv: no such file; did you mean 'train.csv'?"),
        ("folder", "folder: is a folder; name a file"),
        ("train.csv", "train.csv: is empty"),
    ):
        with pytest.raises(DataError) as raised:
            read_pairs(name)
        assert raised.value.problems == (line,)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", refuse)
    with pytest.raises(DataError) as raised:
        read_pairs("train.csv")
    assert raised.value.problems == ("train.csv: can't be read: permission denied",)


def test_whitespace_and_header_only(problems: Problems) -> None:
    assert problems("a.csv", "\ufeff \n\n") == ["a.csv: is empty"]
    assert problems("a.csv", HEADER) == ["a.csv: has a header and no rows"]
    assert problems("a.json", "[]") == [
        "a.json: has no rows",
    ]


def test_foreign_files(problems: Problems) -> None:
    assert problems("a.csv", b"PK\x03\x04rest") == ["a.csv: is a zip or Excel file; save it as CSV"]
    assert problems("a.csv", HEADER.encode("utf-16")) == ["a.csv: is UTF-16; save it as UTF-8"]
    assert problems("a.csv", b"\x1f\x8brest") == ["a.csv: is compressed with gzip; unpack it first"]
    assert problems("a.parquet", b"PAR1 and no more") == ["a.parquet: is not a readable Parquet file"]


def test_columns_of_a_strict_format(problems: Problems) -> None:
    text = "id,source,sentence_1,sentense_2,label,split\na,s,가,나,1,x\n"
    assert problems("train.csv", text) == [
        "train.csv: column 'sentence_2' is missing",
        "train.csv: unknown column 'sentense_2'; did you mean 'sentence_2'?",
        "train.csv: unknown column 'split'; remove it, or read the file in a generic format",
    ]
    assert problems(
        "t.tsv", "genre\tfilename\tyear\tid\tscor\tsentence1\tsentence2\nm\tf\t1\t1\t1\ta\tb\n"
    ) == ["t.tsv: unknown column 'scor'; did you mean 'score'?"]
    assert problems(
        "k.json", '[{"guid": "1", "sentence1": "a", "sentence2": "b", "labels": {"real_label": 1}}]'
    ) == [
        "k.json: column 'source' is missing",
        "k.json: unknown column 'labels.real_label'; did you mean 'labels.real-label'?",
    ]


def test_columns_of_a_generic_format(problems: Problems) -> None:
    assert problems("a.csv", "q1,q2,label\n가,나,1\n") == [
        f"a.csv: no column for {field}: name it in columns (--columns {field}=NAME on the command line); "
        "it has 'q1', 'q2', 'label'"
        for field in ("sentence1", "sentence2")
    ]
    named = {"sentence1": "qq1", "sentence2": "q2"}
    assert problems("a.csv", "q1,q2,label\n가,나,1\n", columns=named) == [
        "a.csv: column 'qq1', named for sentence1, is missing; did you mean 'q1'?"
    ]
    assert problems("a.csv", "sentence1,sentence2,sentence2\n가,나,다\n") == [
        "a.csv: column 'sentence2' appears 2 times"
    ]


def test_every_bad_cell_is_told_in_the_order_of_lines(problems: Problems) -> None:
    rows = [
        "a,s,가,나,7.5,1",
        "b,s,가,나,high,1",
        "c,s,가,나,nan,1",
        "d,s,가,나,inf,1",
        "e,s,가,나,,1",
        "f,s,가,나,1,2",
        "g,s,가,나,1_0,",
        "a,s,가,나,1,1",
        ",s,가,나,1,1",
        "h,s,가,나,1",
        "i,s,가\x00,나,1,0",
        "",
        "j,s,가,나,-0.1,0",
    ]
    assert problems("train.csv", HEADER + "\n".join(rows)) == [
        "train.csv, line 2: label 7.5 is outside 0..5 "
        "(set data.label_range, or --label-range, if your scale differs)",
        "train.csv, line 3: label 'high' is not a number",
        "train.csv, line 4: label 'nan' is not finite",
        "train.csv, line 5: label 'inf' is not finite",
        "train.csv, line 6: label is empty",
        "train.csv, line 7: binary-label '2' is not 0 or 1",
        "train.csv, line 8: label '1_0' is not a number",
        "train.csv, line 8: binary-label is empty",
        "train.csv, line 9: id 'a' is also on line 2; ids must be unique",
        "train.csv, line 10: id is empty",
        "train.csv, line 11: 5 fields where the header has 6 (quote a sentence that holds a comma)",
        "train.csv, line 12: sentence_1 holds a NUL character; the file is damaged here",
        "train.csv, line 14: label -0.1 is outside 0..5 "
        "(set data.label_range, or --label-range, if your scale differs)",
    ]


def test_labels_where_they_are_needed(problems: Problems) -> None:
    text = "id,source,sentence_1,sentence_2\nt,s,가,나\n"
    assert problems("test.csv", text, labels="required") == ["test.csv: column 'label' is missing"]
    assert problems("test.csv", HEADER + "t,s,가,나,,\n", labels="required") == [
        "test.csv: no labels: column 'label' is empty"
    ]
    assert problems("a.csv", "sentence1,sentence2\n가,나\n", labels="required") == [
        "a.csv: no column for label: name it in columns (--columns label=NAME on the command line); "
        "it has 'sentence1', 'sentence2'"
    ]


def test_encodings(problems: Problems) -> None:
    korean = (HEADER + "a,s,가,나,1,0\nb,s,abc,def,1,0\nc,s,다,라,1,0\n").encode("cp949")
    assert problems("train.csv", korean, encoding="utf-8") == [
        "train.csv, line 2: byte 0xb0 is not UTF-8, and 1 more line is like it; "
        "the file reads as CP949: set encoding to cp949 or auto"
    ]
    damaged = (HEADER + "a,s,안녕하세요,나,1,0\n").encode() + b"b,s,\xb0\xa1,x,1,0\n"
    assert problems("train.csv", damaged) == [
        "train.csv, line 3: byte 0xb0 is not UTF-8; save the file again as UTF-8"
    ]
    assert problems("train.csv", (HEADER + "a,s,안녕,나,1,0\n").encode(), encoding="cp949") == [
        "train.csv, line 2: byte 0xec is not CP949; the file reads as UTF-8: set encoding to utf-8 or auto"
    ]


def test_broken_quotes(problems: Problems) -> None:
    assert problems("train.csv", HEADER + 'a,s,가,나,1,0\nb,s,"가,나,1,0\nc,s,다,라,9,0\n') == [
        "train.csv, line 3: a quote is opened here and never closed"
    ]
    assert problems("train.csv", HEADER + 'a,s,"그는 "안녕"이라고",나,9,0\n') == [
        "train.csv, line 2: text follows a closing quote; double the quotes inside a quoted sentence"
    ]


def test_a_huge_sentence_is_one_short_line(problems: Problems) -> None:
    long = HEADER + f"a,s,{'a' * 1_000_000},나,1,0\n"
    assert problems("train.csv", long) == [
        "train.csv, line 2: sentence_1 has 1,000,000 characters, more than 10,000"
    ]
    assert problems("train.csv", HEADER + f"a,s,가,나,{'9' * 1_000_000}x,0\n") == [
        f"train.csv, line 2: label '{'9' * 40}…' is not a number"
    ]


def test_echoed_values_stay_on_one_line(problems: Problems) -> None:
    assert problems("train.csv", HEADER + 'a,s,가,나,"1\n\x1b[31m2",0\n') == [
        "train.csv, line 2: label '1\\n\\x1b[31m2' is not a number"
    ]


def test_json(problems: Problems) -> None:
    assert problems("k.json", '[{"labels": 1},\n {"labels" 2}]') == [
        "k.json, line 2: not JSON at column 12: expecting ':' delimiter"
    ]
    assert problems("k.json", "[oops]") == ["k.json, line 1: not JSON at column 2: expecting value"]
    assert problems("k.json", '{"data": []}', format="klue-sts") == [
        "k.json: holds no list of records: the outermost JSON value must be a list of objects"
    ]
    assert problems("a.jsonl", '{"sentence1": "a", "sentence2": 3}\n[1]\n{"sentence1": "a"}\n{oops}\n') == [
        "a.jsonl, line 1: sentence2 '3' is not text",
        "a.jsonl, line 2: is not a JSON object",
        "a.jsonl, line 3: sentence2 is missing",
        "a.jsonl, line 4: not JSON at column 2: expecting property name enclosed in double quotes",
    ]
    assert problems("a.jsonl", '{"sentence1": "\\u0000", "sentence2": "\\ud800", "label": true}\n') == [
        "a.jsonl, line 1: sentence1 holds a NUL character; the file is damaged here",
        "a.jsonl, line 1: sentence2 holds half a surrogate pair; the file is damaged here",
        "a.jsonl, line 1: label 'true' is not a number",
    ]
    assert problems("deep.json", "[" * 200_000) == [
        "deep.json: JSON that can't be read: nested too deep, or a number too long"
    ]


def test_annotations_are_lists_of_numbers(problems: Problems) -> None:
    record = '{"sentence1": "a", "sentence2": "b", "annotations": {"annotations": [1, "x"]}}'
    assert problems("a.jsonl", record) == [
        "a.jsonl, line 1: annotations.annotations '[1, \"x\"]' is not a list of numbers"
    ]


def test_twenty_problems_are_written_and_the_rest_counted(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(HEADER + "".join(f"{row},s,가,나,9,0\n" for row in range(25)), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        read_pairs(path)
    assert len(raised.value.problems) == 25
    assert str(raised.value).splitlines()[20] == "... and 5 more problems"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"format": "korst"}, "unknown format 'korst'; did you mean 'korsts'?"),
        ({"encoding": "latin-1"}, "encoding 'latin-1' is not known: choose one of auto, utf-8, cp949"),
        ({"columns": {"sentense1": "q"}}, "columns: unknown field 'sentense1'; did you mean 'sentence1'?"),
        ({"label_range": (5, 0)}, "label range 5..0 is empty: give a lower and a higher number"),
        (
            {"format": "sick", "columns": {"sentence1": "q"}},
            "columns can be named for csv, tsv, jsonl, parquet, hub; format sick has its own",
        ),
    ],
)
def test_a_wrong_call(options: dict[str, object], line: str) -> None:
    with pytest.raises(InputError) as raised:
        read_pairs("train.csv", **options)  # type: ignore[arg-type]
    assert str(raised.value) == line


def test_hub_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError) as raised:
        read_pairs("hub:klue/klue?config=sts&split=validation")
    assert str(raised.value) == "datasets is not installed: pip install 'dalmeum[hub]'"


def test_hub_calls_that_name_nothing(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"^hub:klue/klue\?splt=x: unknown option 'splt'; did you mean 'split'\?$"
    ):
        read_pairs("hub:klue/klue?splt=x")
    with pytest.raises(InputError, match="names no data set"):
        read_pairs("hub:?split=train")
    pytest.importorskip("datasets")
    with pytest.raises(InputError, match="can't be loaded"):
        read_pairs(f"hub:{tmp_path / 'nothing'}?split=train")
