"""What ails each arm of a comparison, as tables."""

import dataclasses

import pytest

from dalmeum.comparison import Findings
from dalmeum.evaluation import Diagnosis
from dalmeum.evaluation.diagnosis import Ceiling
from dalmeum.languages import Text
from dalmeum.pages.arm_diagnoses import BENT, NOWHERE, STRAIGHT, arms_slices, arms_table
from dalmeum.pages.comparison import render_findings
from dalmeum.pages.tables import EMPTY, Cell, Table
from dalmeum.stats import Estimate

from .compared import study
from .parsed import Parsed


@pytest.fixture(scope="module")
def findings() -> Findings:
    return study({"baseline": 0.3, "arm": 0.1})


@pytest.fixture(scope="module")
def diagnosis(findings: Findings) -> Diagnosis:
    diagnoses = findings.diagnoses["dev"]
    assert diagnoses is not None
    found = diagnoses["arm"]
    assert found is not None
    return found


def table_of(arm: Diagnosis | None, baseline: Diagnosis | None = None) -> Table:
    table = arms_table({"baseline": baseline, "arm": arm}, "baseline")
    assert table is not None
    return table


def cell(table: Table, head: str) -> Cell:
    """Of the row of the arm."""
    heads = [each.en if isinstance(each, Text) else each for each in table.heads]
    return table.groups[0].rows[1].cells[heads.index(head) - 1]


def test_a_bent_scale_is_marked(diagnosis: Diagnosis) -> None:
    scale = dataclasses.replace(diagnosis.scale, difference=Estimate(-0.1, -0.2, -0.05))
    bent = cell(table_of(dataclasses.replace(diagnosis, scale=scale)), "curve less line")
    assert (bent.value, bent.mark) == ("-0.1000", "over")
    assert bent.below == [Text("-0.2000 to -0.0500", "-0.2000 ~ -0.0500"), BENT]
    scale = dataclasses.replace(scale, difference=Estimate(-0.1, -0.2, 0.05))
    straight = cell(table_of(dataclasses.replace(diagnosis, scale=scale)), "curve less line")
    assert (straight.below[1], straight.mark) == (STRAIGHT, "")


def test_slices_are_named_where_the_difference_is_clear(diagnosis: Diagnosis) -> None:
    part = diagnosis.slices["source"][0]

    def shown(difference: Estimate) -> Cell:
        parts = (dataclasses.replace(part, difference=difference),)
        changed = dataclasses.replace(diagnosis, slices={"source": parts})
        return cell(table_of(changed), "RMSE differs from baseline's")

    ((name, value),) = shown(Estimate(0.2, 0.1, 0.3)).items
    assert name == Text(f"source {part.name}", f"출처 {part.name}")
    assert (value.value, value.mark) == ("+0.200", "worse")
    assert shown(Estimate(0.2, -0.1, 0.5)) == Cell(NOWHERE)


def test_pairs_that_differ_in_spacing_only_have_a_column(diagnosis: Diagnosis) -> None:
    parts = tuple(
        dataclasses.replace(part, difference=Estimate(-0.2, -0.3, -0.1))
        for part in diagnosis.slices["spacing"]
    )
    table = table_of(dataclasses.replace(diagnosis, slices={"spacing": parts}))
    found = cell(table, "RMSE where only spacing differs, less baseline's")
    assert (found.value, found.mark) == ("-0.200", "better")
    without = table_of(dataclasses.replace(diagnosis, slices={}))
    assert len(without.heads) == len(table.heads) - 1


def test_a_ceiling_has_a_column_and_who_has_none_a_dash(diagnosis: Diagnosis) -> None:
    ceiling = Ceiling(Estimate(0.975, 0.97, 0.98), 0.125)
    table = table_of(dataclasses.replace(diagnosis, ceiling=ceiling), diagnosis)
    head = "Pearson less the ceiling, 0.975 (0.970 to 0.980)"
    assert cell(table, head) == Cell("-0.1250")
    heads = [each.en if isinstance(each, Text) else each for each in table.heads]
    assert table.groups[0].rows[0].cells[heads.index(head) - 1] == EMPTY


def test_an_arm_that_says_nothing_has_dashes_and_no_slices(diagnosis: Diagnosis) -> None:
    table = table_of(diagnosis)
    assert set(table.groups[0].rows[0].cells) == {EMPTY}
    assert list(arms_slices({"baseline": None, "arm": diagnosis}, "baseline")) == ["arm"]
    assert arms_table({"baseline": None}, "baseline") is None


def test_what_is_missing_is_said_where_there_are_runs(findings: Findings) -> None:
    def shown(diagnoses: dict[str, Diagnosis | None] | None) -> Parsed:
        return Parsed(
            render_findings(dataclasses.replace(findings, diagnoses={"dev": diagnoses}), plotly="p")
        )

    gone = shown(None)
    assert "the sentences of these pairs can't be read any more" in gone.english
    assert "문장쌍 파일을 읽을 수 없거나" in gone.korean
    assert "Nothing to diagnose" in shown({"baseline": None, "arm": None}).english
