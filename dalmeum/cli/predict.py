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
    LabelRangeOption,
    OutputOption,
    PrecisionOption,
    TrustCodeOption,
    parse_columns,
)
from dalmeum.cli.output import note_warnings, print_json
from dalmeum.errors import one_line
from dalmeum.files import check_output, check_writable
from dalmeum.languages import Text, counted_pairs


@documented(
    "Score the pairs of a file and write id,label,prediction,binary_prediction, or a submission file.",
    "파일의 문장쌍을 채점해 id,label,prediction,binary_prediction을, 또는 제출 파일을 씁니다.",
)
def predict(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help=help_text(
                "Run ids under --output, latest, or run or model folders; several answer with their mean, "
                "as do the runs of a study's arm (studies/NAME --arm ARM).",
                "--output 아래의 실행 id, latest, 또는 실행이나 모델의 폴더. 여럿이면 예측의 평균을 냅니다. "
                "studies/NAME --arm ARM은 비교 실험에서 그 조건에 속한 실행들의 평균입니다.",
            ),
        ),
    ],
    file: Annotated[
        str,
        typer.Argument(
            help=help_text("Pairs to score; labels are not needed.", "채점할 문장쌍. 레이블은 없어도 됩니다.")
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=help_text("The CSV file to write.", "결과를 쓸 CSV 파일."))
    ],
    arm: Annotated[
        str | None,
        typer.Option(
            help=help_text(
                "Of a study's folder, the arm whose runs answer.", "비교 실험 폴더에서 예측할 비교 조건."
            )
        ),
    ] = None,
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
    label_range: LabelRangeOption = None,
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.runs.folder import model_folder
    from dalmeum.runs.names import runs_named
    from dalmeum.runs.predictions import write_predictions, write_submission
    from dalmeum.runs.scoring import predicted

    runs = runs_named(runs, arm)
    check_output(out, [file, *(model_folder(run, output) for run in runs)])
    check_writable(out)
    table, predictions, told = predicted(
        runs,
        file,
        label_range=label_range,
        precision=precision,
        output=output,
        trust_code=trust_code,
        format=format,
        columns=parse_columns(columns),
        encoding=encoding,
    )
    note_warnings(told)
    if submission:
        write_submission(out, table, predictions)
    else:
        write_predictions(out, table, predictions)
    if json:
        run = runs[0] if len(runs) == 1 else runs
        print_json({"run": run, "file": file, "rows": len(table), "out": str(out)})
    else:
        done = Text("{pairs} scored: {out}", "{pairs} 채점: {out}")
        print(done.format(pairs=counted_pairs(len(table)), out=one_line(str(out))))
