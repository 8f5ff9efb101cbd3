"""dalmeum predict: scores for a file of pairs."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import (
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
from dalmeum.cli.output import note_warnings, pairs, print_json
from dalmeum.languages import Text


@documented(
    "Score the pairs of a file and write id,label,prediction,binary_prediction, or a submission file.",
    "파일의 문장쌍을 채점해 id,label,prediction,binary_prediction을, 또는 제출 파일을 씁니다.",
)
def predict(
    run: RunArgument,
    file: Annotated[
        str,
        typer.Argument(
            help=help_text("Pairs to score; labels are not needed.", "채점할 문장쌍. 레이블은 없어도 됩니다.")
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=help_text("The CSV file to write.", "결과를 쓸 CSV 파일."))
    ],
    submission: Annotated[
        bool,
        typer.Option(
            "--submission",
            help=help_text(
                "Write id,target, clipped to the label range, for a board.",
                "순위표에 낼 id,target을 레이블 범위로 잘라 씁니다.",
            ),
        ),
    ] = False,
    columns: ColumnsOption = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.data import read_pairs
    from dalmeum.evaluation.predict import score_table
    from dalmeum.runs.folder import load
    from dalmeum.runs.predictions import write_predictions, write_submission

    scorer = load(run, precision=precision, output=output, trust_code=trust_code)
    table = read_pairs(
        file,
        format=format,
        columns=parse_columns(columns),
        encoding=encoding,
        label_range=scorer.label_range,
    )
    predictions = score_table(scorer, table)
    note_warnings(table.warnings)
    if submission:
        write_submission(out, table, predictions)
    else:
        write_predictions(out, table, predictions)
    if json:
        print_json({"run": run, "file": file, "rows": len(table), "out": str(out)})
    else:
        print(Text("{pairs} scored: {out}", "{pairs} 채점: {out}").format(pairs=pairs(len(table)), out=out))
