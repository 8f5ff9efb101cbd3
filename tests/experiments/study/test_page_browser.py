"""The page of a study in a real browser."""

import html
import json
import re
from pathlib import Path

import pytest

from dalmeum.experiments.study.page import render_findings, write_findings

from ..pages import CHROMIUM, OWNED, opened, without_scripts
from ..report_content import HOSTILE
from .fake_runs import fake_result, hostile_result

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

MEASURE = """
<script>
const wait = setInterval(() => {
  const page = document.querySelector("iframe").contentDocument;
  if (page.documentElement.dataset.ready !== "yes") return;
  clearInterval(wait);
  const outside = [...page.querySelectorAll("main *")].filter((each) => {
    const box = each.getBoundingClientRect();
    // A wide table scrolls inside its own box, which must fit.
    if (each.parentElement.closest(".scroll")) return false;
    return box.width && (box.right > WIDTH || box.left < 0);
  });
  const { scrollWidth, clientWidth } = page.documentElement;
  const small = [...page.querySelectorAll("td, th, small, p")].filter(
    (each) => each.offsetWidth && parseFloat(getComputedStyle(each).fontSize) < 11);
  const asked = page.defaultView.performance.getEntriesByType("resource").map((each) => each.name);
  const found = document.createElement("output");
  found.textContent = JSON.stringify({
    fits: scrollWidth <= clientWidth, outside: outside.map((each) => each.outerHTML.slice(0, 200)),
    small: small.length, asked, figures: page.querySelectorAll(".plot .plot-container").length,
  });
  document.body.append(found);
}, 100);
</script>
"""


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_a_desk_and_a_telephone_and_asks_for_nothing(tmp_path: Path, width: int) -> None:
    page = render_findings(fake_result(tmp_path), links={}, warnings=["guessed"], source="").replace(
        "<details>", "<details open>"
    )
    # Of one origin with the page around it, which a file is not.
    source = html.escape(page, quote=True)
    frame = f'<iframe style="width: {width}px; height: 3000px; border: 0" srcdoc="{source}"></iframe>'
    around = tmp_path / "around.html"
    around.write_text(
        f"<!doctype html><meta charset=utf-8><body>{frame}{MEASURE.replace('WIDTH', str(width))}</body>",
        encoding="utf-8",
    )
    document, console = opened(around)
    assert console == ""
    _, _, output = document.rpartition("<output>")
    found = json.loads(html.unescape(output.partition("</output>")[0]))
    assert found == {"fits": True, "outside": [], "small": 0, "asked": [], "figures": 3}


def test_hostile_text_is_shown_and_not_run(tmp_path: Path) -> None:
    page = tmp_path / "study.html"
    write_findings(page, hostile_result(tmp_path), links={}, warnings=HOSTILE, source="\n".join(HOSTILE[:5]))
    arms = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["arms"]
    assert list(arms["arm"]["changes"].values()) == list(HOSTILE)
    document, console = opened(page)
    assert 'data-ready="yes"' in document
    assert OWNED not in document
    assert console == ""
    shown = html.unescape(re.sub(r"<[^>]*>", "", without_scripts(document)))
    for text in HOSTILE[:5]:
        assert text in shown
