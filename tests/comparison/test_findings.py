"""All that was found, as values."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau

from dalmeum.comparison import Arm, Arms, Checkpoints, Findings, check_metric, compare_arms
from dalmeum.comparison.choice import checkpoint_optimism, choice_on_dev
from dalmeum.comparison.convergence import convergence
from dalmeum.comparison.diagnosis import arm_diagnoses
from dalmeum.comparison.gaps import arm_gaps
from dalmeum.comparison.judge import judge
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.stats import METRICS, Look, Metric

from ..older_schema import as_comparison, as_study
from .made import EFFECT, LABELS, PAIRS, SEEDS, arm, each_verdict, of, rows, sentences

DEV = LABELS["dev"]
PAIRS_OF_DEV = {"dev": PAIRS["dev"]}


def through_json(findings: Findings) -> dict[str, Any]:
    """With what JSON has no word for refused."""
    values: dict[str, Any] = json.loads(json.dumps(findings.to_dict(), allow_nan=False))
    return values


@pytest.fixture(scope="module")
def arms() -> Arms:
    """With all that a study's runs keep."""
    made = each_verdict()
    generator = np.random.default_rng(0)
    kept = tuple(Checkpoints(DEV, DEV + generator.normal(0, 1, (3, len(DEV)))) for _ in SEEDS)
    clean = dataclasses.replace(
        made.arms[1], checkpoints=kept, changes={"loss.alpha": 0.05}, runs=("c1", "c2", "c3", "c4")
    )
    pairs = {"dev": dataclasses.replace(PAIRS["dev"], table=sentences())}
    return of(made.arms[0], clean, *made.arms[2:], pairs=pairs)


@pytest.fixture(scope="module")
def findings(arms: Arms) -> Findings:
    return compare_arms(arms, smallest_effect=EFFECT, name="alpha", question="Does it help?")


def test_each_analysis_is_there(findings: Findings, arms: Arms) -> None:
    assert findings.judgements == (judge(arms, "dev", smallest_effect=EFFECT),)
    assert findings.gaps == {"dev": arm_gaps(arms, "dev")}
    assert findings.choice == choice_on_dev(arms)
    found = convergence(arms)
    assert found is not None
    assert findings.convergence is not None
    assert findings.convergence.to_dict() == found.to_dict()
    assert findings.checkpoints["clean"] == checkpoint_optimism(arms.arms[1])
    assert findings.checkpoints["clean"] is not None
    assert findings.checkpoints["baseline"] is None
    assert (findings.baseline, findings.metric, findings.smallest_effect) == ("baseline", "pearson", EFFECT)


def test_what_stands_where(findings: Findings, arms: Arms) -> None:
    values = through_json(findings)
    assert list(values) == [
        "schema",
        "name",
        "question",
        "compared",
        "baseline",
        "paired",
        "holds_for",
        "training_sets",
        "metric",
        "smallest_effect",
        "look",
        "arms",
        "splits",
        "convergence",
        "choice_on_dev",
        "choice_of_checkpoint",
        "warnings",
    ]
    assert values["schema"] == 4
    assert {key: values[key] for key in list(values)[1:10]} == {
        "name": "alpha",
        "question": "Does it help?",
        "compared": "recipes",
        "baseline": "baseline",
        "paired": True,
        "holds_for": ["pairs", "seeds"],
        "training_sets": None,
        "metric": "pearson",
        "smallest_effect": EFFECT,
    }
    assert values["arms"]["clean"] == {
        "runs": ["c1", "c2", "c3", "c4"],
        "seeds": [1, 2, 3, 4],
        "changes": {"loss.alpha": 0.05},
    }
    dev = values["splits"]["dev"]
    assert list(dev["arms"]) == list(values["arms"]) == list(arms.names)
    assert (dev["pairs"], dev["groups"]) == (300, None)
    clean = dev["arms"]["clean"]
    assert list(clean) == ["score", "difference", "verdict", "without_largest_group", "gap", "diagnosis"]
    (judgement,) = findings.judgements
    assert judgement.arms[1].difference is not None
    assert clean["difference"] == judgement.arms[1].difference.interval.to_dict()
    gap = findings.gaps["dev"]["clean"]
    assert gap is not None
    assert clean["gap"] == gap.to_dict()
    diagnoses = arm_diagnoses(arms, "dev")
    assert diagnoses is not None
    assert diagnoses["clean"] is not None
    assert clean["diagnosis"] == diagnoses["clean"].to_dict()
    assert findings.choice is not None
    assert values["choice_on_dev"] == findings.choice.to_dict()
    assert values["convergence"]["arms"]["noisy"]["own_plateau"]["outcome"] == "later"
    assert values["choice_of_checkpoint"]["baseline"] is None
    assert values["choice_of_checkpoint"]["clean"]["low"] is not None


def test_the_older_shapes_are_views_of_it(findings: Findings) -> None:
    values = through_json(findings)
    study, comparison = as_study(values), as_comparison(values)
    assert list(study) == [
        "study",
        "question",
        "against",
        "judgements",
        "gaps",
        "diagnosis",
        "convergence",
        "choice_on_dev",
        "choice_of_checkpoint",
    ]
    (judgement,) = study["judgements"]
    for name, older in judgement["arms"].items():
        assert {key: comparison["arms"][name][key] for key in older} == older
    assert judgement["arms"]["clean"]["score"] == values["splits"]["dev"]["arms"]["clean"]["score"]
    assert comparison["arms"]["clean"]["changes"] == {"loss.alpha": 0.05}


def test_of_plain_arrays_the_other_parts_are_null() -> None:
    values = through_json(compare_arms(Arms(DEV, {"baseline": rows(0.5), "mine": rows(0.1)})))
    assert [values[key] for key in ("name", "question", "convergence", "choice_on_dev")] == [None] * 4
    assert (values["compared"], values["paired"], values["smallest_effect"]) == ("recipes", False, 0.005)
    assert values["choice_of_checkpoint"] == {"baseline": None, "mine": None}
    assert values["arms"]["mine"] == {"runs": [], "seeds": [], "changes": {}}
    mine = values["splits"]["test"]["arms"]["mine"]
    assert (mine["gap"], mine["diagnosis"]) == (None, None)
    assert mine["verdict"]["outcome"] == "better"
    assert "tests" not in mine


def test_a_look_stands_once_for_all_splits() -> None:
    assert through_json(compare_arms(each_verdict()))["look"] is None
    look = Look((2, 4), 8)
    values = through_json(compare_arms(each_verdict(), look=look))["look"]
    assert values == {"number": 2, "level": look.level, "max_seeds": 8, "exploratory": None}
    other = Look((4,), 3, Text("too many seeds", "시드가 너무 많음"))
    values = through_json(compare_arms(each_verdict(), look=other))["look"]
    assert values == {"number": None, "level": 0.05, "max_seeds": 3, "exploratory": "too many seeds"}


def test_what_is_no_number_is_null() -> None:
    constant = np.full((4, len(DEV)), 2.0)
    values = through_json(compare_arms(Arms(DEV, {"baseline": rows(0.5), "flat": constant}, split="dev")))
    flat = values["splits"]["dev"]["arms"]["flat"]
    nothing = {"value": None, "low": None, "high": None}
    assert (flat["score"], flat["difference"]) == (nothing, nothing)
    assert flat["verdict"] == {
        "outcome": "undecided",
        "exploratory": None,
        "p_value": None,
        "equivalence_p_value": None,
        "detectable_effect": None,
        "advice": None,
        "power_at_max_seeds": None,
    }
    assert values["choice_on_dev"] is None
    # A run that went astray is one model of several.
    lost = of(
        arm("baseline", 0.5, seeds=(1,)),
        Arm("lost", {"dev": np.full((1, len(DEV)), np.nan)}),
    )
    assert through_json(compare_arms(lost))["splits"]["dev"]["arms"]["lost"]["score"] == nothing


def test_each_split_is_judged() -> None:
    other = DEV[::-1].copy()
    both = [
        Arm(name, {"test": rows(noise)[:, ::-1], "dev": rows(noise)}, SEEDS)
        for name, noise in (("baseline", 0.5), ("clean", 0.1))
    ]
    found = compare_arms(
        of(*both, pairs={"test": dataclasses.replace(PAIRS["dev"], labels=other), **PAIRS_OF_DEV})
    )
    assert [judgement.split for judgement in found.judgements] == ["test", "dev"]
    values = through_json(found)
    assert list(values["splits"]) == ["test", "dev"]
    first, second = (values["splits"][split]["arms"]["clean"]["score"]["value"] for split in ("test", "dev"))
    assert first == pytest.approx(second)


@pytest.fixture
def kendall() -> Iterator[str]:
    """A stranger's own metric."""
    METRICS["kendall"] = Metric(lambda labels, predictions: kendalltau(labels, predictions).statistic)
    yield "kendall"
    del METRICS["kendall"]


def test_a_metric_of_ones_own_is_judged_by(kendall: str) -> None:
    arms = Arms(DEV[:60], {"baseline": rows(0.5)[:2, :60], "mine": rows(0.1)[:2, :60]}, split="dev")
    found = compare_arms(arms, metric=kendall)
    values = through_json(found)
    assert values["metric"] == "kendall"
    taus = [kendalltau(DEV[:60], row[:60]).statistic for row in rows(0.1)[:2]]
    mine = values["splits"]["dev"]["arms"]["mine"]["score"]["value"]
    assert mine == pytest.approx(np.mean(taus))
    assert str(found).startswith("kendall on dev: 60 pairs, 2 seeds")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"metric": "f1"}, "metric 'f1' is unknown: use one of pearson, spearman, rmse, mae"),
        ({"metric": "numpy:corrcoef"}, "metric numpy:corrcoef: fails on 8 made-up pairs: TypeError: "),
        ({"smallest_effect": -0.1}, "smallest_effect -0.1: give a number of 0 or more, as 0.005"),
        ({"smallest_effect": np.nan}, "smallest_effect nan: give a number of 0 or more"),
        ({"smallest_effect": np.inf}, "smallest_effect inf: give a number of 0 or more"),
    ],
)
def test_what_can_not_be_judged_by_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=f"^{said}"):
        compare_arms(Arms(DEV, {"baseline": rows(0.5), "mine": rows(0.1)}), **given)


def test_a_row_that_fails_is_told_before_anything_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "broken", Metric(lambda labels, predictions: labels[9]))
    with pytest.raises(InputError, match=r"^metric broken: fails on 8 made-up pairs: IndexError: index 9"):
        check_metric(*METRICS)
    check_metric("pearson", "mae")
