"""What a page must look like in a browser, whatever it shows."""

import re

from .browser import Tab

ENGLISH = re.compile(r"\b(the|of|and|is|than|pairs|seeds|runs|label|prediction|score|difference)\b(?!=)")
"""Not the argument in `seeds=...`, which has one name in both languages."""
HANGUL = re.compile("[가-힣]+")

UNFOLD = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"

SWITCH = "document.querySelector('[data-language=\"{language}\"]').click()"

DRAWN = "[...document.querySelectorAll('svg text')].map((each) => each.textContent).join('\\n')"

CUT_OFF = """[...document.querySelectorAll("body *")].filter((each) => {
    const box = each.getBoundingClientRect();
    const hidden = !each.checkVisibility() || each.closest("svg, .js-plotly-plot");
    if (hidden || !box.width) return false;
    const inside = each.clientWidth === 0 || each.scrollWidth <= each.clientWidth + 1;
    return box.right > innerWidth + 0.5 || box.left < -0.5 || !inside;
}).map((each) => each.tagName + "." + each.className + ": " + each.textContent.slice(0, 60))"""

UNDRAWN = """[...document.querySelectorAll(".plot")].filter((each) => {
    const svg = each.querySelector("svg.main-svg");
    return !svg || svg.getBoundingClientRect().width < 200 || svg.getBoundingClientRect().height < 100;
}).map((each) => each.id)"""


def shows_one_language(tab: Tab, language: str) -> None:
    """Everything that can be read, the switch apart, is in one language; the page's own texts must be all."""
    assert tab.value("document.documentElement.lang") == language
    text = f"{tab.text()}\n{tab.value(DRAWN)}".replace("English\n한국어", "")
    text = re.sub(r"(?<!\S)/\S+", "", text)  # paths, as in a command to copy, have words of their own
    mixed = (HANGUL if language == "en" else ENGLISH).findall(text)
    assert not mixed, mixed


def fits_its_width(tab: Tab, width: int) -> None:
    tab.value(UNFOLD)
    assert tab.value("document.documentElement.scrollWidth") <= width
    cut_off = tab.value(CUT_OFF)
    assert not cut_off, cut_off


def has_all_figures(tab: Tab) -> None:
    assert tab.value(UNDRAWN) == []
    assert tab.value("document.querySelectorAll('.plot').length") > 0
