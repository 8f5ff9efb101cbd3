"""Real runs of a small encoder, in real worker processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dalmeum.cli import main
from dalmeum.data import PairTable, read_pairs, splits
from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments import arms as reading
from dalmeum.experiments.study import conduct
from dalmeum.experiments.workers import Workers
from dalmeum.recipe.study import Study, load_study
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.predictions import ScoredPairs, read_predictions

Tiny = Callable[[str], str]
Write = Callable[..., Path]


@pytest.fixture
def study_file(write_study: Write) -> Path:
    return write_study(96, seeds=[1, 2])


def run_folders(study: Study) -> dict[str, str]:
    """State by run id."""
    files = sorted(Path(study.baseline.output).glob("*/run.json"))
    return {file.parent.name: json.loads(file.read_text(encoding="utf-8"))["state"] for file in files}


def test_runs_what_is_missing_and_nothing_twice(
    study_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = load_study(study_file)
    output = study_file.parent / "studies" / "lr"
    conducted = conduct(study, "lr", output, jobs=2)
    whole, runs = conducted.findings, conducted.runs
    (first,) = whole.judgements
    assert [arm.name for arm in first.arms] == ["baseline", "faster"]
    assert whole.arms.arms[1].runs == tuple(run.id for run in runs["faster"])
    assert [len(arm.runs) for arm in whole.arms.arms] == [2, 2]
    assert (whole.arms.paired, whole.arms.arms[1].changes) == (False, {"training.learning_rate": 2e-3})
    run = open_run(runs["faster"][0].id, study.baseline.output)
    assert run.record.parent_study == "lr"
    assert run.recipe().training.learning_rate == 2e-3
    recipes = [each.recipe() for each in runs["faster"]]
    assert [recipe.training.seed for recipe in recipes] == [1, 2]
    assert json.loads((output / "study.json").read_text(encoding="utf-8")) == whole.to_dict()
    assert whole.to_dict()["look"] == {"number": 1, "level": 0.05, "max_seeds": 2, "exploratory": None}
    looks = (output / "looks.json").read_text(encoding="utf-8")
    page = (output / "study.html").read_text(encoding="utf-8")
    assert f'href="../../runs/{run.id}/report.html"' in page
    assert whole.gaps["dev"]["faster"] is not None
    assert whole.convergence is not None
    assert [len(curve.steps) for curve in whole.convergence.curves["faster"]] == [2, 2]  # an epoch each
    with monkeypatch.context() as patch:
        patch.setattr(Workers, "map", lambda *_: pytest.fail("nothing was missing"))
        assert conduct(study, "lr").findings.judgements == (first,)
        patch.chdir(study_file.parent)
        capsys.readouterr()
        patch.setattr(sys, "argv", ["dalmeum", "study", str(study_file), "--json"])
        with pytest.raises(SystemExit):
            main()
        printed, noted = capsys.readouterr()
        folder = study_file.parent / "studies" / "study"
        assert json.loads(printed) == json.loads((folder / "study.json").read_text(encoding="utf-8"))
        assert f"\npage: {Path('studies', 'study', 'study.html')}\n" in noted
        assert (folder / "study.html").is_file()
    against = conduct(study, "lr", output, against="faster").findings
    assert (output / "looks.json").read_text(encoding="utf-8") == looks
    assert against.look == whole.look
    (turned,) = against.judgements
    assert against.baseline == "faster"
    assert turned.arms[0].name == "faster"
    assert turned.arms[1].difference is not None
    assert first.arms[1].difference is not None
    assert turned.arms[1].difference.difference == pytest.approx(-first.arms[1].difference.difference)
    more = load_study(study_file, ["seeds=[1, 2, 3]"])
    later = conduct(more, "lr", output, jobs=1)
    assert [len(those) for those in later.runs.values()] == [3, 3]
    assert len(run_folders(study)) == 6
    told = json.loads((output / "study.json").read_text(encoding="utf-8"))
    reason = "3 seeds are more than the 2 that looks were planned for (max_seeds)"
    assert told["look"] == {"number": None, "level": 0.05, "max_seeds": 2, "exploratory": reason}
    assert told["splits"]["dev"]["arms"]["faster"]["verdict"]["exploratory"] == reason
    page = (output / "study.html").read_text(encoding="utf-8")
    assert f"Exploratory, no verdict ({reason}): Pearson r on dev" in page
    # A plan changes no run, and has to be made before the first look.
    with monkeypatch.context() as patch:
        patch.setattr(Workers, "map", lambda *_: pytest.fail("nothing was missing"))
        planned = load_study(study_file, ["max_seeds=3"])
        (new,) = conduct(planned, "lr", study_file.parent / "new").findings.judgements
        assert new.level == pytest.approx(0.05 * 2 / 3)
        (again,) = conduct(planned, "lr", output).findings.judgements
        assert again.look is not None
        assert again.look.exploratory is not None
        assert again.look.exploratory.en == "max_seeds is 3, and was 2 at the first look"


def test_labels_that_do_not_vary_are_told_before_anything_is_run(study_file: Path, tmp_path: Path) -> None:
    dev = tmp_path / "dev.csv"
    rows = dev.read_text(encoding="utf-8").splitlines()
    same = [rows[0], *(",".join([*row.split(",")[:4], "3.0", "1"]) for row in rows[1:])]
    dev.write_text("\n".join(same) + "\n", encoding="utf-8")
    study = load_study(study_file)
    with pytest.raises(InputError, match="has no labels that vary: nothing can be judged on dev"):
        conduct(study, "lr", jobs=1)
    assert run_folders(study) == {}


def test_a_metric_without_a_row_is_told_before_anything_is_run(study_file: Path) -> None:
    study = load_study(study_file, ["metric=accuracy"])
    with pytest.raises(
        InputError, match="metric 'accuracy' is unknown: use one of pearson, spearman, rmse, mae"
    ):
        conduct(study, "lr", jobs=1)
    assert run_folders(study) == {}


def test_an_arm_with_other_pairs_to_judge_on_is_told_before_anything_is_run(
    study_file: Path, write_pairs: Write
) -> None:
    other = write_pairs("other.csv", 40, seed=9)
    study = load_study(study_file, [f"arms.faster={{data.dev: {other}}}"])
    with pytest.raises(InputError, match=r"other\.csv: holds other pairs or labels than .*dev\.csv: on dev"):
        conduct(study, "lr", jobs=1)
    assert run_folders(study) == {}


def test_failed_runs_leave_the_others_and_are_told(study_file: Path) -> None:
    study = load_study(study_file, ["arms={wild: {training.learning_rate: 1.0e+30}}"])
    with pytest.raises(DalmeumError) as caught:
        conduct(study, "lr", jobs=1)
    assert "2 of 4 runs failed, the first wild, seed 1: step" in str(caught.value)
    assert sorted(run_folders(study).values()) == ["failed", "failed", "finished", "finished"]


def test_a_place_that_takes_no_page_is_told_before_anything_runs(study_file: Path) -> None:
    study = load_study(study_file)
    with pytest.raises(InputError, match=r"study.yaml: can't be written"):
        conduct(study, "lr", study_file)
    assert run_folders(study) == {}


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_killed_three_times_ends_the_same_and_repeats_nothing(study_file: Path, tmp_path: Path) -> None:
    calm = load_study(study_file, [f"baseline.output={tmp_path / 'calm'}"])
    expected = conduct(calm, "lr", jobs=1).findings
    study = load_study(study_file)
    command = [
        sys.executable,
        "-m",
        "dalmeum",
        "study",
        str(study_file),
        "--jobs",
        "1",
        "-o",
        str(tmp_path / "page"),
    ]
    finished: set[str] = set()
    for kill in range(3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for_runs(study, kill + 1, process)
        time.sleep(0.5 * kill)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(1)  # its worker notices
        states = run_folders(study)
        assert finished <= {name for name, state in states.items() if state == "finished"}
        finished = {name for name, state in states.items() if state == "finished"}
    before = {name: (Path(study.baseline.output) / name / "run.json").stat().st_mtime_ns for name in finished}
    found = conduct(study, "lr", jobs=1).findings
    for name, written in before.items():
        assert (Path(study.baseline.output) / name / "run.json").stat().st_mtime_ns == written
    assert list(run_folders(study).values()) == ["finished"] * 4
    for one, other in zip(found.judgements[0].arms, expected.judgements[0].arms, strict=True):
        assert (one.score, one.difference, one.verdict) == (other.score, other.difference, other.verdict)


def wait_for_runs(study: Study, count: int, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while len(run_folders(study)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def test_folds_are_run_in_turn_and_judged_out_of_fold(study_file: Path) -> None:
    rows = "".join(f"{row},drawn,A dog runs {row}.,A dog sleeps {row}.,{row % 6}\n" for row in range(36))
    train = study_file.parent / "folds.csv"
    train.write_text("id,source,sentence_1,sentence_2,label\n" + rows, encoding="utf-8")
    study = load_study(
        study_file,
        [f"baseline.data={{train: {train}}}", "folds=3", "baseline.training.max_steps=2"],
    )
    output = study_file.parent / "out"
    conducted = conduct(study, "folds", output, jobs=2)
    result = conducted.findings
    assert {name: len(runs) for name, runs in conducted.runs.items()} == {"baseline": 6, "faster": 6}
    assert [run.recipe().data.fold for run in conducted.runs["baseline"]] == [0, 1, 2, 0, 1, 2]
    assert result.arms.folds == 3
    (judgement,) = result.judgements
    assert judgement.pairs == 36
    assert [arm.seeds for arm in judgement.arms] == [2, 2]
    diagnoses = result.diagnoses["dev"]
    assert diagnoses is not None
    assert [diagnosis and diagnosis.pairs for diagnosis in diagnoses.values()] == [36, 36]
    assert result.gaps["dev"] == {"baseline": None, "faster": None}
    assert (output / "study.html").is_file()
    before = run_folders(study)
    conduct(study, "folds", jobs=2)
    assert run_folders(study) == before


class Counted:
    """How often this process parses each file."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.predictions: Counter[Path] = Counter()
        self.data: Counter[str] = Counter()
        patch.setattr(reading, "read_predictions", self._read_predictions)
        patch.setattr(splits, "read_pairs", self._read_pairs)

    def _read_predictions(self, path: Path) -> ScoredPairs:
        self.predictions[path] += 1
        return read_predictions(path)

    def _read_pairs(self, source: str | Path, **options: Any) -> PairTable:
        self.data[str(source)] += 1
        return read_pairs(source, **options)


def all_runs(study: Study, output: Path) -> list[Run]:
    return [run for runs in conduct(study, "lr", output, jobs=2).runs.values() for run in runs]


def test_each_file_is_parsed_once(study_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = load_study(study_file, ["baseline.training.max_steps=2"])
    with monkeypatch.context() as patch:
        counted = Counted(patch)
        runs = all_runs(study, study_file.parent / "page")
    assert len(runs) == 4
    # Those of dev are of use to the verdict, the gap, the choice, the diagnosis and the kept evaluations.
    assert counted.predictions == Counter(
        run.predictions(split) for run in runs for split in ("train", "dev")
    )
    assert counted.data == Counter([study.baseline.data.train, study.baseline.data.dev])


def test_each_file_is_parsed_once_over_folds(study_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = study_file.parent
    data = f"baseline.data={{train: {folder / 'train.csv'}, test: {folder / 'dev.csv'}}}"
    limits = ["folds=5", "splits=[dev, test]", "baseline.training.max_steps=1"]
    study = load_study(study_file, [data, *limits])
    with monkeypatch.context() as patch:
        counted = Counted(patch)
        runs = all_runs(study, folder / "page")
    assert len(runs) == 20
    assert counted.predictions == Counter(run.predictions(split) for run in runs for split in ("dev", "test"))
    assert counted.data == Counter([study.baseline.data.train, study.baseline.data.test])
