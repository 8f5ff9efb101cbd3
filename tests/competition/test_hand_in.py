"""What is made of the board's answers: numbers worked out by SciPy and by hand."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import pearsonr

from dalmeum.competition.hand_in import HandIn, hand_in, hand_in_lines, named
from dalmeum.competition.ledger import Submission
from dalmeum.competition.manifest import Judged, Manifest, dev_pairs
from dalmeum.errors import InputError
from dalmeum.runs.folder import Run
from dalmeum.runs.record import DataFile
from dalmeum.stats import best_two, shake_up
from dalmeum.stats.intervals import fisher
from tests.comparison.made import LABELS
from tests.experiments.made_runs import make_run, predicted

NOISES = (0.1, 0.5, 1.0, 2.0)


def line(made: Run, number: int, public: float | None, author: str = "Kim", **changes: Any) -> Submission:
    """A line of the ledger of a made run, whose dev score is what its predictions have."""
    found = dev_pairs(made)
    assert found is not None
    score = float(pearsonr(found[0].labels, found[1]).statistic)
    scores: Any = {"dev": {"pearson": {"value": score, "low": score - 0.01, "high": None}}}
    manifest = Manifest(
        file="x.csv",
        sha256=f"{number:064}",
        rows=600,
        created="2026-11-28T00:00:00+00:00",
        author=author,
        run=str(made.folder),
        members=(),
        test=DataFile("test.csv", 600, "0"),
        reading={},
        label_range=(0.0, 5.0),
        precision="auto",
        scores=scores,
        versions={},
        machine={},
        judged=Judged.of(found[0]),
    )
    values = dataclasses.replace(manifest, **changes).to_dict()
    return Submission(number, author, f"{number:064}", 1.8e9 + number, values, scores, public)


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    return [make_run(tmp_path / "runs", noise, 1) for noise in NOISES]


def test_public_and_dev(runs: list[Run], tmp_path: Path) -> None:
    public = [0.91, 0.93, 0.85, 0.70]
    ledger = [line(run, n, score) for n, (run, score) in enumerate(zip(runs, public, strict=True), 1)]
    found = hand_in(ledger, tmp_path / "runs")
    rows = np.stack([predicted("dev", noise, 1) for noise in NOISES])
    dev = np.array([pearsonr(LABELS["dev"], row).statistic for row in rows])
    value = float(pearsonr(dev, public).statistic)
    assert found.relation is not None
    assert found.relation.value == pytest.approx(value)
    assert found.relation.low == pytest.approx(fisher(value, 4).low)
    assert found.gap == pytest.approx(float((np.array(public) - dev).mean()))
    assert found.shaken == (1, 2, 3, 4)
    assert found.shake == shake_up(LABELS["dev"], rows)
    two = best_two(LABELS["dev"], rows, public, public_pairs=300, private_pairs=300)
    assert found.two == tuple(index + 1 for index in two)
    told = "\n".join(hand_in_lines(found))
    assert "over 4 submissions; public less dev is" in told
    assert "with so few submissions that correlation may be chance" in told
    assert f"hand in {found.two[0]} and {found.two[1]}" in told
    kept = found.to_dict()
    assert kept["shake_up"]["order_changes"] == pytest.approx(1 - found.shake.same_order)
    assert kept["submissions"][1]["public"] == 0.93


def test_few_answers_are_said_to_be_few(runs: list[Run], tmp_path: Path) -> None:
    ledger = [line(runs[0], 1, 0.9), line(runs[1], 2, 0.8), line(runs[2], 3, None)]
    found = hand_in(ledger, tmp_path)
    assert (found.related, found.relation) == (2, None)
    assert "public and dev: 2 submissions with both scores" in "\n".join(hand_in_lines(found))
    assert found.two is not None
    ledger = [line(run, n, 0.9) for n, run in enumerate(runs, 1)]
    same = hand_in(ledger, tmp_path)
    assert same.relation is not None
    assert np.isnan(same.relation.value)  # public scores that do not vary
    assert same.to_dict()["public_and_dev"]["value"] is None


def test_what_cant_be_compared_is_left_out_by_number(runs: list[Run], tmp_path: Path) -> None:
    gone = line(runs[3], 4, 0.7, run=str(tmp_path / "nowhere" / "gone"))
    other = line(runs[2], 3, 0.8, judged=Judged(10, "f" * 64))
    twin = dataclasses.replace(line(runs[0], 1, 0.9), number=5, author="이")
    ledger = [line(runs[0], 1, 0.9), line(runs[1], 2, 0.85), other, gone, twin]
    found = hand_in(ledger, tmp_path / "runs")
    assert [each.number for each in found.entries] == [1, 2, 3, 4]
    assert (found.other_dev, found.not_here, found.shaken, found.related) == ((3,), (4,), (1, 2), 3)
    told = "\n".join(hand_in_lines(found))
    assert "left out: 1 submission without a dev score, or of other dev pairs (3)" in told
    assert "left out of what follows: 1 submission whose run is not here (4)" in told


def test_nothing_and_what_an_older_version_wrote(tmp_path: Path) -> None:
    assert hand_in_lines(hand_in([], tmp_path))[0].startswith("nothing was handed in yet")
    odd = Submission(1, "Kim", "a" * 64, 1.8e9, {"members": ["a"]}, {}, 0.9)
    found = hand_in([odd], tmp_path)
    assert isinstance(found, HandIn)
    assert found.two is None
    assert "Kim" in "\n".join(hand_in_lines(found))


def test_a_submission_is_named_by_number_file_or_as_the_newest(runs: list[Run], tmp_path: Path) -> None:
    ledger = [line(runs[0], 1, None), line(runs[1], 2, None), line(runs[2], 3, None, author="이")]
    assert named(ledger, None, "Kim").number == 2
    assert named(ledger, "3", None).number == 3
    file = tmp_path / "x.csv"
    file.write_bytes(b"content")
    import hashlib

    known = dataclasses.replace(ledger[0], sha256=hashlib.sha256(b"content").hexdigest())
    assert named([known], str(file), None) == known
    for of, author, told in (
        (None, "Park", "Park: has handed nothing in"),
        ("9", None, "--of 9: no such submission"),
        (str(file), None, "no such submission is in the ledger"),
        ("none.csv", None, "neither a submission's number nor its file"),
    ):
        with pytest.raises(InputError, match=told):
            named(ledger, of, author)
