"""The report of a run: one HTML file that needs nothing but a browser, offline."""

from dalmeum.experiments.report.content import ReportContent
from dalmeum.experiments.report.page import render_report, write_report

__all__ = ["ReportContent", "render_report", "write_report"]
