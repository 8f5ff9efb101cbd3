"""The report in a real browser."""

import html
import re
from pathlib import Path

import pytest

from dalmeum.experiments.report import render_report, write_report

from .pages import CHROMIUM, OWNED, opened, without_scripts
from .report_content import HOSTILE, hostile_content

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy".*?>')


def test_a_script_that_gets_in_would_be_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><p>{HOSTILE[0]}</p>", encoding="utf-8")
    assert OWNED in opened(page)[0]


def test_hostile_sentences_are_shown_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, hostile_content())
    document, console = opened(path)
    assert 'data-ready="yes"' in document
    assert OWNED not in document
    assert console == ""
    shown = html.unescape(re.sub(r"<[^>]*>", "", without_scripts(document)))
    for text in HOSTILE[:5]:
        assert text in shown


def test_hover_labels_show_markup_as_text(tmp_path: Path) -> None:
    # Without its policy the page may run a script of ours, and any that its escaping let through.
    path = tmp_path / "report.html"
    page = POLICY.sub("", render_report(hostile_content()))
    hover = "Plotly.Fx.hover('scatter', [{curveNumber: 0, pointNumber: POINT}])"
    for point, text in ((16, HOSTILE[0]), (18, HOSTILE[2]), (20, HOSTILE[4])):
        script = f"<script>setTimeout(() => {hover.replace('POINT', str(point))}, 3000)</script>"
        path.write_text(page.replace("</body>", f"{script}</body>"), encoding="utf-8")
        document, console = opened(path)
        assert OWNED not in document
        assert console == ""
        scatter = document[document.index('id="scatter"') :]
        layer = scatter[scatter.index('class="hoverlayer"') :]
        label = layer[layer.index(">") : layer.index("</svg>")]
        assert "<img" not in label
        assert "<a " not in label
        assert "<script" not in label
        letters = html.unescape(re.sub(r"<[^>]*>", "", label)).replace(" ", "")
        assert text.replace(" ", "")[:60] in letters
