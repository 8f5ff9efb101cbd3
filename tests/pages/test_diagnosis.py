"""The section of a page on what ails a run."""

import dataclasses
import math
from typing import Any

import numpy as np
import plotly.graph_objects
import pytest

from dalmeum.evaluation.diagnosis import Ceiling, Diagnosis, Overfitting
from dalmeum.languages import Text
from dalmeum.pages.diagnosis import diagnosis_values, hard_slices, slices_table
from dalmeum.pages.run import figures, render_run
from dalmeum.stats import Estimate, least_squares

from .contents import HOSTILE, hostile_run_page, run_page
from .figures import in_english
from .parsed import Parsed


def diagnosed(rows: int = 60) -> Diagnosis:
    diagnosis = run_page(rows=rows).diagnosis
    assert diagnosis is not None
    return diagnosis


def section(diagnosis: Diagnosis | None) -> Parsed:
    content = dataclasses.replace(run_page(rows=60), diagnosis=diagnosis)
    text = render_run(content, "plotly.js")
    start = text.index('<dl class="findings">')
    return Parsed(text[start : text.index("</dl>", start) + len("</dl>")])


def sentences(diagnosis: Diagnosis, language: str) -> str:
    found = section(diagnosis)
    return " ".join((found.english if language == "en" else found.korean).split())


def test_overfitting_is_told_in_both_languages() -> None:
    high = dataclasses.replace(diagnosed(), overfitting=Overfitting(0.98, Estimate(0.1, 0.05, 0.15)))
    assert "a gap of +0.1000 (+0.0500 to +0.1500). It scores higher on pairs that it has seen" in sentences(
        high, "en"
    )
    assert "격차는 +0.1000(+0.0500 ~ +0.1500)입니다. 이미 본 문장쌍에서 더 높습니다" in sentences(high, "ko")
    none = dataclasses.replace(diagnosed(), overfitting=Overfitting(0.9, Estimate(0.01, -0.02, 0.04)))
    assert "No overfitting shows" in sentences(none, "en")
    assert "과적합은 보이지 않습니다" in sentences(none, "ko")
    assert "not trained on" in sentences(dataclasses.replace(none, overfitting=None), "en")


def test_the_scale_is_told_in_both_languages() -> None:
    diagnosis = diagnosed()

    def with_scale(**values: Any) -> Diagnosis:
        return dataclasses.replace(diagnosis, scale=dataclasses.replace(diagnosis.scale, **values))

    bent = with_scale(difference=Estimate(-0.1, -0.2, -0.05), pearson_gain=Estimate(0.02, 0.01, 0.03))
    assert "The scale is bent" in sentences(bent, "en")
    assert "change Pearson by +0.0200 (+0.0100 to +0.0300)" in sentences(bent, "en")
    assert "휘어 있습니다" in sentences(bent, "ko")
    straight = with_scale(difference=Estimate(0.01, -0.1, 0.12))
    assert "straight scale" in sentences(straight, "en")
    assert "직선으로 보아도 좋습니다" in sentences(straight, "ko")


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
    diagnosis = dataclasses.replace(diagnosed(), ceiling=ceiling)
    assert english in sentences(diagnosis, "en")
    assert korean in sentences(diagnosis, "ko")


def test_slices_that_lose_more_than_their_share_are_named_and_marked() -> None:
    diagnosis = diagnosed()
    parts = diagnosis.slices["source"]
    hard = dataclasses.replace(parts[0], share_of_pairs=0.2, relative_error=Estimate(2.5, 1.5, 3.5))
    calm = [dataclasses.replace(part, relative_error=Estimate(0.9, 0.8, 1.0)) for part in parts[1:]]
    label = [dataclasses.replace(hard, name="0-1")]
    changed = dataclasses.replace(diagnosis, slices={"source": (hard, *calm), "label": tuple(label)})
    named = f"{hard.name} (20.0% of the pairs, 50.0% of the loss, 2.50 times)"
    assert f"source {named}" in sentences(changed, "en")
    assert f"출처 {hard.name}(문장쌍의 20.0%, 잃은 점수의 50.0%, 2.50배)" in sentences(changed, "ko")
    # The ends of the label scale are hard for every model: marked in the table, and no finding.
    assert list(hard_slices(changed)) == [("source", hard)]
    marked = [row.name for group in slices_table(changed).groups for row in group.rows if row.cells[3].mark]
    assert marked == [hard.name, "0-1"]
    calm_one = dataclasses.replace(diagnosis, slices={"source": tuple(calm)})
    assert "holds clearly more than its share" in sentences(calm_one, "en")


def test_a_residual_of_nothing_has_no_minus() -> None:
    diagnosis = diagnosed()
    parts = tuple(dataclasses.replace(part, bias=-0.001) for part in diagnosis.slices["label"])
    (group,) = slices_table(dataclasses.replace(diagnosis, slices={"label": parts})).groups
    assert {row.cells[4].value for row in group.rows} == {"+0.00"}


def test_against_another_arm_there_is_a_column_more() -> None:
    diagnosis = diagnosed()
    parts = tuple(
        dataclasses.replace(part, difference=Estimate(-0.1, -0.2, -0.05))
        for part in diagnosis.slices["label"]
    )
    table = slices_table(dataclasses.replace(diagnosis, slices={"label": parts}), "the old one")
    assert table.heads[-1] == Text("RMSE, less the old one's", "the old one 대비 RMSE")
    assert {(row.cells[-1].value, row.cells[-1].mark) for row in table.groups[0].rows} == {
        ("-0.100", "better")
    }


def test_the_figures_draw_what_was_found() -> None:
    content = run_page(rows=60)
    assert content.diagnosis is not None
    assert content.table.label is not None
    drawn = in_english(figures(content))
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
    content = run_page(rows=19)
    assert content.diagnosis is None
    assert not [name for name in figures(content) if name.startswith("diagnosis")]
    assert "Nothing to diagnose" in Parsed(render_run(content, "plotly.js")).english
    assert diagnosis_values(None) == {"diagnosis": None}


def test_foreign_sources_are_text() -> None:
    diagnosis = hostile_run_page().diagnosis
    assert diagnosis is not None
    hard = dataclasses.replace(
        diagnosis.slices["source"][0], name=HOSTILE[2], relative_error=Estimate(2.0, 1.5, 2.5)
    )
    named = section(dataclasses.replace(diagnosis, slices={"source": (hard,)}))
    assert not {"script", "img", "svg", "a"} & set(named.tags)
    assert named.text.count(HOSTILE[2][:59]) == 2
