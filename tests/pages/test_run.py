"""The page of a run, as a parser reads it."""

import dataclasses
import html
import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import plotly.graph_objects
import pytest

from dalmeum.languages import Text
from dalmeum.pages import run_plots
from dalmeum.pages.run import answer, figures, render_run
from dalmeum.pages.run_plots import learning_curves, scatter, shown_rows, smoothed, training_curves
from dalmeum.stats import Estimate

from .contents import HOSTILE, hostile_run_page, run_page
from .figures import in_english
from .parsed import Parsed

PLOTLY = "../assets/plotly-0.min.js"


def test_every_part_is_there() -> None:
    content = run_page(
        question="왜?",
        recipe="loss: {name: mixture}",
        versions={"torch": "2.13.0"},
        data_hashes={"train": "abc123"},
        warnings=["odd quotes"],
    )
    page = Parsed(render_run(content, PLOTLY))
    for text in ("a run", "왜?", "loss: {name: mixture}", "torch", "2.13.0", "abc123", "odd quotes"):
        assert text in page.english
        assert text in page.korean
    pearson = content.evaluation.metrics.pearson
    assert f"{pearson.value:.4f}" in page.text
    assert f"{pearson.low:.4f} to {pearson.high:.4f}" in page.english
    assert f"{pearson.low:.4f} ~ {pearson.high:.4f}" in page.korean
    assert page.tags.count("table") == 5


def test_the_answer_comes_first_then_curves_worst_pairs_and_diagnosis() -> None:
    places = [value for name, value in Parsed(render_run(run_page(), PLOTLY)).attributes if name == "id"]
    assert places == [
        "no-figures",
        "curve-pearson",
        "curve-loss",
        "curve-mae",
        "diagnosis-scale",
        "diagnosis-shares",
        "scatter",
        "residuals-label",
        "residuals-source",
        "figures",
    ]
    page = Parsed(render_run(run_page(), PLOTLY)).english
    order = ["on dev, 40 pairs", "Learning curves", "largest error", "Diagnosis", "Residuals", "Recipe"]
    found = [page.index(part) for part in order]
    assert found == sorted(found)


def test_no_text_stands_in_both_languages_at_once() -> None:
    content = run_page(texts=("one sentence", "another"))
    page = Parsed(render_run(content, PLOTLY))
    assert re.findall("[가-힣]+", page.english) == ["한국어"]  # the switch itself
    assert not re.search(r"\b(the|of|and|is|pairs|label|prediction|score)\b", page.korean)


@pytest.mark.parametrize(
    ("pearson", "gap", "english", "korean"),
    [
        (
            Estimate(0.77261, 0.69, 0.83),
            None,
            "Pearson 0.7726 (95\u00a0% 0.6900 to 0.8300) on dev, 40 pairs.",
            "dev 문장쌍 40개에서 피어슨 0.7726(95\u00a0% 구간 0.6900 ~ 0.8300).",
        ),
        (
            Estimate(0.77261),
            Estimate(0.12, 0.08, 0.16),
            "Pearson 0.7726 on dev, 40 pairs; it is 0.1200 higher on the training pairs: overfitting.",
            "dev 문장쌍 40개에서 피어슨 0.7726, 학습 문장쌍에서는 0.1200 더 높음(과적합).",
        ),
        (
            Estimate(0.77261),
            Estimate(0.01, -0.02, 0.03),
            "Pearson 0.7726 on dev, 40 pairs; no overfitting shows.",
            "dev 문장쌍 40개에서 피어슨 0.7726, 과적합은 보이지 않음.",
        ),
        (
            Estimate(float("nan")),
            None,
            "No Pearson on dev, 40 pairs: the labels or the predictions do not vary.",
            "dev 문장쌍 40개에서는 레이블이나 예측이 모두 같아 피어슨을 구할 수 없습니다.",
        ),
    ],
)
def test_the_answer_in_one_sentence(
    pearson: Estimate, gap: Estimate | None, english: str, korean: str
) -> None:
    content = run_page()
    evaluation = content.evaluation
    scores = {**evaluation.metrics.scores, "pearson": pearson}
    metrics = dataclasses.replace(evaluation.metrics, scores=scores)
    assert content.diagnosis is not None
    assert content.diagnosis.overfitting is not None
    overfitting = None if gap is None else dataclasses.replace(content.diagnosis.overfitting, gap=gap)
    content = dataclasses.replace(
        content,
        evaluation=dataclasses.replace(evaluation, metrics=metrics),
        diagnosis=dataclasses.replace(content.diagnosis, overfitting=overfitting),
    )
    assert answer(content) == Text(english, korean)


def test_foreign_text_is_text() -> None:
    page = Parsed(render_run(hostile_run_page(), PLOTLY))
    plain = Parsed(render_run(run_page(), PLOTLY))
    assert set(page.tags) <= set(plain.tags) | {"ul", "li"}
    assert len(page.scripts) == 3
    for text in HOSTILE[:5]:
        assert text in page.text
    assert not {name for name, _ in page.attributes if name.startswith("on")}


def test_foreign_text_can_not_end_the_script_that_holds_it() -> None:
    content = hostile_run_page()
    data = Parsed(render_run(content, PLOTLY)).scripts[1]
    assert not set("<>&\u2028\u2029") & set(data)
    hover = json.loads(data)["scatter"]["data"][0]["hovertext"]
    assert len(hover) == len(content.table)
    # Plotly obeys a few tags in hover labels: of those only our own line breaks may be left.
    assert set(re.findall(r"<[^>]*>", "".join(hover))) == {"<br>"}
    assert HOSTILE[0][:20] in html.unescape(hover[0].replace("<br>", ""))


def test_plotly_knows_every_property_of_the_figures() -> None:
    for figure in figures(run_page()).values():
        plotly.graph_objects.Figure(in_english(figure))


def test_learning_curves_keep_train_and_dev_apart() -> None:
    curves = learning_curves(run_page().history)
    assert list(curves) == ["curve-pearson", "curve-loss", "curve-mae"]
    train, dev = curves["curve-pearson"]["data"]
    assert (train["x"], train["y"]) == ([10, 20], [0.5, 0.7])
    assert (dev["x"], dev["y"]) == ([20], [0.65])


def test_many_training_steps_are_pale_under_a_smoothed_line_and_dev_is_in_front() -> None:
    history = [{"step": step, "loss": float(step % 2)} for step in range(100)]
    history.append({"step": 99, "eval_loss": 0.5})
    pale, line, dev = learning_curves(history)["curve-loss"]["data"]
    assert (pale["opacity"], pale["line"]["width"]) == (0.3, 1)
    assert pale["y"] == [float(step % 2) for step in range(100)]
    assert np.abs(np.array(line["y"][10:-10]) - 0.5).max() < 0.01
    assert (dev["name"], dev["y"]) == ("dev", [0.5])
    assert len(training_curves(history[:11], "loss")) == 1


def test_smoothing_keeps_a_constant_and_weighs_by_distance() -> None:
    steps = np.array([0.0, 3.0, *np.linspace(90, 100, 98)])
    assert smoothed(steps, np.ones(100)) == pytest.approx(np.ones(100))
    # Three steps of a hundred are one standard deviation: exp(-1/2) to 1.
    values = np.array([0.0, 1.0, *[7.0] * 98])
    near = np.exp(-0.5)
    assert smoothed(steps, values)[0] == pytest.approx(near / (1 + near))
    # Of few points the neighbours count, however far they are: of 4, half of all steps.
    few = smoothed(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 0.0, 0.0, 1.0]))
    weights = np.exp(-0.5 * (np.arange(4) / 1.5) ** 2)
    assert few[0] == pytest.approx(weights[3] / weights.sum())


def test_a_chosen_checkpoint_is_said_to_flatter_the_score() -> None:
    page = Parsed(render_run(run_page(flattered=0.00318), PLOTLY))
    assert "chosen on dev, which makes its Pearson there 0.0032 too high" in page.english
    assert "체크포인트를 dev에서 골랐으므로 피어슨이 0.0032만큼 부풀려져" in page.korean
    page = Parsed(render_run(run_page(), PLOTLY))
    assert "too high" not in page.english


def test_a_run_without_a_question_is_named_once() -> None:
    assert Parsed(render_run(run_page(question=None), PLOTLY)).english.count("a run") == 2  # with the tab
    assert Parsed(render_run(run_page(question="why?"), PLOTLY)).english.count("a run") == 2


def test_learning_curves_leave_out_what_is_no_number() -> None:
    history: list[dict[str, Any]] = [
        {"step": 1, "loss": float("nan")},
        {"loss": 0.5},
        {"step": 2, "eval_mae": 0.4, "epoch": None},
    ]
    assert [(name, len(curve["data"])) for name, curve in learning_curves(history).items()] == [
        ("curve-mae", 1)
    ]
    assert "학습 기록이 없습니다" in render_run(run_page(history=()), PLOTLY)


def test_a_large_set_is_sampled_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_plots, "MOST_POINTS", 50)
    monkeypatch.setattr("dalmeum.pages.run.MOST_POINTS", 50)
    content = run_page(rows=200)
    assert content.table.label is not None
    rows = shown_rows(content.table, content.predictions)
    assert len(rows) == len(set(rows.tolist())) == 50
    worst = np.argsort(-np.abs(content.predictions - content.table.label), kind="stable")[:30]
    assert set(worst.tolist()) <= set(rows.tolist())
    assert len(scatter(content.table, content.predictions, rows, (0.0, 5.0))["data"][0]["x"]) == 50
    assert "A random 50 of 200 pairs" in render_run(content, PLOTLY)
    assert "A random" not in render_run(run_page(rows=50), PLOTLY)


def test_many_sources_are_cut_and_the_page_says_so() -> None:
    content = run_page(rows=120, texts=tuple(f"source {number}" for number in range(60)))
    page = Parsed(render_run(content, PLOTLY)).text
    assert "The 20 largest of 60 sources" in page
    assert "and 10 more" in page
    assert len(figures(content)["residuals-source"]["data"][0]["y"]) == 20


@pytest.mark.parametrize("rows", [1, 2])
def test_a_page_on_one_or_two_pairs(rows: int) -> None:
    page = Parsed(render_run(run_page(rows=rows, history=()), PLOTLY))
    assert "no interval" in page.english
    assert "nan" not in page.text


def test_importing_the_pages_leaves_heavy_libraries_alone() -> None:
    code = "import sys, dalmeum.pages; print({'plotly', 'scipy', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
