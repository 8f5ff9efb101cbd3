"""A run in a few lines: the notebook's table says what the terminal's does, in its language."""

import re

import pytest
from rich.cells import cell_len

from dalmeum.pages.summary import RunSummary, run_html, run_lines

from .parsed import Parsed

RUN = RunSummary(
    id="a-run",
    state="finished",
    question="Is <b>this</b> a question that takes more columns than a narrow terminal has to give?",
    metrics={
        "dev": {
            "pearson": {"value": 0.93214, "low": 0.9, "high": 0.95},
            "rmse": {"value": 0.5, "low": None, "high": None},
            "f1": None,
        }
    },
    folder="runs/a-run",
    page=None,
)


@pytest.mark.parametrize(
    ("setting", "state", "bounds"),
    [("en", "finished", "0.9000 to 0.9500"), ("ko", "완료", "0.9000 ~ 0.9500")],
)
def test_scores_are_written_as_the_terminal_writes_them(
    setting: str, state: str, bounds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALMEUM_LANG", setting)
    monkeypatch.setenv("COLUMNS", "60")
    lines = run_lines(RUN)
    assert state in lines[0]
    assert f"pearson  0.9321  {bounds}" in lines
    assert max(map(cell_len, lines)) <= 60
    page = Parsed(run_html(RUN))
    words = re.sub(r"\s+", " ", page.text)
    assert f"a-run · {state}" in words
    assert [words.count(each) for each in ("0.9321", bounds, "0.5000")] == [1, 1, 1]
    assert "Is <b>this</b> a question" in words
