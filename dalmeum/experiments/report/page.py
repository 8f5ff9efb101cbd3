"""The report's page put together, and written."""

import base64
import hashlib
from importlib import resources
from pathlib import Path
from string import Template

from dalmeum.evaluation import worst_pairs
from dalmeum.experiments.report import fragments
from dalmeum.experiments.report.content import ReportContent
from dalmeum.experiments.report.figures import MOST_POINTS, MOST_SOURCES, WORST_PAIRS, figures
from dalmeum.experiments.report.text import escape, script_json
from dalmeum.files import write_text


def write_report(path: Path, content: ReportContent) -> None:
    """Write the report as one HTML file of about 5 MB, most of it Plotly's JavaScript.

    Raises `InputError` where the place can't be written; what stood there then stays.
    """
    write_text(path, render_report(content))


def render_report(content: ReportContent) -> str:
    """The report as HTML. It asks the network for nothing, and its own security policy forbids it to.

    The policy also lets no script run but the page's own two, whatever a sentence may hold.
    """
    # Takes a moment to import, and only reports need it.
    from plotly.offline import get_plotlyjs

    plotly, script = get_plotlyjs(), _asset("page.js")
    drawn = figures(content)
    page = Template(_asset("page.html")).substitute(
        _texts(content, list(drawn)),
        policy=_policy(plotly, script),
        style=_asset("page.css"),
        figures=script_json(drawn),
        plotly=plotly,
        script=script,
    )
    # A sentence may hold half of a surrogate pair, which no encoding can write.
    return page.encode("utf-8", "replace").decode("utf-8")


def _texts(content: ReportContent, drawn: list[str]) -> dict[str, str]:
    evaluation, rows = content.evaluation, len(content.table)
    curves = [name for name in drawn if name.startswith("curve-")]
    worst = worst_pairs(content.table, content.predictions, WORST_PAIRS)
    return {
        "title": escape(content.title),
        "question": f'<p class="question">{escape(content.question)}</p>' if content.question else "",
        "split": escape(content.split),
        "pairs": f"{rows:,}",
        "warnings": fragments.warning_list(content.warnings),
        "scores": fragments.score_cards(evaluation),
        "score_note": fragments.score_note(evaluation),
        "curves": fragments.learning_curves(curves),
        "scatter": fragments.plots(["scatter"]),
        "scatter_note": _sampled(rows),
        "residuals": fragments.plots(["residuals-label", "residuals-source"]),
        "residual_note": _largest(len(evaluation.by_source)),
        "by_label": fragments.slices_table(evaluation.by_label, "label · 레이블"),
        "by_source": fragments.slices_table(evaluation.by_source, "source · 출처"),
        "worst_count": str(len(worst)),
        "worst": fragments.worst_table(worst),
        "recipe": escape(content.recipe),
        "versions": fragments.definitions(content.versions),
        "data": fragments.definitions(content.data_hashes),
    }


def _sampled(rows: int) -> str:
    if rows <= MOST_POINTS:
        return ""
    return (
        f"A random {MOST_POINTS:,} of {rows:,} pairs, the worst among them · "
        f"{rows:,}쌍 중 무작위 {MOST_POINTS:,}쌍 (오차가 가장 큰 쌍 포함)"
    )


def _largest(sources: int) -> str:
    if sources <= MOST_SOURCES:
        return ""
    return (
        f"The {MOST_SOURCES} largest of {sources:,} sources · 출처 {sources:,}개 중 가장 큰 {MOST_SOURCES}개"
    )


def _policy(*scripts: str) -> str:
    """Content security policy that allows these inline scripts alone, and no address outside the page."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:"


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
