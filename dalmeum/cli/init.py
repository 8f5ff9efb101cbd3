"""dalmeum init: from data files to a recipe."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import ColumnsOption, JsonOption, parse_columns
from dalmeum.cli.output import print_json, print_places
from dalmeum.languages import Text
from dalmeum.progress import tell

MORE = Text("More of this: {call}", "더 자세히: {call}")
NEXT = Text("Next", "다음")


@documented(
    """From data files to a recipe: find columns and label scale, check the data, write a commented YAML file.

    Without --encoder the recipe trains the best that is installed: the offline encoder, or with a GPU e5
    from a Python package. Nothing is downloaded.""",
    """데이터 파일에서 레시피를 만듭니다: 열과 레이블 범위를 찾고, 데이터를 점검하고, 설명을 단 YAML 파일을
    씁니다.

    --encoder가 없으면 설치된 것 가운데 가장 좋은 모델을 학습하는 레시피입니다: 오프라인 인코더, GPU가
    있으면 파이썬 패키지에 든 e5. 내려받는 것은 없습니다.""",
)
def init(
    data: Annotated[
        list[str],
        typer.Argument(
            help=help_text(
                "Labelled pairs to train on, then dev and test if there are such files.",
                "레이블이 있는 학습 파일, 있으면 이어서 dev와 test 파일.",
            ),
            metavar="TRAIN [DEV] [TEST]",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help=help_text(
                "The recipe to write; by default named after the first file.",
                "쓸 레시피 파일. 없으면 첫 파일의 이름을 따릅니다.",
            ),
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help=help_text(
                "Train this encoder: package:e5, offline, a hub name as klue/roberta-base, or a folder.",
                "학습할 인코더: package:e5, offline, klue/roberta-base 같은 허브 이름, 폴더.",
            )
        ),
    ] = None,
    columns: ColumnsOption = None,
    json: JsonOption = False,
) -> None:
    from dalmeum.draft import check_call, draft_recipe, recipe_name, told, train_call, write_recipe

    draft = draft_recipe(data, encoder=encoder, columns=parse_columns(columns))
    path = out or recipe_name(data[0])
    write_recipe(draft, path)
    problems = draft.report.problems
    if json:
        print_json(
            {
                "recipe": str(path),
                "next": train_call(path),
                "model": {"kind": draft.model.kind, "encoder": draft.model.encoder},
                "data": {split: table.name for split, table in draft.tables.items()},
                "label_range": list(draft.label_range),
                "problems": [finding.message.en for finding in problems],
            }
        )
        return
    for finding in problems:
        tell(f"{Text('problem', '문제')}: {finding.message}")
    if problems:
        tell(MORE.format(call=check_call(draft, data)))
    print_places([*told(draft), (Text("recipe", "레시피"), path)])
    print(f"\n{NEXT}:\n  {train_call(path)}")
