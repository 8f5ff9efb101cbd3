"""One person at work on a shared store: `python -m tests.competition.person URL NAME OPERATIONS LOG`.

Each operation opens the store as a command does, and stands in the log before it begins and after it ends;
what had begun when the person was killed is done again at the next start.
"""

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from dalmeum.competition.claims import TakenError, give_back, take
from dalmeum.competition.ledger import record
from dalmeum.competition.store import open_store
from dalmeum.competition.team_runs import TeamRun, register
from dalmeum.errors import InputError

IDEAS = [f"idea-{number}" for number in range(4)]


def main() -> None:
    url, name, operations, log = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    ended = {entry["operation"] for entry in done if entry["ended"]}
    for operation in range(operations):
        if operation not in ended:
            begun = time.time()
            note(log, operation=operation, ended=False, at=begun)
            told = perform(url, name, operation)
            note(log, operation=operation, ended=True, at=begun, **told)


KINDS = ["take", "take", "give back", "record", "run"]


def perform(url: str, name: str, operation: int, kind: str = "") -> dict[str, Any]:
    """An operation, of a kind or of whichever its number draws."""
    chosen = random.Random(f"{name} {operation}")
    drawn, idea = chosen.choice(KINDS), chosen.choice(IDEAS)
    kind = kind or drawn
    with open_store(url) as store:
        if kind == "record":
            found = record(store, name, f"{name}-{operation}", {"operation": operation}, {})
            return {"kind": kind, "number": found.number}
        if kind == "run":
            register(
                store, TeamRun(f"content-{chosen.randrange(20)}", idea, f"{name}-{operation}", author=name)
            )
            return {"kind": kind}
        try:
            if kind == "take":
                claim = take(store, idea, name)
                return {"kind": kind, "idea": idea, "since": claim.since}
            give_back(store, idea, name)
        except (TakenError, InputError) as error:
            if "is taken by" in str(error) or "has no claim" in str(error):
                return {"kind": "refused", "idea": idea}
            raise
        return {"kind": kind, "idea": idea}


def note(log: Path, **entry: Any) -> None:
    """A line, whole or not at all, as far as a kill of this process goes."""
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, (json.dumps(entry) + "\n").encode())
    os.close(handle)


if __name__ == "__main__":
    main()
