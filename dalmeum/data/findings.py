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

import itertools
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.binary import implied_threshold
from dalmeum.data.oddities import ODDITIES, oddities
from dalmeum.data.table import PairTable

Severity = Literal["problem", "note"]
Key = tuple[str, str]
"""The two sentences of a pair, as they are compared."""

FAR_APART = 0.5
"""The part of the label range from which a difference is a mistake and no longer the annotators' noise."""

PLACES = 20
"""Places of a finding that are named; the rest are counted."""

MOJIBAKE_SHARE = 0.001
"""The part of the pairs from which mojibake is a problem."""

_SPOILS_TEXT = {"replacement_character", "mojibake", "decomposed_hangul"}
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Finding:
    """One kind of thing found in one table or between two.

    Attributes:
        kind: a stable name for programs.
        message: one line for people.
        count: how many rows (pairs, sentences) it is about.
        places: where the first 20 of them are.
    """

    severity: Severity
    kind: str
    message: str
    count: int
    places: tuple[str, ...] = ()


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


def pair_keys(table: PairTable) -> list[Key]:
    return [(_key(one), _key(two)) for one, two in table.pairs]


def _key(sentence: str) -> str:
    return " ".join(unicodedata.normalize("NFC", sentence).split()).casefold()


def _finding(
    severity: Severity, kind: str, table: PairTable, what: str, places: Iterable[str], count: int
) -> Finding:
    """`what` is told of `count` rows of `table`; nothing is built for more places than are shown."""
    shown = tuple(itertools.islice(places, PLACES))
    return Finding(severity, kind, f"{table.name}: {what}", count, shown)


def _rows(severity: Severity, kind: str, table: PairTable, what: str, rows: Sequence[int]) -> list[Finding]:
    if not rows:
        return []
    places = (table.where(row) for row in rows)
    return [_finding(severity, kind, table, f"{_count(len(rows), 'pair')} {what}", places, len(rows))]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def sentence_findings(table: PairTable, keys: list[Key]) -> list[Finding]:
    low, high = table.label_range
    floor = high - FAR_APART * (high - low)
    empty = [row for row, (one, two) in enumerate(keys) if not one or not two]
    identical = [row for row, (one, two) in enumerate(keys) if one == two and one]
    label = table.label
    wrong = [] if label is None else [row for row in identical if label[row] <= floor + _ROUNDING]
    rest = sorted(set(identical) - set(wrong))
    what = f"of identical sentences with a label of {floor:g} or less"
    return [
        *_rows("problem", "empty_sentence", table, "with an empty sentence", empty),
        *_rows("problem", "identical_low_label", table, what, wrong),
        *_rows("note", "identical_sentences", table, "of identical sentences", rest),
    ]


def repeated_pairs(table: PairTable, keys: list[Key]) -> list[Finding]:
    first: dict[Key, int] = {}
    groups: dict[int, list[int]] = {}
    duplicated: list[tuple[int, int]] = []
    swapped: list[tuple[int, int]] = []
    for row, (one, two) in enumerate(keys):
        earlier = first.setdefault((one, two) if one <= two else (two, one), row)
        if earlier == row:
            continue
        groups.setdefault(earlier, [earlier]).append(row)
        (duplicated if keys[earlier] == keys[row] else swapped).append((earlier, row))
    findings: list[Finding] = []
    for kind, repeats, what in (
        ("duplicate_pair", duplicated, "repeated from an earlier row"),
        ("swapped_pair", swapped, "repeated from an earlier row, sentences swapped"),
    ):
        if repeats:
            places = (f"{table.where(row)} repeats {_short(table, earlier)}" for earlier, row in repeats)
            told = f"{_count(len(repeats), 'pair')} {what}"
            findings.append(_finding("note", kind, table, told, places, len(repeats)))
    return findings + _conflicts(table, list(groups.values()))


def _conflicts(table: PairTable, groups: list[list[int]]) -> list[Finding]:
    label = table.label
    if label is None:
        return []
    far_apart = FAR_APART * (table.label_range[1] - table.label_range[0])
    spreads = [float(np.ptp(label[rows])) for rows in groups]
    far = [rows for rows, spread in zip(groups, spreads, strict=True) if spread >= far_apart - _ROUNDING]
    near = [
        rows
        for rows, spread in zip(groups, spreads, strict=True)
        if _ROUNDING < spread < far_apart - _ROUNDING
    ]
    levels: tuple[tuple[Severity, list[list[int]], str], ...] = (
        ("problem", far, f"two labels, {far_apart:g} or more apart"),
        ("note", near, f"two labels, less than {far_apart:g} apart"),
    )
    return [
        _finding(
            severity,
            "label_conflict",
            table,
            f"{_count(len(found), 'pair')} with {what}",
            (_labelled(table, label, rows) for rows in found),
            len(found),
        )
        for severity, found, what in levels
        if found
    ]


def _labelled(table: PairTable, label: NDArray[np.float64], rows: list[int]) -> str:
    """`train.csv, line 3 (4.2) and line 9 (1)`."""
    (first, *others) = rows[:4]
    places = [table.where(first), *(_short(table, row) for row in others)]
    return " and ".join(f"{place} ({label[row]:g})" for place, row in zip(places, rows[:4], strict=True))


def _short(table: PairTable, row: int) -> str:
    return table.where(row).removeprefix(f"{table.name}, ")


def label_findings(table: PairTable, rule: BinaryRule | None) -> list[Finding]:
    label, binary = table.label, table.binary
    findings: list[Finding] = []
    if label is not None and len(label) > 1 and np.ptp(label) == 0:
        what = f"every label is {label[0]:g}: no correlation can be learned or measured"
        findings.append(_finding("problem", "constant_label", table, what, (), len(label)))
    if rule is not None:
        what = f"whose binary label contradicts the threshold {rule.threshold:g} of the others"
        findings += _rows("problem", "binary_contradiction", table, what, rule.contradictions)
    elif binary is not None and label is not None and len(label):
        findings.append(_no_rule(table, binary))
    return findings


def _no_rule(table: PairTable, binary: NDArray[np.int64]) -> Finding:
    if np.ptp(binary) == 0:
        what = f"every binary label is {binary[0]}: they imply no threshold"
        return _finding("note", "one_binary_label", table, what, (), len(binary))
    # Worse than a few contradictions: no threshold is better than calling all pairs alike.
    what = "the binary labels follow no threshold on the labels; are they swapped?"
    return _finding("problem", "no_binary_rule", table, what, (), len(binary))


def encoding_findings(table: PairTable) -> list[Finding]:
    found: dict[str, list[int]] = {kind: [] for kind in ODDITIES}
    for row, (one, two) in enumerate(table.pairs):
        for kind in {*oddities(one), *oddities(two)}:
            found[kind].append(row)
    findings: list[Finding] = []
    for kind, rows in found.items():
        few = kind == "mojibake" and len(rows) < MOJIBAKE_SHARE * len(table)
        severity: Severity = "problem" if kind in _SPOILS_TEXT and not few else "note"
        findings += _rows(severity, kind, table, f"with {ODDITIES[kind]}", rows)
    return findings


def shared_findings(
    first: PairTable, first_keys: list[Key], second: PairTable, second_keys: list[Key]
) -> list[Finding]:
    pairs: dict[Key, int] = {}
    sentences: set[str] = set()
    for row, (one, two) in enumerate(first_keys):
        pairs.setdefault((min(one, two), max(one, two)), row)
        sentences.update((one, two))
    sentences.discard("")
    same = [(pairs.get((min(key), max(key))), row) for row, key in enumerate(second_keys)]
    leaks = [(earlier, row) for earlier, row in same if earlier is not None]
    touched = [row for row, (one, two) in enumerate(second_keys) if one in sentences or two in sentences]
    findings: list[Finding] = []
    if leaks:
        share = len(leaks) / len(second)
        what = (
            f"{_count(len(leaks), 'pair')} ({share:.1%}) also in {first.name}: "
            "a score on one flatters a model trained on the other"
        )
        places = (f"{second.where(row)} is {first.where(earlier)}" for earlier, row in leaks)
        findings.append(_finding("problem", "shared_pair", second, what, places, len(leaks)))
    if touched:
        what = f"with a sentence ({len(touched) / len(second):.1%}) that is also in {first.name}"
        findings += _rows("note", "shared_sentence", second, what, touched)
    return findings
