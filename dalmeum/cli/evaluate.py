"""dalmeum evaluate: scores of a run on labelled pairs, each with an interval."""

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
    RunArgument,
    TrustCodeOption,
    parse_columns,
)
from dalmeum.cli.output import note_warnings, print_json
from dalmeum.languages import counted_pairs


@documented(
    "Score labelled pairs: Pearson, Spearman, RMSE, MAE and F1, overall, by source and by label bin.",
    "레이블이 있는 문장쌍을 채점합니다: 피어슨, 스피어만, RMSE, MAE, F1을 전체와 출처별, 레이블 구간별로.",
)
def evaluate(
    run: RunArgument,
    file: Annotated[str, typer.Argument(help=help_text("Labelled pairs.", "레이블이 있는 문장쌍."))],
    threshold: Annotated[
        float | None,
        typer.Option(
            help=help_text(
                "The lowest label that counts as similar, for F1; the run's own if not given.",
                "F1에서 유사로 보는 가장 낮은 레이블. 주지 않으면 실행의 값을 씁니다.",
            )
        ),
    ] = None,
    slices: Annotated[
        bool | None,
        typer.Option(
            help=help_text(
                "Scores by source and by label bin, too; without being asked not in JSON.",
                "출처별, 레이블 구간별 점수도 냅니다. JSON에는 이 옵션을 줄 때만 들어갑니다.",
            )
        ),
    ] = None,
    columns: ColumnsOption = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    label_range: LabelRangeOption = None,
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.pages.scores import metrics_lines, slice_lines
    from dalmeum.runs.scoring import evaluated

    table, evaluation, told = evaluated(
        run,
        file,
        threshold,
        label_range=label_range,
        precision=precision,
        output=output,
        trust_code=trust_code,
        format=format,
        columns=parse_columns(columns),
        encoding=encoding,
    )
    note_warnings(told)
    rows = len(table)
    metrics = evaluation.to_dict()
    if json:
        more = evaluation.slices_to_dict() if slices else {}
        warnings = [warning.en for warning in told]
        print_json({"run": run, "file": file, "rows": rows, "metrics": metrics, "warnings": warnings, **more})
        return
    print("\n".join(metrics_lines(metrics, str(counted_pairs(rows)))))
    if slices is not False:
        print("\n".join(slice_lines(evaluation)))
