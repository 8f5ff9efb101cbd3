"""The page of a study, as a parser reads it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects
import pytest
import yaml

from dalmeum.comparison import Findings
from dalmeum.errors import InputError
from dalmeum.experiments.findings import links_to, warnings_of
from dalmeum.experiments.study.figures import figures, over_seeds
from dalmeum.experiments.study.page import render_findings, write_findings
from tests.comparison.made import LABELS, SEEDS

from ..pages import Page
from ..report_content import HOSTILE
from .fake_runs import ARMS, fake_arm, fake_result, fake_run, fake_study, found, hostile_result

SOURCE = fake_study(ARMS).to_yaml()


def rendered(findings: Findings, warnings: Sequence[str] = ()) -> str:
    return render_findings(findings, links={}, warnings=warnings, source=SOURCE)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return fake_result(tmp_path_factory.mktemp("fake"))


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Of runs that kept neither history nor training predictions."""
    return fake_result(tmp_path_factory.mktemp("older"), train=False)


def test_every_part_is_there(result: Findings) -> None:
    page = Page(rendered(result, ["all arms: all labels of dev are guessed"]))
    for text in (
        "Does it help? · 도움이 될까?",
        "all arms: all labels of dev are guessed",
        "loss.alpha: 0.05",
        "better · 더 좋음",
        "worse · 더 나쁨",
        "no difference that matters · 의미 있는 차이 없음",
        "undecided · 판정 보류",
        "would decide · 시드",
        "Best on dev by the mean prediction of its seeds: clean",
        "0/4 seeds",
        "noisy-3",
        SOURCE,
    ):
        assert text in page.text
    for arm in result.judgements[0].arms:
        assert f"{arm.score.value:.4f}{arm.score.low:.4f} to {arm.score.high:.4f}" in page.text
        if arm.difference is not None:
            interval = f"{arm.difference.low:+.4f} to {arm.difference.high:+.4f}"
            assert f"{arm.difference.difference:+.4f}{interval}" in page.text
        gap = result.gaps["dev"][arm.name]
        assert gap is not None
        assert f"{gap.gap.interval.low:+.4f} to {gap.gap.interval.high:+.4f}" in page.text
    assert page.tags.count("table") == 4 + len(result.arms)
    assert set(figures(result)) == {"forest-dev", "gap-dev", "curves"}
    assert set(figures(result)) <= {value for name, value in page.attributes if name == "id"}


def test_the_figures_draw_what_was_found(result: Findings) -> None:
    drawn = figures(result)
    (points,) = drawn["forest-dev"]["data"]
    arms = result.judgements[0].arms[1:]
    assert points["x"] == pytest.approx(
        [arm.difference.difference for arm in arms if arm.difference], abs=1e-6
    )
    assert drawn["forest-dev"]["layout"]["shapes"][0]["x1"] == 0.004
    _, *dots = drawn["gap-dev"]["data"]
    assert [(each["name"], len(each["x"])) for each in dots] == [
        (name, len(SEEDS)) for name in result.arms.names
    ]
    low, high, mean = drawn["curves"]["data"][:3]
    assert mean["name"] == "baseline"
    assert low["y"][0] < mean["y"][0] < high["y"][0]
    for figure in drawn.values():
        plotly.graph_objects.Figure(figure)


def test_curves_end_where_the_first_seed_stopped(result: Findings) -> None:
    assert result.convergence is not None
    one, other = result.convergence.curves["clean"][:2]
    shorter = type(one)(one.steps[:-2], one.pearson[:-2])
    for curves in ([shorter, other], [other, shorter]):
        steps, scores = over_seeds(curves)
        assert steps.tolist() == shorter.steps.tolist()
        assert scores.tolist() == [curve.pearson[: len(steps)].tolist() for curve in curves]


def test_what_older_runs_lack_is_said(older: Findings) -> None:
    assert older.convergence is None
    page = Page(rendered(older))
    assert "from before training predictions were kept" in page.text
    assert "훈련 예측을 남기지 않던" in page.text
    assert "kept no evaluations on dev" in page.text
    assert set(figures(older)) == {"forest-dev"}
    assert page.tags.count("table") == 2 + len(older.arms)


def test_a_second_split_and_an_arm_without_a_score(tmp_path: Path) -> None:
    runs = {"baseline": fake_arm(tmp_path, "baseline", 0.5), "arm": fake_arm(tmp_path, "arm", 0.3)}
    runs["constant"] = tuple(
        fake_run(
            tmp_path / f"constant-{seed}",
            {split: (labels, np.full(len(labels), 2.0)) for split, labels in LABELS.items()},
        )
        for seed in SEEDS
    )
    for run in (run for those in runs.values() for run in those):
        run.predictions("test").write_bytes(run.predictions("dev").read_bytes())
    data = {"train": "train.csv", "dev": "dev.csv", "test": "test.csv"}
    study = fake_study(
        {"arm": {"loss.alpha": 0.2}, "constant": {"loss.alpha": 0.3}},
        baseline={"data": data, "model": {"kind": "offline"}},
        splits=("test", "dev"),
    )
    result = found(study, "two", runs, baseline="arm")
    assert result.choice is None
    page = Page(rendered(result))
    assert page.text.index("Verdict on test") < page.text.index("On dev, too")
    assert "Difference to arm · arm 대비 차이" in page.text
    assert set(figures(result)) == {"forest-test", "gap-test", "forest-dev", "gap-dev", "curves"}
    assert not re.search(r"\bnan\b", page.text + page.scripts[0], re.IGNORECASE)


def test_lower_errors_are_said_to_be_better(tmp_path: Path) -> None:
    page = Page(rendered(fake_result(tmp_path, metric="rmse")))
    assert "rmse: lower is better · 낮을수록 좋음" in page.text


def test_runs_link_to_their_reports(tmp_path: Path) -> None:
    runs = [*fake_arm(tmp_path / "my runs", "baseline", 0.5), *fake_arm(tmp_path / "my runs", "arm", 0.4)]
    runs[4].report.write_text("a report", encoding="utf-8")
    folder = tmp_path / "studies" / "alpha"
    links = links_to(runs, folder)
    assert links == {"arm-1": "../../my%20runs/arm-1/report.html"}
    arms = {"baseline": runs[:4], "arm": runs[4:]}
    findings = found(fake_study({"arm": {"loss.alpha": 0.2}}), "alpha", arms)
    page = Page(render_findings(findings, links=links, warnings=[], source=""))
    hrefs = [value for name, value in page.attributes if name == "href"]
    assert hrefs == ["data:,", "../../my%20runs/arm-1/report.html"]


def test_a_warning_is_told_once_with_its_arms(tmp_path: Path) -> None:
    arms = {
        "baseline": fake_arm(tmp_path, "baseline", 0.5, warnings=("of all",)),
        "arm": fake_arm(tmp_path, "arm", 0.4, warnings=("of all", "of one")),
    }
    findings = found(fake_study({"arm": {"loss.alpha": 0.2}}), "alpha", arms)
    runs = [run for those in arms.values() for run in those]
    assert warnings_of(findings, runs) == {"of all": "all arms", "of one": "arm"}


def test_both_files_are_written(result: Findings, tmp_path: Path) -> None:
    how: dict[str, Any] = {"links": {}, "warnings": (), "source": SOURCE}
    page = tmp_path / "new" / "study.html"
    write_findings(page, result, **how)
    assert page.read_text(encoding="utf-8") == rendered(result)
    values = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert values == json.loads(json.dumps(result.to_dict()))
    assert values["convergence"]["arms"]["noisy"][1]["reached"] == 0
    (tmp_path / "other" / "study.json").mkdir(parents=True)
    with pytest.raises(InputError, match="is a folder"):
        write_findings(tmp_path / "other" / "study.html", result, **how)


def test_the_study_can_be_run_again_from_its_page() -> None:
    study = fake_study(ARMS)
    assert type(study).model_validate(yaml.safe_load(SOURCE)) == study


def test_foreign_text_is_text_and_nothing_outside_is_asked_for(result: Findings, tmp_path: Path) -> None:
    hostile = hostile_result(tmp_path)
    text = rendered(hostile, HOSTILE)
    page, plain = Page(text), Page(rendered(result, ["all labels of dev are guessed"]))
    assert set(page.tags) <= set(plain.tags) | {"a"}
    assert len(page.scripts) == 3
    assert not set("<>&\u2028\u2029") & set(page.scripts[0])
    for each in HOSTILE[:5]:
        # the question, the changes of an arm, warnings, runs, and the slices by source
        assert page.text.count(each) >= 5
    assert not {name for name, _ in page.attributes if name.startswith("on")}
    for name, value in page.attributes:
        if name in {"src", "href", "srcset", "action", "data", "poster", "background"}:
            assert value == "data:,"
    assert "default-src 'none'" in text
