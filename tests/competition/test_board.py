"""The board: who is ranked beside whom, and what is said of each run."""

import json
import math
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import pearsonr

from dalmeum.competition.blend import blend_of
from dalmeum.competition.board import boards, correlations
from dalmeum.data import PairTable, Predictions
from dalmeum.errors import InputError
from dalmeum.pages.board import board_lines
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import write_predictions
from dalmeum.stats import paired_difference
from tests.comparison.made import LABELS
from tests.experiments.made_runs import Array, make_run, predicted

SECONDS = {"seconds": 900.0, "processor_seconds": 1800.0}


def rows(*runs: tuple[float, int]) -> Array:
    return np.stack([predicted("dev", *each) for each in runs])


def other_pairs(run: Run) -> None:
    """The run was judged on the first 100 pairs alone."""
    texts = ("",) * 100
    ids = tuple(f"dev-{number}" for number in range(100))
    table = PairTable(ids, texts, texts, texts, label=LABELS["dev"][:100])
    write_predictions(run.predictions("dev"), table, Predictions(predicted("dev", 0.3, 9)[:100]))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Three alike in one rank, one worse, one on other pairs, two on no board; and a study that judged."""
    folder = tmp_path / "runs"
    for seed in (1, 2):
        run = make_run(folder, 0.1, seed, {"question": "What is it?"}).update(author="Kim", training=SECONDS)
        run.write_metrics({"dev": {"pearson": {"value": 0.9 + seed / 100, "low": 0.85, "high": 0.95}}})
    make_run(folder, 0.12, 3).update(
        author="이", training=SECONDS, machine={"device": "cuda:0", "processes": 2}
    )
    make_run(folder, 2.0, 4).update(machine={"device": "cpu"}, training={"seconds": 9.0})
    other_pairs(make_run(folder, 0.3, 5))
    make_run(folder, 0.1, 6).update(state="failed")
    damaged = make_run(folder, 0.1, 7)
    damaged.predictions("dev").write_text("damaged", encoding="utf-8")
    study = tmp_path / "studies" / "alpha"
    study.mkdir(parents=True)
    arms = {"baseline": {"runs": ["2.0-4"]}, "mixture": {"runs": ["0.1-1", "0.1-2"]}}
    verdict = {"baseline": {"verdict": None}, "mixture": {"verdict": {"outcome": "better"}}}
    values = {"arms": arms, "splits": {"dev": {"arms": verdict}}}
    (study / "study.json").write_text(json.dumps(values), encoding="utf-8")
    (tmp_path / "studies" / "broken").mkdir()
    (tmp_path / "studies" / "broken" / "study.json").write_text('{"splits": []}', encoding="utf-8")
    return folder


def test_runs_are_ranked_on_the_same_pairs(output: Path) -> None:
    board, small = boards(output)
    assert (board.pairs, board.groups, board.name) == (300, None, "dev.csv")
    rows = {name: predicted("dev", *name) for name in ((0.1, 1), (0.1, 2), (0.12, 3), (2.0, 4))}
    scores = {f"{name[0]}-{name[1]}": pearsonr(LABELS["dev"], row).statistic for name, row in rows.items()}
    assert [run.id for run in board.runs] == sorted(scores, key=lambda name: -scores[name])
    ranks = {run.id: run.rank for run in board.runs}
    assert ranks == {"0.1-1": 1, "0.1-2": 1, "0.12-3": 1, "2.0-4": 4}
    best = rows[(float(board.runs[0].id.split("-")[0]), int(board.runs[0].id[-1]))]
    expected = paired_difference(LABELS["dev"], rows[(2.0, 4)], best)
    assert board.runs[3].to_best.low == pytest.approx(expected.low, abs=1e-12)
    assert [(run.id, run.rank) for run in small.runs] == [("0.3-5", 1)]
    assert small.pairs == 100
    errors = [row - LABELS["dev"] for row in (best, rows[(2.0, 4)])]
    assert board.error_correlations[0, 3] == pytest.approx(pearsonr(*errors).statistic)


def test_what_is_said_of_a_run(output: Path) -> None:
    by_id = {run.id: run for board in boards(output) for run in board.runs}
    first = by_id["0.1-1"]
    assert (first.author, first.idea, first.outcome) == ("Kim", "alpha: mixture", "better")
    assert (first.score.value, first.score.low, first.score.high) == (0.91, 0.85, 0.95)
    assert first.cost is not None
    assert (first.cost.hours, first.cost.of) == (0.5, "processor")
    gpu = by_id["0.12-3"].cost
    assert gpu is not None
    assert (gpu.hours, gpu.of) == (0.5, "gpu")
    worst = by_id["2.0-4"]
    assert (worst.cost, worst.author, worst.outcome) == (None, None, None)
    assert worst.idea == "alpha: baseline"
    assert worst.score.value == pytest.approx(pearsonr(LABELS["dev"], predicted("dev", 2.0, 4)).statistic)
    assert math.isnan(worst.score.low)


def test_the_table_of_the_terminal(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    lines = board_lines(boards(output), "runs")
    assert lines[0] == "dev.csv: 300 pairs, 4 runs"
    cells = {line.split()[1]: line.split() for line in lines[2:6]}
    assert cells["0.1-1"][0] == "1"
    assert cells["0.1-1"][2:10] == ["0.9100", "0.850", "to", "0.950", "Kim", "better", "0.50", "processor"]
    assert cells["0.1-1"][-2:] == ["alpha:", "mixture"]
    assert cells["2.0-4"][0] == "4"
    assert cells["0.12-3"][-4:-2] != []
    assert "dev.csv: 100 pairs, 1 run" in lines
    assert lines[-1].startswith("runs in one rank can't be told apart from its first")
    assert board_lines([], "runs") == ["no finished run in runs has labelled dev pairs to be ranked by"]


def test_json(output: Path) -> None:
    board = boards(output)[0].to_dict()
    assert board["pairs"] == 300
    last = board["runs"][-1]
    assert (last["rank"], last["run"], last["pearson"]["low"], last["cost"]) == (4, "2.0-4", None, None)
    assert 0 < last["errors_with_best"] < 1
    json.dumps(board, allow_nan=False)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Runs of two people whose errors are their own but for a part that all share."""
    for noise, seed in OWN:
        make_run(tmp_path / "runs", noise, seed).update(author="Kim" if seed == 1 else "이")
    return tmp_path / "runs"


OWN = ((1.0, 1), (1.0, 2), (1.4, 3))
NAMES = ["1.0-1", "1.0-2", "1.4-3"]


def test_what_each_run_adds_to_the_best_blend(three: Path) -> None:
    """The same as dalmeum blend says of the runs that its command names."""
    (board,) = boards(three)
    found = blend_of(NAMES, three)
    assert board.blend is not None
    assert (board.blend.score, board.blend.gain) == (found.score, found.gain)
    assert board.blend.best == board.runs[0].id
    assert board.blend.single == pytest.approx(pearsonr(LABELS["dev"], rows(*OWN)[0]).statistic, abs=0.05)
    parts = {run.id: run.part for run in board.runs}
    for member in found.members:
        part = parts[member.run.id]
        assert part is not None
        assert (part.weight, part.gain, part.share) == (member.weight, member.gain, member.share)
    assert board.blend.people == found.authors
    assert board.blend.command == f"dalmeum blend {' '.join(NAMES)} --runs {three} -o NAME"
    lines = board_lines([board], "runs")
    assert lines[-4].startswith(f"the best blend of these runs scores {found.score:.4f} on pairs")
    assert lines[-3] == f"write it: {board.blend.command}"
    assert lines[-2] == f"by person: 이 {found.authors['이']:.4f}, Kim {found.authors['Kim']:.4f}"
    (row,) = [line.split() for line in lines if "1.0-1 " in line and line.split()[0] == "1"]
    part = parts["1.0-1"]
    assert part is not None
    assert part.share is not None
    assert f" {part.gain:+.4f} {part.share:.4f}" in " ".join(row)
    told = json.loads(json.dumps(board.to_dict(), allow_nan=False))
    assert told["blend"]["shown"] is True
    assert told["blend"]["runs"] == NAMES
    assert told["runs"][0]["blend"].keys() == {"weight", "gain", "share"}


def test_blends_copies_and_other_scales_are_no_members(three: Path) -> None:
    """The oldest of copies is; a blend stands beside its members, and counts for none of them."""
    (before,) = boards(three)
    mean = rows(*OWN).mean(axis=0)
    for number, noise, scores in ((11, 8.0, rows((1.0, 2))[0]), (12, 8.1, mean), (13, 8.2, mean)):
        scored = {"train": LABELS["train"], "dev": scores}
        scale = {"label_range": [0, 6]} if number == 13 else None
        run = make_run(three, noise, number, scored=scored, data=scale)
        run.update(created=f"2030-01-01T00:00:{number}+00:00", author="Late")
    (three / "8.1-12" / "blend.json").write_text("{}", encoding="utf-8")
    (board,) = boards(three)
    assert {run.id for run in board.runs if run.part is None} == {"8.0-11", "8.1-12", "8.2-13"}
    assert board.blend is not None
    assert board.blend == before.blend
    line = next(line for line in board_lines([board], "runs") if "8.1-12" in line)
    assert line.split()[-2:] == ["-", "-"]
    by_run = {each["run"]: each["blend"] for each in board.to_dict()["runs"]}
    assert by_run["8.1-12"] is None


def test_seeds_that_answer_alike_show_no_gain(tmp_path: Path) -> None:
    """The blend is put beside the best run as it scores here, not as the best of other pairs happens to."""
    for seed in range(8):
        make_run(tmp_path / "runs", 0.05, seed)
    (board,) = boards(tmp_path / "runs")
    assert board.blend is not None
    assert not board.blend.is_shown
    lines = board_lines([board], "runs")
    assert lines[-3].startswith("the blend scores 0.")
    assert lines[-3].endswith("no gain is shown")
    assert not any(line.startswith("write it") for line in lines)


def test_one_run_is_no_blend(tmp_path: Path) -> None:
    make_run(tmp_path / "runs", 0.1, 1)
    (board,) = boards(tmp_path / "runs")
    assert board.blend is None
    assert board.to_dict()["blend"] is None
    assert board.runs[0].part is None


def test_fifty_runs_are_blended_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(50):
        make_run(tmp_path / "runs", 0.5 + seed / 50, seed).update(author=f"{seed % 4}")
    started = time.process_time()
    (board,) = boards(tmp_path / "runs")
    assert time.process_time() - started < 20  # about 1.5 on a quiet machine
    assert board.blend is not None
    assert board.blend.is_shown
    assert sum(board.blend.people.values()) == pytest.approx(board.blend.score, abs=0.01)
    monkeypatch.setattr("dalmeum.competition.best_blend.MOST_SHARED", 1)
    (board,) = boards(tmp_path / "runs")
    assert board.blend is not None
    assert board.blend.people == {}
    assert {run.part.share for run in board.runs if run.part is not None} == {None}


def test_sentences_that_pairs_share_count(tmp_path: Path) -> None:
    """As in `compare`: where the data file is there, groups of pairs are the draws."""
    data = tmp_path / "dev.csv"
    rows = [f"dev-{n},x,s{n // 3} a,t{n} b,{float(label)!r}" for n, label in enumerate(LABELS["dev"])]
    data.write_text("\n".join(["id,source,sentence_1,sentence_2,label", *rows]) + "\n", encoding="utf-8")
    for seed in (1, 2):
        make_run(tmp_path / "runs", 0.1, seed, data={"dev": str(data)}, train=str(data))
    (board,) = boards(tmp_path / "runs")
    assert board.groups == 100
    columns = [predicted("dev", 0.1, int(run.id[-1])) for run in board.runs]
    expected = paired_difference(LABELS["dev"], columns[1], columns[0], groups=np.arange(300) // 3)
    assert board.runs[1].to_best.low == pytest.approx(expected.low, abs=1e-12)


def test_no_folder_and_errors_that_do_not_vary(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder of runs"):
        boards(tmp_path / "none")
    assert boards(tmp_path) == []
    found = correlations(np.array([[1.0, 2.0, 4.0], [1.0, 1.0, 1.0]]))
    assert np.isnan(found[0, 1])
    assert correlations(np.array([[1.0, 2.0]])).shape == (1, 1)
