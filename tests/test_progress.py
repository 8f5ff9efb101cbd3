"""Plain lines where there is no terminal, and the time left in them."""

import re
import time

import pytest

from dalmeum import progress
from dalmeum.languages import Text
from dalmeum.progress import Progress, duration, tell


def test_a_line_now_and_then_with_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.05)
    with Progress(1000, Text("step", "스텝")) as told:
        time.sleep(0.1)
        told.advance(250)
        time.sleep(0.2)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "step 0 of 1,000"
    assert re.fullmatch(r"step 250 of 1,000, \d s left", lines[-1])
    time.sleep(0.15)
    assert capsys.readouterr().err == ""  # nothing after its end


def test_what_was_done_before_takes_no_time_from_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Progress(1000, "step") as told:
        told.jump(900)  # as after a resume
        assert told.told().en == "step 900 of 1,000"
        now[0] += 60
        told.jump(910)
        assert told.told() == Text("step 910 of 1,000, 9 min left", "step 910/1,000, 남은 시간 9분")
        told.jump(1000)
        assert told.told().en == "step 1,000 of 1,000"  # none is left


def test_a_time_in_the_units_that_matter() -> None:
    told = [str(duration(seconds)) for seconds in (0, 89, 91, 3600, 5400, 90000)]
    assert told == ["0 s", "89 s", "2 min", "60 min", "1.5 h", "25.0 h"]


def test_lines_come_whole(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(2, "runs") as told:
        told.line(Text("one", "하나"))
        told.line("two")
    assert capsys.readouterr().err == "one\ntwo\n"


def test_only_the_first_of_torchruns_processes_shows_any(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.01)
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        with Progress(2, "runs"):
            time.sleep(0.1)
        assert ("runs 0 of 2" in capsys.readouterr().err) == (rank == "0")
        tell(Text("member words (1 of 2)", "구성 모델 words"))
        assert capsys.readouterr().err == ("member words (1 of 2)\n" if rank == "0" else "")
