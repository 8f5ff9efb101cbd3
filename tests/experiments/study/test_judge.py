"""Verdicts on runs whose predictions are known."""

from pathlib import Path

import numpy as np
import pytest
from dalmeum.experiments.study.judge import judge
from dalmeum.experiments.study.lines import judgement_lines
from numpy.typing import NDArray

from dalmeum.errors import InputError
from dalmeum.experiments.runs import Run
from dalmeum.stats import pearson, seed_by_pair

from .fake_runs import fake_run

PAIRS = 400
SEEDS = 4
LABELS = np.random.default_rng(0).uniform(0, 5, PAIRS)


def make_run(folder: Path, labels: NDArray[np.float64] | None, predictions: NDArray[np.float64]) -> Run:
    return fake_run(folder, {"dev": (labels, predictions)})


def make_arm(folder: Path, noise: float, *, shared: float = 1.0) -> list[Run]:
    """Runs whose predictions are labels, an error that all share, and noise of their own."""
    common = np.random.default_rng(1).normal(0, shared, PAIRS)
    return [
        make_run(
            folder / f"{noise}-{seed}",
            LABELS,
            LABELS + common + np.random.default_rng([seed, int(noise * 100)]).normal(0, noise, PAIRS),
        )
        for seed in range(SEEDS)
    ]


def predictions_of(noise: float) -> NDArray[np.float64]:
    common = np.random.default_rng(1).normal(0, 1.0, PAIRS)
    draws = [np.random.default_rng([seed, int(noise * 100)]).normal(0, noise, PAIRS) for seed in range(SEEDS)]
    return np.stack([LABELS + common + draw for draw in draws])


def test_better_worse_the_same_and_undecided(tmp_path: Path) -> None:
    arms = {
        "base": make_arm(tmp_path, 0.50),
        "clean": make_arm(tmp_path, 0.10),
        "noisy": make_arm(tmp_path, 1.20),
        "same": make_arm(tmp_path, 0.501),
        "close": make_arm(tmp_path, 0.48),
    }
    found = judge(arms, "base", split="dev", metric="pearson", smallest_effect=0.004)
    outcomes = {arm.name: arm.verdict and arm.verdict.outcome for arm in found.arms}
    assert list(outcomes) == ["base", "clean", "noisy", "same", "close"]
    assert outcomes["base"] is None
    assert (outcomes["clean"], outcomes["noisy"]) == ("better", "worse")
    assert outcomes["close"] == "undecided"
    for arm, noise in zip(found.arms, (0.5, 0.1, 1.2, 0.501, 0.48), strict=True):
        expected = np.mean([pearson(LABELS, row) for row in predictions_of(noise)])
        assert arm.score.value == pytest.approx(expected, abs=1e-12)
    clean = found.arms[1]
    assert clean.difference == seed_by_pair(LABELS, predictions_of(0.1), predictions_of(0.5))
    wide = judge(arms, "base", split="dev", metric="pearson", smallest_effect=0.05)
    assert wide.arms[3].verdict is not None
    assert wide.arms[3].verdict.outcome == "no_difference"


def test_errors_are_better_when_lower(tmp_path: Path) -> None:
    arms = {"base": make_arm(tmp_path, 0.5), "clean": make_arm(tmp_path, 0.1)}
    found = judge(arms, "base", split="dev", metric="rmse", smallest_effect=0.001)
    assert found.arms[1].difference is not None
    assert found.arms[1].difference.difference < 0
    assert found.arms[1].verdict is not None
    assert found.arms[1].verdict.outcome == "better"


def test_lines_name_the_verdict_and_what_would_decide(tmp_path: Path) -> None:
    arms = {
        "base": make_arm(tmp_path, 0.5),
        "clean": make_arm(tmp_path, 0.1),
        "close": make_arm(tmp_path, 0.48),
    }
    found = judge(arms, "base", split="dev", metric="pearson", smallest_effect=0.001)
    lines = judgement_lines(found)
    assert lines[0] == "pearson on dev: 400 pairs, 4 seeds; smallest effect that matters 0.001"
    assert lines[2].startswith("base")
    assert "better" in lines[3]
    assert "undecided" in lines[4]
    assert "would decide" in lines[4]
    as_json = found.to_dict()["arms"]["clean"]
    assert as_json["verdict"]["outcome"] == "better"
    assert as_json["difference"]["low"] < as_json["difference"]["value"] < as_json["difference"]["high"]


def test_refuses_other_pairs_missing_labels_and_labels_that_do_not_vary(tmp_path: Path) -> None:
    base = make_arm(tmp_path / "a", 0.5)

    def refused(run: Run) -> str:
        with pytest.raises(InputError) as caught:
            judge({"base": base, "arm": [run] * 2}, "base", split="dev", metric="pearson", smallest_effect=0)
        return str(caught.value)

    fewer = make_run(tmp_path / "fewer", LABELS[:-1], LABELS[:-1])
    assert "was not scored on the same pairs and labels as" in refused(fewer)
    relabelled = make_run(tmp_path / "relabelled", LABELS[::-1], LABELS)
    assert "was not scored on the same pairs and labels as" in refused(relabelled)
    assert "holds pairs without labels" in refused(make_run(tmp_path / "unlabelled", None, LABELS))
    (fewer.predictions("dev")).unlink()
    assert "is missing: the run has no such split" in refused(fewer)
    damaged = make_run(tmp_path / "damaged", LABELS, LABELS)
    path = damaged.predictions("dev")
    whole = path.read_bytes()
    for content in (
        b"",
        b"id,label,prediction\n",
        whole[: whole.rindex(b",", 0, -2)],
        whole[3:],
        b"\xff" + whole,
        b"id,label\na,1\n",
    ):
        path.write_bytes(content)
        assert refused(damaged) == f"{path}: is damaged: train the run again"
    constant = make_run(tmp_path / "constant", np.full(PAIRS, 3.0), LABELS)
    with pytest.raises(InputError, match="all labels are 3: nothing can be judged"):
        judge(
            {"base": [constant] * 2, "arm": [constant] * 2},
            "base",
            split="dev",
            metric="pearson",
            smallest_effect=0,
        )
