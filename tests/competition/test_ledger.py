"""The ledger: a line a file and author, a quota a day in a time zone, the board's answer."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from dalmeum.competition import ledger as module
from dalmeum.competition.ledger import (
    Quota,
    QuotaError,
    check_quota,
    quota_of,
    record,
    record_public,
    set_quota,
    submissions,
)
from dalmeum.competition.store import open_store
from dalmeum.errors import InputError

MANIFEST = {"members": ["runs/a"], "이름": "값"}
SCORES = {"dev": {"pearson": {"value": 0.9, "low": 0.89, "high": None}}}


def at(*moment: int, zone: str = "Asia/Seoul") -> float:
    return datetime.datetime(*moment, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[misc, arg-type]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [at(2026, 11, 28, 21, 30)]
    monkeypatch.setattr(module, "now", lambda connection: time[0])
    return time


def test_a_line_is_kept_whole(url: str, clock: list[float]) -> None:
    with open_store(url) as store:
        first = record(store, "Kim", "a" * 64, MANIFEST, SCORES)
        second = record(store, "이", "b" * 64, {}, {})
        assert submissions(store) == [first, second]
    assert (first.number, first.manifest, first.scores, first.public) == (1, MANIFEST, SCORES, None)
    assert (second.number, second.author, second.submitted) == (2, "이", clock[0])


def test_the_same_file_is_one_line_of_its_author(url: str) -> None:
    with open_store(url) as store:
        set_quota(store, Quota(1, "UTC"))
        first = record(store, "Kim", "a" * 64, MANIFEST, SCORES)
        assert record(store, "Kim", "a" * 64, {}, {}) == first
        assert record(store, "이", "a" * 64, {}, {}).number == 2
        assert len(submissions(store)) == 2


def test_a_quota_is_a_persons_own_and_of_a_day_of_its_zone(url: str, clock: list[float]) -> None:
    with open_store(url) as store:
        set_quota(store, Quota(2, "Asia/Seoul"))
        assert quota_of(store) == Quota(2, "Asia/Seoul")
        record(store, "Kim", "a" * 64, {}, {})
        clock[0] += 60
        record(store, "Kim", "b" * 64, {}, {})
        for refused in (lambda: record(store, "Kim", "c" * 64, {}, {}), lambda: check_quota(store, "Kim")):
            with pytest.raises(QuotaError) as caught:
                refused()
            assert str(caught.value) == (
                "Kim: the quota of 2 a day is used up: a new day begins in 2.5 h (midnight, Asia/Seoul)"
            )
            assert caught.value.seconds == 2 * 3600 + 29 * 60
        check_quota(store, "이")
        record(store, "이", "c" * 64, {}, {})
        # Midnight in Seoul, and afternoon of the same day in UTC.
        clock[0] = at(2026, 11, 29)
        record(store, "Kim", "c" * 64, {}, {})
        assert [each.author for each in submissions(store)] == ["Kim", "Kim", "이", "Kim"]
        set_quota(store, None)
        for name in "defg":
            record(store, "Kim", name * 64, {}, {})


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 11, 28), 24)])
def test_days_on_which_clocks_are_changed(day: tuple[int, int, int], hours: int) -> None:
    begin, end = Quota(1, "Europe/Berlin").day(at(*day, 12, zone="Europe/Berlin"))
    assert begin == at(*day, zone="Europe/Berlin")
    assert end - begin == hours * 3600


@pytest.mark.parametrize(("per_day", "zone"), [(0, "UTC"), (2, "Mars/Olympus"), (2, "../etc"), (2, "")])
def test_what_is_no_quota(per_day: int, zone: str) -> None:
    with pytest.raises(InputError, match=r"quota 0|time zone"):
        Quota(per_day, zone)


def test_the_boards_answer(url: str) -> None:
    with open_store(url) as store:
        record(store, "Kim", "a" * 64, {}, {})
        record(store, "이", "a" * 64, {}, {})
        record(store, "이", "b" * 64, {}, {})
        assert record_public(store, "a" * 64, 0.9321).public == 0.9321
        assert [each.public for each in submissions(store)] == [0.9321, 0.9321, None]
        record_public(store, "a" * 64, 0.9321)
        with pytest.raises(
            InputError, match=r"submission 1: has the public score 0.9321 already, not 0.9312"
        ):
            record_public(store, "a" * 64, 0.9312)
        assert record_public(store, "a" * 64, 0.9312, replace=True).public == 0.9312
        with pytest.raises(InputError, match="no submission of this file"):
            record_public(store, "f" * 64, 0.9)
        with pytest.raises(InputError, match="public score nan"):
            record_public(store, "b" * 64, float("nan"))
