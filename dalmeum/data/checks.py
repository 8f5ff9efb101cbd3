"""`dalmeum check`: how tables look, and what in them would spoil a result."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.findings import (
    BinaryRule,
    binary_rule,
    encoding_findings,
    label_findings,
    leaked_rows,
    repeated_pairs,
    sentence_findings,
    shared_findings,
)
from dalmeum.data.groups import GroupSizes, dependence, sentence_groups
from dalmeum.data.keys import Keys, table_keys
from dalmeum.data.scale import scale_findings, scale_of
from dalmeum.data.table import PairTable
from dalmeum.data.telling import Finding
from dalmeum.languages import Text

__all__ = [
    "BinaryRule",
    "CheckReport",
    "Finding",
    "LabelBin",
    "Lengths",
    "TableSummary",
    "check_tables",
    "leaks",
    "shared_pairs",
    "spoils",
]

TokenCounter = Callable[[Sequence[tuple[str, str]]], Sequence[int]]
"""Pairs to the number of tokens of each, encoded as a pair."""

HISTOGRAM_BINS = 10


@dataclass(frozen=True)
class Lengths:
    """How long sentences are (characters, words) or whole pairs (tokens)."""

    unit: Literal["characters", "words", "tokens"]
    mean: float
    median: float
    percentile_95: float
    maximum: int


@dataclass(frozen=True)
class LabelBin:
    """The rows with a label in [low, high); the last bin holds its upper end too."""

    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class TableSummary:
    """One table: its size, sources (most rows first), labels and lengths.

    `groups` are of pairs that share sentences; None for a table without rows.
    """

    name: str
    rows: int
    sources: tuple[tuple[str, int], ...]
    labels: tuple[LabelBin, ...]
    label_mean: float | None
    binary_rule: BinaryRule | None
    similar: int | None
    lengths: tuple[Lengths, ...]
    groups: GroupSizes | None


@dataclass(frozen=True)
class CheckReport:
    """What `check_tables` found."""

    tables: tuple[TableSummary, ...]
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "problem")

    @property
    def ok(self) -> bool:
        return not self.problems


def check_tables(
    tables: Sequence[PairTable],
    *,
    count_tokens: TokenCounter | None = None,
) -> CheckReport:
    """Check tables one by one and against each other; time and memory grow with the number of rows.

    Sentences are compared after composing Unicode (NFC), folding case and collapsing white space.
    """
    keys = [table_keys(table) for table in tables]
    summaries = tuple(_summarise(table, key, count_tokens) for table, key in zip(tables, keys, strict=True))
    rules = [summary.binary_rule for summary in summaries]
    dependent = (dependence(table, each.groups) for table, each in zip(tables, summaries, strict=True))
    return CheckReport(summaries, (*_findings(tables, keys, rules), *filter(None, dependent)))


def spoils(tables: Sequence[PairTable]) -> tuple[Text, ...]:
    """What `check_tables` calls a problem of these tables, a line each."""
    rules = [binary_rule(table) for table in tables]
    found = _findings(tables, [table_keys(table) for table in tables], rules)
    return tuple(finding.message for finding in found if finding.severity == "problem")


def leaks(train: PairTable, table: PairTable) -> tuple[Text, ...]:
    """Pairs of a table that a model has learned from; nothing where there are none."""
    found = shared_findings(train, table_keys(train), table, table_keys(table))
    return tuple(finding.message for finding in found if finding.severity == "problem")


def shared_pairs(first: PairTable, second: PairTable) -> int:
    """How many pairs of the second table stand in the first, too."""
    return len(leaked_rows(table_keys(first), table_keys(second))[1])


def _findings(
    tables: Sequence[PairTable], keys: Sequence[Keys], rules: Sequence[BinaryRule | None]
) -> tuple[Finding, ...]:
    findings = scale_findings(tables)
    for table, key, rule in zip(tables, keys, rules, strict=True):
        scale = scale_of(table)
        findings += [Finding("note", "reader", warning, 1) for warning in table.warnings]
        findings += sentence_findings(table, key, scale)
        findings += repeated_pairs(table, key, scale)
        findings += label_findings(table, rule)
        findings += encoding_findings(table)
    for first, second in itertools.combinations(range(len(tables)), 2):
        findings += shared_findings(tables[first], keys[first], tables[second], keys[second])
    return tuple(sorted(findings, key=lambda finding: finding.severity != "problem"))


def _summarise(table: PairTable, keys: Keys, count_tokens: TokenCounter | None) -> TableSummary:
    characters = np.fromiter(map(len, itertools.chain(table.sentence1, table.sentence2)), np.int32)
    lengths = [_lengths("characters", characters), _lengths("words", keys.words)]
    if count_tokens:
        lengths.append(_lengths("tokens", np.asarray(count_tokens(list(table.pairs)), np.int32)))
    label = table.label
    bins: tuple[LabelBin, ...] = ()
    if label is not None:
        counts, edges = np.histogram(label, bins=HISTOGRAM_BINS, range=table.label_range)
        pairs = itertools.pairwise(float(edge) for edge in edges)
        bins = tuple(
            LabelBin(low, high, int(count)) for (low, high), count in zip(pairs, counts, strict=True)
        )
    return TableSummary(
        name=table.name,
        rows=len(table),
        sources=tuple(Counter(table.source).most_common()),
        labels=bins,
        label_mean=float(label.mean()) if label is not None and len(label) else None,
        binary_rule=binary_rule(table),
        similar=None if table.binary is None else int(table.binary.sum()),
        lengths=tuple(lengths),
        groups=GroupSizes.of(sentence_groups(table)) if len(table) else None,
    )


def _lengths(unit: Literal["characters", "words", "tokens"], counts: NDArray[np.int32]) -> Lengths:
    values = counts if len(counts) else np.zeros(1, np.int32)
    up_to = np.cumsum(np.bincount(values))

    def percentile(percent: float) -> float:
        """As NumPy's, without its copies of a column that may be long."""
        place = percent / 100 * (len(values) - 1)
        low, high = np.searchsorted(up_to, [math.floor(place), math.ceil(place)], side="right")
        return float(low + (high - low) * (place - math.floor(place)))

    return Lengths(unit, float(values.mean()), percentile(50), percentile(95), int(values.max()))
