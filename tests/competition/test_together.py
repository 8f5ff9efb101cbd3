"""Several people on one store, who are killed in the middle and come back: nothing lost, nothing doubled."""

import contextlib
import json
import math
import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dalmeum.competition.claims import TakenError, claims, take
from dalmeum.competition.ledger import Quota, QuotaError, record, set_quota, submissions
from dalmeum.competition.store import open_store
from dalmeum.competition.team_runs import team_runs

from .person import IDEAS

AT_ONCE = 6


def test_at_the_same_moment(url: str) -> None:
    """Of those who ask at once for one idea, or for the last of a quota, one gets it."""
    open_store(url).close()
    meet = threading.Barrier(AT_ONCE, timeout=60)

    def person(number: int) -> list[str]:
        got = []
        with open_store(url) as store:
            for round in range(5):
                for what, act in (
                    ("idea", lambda: take(store, f"idea-{round}", f"person {number}")),  # noqa: B023
                    ("last", lambda: record(store, f"author-{round}", f"{number}", {}, {})),  # noqa: B023
                ):
                    meet.wait()
                    with contextlib.suppress(TakenError, QuotaError):
                        act()
                        got.append(f"{what} {round}")
        return got

    with open_store(url) as store:
        set_quota(store, Quota(1, "UTC"))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        got = [each for of_one in threads.map(person, range(AT_ONCE)) for each in of_one]
    assert sorted(got) == sorted(f"{what} {round}" for what in ("idea", "last") for round in range(5))
    with open_store(url) as store:
        assert [line.number for line in submissions(store)] == [1, 2, 3, 4, 5]


OPERATIONS = 200
KILLS = 6


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_kills(url: str, tmp_path: Path) -> None:
    people = ["Kim", "Lee", "Park"] if url.startswith("postgresql") else ["Kim", "Lee"]
    each = math.ceil(OPERATIONS / len(people))
    work_together(url, people, each, tmp_path)
    logs = {name: read_log(tmp_path / name) for name in people}
    with open_store(url) as store:
        nothing_is_lost_or_doubled(logs, each, submissions(store))
        at_the_end = claims(store)
        runs = team_runs(store, IDEAS)
    assert len({run.content for run in runs}) == len(runs) > 0
    held = [hold for name, log in logs.items() for hold in holds(name, log)]
    nobody_held_what_another_had(held)
    assert {hold["idea"]: hold["name"] for hold in held if hold["until"] == math.inf} == {
        idea: claim.author for idea, claim in at_the_end.items()
    }


def work_together(
    url: str, people: Sequence[str], operations: int, folder: Path, program: str = "person"
) -> list[str]:
    """Until each has done all, `KILLS` kills at odd moments on the way; and of all that wait to be killed.
    What was told on standard error.
    """
    chance = random.Random(3)
    said: list[str] = []

    def start(name: str) -> "subprocess.Popen[bytes]":
        call = [sys.executable, "-m", f"tests.competition.{program}", url, name, str(operations)]
        # A file: a pipe that nobody reads while they work would fill, and hold them up.
        with (folder / f"{name}.err").open("wb") as told:
            return subprocess.Popen([*call, str(folder / name)], stderr=told, stdout=subprocess.DEVNULL)

    at_work = {name: start(name) for name in people}
    kills, total = 0, 0
    while at_work:
        for name, process in list(at_work.items()):
            if process.poll() is None:
                continue
            told = (folder / f"{name}.err").read_text(encoding="utf-8", errors="replace")
            assert process.returncode in (0, -9), told
            assert "locked" not in told
            said.append(told)
            del at_work[name]
            if process.returncode:
                at_work[name] = start(name)
        logs = {name: read_log(folder / name) for name in people}
        for name, log in logs.items():
            if name in at_work and log and log[-1].get("waiting") == at_work[name].pid:
                at_work[name].kill()
        total = sum(map(len, logs.values()))
        if kills < KILLS and at_work and total > (kills + 1) * 2 * operations * len(people) / (KILLS + 2):
            at_work[chance.choice(list(at_work))].kill()
            kills += 1
        time.sleep(0.01)
    assert kills == KILLS
    return said


def read_log(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def nothing_is_lost_or_doubled(
    logs: dict[str, list[dict[str, Any]]], each: int, ledger: Sequence[Any]
) -> None:
    for log in logs.values():
        assert {entry["operation"] for entry in log if entry["ended"]} == set(range(each))
    told = {
        (name, entry["operation"]): entry["number"]
        for name, log in logs.items()
        for entry in log
        if entry.get("kind") == "record"
    }
    found = {(line.author, line.manifest["operation"]): line.number for line in ledger}
    assert found == told
    assert [line.number for line in ledger] == list(range(1, len(told) + 1))


def holds(name: str, log: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """From when to when a person surely had an idea: until the first moment at which it may be given back."""
    found: list[dict[str, Any]] = []
    own: dict[str, dict[str, Any]] = {}
    begun: dict[int, float] = {}
    for entry in log:
        begun.setdefault(entry["operation"], entry["at"])
        if entry.get("kind") == "take" and entry["idea"] not in own:
            own[entry["idea"]] = {
                "name": name,
                "idea": entry["idea"],
                "since": entry["since"],
                "until": math.inf,
            }
            found.append(own[entry["idea"]])
        if entry.get("kind") == "give back" or (entry.get("kind") == "refused" and entry["idea"] in own):
            # Refused to who had it: it was given back by the same operation, before a kill.
            own.pop(entry["idea"])["until"] = begun[entry["operation"]]
    return found


def nobody_held_what_another_had(held: Sequence[dict[str, Any]], more_than: int = 10) -> None:
    assert len(held) > more_than
    assert len({hold["name"] for hold in held}) > 1
    for one in held:
        for other in held:
            if one["idea"] == other["idea"] and one["name"] != other["name"]:
                assert not one["since"] < other["since"] < one["until"], (one, other)
