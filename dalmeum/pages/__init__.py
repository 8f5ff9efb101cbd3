"""What people look at: HTML pages, and the terminal's tables of scores. It knows no run folder."""

from dalmeum.pages.comparison import render_findings, write_findings
from dalmeum.pages.document import ASSETS
from dalmeum.pages.run import RunPage, render_run, write_run

__all__ = [
    "ASSETS",
    "RunPage",
    "render_findings",
    "render_run",
    "write_findings",
    "write_run",
]
