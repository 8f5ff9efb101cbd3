"""dalmeum board: the runs here in ranks, and who has which idea."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalmeum.competition.board import boards
from dalmeum.competition.ideas import FILE, read_ideas
from dalmeum.competition.open_ideas import standings
from dalmeum.competition.store import store_at_hand
from dalmeum.errors import DalmeumError, InputError, one_line
from dalmeum.languages import Text
from dalmeum.pages.board import Board, board_lines, write_board

if TYPE_CHECKING:
    from dalmeum.competition.claims import Claim

CLAIMED = Text("{idea}: {author} has it until {until}", "{idea}: {author}이(가) {until}까지 맡음")


@dataclass(frozen=True, eq=False)
class TeamBoard:
    """Tables of runs, one for each set of pairs that they were judged on, and claims by idea."""

    output: Path
    boards: tuple[Board, ...]
    claims: "Mapping[str, Claim]"
    warnings: tuple[Text, ...] = ()

    @property
    def claimed(self) -> list[Text]:
        return [
            CLAIMED.format(idea=each.idea, author=each.author, until=each.until_told)
            for each in self.claims.values()
        ]

    def __str__(self) -> str:
        lines = board_lines(self.boards, one_line(str(self.output)))
        return "\n".join([*lines, *(one_line(str(each)) for each in self.claimed)])

    def to_dict(self) -> dict[str, Any]:
        return {
            "output": str(self.output),
            "boards": [each.to_dict() for each in self.boards],
            "claims": [each.to_dict() for each in self.claims.values()],
        }

    def write(self) -> Path:
        """Write the page into the folder of runs, and answer where; errors as in `write_board`."""
        return write_board(self.output, self.boards, self.claimed)


def team_board(output: Path, ideas: Path = FILE) -> TeamBoard:
    """The board of a folder of runs; `InputError` where it is none.

    A claim on one of the ideas that was tried since is left out, whose lease only has not run out yet.
    """
    found = tuple(boards(output))
    claims, warnings = known_claims()
    return TeamBoard(output, found, _untried(claims, ideas, output), warnings)


def _untried(claims: "Mapping[str, Claim]", file: Path, output: Path) -> "Mapping[str, Claim]":
    try:
        claimed = {name: idea for name, idea in read_ideas(file).items() if name in claims}
    except InputError:  # no file of ideas here, where others' claims are shown all the same
        return claims
    tried = {each.name for each in standings(claimed, claims, output) if each.tried is not None}
    return {name: claim for name, claim in claims.items() if name not in tried}


def known_claims() -> "tuple[Mapping[str, Claim], tuple[Text, ...]]":
    """By idea, and what to warn of: none where nobody has set a store up, or it can't be used."""
    try:
        store = store_at_hand()
        if store is None:
            return {}, ()
        with store:
            from dalmeum.competition.claims import claims

            return claims(store), ()
    except DalmeumError as error:
        return {}, (Text.same(str(error)),)
