"""The page of a study or a comparison in a real browser, opened from its file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dalmeum.comparison import Findings
from dalmeum.pages import write_findings
from dalmeum.pages.document import plotly_name

from .browser import CHROMIUM, OWNED, Tab, browser
from .compared import arrays, hostile_study, study
from .contents import HOSTILE, WARNINGS
from .looks import SWITCH, fits_its_width, has_all_figures, shows_one_language

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as tab:
        yield tab


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("studies"), study(splits=("dev", "test")))


def written(folder: Path, findings: Findings, self_contained: bool = False) -> Path:
    path = folder / "alpha" / "study.html"
    links = {"clean-1": "../../runs/clean-1/report.html"}
    write_findings(
        path,
        findings,
        links=links,
        warnings=HOSTILE if self_contained else WARNINGS,
        source="alpha: 1",
        assets=folder / "assets",
        self_contained=self_contained,
    )
    return path


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 900, 700, 390])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_looks(page: Path, tab: Tab, language: str, width: int, dark: bool) -> None:
    tab.open(page, width=width, dark=dark, language=language)
    shows_one_language(tab, language)
    has_all_figures(tab)
    fits_its_width(tab, width)
    shows_one_language(tab, language)
    assert tab.console == []
    script = page.parents[1] / "assets" / plotly_name()
    assert tab.requests == [page.as_uri(), script.as_uri()]


def test_the_switch_changes_words_figures_and_the_title(page: Path, tab: Tab) -> None:
    tab.open(page)
    assert tab.value("document.querySelector('#gap-0 .xtitle').textContent") == "training"
    tab.value(SWITCH.format(language="ko"))
    tab.wait("document.querySelector('#gap-0 .xtitle').textContent === '학습'")
    shows_one_language(tab, "ko")
    tab.value("localStorage.clear()")


@pytest.mark.parametrize("seeds", [1, 4])
def test_arms_from_arrays(tmp_path: Path, tab: Tab, seeds: int) -> None:
    tab.open(written(tmp_path, arrays(seeds)), width=390, language="ko")
    shows_one_language(tab, "ko")
    has_all_figures(tab)
    fits_its_width(tab, 390)
    assert tab.value("document.title") == "clean 대 baseline · dalmeum"


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_text_is_shown_and_not_run(tmp_path: Path, tab: Tab, width: int) -> None:
    tab.open(written(tmp_path, hostile_study(), self_contained=True), width=width)
    has_all_figures(tab)
    fits_its_width(tab, width)
    assert OWNED not in tab.document()
    assert tab.console == []
    text = tab.value("document.body.textContent")
    for hostile in HOSTILE[:5]:
        assert hostile in text
