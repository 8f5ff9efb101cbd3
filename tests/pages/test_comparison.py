"""The page of a study or a comparison, as a parser reads it."""

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import plotly.graph_objects
import pytest

from dalmeum.comparison import Arm, Arms, Curve, Findings, compare_arms
from dalmeum.comparison.text import ARRAYS_NOTE, MODELS_NOTE, TWO_SEEDS_NOTE
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.pages.comparison import answer, render_findings, write_findings
from dalmeum.pages.comparison_plots import figures, over_seeds
from dalmeum.pages.comparison_tables import verdict_table
from dalmeum.pages.tables import EMPTY
from dalmeum.stats import Look

from .compared import SEEDS, arrays, hostile_study, pairs, scored, study
from .contents import HOSTILE
from .figures import in_english
from .parsed import Parsed

PLOTLY = "../assets/plotly-0.min.js"


@pytest.fixture(scope="module")
def findings() -> Findings:
    return study()


def test_every_part_is_there(findings: Findings) -> None:
    text = render_findings(
        findings,
        warnings=[Text("all arms: guessed", "모든 비교 조건: guessed")],
        source="seeds: [1]",
        plotly=PLOTLY,
    )
    page = Parsed(text)
    for part in (
        "Does alpha help?",
        "all arms: guessed",
        "loss.alpha: 0.05",
        "better",
        "worse",
        "no difference",
        "undecided",
        "of new studies with",
        "corrected for 4 arms",
        "best on dev by the mean prediction of its seeds: clean",
        ", sooner",
        ", later",
        "noisy-3",
        "seeds: [1]",
    ):
        assert part in page.english
    for part in (
        "더 좋음",
        "더 나쁨",
        "차이 없음",
        "판정 보류",
        "찾아낼 확률",
        "비교 조건 4개에 맞춰 보정",
        ", 더 빠름",
        ", 더 느림",
        "모든 비교 조건",
    ):
        assert part in page.korean
    for arm in findings.judgements[0].arms:
        score = arm.score.interval
        assert f"{score.value:.4f}{score.low:.4f} to {score.high:.4f}" in page.english
        gap = findings.gaps["dev"][arm.name]
        assert gap is not None
        assert f"{gap.gap.interval.low:+.4f} ~ {gap.gap.interval.high:+.4f}" in page.korean
    assert page.tags.count("table") == 4 + len(findings.arms)
    places = [value for name, value in page.attributes if name == "id"]
    assert places == ["no-figures", "forest-0", "curves", "gap-0", "figures"]
    assert list(figures(findings)) == ["forest-0", "gap-0", "curves"]


def test_no_text_stands_in_both_languages_at_once(findings: Findings) -> None:
    page = Parsed(render_findings(findings, plotly=PLOTLY))
    assert re.findall("[가-힣]+", page.english) == ["한국어"]
    assert not re.search(r"\b(the|of|and|is|pairs|label|seeds|arm)\b", page.korean)


def test_the_answer_tells_every_arm_the_better_ones_first(findings: Findings) -> None:
    (judgement,) = findings.judgements
    change = {arm.name: arm.difference.interval.value for arm in judgement.arms if arm.difference}
    told = answer(judgement)
    assert told.en == (
        "Pearson r on dev, 300 pairs, against baseline, for this training set: "
        f"clean is better ({change['clean']:+.4f}); "
        f"noisy is worse ({change['noisy']:+.4f}); same makes no difference that matters "
        f"({change['same']:+.4f}); close is undecided ({change['close']:+.4f})."
    )
    assert told.ko.startswith(
        "dev 문장쌍 300개의 피어슨 상관, baseline 대비, 이 학습 데이터에 한한 판정: "
        f"clean 더 좋음({change['clean']:+.4f}), noisy 더 나쁨"
    )
    many = dataclasses.replace(judgement, arms=(judgement.arms[0], *judgement.arms[1:] * 4))
    assert answer(many).en.endswith(
        ": 4 arms are better; 4 arms are worse; 4 arms make no difference that matters; 4 arms are undecided."
    )
    one = dataclasses.replace(judgement, arms=judgement.arms[:2])
    assert re.search(r"clean is better, \+0\.\d{4} \(\+0\.\d{4} to \+0\.\d{4}\)\.$", answer(one).en)


def test_a_level_of_its_own_is_told_at_table_and_figure() -> None:
    page = Parsed(render_findings(study(look=Look((4,), 16)), plotly=PLOTLY))
    for part in (
        "look 1 of a study of up to 16 seeds: this look's level is 1.25 %: p below it decides",
        "Intervals are 95 %, but this look's level is 1.25 %: an arm whose interval",
        "with 16 seeds here, a last look would find a true difference of 0.03 in ",
    ):
        assert part in " ".join(page.english.split())
    assert "최대 시드 16개인 비교 실험의 1번째 판정: 이번 판정의 유의수준은 1.25 %" in page.korean
    plain = Parsed(render_findings(study(look=Look((4,), 4)), plotly=PLOTLY))
    assert "this look's level" not in plain.english
    assert "more seeds would be exploratory here" in plain.english


def test_nobody_takes_an_exploratory_word_for_a_verdict() -> None:
    reason = Text("5 seeds are <b>too</b> many {x}", "시드 5개는 <b>너무</b> 많음 {x}")
    found = study(look=Look((4,), 3, reason))
    assert answer(found.judgements[0]).en.startswith(
        f"Exploratory, no verdict ({reason.en}): Pearson r on dev, 300 pairs, against baseline, for this "
        "training set: clean is"
    )
    text = render_findings(found, plotly=PLOTLY)
    page = Parsed(text)
    for part in (
        f"Exploratory, no verdict ({reason.en}): Pearson",
        f"exploratory, no verdict: {reason.en}; a study of its own",
        "exploratory: better",
        "exploratory: worse",
        "exploratory: no difference",
        "exploratory: undecided",
    ):
        assert part in page.english
    assert f"탐색적이며 판정이 아닙니다({reason.ko})" in page.korean
    assert "<b>too</b>" not in text
    for each, marks in ((found, [""] * 5), (study(), ["", "better", "worse", "no_difference", "undecided"])):
        (group,) = verdict_table(each, each.judgements[0]).groups
        assert [row.cells[-1].mark for row in group.rows] == marks


def test_arms_from_arrays_show_what_is_known_and_no_more() -> None:
    for found, said in ((arrays(), "2 models"), (arrays(seeds=4), "2 arms, 4 seeds")):
        page = Parsed(render_findings(found, plotly=PLOTLY))
        assert said in page.english
        assert "clean against baseline" in page.english
        assert "clean 대 baseline" in page.korean
        for part in ("Runs", "Overfitting", "Diagnosis", "curves", "recipe", "seed 1"):
            assert part not in page.english
        assert list(figures(found)) == ["forest-0"]
    models = Parsed(render_findings(arrays(), plotly=PLOTLY))
    assert ARRAYS_NOTE.en in models.english
    assert ARRAYS_NOTE.ko in models.korean
    assert "Williams t" in models.english
    assert models.tags.count("table") == 2


def test_a_page_says_how_many_seeds_there_are_and_that_two_are_few() -> None:
    those = pairs("dev", 300)
    rows = scored(those, 0.5)

    def found(*seeds: tuple[int, ...]) -> Findings:
        arms = [
            Arm(name, {"dev": rows[: len(each)]}, each)
            for name, each in zip(("baseline", "other"), seeds, strict=True)
        ]
        return compare_arms(Arms.of(arms, {"dev": those}))

    for findings, seeds, note in (
        (found((1, 2, 3), (4, 5)), Text("2 to 3 seeds", "시드 2~3개"), TWO_SEEDS_NOTE),
        (found((1, 2), (3, 4)), Text("2 seeds", "시드 2개"), TWO_SEEDS_NOTE),
        (found((1, 2, 3), (1, 2, 3)), Text("3 seeds", "시드 3개"), None),
    ):
        page = Parsed(render_findings(findings, plotly=PLOTLY))
        assert f"2 arms, {seeds.en}" in " ".join(page.english.split())
        assert f"비교 조건 2개, {seeds.ko}" in " ".join(page.korean.split())
        for each in (TWO_SEEDS_NOTE, ARRAYS_NOTE, MODELS_NOTE):
            assert (each.en in page.english, each.ko in page.korean) == ((each == note),) * 2


def test_the_figures_draw_what_was_found(findings: Findings) -> None:
    drawn = in_english(figures(findings))
    (points,) = drawn["forest-0"]["data"]
    differences = [arm.difference.interval for arm in findings.judgements[0].arms if arm.difference]
    assert points["x"] == pytest.approx([each.value for each in differences], abs=1e-6)
    error = points["error_x"]
    assert np.add(points["x"], error["array"]) == pytest.approx([each.high for each in differences], abs=1e-5)
    assert np.subtract(points["x"], error["arrayminus"]) == pytest.approx(
        [each.low for each in differences], abs=1e-5
    )
    assert drawn["forest-0"]["layout"]["shapes"][0]["x1"] == 0.03
    _, *dots = drawn["gap-0"]["data"]
    assert [(each["name"], len(each["x"])) for each in dots] == [
        (name, len(SEEDS)) for name in findings.arms.names
    ]
    low, high, mean = drawn["curves"]["data"][:3]
    assert mean["name"] == "baseline"
    assert low["y"][0] < mean["y"][0] < high["y"][0]
    for figure in drawn.values():
        plotly.graph_objects.Figure(figure)


def test_curves_end_where_the_first_seed_stopped(findings: Findings) -> None:
    assert findings.convergence is not None
    one, other = findings.convergence.curves["clean"][:2]
    shorter = Curve(one.steps[:-2], one.pearson[:-2])
    for curves in ([shorter, other], [other, shorter]):
        steps, scores = over_seeds(curves)
        assert steps.tolist() == shorter.steps.tolist()
        assert scores.tolist() == [curve.pearson[: len(steps)].tolist() for curve in curves]


def test_each_split_has_its_verdict_and_the_first_comes_first() -> None:
    found = study({"baseline": 0.5, "clean": 0.1}, splits=("test", "dev"))
    page = Parsed(render_findings(found, plotly=PLOTLY))
    parts = [
        "Verdict on test",
        "Verdict on dev",
        "Learning curves",
        "Overfitting on test",
        "Diagnosis on test",
    ]
    places = [page.english.index(part) for part in parts]
    assert places == sorted(places)
    assert list(figures(found)) == ["forest-0", "gap-0", "forest-1", "gap-1", "curves"]


def test_an_arm_without_a_score_is_a_dash() -> None:
    those = pairs("dev", 300)
    rows = {"baseline": scored(those, 0.5), "constant": np.full((len(SEEDS), 300), 2.0)}
    found = compare_arms(Arms(those.labels, rows, seeds=SEEDS, split="dev"))
    assert math.isnan(found.judgements[0].arms[1].score.interval.value)
    row = verdict_table(found, found.judgements[0]).groups[0].rows[1]
    assert row.cells[:3] == (EMPTY, EMPTY, EMPTY)
    page = Parsed(render_findings(found, plotly=PLOTLY))
    assert not re.search(r"\bnan\b", page.text + page.scripts[1], re.IGNORECASE)


def test_lower_errors_are_said_to_be_better() -> None:
    found = study({"baseline": 0.5, "clean": 0.1}, metric="rmse")
    table = verdict_table(found, found.judgements[0])
    assert table.heads[1] == Text("RMSE, lower is better", "RMSE, 낮을수록 좋음")
    assert "clean is better" in answer(found.judgements[0]).en


def test_runs_link_to_their_pages(findings: Findings) -> None:
    text = render_findings(findings, links={"clean-1": "../../runs/clean-1/report.html"}, plotly=PLOTLY)
    links = [value for name, value in Parsed(text).attributes if name == "href"]
    assert links == ["data:,", "../../runs/clean-1/report.html"]


def test_page_and_json_are_written(findings: Findings, tmp_path: Path) -> None:
    page, assets = tmp_path / "alpha" / "study.html", tmp_path / "assets"
    given = {"links": {}, "warnings": ["w"], "source": "s: 1"}
    write_findings(page, findings, **given, assets=assets)  # type: ignore[arg-type] # of three types
    (script,) = assets.iterdir()
    assert page.read_text(encoding="utf-8") == render_findings(
        findings,
        **given,  # type: ignore[arg-type]
        plotly=f"../assets/{script.name}",
    )
    assert json.loads(page.with_suffix(".json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(findings.to_dict())
    )
    (tmp_path / "other" / "study.json").mkdir(parents=True)
    with pytest.raises(InputError, match="is a folder"):
        write_findings(tmp_path / "other" / "study.html", findings, **given, assets=assets)  # type: ignore[arg-type]


def test_foreign_text_is_text_and_nothing_outside_is_asked_for(findings: Findings) -> None:
    text = render_findings(hostile_study(), warnings=HOSTILE, source="\n".join(HOSTILE), plotly=PLOTLY)
    page = Parsed(text)
    plain = Parsed(render_findings(findings, warnings=["w"], source="s", plotly=PLOTLY))
    assert set(page.tags) <= set(plain.tags)
    assert len(page.scripts) == 3
    assert not set("<>&\u2028\u2029") & set(page.scripts[1])
    for each in HOSTILE[:5]:
        # name, question, answer, verdict, changes of an arm, warnings, source, runs, and the slices by source
        assert page.english.count(each) >= 9
    assert not {name for name, _ in page.attributes if name.startswith("on")}
    for name, value in page.attributes:
        if name in {"src", "href", "srcset", "action", "data", "poster", "background"}:
            assert value == "data:,"


@pytest.mark.parametrize(
    ("setting", "shown", "hidden"), [("en", "better", "더 좋음"), ("ko", "더 좋음", "better")]
)
def test_in_a_notebook_findings_are_in_one_language_and_foreign_text_is_text(
    findings: Findings, setting: str, shown: str, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALMEUM_LANG", setting)
    page = Parsed(findings._repr_html_())
    assert shown in page.text
    assert hidden not in page.text
    hostile = Parsed(hostile_study()._repr_html_())
    assert not {"script", "img", "svg", "a"} & set(hostile.tags)
    assert HOSTILE[0] in hostile.text
