"""dalmeum study --plan, beside one finished run."""

import dataclasses
import json
from pathlib import Path

import pytest

from dalmeum.experiments.looks import LOOKS, Judged
from dalmeum.stats import levels_of_looks
from tests.cli.test_commands import call

STUDY = """
question: Is the MAE enough?
baseline: recipe.yaml
arms:
  mae: {loss.name: mae}
  half: {loss.alpha: 0.5}
smallest_effect: 0.02
"""
STATED = ("--seed-sd", "0.006", "--pair-se", "0.003")


@pytest.fixture
def study(own_run: Path) -> str:
    """Its baseline has been trained once, with another seed."""
    Path("study.yaml").write_text(STUDY, encoding="utf-8")
    return "study.yaml"


def test_the_plan_for_people(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("study", study, "--plan", *STATED, "--jobs", "1") == 0
    out, err = capsys.readouterr()
    text = " ".join(out.split())
    assert out.splitlines()[:3] == [
        "Is the MAE enough?",
        "",
        "plan of study: pearson on dev, 24 pairs; the baseline and 2 arms, 3 seeds each;",
    ]
    assert "80% find one of 0.02" in text
    assert ", after Holm for 2 arms" in text
    assert "0 of 9 are there, 9 to do" in text
    assert " 1 at once: " in text
    # What one run takes is known, and all else was stated: there is nothing that a pilot would tell.
    assert "pilot" not in text
    assert err == ""
    assert not Path("studies").exists()


def test_what_is_missing_comes_with_the_command_that_tells_it(
    study: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("study", study, "seeds=[7, 8]", "baseline.training.epochs=2", "--plan") == 0
    out = capsys.readouterr().out
    assert "under runs no recipe with the same kind of model" in " ".join(out.split())
    assert out.splitlines()[-1] == (
        "  dalmeum study study.yaml baseline.training.epochs=2 'seeds=[7, 8]' 'arms={mae: {loss.name: mae}}' "
        "-o studies/study-pilot"
    )
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert call("study", study, "--plan") == 0
    out = capsys.readouterr().out
    assert "시드" in out
    assert "판정은 따르지 마세요" in " ".join(out.split())


def test_few_seeds_hardly_ever_say_no_difference(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("study", study, "smallest_effect=0.01", "--plan", *STATED) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "hardly ever, so that undecided does not mean equal" in told
    assert "no number is enough with 3 seeds" in told


def test_a_plan_knows_the_looks_that_were_taken(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    def plan(*more: str) -> str:
        assert call("study", study, "--plan", *STATED, *more) == 0
        return " ".join(capsys.readouterr().out.split())

    first = plan("max_seeds=6")
    assert "look look 1 of a study of up to 6 seeds: this look's level is 2.5 %" in first
    assert "last look with 6 seeds here, a last look would find a true difference of 0.02 in " in first
    assert "in a new study that looks once" in first
    assert "look" not in plan()

    folder = Path("elsewhere")
    folder.mkdir()
    arms = dict.fromkeys(("baseline", "mae", "half"), "gone")
    taken = Judged((1, 2, 3), 6, "pearson", 0.02, ("dev",), False, arms, "2026-01-01T00:00:00+00:00")
    (folder / LOOKS).write_text(json.dumps({"looks": [dataclasses.asdict(taken)]}), encoding="utf-8")
    more, at = "seeds=[1, 2, 3, 4, 5, 6]", ("-o", "elsewhere")
    level = 100 * levels_of_looks([3, 6], 6)[1]
    assert f"look 2 of a study of up to 6 seeds: this look's level is {level:.3g} %" in plan(more, *at)
    assert "exploratory, no verdict: seeds that were looked at before are left out" in plan(
        "seeds=[4, 5]", *at
    )
    assert "exploratory, no verdict: smallest_effect is 0.01" in plan("smallest_effect=0.01", *at)
    (folder / LOOKS).write_text("{", encoding="utf-8")
    assert "elsewhere/looks.json is no record of looks" in plan(*at)


def test_the_plan_as_json(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("study", study, "--plan", *STATED, "--json", "--jobs", "1") == 0
    out, _ = capsys.readouterr()
    values = json.loads(out)
    assert list(values) == [
        *(
            "schema",
            "name",
            "question",
            "metric",
            "split",
            "pairs",
            "smallest_effect",
            "arms",
            "seeds",
            "look",
        ),
        *("error", "finds", "runs", "cost"),
    ]
    assert values["look"] == {"number": 1, "level": 0.05, "max_seeds": 3, "exploratory": None}
    assert values["error"] == {
        "seed_sd": pytest.approx(0.006),
        "seed_degrees_of_freedom": None,
        "pair_se": pytest.approx(0.003),
        "recipes": {},
        "stated": ["seed_sd", "pair_se"],
    }
    assert list(values["finds"]) == [
        *("power", "detectable_effect", "no_difference", "seeds_needed", "pairs_needed"),
        "power_at_max_seeds",
    ]
    assert values["finds"]["seeds_needed"]["power"] >= 0.8
    assert values["finds"]["power"]["value"] == pytest.approx(0.736, abs=0.02)
    assert values["finds"]["power"]["low"] is None
    assert values["runs"] == {"all": 9, "finished": 0}
    assert values["cost"]["seconds"] == pytest.approx(9 * values["cost"]["seconds_a_run"])
    # Nothing is known: neither is there anything to find.
    assert call("study", study, "--plan", "--json", "--jobs", "1") == 0
    unknown = json.loads(capsys.readouterr().out)
    assert (unknown["error"], unknown["finds"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--seed-sd", "0.006"], "--seed-sd and --pair-se: are what --plan goes by"),
        (["--plan", "--seed-sd", "-1"], "seed_sd -1.0: give a number of 0 or more, in units of the metric"),
        (["--plan", "metric=accuracy"], "metric 'accuracy' is unknown"),
        (["--plan", "baseline.data.dev=gone.csv"], "gone.csv: no such file"),
    ],
)
def test_what_is_no_plan_is_told_in_a_line(
    study: str, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("study", study, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert len(err.strip().splitlines()) == 1
