import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects
import plotly.offline
import pytest

from dalmeum.errors import InputError
from dalmeum.experiments.report import figures as figures_module
from dalmeum.experiments.report import render_report, write_report
from dalmeum.experiments.report.figures import figures, learning_curves, scatter, shown_rows

from .pages import Page
from .report_content import HOSTILE, hostile_content, report_content


def test_every_part_is_there() -> None:
    content = report_content(
        question="왜?",
        recipe="loss: {name: mixture}",
        versions={"torch": "2.13.0"},
        data_hashes={"train": "abc123"},
        warnings=["odd quotes"],
    )
    page = Page(render_report(content))
    for text in (
        "a run",
        "왜?",
        "loss: {name: mixture}",
        "torch",
        "2.13.0",
        "abc123",
        "odd quotes",
        "학습 곡선",
    ):
        assert text in page.text
    pearson = content.evaluation.metrics.pearson
    assert f"{pearson.value:.4f}" in page.text
    assert f"{pearson.low:.4f} to {pearson.high:.4f}" in page.text
    assert page.tags.count("table") == 4
    assert [
        value for name, value in page.attributes if value.startswith(("curve-", "scatter", "residuals-"))
    ] == [
        "curve-loss",
        "curve-pearson",
        "curve-mae",
        "scatter",
        "residuals-label",
        "residuals-source",
    ]


def test_the_page_asks_for_nothing_outside() -> None:
    page = render_report(hostile_content())
    for name, value in Page(page).attributes:
        if name in {"src", "href", "srcset", "action", "data", "poster", "background"}:
            assert value == "data:,"
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in page


def test_foreign_text_is_text() -> None:
    page = Page(render_report(hostile_content()))
    plain = Page(render_report(report_content()))
    assert set(page.tags) <= set(plain.tags) | {"aside", "ul", "li", "dl", "dt", "dd", "p"}
    assert len(page.scripts) == 3
    for text in HOSTILE[:5]:
        assert text in page.text
    assert not {name for name, _ in page.attributes if name.startswith("on")}


def test_foreign_text_can_not_end_the_script_that_holds_it() -> None:
    content = hostile_content()
    data = Page(render_report(content)).scripts[0]
    assert not set("<>&\u2028\u2029") & set(data)
    hover = json.loads(data)["scatter"]["data"][0]["hovertext"]
    assert len(hover) == len(content.table)
    # Plotly obeys a few tags in hover labels: of those only our own line breaks may be left.
    assert set(re.findall(r"<[^>]*>", "".join(hover))) == {"<br>"}
    assert HOSTILE[0][:20] in html.unescape(hover[0].replace("<br>", ""))


def test_plotly_knows_every_property_of_the_figures() -> None:
    for figure in figures(report_content()).values():
        plotly.graph_objects.Figure(figure)


def test_learning_curves_keep_train_and_dev_apart() -> None:
    curves = learning_curves(report_content().history)
    assert list(curves) == ["curve-loss", "curve-pearson", "curve-mae"]
    train, dev = curves["curve-pearson"]["data"]
    assert (train["x"], train["y"]) == ([10, 20], [0.5, 0.7])
    assert (dev["x"], dev["y"]) == ([20], [0.65])


def test_learning_curves_leave_out_what_is_no_number() -> None:
    history: list[dict[str, Any]] = [
        {"step": 1, "loss": float("nan")},
        {"loss": 0.5},
        {"step": 2, "eval_mae": 0.4, "epoch": None},
    ]
    assert [(name, len(curve["data"])) for name, curve in learning_curves(history).items()] == [
        ("curve-mae", 1)
    ]
    assert "학습 기록 없음" in render_report(report_content(history=()))


def test_a_large_set_is_sampled_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_module, "MOST_POINTS", 50)
    monkeypatch.setattr("dalmeum.experiments.report.page.MOST_POINTS", 50)
    content = report_content(rows=200)
    assert content.table.label is not None
    rows = shown_rows(content)
    assert len(rows) == len(set(rows.tolist())) == 50
    worst = np.argsort(-np.abs(content.predictions - content.table.label), kind="stable")[:30]
    assert set(worst.tolist()) <= set(rows.tolist())
    assert len(scatter(content, rows)["data"][0]["x"]) == 50
    assert "A random 50 of 200 pairs" in render_report(content)
    assert "A random" not in render_report(report_content(rows=50))


def test_many_sources_are_cut_and_the_page_says_so() -> None:
    content = report_content(rows=120, texts=tuple(f"source {number}" for number in range(60)))
    page = Page(render_report(content)).text
    assert "The 20 largest of 60 sources" in page
    assert "and 10 more" in page
    assert len(figures(content)["residuals-source"]["data"][0]["y"]) == 20


@pytest.mark.parametrize("rows", [1, 2])
def test_a_report_on_one_or_two_pairs(rows: int) -> None:
    page = Page(render_report(report_content(rows=rows, history=())))
    assert "no interval" in page.text
    assert "nan" not in page.text


def test_writing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    content = report_content()
    write_report(path, content)
    assert path.read_text(encoding="utf-8") == render_report(content)
    assert plotly.offline.get_plotlyjs() in path.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="is a folder"):
        write_report(tmp_path, content)


def test_importing_the_report_leaves_heavy_libraries_alone() -> None:
    code = "import sys, dalmeum.experiments.report; print({'plotly', 'scipy', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
