"""The report's page put together, and written."""

from pathlib import Path

from dalmeum.evaluation import worst_pairs
from dalmeum.experiments.report import diagnosis, diagnosis_figures, fragments
from dalmeum.experiments.report.content import ReportContent
from dalmeum.experiments.report.document import asset, document
from dalmeum.experiments.report.figures import MOST_POINTS, MOST_SOURCES, WORST_PAIRS, figures
from dalmeum.experiments.report.text import escape
from dalmeum.files import write_text


def write_report(path: Path, content: ReportContent) -> None:
    """Write the report as one HTML file (see `document`).

    Raises `InputError` where the place can't be written; what stood there then stays.
    """
    write_text(path, render_report(content))


def render_report(content: ReportContent) -> str:
    """The report as HTML."""
    drawn = {**figures(content), **diagnosis_figures.figures(content)}
    return document(content.title, asset(__package__, "page.html"), _texts(content, list(drawn)), drawn)


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
        "diagnosis": diagnosis.section(content.diagnosis, content.split),
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
