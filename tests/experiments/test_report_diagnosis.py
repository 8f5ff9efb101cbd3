"""The report's section on what ails a run."""

import dataclasses
import math

import numpy as np
import plotly.graph_objects
import pytest

from dalmeum.evaluation.diagnosis import Ceiling, Diagnosis, Overfitting
from dalmeum.experiments.report import render_report
from dalmeum.experiments.report.diagnosis import difference_cell, findings, section, slices_table
from dalmeum.experiments.report.diagnosis_figures import figures
from dalmeum.stats import Estimate, least_squares

from .pages import Page
from .report_content import HOSTILE, hostile_content, report_content


def diagnosed(rows: int = 60) -> Diagnosis:
    diagnosis = report_content(rows=rows).diagnosis
    assert diagnosis is not None
    return diagnosis


def sentences(diagnosis: Diagnosis) -> str:
    return Page(findings(diagnosis, "dev")).text


def test_the_section_is_on_the_page() -> None:
    content = report_content(rows=60)
    page = Page(render_report(content))
    assert content.diagnosis is not None
    assert Page(section(content.diagnosis, "dev")).text in page.text
    ids = [value for name, value in page.attributes if name == "id"]
    assert [name for name in ids if name.startswith("diagnosis-")] == list(figures(content))


def test_each_question_is_answered_in_both_languages() -> None:
    diagnosis = diagnosed()
    high = dataclasses.replace(diagnosis, overfitting=Overfitting(0.98, Estimate(0.1, 0.05, 0.15)))
    assert "a gap of +0.1000 (+0.0500 to +0.1500). It scores higher on pairs that it has seen" in sentences(
        high
    )
    assert "+0.1000 (+0.0500 ~ +0.1500)). 이미 본 쌍에서 더 높습니다" in sentences(high)
    none = dataclasses.replace(diagnosis, overfitting=Overfitting(0.9, Estimate(0.01, -0.02, 0.04)))
    assert "No overfitting shows" in sentences(none)
    assert "과적합은 보이지 않습니다" in sentences(none)
    assert "not trained on" in sentences(dataclasses.replace(diagnosis, overfitting=None))
    scale = diagnosis.scale
    bent = dataclasses.replace(
        diagnosis,
        scale=dataclasses.replace(
            scale, difference=Estimate(-0.1, -0.2, -0.05), pearson_gain=Estimate(0.02, 0.01, 0.03)
        ),
    )
    assert "The scale is bent" in sentences(bent)
    assert "change Pearson by +0.0200 (+0.0100 to +0.0300)" in sentences(bent)
    assert "휘어 있습니다" in sentences(bent)
    straight = dataclasses.replace(
        diagnosis, scale=dataclasses.replace(scale, difference=Estimate(0.01, -0.1, 0.12))
    )
    assert "straight scale" in sentences(straight)
    assert "직선으로 보아도 좋습니다" in sentences(straight)


@pytest.mark.parametrize(
    ("ceiling", "english", "korean"),
    [
        (None, "Not known", "알 수 없습니다"),
        (Ceiling(Estimate(0.97, 0.96, 0.98), 0.05), "This one is 0.050 below", "0.050 낮습니다"),
        (Ceiling(Estimate(0.97, 0.96, 0.98), -0.05), "This one is 0.050 above", "0.050 높습니다"),
        (Ceiling(Estimate(math.nan), math.nan), "There is none", "상한이 없습니다"),
    ],
)
def test_the_ceiling(ceiling: Ceiling | None, english: str, korean: str) -> None:
    text = sentences(dataclasses.replace(diagnosed(), ceiling=ceiling))
    assert english in text
    assert korean in text


def test_slices_that_lose_more_than_their_share_are_named_and_marked() -> None:
    diagnosis = diagnosed()
    (kind, parts), *_ = ((kind, parts) for kind, parts in diagnosis.slices.items() if kind == "source")
    hard = dataclasses.replace(parts[0], share_of_pairs=0.2, relative_error=Estimate(2.5, 1.5, 3.5))
    calm = [dataclasses.replace(part, relative_error=Estimate(0.9, 0.8, 1.0)) for part in parts[1:]]
    label = [dataclasses.replace(hard, name="0-1")]
    changed = dataclasses.replace(diagnosis, slices={kind: (hard, *calm), "label": tuple(label)})
    text = sentences(changed)
    assert f"source {hard.name} (20.0% → 50.0%, 2.50 times)" in text
    assert f"출처 {hard.name} (20.0% → 50.0%, 2.50 배)" in text
    # The ends of the label scale are hard for every model: marked in the table, and no finding.
    assert "label 0-1" not in text
    assert slices_table(changed).count('<b class="over">2.50</b>') == 2
    calm_one = dataclasses.replace(diagnosis, slices={kind: tuple(calm)})
    assert "holds clearly more than its share" in sentences(calm_one)


@pytest.mark.parametrize(
    ("difference", "cell"),
    [
        (None, "-"),
        (Estimate(0.25), "+0.250"),
        (Estimate(0.25, 0.1, 0.4), '<b class="worse">+0.250</b><small>+0.100 to +0.400</small>'),
        (Estimate(-0.25, -0.4, -0.1), '<b class="better">-0.250</b><small>-0.400 to -0.100</small>'),
        (Estimate(0.25, -0.1, 0.6), "+0.250<small>-0.100 to +0.600</small>"),
        (Estimate(0.0002, 0.0001, 0.0003), "+0.000<small>+0.000 to +0.000</small>"),
    ],
)
def test_differences_are_coloured_where_they_are_clear(difference: Estimate | None, cell: str) -> None:
    assert difference_cell(difference) == cell


def test_a_residual_of_nothing_has_no_minus() -> None:
    diagnosis = diagnosed()
    parts = tuple(dataclasses.replace(part, bias=-0.001) for part in diagnosis.slices["label"])
    table = slices_table(dataclasses.replace(diagnosis, slices={"label": parts}))
    assert "-0.00" not in table
    assert "<td>+0.00</td>" in table


def test_the_figures_draw_what_was_found() -> None:
    content = report_content(rows=60)
    assert content.diagnosis is not None
    assert content.table.label is not None
    drawn = figures(content)
    points, line, curve = drawn["diagnosis-scale"]["data"]
    assert len(points["x"]) == 60
    fitted = least_squares(content.table.label, content.predictions[None])[0]
    assert line["y"] == pytest.approx([fitted.min(), fitted.max()], abs=1e-4)
    assert np.all(np.diff(curve["y"]) >= 0)
    pairs, lost = drawn["diagnosis-shares"]["data"]
    parts = [
        part
        for kind, parts in content.diagnosis.slices.items()
        for part in parts
        if (kind, part.name) != ("spacing", "other")
    ]
    assert pairs["x"] == pytest.approx([100 * part.share_of_pairs for part in parts], abs=1e-3)
    assert lost["x"] == pytest.approx([100 * part.share_of_lost_score for part in parts], abs=1e-3)
    first, high = parts[0], lost["error_x"]["array"][0]
    assert lost["x"][0] + high == pytest.approx(
        100 * first.share_of_pairs * first.relative_error.high, abs=1e-2
    )
    for figure in drawn.values():
        plotly.graph_objects.Figure(figure)


def test_too_few_pairs_are_said_to_be_too_few() -> None:
    content = report_content(rows=19)
    assert content.diagnosis is None
    assert figures(content) == {}
    assert "Nothing to diagnose" in Page(render_report(content)).text


def test_foreign_sources_are_text() -> None:
    diagnosis = hostile_content().diagnosis
    assert diagnosis is not None
    page = Page(section(diagnosis, HOSTILE[0]))
    assert not {"script", "img", "svg", "a"} & set(page.tags)
    for text in HOSTILE[:4]:
        assert text[:59] in page.text
    hard = dataclasses.replace(
        diagnosis.slices["source"][0], name=HOSTILE[2], relative_error=Estimate(2.0, 1.5, 2.5)
    )
    named = Page(findings(dataclasses.replace(diagnosis, slices={"source": (hard,)}), "dev"))
    assert "img" not in named.tags
    assert named.text.count(HOSTILE[2][:59]) == 2
