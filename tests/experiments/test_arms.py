"""Arms read from runs made by hand."""

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dalmeum.comparison import Arms, compare_arms
from dalmeum.comparison.diagnosis import arm_diagnoses
from dalmeum.comparison.judge import judge
from dalmeum.data import PairTable, Predictions
from dalmeum.data.splits import Split, read_splits
from dalmeum.errors import InputError
from dalmeum.experiments import arms as reading
from dalmeum.experiments.arms import RunGroup, read_arms
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import (
    ScoredPairs,
    read_predictions,
    write_evaluations,
    write_predictions,
)
from dalmeum.runs.record import RunRecord
from dalmeum.stats import seed_by_pair
from tests.comparison.made import LABELS, sentences

from .fake_runs import fake_run, write_data
from .made_runs import make_arm

Array = NDArray[np.float64]

FOLDS = {0: ["a", "d"], 1: ["b", "e"], 2: ["c", "f"]}
LABEL = {name: float(number) for number, name in enumerate("abcdef")}
TEST = {"x": 1.0, "y": 4.0}
DEV = LABELS["dev"]


def read(arms: Mapping[str, Sequence[Run]], splits: Sequence[Split] = ("dev",), **how: Any) -> Arms:
    """Arms with the seeds 0, 1, ..."""
    folds = how.get("folds", 1)
    groups = [RunGroup(name, tuple(runs), tuple(range(len(runs) // folds))) for name, runs in arms.items()]
    return read_arms(groups, splits, **{"baseline": next(iter(arms)), **how})


def fold_run(folder: Path, seed: int, fold: int) -> Run:
    """A run that left out a fold: 10 * seed + fold above the label on dev."""
    shift = 10.0 * seed + fold
    splits = {
        "dev": {name: LABEL[name] + shift for name in FOLDS[fold]},
        "test": dict.fromkeys(TEST, float(fold)),
    }
    folder = folder / f"{seed}-{fold}"
    for split, predictions in splits.items():
        labels = np.array([{**LABEL, **TEST}[name] for name in predictions])
        empty = ("",) * len(labels)
        table = PairTable(tuple(predictions), empty, empty, empty, label=labels)
        path = folder / "predictions" / f"{split}.csv"
        write_predictions(path, table, Predictions(np.array([*predictions.values()])))
    return Run(folder, RunRecord(folder.name, "finished", "2026-01-01", "test", {}, {}, {}))


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    return [fold_run(tmp_path, seed, fold) for seed in (1, 2) for fold in FOLDS]


def test_out_of_fold_a_pair_is_scored_by_the_run_that_left_it_out(runs: list[Run]) -> None:
    arms = read({"base": runs, "same": runs}, folds=3)
    pairs, rows = arms.pairs["dev"], arms.baseline.predictions["dev"]
    assert pairs.ids == ("a", "d", "b", "e", "c", "f")
    assert pairs.labels.tolist() == [0, 3, 1, 4, 2, 5]
    shifts = rows - pairs.labels
    assert shifts.tolist() == [[10, 10, 11, 11, 12, 12], [20, 20, 21, 21, 22, 22]]
    assert (arms.folds, arms.baseline.seeds, len(arms.baseline.runs)) == (3, (0, 1), 6)


def test_on_test_a_pair_has_the_mean_of_all_folds(runs: list[Run]) -> None:
    arms = read({"base": runs, "same": runs}, ["test"], folds=3)
    assert (arms.pairs["test"].ids, arms.pairs["test"].labels.tolist()) == (("x", "y"), [1, 4])
    assert arms.baseline.predictions["test"].tolist() == [[1, 1], [1, 1]]


def test_without_folds_a_run_is_a_row(runs: list[Run]) -> None:
    arms = read({"base": [runs[0], runs[3]], "same": [runs[3], runs[0]]})
    assert [arm.predictions["dev"].tolist() for arm in arms.arms] == [
        [[10, 13], [20, 23]],
        [[20, 23], [10, 13]],
    ]
    with pytest.raises(InputError, match="was not scored on the same pairs"):
        read({"base": runs, "same": runs})


def test_the_verdict_is_on_rows_out_of_fold(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = generator.uniform(0, 5, 90)
    rows = {arm: labels + generator.normal(0, 1 - 0.3 * (arm == "arm"), (2, 90)) for arm in ("base", "arm")}

    def made(arm: str, seed: int, fold: int) -> Run:
        part = slice(30 * fold, 30 * fold + 30)
        run = fake_run(tmp_path / f"{arm}{seed}{fold}", {"dev": (labels[part], rows[arm][seed, part])})
        path = run.predictions("dev")
        path.write_text(path.read_text().replace("dev-", f"dev-{fold}-"))
        return run

    arms = {arm: [made(arm, seed, fold) for seed in (0, 1) for fold in range(3)] for arm in rows}
    found = judge(read(arms, folds=3), "dev")
    base, arm = found.arms
    assert (found.pairs, base.seeds) == (90, 2)
    assert arm.difference == seed_by_pair(labels, rows["arm"], rows["base"])


def test_refuses_other_pairs_missing_labels_and_labels_that_do_not_vary(tmp_path: Path) -> None:
    count = len(DEV)

    def made(name: str, labels: Array | None, predictions: Array) -> Run:
        return fake_run(tmp_path / name, {"dev": (labels, predictions)})

    base = [made(f"base-{seed}", DEV, DEV + seed) for seed in (0, 1)]

    def refused(run: Run) -> str:
        with pytest.raises(InputError) as caught:
            read({"base": base, "arm": [run] * 2})
        return str(caught.value)

    fewer = made("fewer", DEV[:-1], DEV[:-1])
    assert refused(fewer) == (
        f"{fewer.predictions('dev')}: was not scored on the same pairs and labels as "
        f"{base[0].predictions('dev')}: compare runs on one file, or train them again"
    )
    relabelled = made("relabelled", DEV[::-1], DEV)
    assert "was not scored on the same pairs and labels as" in refused(relabelled)
    assert "holds pairs without labels" in refused(made("unlabelled", None, DEV))
    fewer.predictions("dev").unlink()
    assert "is missing: the run has no such split" in refused(fewer)
    damaged = made("damaged", DEV, DEV)
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
    constant = made("constant", np.full(count, 3.0), DEV)
    with pytest.raises(InputError, match=r"dev\.csv: all labels are 3: nothing can be judged"):
        read({"base": [constant] * 2, "arm": [constant] * 2})


def test_training_predictions_where_all_runs_kept_them(tmp_path: Path) -> None:
    base, fewer = make_arm(tmp_path, 0.5, (1, 2)), make_arm(tmp_path, 0.4, (1, 2), 0.9)
    fewer[1].predictions("train").unlink()
    arms = read({"base": base, "fewer": fewer})
    assert arms.baseline.train is not None
    assert arms.baseline.train.labels.tolist() == LABELS["train"].tolist()
    assert arms.baseline.train_predictions is not None
    assert arms.baseline.train_predictions.shape == (2, 500)
    assert (arms.arms[1].train, arms.arms[1].train_predictions) == (None, None)
    # Single models have no use for them, and a damaged file of theirs is in nobody's way.
    base[0].predictions("train").write_text("id\n", encoding="utf-8")
    models = read({"base": base[:1], "fewer": fewer[:1]})
    assert [arm.train for arm in models.arms] == [None, None]
    with pytest.raises(InputError, match=r"train\.csv: is damaged"):
        read({"base": base, "fewer": fewer})


def test_an_evaluation_that_was_made_again_counts_once_and_one_without_a_score_not_at_all(
    tmp_path: Path,
) -> None:
    curves = ([(10, 0.4), (10, 0.5), (20, 1.0)], [(20, 1.0)])
    base = [
        fake_run(tmp_path / str(seed), {"dev": (DEV, DEV)}, curve=each) for seed, each in enumerate(curves)
    ]
    base[1].write_history([{"step": 10, "eval_pearson": math.nan}, {"step": 20, "eval_pearson": 1.0}])
    older = [base[0], fake_run(tmp_path / "older", {"dev": (DEV, DEV)})]
    empty = [base[0], fake_run(tmp_path / "empty", {"dev": (DEV, DEV)}, curve=[])]
    arms = read({"base": base, "older": older, "empty": empty})
    assert [curve.steps.tolist() for curve in arms.baseline.curves] == [[10, 20], [20]]
    assert arms.baseline.curves[0].pearson.tolist() == [0.5, 1.0]
    assert [arm.curves for arm in arms.others] == [(), ()]


def with_evaluations(run: Run, *evaluations: Array) -> Run:
    size = len(evaluations[0])
    empty = ("",) * size
    table = PairTable(tuple(f"dev-{row}" for row in range(size)), empty, empty, empty)
    write_evaluations(run.kept_evaluations, table, dict(enumerate(evaluations)))
    return run


def test_what_runs_predicted_at_each_evaluation(tmp_path: Path) -> None:
    base, lacking = make_arm(tmp_path, 0.5, (1, 2)), make_arm(tmp_path, 0.4, (1, 2), 0.9)
    for run in (*base, lacking[0]):
        with_evaluations(run, DEV + 0.25, DEV * 0.1)
    arms = read({"base": base, "lacking": lacking})
    assert [len(arm.checkpoints) for arm in arms.arms] == [2, 0]
    kept = arms.baseline.checkpoints[1]
    assert kept.labels.tolist() == DEV.tolist()
    assert kept.predictions.tolist() == [(DEV + 0.25).tolist(), (DEV * 0.1).tolist()]
    file = base[1].kept_evaluations
    swapped = file.read_text(encoding="utf-8").splitlines()
    swapped[1], swapped[2] = swapped[2], swapped[1]
    for damaged in ("\n".join(swapped), "id,1\ndev-0,much", "", "id,1\nx,much\n"):
        file.write_text(damaged, encoding="utf-8")
        with pytest.raises(InputError, match=r"dev-evaluations\.csv: is damaged: train the run again"):
            read({"base": base, "lacking": lacking})


@pytest.mark.parametrize("splits", [["dev"], ["dev", "test"], ["test"]])
def test_each_file_of_a_run_is_parsed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, splits: list[Split]
) -> None:
    arms = {"base": make_arm(tmp_path, 0.5, (1, 2)), "arm": make_arm(tmp_path, 0.4, (1, 2), 0.9)}
    for run in (run for runs in arms.values() for run in runs):
        with_evaluations(run, DEV + 0.25, DEV * 0.1)
        run.predictions("test").write_bytes(run.predictions("dev").read_bytes())
    opened: Counter[Path] = Counter()

    def counting(path: Path) -> ScoredPairs:
        opened[path] += 1
        return read_predictions(path)

    monkeypatch.setattr(reading, "read_predictions", counting)
    compare_arms(read(arms, splits))
    # dev is read for its evaluations, too.
    assert len(opened) == 4 * len({"train", "dev", *splits})
    assert set(opened.values()) == {1}


def tables(run: Run) -> dict[str, PairTable | None]:
    return {"dev": read_splits(run.recipe())["dev"]}


@pytest.fixture(scope="module")
def diagnosable(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sequence[Run]]:
    folder = tmp_path_factory.mktemp("diagnosable")
    arms: dict[str, Sequence[Run]] = {
        "baseline": make_arm(folder, 0.5, (1, 2)),
        "arm": make_arm(folder, 0.4, (1, 2), 0.9),
    }
    write_data(folder, arms["baseline"][0])
    return arms


def test_sentences_stand_beside_the_pairs(diagnosable: dict[str, Sequence[Run]]) -> None:
    arms = read(diagnosable, tables=tables(diagnosable["baseline"][0]))
    table = arms.pairs["dev"].table
    assert table is not None
    assert (table.sentence2, table.source) == (sentences().sentence2, sentences().source)
    diagnoses = arm_diagnoses(arms, "dev")
    assert diagnoses is not None
    assert all(diagnoses.values())
    assert read(diagnosable).pairs["dev"].table is None


def test_pairs_and_training_pairs_are_grouped_by_their_sentences(
    diagnosable: dict[str, Sequence[Run]],
) -> None:
    read_tables = read_splits(diagnosable["baseline"][0].recipe())
    dev = read_tables["dev"]
    shared = dataclasses.replace(dev, sentence1=("one",) * 3 + dev.sentence1[3:])
    arms = read(diagnosable, tables={"dev": shared, "train": read_tables["train"]})
    groups = arms.pairs["dev"].groups
    assert groups is not None
    assert groups.tolist() == [0, 0, 0, *range(1, 298)]
    assert arms.baseline.train is not None
    assert arms.baseline.train.groups is not None
    # The 500 training pairs say the 300 of dev again from the first on.
    assert arms.baseline.train.groups.tolist() == [row % 300 for row in range(500)]
    assert read(diagnosable, tables={"dev": dev}).pairs["dev"].groups is None


@pytest.mark.parametrize("change", ["labels", "ids", "order", "unlabelled", "fewer"])
def test_sentences_of_other_pairs_or_labels_are_left_aside(
    diagnosable: dict[str, Sequence[Run]], change: str
) -> None:
    table = tables(diagnosable["baseline"][0])["dev"]
    assert table is not None
    rows = range(len(table))
    changed = {
        "labels": PairTable(table.id, table.source, table.sentence1, table.sentence2, label=DEV + 0.125),
        "ids": PairTable(
            ("another", *table.id[1:]), table.source, table.sentence1, table.sentence2, label=DEV
        ),
        "order": table.take(list(reversed(rows))),
        "unlabelled": PairTable(table.id, table.source, table.sentence1, table.sentence2),
        "fewer": table.take(list(rows[:-1])),
    }[change]
    arms = read(diagnosable, tables={"dev": changed})
    assert arms.pairs["dev"].table is None
    assert arm_diagnoses(arms, "dev") is None
