"""The page of a run in a real browser, opened from its file."""

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalmeum.pages.document import plotly_name, self_contained
from dalmeum.pages.run import render_run, write_run

from .browser import CHROMIUM, OWNED, Tab, browser
from .contents import HOSTILE, WARNINGS, hostile_run_page, run_page
from .looks import SWITCH, fits_its_width, has_all_figures, shows_one_language

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy".*?>')
NAMES = ("Zeit", "x" * 70, "1234567890" * 20)


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as tab:
        yield tab


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "runs" / "a" / "report.html"
    write_run(path, run_page(texts=NAMES, recipe="loss: {}"), assets=tmp_path / "runs" / "assets")
    return path


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 900, 700, 390])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_looks(page: Path, tab: Tab, language: str, width: int, dark: bool) -> None:
    tab.open(page, width=width, dark=dark, language=language)
    shows_one_language(tab, language)
    text = tab.text()
    for each in WARNINGS:
        assert (each.en in text, each.ko in text) == (language == "en", language == "ko")
    has_all_figures(tab)
    fits_its_width(tab, width)
    shows_one_language(tab, language)
    paper = tab.value("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 28)" if dark else "rgb(255, 255, 255)")
    assert tab.console == []
    script = page.parents[1] / "assets" / plotly_name()
    assert tab.requests == [page.as_uri(), script.as_uri()]


def test_the_switch_changes_words_and_figures_and_is_remembered(page: Path, tab: Tab) -> None:
    tab.open(page, language="en")
    shows_one_language(tab, "en")
    tab.value(SWITCH.format(language="ko"))
    tab.wait("document.querySelector('#scatter .xtitle').textContent === '레이블'")
    shows_one_language(tab, "ko")
    assert tab.value("document.querySelector('[data-language=ko]').ariaPressed") == "true"
    tab.open(page, language="en")
    shows_one_language(tab, "ko")
    tab.value("localStorage.clear()")
    tab.open(page, language="en")
    shows_one_language(tab, "en")


@pytest.mark.parametrize(
    ("setting", "browsers", "shown"),
    [("ko", "en", "ko"), ("en", "ko", "en"), ("", "ko", "ko"), ("", "fr", "en")],
)
def test_the_setting_goes_before_the_browsers_language(
    tmp_path: Path, tab: Tab, setting: str, browsers: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALMEUM_LANG", setting)
    write_run(tmp_path / "a" / "report.html", run_page(texts=NAMES), assets=tmp_path / "assets")
    tab.open(tmp_path / "a" / "report.html", language=browsers)
    shows_one_language(tab, shown)


def test_without_storage_the_switch_works_until_the_page_is_left(page: Path, tab: Tab) -> None:
    refuse = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })"
    identifier = tab.call("Page.addScriptToEvaluateOnNewDocument", source=refuse)["identifier"]
    try:
        tab.open(page, language="en")
        tab.value(SWITCH.format(language="ko"))
        tab.wait("document.querySelector('#scatter .xtitle').textContent === '레이블'")
        assert tab.console == []
    finally:
        tab.call("Page.removeScriptToEvaluateOnNewDocument", identifier=identifier)


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "The figures are missing: the script that draws them"), ("ko", "그림이 빠져 있습니다.")],
)
def test_a_page_away_from_its_script_says_so_and_keeps_its_tables(
    page: Path, tab: Tab, tmp_path: Path, language: str, told: str
) -> None:
    moved = page.rename(tmp_path / "mailed.html")
    tab.open(moved, language=language)
    text = tab.text()
    assert told in text
    assert plotly_name() in text
    assert not tab.value("document.querySelector('figure').checkVisibility()")
    assert not [
        word for word in ("Learning curves", "학습 곡선", "Residuals", "잔차\n") if f"\n{word}" in text
    ]
    assert len(re.findall("RMSE", text)) >= 2
    shows_one_language(tab, language)
    fits_its_width(tab, 1280)


def test_a_page_of_its_own_needs_no_other_file(tmp_path: Path, tab: Tab) -> None:
    path = tmp_path / "report.html"
    write_run(path, run_page(texts=NAMES), assets=tmp_path / "assets", self_contained=True)
    tab.open(path)
    has_all_figures(tab)
    assert tab.requests == [path.as_uri()]
    assert tab.console == []


def test_without_javascript_the_default_language_is_shown(page: Path, tab: Tab) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.call("Page.navigate", url=page.as_uri())
        tab.wait("document.readyState === 'complete'")
        text = tab.text()
        assert "The figures need JavaScript; all tables are here." in text
        assert "학습 곡선" not in text
        assert "한국어" not in text  # a switch that would do nothing
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_a_script_that_gets_in_would_be_noticed(tmp_path: Path, tab: Tab) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><p>{HOSTILE[0]}</p>", encoding="utf-8")
    tab.open(page)
    assert OWNED in tab.document()


@pytest.mark.parametrize("how", ["beside its script", "self-contained", "made self-contained"])
def test_hostile_sentences_are_shown_and_not_run(tmp_path: Path, tab: Tab, how: str) -> None:
    path = tmp_path / "a" / "report.html"
    write_run(path, hostile_run_page(), assets=tmp_path / "assets", self_contained=how == "self-contained")
    if how == "made self-contained":
        path.write_text(self_contained(path), encoding="utf-8")
        shutil.rmtree(tmp_path / "assets")
    tab.open(path)
    has_all_figures(tab)
    fits_its_width(tab, 1280)
    document = tab.document()
    assert OWNED not in document
    assert tab.console == []
    text = tab.value("document.body.textContent")
    for hostile in HOSTILE[:5]:
        assert hostile in text


def test_a_script_in_a_sentence_is_stopped_by_the_policy_alone(tmp_path: Path, tab: Tab) -> None:
    path = tmp_path / "a" / "report.html"
    write_run(path, run_page(), assets=tmp_path / "assets")
    for hostile in HOSTILE[:4]:
        page = path.read_text(encoding="utf-8").replace("</h1>", f"</h1>{hostile}")
        (path.parent / "owned.html").write_text(page, encoding="utf-8")
        tab.open(path.parent / "owned.html")
        assert OWNED not in tab.document()
        assert "Content Security Policy" in " ".join(tab.console)


def test_hover_labels_show_markup_as_text(tmp_path: Path, tab: Tab) -> None:
    # Without its policy the page may run whatever its escaping let through.
    path = tmp_path / "report.html"
    path.write_text(POLICY.sub("", render_run(hostile_run_page())), encoding="utf-8")
    tab.open(path, language="ko")
    for point, text in ((16, HOSTILE[0]), (18, HOSTILE[2]), (20, HOSTILE[4])):
        tab.value(f"Plotly.Fx.hover('scatter', [{{curveNumber: 0, pointNumber: {point}}}])")
        tab.wait("document.querySelector('#scatter .hoverlayer text')")
        label = tab.value("document.querySelector('#scatter .hoverlayer').innerHTML")
        for tag in ("<img", "<a ", "<script", "<svg"):
            assert tag not in label
        letters = html.unescape(re.sub(r"<[^>]*>", "", label)).replace(" ", "")
        assert letters.startswith("레이블")
        assert text.replace(" ", "")[:60] in letters
        tab.value("Plotly.Fx.unhover('scatter')")
    assert OWNED not in tab.document()
    assert tab.console == []
