"""Files as people have them: without a header, with an index, columns called otherwise, of odd types."""

import datetime
import decimal
import unicodedata
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from dalmeum.data import PairTable, read_pairs
from dalmeum.errors import DataError, InputError

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, text: str) -> Path:
        Path(name).write_text(text, encoding="utf-8")
        return Path(name)

    return write_file


def refused(name: str | Path) -> list[str]:
    with pytest.raises(DataError) as raised:
        read_pairs(name)
    return list(raised.value.problems)


def warned(table: PairTable) -> list[str]:
    return [warning.en for warning in table.warnings]


STSB = (
    "main-captions\tMSRvid\t2012test\t0001\t5.000\tA plane is taking off.\tAn air plane is taking off.\n"
    'main-news\tMSRpar\t2012train\t12\t3.2\t"He left, he said.\t"He left."\tsource a\n'
    "main-forums\tdeft-forum\t2014\t7\t0.5\tOne, two, three, four, five.\tSix.\thttp://a.b\thttp://c.d\n"
)


@pytest.mark.parametrize("format", ["auto", "korsts"])
@pytest.mark.parametrize("name", ["sts-train.csv", "sts-train.tsv", "sts-train.txt"])
def test_the_original_stsbenchmark(name: str, format: str, write: Write) -> None:
    table = read_pairs(write(name, STSB), format=format)
    assert table.id == ("MSRvid/2012test/0001", "MSRpar/2012train/12", "deft-forum/2014/7")
    assert table.source == ("main-captions", "main-news", "main-forums")
    assert table.sentence1[1] == '"He left, he said.'
    assert table.sentence2 == ("An air plane is taking off.", '"He left."', "Six.")
    assert table.label is not None
    assert table.label.tolist() == [5.0, 3.2, 0.5]
    assert table.lines == (1, 2, 3)
    assert refused(write(name, STSB + "main-news\tMSRpar\t2012\t1\t4.0\tOne field less.\n")) == [
        f"{name}, line 4: 6 fields where 7 to 9 belong (a sentence can't hold a tab)"
    ]


HEADERLESS = {
    "a competition file": "train-0,nsmc,가 나,다 라,4.2,1\ntrain-1,nsmc,마,바,0.2,0\n",
    "without labels": "train-0,nsmc,오늘은 날씨가 아주 좋다,날씨가 좋은 날이다,0\n",
    "two sentences": "A man is playing a flute.,A man plays the flute.\n",
    "two short ones": "A cat.,A dog.\nA man.,A boy.\n",
    "two of a word": '안녕하세요?,"안녕히 가세요."\n',
    "two short ones, tabs": "비가 온다.\t눈이 온다!\n",
    "score first": "3.8\tA man.\tA dog.\n2.0\tB.\tC.\n",
    "score last, tabs": "가\t나\t3.8\n다\t라\t1\n",
    "repeated fields": "a,a,가,가,1\nb,b,가,나,2\n",
    "ragged": "1,가,나,3\n2,가,나\n3,가,나,4,5\n",
    "numbers of pandas": "0,1,2,3\n가,나,1,2\n",
}


@pytest.mark.parametrize("name", HEADERLESS)
def test_a_file_without_a_header_is_one_line(name: str, write: Write) -> None:
    (line,) = refused(write("pairs.csv", HEADERLESS[name]))
    assert line.startswith("pairs.csv: no header: its first line, '")
    assert line.endswith(
        ", is data already: put a line with the columns' names above it, as in sentence1,sentence2,label"
    )


@pytest.mark.parametrize("first", ["고양이가 잔다,개가 잔다", "A cat eats\tA dog runs", "안녕,잘 가"])
def test_a_first_line_of_which_nothing_is_known_is_one_line(first: str, write: Write) -> None:
    (line,) = refused(write("pairs.csv", f"{first}\n{first[::-1]}\n"))
    assert line.startswith("pairs.csv: no header, or none with names that are known: if its first line, '")
    assert line.endswith(
        "is data already, put a line with the columns' names above it, as in sentence1,sentence2,label; else "
        "name those of the sentences: --columns sentence1=NAME,sentence2=NAME, in a recipe data.columns"
    )


def test_an_abbreviation_is_no_sentence(write: Write) -> None:
    text = "No.,sentence1,sent. 2,label\n1,a,b,2\n"
    assert read_pairs(write("pairs.csv", text), columns={"sentence2": "sent. 2"}).sentence2 == ("b",)
    assert refused(write("pairs.csv", "No.,Sent. A,label\n1,a,2\n"))[0].startswith("pairs.csv: no column for")


@pytest.mark.parametrize(("format", "first"), [("competition", "id,source,sentence_1"), ("sick", "pair_ID")])
def test_a_named_format_without_a_header(format: str, first: str, write: Write) -> None:
    with pytest.raises(DataError) as raised:
        read_pairs(write("pairs.csv", HEADERLESS["a competition file"]), format=format)
    (line,) = raised.value.problems
    assert line.startswith("pairs.csv: no header: ")
    assert f"above it, as in {first}" in line


@pytest.mark.parametrize(
    ("text", "ids", "told"),
    [
        ("id,source,sentence_1,sentence_2,label,binary_label\na,s,가,나,4,1\n", ("a",), []),
        ("id,sentence_1,sentence_2,label,binary-label\na,가,나,4,1\n", ("a",), []),
        ("label,binary-label,sentence_2,sentence_1,source,id\n4,1,나,가,s,a\n", ("a",), []),
        (
            ",id,source,sentence_1,sentence_2,label,binary-label\n0,a,s,가,나,4,1\n",
            ("a",),
            ["column '', an index of rows, is left aside"],
        ),
        (
            "Unnamed: 0,Unnamed: 0.1,id,source,sentence_1,sentence_2,label,binary-label\n0,0,a,s,가,나,4,1\n",
            ("a",),
            [f"column 'Unnamed: {name}', an index of rows, is left aside" for name in ("0", "0.1")],
        ),
        (
            "index,id,source,sentence_1,sentence_2,label,binary-label\n0,a,s,가,나,4,1\n",
            ("a",),
            ["column 'index', an index of rows, is left aside"],
        ),
        ("index,source,sentence_1,sentence_2,label,binary-label\n7,s,가,나,4,1\n", ("7",), []),
        (
            "source,sentence_1,sentence_2,label,binary-label\ns,가,나,4,1\n",
            ("1",),
            ["has no id column: the rows are numbered from 1"],
        ),
        ("id,source,sentence_1,sentence_2,label,binary-label,,\na,s,가,나,4,1,,\n", ("a",), []),
        (
            ",sentence_1,sentence_2,score,binary\n0,가,나,4,1\n",
            ("1",),
            ["column '', an index of rows, is left aside"],
        ),
        ("ID,Sentence 1,Sentence-2,Similarity,Binary\na,가,나,4,1\n", ("a",), []),
    ],
)
def test_columns_that_people_have(text: str, ids: tuple[str, ...], told: list[str], write: Write) -> None:
    table = read_pairs(write("train.csv", text), labels="required")
    assert table.id == ids
    assert list(table.pairs) == [("가", "나")]
    assert table.label is not None
    assert table.label.tolist() == [4.0]
    assert table.binary is not None
    assert table.binary.tolist() == [1]
    assert warned(table) == [f"train.csv: {line}" for line in told]


def test_a_column_without_a_name_that_holds_something(write: Write) -> None:
    text = "id,source,sentence_1,sentence_2,label,\na,s,가,나,4,\nb,s,가,나,4,x\n"
    assert warned(read_pairs(write("a.csv", text))) == [
        "a.csv: column 6 has no name and is left out; 1 of its cells hold something, the first in line 3: 'x'"
    ]


def test_what_pandas_writes_with_its_index(write: Write) -> None:
    frame = pd.DataFrame({"sentence_1": ["가"], "sentence_2": ["나"], "score": [1.5]})
    frame.to_csv("a.csv")
    pd.read_csv("a.csv").to_csv("b.csv")
    for name in ("a.csv", "b.csv"):
        table = read_pairs(name)
        assert list(table.pairs) == [("가", "나")]
        assert len(table.warnings) == ("ab".index(name[0]) + 1)


def parquet(**columns: Any) -> PairTable:
    pyarrow.parquet.write_table(pyarrow.table(columns), "a.parquet")
    return read_pairs("a.parquet")


TEXTS = {"sentence1": ["가", "다"], "sentence2": ["나", "라"]}
FIXED = pyarrow.array([decimal.Decimal("1.50"), decimal.Decimal("4")], pyarrow.decimal128(5, 2))


@pytest.mark.parametrize(
    "label",
    [
        FIXED,
        FIXED.cast(pyarrow.decimal256(7, 3)),
        pyarrow.array(np.array([1.5, 4], np.float16)),
        pyarrow.array([1.5, 4], pyarrow.float32()),
        pyarrow.array(["1.5", "4"], pyarrow.large_string()),
        pyarrow.array(["1.5", "4"]).dictionary_encode(),
        pyarrow.array([1.5, 4.0]).dictionary_encode(),
    ],
    ids=lambda label: str(label.type),
)
def test_labels_of_every_numeric_type(label: Any) -> None:
    table = parquet(**TEXTS, label=label)
    assert table.label is not None
    assert table.label.tolist() == [1.5, 4.0]


@pytest.mark.parametrize("kind", [pyarrow.int8(), pyarrow.uint64(), pyarrow.int64()])
def test_whole_labels(kind: Any) -> None:
    table = parquet(**TEXTS, label=pyarrow.array([1, 4], kind))
    assert table.label is not None
    assert table.label.tolist() == [1.0, 4.0]


def test_columns_of_text_in_every_type() -> None:
    for kind in (pyarrow.large_string(), pyarrow.string_view(), pyarrow.binary(), pyarrow.large_binary()):
        assert list(
            parquet(**{**TEXTS, "sentence1": pyarrow.array(TEXTS["sentence1"]).cast(kind)}).pairs
        ) == [
            ("가", "나"),
            ("다", "라"),
        ]
    coded = pyarrow.array(TEXTS["sentence1"]).dictionary_encode()
    assert parquet(sentence1=coded, sentence2=TEXTS["sentence2"]).sentence1 == ("가", "다")


def test_ids_and_sources_of_other_types() -> None:
    day = datetime.date(2026, 1, 2)
    table = parquet(**TEXTS, id=[1.0, 2.0], source=[day, None])
    assert table.id == ("1", "2")
    assert table.source == ("2026-01-02", "")
    when = pyarrow.array([1, 2], pyarrow.timestamp("ns"))
    assert parquet(**TEXTS, id=when, source=[True, False]).source == ("True", "False")
    table = parquet(**TEXTS, id=[decimal.Decimal("7"), decimal.Decimal("8")], source=[3, 4])
    assert (table.id, table.source) == (("7", "8"), ("3", "4"))
    listed = read_pairs([{"sentence1": "가", "sentence2": "나", "id": str(uuid.UUID(int=1)), "source": 2}])
    assert listed.source == ("2",)


def test_columns_that_hold_nothing_or_no_number(write: Write) -> None:
    assert parquet(**TEXTS, label=pyarrow.nulls(2)).label is None
    for label, told in (
        ([True, False], "label 'true' is not a number"),
        ([datetime.datetime(2026, 1, 2)] * 2, "label '2026-01-02 00:00:00.000000' is not a number"),
        ([[1.0], [2.0]], "label '[1.0]' is not a number"),
        ([b"\xff", b"\xff"], "is not a number"),
    ):
        with pytest.raises(DataError) as raised:
            parquet(**TEXTS, label=label)
        assert len(raised.value.problems) == 2
        assert raised.value.problems[0].startswith("a.parquet, record 1: label ")
        assert told in raised.value.problems[0]
    with pytest.raises(DataError, match="record 1: sentence1 is missing"):
        parquet(sentence1=pyarrow.nulls(2), sentence2=TEXTS["sentence2"])
    with pytest.raises(DataError, match=r"record 1: sentence1 '1' is not text"):
        parquet(sentence1=[1, 2], sentence2=TEXTS["sentence2"])


@pytest.mark.parametrize(
    ("ends", "line"),
    [
        ((-1e308, 1e308), "label range -1e+308..1e+308 is too wide: labels go from -1,000,000 to 1,000,000"),
        ((3, 3.0000000000000004), "label range 3.0..3.0000000000000004 is too narrow for labels to be told"),
        ((0, 1e7), "label range 0..1e+07 is too wide"),
        ((0, 1e-300), "label range 0..1e-300 is too narrow"),
        ((0, float("inf")), "label range 0..inf is empty: give a lower and a higher number"),
        ((float("nan"), 1), "label range nan..1 is empty"),
        ((2, 2), "label range 2.0..2.0 is empty"),
    ],
)
def test_ranges_that_no_label_can_have(ends: tuple[float, float], line: str, write: Write) -> None:
    with pytest.raises(InputError) as raised:
        read_pairs([("가", "나", 1.0)], label_range=ends)
    assert str(raised.value).startswith(line)


def test_names_of_columns_are_composed_too(write: Write) -> None:
    name = "문장하나"
    path = write("a.csv", f"{unicodedata.normalize('NFD', name)},둘\n가,나\n")
    for written in (name, unicodedata.normalize("NFD", name)):
        table = read_pairs(path, columns={"sentence1": written, "sentence2": "둘"})
        assert list(table.pairs) == [("가", "나")]
