"""The page of a server in a real browser: tables that are pasted or come from a file."""

import codecs
import csv
import json
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dalmeum.serving.http.batcher import Pair, Scores
from dalmeum.serving.http.tokens import Tokens
from tests.pages.browser import CHROMIUM, Tab, browser
from tests.pages.looks import fits_its_width, shows_one_language

from .conftest import TOKEN, listening, overlap, small_app
from .on_page import (
    DONE,
    app_with_intervals,
    choose_file,
    click,
    downloaded,
    opened,
    paste,
    put,
    read,
    read_all,
    visit,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

NEXT = "a-token-that-comes-after"
MANY = "\n".join(f"ab {number}\tac {number}" for number in range(300))


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as tab:
        yield tab


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(app_with_intervals(names=["one"])) as address:
        yield address


def parsed(tab: Tab, text: str) -> list[list[str]]:
    found: list[list[str]] = tab.value(f"dalmeum.cells.parse({json.dumps(text)})")
    return found


def scored(tab: Tab) -> list[list[str]]:
    """The cells of the table of results."""
    rows = tab.value(
        "[...document.querySelectorAll('.scored tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.innerText))"
    )
    return [[" ".join(cell.split()) for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a\tb\nc\td", [["a", "b"], ["c", "d"]]),
        ("a\tb\r\nc\td\r\n\r\n", [["a", "b"], ["c", "d"]]),
        ("a\tb\rc\td", [["a", "b"], ["c", "d"]]),
        ('"two\nlines, ""so"""\tb', [['two\nlines, "so"', "b"]]),  # as spreadsheets copy such a cell
        ('"No," he said.\tHe said "no".', [['"No," he said.', 'He said "no".']]),
        ('"quoted"\tb', [['"quoted"', "b"]]),  # which none of them would have quoted
        ('"open\tb\nc\tclosed"\td', [['"open', "b", ""], ["c", 'closed"', "d"]]),
        ('a,"b, c"\nd,e', [["a", "b, c"], ["d", "e"]]),
        ('"a ""b""",c', [['a "b"', "c"]]),
        ('"a\r\nb",c', [["a\r\nb", "c"]]),
        ('"open,b\nc,d', [['"open', "b"], ["c", "d"]]),
        ('a;b\nd;"e;f, g"', [["a", "b"], ["d", "e;f, g"]]),
        ("a,b\n\n , \nc", [["a", "b"], ["c", ""]]),
        ("a\t", [["a", ""]]),
        (",b", [["", "b"]]),
        ("", []),
        ("\n\n", []),
    ],
)
def test_cells(address: str, tab: Tab, text: str, rows: list[list[str]]) -> None:
    if not tab.value("typeof dalmeum === 'object'"):
        visit(tab, address)
    assert parsed(tab, text) == rows


def test_csv_of_cells_reads_back(address: str, tab: Tab) -> None:
    visit(tab, address)
    rows = [["=1+1", '"', ",", "a\nb"], ["-5", "+", "@x", ""], ["비", " ", "\r", "'"]]
    text = tab.value(f"dalmeum.cells.write({json.dumps(rows)})")
    assert text.startswith("\ufeff")
    assert list(csv.reader(text[1:].splitlines(keepends=True))) == rows
    assert tab.value(f"dalmeum.cells.parse(dalmeum.cells.write({json.dumps(rows)}).slice(1), ',')") == rows


@pytest.mark.parametrize(
    ("rows", "header", "columns"),
    [
        ([["id", "sentence_1", "sentence_2"], ["1", "a", "b"]], True, [1, 2]),
        ([["score", "Sentence2", "SENTENCE 1"], ["1", "a", "b"]], True, [2, 1]),
        ([["문장 1", "문장 2"], ["a", "b"]], True, [0, 1]),
        ([["a b", "c d"]], False, [0, 1]),
        ([["7", "a b", "news", "c d e f"], ["8", "g h i", "x", "k l m"]], False, [1, 3]),
        ([["label", "premise", "hypothesis"], ["1000000", "a", "b"]], True, [1, 2]),
    ],
)
def test_which_columns(
    address: str, tab: Tab, rows: list[list[str]], header: bool, columns: list[int]
) -> None:
    if not tab.value("typeof dalmeum === 'object'"):
        visit(tab, address)
    found = tab.value(f"dalmeum.cells.guess({json.dumps(rows)})")
    assert found == {"header": header, "columns": columns}


def test_a_pasted_table_comes_back_with_scores(address: str, tab: Tab, tmp_path: Path) -> None:
    visit(tab, address)
    paste(tab, "id\tsentence1\tsentence2\n=1\tab\tab\nx\tab\tcd\ny\t\tempty")
    told = "2 pairs; 1 row left without a score, for want of two sentences that the server takes"
    assert read(tab, "#table-told") == told
    assert tab.value("document.getElementById('header').checked")
    click(tab, "#table-start")
    tab.wait(DONE)
    assert scored(tab) == [
        ["1", "ab", "ab", "6.00 5.00 to 5.00"],
        ["2", "ab", "cd", "−1.00 0.00 to 0.00"],
        ["3", "", "empty", ""],
    ]
    assert read(tab, "#table-progressed") == "2 of 2"
    file = downloaded(tab, tmp_path)
    assert file.name == "pairs-scored.csv"
    assert file.read_bytes() == codecs.BOM_UTF8 + (
        b"id,sentence1,sentence2,score,score low,score high\r\n"
        b"=1,ab,ab,6,5,5\r\n"
        b"x,ab,cd,-1,0,0\r\n"
        b"y,,empty,,,\r\n"
    )


def test_columns_can_be_chosen_and_names_are_not_taken_twice(address: str, tab: Tab, tmp_path: Path) -> None:
    visit(tab, address)
    put(tab, "pasted", "score\tlong text that is no sentence\tab\tab")
    tab.wait("document.getElementById('table-told').innerText === '0 pairs'")  # a row of names alone
    click(tab, "#header")
    for name, value in (("one", 2), ("two", 3)):
        tab.value(
            f"(() => {{ const select = document.getElementById('column-{name}'); select.value = '{value}';"
            " select.dispatchEvent(new Event('change')); })()"
        )
    click(tab, "#table-start")
    tab.wait(DONE)
    assert [row[1:] for row in scored(tab)] == [["ab", "ab", "6.00 5.00 to 5.00"]]
    lines = downloaded(tab, tmp_path).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "column1,column2,sentence1,sentence2,score,score low,score high"
    paste(tab, "score,sentence1,sentence2\n9,ab,ab")
    click(tab, "#table-start")
    tab.wait(DONE)
    (tmp_path / "pairs-scored.csv").unlink()
    lines = downloaded(tab, tmp_path).read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["score,sentence1,sentence2,score one,score one low,score one high", "9,ab,ab,6,5,5"]


TABLE = "문장1,문장2\n비가 온다.,비가 온다.\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TABLE.encode(), "UTF-8"),
        (TABLE.encode("utf-8-sig"), "UTF-8"),
        (TABLE.encode("cp949"), "CP949"),
        (codecs.BOM_UTF16_LE + TABLE.replace(",", "\t").encode("utf-16-le"), "UTF-16LE"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_files_of_korean_excel(
    address: str, tab: Tab, tmp_path: Path, raw: bytes, encoding: str, language: str
) -> None:
    visit(tab, address, width=390, language=language)
    path = tmp_path / "table.csv"
    path.write_bytes(raw)
    choose_file(tab, path)
    count = {"en": "1 pair", "ko": "문장쌍 1개"}[language]
    assert read(tab, "#table-told") == f"{count} (table.csv, {encoding})"
    click(tab, "#table-start")
    tab.wait(DONE)
    assert scored(tab)[0][1:3] == ["비가 온다.", "비가 온다."]
    fits_its_width(tab, 390)
    given = tmp_path / "given"
    given.mkdir()
    file = downloaded(tab, given)
    assert file.name == "table-scored.csv"
    assert file.read_bytes().startswith(codecs.BOM_UTF8 + "문장1,문장2,score,".encode())


@pytest.mark.parametrize(
    ("raw", "english", "korean"),
    [
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0", "That is no text.", "텍스트 파일이 아닙니다."),
        (b"\xff\xff\xff", "That is no text.", "텍스트 파일이 아닙니다."),
        ("한 줄\n또 한 줄".encode(), "There is one column alone", "열이 하나뿐입니다."),
    ],
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_files_that_are_no_table(
    address: str, tab: Tab, tmp_path: Path, raw: bytes, english: str, korean: str, language: str
) -> None:
    visit(tab, address, language=language)
    (tmp_path / "x.csv").write_bytes(raw)
    choose_file(tab, tmp_path / "x.csv")
    assert read(tab, "#table-told").startswith(english if language == "en" else korean)
    assert tab.value("document.getElementById('table-start').disabled")
    shows_one_language(tab, language)


def test_a_file_that_is_too_large(address: str, tab: Tab, tmp_path: Path) -> None:
    visit(tab, address)
    (tmp_path / "x.csv").write_bytes(b"a,b\n" * 5_000_001)
    choose_file(tab, tmp_path / "x.csv")
    assert read(tab, "#table-told").endswith("This takes any: dalmeum score RUN FILE -o OUT")


def test_portions_keep_to_the_limits(tab: Tab) -> None:
    app = small_app(names=["one"], pairs=7, body=600)
    with opened(tab, app, language="ko"):
        paste(tab, MANY)
        click(tab, "#table-start")
        tab.wait(DONE)
        assert read(tab, "#table-progressed") == "300개 중 300개"
        assert len(scored(tab)) == 200
        assert read(tab, "#table-results .note") == "나머지 100행은 CSV에 있습니다."
        shows_one_language(tab, "ko")


def test_a_row_that_the_server_would_refuse_stands_without_a_score(tab: Tab) -> None:
    with opened(tab, small_app(names=["one"], characters=5)):
        paste(tab, "ab\tab\nabcdef\tab\n😀😀😀😀😀\tab")
        click(tab, "#table-start")
        tab.wait(DONE)
        assert [row[3] for row in scored(tab)] == ["6.00", "", "−1.00"]


class Counted:
    """A model that counts what it is asked, and waits while it is held."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []
        self.free = threading.Event()

    def __call__(self, pairs: Sequence[Pair]) -> Scores:
        if len(self.pairs) >= 60:
            self.free.wait(20)
        self.pairs += pairs
        return overlap(pairs)


def test_stopped_and_gone_on_with(tab: Tab) -> None:
    model = Counted()
    with opened(tab, small_app(model, names=["one"], pairs=20)):
        paste(tab, MANY)
        click(tab, "#table-start")
        tab.wait("document.getElementById('bar').value >= 60")
        click(tab, "#table-stop")
        tab.wait("document.getElementById('table-done').innerText")
        assert read(tab, "#table-done") == "Stopped. What is scored stays."
        assert scored(tab)[59][3] != ""
        assert scored(tab)[199][3] == ""
        assert read(tab, "#table-start") == "Go on"
        model.free.set()
        click(tab, "#table-start")
        tab.wait(DONE)
        assert read(tab, "#table-done") == "All are scored."
        assert scored(tab)[199][3] != ""
        assert {tuple(line.split("\t")) for line in MANY.splitlines()} <= set(model.pairs)
        # What was done before is not asked again; what was at work when it was stopped may be.
        assert len(model.pairs) <= 300 + 40


def test_it_waits_for_a_busy_server_and_goes_on(tab: Tab) -> None:
    model = Counted()
    app = small_app(model, names=["one"], waiting=20, pairs=20)
    batcher: Any = app.state.service.models["one"].batcher
    with opened(tab, app):
        paste(tab, MANY)
        model.pairs = [("", "")] * 60  # it is held from now on
        blocking = batcher.submit([("a", "b")])
        while batcher.waiting:
            time.sleep(0.01)
        queued = batcher.submit([("a", "b")] * 5)
        click(tab, "#table-start")
        tab.wait("document.getElementById('table-progressed').innerText.includes('busy')")
        assert read(tab, "#table-progressed").startswith("0 of 300; the server is busy, going on in ")
        model.free.set()
        blocking.result()
        queued.result()
        tab.wait(DONE)
        assert read(tab, "#table-done") == "All are scored."
        assert len(model.pairs) == 60 + 1 + 5 + 300


def test_what_takes_too_long_is_sent_in_smaller_portions(tab: Tab) -> None:
    sizes = []

    def slow(pairs: Sequence[Pair]) -> Scores:
        sizes.append(len(pairs))
        time.sleep(0.05 * len(pairs))
        return overlap(pairs)

    with opened(tab, small_app(slow, names=["one"], deadline=0.7)):
        paste(tab, "\n".join(MANY.splitlines()[:40]))
        click(tab, "#table-start")
        tab.wait(DONE)
        assert read(tab, "#table-done") == "All are scored."
        assert max(sizes) == 32


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "The server can't be reached. Is it still running?"),
        ("ko", "서버에 연결할 수 없습니다. 서버가 켜져 있는지 확인하세요."),
    ],
)
def test_a_server_that_goes_away_in_between(tab: Tab, language: str, told: str) -> None:
    with listening(small_app(names=["one"])) as address:
        visit(tab, address, language=language)
        paste(tab, "ab\tac")
    click(tab, "#table-start")
    tab.wait("document.querySelector('#table-done.fault')")
    assert read(tab, "#table-done") == told
    assert read(tab, "#table-start") == {"en": "Go on", "ko": "이어서"}[language]
    shows_one_language(tab, language)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_token_that_ends_in_between(tab: Tab, language: str) -> None:
    app = small_app(tokens=[TOKEN], names=["one"])
    tokens: Any
    (tokens,) = [each.kwargs["tokens"] for each in app.user_middleware if "tokens" in each.kwargs]
    with opened(tab, app, language=language):
        put(tab, "token", TOKEN)
        click(tab, "#token-form button")
        tab.wait("document.getElementById('token-form').hidden")
        paste(tab, "ab\tac")
        tokens._digests = Tokens([NEXT])._digests
        click(tab, "#table-start")
        tab.wait("document.querySelector('#table-done.fault')")
        told = {
            "en": "The server wants a token: enter it above.",
            "ko": "토큰이 필요합니다. 위에 입력하세요.",
        }
        assert read(tab, "#table-done") == told[language]
        shows_one_language(tab, language)
        put(tab, "token", NEXT)
        click(tab, "#token-form button")
        tab.wait("document.getElementById('token-form').hidden")
        click(tab, "#table-start")
        tab.wait(DONE)
        assert scored(tab)[0][3] == "1.33"
        tab.value("sessionStorage.clear()")


def test_another_table_or_model_is_another_job(tab: Tab) -> None:
    with opened(tab, small_app()):
        paste(tab, "ab\tac")
        click(tab, "#table-start")
        tab.wait(DONE)
        assert read_all(tab, ".scored thead th") == ["#", "sentence 1", "sentence 2", "one", "other"]
        click(tab, "#model-1")
        assert tab.value("!document.querySelector('.scored')")
        click(tab, "#table-start")
        tab.wait(DONE)
        assert read_all(tab, ".scored thead th") == ["#", "sentence 1", "sentence 2", "score"]
        paste(tab, "ab\tcd")
        tab.wait("!document.querySelector('.scored')")
        assert read(tab, "#table-start") == "Score all"
