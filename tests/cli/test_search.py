"""dalmeum search and dalmeum near: what they print, write and refuse."""

import csv
import json
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.cli.test_commands import call

CORPUS = """\
A cat sleeps.

The cat is sleeping.
A dog runs in the park.
A cat sleeps.
Stocks fell on Monday.
"""


@pytest.fixture(autouse=True)
def corpus(own_run: Path) -> Path:
    """In the folder of a finished run of another kind."""
    path = Path("corpus.txt")
    path.write_text(CORPUS, encoding="utf-8")
    return path


def told(capsys: pytest.CaptureFixture[str], *command: str, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert call(*command) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out, captured.err


def test_a_table_an_object_and_files(minilm: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("search", "corpus.txt", "a sleeping cat", "--model", minilm, "--top", "3")
    out, err = told(capsys, *command)
    lines = out.splitlines()
    assert lines[0] == "a sleeping cat"
    assert lines[1].split() == ["rank", "similarity", "line", "sentence"]
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3"]
    assert "1 (+1)  A cat sleeps." in lines[2]  # on another line, too
    assert "1 line without a sentence left out" in err
    out, _ = told(capsys, *command, "--json", "-o", "found.csv")
    found = json.loads(out)["queries"][0]["found"]
    assert [(each["rank"], each["line"], each["copies"]) for each in found] == [
        (1, 1, 2),
        (2, 3, 1),
        (3, 4, 1),
    ]
    with open("found.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["query_line", "query", "rank", "line", "copies", "sentence", "similarity"]
    assert [float(row["similarity"]) for row in rows] == [each["similarity"] for each in found]
    assert told(capsys, *command, "-o", "found.parquet")[0] == "written: found.parquet\n"
    assert pyarrow.parquet.read_table("found.parquet").column("line").to_pylist() == [1, 3, 4]


def test_queries_of_a_file_each_as_often_as_it_stands_there(
    own_run: Path, minilm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("q.csv").write_text("id,ask\n1,a cat\n2,a dog\n3,a cat\n", encoding="utf-8")
    rerank = ("--rerank", str(own_run), "--candidates", "4", "--query-column", "ask")
    told(capsys, "search", "corpus.txt", "q.csv", "--model", minilm, *rerank, "--top", "2", "-o", "f.jsonl")
    rows = [json.loads(line) for line in Path("f.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["query_line"], row["rank"]) for row in rows] == [
        (2, 1),
        (2, 2),
        (3, 1),
        (3, 2),
        (4, 1),
        (4, 2),
    ]
    assert rows[0]["score"] >= rows[1]["score"]
    assert rows[0]["sentence"] == rows[4]["sentence"]


def test_near_duplicates(minilm: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("near", "corpus.txt", "--model", minilm, "--threshold", "4", "--index", "kept.index")
    out, _ = told(capsys, *command)
    assert out.splitlines()[0] == (
        "1 cluster of near-duplicates at 4 or more in 5 sentences (4 different): 1 pair; 2 could go"
    )
    assert "cluster 1: 3 lines" in out
    out, err = told(capsys, *command, "--json", "-o", "near.tsv")
    assert "embedding" not in err
    cluster = json.loads(out)["clusters"][0]
    assert [each["lines"] for each in cluster] == [[1, 5], [3]]
    rows = [line.split("\t") for line in Path("near.tsv").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["cluster", "central", "line", "sentence", "similarity"]
    assert [row[:3] for row in rows[1:]] == [["1", "True", "1"], ["1", "False", "5"], ["1", "False", "3"]]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("search", "corpus.txt", "x", "--model", "latest"), "is no bi-encoder"),
        (("near", "corpus.txt", "--model", "latest"), "is no bi-encoder"),
        (
            ("search", "corpse.txt", "x", "--model", "{m}"),
            "corpse.txt: no such file; did you mean 'corpus.txt'?",
        ),
        (("search", "corpus.txt", "queries.txt", "--model", "{m}"), "queries.txt: no such file"),
        (("search", "-", "-", "--model", "{m}"), "can't both come from standard input"),
        (
            ("search", "corpus.txt", "x", "--model", "{m}", "-o", "corpus.txt"),
            "is written by the end of its name",
        ),
        (("search", "corpus.txt", "x", "--model", "{m}", "--index", "corpus.txt"), "is what is read here"),
        (("near", "corpus.txt", "--model", "{m}", "--index", "recipe.yaml"), "is no index of dalmeum's"),
        (("near", "corpus.txt", "--model", "{m}", "--index", "runs"), "can't be read: is a directory"),
        (("near", "corpus.txt", "--model", "{m}", "--threshold", "nan"), "two equal sentences have 5"),
        (("near", "corpus.txt", "--model", "nothing"), "no such run"),
        (("search", "corpus.txt", "x", "--model", "{m}", "--rerank", "nothing"), "no such run"),
    ],
)
def test_what_is_wrong_is_one_line(
    minilm: str, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], line: str
) -> None:
    out, err = told(capsys, *(word.format(m=minilm) for word in command), code=2)
    assert out == ""
    assert line in err.splitlines()[-1]
    assert Path("corpus.txt").read_text(encoding="utf-8") == CORPUS


def test_a_sentence_that_tsv_cannot_hold(minilm: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("tab.jsonl").write_text('{"text": "a\\tcat"}\n', encoding="utf-8")
    _, err = told(capsys, "search", "tab.jsonl", "a cat", "--model", minilm, "-o", "f.tsv", code=2)
    assert (
        err.splitlines()[-1]
        == "f.tsv: a sentence holds a tab or a line break, which TSV can't: name a .csv file"
    )
    assert not Path("f.tsv").exists()
