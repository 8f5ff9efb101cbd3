"""Which ideas are open, taken, or tried."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalmeum.competition.ideas import ORDER, Idea
from dalmeum.competition.tried import Tried, tried
from dalmeum.data.splits import PairReader
from dalmeum.errors import InputError
from dalmeum.runs.identity import idea_hash_of

if TYPE_CHECKING:
    from dalmeum.competition.claims import Claim


@dataclass(frozen=True)
class Standing:
    """Where an idea stands: who has it now, and what was tried of it, all its arms together."""

    name: str
    idea: Idea
    claim: "Claim | None" = None
    tried: Tried | None = None

    def is_open_to(self, author: str | None) -> bool:
        """Whether nobody has tried it, and nobody else has it now."""
        return self.tried is None and (self.claim is None or self.claim.author == author)

    def to_dict(self) -> dict[str, Any]:
        claim = self.claim and {"author": self.claim.author, "until": self.claim.until}
        done = self.tried and {
            "author": self.tried.author,
            "outcome": self.tried.outcome,
            "see": self.tried.see,
        }
        question, hard = self.idea.question, self.idea.difficulty
        commands = self.idea.commands(self.name)
        return {
            "name": self.name,
            "question": question,
            "difficulty": hard,
            "commands": commands,
            "claim": claim,
            "tried": done,
        }


def standings(ideas: Mapping[str, Idea], claims: Mapping[str, "Claim"], output: Path) -> list[Standing]:
    """Each idea's, the easy ones first, in the order of the file.

    An idea whose study, recipe or data are not here is not known to be tried.
    """
    reader, hashes = PairReader(), dict[str, list[str]]()
    for name, idea in ideas.items():
        with contextlib.suppress(InputError):
            hashes[name] = [idea_hash_of(recipe, reader) for recipe in idea.recipes()]
    known = tried([each for of_idea in hashes.values() for each in of_idea], output) if hashes else {}
    found = []
    for name, idea in ideas.items():
        of_arms = [known.get(each) for each in hashes.get(name, [])]
        done = next(iter(of_arms), None) if None not in of_arms else None
        found.append(Standing(name, idea, claims.get(name), done))
    return sorted(found, key=lambda each: ORDER.index(each.idea.difficulty))


def next_open(found: list[Standing], author: str | None) -> Standing | None:
    """The one that a person has already, else the first that is open."""
    open_to = [each for each in found if each.is_open_to(author)]
    own = [each for each in open_to if each.claim is not None]
    return next(iter([*own, *open_to]), None)
