"""Findings as the terminal shows them, in both languages and in 80 columns."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np
import pytest
from rich.cells import cell_len

from dalmeum.comparison import Arm, Arms, Findings, compare_arms
from dalmeum.comparison.judge import ArmResult, Judgement
from dalmeum.comparison.text import ARRAYS_NOTE, MODELS_NOTE, TWO_SEEDS_NOTE, findings_lines, judgement_lines
from dalmeum.numbers import p_value
from dalmeum.stats import Estimate, Score, verdicts
from dalmeum.stats.student import difference

from .made import EFFECT, LABELS, NOISES, SEEDS, arm, each_verdict, of, rows

DEV = LABELS["dev"]


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("DALMEUM_LANG", "en")


@pytest.fixture(scope="module")
def study() -> Findings:
    return compare_arms(each_verdict(), smallest_effect=EFFECT, name="alpha", question="Does it help?")


def cells(line: str) -> list[str]:
    return re.split("  +", line)


def last_words(lines: Sequence[str]) -> str:
    """The last paragraph in one line."""
    return "\n".join(lines).split("\n\n")[-1].replace("\n", " ")


def tables(lines: Sequence[str]) -> list[str]:
    """The lines that are of a table: neither sentences nor what is said of the undecided."""
    sentences = (
        *(
            "pearson",
            "verdicts",
            "이 학습",
            "dev",
            "best on",
            "시드 평균",
            "note",
            "참고",
            "Does",
            "tests of",
            "같은 차이",
        ),
        *("each interval", "구간은", "  "),
    )
    return [line for line in lines if not line.startswith(sentences)]


def test_a_study_in_english(study: Findings) -> None:
    lines = findings_lines(study)
    assert str(study) == "\n".join(lines)
    assert lines[:4] == [
        "Does it help?",
        "",
        "pearson on dev: 300 pairs, 4 seeds; smallest effect that matters 0.016",
        "verdicts are for this training set",
    ]
    head, baseline, clean, noisy, same, close, *told = lines[4 : lines.index("", 4)]
    assert cells(head) == ["arm", "score", "difference", "95 % interval", "p", "verdict"]
    assert [cells(line)[0] for line in (baseline, clean, noisy, same, close)] == list(NOISES)
    result = study.judgements[0].arms[1]
    assert result.difference is not None
    assert result.verdict is not None
    change = result.difference
    assert cells(baseline) == ["baseline", f"{study.judgements[0].arms[0].score.value:.4f}"]
    assert cells(clean) == [
        "clean",
        f"{result.score.value:.4f}",
        f"{change.difference:+.4f}",
        f"{change.low:+.4f} to {change.high:+.4f}",
        p_value(result.verdict.p_value),
        "better",
    ]
    assert clean.index(f"{change.difference:+.4f}") == head.index("difference")
    assert [cells(line)[-1] for line in (noisy, same, close)] == ["worse", "no difference", "undecided"]
    advised = study.judgements[0].arms[4].advice
    assert advised is not None
    words = " ".join(" ".join(told).split())
    assert words.startswith(
        "close: its own interval is too small to matter, but not once corrected for 4 arms "
    )
    assert words.endswith(
        f"close: of new studies with {advised.count} new seeds, {advised.power:.0%} would find a true "
        "difference of 0.016 each interval is its arm's own; p and verdict are corrected for 4 arms (Holm)"
    )


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        (0.02, 0.009, "its own interval is clear of 0, but not once corrected for 2 arms"),
        (0.0, 0.0024, "its own interval is too small to matter, but not once corrected for 2 arms"),
        (0.01, 0.009, None),
    ],
)
def test_an_interval_that_says_more_than_the_verdict_is_told(
    value: float, error: float, told: str | None
) -> None:
    """Of one arm the verdict is what its interval shows; of many it is corrected for them."""
    changes = [difference(value, error, 300), difference(0.0, 0.1, 300)]
    arms = [
        ArmResult(name, Score(Estimate(0.8)), change, verdict)
        for name, change, verdict in zip(("close", "other"), changes, verdicts(changes, 0.005), strict=True)
    ]
    judgement = Judgement("dev", "pearson", 0.005, 301, (ArmResult("base", Score(Estimate(0.8))), *arms))
    lines = " ".join(" ".join(judgement_lines(judgement)).split())
    assert ("close: its own interval" in lines) is (told is not None)
    assert told is None or told in lines


def test_what_stands_beside_the_verdicts(study: Findings) -> None:
    lines = findings_lines(study)
    head = lines.index(next(line for line in lines if line.startswith("arm  ") and "steps" in line))
    words = " ".join(" ".join(lines[head : head + 2]).split())
    for title in ("score, 95 % interval", "train - dev"):
        assert title in words
    clean = next(line for line in lines[head:] if line.startswith("clean"))
    result, gap = study.judgements[0].arms[1], study.gaps["dev"]["clean"]
    assert gap is not None
    assert f"{result.score.low:.4f} to {result.score.high:.4f}" in clean
    assert f"{gap.gap.difference:+.4f}" in clean
    assert study.convergence is not None
    speed = study.convergence.arms["clean"]
    assert speed is not None
    assert speed.own.change is not None
    assert speed.level.change is not None
    own, level = speed.own, speed.level
    assert f"{own.steps.value:.0f} ({speed.own.change.value - 1:+.0%}, sooner)" in clean
    assert f"{level.steps.value:.0f} ({speed.level.change.value:+.0f})" in clean
    noisy = next(line for line in lines[head:] if line.startswith("noisy"))
    assert ", later)" in noisy
    assert last_words(lines).startswith("best on dev by the mean prediction of its seeds: clean with 0.")


def test_a_study_in_korean(study: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    lines = findings_lines(study)
    assert lines[2] == "dev의 pearson: 문장쌍 300개, 시드 4개, 의미 있는 최소 차이 0.016"
    assert lines[3] == "이 학습 데이터에 한한 판정입니다"
    assert cells(lines[4]) == ["비교 조건", "점수", "차이", "95 % 구간", "p", "판정"]
    assert [cells(line)[-1] for line in lines[6:10]] == ["더 좋음", "더 나쁨", "차이 없음", "판정 보류"]
    assert any("시드" in line and "찾아낼 확률" in line for line in lines[10:13])
    assert any(", 더 느림)" in line for line in lines)
    assert any(line.startswith("시드 평균 예측으로 dev에서 가장 좋은 비교 조건: clean (") for line in lines)
    # Nothing of the other language but names, numbers and what has no Korean name.
    words = set(re.findall(r"[A-Za-z]{2,}", "\n".join(lines[2:])))
    assert words <= {*NOISES, "dev", "pearson", "Holm"}


def _position(line: str, column: int) -> int:
    """Of the character that stands at a column of the terminal."""
    return next((end for end in range(len(line)) if cell_len(line[:end]) >= column), len(line))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "long", ["short", "아주 긴 이름을 가진 비교 조건이라서 표에 다 들어가지 않음", "a" * 60]
)
def test_a_study_fits_the_terminal(language: str, long: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", language)
    arms = each_verdict()
    named = of(
        *arms.arms[:2], *(dataclasses.replace(each, name=f"{long}-{each.name}") for each in arms.others)
    )
    lines = findings_lines(compare_arms(named, smallest_effect=EFFECT))
    assert len(tables(lines)) > 12
    assert [line for line in lines if cell_len(line) > 80] == []
    # No letter of a name is lost where it is broken: the first column of a row is the whole name.
    baseline, *rest = lines[3:]
    score = re.search(r"\d\.\d{4}", baseline)
    assert score is not None
    column = cell_len(baseline[: score.start()])
    shown = "".join(line[: _position(line, column)] for line in rest[: rest.index("")])
    assert re.sub(r"\s", "", f"{long}-noisy") in re.sub(r"\s", "", shown)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_columns_of_hangul_stand_below_each_other(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", language)
    arms = Arms(DEV, {"기준": rows(0.5), "한글 조건": rows(0.1), "latin": rows(0.4)}, baseline="기준")
    head, *body = findings_lines(compare_arms(arms))[2:6]
    score = "score" if language == "en" else "점수"
    columns = {cell_len(line[: re.search(r"0\.\d{4}", line).start()]) for line in body}  # type: ignore[union-attr]  # every row has a score
    assert columns == {cell_len(head[: head.index(score)])}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [50, 64])
def test_sentences_are_broken_where_the_terminal_ends(
    language: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALMEUM_LANG", language)
    monkeypatch.setenv("COLUMNS", str(width))
    question = "새 손실이 기준 손실보다 조금이라도 나은지, 그리고 그 까닭이 무엇인지? " * 3
    models = {"baseline": rows(0.5)[0], "close": rows(0.46)[0]}
    found = compare_arms(Arms(DEV, models, split="dev"), question=question)
    lines = findings_lines(found)
    head = next(index for index, line in enumerate(lines) if "pearson" in line)
    sentences = [*lines[:head], *lines[head : head + 2], *lines[-4:]]
    assert max(map(cell_len, sentences)) <= width
    assert " ".join(lines[: head - 1]) == question.strip()
    assert last_words(lines) == ARRAYS_NOTE.in_language("ko" if language == "ko" else "en")


def test_models_have_their_tests_and_a_note() -> None:
    models = {"baseline": 0.5, "clean": 0.1, "close": 0.46}
    found = compare_arms(Arms(DEV, {name: rows(noise)[0] for name, noise in models.items()}, split="dev"))
    lines = findings_lines(found)
    assert lines[0].startswith("pearson on dev: 300 pairs, one model each; ")
    words = " ".join(" ".join(lines[6:8]).split())
    assert re.search(
        r"close: of comparisons on [\d,]+ new pairs, 80% would find a true difference of 0.005", words
    )
    place = lines.index("tests of the same differences, each p-value for itself")
    shown = next(line for line in lines[place:] if line.startswith("clean"))
    test = found.judgements[0].arms[1].tests
    assert test is not None
    assert f"{test.williams.statistic:+.2f}" in shown
    assert f"{test.steiger.statistic:+.2f}" in shown
    assert f"{test.zou.low:+.4f} to {test.zou.high:+.4f}" in shown
    assert "< 0.001" in shown
    assert last_words(lines) == ARRAYS_NOTE.en
    assert "train - dev" not in str(found)
    kept = [dataclasses.replace(each, runs=(f"run-{each.name}",)) for each in found.arms.arms]
    with_runs = findings_lines(compare_arms(of(*kept)))
    assert last_words(with_runs) == MODELS_NOTE.en
    assert ["close", "run-close"] in map(cells, with_runs)
    assert [line for line in lines if cell_len(line) > 80] == []


def test_models_in_korean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    lines = findings_lines(compare_arms(Arms(DEV, {"baseline": rows(0.5)[0], "close": rows(0.46)[0]})))
    assert lines[0] == "test의 pearson: 문장쌍 300개, 모델 하나씩, 의미 있는 최소 차이 0.005"
    assert re.match(r"  close: 새 문장쌍 [\d,]+개로 비교하면", lines[5])
    assert "같은 차이를 다른 방법으로 검정한 결과 (p값은 보정하지 않은 값)" in lines
    assert last_words(lines) == ARRAYS_NOTE.ko


def test_two_seeds_have_a_note() -> None:
    found = compare_arms(of(arm("base", 0.5, seeds=(1, 2, 3)), arm("arm", 0.1, seeds=(4, 5)), paired=False))
    lines = findings_lines(found)
    assert "2 to 3 seeds" in lines[0]
    assert last_words(lines) == TWO_SEEDS_NOTE.en


def test_runs_are_named_where_it_is_no_study(study: Findings) -> None:
    kept = [dataclasses.replace(each, runs=(f"{each.name}-1", f"{each.name}-2")) for each in study.arms.arms]
    lines = findings_lines(compare_arms(of(*kept)))
    assert cells(lines[-1]) == ["close", "close-1, close-2"]
    assert cells(lines[-6]) == ["arm", "runs"]
    named = findings_lines(dataclasses.replace(study, arms=of(*kept)))
    assert "close-1" not in "\n".join(named)


def test_an_arm_without_a_score_has_dashes() -> None:
    flat = Arm("flat", {"dev": np.full((4, len(DEV)), 2.0)}, SEEDS)
    lines = findings_lines(compare_arms(of(arm("base", 0.5), flat)))
    assert cells(lines[4]) == ["flat", "-", "-", "-", "-", "undecided"]
    assert lines[5] == ""
    assert not re.search(r"\bnan\b", "\n".join(lines), re.IGNORECASE)
