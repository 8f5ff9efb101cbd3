"""Comparisons of run folders whose predictions are known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dalmeum.comparison import compare_arms
from dalmeum.comparison.text import MODELS_NOTE, TWO_SEEDS_NOTE, findings_lines, judgement_lines
from dalmeum.errors import InputError
from dalmeum.experiments.compare import compare_runs, compared_groups
from dalmeum.experiments.elsewhere import score_elsewhere
from dalmeum.experiments.findings import write_findings_about
from dalmeum.runs.folder import Run
from dalmeum.stats import (
    Score,
    bca,
    compare_correlations,
    paired_difference,
    seed_by_pair,
    seeds_by_pair,
    verdicts,
    weighted,
)
from tests.comparison.made import LABELS

from .fake_runs import arms_of, fake_run, fake_study, write_data
from .made_runs import make_arm, make_run, predicted, rows


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", "en")
    monkeypatch.setenv("COLUMNS", "80")


def test_recipes_with_seeds_are_judged_as_in_a_study(tmp_path: Path) -> None:
    seeds = (1, 2, 3, 4)
    base, clean, close = (
        make_arm(tmp_path, noise, order, alpha)
        for noise, order, alpha in ((0.5, seeds, 0.1), (0.1, (3, 1, 2, 4), 0.05), (0.46, (2, 3, 1, 4), 0.2))
    )
    found = compare_runs([*base, *clean, *close], smallest_effect=0.004)
    changes = {"loss.alpha=0.05": {"loss.alpha": 0.05}, "loss.alpha=0.2": {"loss.alpha": 0.2}}
    study = compare_arms(
        arms_of(
            {
                "baseline": base,
                "loss.alpha=0.05": sorted(clean, key=lambda run: run.id),
                "loss.alpha=0.2": sorted(close, key=lambda run: run.id),
            },
            fake_study({name: dict(change) for name, change in changes.items()}),
        ),
        smallest_effect=0.004,
    )
    assert (found.arms.compared, found.arms.paired, found.arms.same_seeds) == ("recipes", False, True)
    assert found.to_dict() == study.to_dict()
    assert found.judgements == study.judgements
    assert found.gaps == study.gaps
    assert found.choice == study.choice
    assert found.convergence is not None
    clean_arm = found.judgements[0].arms[1]
    both = {name: rows(noise, seeds) for name, noise in (("clean", 0.1), ("close", 0.46))}
    assert clean_arm.difference == seeds_by_pair(LABELS["dev"], both, rows(0.5, seeds))["clean"]
    assert [arm.verdict and arm.verdict.outcome for arm in found.judgements[0].arms][:2] == [None, "better"]
    lines = findings_lines(found)
    shown = judgement_lines(study.judgements[0])
    assert lines[: len(shown)] == shown
    assert lines[-2].startswith("loss.alpha=0.05  ")
    assert lines[-2].endswith("0.1-1, 0.1-2, 0.1-3, 0.1-4")
    values = found.to_dict()
    assert (values["baseline"], values["name"], values["question"]) == ("baseline", None, None)
    assert values["arms"]["loss.alpha=0.05"] == {
        "runs": ["0.1-1", "0.1-2", "0.1-3", "0.1-4"],
        "seeds": [1, 2, 3, 4],
        "changes": {"loss.alpha": 0.05},
    }


def test_arms_may_have_other_seeds(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1, 2, 3)), *make_arm(tmp_path, 0.1, (4, 5), 0.9)]
    found = compare_runs(runs)
    assert not found.arms.same_seeds
    assert found.judgements[0].arms[1].difference == seed_by_pair(
        LABELS["dev"], rows(0.1, (4, 5)), rows(0.5, (1, 2, 3))
    )
    gap = found.gaps["dev"]["loss.alpha=0.9"]
    assert gap is not None
    assert gap.difference is None
    lines = findings_lines(found)
    assert "2 to 3 seeds" in lines[0]
    assert " ".join(lines).endswith(TWO_SEEDS_NOTE.en)
    # As many seeds, but others.
    assert not compare_runs(runs[1:]).arms.same_seeds


def test_single_runs_are_judged_as_models(tmp_path: Path) -> None:
    runs = [
        *make_arm(tmp_path, 0.5, (1,)),
        *make_arm(tmp_path, 0.1, (1,), 0.9),
        *make_arm(tmp_path, 0.46, (1, 2), 0.2),
    ]
    found = compare_runs(runs)
    labels = LABELS["dev"]
    base, *others = (rows(noise, (seed,))[0] for noise, seed in ((0.5, 1), (0.1, 1), (0.46, 1), (0.46, 2)))
    differences = [compare_correlations(labels, other, base) for other in others]
    names = ["loss.alpha=0.9", "loss.alpha=0.2", "loss.alpha=0.2, training.seed=2"]
    assert found.arms.compared == "models"
    assert found.arms.names == ("baseline", *names)
    assert found.gaps == {"dev": dict.fromkeys(found.arms.names)}
    assert found.choice is None
    judged = found.judgements[0].arms
    assert {arm.name: arm.tests for arm in judged[1:]} == dict(zip(names, differences, strict=True))
    assert [arm.score for arm in judged] == [
        Score(bca(weighted.pearson, labels, each)) for each in (base, *others)
    ]
    best, *rest = (arm.verdict for arm in judged[1:])
    # The smallest of three p-values counts three times.
    assert best == verdicts(differences, 0.005)[0]
    assert best.p_value == min(3 * differences[0].p_value, 1)
    assert best.outcome == "better"
    assert [each and each.outcome for each in rest] == ["undecided", "undecided"]
    lines = findings_lines(found)
    assert lines[0].startswith("pearson on dev: 300 pairs, one model each; ")
    (told,) = [line for line in lines if line.startswith("  loss.alpha=0.2: ")]
    assert "new pairs" in told
    assert " ".join(lines).endswith(MODELS_NOTE.en)
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    arms = values["splits"]["dev"]["arms"]
    assert arms[names[1]]["tests"]["steiger"] == {
        "statistic": differences[1].steiger.statistic,
        "p_value": differences[1].steiger.p_value,
    }
    assert arms[names[1]]["verdict"]["advice"]["pairs"] > 300
    assert "tests" not in arms["baseline"]


def test_other_metrics_of_models_have_one_test_alone(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1,)), *make_arm(tmp_path, 0.1, (1,), 0.9)]
    found = compare_runs(runs, metric="rmse", smallest_effect=0.001)
    arm = found.judgements[0].arms[1]
    expected = paired_difference(LABELS["dev"], rows(0.1, (1,))[0], rows(0.5, (1,))[0], metric=weighted.rmse)
    assert arm.difference == expected
    assert arm.tests is None
    assert expected.difference < 0
    assert arm.verdict is not None
    assert arm.verdict.outcome == "better"


def test_models_without_a_score_are_undecided(tmp_path: Path) -> None:
    base, clean = make_run(tmp_path, 0.5, 1), make_run(tmp_path, 0.1, 1, {"loss": {"alpha": 0.9}})
    constant = make_run(
        tmp_path, 0.2, 1, {"loss": {"alpha": 0.3}}, scored={"dev": np.full(len(LABELS["dev"]), 2.0)}
    )
    mirrored = make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.6}}, scored={"dev": -predicted("dev", 0.5, 1)})
    found = compare_runs([base, clean, constant, mirrored])
    outcomes = [arm.verdict.outcome for arm in found.judgements[0].arms if arm.verdict]
    assert outcomes == ["better", "undecided", "worse"]
    assert "nan" not in str(found).lower()
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_sentences_are_those_of_the_baseline_while_its_files_are_there(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1, 2)), *make_arm(tmp_path, 0.1, (1, 2), 0.9)]
    assert compare_runs(runs).diagnoses == {"dev": None}
    write_data(tmp_path, fake_run(tmp_path / "aside", {"dev": (LABELS["dev"], LABELS["dev"])}))
    for run in runs:
        path = run.folder / "recipe.yaml"
        text = path.read_text(encoding="utf-8")
        for split in LABELS:
            text = text.replace(f"{split}: {split}.csv", f"{split}: {tmp_path / split}.csv")
        path.write_text(text, encoding="utf-8")
    runs = [Run(run.folder, run.record) for run in runs]  # a run reads its recipe once
    diagnoses = compare_runs(runs).diagnoses["dev"]
    assert diagnoses is not None
    diagnosis = diagnoses["loss.alpha=0.9"]
    assert diagnosis is not None
    assert diagnosis.pairs == 300
    (tmp_path / "dev.csv").unlink()
    assert compare_runs(runs).diagnoses == {"dev": None}


def test_both_files_are_written(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1, 2)), *make_arm(tmp_path, 0.1, (1, 2), 0.9)]
    found = compare_runs(runs)
    page = tmp_path / "pages" / "one" / "compare.html"
    write_findings_about(page, found, runs, "the source")
    assert "loss.alpha=0.9" in page.read_text(encoding="utf-8")
    values = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert values == json.loads(json.dumps(found.to_dict()))
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="can't be written"):
        write_findings_about(tmp_path / "file" / "compare.html", found, runs, "the source")


def test_refusals_name_what_is_wrong_and_the_mend(tmp_path: Path) -> None:
    base = make_run(tmp_path, 0.5, 1)
    other = make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.9}})

    def refused(*runs: Run, **how: Any) -> str:
        with pytest.raises(InputError) as caught:
            compare_runs(runs, **how)
        (line,) = str(caught.value).splitlines()
        return line

    again = make_run(tmp_path / "again", 0.5, 1)
    assert refused(base, other, again) == (
        f"{base.folder} and {again.folder}: have one recipe and one seed, 1: leave one out"
    )
    seed = make_run(tmp_path, 0.5, 2)
    assert refused(base, seed) == (
        f"{base.folder} and {seed.folder}: all runs are seeds of one recipe, so there is nothing to compare: "
        "name runs of another recipe, too, or let dalmeum study run one"
    )
    fewer = make_run(tmp_path, 0.3, 1, {"loss": {"alpha": 0.3}}, scored={"train": predicted("train", 0.3, 1)})
    fewer.predictions("dev").write_bytes(fewer.predictions("train").read_bytes())
    fewer = fewer.update(data={**fewer.record.data, "dev": fewer.record.data["train"]})
    assert refused(base, fewer) == (
        f"{fewer.predictions('dev')}: was not scored on the same pairs and labels as "
        f"{base.predictions('dev')}: compare runs on one file, or train them again"
    )
    assert refused(base, other, split="test") == (
        f"{base.predictions('test')}: is missing: the run has no such split; all runs have dev: --split dev"
    )
    other.predictions("dev").unlink()
    assert refused(base, other) == (
        f"{other.predictions('dev')}: is missing: the run has no such split; train it again with it"
    )
    other.predictions("dev").write_text("id,label\n", encoding="utf-8")
    assert refused(base, other) == f"{other.predictions('dev')}: is damaged: train the run again"


@pytest.mark.parametrize("text", ['[{"eval_pearson": 0.3}]', '{"eval_pearson": 0.3}', "[1]"])
def test_a_damaged_history_is_told(tmp_path: Path, text: str) -> None:
    base, other = make_run(tmp_path, 0.5, 1), make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.9}})
    history = other.folder / "history.json"
    history.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"^{history}: is no log of training: the run folder is damaged$"):
        compare_runs([base, other])


def test_other_pairs_are_of_one_label_scale(tmp_path: Path) -> None:
    runs = [
        make_run(tmp_path, 0.5, 1),
        make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.9}}, data={"label_range": [1, 5]}),
    ]
    with pytest.raises(InputError, match=r"^the runs answer on 0\.\.5 and 1\.\.5: compare runs of one label"):
        score_elsewhere(compared_groups(runs), [("a", "b", 1.0), ("c", "d", 2.0)])
