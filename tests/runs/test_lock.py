"""One process at a time in a run's folder: on one machine, on several, and when one dies or sleeps."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from dalmeum.files import write_json
from dalmeum.runs import lock as locks
from dalmeum.runs.lock import LEASE, LOCK, HeldError, Holder, LostRunError, RunLock, holder_of, read_lease

HOLDS = """
import sys, time
from pathlib import Path
from dalmeum.runs.lock import RunLock
lock = RunLock.take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(120)
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen([sys.executable, "-c", HOLDS, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def on_host(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As if this process were of another machine, where the first one's lock holds nobody off."""
    monkeypatch.setattr(locks, "host", lambda: name)


def leave_lease(folder: Path, host: str, age: float, pid: int = 1) -> Holder:
    holder = Holder(host, pid, 1.0, "another")
    write_json(folder / LEASE, asdict(holder))
    status = (folder / LEASE).stat()
    os.utime(folder / LEASE, (status.st_mtime - age, status.st_mtime - age))
    return holder


def test_another_process_is_held_off_until_it_is_killed(
    tmp_path: Path, other: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(HeldError) as caught:
        RunLock.take(tmp_path)
    holder = caught.value.holder
    assert holder is not None
    assert holder.pid == other.pid
    assert holder_of(tmp_path) == holder
    assert str(caught.value) == f"{tmp_path}: {locks.host()}, process {other.pid} works there"
    other.kill()
    other.wait()
    assert holder_of(tmp_path) is None
    with RunLock.take(tmp_path) as ours:
        assert read_lease(tmp_path) == ours.holder
    assert list(tmp_path.iterdir()) == []


def test_a_lease_holds_where_the_mount_has_no_locks(tmp_path: Path, other: "subprocess.Popen[str]") -> None:
    """As on a FUSE mount: the other's lock is on a file that this machine does not see."""
    (tmp_path / LOCK).unlink()
    with pytest.raises(HeldError, match=f"process {other.pid} works there"):
        RunLock.take(tmp_path)
    other.kill()
    other.wait()
    RunLock.take(tmp_path).release()


@pytest.mark.parametrize(("age", "held"), [(0, True), (599, True), (601, False)])
def test_another_hosts_run_is_taken_over_after_ten_minutes(tmp_path: Path, age: float, held: bool) -> None:
    holder = leave_lease(tmp_path, "elsewhere", age)
    assert holder_of(tmp_path) == (holder if held else None)
    if held:
        with pytest.raises(HeldError, match="elsewhere, process 1 works there"):
            RunLock.take(tmp_path)
        assert read_lease(tmp_path) == holder
    else:
        RunLock.take(tmp_path).release()


def test_age_is_told_by_the_disk_and_not_by_this_machines_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_lease(tmp_path, "elsewhere", 0)
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert locks.lease_age(tmp_path) < 5
    assert locks.lease_age(tmp_path) >= 0


def test_a_process_of_this_host_whose_number_is_anothers_by_now_is_dead(tmp_path: Path) -> None:
    leave_lease(tmp_path, locks.host(), 0, pid=os.getpid())
    RunLock.take(tmp_path).release()


def test_who_wakes_late_stops_and_leaves_the_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_host(monkeypatch, "first")
    first = RunLock.take(tmp_path)
    first.check()
    (tmp_path / LOCK).unlink()
    monkeypatch.setattr(locks, "STALE_AFTER", 0.0)
    on_host(monkeypatch, "second")
    second = RunLock.take(tmp_path)
    with pytest.raises(LostRunError) as caught:
        first.check()
    assert str(caught.value) == (
        f"{tmp_path}: second, process {os.getpid()} has taken this run over while this one was silent: "
        "stopped here, and left its folder as it is"
    )
    first.release()
    assert read_lease(tmp_path) == second.holder
    second.check()
    second.release()


def test_a_lease_is_renewed_while_its_holder_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RENEWED_EVERY", 0.01)
    with RunLock.take(tmp_path):
        os.utime(tmp_path / LEASE, (1, 1))
        for _ in range(500):
            if locks.lease_age(tmp_path) < 100:
                return
        pytest.fail("it was not renewed")


@pytest.mark.parametrize("content", ["", "[]", '{"host": 1, "pid": "2", "started": true, "token": null}'])
def test_what_is_no_lease_holds_nobody_off(tmp_path: Path, content: str) -> None:
    (tmp_path / LEASE).write_text(content, encoding="utf-8")
    assert holder_of(tmp_path) is None
    RunLock.take(tmp_path).release()


def test_a_holder_reads_back_as_it_was(tmp_path: Path) -> None:
    with RunLock.take(tmp_path) as ours:
        assert not ours.holder.ended
        assert replace(ours.holder, started=0.0).ended
        assert not replace(ours.holder, host="elsewhere", started=0.0).ended
