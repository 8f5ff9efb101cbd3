"""The studies of a Korean encoder: what is made of their findings, on runs that take a second."""

import importlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dalmeum
from dalmeum.data.practice import write_practice
from dalmeum.data.splits import PairReader
from dalmeum.errors import InputError
from dalmeum.experiments.study import cell_recipes
from dalmeum.sections import study_from

ROOT = Path(__file__).parents[1]
STUDY = {
    "question": "Does the correlation loss help?",
    "baseline": {
        "data": {
            "train": "practice/train.csv",
            "dev": "practice/dev.csv",
            "test": "practice/dev.csv",
            "max_train_pairs": 96,
            "planted": {"perturbation": "spacing", "share": 0.1, "label": 4},
        },
        "model": {"kind": "offline"},
        "loss": {"alpha": 1},
        "training": {"epochs": 2, "effective_batch_size": 32, "learning_rate": 1e-3},
    },
    "arms": {"mixture": {"loss.alpha": 0.1}, "correlation": {"loss.alpha": 0}},
    "seeds": [1, 2],
    "splits": ["test", "dev"],
}
OTHER = Path("other.csv")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished study, by the name of one of e5's, and other pairs."""
    folder = tmp_path_factory.mktemp("questions")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_practice(Path("practice"))
        OTHER.write_text(Path("practice/dev.csv").read_text(encoding="utf-8"), encoding="utf-8")
        for recipe in cell_recipes(study_from(STUDY, {}, PairReader())).values():
            dalmeum.train(recipe)  # here, which is quicker than in processes of the study's own
        dalmeum.study(STUDY, name="alpha-e5")
    return folder


@pytest.fixture
def script(world: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(world)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("questions_e5")


@pytest.fixture
def told(script: Any) -> Any:
    return script.answers(Path("studies"), Path("runs"), OTHER)


def findings(path: str) -> Any:
    return json.loads(Path("studies", "alpha-e5", path).read_text(encoding="utf-8"))


def test_verdicts_are_those_of_the_findings(told: Any) -> None:
    study, found = told["studies"]["alpha-e5"], findings("study.json")
    assert (study["baseline"], study["seeds"], list(told["studies"])) == ("baseline", 2, ["alpha-e5"])
    for split in ("test", "dev"):
        for name, arm in found["splits"][split]["arms"].items():
            assert study[split]["scores"][name] == arm["score"]
        for name in ("mixture", "correlation"):
            arm, kept = found["splits"][split]["arms"][name], study[split]["arms"][name]
            assert {key: kept[key] for key in ("value", "low", "high")} == arm["difference"]
            assert (kept["verdict"], kept["p_value"]) == (
                arm["verdict"]["outcome"],
                arm["verdict"]["p_value"],
            )
    planted = found["splits"]["test"]["arms"]["mixture"]["diagnosis"]["slices"]["spacing"]
    assert study["planted"]["mixture"] == planted
    assert planted["spacing only"]["pairs"] == 20 + 3  # the practice set has three of its own


def test_p_values_of_gaps_are_holm_s(told: Any) -> None:
    study, found = told["studies"]["alpha-e5"], findings("study.json")
    raw = {
        name: arm["gap"]["difference"]["p_value"]
        for name, arm in found["splits"]["test"]["arms"].items()
        if name != "baseline"
    }
    low, high = sorted(raw, key=raw.__getitem__)
    gaps = study["gaps"]["arms"]
    assert gaps[low]["p_value"] == pytest.approx(min(2 * raw[low], 1))
    assert gaps[high]["p_value"] == pytest.approx(max(min(2 * raw[low], 1), raw[high]))


@pytest.mark.parametrize(
    ("difference", "p_value", "word"),
    [(0.1, 0.049, "larger"), (-0.1, 0.049, "smaller"), (0.1, 0.05, "undecided"), (0.1, None, "undecided")],
)
def test_a_size_is_told_where_it_is_decided(
    script: Any, difference: float, p_value: float | None, word: str
) -> None:
    assert script.size_told(difference, p_value) == word


def test_speeds_are_those_of_the_findings(script: Any) -> None:
    """Steps to the own plateau as a factor, to the baseline's as a difference; none where nobody knows."""
    steps = {"value": 9.0, "low": 8.0, "high": 10.0}
    arm = {
        "own_plateau": {"steps": steps, "factor": steps, "p_value": 0.2, "outcome": "undecided"},
        "baseline_level": {"steps": steps, "difference": steps, "p_value": 0.01, "reached": 2},
    }
    first = {
        "own_plateau": {"steps": steps, "factor": None, "p_value": None, "outcome": None},
        "baseline_level": {"steps": steps, "difference": None, "p_value": None, "reached": 2},
    }
    told = script.of_convergence({"arms": {"baseline": first, "arm": arm, "without": None}})
    assert told == {
        "steps": {"baseline": steps, "arm": steps},
        "own": {"arm": {**steps, "p_value": 0.2, "verdict": "undecided"}},
        "level": {"arm": {**steps, "p_value": 0.01, "verdict": "larger"}},
    }


def test_other_pairs_are_scored_once(script: Any, told: Any) -> None:
    found, kept = findings("study.json"), Path("studies/alpha-e5/klue/compare.json")
    runs = found["arms"]["mixture"]["runs"]
    scores = [dalmeum.evaluate(run, OTHER).metrics.pearson.value for run in runs]
    klue = told["studies"]["alpha-e5"]["klue"]
    assert klue["scores"]["mixture"]["value"] == pytest.approx(np.mean(scores), abs=1e-12)
    assert klue["pairs"] == 200
    os.utime(kept, (1, 1))
    script.answers(Path("studies"), Path("runs"), OTHER)
    assert kept.stat().st_mtime == 1
    # Of other runs, or other pairs, it is made anew.
    stale = {**json.loads(kept.read_text(encoding="utf-8")), "arms": {}}
    kept.write_text(json.dumps(stale), encoding="utf-8")
    assert script.answers(Path("studies"), Path("runs"), OTHER) == told


def test_spaced_pairs_are_scored_by_every_run(script: Any, told: Any) -> None:
    runs = findings("study.json")["arms"]["correlation"]["runs"]
    scores = told["pairs"]["alpha-e5"]["correlation"]
    for name, pair in script.PAIRS.items():
        assert "".join(pair[0].split()) == "".join(pair[1].split())
        expected = [float(dalmeum.load(run).score([pair])[0]) for run in runs]
        assert scores[name] == pytest.approx(expected, abs=1e-5)


def test_words_that_are_no_verdicts_are_refused(script: Any, tmp_path: Path) -> None:
    found = findings("study.json")
    path = tmp_path / "study.json"
    for change, line in (
        ({"schema": 3}, "has schema 3, not 4"),
        ({"look": {**found["look"], "exploratory": "more seeds"}}, "is exploratory"),
    ):
        path.write_text(json.dumps({**found, **change}), encoding="utf-8")
        with pytest.raises(InputError, match=line):
            script.read_findings(path)
    with pytest.raises(InputError, match="holds the findings of none"):
        script.answers(tmp_path, Path("runs"), OTHER)


def test_tables_tell_each_verdict_once(script: Any, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    tables = importlib.import_module("make_questions")
    rows = [[cell.in_language("en") for cell in row] for row in tables.answer_rows(told["studies"])]
    study = told["studies"]["alpha-e5"]
    assert len(rows) == 1 + 6 + sum(len(study["convergence"][each]) for each in ("own", "level"))
    assert [row[0] for row in rows[1:3]] == ["does the correlation loss help on unseen pairs?", ""]
    change = study["klue"]["arms"]["mixture"]
    (row,) = (row for row in rows if row[1:3] == ["`mixture`", "KLUE-STS, 260 pairs"])
    assert row[3] == tables.interval(change).in_language("en")
    assert row[5] == change["verdict"]
    result = {"settings": {"pairs": script.PAIRS}, "pairs": told["pairs"]}
    spaced = [[cell.in_language("ko") for cell in row] for row in tables.spaced_rows(result)]
    assert spaced[0][1] == "나는집에 간다 / 나는 집에간다"
    scores = told["pairs"]["alpha-e5"]["baseline"]["both"]
    assert spaced[1][0] == "MAE"
    assert spaced[1][1] == tables.of_seeds(scores).in_language("ko")
    assert tables.of_seeds([1.0, 2.0, 4.5]).in_language("en") == "2.50 (1.00 to 4.50)"
