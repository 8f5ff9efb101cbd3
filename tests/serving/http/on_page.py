"""The page of a server in a real browser: what tests do on it."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI

from dalmeum.serving.http.service import Service
from dalmeum.stats.label_intervals import LabelIntervals
from tests.pages.browser import Tab

from .conftest import listening, small_app

READY = "document.documentElement.dataset.scorer === 'ready'"
EXPLAINED = """(() => {
  const cards = document.querySelectorAll('.result');
  return cards.length && [...cards].every((each) => each.querySelector('.most, .fault, .hint:not(:has(+ *))'))
    && !document.body.innerText.includes('…');
})()"""
DONE = "!document.getElementById('download').hidden && document.getElementById('table-stop').hidden"
KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40}
CONTROL = 2
SERIOUS = """axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => ['serious', 'critical'].includes(impact))
  .map(({ id, nodes }) => `${id}: ${nodes.map((each) => each.html).join(' ')}`))"""

PAIRS = {
    "en": "A dog runs.\tA dog ran.\nSnow falls\tIt rains",
    "ko": "개가 달린다.\t개가 뛴다.\n눈이 온다\t비가 온다",
}
LEVELS = np.arange(60) / 16
INTERVALS = LabelIntervals.of(LEVELS, LEVELS + 0.5 * (-1.0) ** np.arange(60), (0, 5))
"""Half a point to each side."""


def app_with_intervals(*args: Any, **options: Any) -> FastAPI:
    """As `small_app`; the first model has intervals of half a point to each side."""
    app = small_app(*args, **options)
    service: Service = app.state.service
    first, *others = service.models.values()
    models = [dataclasses.replace(first, intervals=INTERVALS), *others]
    service.models = {each.name: each for each in models}
    return app


@contextlib.contextmanager
def opened(tab: Tab, app: FastAPI, **options: Any) -> Iterator[str]:
    """The page of an app that is served for as long as the block goes on."""
    with listening(app) as address:
        visit(tab, address, **options)
        yield address
        # The server waits for the connections that a browser keeps.
        tab.call("Page.navigate", url="about:blank")


def visit(tab: Tab, address: str, **options: Any) -> None:
    tab.open(f"{address}/", **options)
    tab.wait(READY)


def put(tab: Tab, place: str, text: str) -> None:
    """Text into a field, as a paste puts it."""
    tab.value(
        f"(() => {{ const field = document.getElementById({place!r}); field.value = {json.dumps(text)};"
        " field.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def click(tab: Tab, selector: str) -> None:
    tab.value(f"document.querySelector({json.dumps(selector)}).click()")


def press(tab: Tab, key: str, modifiers: int = 0) -> None:
    named = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS[key]}
    text = {"Enter": "\r", " ": " "}.get(key) if not modifiers else None
    down = {"type": "keyDown" if text else "rawKeyDown", **named, "modifiers": modifiers}
    tab.call("Input.dispatchKeyEvent", **(down | {"text": text} if text else down))
    tab.call("Input.dispatchKeyEvent", type="keyUp", **named, modifiers=modifiers)


def type_in(tab: Tab, text: str) -> None:
    tab.call("Input.insertText", text=text)


def read(tab: Tab, selector: str) -> str:
    """What can be read in a place, its first."""
    return str(tab.value(f"document.querySelector({json.dumps(selector)}).innerText")).strip()


def read_all(tab: Tab, selector: str) -> list[str]:
    found = tab.value(f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.innerText)")
    return [each.strip() for each in found]


def score_pair(tab: Tab, one: str, two: str) -> None:
    put(tab, "one", one)
    put(tab, "two", two)
    click(tab, "#pair-form [type=submit]")
    tab.wait(EXPLAINED)


def paste(tab: Tab, text: str) -> None:
    put(tab, "pasted", text)
    tab.wait(
        "document.getElementById('table-told').innerText && !document.getElementById('table-start').disabled"
    )


def choose_file(tab: Tab, path: Path) -> None:
    root = tab.call("DOM.getDocument")["root"]["nodeId"]
    node = tab.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    tab.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])
    tab.wait("document.getElementById('table-told').innerText")


def downloaded(tab: Tab, folder: Path) -> Path:
    """The file that the page gives."""
    tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    click(tab, "#download")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for found in folder.glob("*.csv"):
            return found
        tab.value("0")  # the browser is asked, or it does nothing
    raise AssertionError("no file came")


def serious_faults(tab: Tab) -> list[str]:
    """What axe finds that keeps people out."""
    tab.value(f"{resources.files('axe_core_python').joinpath('axe.min.js').read_text(encoding='utf-8')};0")
    found: list[str] = tab.value(SERIOUS)
    return found
