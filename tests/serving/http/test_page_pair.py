"""The page of a server in a real browser: two sentences."""

import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from dalmeum.serving.http.batcher import Pair, Scores
from tests.pages.browser import CHROMIUM, OWNED, Tab, browser
from tests.pages.contents import HOSTILE
from tests.pages.looks import SWITCH, fits_its_width, shows_one_language

from .conftest import TOKEN, listening, overlap, small_app
from .on_page import (
    CONTROL,
    DONE,
    EXPLAINED,
    PAIRS,
    app_with_intervals,
    click,
    opened,
    paste,
    press,
    put,
    read,
    read_all,
    score_pair,
    serious_faults,
    type_in,
    visit,
)

PLACES = """(() => {
  const box = (name) => document.querySelector(`.scale .${name}`).getBoundingClientRect();
  const [line, likely, mark] = ["line", "likely", "mark"].map(box);
  const share = (x) => (x - line.left) / line.width;
  return { likely: [share(likely.left), share(likely.right)], mark: share(mark.left + mark.width / 2) };
})()"""
"""Where things stand, as shares of the drawn scale."""

WORDS = """(() => {
  const words = document.querySelector('.words').cloneNode(true);
  for (const each of words.querySelectorAll('small')) each.remove();
  return words.textContent;
})()"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as tab:
        yield tab


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(app_with_intervals()) as address:
        yield address


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_looks(address: str, tab: Tab, language: str, width: int, dark: bool) -> None:
    visit(tab, address, width=width, dark=dark, language=language)
    assert serious_faults(tab) == []
    click(tab, "#example")
    tab.wait(EXPLAINED)
    paste(tab, PAIRS[language])
    click(tab, "#table-start")
    tab.wait(DONE)
    shows_one_language(tab, language)
    fits_its_width(tab, width)
    shows_one_language(tab, language)
    assert serious_faults(tab) == []
    paper = tab.value("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 28)" if dark else "rgb(255, 255, 255)")
    assert tab.console == []
    assert {each.removeprefix(address) for each in tab.requests} == {"/", "/v1/models", "/score", "/explain"}


def test_models_stand_side_by_side_with_scores_intervals_and_words(address: str, tab: Tab) -> None:
    visit(tab, address)
    score_pair(tab, "ab cd", "ab ce")
    # Letters a b c and the blank are shared, d and e are not: 7 * 4 / 6 - 1.
    assert read_all(tab, ".result h3") == ["one", "other"]
    assert [each.split() for each in read_all(tab, ".result .value")] == [
        ["3.67", "on", "a", "scale", "of", "0", "to", "5"]
    ] * 2
    first, second = read_all(tab, ".result .interval")
    assert first.splitlines() == [
        "label likely between 3.17 and 4.17 (90 % interval)",
        "from 60 pairs of its dev set; cross-validated, 100.0 % of their labels lie inside",
    ]
    assert second == "No interval: of a model folder without its run nobody knows the errors."
    assert read(tab, "#pair-told") == "Score: one 3.67, other 3.67"
    # Without ab: "cd" and "ab ce" share c of six; without cd: "ab" and "ab ce" share two of five.
    words = [each.split() for each in read_all(tab, ".result:first-child .word")]
    assert words == [
        ["ab", f"+{28 / 6 - 7 / 6:.2f}"],
        ["cd", f"+{28 / 6 - 14 / 5:.2f}"],
        ["ab", "+3.50"],
        ["ce", "+1.87"],
    ]
    assert read(tab, ".result .most") == "Raises it most: ab (+3.50), ab (+3.50)"
    places = tab.value(PLACES)
    assert places["likely"] == [pytest.approx(0.6333, abs=1e-3), pytest.approx(0.8333, abs=1e-3)]
    assert places["mark"] == pytest.approx(0.7333, abs=1e-3)


def test_a_word_that_lowers_the_score_says_so_in_words(address: str, tab: Tab) -> None:
    visit(tab, address)
    score_pair(tab, "a xyz", "a")
    # The whole: a of a, x, y, z and the blank; without xyz: the same sentence, 6.
    assert [each.split() for each in read_all(tab, ".result:first-child .word")] == [
        ["a", "+1.40"],
        ["xyz", "−5.60"],
    ]
    assert read(tab, ".result .most").splitlines() == [
        "Raises it most: a (+1.40)",
        "Lowers it most: xyz (−5.60)",
    ]
    kinds = tab.value(
        "[...document.querySelectorAll('.result:first-child .word')].map((each) => each.className)"
    )
    assert kinds == ["word up", "word down"]


@pytest.mark.parametrize(
    ("language", "above", "below"),
    [
        ("en", "above the scale of 0 to 5", "below the scale of 0 to 5"),
        ("ko", "0~5 척도보다 높음", "0~5 척도보다 낮음"),
    ],
)
def test_a_score_beyond_the_scale_is_not_cut(
    address: str, tab: Tab, language: str, above: str, below: str
) -> None:
    visit(tab, address, language=language)
    score_pair(tab, "ab", "ab")
    assert " ".join(read(tab, ".result .value").split()) == f"6.00 {above}"
    score_pair(tab, "ab", "cd")
    assert " ".join(read(tab, ".result .value").split()) == f"−1.00 {below}"
    assert tab.value(PLACES)["mark"] == pytest.approx(0, abs=1e-3)  # but its mark stays on it
    fits_its_width(tab, 1280)


def test_the_models_that_are_chosen_answer(address: str, tab: Tab) -> None:
    visit(tab, address)
    click(tab, "#model-0")
    score_pair(tab, "ab", "ac")
    assert read_all(tab, ".result h3") == ["other"]
    click(tab, "#model-1")
    click(tab, "#pair-form [type=submit]")
    assert read(tab, "#pair-told") == "Choose a model above."


def test_keyboard_alone(address: str, tab: Tab) -> None:
    visit(tab, address)
    order = []
    for _ in range(11):
        press(tab, "Tab")
        order.append(tab.value("document.activeElement.id || document.activeElement.innerText"))
        assert (
            tab.value("getComputedStyle(document.activeElement).outlineStyle") != "none"
            or order[-1] == "file"
        )
        if order[-1] == "one":
            type_in(tab, "ab cd")
        if order[-1] == "two":
            type_in(tab, "ab ce")
        if order[-1] == "model-1":
            press(tab, " ")
        if order[-1] == "pasted":
            type_in(tab, "ab\tac")
            tab.wait("!document.getElementById('columns').hidden")
        if order[-1] == "file":
            outline = "getComputedStyle(document.querySelector('#file + label')).outlineStyle"
            assert tab.value(outline) == "solid"
    assert order == [
        "English",
        "한국어",
        "model-0",
        "model-1",
        "one",
        "two",
        "Score",
        "example",
        "pasted",
        "file",
        "header",
    ]
    tab.value("document.getElementById('two').focus()")
    press(tab, "Enter", CONTROL)
    tab.wait(EXPLAINED)
    assert read(tab, "#pair-told") == "Score: one 3.67"
    tab.value("document.getElementById('pasted').focus()")
    press(tab, "Enter", CONTROL)
    tab.wait(DONE)
    assert read(tab, "#table-done") == "All are scored."
    tab.value("document.querySelector('#pair-form [type=submit]').focus()")
    put(tab, "one", "ab ce")
    press(tab, "Enter")
    tab.wait("document.getElementById('pair-told').innerText === 'Score: one 6.00'")


def test_what_is_told_is_read_aloud(address: str, tab: Tab) -> None:
    visit(tab, address)
    roles = {
        each: tab.value(f"document.getElementById('{each}').getAttribute('role')")
        for each in ("pair-told", "table-told", "table-done", "token-told", "server-told")
    }
    assert roles == dict.fromkeys(("pair-told", "table-told", "table-done"), "status") | dict.fromkeys(
        ("token-told", "server-told"), "alert"
    )
    assert tab.value("document.querySelector('.scale')?.ariaHidden ?? 'none yet'") == "none yet"
    score_pair(tab, "ab", "ac")
    assert tab.value("document.querySelector('.scale').getAttribute('aria-hidden')") == "true"


@pytest.mark.parametrize(
    ("language", "told"), [("en", "Sentence 2 is empty."), ("ko", "문장 2: 비어 있습니다.")]
)
def test_an_empty_sentence(address: str, tab: Tab, language: str, told: str) -> None:
    visit(tab, address, language=language)
    put(tab, "one", "ab")
    put(tab, "two", " \n")
    click(tab, "#pair-form [type=submit]")
    assert read(tab, "#pair-told") == told
    assert tab.value("document.activeElement.id") == "two"


def test_the_switch_changes_all_words_and_is_remembered(address: str, tab: Tab) -> None:
    visit(tab, address, language="en")
    score_pair(tab, "ab 12", "ab 34")
    paste(tab, "ab\tac")
    click(tab, "#table-start")
    tab.wait(DONE)
    shows_one_language(tab, "en")
    tab.value(SWITCH.format(language="ko"))
    shows_one_language(tab, "ko")
    assert "레이블 예상 범위" in tab.text()
    visit(tab, address, language="en")
    shows_one_language(tab, "ko")
    tab.value("localStorage.clear()")


def test_hostile_sentences_are_text(address: str, tab: Tab) -> None:
    visit(tab, address)
    for hostile in HOSTILE[:5]:
        score_pair(tab, hostile, f"{hostile} 비가 온다")
        assert tab.value(WORDS) == hostile
    rows = [f"{hostile}\t{hostile}" for hostile in HOSTILE[:5] if "\t" not in hostile and "\n" not in hostile]
    paste(tab, "\n".join(rows))
    click(tab, "#table-start")
    tab.wait(DONE)
    assert OWNED not in tab.document()
    assert tab.console == []
    fits_its_width(tab, 1280)


def test_a_page_that_moves_only_where_it_may(address: str, tab: Tab) -> None:
    visit(tab, address)
    score_pair(tab, "ab", "ac")
    moving = "getComputedStyle(document.querySelector('.mark')).animationName"
    assert tab.value(moving) == "appear"
    tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    assert tab.value(moving) == "none"


def test_without_javascript_it_says_so(address: str, tab: Tab) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.call("Page.navigate", url=f"{address}/")
        tab.wait("document.readyState === 'complete'")
        assert "This page needs JavaScript." in tab.text()
        assert "Sentence 1" not in tab.text()
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_token_is_asked_for_once(tab: Tab, language: str) -> None:
    told = {"en": "The server does not know this token.", "ko": "서버가 모르는 토큰입니다."}
    with opened(tab, small_app(tokens=[TOKEN]), language=language) as address:
        shows_one_language(tab, language)
        assert tab.value("document.activeElement.id") == "token"
        assert serious_faults(tab) == []
        assert tab.value("document.getElementById('models').hidden")
        type_in(tab, "wrong token")
        press(tab, "Enter")
        tab.wait("document.getElementById('token-told').innerText")
        assert [each for each in tab.requests if "models" in each] == [f"{address}/v1/models"]
        put(tab, "token", "wrong")
        click(tab, "#token-form button")
        tab.wait(f"document.getElementById('token-told').innerText === '{told[language]}'")
        put(tab, "token", TOKEN)
        click(tab, "#token-form button")
        tab.wait("document.getElementById('token-form').hidden")
        score_pair(tab, "ab", "ac")
        shows_one_language(tab, language)
        assert TOKEN not in tab.document()
        assert tab.value("document.getElementById('token').value") == ""
        visit(tab, address, language=language)
        assert tab.value("document.getElementById('token-form').hidden")
        assert tab.value("document.querySelectorAll('#models input').length") == 2
        tab.value("sessionStorage.clear()")


def broken(pairs: Sequence[Pair]) -> Scores:
    raise OSError("secret")


def slow(pairs: Sequence[Pair]) -> Scores:
    time.sleep(1.0)
    return overlap(pairs)


TOO_LONG = (
    "A sentence is too long: the server takes 20 characters.",
    "문장이 너무 깁니다. 서버는 20글자까지 받습니다.",
)
FAILED = (
    "The work failed on the server. Its log says where.",
    "서버에서 작업이 실패했습니다. 자세한 내용은 서버 로그에 있습니다.",
)
NO_ANSWER = (
    "The server gave no answer in time: try again.",
    "서버가 제때 답하지 못했습니다. 다시 시도하세요.",
)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("score", "limits", "text", "told"),
    [
        (overlap, {"characters": 20}, "가" * 21, TOO_LONG),
        (broken, {}, "가", FAILED),
        (slow, {"deadline": 0.2}, "가", NO_ANSWER),
    ],
    ids=["422", "500", "503"],
)
def test_what_went_wrong_is_a_plain_sentence(
    tab: Tab, language: str, score: object, limits: dict[str, float], text: str, told: tuple[str, str]
) -> None:
    app = small_app(score, names=["one"], **limits)  # type: ignore[arg-type] # one of the above
    with opened(tab, app, language=language):
        put(tab, "one", text)
        put(tab, "two", "가")
        click(tab, "#pair-form [type=submit]")
        tab.wait("document.querySelector('#pair-told.fault')")
        assert read(tab, "#pair-told") == told[language == "ko"]
        assert "secret" not in tab.document()
        shows_one_language(tab, language)


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "The server is busy: try again in "), ("ko", "서버가 바쁩니다. ")],
)
def test_a_busy_server(tab: Tab, language: str, told: str) -> None:
    free = threading.Event()

    def held(pairs: Sequence[Pair]) -> Scores:
        free.wait(20)
        return overlap(pairs)

    app = small_app(held, names=["one"], waiting=1, pairs=1)
    model = app.state.service.models["one"]
    with opened(tab, app, language=language):
        first = model.batcher.submit([("a", "b")])
        while model.batcher.waiting:
            time.sleep(0.01)
        second = model.batcher.submit([("a", "b")])
        put(tab, "one", "ab")
        put(tab, "two", "ac")
        click(tab, "#pair-form [type=submit]")
        tab.wait("document.querySelector('#pair-told.fault')")
        assert read(tab, "#pair-told").startswith(told)
        shows_one_language(tab, language)
        free.set()
        first.result()
        second.result()
        click(tab, "#pair-form [type=submit]")
        tab.wait("document.querySelector('.result')")


def test_one_model_that_fails_does_not_hide_another(tab: Tab) -> None:
    app = small_app()
    app.state.service.models["other"].batcher._score_pairs = broken
    with opened(tab, app):
        score_pair(tab, "ab", "ac")
        first, second = read_all(tab, ".result")
        assert "1.33" in first
        assert second.endswith(FAILED[0])


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "The server can't be reached. Is it still running?"), ("ko", "서버에 연결할 수 없습니다.")],
)
def test_a_server_that_is_gone(tab: Tab, language: str, told: str) -> None:
    with listening(small_app()) as address:
        visit(tab, address, language=language)
    put(tab, "one", "ab")
    put(tab, "two", "ac")
    click(tab, "#pair-form [type=submit]")
    tab.wait("document.querySelector('#pair-told.fault')")
    assert read(tab, "#pair-told").startswith(told)
    shows_one_language(tab, language)


def test_words_of_a_long_sentence_are_left_alone(address: str, tab: Tab) -> None:
    visit(tab, address)
    score_pair(tab, "ab " * 1000, "ab")
    assert read(tab, ".result .hint") == "Sentences as long as this are not taken apart."
    score_pair(tab, "ab", "ab")
    assert read(tab, ".result .hint") == "Sentences of one word can't be taken apart."


def test_a_newer_question_replaces_an_older_one(tab: Tab) -> None:
    seen = []

    def first_slow(pairs: Sequence[Pair]) -> Scores:
        seen.append(pairs[0])
        if len(seen) == 1:
            time.sleep(0.7)
        return np.full(len(pairs), float(len(seen)))

    with opened(tab, small_app(first_slow, names=["one"])):
        put(tab, "one", "slow")
        put(tab, "two", "slow")
        click(tab, "#pair-form [type=submit]")
        while not seen:
            tab.value("0")
        score_pair(tab, "ab cd", "ac")
        assert read(tab, "#pair-told") == "Score: one 2.00"
        time.sleep(0.5)
        assert read_all(tab, ".result .value")[0].startswith("2.00")
