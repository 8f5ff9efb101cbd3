"""A page that is one file: what a run's report and a study's page have in common."""

import base64
import hashlib
from collections.abc import Mapping
from importlib import resources
from string import Template

from dalmeum.experiments.report.figures import Figure
from dalmeum.experiments.report.text import escape, script_json


def document(title: str, body: str, texts: Mapping[str, str], figures: Mapping[str, Figure]) -> str:
    """An HTML page of about 5 MB, most of it Plotly's JavaScript.

    It asks the network for nothing, and its own security policy forbids it to. The policy also lets no script
    run but the page's own two, whatever a sentence may hold.

    Args:
        title: plain text.
        body: template of the `<body>`, with a `$name` for each of `texts`.
        texts: HTML, in which all foreign text is escaped.
        figures: by the id of the element that each is drawn into.
    """
    # Takes a moment to import, and only pages need it.
    from plotly.offline import get_plotlyjs

    plotly, script = get_plotlyjs(), asset(__package__, "page.js")
    page = Template(asset(__package__, "frame.html")).substitute(
        title=escape(title),
        body=Template(body).substitute(texts),
        policy=_policy(plotly, script),
        style=asset(__package__, "page.css"),
        figures=script_json(figures),
        plotly=plotly,
        script=script,
    )
    # A sentence may hold half of a surrogate pair, which no encoding can write.
    return page.encode("utf-8", "replace").decode("utf-8")


def asset(package: str, name: str) -> str:
    """Text of a file beside a package's modules."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def _policy(*scripts: str) -> str:
    """Content security policy that allows these inline scripts alone, and no address outside the page."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:"
