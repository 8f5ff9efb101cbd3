"""What people look at: HTML pages, and the terminal's tables of scores. It knows no run folder."""

from dalmeum.pages.comparison import write_findings
from dalmeum.pages.document import ASSETS, STUDY_PAGE
from dalmeum.pages.run import RunPage, write_run

__all__ = [
    "ASSETS",
    "STUDY_PAGE",
    "RunPage",
    "write_findings",
    "write_run",
]
