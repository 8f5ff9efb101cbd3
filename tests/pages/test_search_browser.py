"""The page of a search in a real browser, opened from its file."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalmeum.pages.document import plotly_name
from dalmeum.pages.search import SearchResult, write_search

from .browser import CHROMIUM, OWNED, Tab, browser
from .contents import HOSTILE
from .looks import SWITCH, fits_its_width, has_all_figures, shows_one_language
from .test_search import CONFIRMED, LOSS, RATE, TRIALS, result, trial

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

CALM = (*TRIALS[:3], trial(3, "failed", None, 1e-1, error="CUDA"), *TRIALS[4:])
ROWS = "[...document.querySelectorAll('details tbody tr')].map((row) => row.cells[0].textContent.trim())"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as tab:
        yield tab


def written(folder: Path, found: SearchResult, *, self_contained: bool = False) -> Path:
    path = folder / "korsts" / "search.html"
    links = {"run-2": "../../runs/tune/korsts/run-2/report.html"}
    write_search(
        path,
        found,
        links=links,
        study="study.html",
        assets=folder / "assets",
        self_contained=self_contained,
    )
    return path


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = result(question=None, trials=CALM, best=CALM[2], **CONFIRMED)
    return written(tmp_path_factory.mktemp("searches"), found)


@pytest.mark.parametrize("width", [1280, 700, 390])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_looks(page: Path, tab: Tab, language: str, width: int) -> None:
    tab.open(page, width=width, language=language)
    shows_one_language(tab, language)
    has_all_figures(tab)
    fits_its_width(tab, width)
    shows_one_language(tab, language)
    assert tab.console == []
    script = page.parents[1] / "assets" / plotly_name()
    assert tab.requests == [page.as_uri(), script.as_uri()]


def test_the_switch_changes_words_and_figures(page: Path, tab: Tab) -> None:
    tab.open(page)
    assert "Best of 5 trials: 0.8312 on dev" in tab.text()
    tab.value(SWITCH.format(language="ko"))
    tab.wait("document.body.innerText.includes('시도 5개 중 최고')")
    shows_one_language(tab, "ko")
    tab.value("localStorage.clear()")


def test_every_trial_has_a_row_and_the_best_its_run(page: Path, tab: Tab) -> None:
    tab.open(page)
    assert len(tab.value(ROWS)) == len(TRIALS)
    links = tab.value("[...document.querySelectorAll('details a')].map((each) => each.getAttribute('href'))")
    assert links == ["../../runs/tune/korsts/run-2/report.html"]


def hovered(tab: Tab, figure: str, point: int) -> str:
    """What stands beside a point that the mouse is on."""
    place = tab.value(
        f"""(() => {{
          const points = [...document.querySelectorAll('#{figure} .points path')];
          points[{point}].scrollIntoView({{ block: 'center' }});
          const box = points[{point}].getBoundingClientRect();
          return [box.left + box.width / 2, box.top + box.height / 2];
        }})()"""
    )
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    tab.wait(f"document.querySelector('#{figure} .hoverlayer text')")
    return str(tab.value(f"document.querySelector('#{figure} .hoverlayer').textContent"))


def test_hover_says_what_a_trial_is(page: Path, tab: Tab) -> None:
    tab.open(page)
    told = hovered(tab, "history", 1)
    assert "trial 2, complete: 0.8312" in told
    assert "learning_rate 0.002, name mse" in told


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_names_are_text(tmp_path: Path, tab: Tab, width: int) -> None:
    """Of the search and its choices, and what a trial failed by; in one file, which asks for nothing."""
    image = next(each for each in HOSTILE if each.startswith("<img"))
    trials = tuple(
        dataclasses.replace(each, settings={RATE: 1e-3, LOSS: image}, error=HOSTILE[each.number])
        for each in TRIALS[:4]
    )
    found = result(
        name=image, question=HOSTILE[1], trials=trials, best=trials[2], default={RATE: 1e-3, LOSS: HOSTILE[3]}
    )
    path = written(tmp_path, found, self_contained=True)
    tab.open(path, width=width)
    has_all_figures(tab)
    fits_its_width(tab, width)
    assert OWNED not in tab.document()
    assert tab.console == []
    assert [each for each in tab.requests if not each.startswith("data:image/")] == [path.as_uri()]
    text = tab.value("document.body.textContent")
    for each in (image, HOSTILE[1], HOSTILE[3]):
        assert each in text
    assert "onerror" in hovered(tab, "history", 1)
    assert OWNED not in tab.document()
