"""Claims: one person an idea, until the lease runs out."""

import math
import re

import pytest

from dalmeum.competition import claims as module
from dalmeum.competition.claims import Claim, TakenError, claims, give_back, take
from dalmeum.competition.store import open_store
from dalmeum.errors import InputError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The store's clock, in hand."""
    time = [1_000_000.0]
    monkeypatch.setattr(module, "now", lambda connection: time[0])
    return time


def test_an_idea_has_one_person_until_it_runs_out(url: str, clock: list[float]) -> None:
    with open_store(url) as store:
        assert take(store, "alpha", "Kim", 2) == Claim("alpha", "Kim", 1_000_000, 1_007_200)
        clock[0] += 7_199
        with pytest.raises(TakenError) as caught:
            take(store, "alpha", "이")
        assert re.match(
            r"alpha: is taken by Kim until 1970-01-12 \d\d:\d\d \w+: choose another", str(caught.value)
        )
        assert caught.value.exit_code == 2
        assert caught.value.claim.until == 1_007_200
        take(store, "beta", "이")
        assert list(claims(store)) == ["alpha", "beta"]
        clock[0] += 1
        assert list(claims(store)) == ["beta"]
        assert take(store, "alpha", "이", 1) == Claim("alpha", "이", 1_007_200, 1_010_800)


def test_the_same_person_begins_the_lease_anew(url: str, clock: list[float]) -> None:
    with open_store(url) as store:
        take(store, "alpha", "Kim", 2)
        clock[0] += 3_600
        assert take(store, "alpha", "Kim", 2) == Claim("alpha", "Kim", 1_000_000, 1_010_800)
        assert len(claims(store)) == 1


def test_a_claim_is_given_back_by_who_has_it(url: str, clock: list[float]) -> None:
    with open_store(url) as store:
        take(store, "alpha", "Kim", 2)
        with pytest.raises(InputError, match="alpha: 이 has no claim on it"):
            give_back(store, "alpha", "이")
        assert "alpha" in claims(store)
        give_back(store, "alpha", "Kim")
        assert claims(store) == {}
        take(store, "alpha", "이", 2)
        clock[0] += 7_200
        with pytest.raises(InputError, match="alpha: 이 has no claim on it"):
            give_back(store, "alpha", "이")


@pytest.mark.parametrize("hours", [0, -1, math.nan, math.inf, 721])
def test_hours_that_are_none(hours: float, tmp_path: object) -> None:
    with open_store(f"sqlite:///{tmp_path}/team.db") as store, pytest.raises(InputError, match="--hours"):
        take(store, "alpha", "Kim", hours)


def test_by_the_databases_own_clock(url: str) -> None:
    with open_store(url) as store:
        take(store, "alpha", "Kim", 1e-7)
        assert claims(store) == {}
        take(store, "alpha", "이")
        assert claims(store)["alpha"].author == "이"
