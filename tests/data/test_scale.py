"""Labels on another scale than their range are a problem, and no identical sentences are accused for it."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.checks import check_tables, spoils
from dalmeum.data.scale import scale_of
from tests.conftest import REAL_DATA


def table(label: Sequence[float], name: str = "train.csv", ends: tuple[float, float] = (0, 5)) -> PairTable:
    texts = tuple(f"{name} {row}" for row in range(len(label)))
    # Every fourth pair is a sentence and itself.
    second = tuple(text if row % 4 == 3 else f"{text}'" for row, text in enumerate(texts))
    return PairTable(texts, ("",) * len(texts), texts, second, np.array(label), name=name, label_range=ends)


def over(low: float, high: float, count: int = 12) -> list[float]:
    """Labels from end to end; of identical sentences, the highest."""
    return [
        high if row % 4 == 3 else round(low + (high - low) * row / (count - 1), 3) for row in range(count)
    ]


def kinds(*tables: PairTable) -> list[str]:
    return [finding.kind for finding in check_tables(tables).problems]


def test_labels_from_0_to_1_under_a_range_of_0_to_5() -> None:
    (message,) = spoils([table(over(0, 1))])
    assert message.en == (
        "train.csv: labels go from 0 to 1, not over 0 to 5: if that is their scale, set "
        "data.label_range=[0,1] (--label-range 0 1)"
    )
    assert "data.label_range=[0,1]" in message.ko


@pytest.mark.parametrize(
    ("label", "ends", "setting"),
    [
        (over(0.05, 0.95), (0, 5), "[0,1]"),
        (over(0, 2), (0, 5), "[0,2]"),
        (over(0, 0.9), (-5, 5), None),  # over half of that range
        (over(-1, -0.5), (-1, 1), "[-1,0]"),
        (over(0, 5), (0, 100), "[0,5]"),
        (over(0, 34), (0, 100), "[0,40]"),
        (over(0, 4), (0, 5), None),
        (over(1, 5), (0, 5), None),
        (over(0, 1), (0, 1), None),
        (over(0, 1, 7), (0, 5), None),  # too few to tell
        ([0.5] * 12, (0, 5), None),  # all the same: told as such
    ],
)
def test_the_setting_is_named(label: list[float], ends: tuple[float, float], setting: str | None) -> None:
    found = check_tables([table(label, ends=ends)]).problems
    scales = [finding.message.en for finding in found if finding.kind == "label_scale"]
    assert len(scales) == (setting is not None)
    assert setting is None or f"set data.label_range={setting} " in scales[0]


def test_a_binary_column_as_label() -> None:
    (message,) = spoils([table([0, 1, 1, 1] * 3)])
    assert message.en == (
        "train.csv: labels are 0 and 1 alone, as in a binary column: name the scores' column as label, or "
        "set data.label_range=[0,1] (--label-range 0 1)"
    )


def test_identical_sentences_and_labels_are_judged_by_the_scale_that_labels_are_on() -> None:
    assert kinds(table([0.2, 0.4, 0.1, 1.0] * 3)) == ["label_scale"]
    assert kinds(table([0.2, 0.4, 0.1, 0.3] * 2 + [0.9] * 4)) == ["label_scale", "identical_low_label"]
    repeated = table([0.2, 0.9] * 6)
    first = tuple(f"{row // 2}" for row in range(12))
    repeated = dataclasses.replace(repeated, sentence1=first, sentence2=tuple(f"{text}'" for text in first))
    assert kinds(repeated) == ["label_scale", "label_conflict"]


def test_two_scales_in_one_experiment() -> None:
    train, dev = table(over(0, 5)), table(over(0, 1), "dev.csv")
    for tables in ([train, dev], [dev, train]):
        (finding,) = check_tables(tables).problems
        assert finding.kind == "two_scales"
        assert finding.message.en == (
            "dev.csv: labels go from 0 to 1, those of train.csv from 0 to 5: bring all files to one scale, "
            "and data.label_range to it"
        )
    percent = [table(over(0, 100), ends=(0, 100)), table(over(0, 5), "dev.csv", (0, 100))]
    assert kinds(*percent) == ["two_scales"]
    assert kinds(train, table(over(0, 4), "dev.csv"), dataclasses.replace(train, name="t", label=None)) == [
        "shared_pair"
    ]


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the public sets are not there")
@pytest.mark.parametrize(
    "file", ["korsts/sts-dev.tsv", "klue-sts/klue-sts-dev-even.json", "sick/SICK_trial.txt"]
)
def test_published_sets_are_on_their_scale(file: str, tmp_path: Path) -> None:
    read = read_pairs(REAL_DATA / file)
    assert scale_of(read) == scale_of(table(over(0, 5)))
    assert read.label is not None
    smaller = dataclasses.replace(read, label=read.label / 5)
    assert kinds(smaller)[0] == "label_scale"
    assert (scale_of(smaller).low, scale_of(smaller).high) == (0.0, 1.0)
