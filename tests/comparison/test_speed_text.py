"""What a terminal's table says of speed."""

import pytest

from dalmeum.comparison.convergence import Speed, Steps
from dalmeum.comparison.speed_text import reached_told, speed_cells
from dalmeum.stats import Estimate


def speed(p_value: float = 0.01, factor: float = 0.75, reached: int = 4, seeds: int = 4) -> Speed:
    own = Steps(Estimate(1234.4), Estimate(factor), p_value)
    return Speed(Estimate(0.8), own, Steps(Estimate(200.0), Estimate(-20.0), 0.5), reached, seeds)


def test_steps_with_what_they_are_against_the_baselines() -> None:
    assert speed_cells(None) == ["-", "-"]
    assert speed_cells(speed()) == ["1234 (-25%, sooner)", "200 (-20)"]
    assert speed_cells(speed(factor=2.5))[0] == "1234 (+150%, later)"
    assert speed_cells(speed(p_value=0.2))[0] == "1234 (-25%)"
    own = Steps(Estimate(30.0))
    assert speed_cells(Speed(Estimate(0.8), own, own, 1, 1)) == ["30", "30"]


def test_who_did_not_get_to_the_level_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reached_told(speed()) is None
    assert speed_cells(speed(reached=1))[1] == "200 (-20), 1 of 4 seeds"
    assert str(reached_told(speed(reached=0, seeds=1))) == "not reached"
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert speed_cells(speed(reached=0)) == ["1234 (-25%, 더 빠름)", "200 (-20), 시드 4개 중 0개"]
