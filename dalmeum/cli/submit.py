"""dalmeum submit: a file for the board, and what the board answered."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import (
    ColumnsOption,
    EncodingOption,
    FormatOption,
    JsonOption,
    OutputOption,
    PrecisionOption,
    TrustCodeOption,
    parse_columns,
)
from dalmeum.cli.output import note_warnings, print_json
from dalmeum.errors import InputError
from dalmeum.languages import Text

if TYPE_CHECKING:
    from dalmeum.competition.ledger import Submission
    from dalmeum.competition.store.database import Store

RECORDED = Text("submission {number}: public score {public:g}", "제출 {number}번: 공개 점수 {public:g}")
QUOTA_SET = Text(
    "{per_day} a day and person, from midnight to midnight in {zone}",
    "한 사람에 하루 {per_day}번, {zone} 자정부터 자정까지",
)
NO_QUOTA = Text("as many a day as you like", "하루 제출 횟수를 제한하지 않습니다")


@documented(
    """Write a file for the board, with a manifest that rebuilds it, and record it in the ledger.

    Without arguments: what was handed in, how public scores and dev relate, and which two to hand in. The
    ledger lies in the database at DALMEUM_TEAM_URL, else in ./dalmeum.db.""",
    """리더보드에 낼 파일을, 그 파일을 다시 만드는 매니페스트와 함께 쓰고 제출 기록에 남깁니다.

    인자가 없으면 지금까지의 제출, 공개 점수와 dev의 관계, 최종 제출로 고를 둘을 보여 줍니다. 기록은
    DALMEUM_TEAM_URL의 데이터베이스(없으면 ./dalmeum.db)에 있습니다.""",
)
def submit(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help=help_text(
                "A run or a blend: its id under --output, latest, or its folder.",
                "실행이나 블렌드: --output 아래의 id, latest, 또는 그 폴더.",
            ),
        ),
    ] = None,
    test: Annotated[
        str | None, typer.Argument(metavar="TEST", help=help_text("The board's test file.", "테스트 파일."))
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help=help_text("The CSV file to write.", "쓸 CSV 파일.")),
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=help_text(
                "The board's sample of a submission, with the same ids: it gives order and header.",
                "제출 예시 파일. id가 같아야 하며, 순서와 머리글은 이 파일을 따릅니다.",
            ),
        ),
    ] = None,
    public: Annotated[
        float | None,
        typer.Option(
            metavar="SCORE",
            help=help_text(
                "Record what the board answered to your newest submission.",
                "가장 최근에 낸 제출의 리더보드 점수를 기록합니다.",
            ),
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|FILE",
            help=help_text(
                "With --public: to which submission.", "--public과 함께: 어느 제출의 점수인지(번호나 파일)."
            ),
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help=help_text(
                "With --public: in place of a score that was recorded before.",
                "--public과 함께: 앞서 기록한 점수를 바꿉니다.",
            ),
        ),
    ] = False,
    quota: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help=help_text(
                "Set how many submissions a person has a day; 0: any number.",
                "한 사람이 하루에 낼 수 있는 횟수를 정합니다. 0이면 제한이 없습니다.",
            ),
        ),
    ] = None,
    time_zone: Annotated[
        str,
        typer.Option(
            metavar="ZONE",
            help=help_text(
                "With --quota: where a day begins at midnight.", "--quota와 함께: 하루가 시작되는 시간대."
            ),
        ),
    ] = "Asia/Seoul",
    columns: ColumnsOption = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    asked = {"RUN": run is not None, "--public": public is not None, "--quota": quota is not None}
    if sum(asked.values()) > 1:
        raise InputError(
            f"submit: {' and '.join(name for name, each in asked.items() if each)}: give one of them"
        )
    if (of is not None or replace) and public is None:
        raise InputError("submit: --of and --replace go with --public SCORE")
    if run is not None:
        if test is None or out is None:
            raise InputError("submit: name the run, the test file, and with -o the file to write")

        from dalmeum.competition.submit import submit as write

        reading = {"format": format, "columns": parse_columns(columns), "encoding": encoding}
        written = write(
            run,
            test,
            out,
            sample=sample,
            precision=precision,
            output=output,
            trust_code=trust_code,
            reading=reading,
        )
        note_warnings(written.warnings)
        if json:
            print_json(written.to_dict())
        else:
            print(written)
        return

    from dalmeum.competition.store import open_store

    with open_store() as store:
        if quota is not None:
            _set_quota(store, quota, time_zone, json)
            return
        if public is not None:
            _record(store, public, of, replace)
        _show_ledger(store, output, json)


def _record(store: "Store", public: float, of: str | None, replace: bool) -> None:
    from dalmeum.author import known_author
    from dalmeum.competition.hand_in import named
    from dalmeum.competition.ledger import record_public, submissions
    from dalmeum.progress import tell

    wanted: Submission = named(submissions(store), of, known_author() if of is None else None)
    line = record_public(store, wanted.sha256, public, replace=replace)
    tell(RECORDED.format(number=wanted.number, public=line.public))


def _show_ledger(store: "Store", output: Path, json: bool) -> None:
    from dalmeum.competition.hand_in import hand_in, hand_in_lines
    from dalmeum.competition.ledger import submissions

    found = hand_in(submissions(store), output)
    if json:
        print_json(found.to_dict())
    else:
        print("\n".join(hand_in_lines(found)))


def _set_quota(store: "Store", per_day: int, zone: str, json: bool) -> None:
    from dalmeum.competition.ledger import Quota, set_quota

    quota = Quota(per_day, zone) if per_day else None
    set_quota(store, quota)
    if json:
        print_json({"quota": quota and {"per_day": quota.per_day, "time_zone": quota.time_zone}})
    else:
        print(QUOTA_SET.format(per_day=per_day, zone=zone) if quota else NO_QUOTA)
