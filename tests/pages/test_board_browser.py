"""The board's page in a real browser, opened from its file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dalmeum.languages import Text
from dalmeum.pages.board import BestBlend, Board, BoardRun, Cost, Part, write_board
from dalmeum.stats import Estimate

from .browser import CHROMIUM, OWNED, Tab, browser
from .contents import HOSTILE
from .looks import fits_its_width, has_all_figures, shows_one_language

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

RUNS = (
    # rank, run, author, verdict, score, hours
    (1, "20261101-alpha", "Kim", "better", 0.91, 0.5),
    (1, "20261102-beta", "Lee", None, 0.90, 12.25),
    (3, "20261103-gamma", "Kim", "undecided", 0.85, 0.0031),
    (4, "20261104-delta", None, "worse", 0.40, None),
)
PARTS = (Part(0.5, 0.0012, 0.31), Part(0.3, 0.0101, 0.305), Part(0.2, -0.0003, 0.3), None)
SHOWN = """[...document.querySelectorAll('.board tbody tr')]
  .filter((each) => !each.hidden).map((each) => each.cells[0].textContent)"""
CHOOSE = """(() => {{
  const select = document.querySelector('[data-{which}]');
  select.value = [...select.options].find((each) => each.textContent === '{text}').value;
  select.dispatchEvent(new Event('change'));
}})()"""
HEAD = "document.querySelectorAll('.board thead th')[{column}].click()"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as tab:
        yield tab


def board(*names: str, idea: str = "alpha: mixture") -> Board:
    runs = tuple(
        BoardRun(
            rank,
            name,
            author,
            idea,
            verdict,  # type: ignore[arg-type] # a word
            Estimate(score, score - 0.02, score + 0.02),
            Estimate(score - 0.91, score - 0.95, score - 0.89),
            None if hours is None else Cost(hours, "gpu" if hours > 1 else "processor"),
            f"{number}/report.html",
            "runs/x",
            PARTS[number],
        )
        for number, (rank, run, author, verdict, score, hours) in enumerate(RUNS)
        for name in [names[number % len(names)] if names else run]
    )
    errors = np.atleast_2d(np.corrcoef(np.random.default_rng(1).normal(size=(4, 9))))
    blended = tuple(run.id for run in runs[:3])
    people = {"Kim": 0.61, "Lee": 0.305, names[0] if names else "": 0.0}
    command = f"dalmeum blend {' '.join(blended)} -o NAME"
    gain = Estimate(0.005, 0.001, 0.009)
    blend = BestBlend("mean", 0.915, blended[0], 0.91, gain, blended, people, command)
    return Board("dev.csv", 1500, 300, runs, errors, blend)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    claims = [Text("cosent: Kim has it", "cosent: Kim이(가) 맡음")]
    return write_board(tmp_path_factory.mktemp("runs"), [board()], claims)


@pytest.mark.parametrize("width", [1280, 870, 390])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_looks(page: Path, tab: Tab, language: str, width: int) -> None:
    tab.open(page, width=width, language=language)
    shows_one_language(tab, language)
    has_all_figures(tab)
    fits_its_width(tab, width)
    assert tab.console == []
    # Nothing else: it is one file, with the picture that Plotly paints a map as.
    assert [each for each in tab.requests if not each.startswith("data:image/png")] == [page.as_uri()]


def test_sorts(page: Path, tab: Tab) -> None:
    tab.open(page)
    alpha, beta, gamma, delta = (run for _, run, *_ in RUNS)
    assert tab.value(SHOWN) == [alpha, beta, gamma, delta]
    tab.value(CHOOSE.format(which="sort", text="cost"))
    assert tab.value(SHOWN) == [gamma, alpha, beta, delta]  # by hours, and what is not known last
    tab.value(HEAD.format(column=6))
    assert tab.value(SHOWN) == [beta, alpha, gamma, delta]
    tab.value(HEAD.format(column=2))
    assert tab.value(SHOWN) == [delta, gamma, beta, alpha]
    tab.value(HEAD.format(column=4))
    assert tab.value(SHOWN) == [alpha, gamma, beta, delta]  # and nobody last
    tab.value(CHOOSE.format(which="sort", text="adds"))
    assert tab.value(SHOWN) == [gamma, alpha, beta, delta]  # and what is no member last


def test_says_what_the_runs_come_to_together(page: Path, tab: Tab) -> None:
    tab.open(page)
    text = tab.text()
    assert "scores 0.9150 on pairs that its weights were not fitted on, 20261101-alpha alone 0.9100" in text
    assert "write it: dalmeum blend 20261101-alpha 20261102-beta 20261103-gamma -o NAME" in text
    assert "by person: Kim 0.6100, Lee 0.3050, nobody named 0.0000" in text
    row = tab.value("[...document.querySelector('.board tbody tr').cells].map((each) => each.innerText)")
    assert row[8].split() == ["+0.0012", "share", "0.3100"]


def test_filters_by_person_on_a_telephone(page: Path, tab: Tab) -> None:
    tab.open(page, width=390, language="ko")
    people = tab.value("[...document.querySelector('[data-person]').options].map((each) => each.textContent)")
    assert sorted(people) == sorted(["모두", "Kim", "Lee", "-"])
    tab.value(CHOOSE.format(which="person", text="Kim"))
    assert tab.value(SHOWN) == ["20261101-alpha", "20261103-gamma"]
    fits_its_width(tab, 390)
    tab.value(CHOOSE.format(which="person", text="모두"))
    assert len(tab.value(SHOWN)) == 4


def test_hover_says_what_a_point_is(page: Path, tab: Tab) -> None:
    tab.open(page)
    place = tab.value(
        """(() => {
          const points = [...document.querySelectorAll('#scores-0 .points path')];
          points[1].scrollIntoView({ block: 'center' });
          const box = points[1].getBoundingClientRect();
          return [box.left + box.width / 2, box.top + box.height / 2];
        })()"""
    )
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    tab.wait("document.querySelector('#scores-0 .hoverlayer text')")
    told = tab.value("document.querySelector('#scores-0 .hoverlayer').textContent")
    assert "20261102-beta" in told
    assert "0.9000 (0.880 to 0.920)" in told
    assert "Lee" in told


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_names_are_text(tmp_path: Path, tab: Tab, width: int) -> None:
    idea = " ".join(HOSTILE[:5])
    hostile = Text.same(idea)
    page = write_board(tmp_path, [board(*HOSTILE[:5], idea=idea), board(*HOSTILE[2:4])], [hostile])
    tab.open(page, width=width)
    has_all_figures(tab)
    fits_its_width(tab, width)
    assert OWNED not in tab.document()
    assert tab.console == []
    text = tab.value("document.body.textContent")
    for each in HOSTILE[:4]:
        assert each in text
