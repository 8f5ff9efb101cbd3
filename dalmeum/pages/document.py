"""The frame of every page: one file with its style, its texts in both languages, and its figures."""

import base64
import functools
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from jinja2 import Environment
from markupsafe import Markup

from dalmeum import numbers
from dalmeum.files import writable, write_text
from dalmeum.languages import LANGUAGES, Shown, Text, chosen_language, shorten
from dalmeum.pages.plots import Figure
from dalmeum.pages.text import script_json, source_name
from dalmeum.templates import FOLDER, environment

ASSETS = "assets"
"""The usual name of the folder that holds what pages share, beside the folders of the pages."""

STUDY_PAGE = "study.html"


@dataclass(frozen=True)
class Page:
    """What one page shows.

    Attributes:
        title: of the browser's tab.
        template: name of the body's template.
        values: what the template names. Nothing in it is trusted: a text is shown as text.
        figures: by the id of the place that each is drawn into.
        scripts, styles: names of files that this kind of page has beside what all have.
        served: a server answers with it, which it may ask; it comes in the language of its reader's browser,
            not in that of the terminal where it was made.
    """

    title: Shown
    template: str
    values: Mapping[str, Any]
    figures: Mapping[str, Figure] = field(default_factory=dict)
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    served: bool = False


def write_page(path: Path, page: Page, *, assets: Path, self_contained: bool = False) -> None:
    """Write a page, and Plotly's script into the folder `assets`, which pages beside each other share.

    With `self_contained` the script, of about 5 MB, stands inside the page, and `assets` is left alone.
    Raises `InputError` where a place can't be written; what stood there then stays.
    """
    if self_contained:
        write_text(path, render(page))
        return
    script = assets / plotly_name()
    # Its name holds its hash: a script that is there is the right one, whoever wrote it.
    if not script.is_file():
        write_text(script, _plotly())
    write_text(path, render(page, quote(Path(os.path.relpath(script, path.parent)).as_posix())))


def render(page: Page, plotly: str = "") -> str:
    """A page as HTML that asks for no address but `plotly`, Plotly's script; without one it holds the script.

    Its own security policy lets no script run but the page's own and the one that they fetch, whatever a
    sentence may hold.
    """
    language_script = asset("language.js")
    scripts = [asset(name) for name in ("page.js", *page.scripts)]
    if page.figures and not plotly:
        scripts.insert(0, Markup(_plotly()))
    style = Markup("").join(asset(name) for name in ("page.css", *page.styles))
    template = _environment().get_template(page.template)
    text = template.render(
        **page.values,
        title=page.title,
        drawn=list(page.figures),
        chosen="" if page.served else chosen_language() or "",
        policy=_policy([language_script, *scripts], style, served=page.served),
        style=style,
        figures=Markup(script_json(page.figures)),
        plotly=plotly if page.figures else "",
        language_script=language_script,
        scripts=scripts,
    )
    return writable(text)


def self_contained(path: Path) -> str:
    """A page that was written, with the script that it shares with others in it, as a file to be sent; as it
    is where that script is gone.
    """
    text = path.read_text(encoding="utf-8")
    # Of what people wrote nothing stands before it, and no sign in it is another's.
    shared = re.match(r'[^>]*>\s*<html[^>]* data-plotly="([^"]+)"', text)
    if shared is None:
        return text
    script = path.parent / unquote(shared[1])
    if not script.is_file():
        return text
    held = base64.b64encode(script.read_bytes()).decode()
    return f"{text[: shared.start(1)]}data:text/javascript;base64,{held}{text[shared.end(1) :]}"


def plotly_name() -> str:
    """The file name of Plotly's script, by its content."""
    return f"plotly-{hashlib.sha256(_plotly().encode()).hexdigest()[:12]}.min.js"


def asset(name: str) -> Markup:
    """One of this package's own files, which alone are trusted."""
    return Markup(resources.files(__package__).joinpath(FOLDER, name).read_text(encoding="utf-8"))


@functools.cache
def _environment() -> Environment:
    """Texts come out in both languages."""
    found = environment(__package__)
    both = found.get_template("both.html").module

    def shown(value: Any) -> Any:
        return both.both(value) if isinstance(value, Text) else value  # type: ignore[attr-defined] # a macro

    found.finalize = shown
    for name in ("number", "signed", "percent", "count", "interval", "difference"):
        found.filters[name] = getattr(numbers, name)
    found.filters["shorten"] = shorten
    found.filters["languages"] = _languages
    found.filters["source_name"] = source_name
    return found


def _languages(text: Shown) -> dict[str, str]:
    """A text by language: a name is the same in each."""
    return {each: text.in_language(each) if isinstance(text, Text) else text for each in LANGUAGES}


@functools.cache
def _plotly() -> str:
    # Takes a moment to import, and only pages need it.
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _policy(scripts: Sequence[str], style: str, *, served: bool) -> str:
    """Content security policy that allows these inline scripts, what they fetch, and no address else; of a
    page that is served this style, and the server's own addresses.
    """
    allowed = " ".join(map(_hash, scripts))
    if served:
        own = f"script-src {allowed}; style-src {_hash(style)}; connect-src 'self'"
    else:
        own = f"script-src {allowed} 'strict-dynamic'; style-src 'unsafe-inline'"
    return f"default-src 'none'; {own}; img-src data: blob:; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
