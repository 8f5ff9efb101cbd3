"""What commands print around their results."""

import pytest

from dalmeum.cli.output import note_warnings, print_places
from dalmeum.languages import Text, counted_pairs

PLACES = [(Text("run", "실행"), "runs/1"), (Text("submission", "제출 파일"), "runs/1/submission.csv")]


def test_places_stand_below_each_other(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    print_places(PLACES)
    assert capsys.readouterr().out.splitlines() == [
        "run         runs/1",
        "submission  runs/1/submission.csv",
    ]
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    print_places(PLACES)
    assert capsys.readouterr().out.splitlines() == [
        "실행       runs/1",
        "제출 파일  runs/1/submission.csv",
    ]


def test_counts_and_warnings_in_both_languages(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [str(counted_pairs(number)) for number in (0, 1, 2000)] == ["0 pairs", "1 pair", "2,000 pairs"]
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert str(counted_pairs(2000)) == "문장쌍 2,000개"
    note_warnings([Text("odd quotes", "이상한 따옴표")])
    assert capsys.readouterr().err == "주의: 이상한 따옴표\n"
