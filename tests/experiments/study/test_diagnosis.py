"""What ails each arm of a study, shown."""

import dataclasses
import re

import pytest

from dalmeum.comparison.diagnosis import ArmDiagnoses, arm_diagnoses
from dalmeum.evaluation import Diagnosis
from dalmeum.evaluation.diagnosis import Ceiling, ErrorSlice
from dalmeum.experiments.study.diagnosis_page import diagnosis_section
from dalmeum.stats import Estimate
from tests.comparison.made import ailing

from ..pages import Page
from ..report_content import HOSTILE


@pytest.fixture(scope="module")
def diagnoses() -> ArmDiagnoses:
    found = arm_diagnoses(ailing(), "dev")
    assert found is not None
    return found


def of(diagnoses: ArmDiagnoses, name: str) -> Diagnosis:
    found = diagnoses[name]
    assert found is not None
    return found


def spacing_only(diagnosis: Diagnosis) -> ErrorSlice:
    (part,) = (part for part in diagnosis.slices["spacing"] if part.name == "spacing only")
    return part


def test_the_page_says_so(diagnoses: ArmDiagnoses) -> None:
    html = diagnosis_section(diagnoses, "dev", "baseline")
    page = Page(html)
    difference = spacing_only(of(diagnoses, "spaced")).difference
    assert difference is not None
    shown = f'<b class="worse">{difference.value:+.3f}</b>'
    # In the arm's row, and among its slices.
    assert html.count(shown) == 2
    assert page.text.count("bent · 휨") == 1
    assert page.text.count("straight · 직선") == 2
    assert page.tags.count("details") == len(diagnoses)
    assert page.text.count("RMSE, less baseline's") == len(diagnoses) - 1
    assert "ceiling" not in page.text
    named = Page(diagnosis_section({HOSTILE[0]: diagnoses["spaced"]}, "dev", HOSTILE[2]))
    assert not {"script", "img"} & set(named.tags)
    assert named.text.count(HOSTILE[0]) == 2
    assert not re.search(r"\bnan\b", page.text)


def test_slices_are_named_where_the_difference_is_clear(diagnoses: ArmDiagnoses) -> None:
    diagnosis = of(diagnoses, "spaced")
    part = diagnosis.slices["source"][0]

    def shown(difference: Estimate) -> str:
        parts = (dataclasses.replace(part, difference=difference),)
        changed = dataclasses.replace(diagnosis, slices={"source": parts})
        html = diagnosis_section({"baseline": None, "arm": changed}, "dev", "baseline")
        return html.partition("<details>")[0]

    assert f"<div>source {part.name} <b " in shown(Estimate(0.2, 0.1, 0.3))
    unclear = shown(Estimate(0.2, -0.1, 0.5))
    assert "source" not in unclear
    assert "nowhere beyond doubt · 뚜렷한 곳 없음" in unclear


def test_a_ceiling_has_a_column(diagnoses: ArmDiagnoses) -> None:
    diagnosis = dataclasses.replace(
        of(diagnoses, "baseline"), ceiling=Ceiling(Estimate(0.975, 0.97, 0.98), 0.125)
    )
    page = Page(diagnosis_section({"baseline": diagnosis}, "dev", "baseline")).text
    assert "Pearson less the ceiling, 0.975 (0.970 to 0.980)" in page
    assert "-0.1250" in page


def test_where_there_is_none_it_is_said(diagnoses: ArmDiagnoses) -> None:
    page = Page(diagnosis_section(None, "dev", "baseline")).text
    assert "No diagnosis" in page
    assert "진단 없음" in page
    some = Page(diagnosis_section({"baseline": diagnoses["baseline"], "flat": None}, "dev", "baseline"))
    assert some.tags.count("details") == 1
    assert "Nothing to diagnose" in Page(diagnosis_section({"flat": None}, "dev", "baseline")).text
