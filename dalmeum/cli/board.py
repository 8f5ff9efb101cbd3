"""dalmeum board: the team's runs in ranks, and who works on which idea."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption
from dalmeum.cli.output import note_page, note_warnings, print_json
from dalmeum.errors import InputError, one_line
from dalmeum.languages import Text
from dalmeum.progress import tell

TAKEN = Text("{idea}: yours until {until}", "{idea}: {until}까지 맡았습니다")
GIVEN_BACK = Text("{idea}: given back", "{idea}: 내놓았습니다")
NEXT = Text("{name} ({difficulty}): {question}", "{name}({difficulty}): {question}")
DIFFICULTIES = {
    "easy": Text("easy", "쉬움"),
    "medium": Text("medium", "보통"),
    "hard": Text("hard", "어려움"),
}
CLAIM, RUN_IT = Text("claim it:", "맡기:"), Text("run it:", "실행:")
NONE_OPEN = Text(
    "every idea in {file} is taken or tried: write another one there",
    "{file}의 아이디어는 모두 누군가 맡았거나 이미 해 보았습니다. 새 아이디어를 적어 보세요",
)
MIGRATED = Text("the team's store is up to date", "팀 저장소의 표를 최신으로 맞췄습니다")


@documented(
    """Rank the runs here, and share out ideas.

    Runs that can't be told apart share a rank; those that were judged on other pairs have a table of their
    own. The same is written to board.html in their folder. Claims lie in the database at DALMEUM_TEAM_URL,
    else in ./dalmeum.db; ranks need none.""",
    """여기 있는 실행에 순위를 매기고, 아이디어를 나누어 맡습니다.

    구별되지 않는 실행은 순위가 같고, 다른 쌍으로 채점한 실행은 표를 따로 둡니다. 같은 내용을 그 폴더의
    board.html에 씁니다. 누가 무엇을 맡았는지는 DALMEUM_TEAM_URL의 데이터베이스(없으면 ./dalmeum.db)에
    저장하고, 순위에는 데이터베이스가 필요 없습니다.""",
)
def board(
    take: Annotated[
        str | None,
        typer.Option(metavar="IDEA", help=help_text("Claim an idea.", "아이디어를 맡습니다.")),
    ] = None,
    hours: Annotated[
        float, typer.Option(help=help_text("For how long, with --take.", "--take로 맡는 시간."))
    ] = 24.0,
    give_back: Annotated[
        str | None,
        typer.Option(
            "--give-back",
            metavar="IDEA",
            help=help_text("End your own claim.", "맡은 아이디어를 내놓습니다."),
        ),
    ] = None,
    next: Annotated[
        bool,
        typer.Option(
            "--next",
            help=help_text(
                "Name the next open idea, and the commands for it.",
                "아무도 맡지 않은 다음 아이디어와 그 명령을 보여 줍니다.",
            ),
        ),
    ] = False,
    migrate: Annotated[
        bool,
        typer.Option(
            "--migrate",
            help=help_text(
                "Bring the database of an older dalmeum up to date.",
                "예전 dalmeum의 데이터베이스를 최신으로 맞춥니다.",
            ),
        ),
    ] = False,
    ideas: Annotated[
        Path, typer.Option(metavar="FILE", help=help_text("The file of ideas.", "아이디어 파일."))
    ] = Path("ideas.yaml"),
    output: Annotated[Path, typer.Option(help=help_text("The folder of runs.", "실행들의 폴더."))] = Path(
        "runs"
    ),
    json: JsonOption = False,
) -> None:
    asked = {"--take": take is not None, "--give-back": give_back is not None, "--next": next}
    asked["--migrate"] = migrate
    if sum(asked.values()) > 1:
        raise InputError(f"{' and '.join(name for name, each in asked.items() if each)}: give one of them")
    if migrate:
        from dalmeum.competition.store import open_store

        open_store(migrate=True).close()
        tell(MIGRATED)
    elif take is not None:
        _take(take, hours, ideas, json)
    elif give_back is not None:
        _give_back(give_back, json)
    elif next:
        _next(ideas, output, json)
    else:
        _show(output, ideas, json)


def _take(name: str, hours: float, file: Path, json: bool) -> None:
    from dalmeum.author import known_author
    from dalmeum.competition.ideas import idea_named, read_ideas
    from dalmeum.competition.store import open_store

    idea, author = idea_named(name, read_ideas(file), file), known_author()
    with open_store() as store:
        from dalmeum.competition.claims import take

        claim = take(store, name, author, hours)
    if json:
        print_json({"claim": claim.to_dict(), "commands": idea.commands(name)})
        return
    print(TAKEN.format(idea=name, until=claim.until_told))
    _print_commands(RUN_IT, idea.commands(name))


def _give_back(name: str, json: bool) -> None:
    from dalmeum.author import known_author
    from dalmeum.competition.store import open_store

    author = known_author()
    with open_store() as store:
        from dalmeum.competition.claims import give_back

        give_back(store, name, author)
    if json:
        print_json({"given_back": name})
    else:
        print(GIVEN_BACK.format(idea=name))


def _next(file: Path, output: Path, json: bool) -> None:
    from dalmeum.author import author
    from dalmeum.competition.ideas import read_ideas
    from dalmeum.competition.open_ideas import next_open, standings
    from dalmeum.competition.team_board import known_claims

    ideas = read_ideas(file)
    claims, warnings = known_claims()
    note_warnings(warnings)
    found = next_open(standings(ideas, claims, output), author())
    if json:
        print_json({"idea": found and found.to_dict()})
    elif found is None:
        print(NONE_OPEN.format(file=file))
    else:
        difficulty = DIFFICULTIES[found.idea.difficulty]
        print(
            one_line(str(NEXT.format(name=found.name, difficulty=difficulty, question=found.idea.question)))
        )
        if found.claim is None:
            _print_commands(CLAIM, [f"dalmeum board --take {found.name}"])
        else:
            print(TAKEN.format(idea=found.name, until=found.claim.until_told))
        _print_commands(RUN_IT, found.idea.commands(found.name))


def _show(output: Path, ideas: Path, json: bool) -> None:
    from dalmeum.competition.team_board import team_board

    found = team_board(output, ideas)
    note_warnings(found.warnings)
    if json:
        print_json(found.to_dict())
    else:
        print(found)
    try:
        if found.boards:
            note_page(found.write())
    except InputError as error:  # of a folder that is somebody else's, say: the table is told
        note_warnings([Text.same(str(error))])


def _print_commands(what: Text, commands: list[str]) -> None:
    """Whole, to be copied."""
    print(what)
    for command in commands:
        print(f"  {one_line(command)}")
