"""`dalmeum check`: leaks, duplicates, label and binary disagreements, encodings."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import ColumnsOption, EncodingOption, FormatOption, JsonOption, parse_columns
from dalmeum.cli.output import print_json
from dalmeum.data import PairTable
from dalmeum.data.checks import CheckReport, Finding, TableSummary, TokenCounter, check_tables
from dalmeum.data.groups import GroupSizes
from dalmeum.draft.reading import read_found
from dalmeum.errors import DataError, one_line
from dalmeum.languages import Text, counted
from dalmeum.models.pretrained import check_encoder
from dalmeum.recipe import ModelRecipe
from dalmeum.terminal import table, terminal_width, wrapped

SHOWN_PLACES = 3
SHOWN_SOURCES = 12
BAR, BESIDE_BAR = 40, 40
"""Columns of the longest bar, and those that the rest of its table may need."""

PROBLEMS = Text("Problems, which would spoil a result", "문제: 결과를 망칩니다")
NOTES = Text("Notes", "참고")
PAIRS = Text("pairs", "문장쌍")
LENGTHS = (
    Text("lengths", "길이"),
    Text("mean", "평균"),
    Text("median", "중앙값"),
    "95 %",
    Text("longest", "최대"),
)
UNITS = {
    "characters": Text("characters", "글자"),
    "words": Text("words", "어절"),
    "tokens": Text("tokens of a pair", "쌍의 토큰"),
}


@documented(
    """Report on data files, and find what would spoil a result: leaks between the files, contradicting
    labels, damaged text. Exit code 1 where there is such a problem.""",
    """데이터 파일을 살펴보고 결과를 망칠 것을 찾습니다: 파일 사이의 누출, 서로 어긋나는 레이블, 깨진 글자.
    그런 문제가 있으면 종료 코드 1로 끝납니다.""",
)
def check(
    data: Annotated[
        list[str],
        typer.Argument(
            help=help_text(
                "Files of one experiment, or hub:owner/name?split=...",
                "한 실험에 쓰는 파일들, 또는 hub:owner/name?split=...",
            )
        ),
    ],
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    label_range: Annotated[
        tuple[float, float],
        typer.Option(
            metavar="LOW HIGH",
            help=help_text("Lowest and highest label.", "가장 낮은 레이블과 가장 높은 레이블."),
        ),
    ] = (0.0, 5.0),
    columns: ColumnsOption = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help=help_text(
                "Try this encoder, and count its tokens and what it can't read.",
                "이 인코더를 불러 시험하고, 토큰 수와 읽지 못하는 비율도 셉니다.",
            )
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    if encoder:
        check_encoder(ModelRecipe(encoder=encoder))
    tables = _read(data, format, encoding, label_range, parse_columns(columns))
    tried = _tried(encoder) if encoder else None
    report = check_tables(tables, count_tokens=_token_counter(tried.tokenizer) if tried else None)
    if tried:
        found = (*report.findings, *_encoder_findings(tried, tables))
        problems_first = sorted(found, key=lambda finding: finding.severity != "problem")
        report = dataclasses.replace(report, findings=tuple(problems_first))
    if json:
        print_json(report_json(report))
    else:
        print("\n".join(report_lines(report)))
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
    named: Mapping[str, str] = columns
    for source in data:
        first = source == data[0]  # as `init` does: the others may be a test's, without labels
        try:
            table, found = read_found(
                source, named, find_labels=first, format=format, encoding=encoding, label_range=label_range
            )
        except DataError as error:
            problems += error.problems
            continue
        tables.append(table)
        named = found if first else named
    if problems:
        raise DataError(problems)
    return tables


def _tried(encoder: str) -> Any:
    from dalmeum.models.kinds import try_encoder  # torch only where it is used

    return try_encoder(encoder)


def _token_counter(tokenizer: Any) -> TokenCounter:
    def count_tokens(pairs: Sequence[tuple[str, str]]) -> list[int]:
        lengths: list[int] = []
        for start in range(0, len(pairs), 1000):
            one, two = zip(*pairs[start : start + 1000], strict=True)
            lengths += [len(ids) for ids in tokenizer(list(one), list(two), verbose=False)["input_ids"]]
        return lengths

    return count_tokens


def _encoder_findings(encoding: Any, tables: Sequence[PairTable]) -> Iterator[Finding]:
    """What was settled when the encoder was loaded, and how well its vocabulary covers each table."""
    from dalmeum.models.encoders.coverage import coverage

    yield from (Finding("note", "encoder", note, 1) for note in encoding.notes)
    for pairs in tables:
        found = coverage(encoding.tokenizer, (*pairs.sentence1, *pairs.sentence2))
        message = Text(f"{pairs.name}: {found.told.en}", f"{pairs.name}: {found.told.ko}")
        yield Finding("note" if found.readable else "problem", "vocabulary", message, len(pairs))


def report_json(report: CheckReport) -> dict[str, Any]:
    """The report for programs, in English whatever the terminal's language."""
    result = {"ok": report.ok, **dataclasses.asdict(report)}
    for told, summary in zip(result["tables"], report.tables, strict=True):
        told["sources"] = dict(summary.sources)
        if summary.binary_rule:
            told["binary_rule"]["contradictions"] = len(summary.binary_rule.contradictions)
    for found, finding in zip(result["findings"], report.findings, strict=True):
        found["message"] = finding.message.en
        found["places"] = [place.en for place in finding.places]
    return result


def report_lines(report: CheckReport) -> Iterator[str]:
    """The report for people, in lines of the terminal's width where names and paths allow it."""
    for summary in report.tables:
        yield from _table_lines(summary)
        yield ""
    notes = [finding for finding in report.findings if finding.severity == "note"]
    for title, findings in ((PROBLEMS, report.problems), (NOTES, notes)):
        if findings:
            yield str(title)
            for finding in findings:
                yield from _finding_lines(finding)
            yield ""
    problems = Text(_count(len(report.problems), "problem"), f"문제 {len(report.problems):,}건")
    yield f"{problems}, {Text(_count(len(notes), 'note'), f'참고 {len(notes):,}건')}"


def _table_lines(summary: TableSummary) -> Iterator[str]:
    yield f"{one_line(summary.name)}: {Text(_count(summary.rows, 'pair'), f'문장쌍 {summary.rows:,}개')}"
    sources = [(name, f"{rows:,}") for name, rows in summary.sources if name]
    if sources:
        shown = sources[:SHOWN_SOURCES]
        title = Text(_count(len(sources), "source"), f"출처 {len(sources):,}개")
        yield from _table([(title, PAIRS), *shown], right=[1])
        if len(sources) > len(shown):
            yield f"  {_more(len(sources) - len(shown))}"
    yield from _label_lines(summary)
    if summary.groups is not None and not summary.groups.stand_alone:
        yield from _sentence(str(_groups(summary.groups)))
    lengths = [
        (
            UNITS[each.unit],
            f"{each.mean:.1f}",
            f"{each.median:g}",
            f"{each.percentile_95:g}",
            f"{each.maximum:,}",
        )
        for each in summary.lengths
    ]
    yield from _table([LENGTHS, *lengths], right=[1, 2, 3, 4])


def _label_lines(summary: TableSummary) -> Iterator[str]:
    if summary.label_mean is None:
        yield f"  {Text('no labels', '레이블 없음')}"
    else:
        mean = f"{summary.label_mean:.2f}"
        most = max(1, *(interval.rows for interval in summary.labels))
        longest = max(1, min(BAR, terminal_width() - BESIDE_BAR))
        # A count above zero always shows.
        bins = [
            (f"{each.low:.2f} .. {each.high:.2f}", f"{each.rows:,}", "█" * -(-longest * each.rows // most))
            for each in summary.labels
        ]
        title = Text(f"labels, mean {mean}", f"레이블, 평균 {mean}")
        yield from _table([(title, PAIRS, ""), *bins], right=[1])
    if summary.similar is not None:
        yield from _sentence(_binary_rule(summary))


def _binary_rule(summary: TableSummary) -> str:
    similar, rest = f"{summary.similar:,}", f"{summary.rows - (summary.similar or 0):,}"
    told = Text(
        f"binary labels: {similar} similar, {rest} not", f"이진 레이블: 유사 {similar}개, 비유사 {rest}개"
    )
    rule = summary.binary_rule
    if rule is None:
        return str(told)
    threshold = Text(
        f"they imply label >= {rule.threshold:g} (the next lower label is {rule.below:g})",
        f"유사의 기준은 레이블 {rule.threshold:g} 이상(바로 아래 레이블은 {rule.below:g})",
    )
    return f"{told}; {threshold}"


def _groups(sizes: GroupSizes) -> Text:
    return Text(
        "{count:,} groups of pairs that share sentences, the largest of {largest:,} ({share:.0%} of the sum "
        "of squared sizes)",
        "같은 문장이 든 쌍끼리 묶은 {count:,}개 묶음, "
        "가장 큰 묶음은 {largest:,}쌍(크기 제곱합의 {share:.0%})",
    ).format(count=sizes.count, largest=sizes.largest, share=sizes.largest_share)


def _finding_lines(finding: Finding) -> Iterator[str]:
    yield from _sentence(f"- {finding.message}")
    for place in finding.places[:SHOWN_PLACES]:
        yield f"      {place}"
    more = finding.count - SHOWN_PLACES
    if finding.places and more > 0:
        yield f"      {_more(more)}"


def _table(rows: Sequence[Sequence[object]], *, right: Sequence[int]) -> Iterator[str]:
    yield from (f"  {line}" for line in table(rows, width=terminal_width() - 2, right=right))


def _sentence(text: str) -> list[str]:
    return wrapped(text, terminal_width(), first="  ", rest="    ")


def _more(number: int) -> Text:
    return Text(f"and {number:,} more", f"외 {number:,}개")


def _count(number: int, noun: str) -> str:
    return counted(number, noun) if number else f"no {noun}s"
