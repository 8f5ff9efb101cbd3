"""Every format is read as it is written, in every encoding that Korean tools write."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dalmeum.data import read_pairs
from dalmeum.languages import Text

REAL_DATA = Path(__file__).parents[3] / "shared" / "data"

COMPETITION = "id,source,sentence_1,sentence_2,label,binary-label\n"
Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write_file


def test_competition(write: Write) -> None:
    path = write(
        "train.csv", COMPETITION + 'a1,nsmc,"네, 좋아요","그는 ""예""라고 했다",4.2,1\na2,slack,나,너,0.0,0\n'
    )
    table = read_pairs(path)
    assert table.id == ("a1", "a2")
    assert table.source == ("nsmc", "slack")
    assert list(table.pairs) == [("네, 좋아요", '그는 "예"라고 했다'), ("나", "너")]
    assert table.label is not None
    assert table.label.tolist() == [4.2, 0.0]
    assert table.binary is not None
    assert table.binary.tolist() == [1, 0]
    assert table.lines == (2, 3)
    assert table.name == str(path)
    assert table.warnings == ()


def test_competition_test_has_no_labels(write: Write) -> None:
    table = read_pairs(write("test.csv", "id,source,sentence_1,sentence_2\nt1,nsmc,가,나\n"))
    assert table.label is None
    assert table.binary is None


def test_empty_label_column_is_no_label(write: Write) -> None:
    assert read_pairs(write("test.csv", COMPETITION + "t1,nsmc,가,나,,\n")).label is None


def test_a_sentence_may_hold_a_line_break_and_lines_still_count(write: Write) -> None:
    table = read_pairs(write("train.csv", COMPETITION + 'a,s,"첫\n둘",나,1,0\nb,s,다,라,2,0\n'))
    assert table.sentence1[0] == "첫\n둘"
    assert table.lines == (2, 4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends(write: Write, encoding: str, newline: str) -> None:
    text = (COMPETITION + "a,s,뷁 안녕하세요,나,1,0\n").replace("\n", newline)
    path = write("train.csv", text.encode(encoding))
    table = read_pairs(path)
    assert table.id == ("a",)
    assert table.sentence1 == ("뷁 안녕하세요",)
    warned = (f"{path}: is not UTF-8; read as CP949",) if encoding == "cp949" else ()
    assert tuple(warning.en for warning in table.warnings) == warned


def test_declared_cp949_gives_no_warning(write: Write) -> None:
    path = write("train.csv", (COMPETITION + "a,s,안녕,나,1,0\n").encode("cp949"))
    assert read_pairs(path, encoding="euc-kr").warnings == ()


def klue_record(guid: str, real_label: float) -> dict[str, object]:
    return {
        "guid": guid,
        "source": "airbnb-rtt",
        "sentence1": "가",
        "sentence2": "나",
        "labels": {
            "label": round(real_label, 1),
            "real-label": real_label,
            "binary-label": int(real_label >= 3),
        },
        "annotations": {"agreement": "0:0:0:1:0:1", "annotators": ["1", "2"], "annotations": [3, 5]},
    }


def test_klue_takes_the_real_label(write: Write) -> None:
    text = json.dumps([klue_record("k0", 4.857142857142857), klue_record("k1", 2.5)], indent=1)
    table = read_pairs(write("klue.json", text))
    assert table.id == ("k0", "k1")
    assert table.label is not None
    assert table.label.tolist() == [4.857142857142857, 2.5]
    assert table.binary is not None
    assert table.binary.tolist() == [1, 0]
    assert table.annotations == ((3.0, 5.0), (3.0, 5.0))
    assert table.where(1).endswith("klue.json, id k1")


KORSTS = "genre\tfilename\tyear\tid\tscore\tsentence1\tsentence2\n"


def test_korsts_quotes_are_text_and_ids_unique(write: Write) -> None:
    rows = (
        'main-news\tMSRpar\t2012\t7\t3.2\t"그는 갔다\t"왔다"\n'
        + "main-news\tMSRpar\t2012\t7\t1\t가\u2028\x85나\t다\n" * 2
    )
    table = read_pairs(write("sts.tsv", KORSTS + rows))
    assert table.sentence1[0] == '"그는 갔다'
    assert table.sentence2[0] == '"왔다"'
    assert table.sentence1[1] == "가\u2028\x85나"
    assert table.id == ("MSRpar/2012/7", "MSRpar/2012/7#3", "MSRpar/2012/7#4")
    assert table.source[0] == "main-news"


def test_stsb_of_glue_with_hidden_labels(write: Write) -> None:
    header = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2"
    row = "0\tmain-captions\tMSRvid\t2012test\t24\tnone\tnone\tA cat.\tA dog."
    labelled = read_pairs(write("train.tsv", f"{header}\tscore\n{row}\t1.25\n"))
    assert labelled.id == ("0",)
    assert labelled.label is not None
    assert labelled.label.tolist() == [1.25]
    assert read_pairs(write("test.tsv", f"{header}\n{row}\n")).label is None
    assert read_pairs(write("hub.tsv", f"{header}\tscore\n{row}\t-1\n")).label is None


def test_stsb_csv_has_no_header(write: Write) -> None:
    table = read_pairs(write("dev.csv", '"A man, a plan.",A plan.,3.8\nA,B,0\n'))
    assert table.sentence1 == ("A man, a plan.", "A")
    assert table.id == ("1", "2")
    assert table.lines == (1, 2)


def test_a_headline_in_brackets_is_not_json(write: Write) -> None:
    table = read_pairs(write("dev.csv", "[속보] 지진,{사진} 지진,3.8\n"))
    assert list(table.pairs) == [("[속보] 지진", "{사진} 지진")]


def test_sick(write: Write) -> None:
    header = "pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment\n"
    table = read_pairs(write("sick.txt", header + "12\tA\tB\t4.5\tNEUTRAL\n"))
    assert table.id == ("12",)
    assert table.label is not None
    assert table.label.tolist() == [4.5]
    assert (
        read_pairs(write("low.txt", header + "12\tA\tB\t1\tNEUTRAL\n"), label_range=(1, 5)).label is not None
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "Sentence 1,sentence-2,similarity,note\n가,나,2.5,x\n"),
        ("a.tsv", "text1\ttext2\tscore\n가\t나\t2.5\n"),
        ("a.jsonl", '{"sentence_a": "가", "sentence_b": "나", "label": 2.5}\n\n'),
        ("a.json", '[{"sentence1": "가", "sentence2": "나", "score": "2.5"}]'),
    ],
)
def test_generic_by_common_names(write: Write, name: str, text: str) -> None:
    table = read_pairs(write(name, text))
    assert list(table.pairs) == [("가", "나")]
    assert table.label is not None
    assert table.label.tolist() == [2.5]
    assert table.id == ("1",)
    assert table.source == ("",)


def test_generic_with_named_columns(write: Write) -> None:
    path = write("pairs.csv", "﻿no,q1,q2,same,label\n7,가,나,1,아무\n")
    table = read_pairs(
        path, columns={"id": "no", "sentence1": "q1", "sentence2": "q2", "binary": "same", "label": "same"}
    )
    assert table.id == ("7",)
    assert table.binary is not None
    assert table.binary.tolist() == [1]
    assert table.label is not None
    assert table.label.tolist() == [1.0]


def test_an_open_guess_is_told(write: Write) -> None:
    path = write("pairs.csv", "sentence1,sentence2,score,label\n가,나,1,2\n")
    table = read_pairs(path)
    assert table.label is not None
    assert table.label.tolist() == [2.0]
    assert table.warnings == (
        Text(
            f"{path}: label is read from column 'label', not 'score'",
            f"{path}: label 열은 'score' 대신 'label'에서 읽었습니다",
        ),
    )


def test_a_name_overrides_recognition(write: Write) -> None:
    text = "id,source,sentence_1,sentence_2,label,split\na,s,가,나,1,x\n"
    assert read_pairs(write("train.csv", text), format="csv").id == ("a",)


def test_parquet_with_nested_labels(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "klue.parquet"
    pyarrow.parquet.write_table(
        pyarrow.Table.from_pylist([klue_record("k0", 4.0), klue_record("k1", 1.5)]), path
    )
    table = read_pairs(path)
    assert table.id == ("k0", "k1")
    assert table.label is not None
    assert table.label.tolist() == [4.0, 1.5]
    assert table.binary is not None
    assert table.binary.tolist() == [1, 0]
    assert table.annotations == ((3.0, 5.0), (3.0, 5.0))


def test_hub_reads_a_local_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "set"
    folder.mkdir()
    for split, label in (("train", 1.0), ("validation", 4.0)):
        record = {"guid": split, "sentence1": "가", "sentence2": "나", "labels": {"real-label": label}}
        (folder / f"{split}.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    table = read_pairs(f"hub:{folder}?split=validation")
    assert table.id == ("validation",)
    assert table.label is not None
    assert table.label.tolist() == [4.0]


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the public sets are not there")
@pytest.mark.parametrize(
    ("file", "rows", "mean"),
    [
        ("korsts/sts-dev.tsv", 1500, 2.3639),
        ("klue-sts/klue-sts-dev-even.json", 260, 2.3660),
        ("stsb-en/stsb-en-dev.csv", 1500, 2.3639),
        ("sick/SICK_trial.txt", 500, 3.5944),
    ],
)
def test_published_sets(file: str, rows: int, mean: float) -> None:
    table = read_pairs(REAL_DATA / file, labels="required")
    assert len(table) == rows
    assert table.label is not None
    assert float(np.mean(table.label)) == pytest.approx(mean, abs=1e-4)
