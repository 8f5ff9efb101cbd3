"""What the page of findings about runs links to and warns of."""

import json
from pathlib import Path

import pytest

from dalmeum.comparison import Findings, compare_arms
from dalmeum.errors import InputError
from dalmeum.experiments.findings import links_to, warnings_of, with_warnings, write_findings_about
from dalmeum.languages import Text
from dalmeum.runs.folder import Run

from .fake_runs import arms_of, fake_arm, fake_study

ALL, ONE = Text("of all", "모두의 것"), Text("of one " + "x" * 500, "하나의 것")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, ...]]:
    folder = tmp_path_factory.mktemp("written")
    return {
        "baseline": fake_arm(folder / "my runs", "baseline", 0.5, warnings=(ALL,)),
        "arm": fake_arm(folder / "my runs", "arm", 0.4, warnings=(ALL, ONE)),
    }


@pytest.fixture(scope="module")
def findings(runs: dict[str, tuple[Run, ...]]) -> Findings:
    arms = arms_of(runs, fake_study({"arm": {"loss.alpha": 0.2, "data.train": "half \ud800 of a pair"}}))
    return compare_arms(arms, name="alpha", question="Does it help?")


def test_runs_are_linked_where_they_have_a_report(runs: dict[str, tuple[Run, ...]]) -> None:
    run = runs["arm"][0]
    run.report.write_text("a report", encoding="utf-8")
    everything = [run for those in runs.values() for run in those]
    folder = run.folder.parents[1] / "studies" / "alpha"
    assert links_to(everything, folder) == {"arm-1": "../../my%20runs/arm-1/report.html"}


def test_a_warning_is_told_once_with_its_arms(findings: Findings, runs: dict[str, tuple[Run, ...]]) -> None:
    everything = [run for those in runs.values() for run in those]
    assert list(warnings_of(findings, everything)) == [
        Text("all arms: of all", "모든 비교 조건: 모두의 것"),
        Text(f"arm: {ONE.en}", "arm: 하나의 것"),
    ]


def test_both_files_are_written(findings: Findings, runs: dict[str, tuple[Run, ...]], tmp_path: Path) -> None:
    everything = [run for those in runs.values() for run in those]
    page = tmp_path / "new" / "study.html"
    findings = with_warnings(findings, everything)
    write_findings_about(page, findings, everything, "the source")
    text = page.read_text(encoding="utf-8")
    assert "the source" in text
    assert "arm: 하나의 것" in text
    assert "모든 비교 조건: 모두의 것" in text
    assert "arm: of one xxx" in text
    assert "x" * 400 not in text
    # Half of a surrogate pair is no UTF-8.
    values = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert values["arms"]["arm"]["changes"]["data.train"] == "half ? of a pair"
    assert values["warnings"] == ["all arms: of all", f"arm: {ONE.en}"]
    assert values == json.loads(json.dumps(findings.to_dict()).replace("\\ud800", "?"))
    (tmp_path / "other" / "study.json").mkdir(parents=True)
    with pytest.raises(InputError, match="is a folder"):
        write_findings_about(tmp_path / "other" / "study.html", findings, everything, "")
