"""Whatever people do in whatever order: claims and ledger are what a list in memory would be."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dalmeum.competition import claims as claims_module
from dalmeum.competition import ledger as ledger_module
from dalmeum.competition.claims import TakenError, claims, give_back, take
from dalmeum.competition.ledger import (
    Quota,
    QuotaError,
    quota_of,
    record,
    record_public,
    set_quota,
    submissions,
)
from dalmeum.competition.store import open_store
from dalmeum.competition.store.database import Store
from dalmeum.errors import InputError

IDEAS, PEOPLE = st.sampled_from(["alpha", "beta", "감마"]), st.sampled_from(["Kim", "이", "O'Neil; --"])
FILES = st.sampled_from([letter * 64 for letter in "abcdef"])
HOURS = st.sampled_from([0.5, 6.0, 24.0, 100.0])
DAY = 24 * 3600.0


class Team(RuleBasedStateMachine):
    """The store beside what it should hold; days are those of UTC, so that a model of them is a division."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.time = 20_000 * DAY + 3600.0
        self.claims: dict[str, tuple[str, float, float]] = {}
        self.ledger: list[dict[str, Any]] = []
        self.quota: int | None = None
        for module in (claims_module, ledger_module):
            setattr(module, "now", lambda connection: self.time)  # noqa: B010 # not its to change, says mypy
        with self.store.transaction() as connection:
            for table in ("claims", "submissions", "quota"):
                connection.exec_driver_sql(f"delete from dalmeum_{table}")

    def live(self) -> dict[str, tuple[str, float, float]]:
        return {idea: claim for idea, claim in self.claims.items() if claim[2] > self.time}

    @rule(hours=st.sampled_from([0.4, 5.0, 12.0, 23.0, 24.0]))
    def wait(self, hours: float) -> None:
        self.time += hours * 3600

    @rule(idea=IDEAS, author=PEOPLE, hours=HOURS)
    def take(self, idea: str, author: str, hours: float) -> None:
        held = self.live().get(idea)
        if held is not None and held[0] != author:
            with pytest.raises(TakenError) as caught:
                take(self.store, idea, author, hours)
            assert (caught.value.claim.author, caught.value.claim.until) == (held[0], held[2])
            return
        since = self.time if held is None else held[1]
        self.claims[idea] = (author, since, self.time + hours * 3600)
        found = take(self.store, idea, author, hours)
        assert (found.author, found.since, found.until) == self.claims[idea]

    @rule(idea=IDEAS, author=PEOPLE)
    def give_back(self, idea: str, author: str) -> None:
        if self.live().get(idea, ("",))[0] == author:
            del self.claims[idea]
            give_back(self.store, idea, author)
        else:
            with pytest.raises(InputError, match="has no claim"):
                give_back(self.store, idea, author)

    @rule(quota=st.sampled_from([None, 1, 2]))
    def set_quota(self, quota: int | None) -> None:
        self.quota = quota
        set_quota(self.store, None if quota is None else Quota(quota, "UTC"))

    @rule(author=PEOPLE, file=FILES)
    def record(self, author: str, file: str) -> None:
        same = [line for line in self.ledger if (line["author"], line["sha256"]) == (author, file)]
        today = [line for line in self.ledger if line["submitted"] // DAY == self.time // DAY]
        used = sum(line["author"] == author for line in today)
        if not same and self.quota is not None and used >= self.quota:
            with pytest.raises(QuotaError) as caught:
                record(self.store, author, file, {}, {})
            assert caught.value.seconds == DAY - self.time % DAY
            return
        found = record(self.store, author, file, {"of": author}, {})
        if not same:
            line = {"number": len(self.ledger) + 1, "author": author, "sha256": file, "public": None}
            self.ledger.append({**line, "submitted": self.time})
        assert found.number == (same or self.ledger[-1:])[0]["number"]

    @precondition(lambda self: self.ledger)
    @rule(file=FILES, public=st.sampled_from([0.91, 0.92]), replace=st.booleans())
    def record_public(self, file: str, public: float, replace: bool) -> None:
        lines = [line for line in self.ledger if line["sha256"] == file]
        known = {line["public"] for line in lines} - {None, public}
        if not lines or (known and not replace):
            with pytest.raises(InputError):
                record_public(self.store, file, public, replace=replace)
            return
        record_public(self.store, file, public, replace=replace)
        for line in lines:
            line["public"] = public

    @invariant()
    def holds_what_it_should(self) -> None:
        found = {idea: (each.author, each.since, each.until) for idea, each in claims(self.store).items()}
        assert found == self.live()
        lines = [{name: getattr(each, name) for name in line} for each, line in self.pairs()]
        assert lines == self.ledger
        quota = quota_of(self.store)
        assert (quota and quota.per_day) == self.quota

    def pairs(self) -> list[tuple[Any, dict[str, Any]]]:
        return list(zip(submissions(self.store), self.ledger, strict=True))


def test_claims_and_ledger(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (claims_module, ledger_module):
        monkeypatch.setattr(module, "now", module.now)  # to be as it was, whatever the machines set
    with open_store(url) as store:
        machine = type("TeamHere", (Team,), {"store": store})
        how = settings(
            max_examples=25 if url.startswith("sqlite") else 8,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(machine, settings=how)
