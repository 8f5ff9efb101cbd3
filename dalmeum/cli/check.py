"""`dalmeum check`: leaks, duplicates, label and binary disagreements, encodings."""

import dataclasses
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from dalmeum.cli.options import ColumnsOption, EncodingOption, FormatOption, JsonOption, parse_columns
from dalmeum.cli.output import print_json
from dalmeum.data import PairTable, read_pairs
from dalmeum.data.checks import CheckReport, Finding, TableSummary, TokenCounter, check_tables
from dalmeum.errors import DataError, InputError

WIDTH = 100
SHOWN_PLACES = 3
SHOWN_SOURCES = 12
BAR = 40


def check(
    data: Annotated[list[str], typer.Argument(help="Files of one experiment, or hub:owner/name?split=...")],
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    label_range: Annotated[
        tuple[float, float], typer.Option(metavar="LOW HIGH", help="Lowest and highest label.")
    ] = (0.0, 5.0),
    columns: ColumnsOption = None,
    encoder: Annotated[str | None, typer.Option(help="Count the tokens of this encoder, too.")] = None,
    json: JsonOption = False,
) -> None:
    """Report on data files, and find what would spoil a result: leaks between the files, contradicting
    labels, damaged text. Exit code 1 where there is such a problem."""
    count_tokens = _token_counter(encoder) if encoder else None
    tables = _read(data, format, encoding, label_range, parse_columns(columns))
    report = check_tables(tables, count_tokens=count_tokens)
    if json:
        print_json(report_json(report))
    else:
        typer.echo("\n".join(report_lines(report)))
    if not report.ok:
        raise typer.Exit(1)


def _read(
    data: Sequence[str],
    format: str,
    encoding: str,
    label_range: tuple[float, float],
    columns: dict[str, str],
) -> list[PairTable]:
    tables: list[PairTable] = []
    problems: list[str] = []
    for source in data:
        try:
            tables.append(
                read_pairs(source, format=format, encoding=encoding, label_range=label_range, columns=columns)
            )
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return tables


def _token_counter(encoder: str) -> TokenCounter:
    from transformers import AutoTokenizer

    from dalmeum.models.pretrained import locate_encoder

    folder_or_name = locate_encoder(encoder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder_or_name, trust_remote_code=False)
    # What a hub, a cache or a broken file raises is of many types, and all about the named encoder.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"--encoder: no tokenizer can be loaded from {encoder}: {reason}") from error

    def count_tokens(pairs: Sequence[tuple[str, str]]) -> list[int]:
        lengths: list[int] = []
        for start in range(0, len(pairs), 1000):
            one, two = zip(*pairs[start : start + 1000], strict=True)
            lengths += [len(ids) for ids in tokenizer(list(one), list(two), verbose=False)["input_ids"]]
        return lengths

    return count_tokens


def report_json(report: CheckReport) -> dict[str, Any]:
    result = {"ok": report.ok, **dataclasses.asdict(report)}
    for table, summary in zip(result["tables"], report.tables, strict=True):
        table["sources"] = dict(summary.sources)
        if summary.binary_rule:
            table["binary_rule"]["contradictions"] = len(summary.binary_rule.contradictions)
    return result


def report_lines(report: CheckReport) -> Iterator[str]:
    """The report for people, in lines of at most 100 columns where names and paths allow it."""
    for table in report.tables:
        yield from _table_lines(table)
        yield ""
    notes = [finding for finding in report.findings if finding.severity == "note"]
    for title, findings in (("Problems, which would spoil a result", report.problems), ("Notes", notes)):
        if findings:
            yield title
            for finding in findings:
                yield from _finding_lines(finding)
            yield ""
    yield f"{_count(len(report.problems), 'problem')}, {_count(len(notes), 'note')}"


def _table_lines(table: TableSummary) -> Iterator[str]:
    yield f"{table.name}: {_count(table.rows, 'pair')}"
    sources = [(name, rows) for name, rows in table.sources if name]
    if sources:
        shown = sources[:SHOWN_SOURCES]
        width = max(_columns(name) for name, _ in shown)
        yield f"  {_count(len(sources), 'source')}"
        yield from (f"    {name}{' ' * (width - _columns(name))} {rows:9,}" for name, rows in shown)
        if len(sources) > len(shown):
            yield f"    and {len(sources) - len(shown):,} more"
    yield from _label_lines(table)
    yield f"  {'lengths':10} {'mean':>8} {'median':>8} {'95 %':>8} {'longest':>8}"
    for length in table.lengths:
        numbers = f"{length.mean:8.1f} {length.median:8g} {length.percentile_95:8g} {length.maximum:8,}"
        yield f"  {length.unit:10} {numbers}{' (a pair)' if length.unit == 'tokens' else ''}"


def _label_lines(table: TableSummary) -> Iterator[str]:
    if table.label_mean is None:
        yield "  no labels"
    else:
        yield f"  labels, mean {table.label_mean:.2f}"
        most = max(1, *(interval.rows for interval in table.labels))
        for interval in table.labels:
            # A count above zero always shows.
            bar = "█" * -(-BAR * interval.rows // most)
            yield f"    {interval.low:5.2f} .. {interval.high:5.2f} {interval.rows:9,} {bar}".rstrip()
    if table.similar is not None:
        told = f"  binary labels: {table.similar:,} similar, {table.rows - table.similar:,} not"
        rule = table.binary_rule
        if rule:
            told += f"; they imply label >= {rule.threshold:g} (the next lower label is {rule.below:g})"
        yield told


def _finding_lines(finding: Finding) -> Iterator[str]:
    yield from textwrap.wrap(
        f"- {finding.message}", WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False
    )
    for place in finding.places[:SHOWN_PLACES]:
        yield f"      {place}"
    more = finding.count - SHOWN_PLACES
    if finding.places and more > 0:
        yield f"      and {more:,} more"


def _count(number: int, noun: str) -> str:
    return "1 " + noun if number == 1 else f"{number:,} {noun}s" if number else f"no {noun}s"


def _columns(text: str) -> int:
    """The columns of a terminal that `text` takes: Hangul and other wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
