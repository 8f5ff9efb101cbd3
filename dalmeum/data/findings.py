"""The single things that `dalmeum check` looks for, each a function from tables to findings.

A *problem* spoils a result: a score is flattered, or a model learns from a mistake. A *note* is worth
knowing. The line between them is drawn by published sets, which must not fail for being what they are:

- A pair shared by two tables is a problem, at any number: KorSTS (3), STS-B (7) and SICK (7) do share pairs
  between train and dev, few enough to hardly move a score, but each is a true leak and quickly dropped.
- A shared sentence is a note: 11 % of KorSTS dev rows and 97 % of SICK's trial rows have a sentence of train.
- One pair with two labels is a problem from half the label range apart. The annotators of published
  sets disagree by less: up to 1.4 in KorSTS and 0.6 in STS-B (0 to 5), 1.8 in SICK (1 to 5).
- Identical sentences are judged by the same distance from the top: translation made 42 of them in KorSTS,
  labelled down to 3.2.
- Mojibake is a problem from one pair in a thousand. It is told by its likelihood, and STS-B's train set has
  one true pair of it, which spoils nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.binary import implied_threshold
from dalmeum.data.keys import NOTHING, Keys
from dalmeum.data.oddities import ODDITIES, odd_rows
from dalmeum.data.scale import Scale
from dalmeum.data.table import PairTable
from dalmeum.data.telling import Finding, Severity, finding, line_of, pairs_told, row_findings, where
from dalmeum.languages import Text

Rows = NDArray[np.int64]

FAR_APART = 0.5
"""The part of the label range from which a difference is a mistake and no longer the annotators' noise."""

MOJIBAKE_SHARE = 0.001
"""The part of the pairs from which mojibake is a problem."""

_SPOILS_TEXT = {"replacement_character", "mojibake", "decomposed_hangul"}
_ROUNDING = 1e-9


@dataclass(frozen=True)
class BinaryRule:
    """The rule `binary = label >= threshold` that contradicts the fewest rows.

    Attributes:
        below: the next lower label of the data; any threshold over it, up to `threshold`, is the same rule.
        contradictions: the rows, from 0, that the rule gets wrong.
    """

    threshold: float
    below: float
    contradictions: tuple[int, ...]


def binary_rule(table: PairTable) -> BinaryRule | None:
    """The rule that a table's two label columns imply; None where they imply none."""
    if table.label is None or table.binary is None:
        return None
    threshold = implied_threshold(table.label, table.binary)
    if threshold is None:
        return None
    rows = np.flatnonzero((table.label >= threshold) != (table.binary == 1))
    below = float(table.label[table.label < threshold].max())
    return BinaryRule(threshold, below, tuple(int(row) for row in rows))


def sentence_findings(table: PairTable, keys: Keys, scale: Scale) -> list[Finding]:
    floor = scale.high - FAR_APART * (scale.high - scale.low)
    identical = (keys.first == keys.second) & ~keys.empty
    low = np.zeros_like(identical) if table.label is None else identical & (table.label <= floor + _ROUNDING)
    low_label = Text(
        f"of identical sentences with a label of {floor:g} or less",
        f"두 문장이 똑같은데 레이블이 {floor:g} 이하인",
    )
    same = Text("of identical sentences", "두 문장이 똑같은")
    empty = Text("with an empty sentence", "빈 문장이 있는")
    return [
        *row_findings("problem", "empty_sentence", table, empty, np.flatnonzero(keys.empty)),
        *row_findings("problem", "identical_low_label", table, low_label, np.flatnonzero(low)),
        *row_findings("note", "identical_sentences", table, same, np.flatnonzero(identical & ~low)),
    ]


def repeated_pairs(table: PairTable, keys: Keys, scale: Scale) -> list[Finding]:
    groups = _Groups.of(keys)
    earlier, rows = groups.repetitions()
    same_order = keys.first[earlier] == keys.first[rows]
    findings: list[Finding] = []
    for kind, which, what in (
        ("duplicate_pair", same_order, Text("repeated from an earlier row", "앞의 행을 되풀이하는")),
        (
            "swapped_pair",
            ~same_order,
            Text(
                "repeated from an earlier row, sentences swapped", "앞의 행을 문장 순서만 바꾸어 되풀이하는"
            ),
        ),
    ):
        count = int(which.sum())
        if count:
            told = pairs_told(count, what)
            found = zip(earlier[which], rows[which], strict=True)
            places = (_repetition(table, int(known), int(row)) for known, row in found)
            findings.append(finding("note", kind, table, told, places, count))
    return findings + _conflicts(table, groups, scale)


@dataclass(frozen=True)
class _Groups:
    """Rows that hold one pair, whichever sentence comes first; pairs that stand there once are in none.

    Attributes:
        rows: group by group, those of a group rising.
        starts: where in `rows` each group starts.
    """

    rows: Rows
    starts: Rows

    @classmethod
    def of(cls, keys: Keys) -> "_Groups":
        order = np.argsort(keys.pair, kind="stable")
        same = np.zeros(len(order) + 1, np.bool_)  # as the row before it, in this order
        same[1:-1] = np.diff(keys.pair[order]) == 0
        several = same[:-1] | same[1:]
        return cls(order[several], np.flatnonzero(~same[:-1][several]))

    def repetitions(self) -> tuple[Rows, Rows]:
        """The earliest row of each row that is not the earliest of its group, and these, rising."""
        earliest = np.repeat(self.rows[self.starts], np.diff(self.starts, append=len(self.rows)))
        again = np.delete(np.stack([earliest, self.rows]), self.starts, axis=1)
        earlier, rows = again[:, np.argsort(again[1])]
        return earlier, rows

    def of_group(self, group: int) -> list[int]:
        end = self.starts[group + 1] if group + 1 < len(self.starts) else len(self.rows)
        rows: list[int] = self.rows[self.starts[group] : end].tolist()
        return rows


def _repetition(table: PairTable, earlier: int, row: int) -> Text:
    again = Text("{row} repeats {earlier}", "{row} = {earlier}")
    return again.format(row=where(table, row), earlier=line_of(table, earlier))


def _conflicts(table: PairTable, groups: _Groups, scale: Scale) -> list[Finding]:
    label = table.label
    if label is None or not len(groups.starts):
        return []
    far_apart = FAR_APART * (scale.high - scale.low)
    ordered = label[groups.rows]
    spreads = np.maximum.reduceat(ordered, groups.starts) - np.minimum.reduceat(ordered, groups.starts)
    in_file = np.argsort(groups.rows[groups.starts])
    far, near = (
        in_file[found[in_file]]
        for found in (
            spreads >= far_apart - _ROUNDING,
            (spreads > _ROUNDING) & (spreads < far_apart - _ROUNDING),
        )
    )
    levels: tuple[tuple[Severity, Rows, Text], ...] = (
        (
            "problem",
            far,
            Text(f"with two labels, {far_apart:g} or more apart", f"레이블이 둘이고 {far_apart:g} 이상 다른"),
        ),
        (
            "note",
            near,
            Text(
                f"with two labels, less than {far_apart:g} apart",
                f"레이블이 둘이고 차이가 {far_apart:g} 미만인",
            ),
        ),
    )
    return [
        finding(
            severity,
            "label_conflict",
            table,
            pairs_told(len(found), what),
            (_labelled(table, label, groups.of_group(int(group))) for group in found),
            len(found),
        )
        for severity, found, what in levels
        if len(found)
    ]


def _labelled(table: PairTable, label: NDArray[np.float64], rows: list[int]) -> Text:
    """`train.csv, line 3 (4.2) and line 9 (1)`."""
    (first, *others) = rows[:4]
    places = [where(table, first), *(line_of(table, row) for row in others)]
    told = list(zip(places, (f"{label[row]:g}" for row in rows[:4]), strict=True))
    return Text(
        " and ".join(f"{place.en} ({value})" for place, value in told),
        ", ".join(f"{place.ko}({value})" for place, value in told),
    )


def label_findings(table: PairTable, rule: BinaryRule | None) -> list[Finding]:
    label, binary = table.label, table.binary
    findings: list[Finding] = []
    if label is not None and len(label) > 1 and np.ptp(label) == 0:
        what = Text(
            f"all labels are {label[0]:g}: no correlation exists on these pairs",
            f"레이블이 모두 {label[0]:g}이어서 이 문장쌍에서는 상관을 구할 수 없습니다",
        )
        findings.append(finding("problem", "constant_label", table, what, (), len(label)))
    if rule is not None:
        what = Text(
            f"whose binary label contradicts the threshold {rule.threshold:g} of the others",
            f"이진 레이블이 나머지가 따르는 기준값({rule.threshold:g})에 어긋나는",
        )
        findings += row_findings("problem", "binary_contradiction", table, what, rule.contradictions)
    elif binary is not None and label is not None and len(label):
        findings.append(_no_rule(table, binary))
    return findings


def _no_rule(table: PairTable, binary: NDArray[np.int64]) -> Finding:
    if np.ptp(binary) == 0:
        what = Text(
            f"every binary label is {binary[0]}: they imply no threshold",
            f"모든 이진 레이블이 {binary[0]}: 기준값을 알 수 없습니다",
        )
        return finding("note", "one_binary_label", table, what, (), len(binary))
    # Worse than a few contradictions: no threshold is better than calling all pairs alike.
    what = Text(
        "the binary labels follow no threshold on the labels; are they swapped?",
        "이진 레이블이 레이블의 어떤 기준값도 따르지 않습니다. 0과 1이 뒤바뀌지 않았나요?",
    )
    return finding("problem", "no_binary_rule", table, what, (), len(binary))


def encoding_findings(table: PairTable) -> list[Finding]:
    found = odd_rows(table.sentence1, table.sentence2)
    findings: list[Finding] = []
    for kind, rows in found.items():
        few = kind == "mojibake" and len(rows) < MOJIBAKE_SHARE * len(table)
        severity: Severity = "problem" if kind in _SPOILS_TEXT and not few else "note"
        findings += row_findings(severity, kind, table, ODDITIES[kind], rows)
    return findings


def shared_findings(
    first: PairTable, first_keys: Keys, second: PairTable, second_keys: Keys
) -> list[Finding]:
    earlier, leaks = leaked_rows(first_keys, second_keys)
    sentences = np.concatenate([first_keys.first, first_keys.second])
    sentences = sentences[sentences != NOTHING]
    touched = np.isin(second_keys.first, sentences) | np.isin(second_keys.second, sentences)
    findings: list[Finding] = []
    if len(leaks):
        share = len(leaks) / len(second)
        told = pairs_told(len(leaks), Text(f"({share:.1%}) also in {first.name}", f"{first.name}에도 있는"))
        what = Text(
            f"{told.en}: a score on one flatters a model trained on the other",
            f"{told.ko}({share:.1%}): 한쪽으로 학습한 모델은 다른 쪽에서 점수가 부풀려집니다",
        )
        same_pair = Text("{row} is {earlier}", "{row} = {earlier}")
        places = (
            same_pair.format(row=where(second, int(row)), earlier=where(first, int(known)))
            for known, row in zip(earlier, leaks, strict=True)
        )
        findings.append(finding("problem", "shared_pair", second, what, places, len(leaks)))
    if touched.any():
        share = float(touched.mean())
        rows = np.flatnonzero(touched)
        what = Text(
            f"with a sentence ({share:.1%}) that is also in {first.name}", f"{first.name}에도 있는 문장이 든"
        )
        told = pairs_told(len(rows), what)
        told = Text(told.en, f"{told.ko}({share:.1%})")
        places = (where(second, int(row)) for row in rows)
        findings.append(finding("note", "shared_sentence", second, told, places, len(rows)))
    return findings


def leaked_rows(first: Keys, second: Keys) -> tuple[Rows, Rows]:
    """The rows of the second table that stand in the first, too, behind the earliest row of each there."""
    order = np.argsort(first.pair, kind="stable")
    ordered = first.pair[order]
    place = np.searchsorted(ordered, second.pair)
    rows = np.flatnonzero(place < len(ordered))
    rows = rows[ordered[place[rows]] == second.pair[rows]]
    return order[place[rows]], rows
