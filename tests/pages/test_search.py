"""The page of a search, and its lines in the terminal."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import plotly.graph_objects
import pytest

from dalmeum.comparison import Arms, Findings, compare_arms
from dalmeum.languages import Text
from dalmeum.pages.search import SearchResult, ShownTrial, answers, search_lines, write_search
from dalmeum.pages.search_plots import Point, bars, history, slice_of
from dalmeum.stats import Estimate

from .contents import HOSTILE
from .figures import in_english
from .parsed import Parsed

RATE, LOSS = "training.learning_rate", "loss.name"


def trial(number: int, state: str, score: float | None, rate: float, **values: str) -> ShownTrial:
    return ShownTrial(number, state, score, {RATE: rate, LOSS: "mse"}, f"run-{number}", 60.0, **values)


TRIALS = (
    trial(0, "complete", 0.81, 1e-3),
    trial(1, "pruned", 0.70, 1e-4),
    trial(2, "complete", 0.8312, 2e-3),
    trial(3, "failed", None, 1e-1, error=HOSTILE[0]),
    trial(4, "requeued", None, 5e-3),
    trial(5, "complete", 0.82, 5e-3),
)


def result(**values: object) -> SearchResult:
    found = SearchResult(
        name="korsts",
        question=HOSTILE[2],
        space={RATE: "0.0001..0.1:log", LOSS: "mse,mae"},
        scales={RATE: True, LOSS: False},
        default={RATE: 1e-3, LOSS: "mse"},
        trials=TRIALS,
        best=TRIALS[2],
        importance={RATE: 0.9, LOSS: 0.1},
    )
    return dataclasses.replace(found, **values)  # type: ignore[arg-type]


def judged() -> Findings:
    generator = np.random.default_rng(0)
    labels = generator.uniform(0, 5, 400)
    predictions = {name: labels + generator.normal(0, noise, (5, 400)) for name, noise in NOISES.items()}
    return compare_arms(Arms(labels, predictions, split="dev"))


NOISES = {"baseline": 1.5, "best": 1.0}
CONFIRMED = {
    "findings": judged(),
    "scores": (0.828, 0.827, 0.829),
    "luck": Estimate(0.0032, 0.0007, 0.0057),
    "optimism": 0.0011,
    "candidates": 3,
}


def told(found: SearchResult) -> list[str]:
    return [each.en for each in answers(found)]


def test_what_is_luck_and_what_is_not_is_said() -> None:
    best, confirmed, luck, pairs = told(result(**CONFIRMED))
    assert best == "Best of 5 trials: 0.8312 on dev (trial 2)"
    assert confirmed.startswith("Over 3 fresh seeds 0.8")
    assert confirmed.endswith("better")
    assert luck == (
        "Of the best trial's score +0.0032 was the luck of its seed (0.0007 to 0.0057): the same settings "
        "score 0.8280 on average over fresh seeds"
    )
    assert "on which the best of 3 was picked: that adds about 0.0011, so expect" in pairs


def test_where_nothing_is_better_or_known() -> None:
    same = result(best=TRIALS[0])
    assert same.is_default
    assert told(same) == ["No trial beat the recipe as it is (0.8100 on dev): there is nothing to confirm"]
    assert told(result())[1:] == ["not confirmed over fresh seeds yet"]
    unlucky = result(**{**CONFIRMED, "luck": Estimate(-0.001, -0.002, 0.0), "optimism": None})
    assert told(unlucky)[2].startswith(
        "The best trial's score was no luck of its seed: the same settings score"
    )
    assert len(told(unlucky)) == 3


def test_every_trial_is_accounted_for() -> None:
    found = result()
    assert found.accounts == {"complete": 3, "pruned": 1, "failed": 1, "requeued": 1}
    assert sum(found.accounts.values()) == len(TRIALS)
    assert found.tried == 5


def test_lines_fit_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = search_lines(result(**CONFIRMED))
    assert lines[0] == "6 trials: 3 complete, 1 stopped early, 1 failed, 1 queued again."
    (row,) = [line for line in lines if line.startswith(RATE)]
    assert row.split() == [RATE, "0.001", "0.002", "0.0001..0.1:log", "90%"]
    assert all(len(line) <= 80 for line in lines)


def test_page_and_json(tmp_path: Path) -> None:
    page = tmp_path / "search.html"
    found = result(**CONFIRMED)
    links = {"run-2": "../runs/tune/korsts/run-2/report.html"}
    write_search(page, found, links=links, study="study.html", assets=tmp_path / "assets")
    read = Parsed(page.read_text(encoding="utf-8"))
    for part in ("Best of 5 trials", "stopped early", "What mattered", RATE, "The study over fresh seeds"):
        assert part in read.english
    for part in ("시도 5개 중 최고", "조기 중단", "무엇이 중요했나"):
        assert part in read.korean
    assert HOSTILE[2] in read.text
    assert HOSTILE[0] in read.text
    assert "img" not in read.tags
    assert ("href", "study.html") in read.attributes
    assert ("href", links["run-2"]) in read.attributes
    assert {value for name, value in read.attributes if name == "id"} >= {"history", "importance", "slice-1"}
    values = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert values == json.loads(json.dumps(found.to_dict()))
    assert values["accounts"] == found.accounts
    assert values["fresh_seeds"]["luck"] == {"value": 0.0032, "low": 0.0007, "high": 0.0057}
    assert [each["number"] for each in values["trials"]] == list(range(6))


def points() -> list[Point]:
    return [
        Point(each.number, Text.same(each.state), each.state == "complete", each.score, each.settings)
        for each in TRIALS
        if each.score is not None
    ]


def test_figures_are_plotlys() -> None:
    for figure in (history(points()), bars({RATE: 0.9, LOSS: 0.1}), slice_of(points(), RATE, log=True)):
        plotly.graph_objects.Figure(in_english(figure))


def test_history_shows_the_best_of_complete_trials_so_far() -> None:
    so_far, complete, stopped = history(points())["data"]
    assert (so_far["x"], so_far["y"]) == ([0, 2, 5], [0.81, 0.8312, 0.8312])
    assert complete["x"] == [0, 2, 5]
    assert (stopped["x"], stopped["y"]) == ([1], [0.7])


def test_a_slice_has_numbers_or_choices_beside_each_other() -> None:
    rates = slice_of(points(), RATE, log=True)
    assert rates["layout"]["xaxis"]["type"] == "log"
    assert rates["data"][0]["x"] == [1e-3, 2e-3, 5e-3]
    names = slice_of(points(), LOSS, log=False)
    assert names["layout"]["xaxis"]["ticktext"] == ["mse"]
    assert names["data"][0]["x"] == [0, 0, 0]
    assert "type" not in names["layout"]["xaxis"]


def test_importance_is_drawn_from_the_largest() -> None:
    figure = bars({LOSS: 0.1, RATE: 0.9})
    assert figure["data"][0]["x"] == [0.9, 0.1]
    assert figure["layout"]["yaxis"]["ticktext"] == [RATE, LOSS]
