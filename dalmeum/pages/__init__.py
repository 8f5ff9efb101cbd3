"""What people look at: pages of one file each, and the terminal's tables of scores. No run folder is known here."""

from dalmeum.pages.document import ASSETS
from dalmeum.pages.run import RunPage, render_run, write_run

__all__ = ["ASSETS", "RunPage", "render_run", "write_run"]
