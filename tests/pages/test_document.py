"""What all pages share: the frame, the languages, and Plotly's script beside them."""

import base64
import os
import re
from pathlib import Path

import plotly.offline
import pytest
from jinja2 import UndefinedError

from dalmeum.errors import InputError
from dalmeum.pages.document import Page, plotly_name, render, self_contained
from dalmeum.pages.run import render_run, write_run

from .contents import hostile_run_page, run_page
from .parsed import Parsed

ROOT = Path(__file__).parents[2] / "dalmeum"


def test_pages_beside_each_other_share_one_script(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for name in ("a", "b"):
        write_run(runs / name / "report.html", run_page(), assets=runs / "assets")
    (script,) = (runs / "assets").iterdir()
    assert re.fullmatch(r"plotly-[0-9a-f]{12}\.min\.js", script.name)
    assert script.read_text(encoding="utf-8") == plotly.offline.get_plotlyjs()
    text = (runs / "a" / "report.html").read_text(encoding="utf-8")
    assert f'data-plotly="../assets/{script.name}"' in text
    assert len(text) < 100_000


def test_a_script_that_is_there_is_left_alone(tmp_path: Path) -> None:
    script = tmp_path / "assets" / plotly_name()
    script.parent.mkdir()
    script.write_text("another process wrote it")
    os.utime(script, (1, 1))
    write_run(tmp_path / "a" / "report.html", run_page(), assets=tmp_path / "assets")
    assert script.read_text() == "another process wrote it"
    assert script.stat().st_mtime == 1


def test_a_page_of_its_own_holds_the_script(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_run(path, run_page(), assets=tmp_path / "assets", self_contained=True)
    text = path.read_text(encoding="utf-8")
    assert text == render_run(run_page())
    assert plotly.offline.get_plotlyjs() in text
    assert "data-plotly=" not in text
    assert not (tmp_path / "assets").exists()


def test_a_written_page_is_made_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a run" / "report.html"
    write_run(path, hostile_run_page(), assets=tmp_path / "the assets")
    (script,) = (tmp_path / "the assets").iterdir()
    text, written = self_contained(path), path.read_text(encoding="utf-8")
    found = re.search(r'data-plotly="data:text/javascript;base64,([^"]*)"', text)
    assert found is not None
    assert base64.b64decode(found[1]) == script.read_bytes()
    assert text.replace(found[0], "") == re.sub(r'data-plotly="[^"]*"', "", written)
    script.unlink()
    assert self_contained(path) == written
    path.write_text(render_run(run_page()), encoding="utf-8")
    assert self_contained(path) == render_run(run_page())


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        write_run(tmp_path, run_page(), assets=tmp_path / "assets")


def test_the_page_asks_for_nothing_outside() -> None:
    page = render_run(hostile_run_page(), "../assets/plotly-0.min.js")
    attributes = Parsed(page).attributes
    for name, value in attributes:
        if name in {"src", "href", "srcset", "action", "data", "poster", "background"}:
            assert value == "data:,"
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert any(value.startswith("default-src 'none'; script-src 'sha256-") for _, value in attributes)


@pytest.mark.parametrize(
    ("setting", "language", "chosen"), [("ko_KR.UTF-8", "ko", "ko"), ("en", "en", "en"), ("", "en", "")]
)
def test_the_setting_is_the_default_language(
    setting: str, language: str, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALMEUM_LANG", setting)
    attributes = Parsed(render_run(run_page(), "x.js")).attributes
    assert attributes[0] == ("lang", language)
    assert attributes[1] == ("data-chosen", chosen)


def test_a_name_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="is undefined"):
        render(Page("a page", "run.html", {}))


def test_layout_stands_in_templates_alone() -> None:
    for path in ROOT.rglob("*.py"):
        assert not re.search(r"<(td|tr|div|span|p|table)\b", path.read_text(encoding="utf-8")), path
