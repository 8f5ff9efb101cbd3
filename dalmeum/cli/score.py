"""dalmeum score: two sentences, pairs from standard input, or a file of any size."""

import io
import json as json_text
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import (
    BackendOption,
    ColumnsOption,
    EncodingOption,
    FormatOption,
    JsonOption,
    OutputOption,
    PrecisionOption,
    RunArgument,
    TrustCodeOption,
    parse_columns,
)
from dalmeum.cli.output import note_warnings, print_json
from dalmeum.data.readers.decode import decode
from dalmeum.errors import DataError, InputError, one_line
from dalmeum.files import is_device
from dalmeum.languages import Text, counted_pairs

STANDARD_INPUT = "standard input"
FROM_INPUT = "-"

DONE = Text("{pairs} scored, {rate:,.0f} a second: {out}", "{pairs} 채점, 초당 {rate:,.0f}개: {out}")
ALREADY = Text("{out}: is whole already", "{out}: 이미 다 채점되어 있습니다")


@documented(
    """Score a file of pairs, two sentences, or pairs from standard input.

    Of a file (CSV, TSV, JSONL, Parquet) all columns are kept, and a column of scores is added; it may be of
    any size. Without a file and sentences, pairs come from standard input, one a line: sentences parted by a
    tab, or as a JSON list of two.""",
    """문장쌍 파일이나 두 문장, 또는 표준 입력으로 들어오는 문장쌍을 채점합니다.

    파일(CSV, TSV, JSONL, Parquet)은 열을 모두 그대로 두고 점수 열을 더하며, 아무리 커도 됩니다. 파일도 문장도
    주지 않으면 문장쌍을 표준 입력에서 읽습니다. 한 줄에 한 쌍씩, 두 문장을 탭으로 나누거나 JSON 리스트로
    적습니다.""",
)
def score(
    run: RunArgument,
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE | TEXT TEXT]",
            help=help_text(
                "A file of pairs, - for one on standard input, or two sentences.",
                "문장쌍 파일(표준 입력이면 -), 또는 두 문장.",
            ),
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help=help_text(
                "The file to write: .csv, .tsv, .jsonl or .parquet.",
                "결과를 쓸 파일. .csv, .tsv, .jsonl, .parquet 중 하나.",
            ),
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help=help_text(
                "Go on with a scoring that was cut off, in OUT.parts.",
                "중단된 채점을 OUT.parts에서 이어서 합니다.",
            ),
        ),
    ] = False,
    cluster: Annotated[
        bool,
        typer.Option(
            "--cluster",
            help=help_text(
                "Score on many workers at once by Ray, on this machine or on RAY_ADDRESS.",
                "Ray로 여러 작업자가 함께 채점합니다. 이 기계에서, 또는 RAY_ADDRESS의 클러스터에서.",
            ),
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=help_text(
                "With --cluster, how many at once; by default one a processor or GPU.",
                "--cluster에서 동시에 일할 작업자 수. 주지 않으면 프로세서나 GPU마다 하나.",
            ),
        ),
    ] = None,
    column: Annotated[
        str, typer.Option(help=help_text("The name of the new column.", "점수를 쓸 열의 이름."))
    ] = "score",
    columns: ColumnsOption = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    precision: PrecisionOption = "auto",
    backend: BackendOption = "auto",
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help=help_text(
                "What dalmeum export wrote, where it is not in the run's folder.",
                "dalmeum export가 쓴 폴더. 실행 폴더 안에 있으면 생략.",
            ),
        ),
    ] = None,
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    given = given or []
    if out is not None:
        if len(given) != 1:
            raise InputError(f"score -o {out}: name the file of pairs to score, or - for standard input")
        from dalmeum.serving.score_file import score_file

        scored = score_file(
            run,
            given[0],
            out,
            resume=resume,
            cluster=cluster,
            workers=workers,
            column=column,
            format=format,
            columns=parse_columns(columns),
            encoding=encoding,
            precision=precision,
            backend=backend,
            export=export,
            output=output,
            trust_code=trust_code,
        )
        note_warnings(scored.warnings)
        if json:
            print_json({"run": run, "file": given[0], **scored.to_dict()})
        else:
            told = ALREADY if scored.rate is None else DONE
            place = one_line(str(out))
            done = told.format(pairs=counted_pairs(scored.rows), rate=scored.rate or 0, out=place)
            # Rows that went to standard output stay alone there.
            print(done, file=sys.stderr if is_device(out) else sys.stdout)
        return
    if len(given) == 1 and given != [FROM_INPUT] and os.path.exists(given[0]):
        raise InputError(f"score {given[0]}: name the file to write, as in -o scores.csv")
    if given not in ([], [FROM_INPUT]) and len(given) != 2:
        count = "1 text is" if len(given) == 1 else f"{len(given)} texts are"
        raise InputError(
            f"score: {count} given: name two sentences, each in quotes, or a file that is there, and -o"
        )
    _score_texts(run, given, backend, export, precision, output, trust_code, json)


def _score_texts(
    run: str,
    given: list[str],
    backend: str,
    export: Path | None,
    precision: str,
    output: Path,
    trust_code: bool,
    json: bool,
) -> None:
    from dalmeum.serving.backends import chosen_backend

    # Of a few sentences nobody waits to know what is quickest.
    choice = chosen_backend(run, backend, export=export, precision=precision, output=output, measure=False)
    if len(given) != 2 and sys.stdin is None:
        raise InputError("standard input is closed: name two sentences, or a file and -o")
    if len(given) == 2 and precision == "auto":
        precision = "float32"  # of so little a shorter type saves no time
    typed = [(given[0], given[1])] if len(given) == 2 else read_lines(sys.stdin.buffer.read())
    name = "score" if len(given) == 2 else STANDARD_INPUT
    if choice.export is None:
        from dalmeum.runs.scoring import predicted

        _, predictions, warnings = predicted(
            run,
            typed,
            precision=precision,
            output=output,
            trust_code=trust_code,
            quick=len(given) == 2,
            name=name,
        )
        scores = predictions.similarity.tolist()
    else:
        from dalmeum.data import read_pairs
        from dalmeum.data.splits import data_warnings
        from dalmeum.serving.backends import opened

        table = read_pairs(typed, name=name)
        warnings = tuple(data_warnings([table]))
        scores = opened(choice, run, precision, output).score(list(table.pairs), name=name).tolist()
    note_warnings(warnings)
    if json:
        print_json({"run": run, "scores": scores, "warnings": [str(each) for each in warnings]})
    else:
        print("\n".join(f"{each:.4f}" for each in scores))


def read_lines(data: bytes) -> list[tuple[str, str]]:
    """The pairs of standard input; `DataError` with all lines that are none, or where there is no line."""
    text = decode(io.BytesIO(data), STANDARD_INPUT, "auto").read()
    pairs, problems = [], []
    for number, line in enumerate(text.splitlines(), 1):
        pair = _pair(line)
        if pair is not None:
            pairs.append(pair)
        elif line.strip():
            problems.append(
                f"{STANDARD_INPUT}, line {number}: is no pair: two sentences with a tab between them, "
                "or a JSON list of two"
            )
    if problems or not pairs:
        raise DataError(problems or [f"{STANDARD_INPUT}: is empty"])
    return pairs


def _pair(line: str) -> tuple[str, str] | None:
    found: object = line.split("\t")
    if line.startswith("[") and line.count("\t") != 1:
        try:
            found = json_text.loads(line)
        except (ValueError, RecursionError):
            return None
    match found:
        case [str(one), str(two)]:
            return one, two
    return None
