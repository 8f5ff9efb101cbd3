"""What is found in tables whose faults are planted by hand."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.checks import BinaryRule, CheckReport, Finding, LabelBin, Lengths, check_tables
from dalmeum.languages import Text

REAL_DATA = Path(__file__).parents[3] / "shared" / "data"


def table(
    pairs: Sequence[tuple[str, str]],
    label: Sequence[float] | None = None,
    binary: Sequence[int] | None = None,
    name: str = "train.csv",
) -> PairTable:
    rows = range(len(pairs))
    return PairTable(
        id=tuple(f"{name}-{row}" for row in rows),
        source=tuple("nsmc" if row % 3 else "slack" for row in rows),
        sentence1=tuple(one for one, _ in pairs),
        sentence2=tuple(two for _, two in pairs),
        label=None if label is None else np.array(label, dtype=np.float64),
        binary=None if binary is None else np.array(binary, dtype=np.int64),
        name=name,
        lines=tuple(row + 2 for row in rows),
    )


def found(report: CheckReport, kind: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.kind == kind]


def english(finding: Finding) -> tuple[str, ...]:
    return tuple(place.en for place in finding.places)


def test_a_clean_table_has_no_findings() -> None:
    report = check_tables([table([("가", "나"), ("다 라", "마"), ("바", "사")], [0, 2.5, 5])])
    assert report.findings == ()
    assert report.ok


def test_summary() -> None:
    pairs = [("a bc", "d"), ("efg h i", "j"), ("k", "l"), ("m", "n")]
    report = check_tables(
        [table(pairs, [0, 0.49, 0.5, 5], [0, 0, 1, 1])], count_tokens=lambda found: [10] * len(found)
    )
    (summary,) = report.tables
    assert summary.rows == 4
    assert summary.sources == (("slack", 2), ("nsmc", 2))
    assert summary.label_mean == pytest.approx(5.99 / 4)
    assert summary.labels[0] == LabelBin(0.0, 0.5, 2)
    assert [interval.rows for interval in summary.labels] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert summary.similar == 2
    # Characters: 4 1 7 1 1 1 1 1; the 95th percentile lies .65 of the way from 4 to 7.
    characters, words, tokens = summary.lengths
    assert characters.percentile_95 == pytest.approx(5.95)
    assert dataclasses.replace(characters, percentile_95=0.0) == Lengths("characters", 2.125, 1.0, 0.0, 7)
    assert (words.mean, words.median, words.maximum) == (1.375, 1.0, 3)
    assert tokens == Lengths("tokens", 10.0, 10.0, 10.0, 10)


def test_bins_follow_the_label_range() -> None:
    one_to_five = dataclasses.replace(table([("a", "b"), ("c", "d")], [1, 5]), label_range=(1, 5))
    (summary,) = check_tables([one_to_five]).tables
    assert summary.labels[0] == LabelBin(1.0, 1.4, 1)
    assert summary.labels[-1].rows == 1


def test_pairs_shared_between_tables_are_leaks() -> None:
    train = table([("A cat.", "A dog."), ("x", "y")])
    dev = table([("new", "pair"), ("a  dog.", "A CAT."), ("x", "other"), ("z", "w")], name="dev.csv")
    report = check_tables([train, dev])
    assert report.problems == (
        Finding(
            "problem",
            "shared_pair",
            Text(
                "dev.csv: 1 pair (25.0%) also in train.csv: "
                "a score on one flatters a model trained on the other",
                "dev.csv: train.csv에도 있는 문장쌍 1개(25.0%): "
                "한쪽으로 학습한 모델은 다른 쪽에서 점수가 부풀려집니다",
            ),
            1,
            (Text("dev.csv, line 3 is train.csv, line 2", "dev.csv 3행 = train.csv 2행"),),
        ),
    )
    assert found(report, "shared_sentence") == [
        Finding(
            "note",
            "shared_sentence",
            Text(
                "dev.csv: 2 pairs with a sentence (50.0%) that is also in train.csv",
                "dev.csv: train.csv에도 있는 문장이 든 문장쌍 2개(50.0%)",
            ),
            2,
            (Text("dev.csv, line 3", "dev.csv 3행"), Text("dev.csv, line 4", "dev.csv 4행")),
        )
    ]


def test_repeated_pairs_and_their_labels() -> None:
    pairs = [("가", "나"), ("가", "나"), ("나", "가"), ("다", "라"), ("라", "다")]
    report = check_tables([table(pairs, [1.0, 1.0, 1.5, 1.0, 3.5])])
    assert found(report, "duplicate_pair") == [
        Finding(
            "note",
            "duplicate_pair",
            Text(
                "train.csv: 1 pair repeated from an earlier row", "train.csv: 앞의 행을 되풀이하는 문장쌍 1개"
            ),
            1,
            (Text("train.csv, line 3 repeats line 2", "train.csv 3행 = 2행"),),
        )
    ]
    (swapped,) = found(report, "swapped_pair")
    assert english(swapped) == ("train.csv, line 4 repeats line 2", "train.csv, line 6 repeats line 5")
    far, near = found(report, "label_conflict")
    assert (far.severity, far.message.en) == (
        "problem",
        "train.csv: 1 pair with two labels, 2.5 or more apart",
    )
    assert english(far) == ("train.csv, line 5 (1) and line 6 (3.5)",)
    assert (near.severity, near.message.en) == (
        "note",
        "train.csv: 1 pair with two labels, less than 2.5 apart",
    )
    assert english(near) == ("train.csv, line 2 (1) and line 3 (1) and line 4 (1.5)",)


def test_the_binary_rule_and_what_contradicts_it() -> None:
    pairs = [(f"{row}", f"{row}'") for row in range(7)]
    report = check_tables([table(pairs, [0, 1, 2, 2.9, 3.0, 4, 4.5], [0, 1, 0, 0, 1, 1, 1])])
    assert report.tables[0].binary_rule == BinaryRule(threshold=3.0, below=2.9, contradictions=(1,))
    (contradiction,) = report.problems
    assert (
        contradiction.message.en
        == "train.csv: 1 pair whose binary label contradicts the threshold 3 of the others"
    )
    assert english(contradiction) == ("train.csv, line 3",)


def test_binary_columns_that_imply_nothing() -> None:
    pairs = [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")]
    (one_class,) = check_tables([table(pairs, [1, 2, 3, 4], [1, 1, 1, 1])]).findings
    assert (one_class.severity, one_class.kind) == ("note", "one_binary_label")
    (swapped,) = check_tables([table(pairs, [1, 2, 3, 4], [1, 1, 0, 0])]).findings
    assert (swapped.severity, swapped.kind) == ("problem", "no_binary_rule")


def test_empty_and_identical_sentences() -> None:
    pairs = [("가", " "), ("A b", "a  B"), ("나", "나"), ("다", "다")]
    report = check_tables([table(pairs, [0, 5, 2.5, 2.6])])
    assert {(finding.severity, finding.message.en, english(finding)) for finding in report.findings} == {
        ("problem", "train.csv: 1 pair with an empty sentence", ("train.csv, line 2",)),
        (
            "problem",
            "train.csv: 1 pair of identical sentences with a label of 2.5 or less",
            ("train.csv, line 4",),
        ),
        ("note", "train.csv: 2 pairs of identical sentences", ("train.csv, line 3", "train.csv, line 5")),
    }


def test_constant_labels() -> None:
    (finding,) = check_tables([table([("a", "b"), ("c", "d")], [3, 3])]).findings
    assert (finding.severity, finding.kind) == ("problem", "constant_label")


def test_mojibake_is_a_problem_from_one_pair_in_a_thousand() -> None:
    pairs = [(f"{row}", f"{row}'") for row in range(999)]
    assert not check_tables([table([*pairs, ("donâ€™t", "x")])]).ok
    (finding,) = check_tables([table([*pairs, ("y", "y'"), ("donâ€™t", "x")])]).findings
    assert (finding.severity, finding.kind, finding.count) == ("note", "mojibake", 1)


def test_reader_warnings_are_notes() -> None:
    warning = Text("x.csv: read as CP949", "x.csv: CP949로 읽음")
    warned = PairTable(("1",), ("",), ("a",), ("b",), name="x.csv", warnings=(warning,))
    assert check_tables([warned]).findings == (Finding("note", "reader", warning, 1),)


def test_places_are_limited_and_counts_are_not() -> None:
    report = check_tables([table([("", f"{row}") for row in range(50)])])
    (empty,) = report.problems
    assert (empty.count, len(empty.places)) == (50, 20)


def test_an_empty_table_and_no_tables() -> None:
    assert check_tables([]).ok
    assert check_tables([table([], [], [])]).ok


def test_time_grows_with_the_rows() -> None:
    pairs = [(f"한 남자가 기타 {row} 대를 친다.", f"누군가 기타를 {row} 번 친다.") for row in range(50_000)]
    one = table(pairs, np.linspace(0, 5, 50_000).tolist())
    start = time.perf_counter()
    report = check_tables([one, table([*pairs[:5], ("a", "b")], name="dev.csv")])
    # A comparison of every row with every other would take minutes.
    assert time.perf_counter() - start < 20
    assert report.problems[0].count == 5


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the public sets are not there")
def test_published_sets() -> None:
    korsts = [read_pairs(REAL_DATA / "korsts" / f"sts-{split}.tsv") for split in ("train", "dev")]
    (leak,) = check_tables(korsts).problems
    assert (leak.kind, leak.count) == ("shared_pair", 3)
    assert check_tables(korsts[:1]).ok
    assert check_tables([read_pairs(REAL_DATA / "sick" / "SICK_train.txt", label_range=(1, 5))]).ok
    klue = check_tables([read_pairs(REAL_DATA / "klue-sts" / "klue-sts-dev-even.json")])
    assert klue.findings == ()
    rule = klue.tables[0].binary_rule
    assert rule is not None
    assert (rule.threshold, rule.contradictions) == (3.0, ())
