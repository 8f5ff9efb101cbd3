"""What was tried before is told, by whom and with what verdict, before it is tried again."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dalmeum
from dalmeum.competition.store import SETTING, open_store
from dalmeum.competition.team_runs import TeamRun, register
from dalmeum.competition.tried import tried, verdicts
from dalmeum.runs.folder import Run
from dalmeum.runs.identity import content_hash, idea_hash
from tests.experiments.made_runs import make_run

Train = Callable[..., Run]


@pytest.fixture
def recipe(here: Path, write_pairs: Callable[..., Path], tiny: dict[str, Any]) -> dict[str, Any]:
    data = {"train": str(write_pairs("train.csv", 32)), "dev": str(write_pairs("dev.csv", 16, seed=1))}
    return {"data": data, **tiny}


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if "tried by" in line]


def test_the_seed_is_no_idea_of_its_own(tmp_path: Path) -> None:
    one, other = (make_run(tmp_path, 0.1, seed) for seed in (1, 2))
    third = make_run(tmp_path, 0.2, 1, {"loss": {"alpha": 0.5}})
    data = make_run(tmp_path, 0.3, 1, hashes=("1", "3"))
    assert idea_hash(one) == idea_hash(other)
    assert content_hash(one) != content_hash(other)
    assert len({idea_hash(each) for each in (one, third, data)}) == 3
    assert idea_hash(one.update(encoder="sha256 1")) != idea_hash(other)
    assert len(idea_hash(one)) == 64


def test_the_newest_verdict_counts_and_the_baseline_has_none(tmp_path: Path) -> None:
    for number, (folder, outcome) in enumerate((("old", "undecided"), ("new", "better"), ("odd", "win"))):
        arms = {"baseline": {"runs": ["a"]}, "x": {"runs": ["b"]}}
        judged = {"baseline": {"verdict": None}, "x": {"verdict": {"outcome": outcome}}}
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "study.json"
        file.write_text(json.dumps({"arms": arms, "splits": {"test": {"arms": judged}}}))

        os.utime(file, (number, number))
    for number, text in enumerate(
        ("", "[]", '{"splits": {}}', '{"splits": {"dev": {"arms": 1}}, "arms": {}}')
    ):
        (tmp_path / f"bad-{number}").mkdir()
        (tmp_path / f"bad-{number}" / "study.json").write_text(text)
    found = verdicts(tmp_path)
    assert (found["b"].study, found["b"].arm, found["b"].outcome) == ("new", "x", "better")
    assert found["a"].outcome is None
    assert verdicts(tmp_path / "none") == {}


def test_a_recipe_over_again(
    recipe: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALMEUM_AUTHOR", "Kim")
    first = dalmeum.train(recipe)
    assert first.record.author == "Kim"
    assert told(capsys) == []
    recipe["training"]["seed"] = 7
    monkeypatch.setenv("DALMEUM_AUTHOR", "이")
    dalmeum.train(recipe)
    assert told(capsys) == [f"this recipe: tried by Kim, no verdict yet, see {first.report}"]
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    dalmeum.train(recipe)
    assert "이 레시피: 이이(가) 이미 해 봄, 아직 판정 없음, " in capsys.readouterr().err
    monkeypatch.delenv("DALMEUM_LANG")
    dalmeum.train({**recipe, "loss": {"alpha": 0.4}})
    assert told(capsys) == []


@pytest.mark.slow
def test_an_arm_of_another_study(
    recipe: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALMEUM_AUTHOR", "Kim")
    study = {"question": "?", "baseline": recipe, "seeds": [1, 2], "arms": {"mae": {"loss.name": "mae"}}}
    findings = dalmeum.study(study, name="losses", jobs=1)
    outcome = findings.to_dict()["splits"]["dev"]["arms"]["mae"]["verdict"]["outcome"].replace("_", " ")
    assert told(capsys) == []
    dalmeum.study(study, name="losses", jobs=1)
    assert told(capsys) == []  # its own runs are no news to a study
    arms = {"plain": {"loss.name": "mae"}, "alpha": {"loss.alpha": 0.3}}
    dalmeum.study({**study, "arms": arms}, name="again", jobs=1)
    assert told(capsys) == [f"plain: tried by Kim, verdict {outcome}, see studies/losses/study.html"]


def test_what_the_team_has_tried_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "elsewhere", 0.1, 1)
    idea, here = idea_hash(run), tmp_path / "runs"
    assert tried([idea], here) == {}
    url = f"sqlite:///{tmp_path / 'team.db'}"
    with open_store(url) as store:
        row = TeamRun(content_hash(run), idea, run.id, author="이", outcome="no_difference", mlflow_id="f00")
        register(store, row)
    monkeypatch.setenv(SETTING, url)
    found = tried([idea, "other"], here)
    assert str(found[idea].told("x")) == "x: tried by 이, verdict no difference, see 0.1-1 (MLflow f00)"
    monkeypatch.setenv(SETTING, "postgresql://me:secret@127.0.0.1:1/db")
    assert tried([idea], here) == {}
    line = capsys.readouterr().err
    assert line.startswith("what the team has tried is not known: postgresql://me@127.0.0.1:1/db: ")
    assert "secret" not in line
