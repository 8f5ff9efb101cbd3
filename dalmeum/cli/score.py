"""dalmeum score: two sentences, or pairs from standard input."""

import io
import json as json_text
import sys
from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, OutputOption, PrecisionOption, RunArgument, TrustCodeOption
from dalmeum.cli.output import note_warnings, print_json
from dalmeum.data.readers.decode import decode
from dalmeum.errors import DataError, InputError

STANDARD_INPUT = "standard input"


@documented(
    """Score two sentences, or pairs from standard input: a pair a line, the sentences parted by a tab, or as
    a JSON list of two. Files are scored by dalmeum predict.""",
    """두 문장을, 또는 표준 입력으로 들어오는 문장쌍을 채점합니다. 한 줄에 한 쌍씩, 두 문장을 탭으로 나누거나
    JSON 리스트로 적습니다. 파일은 dalmeum predict로 채점합니다.""",
)
def score(
    run: RunArgument,
    sentences: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT TEXT]",
            help=help_text(
                "Two sentences; without them, pairs are read from standard input.",
                "두 문장. 주지 않으면 문장쌍을 표준 입력에서 읽습니다.",
            ),
        ),
    ] = None,
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.runs.folder import model_folder
    from dalmeum.runs.scoring import predicted

    if sentences and len(sentences) != 2:
        given = "1 text is" if len(sentences) == 1 else f"{len(sentences)} texts are"
        raise InputError(
            f"score: {given} given: name two sentences, each in quotes; a file is scored by dalmeum predict"
        )
    model_folder(run, output)  # told before anything is asked of standard input
    pairs = [(sentences[0], sentences[1])] if sentences else read_lines(sys.stdin.buffer.read())
    _, predictions, told = predicted(
        run,
        pairs,
        precision=precision,
        output=output,
        trust_code=trust_code,
        name="score" if sentences else STANDARD_INPUT,
    )
    note_warnings(told)
    scores = predictions.similarity.tolist()
    if json:
        print_json({"run": run, "scores": scores})
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
