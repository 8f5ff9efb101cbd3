"""dalmeum runs: the runs here, in a table."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption
from dalmeum.cli.output import note_page, note_warnings, print_json
from dalmeum.errors import InputError, one_line
from dalmeum.languages import Text


@documented(
    """List the runs here: dev score with its interval, state, age and question.

    The same with links to their reports is written to index.html in their folder.""",
    """여기 있는 실행의 목록: 구간이 붙은 dev 점수, 상태, 지난 시간, 질문.

    보고서로 가는 링크를 붙인 같은 목록을 그 폴더의 index.html에 씁니다.""",
)
def runs(
    sort: Annotated[
        Literal["age", "score", "name", "state"],
        typer.Option(
            help=help_text("What comes first: the newest, the best, ...", "정렬: 최신순, 점수순 등.")
        ),
    ] = "age",
    output: Annotated[Path, typer.Option(help=help_text("The folder of runs.", "실행들의 폴더."))] = Path(
        "runs"
    ),
    json: JsonOption = False,
) -> None:
    from dalmeum.pages import ASSETS
    from dalmeum.pages.listing import listing_lines, write_listing
    from dalmeum.runs.listing import listed_runs

    found = listed_runs(output, sort)
    if json:
        print_json({"output": str(output), "runs": [run.to_dict() for run in found]})
    else:
        print("\n".join(listing_lines(found, one_line(str(output)))))
    try:
        if found:
            note_page(write_listing(output, found, assets=output / ASSETS))
    except InputError as error:  # of a folder that is somebody else's, say: the table is told
        note_warnings([Text.same(str(error))])
