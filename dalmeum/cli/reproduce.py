"""dalmeum reproduce: a submission's file made again from its manifest."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, TrustCodeOption
from dalmeum.cli.output import print_json


@documented(
    """Make a submission's file again from its manifest, and say whether it is the same.

    Models are taken from where they lie, by their content; those that are gone are trained anew. Nothing that
    differs is written over. Exit code 1 where it is different.""",
    """제출 파일을 매니페스트로 다시 만들고 같은지 알려 줍니다.

    모델은 내용으로 찾아 그대로 쓰고, 없어진 것은 다시 학습합니다. 다른 파일을 덮어쓰지 않습니다. 다르면
    종료 코드는 1입니다.""",
)
def reproduce(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST",
            help=help_text("FILE.manifest.json of a submission.", "제출의 FILE.manifest.json."),
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help=help_text("A new file, to be written in any case.", "다시 만든 것을 쓸 새 파일."),
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            help=help_text(
                "The folder of runs where models are looked for, and trained.",
                "모델을 찾고, 없으면 학습할 실행들의 폴더.",
            )
        ),
    ] = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.competition.reproduce import reproduce as make

    made = make(manifest, out, output=output, trust_code=trust_code)
    if json:
        print_json(made.to_dict())
    else:
        print(made)
    if not made.identical:
        raise typer.Exit(1)
