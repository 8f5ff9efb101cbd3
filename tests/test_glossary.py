"""One word for one thing in Korean: README.ko.md, docs/*.ko.md, and what commands and pages say."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.test_docs import ROOT

WORDS = {
    "학습": "훈련|트레이닝",
    "에폭": "에포크|에퐁|이폭",
    "스피어만": "스피어먼|스피어맨",
    "피어슨": "피어선|페어슨",
    "판정 보류": "판정 (미정|유보|불가|연기)",
    "비교 조건": r"(?<![가-힣])팔(들|은|이|을|의|과|에|로|마다|끼리|보다|별)?(?![가-힣])|실험군",
    "기준선": "베이스라인|대조군",
    "비교 실험": "스터디",
    "레이블": "라벨",
    "데이터셋": "데이터 ?세트",
    "학습률": "러닝 ?레이트",
    "체크포인트": "체크 포인트|검사점",
    "토크나이저": "토큰화기",
    "문장 유사도": "작업대|워크벤치",
}
"""The word that is used, and others for the same, which are not."""

LANGUAGE_ITSELF = ("korean", "data/perturbations", "data/practice")
"""Modules about Korean, whose words are their subject."""


def korean_texts() -> Iterator[tuple[str, str]]:
    """Place and text of everything that people read in Korean."""
    for path in (ROOT / "README.ko.md", *sorted(ROOT.glob("docs/*.ko.md"))):
        yield path.name, path.read_text(encoding="utf-8")
    package = ROOT / "dalmeum"
    for path in sorted((*package.rglob("*.html"), *package.rglob("*.js"))):
        yield path.name, path.read_text(encoding="utf-8")
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).as_posix().startswith(LANGUAGE_ITSELF):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


TEXTS = [(place, text) for place, text in korean_texts() if re.search("[가-힣]", text)]


def test_there_is_much_to_hold() -> None:
    places = {place.split(":")[0] for place, _ in TEXTS}
    assert {"README.ko.md", "questions.ko.md", "dalmeum/recipe/training.py", "dalmeum/cli/init.py"} <= places
    assert len(TEXTS) > 300


@pytest.mark.parametrize("word", WORDS)
def test_one_word_for_one_thing(word: str) -> None:
    found = [f"{place}: {match[0]}" for place, text in TEXTS for match in re.finditer(WORDS[word], text)]
    assert found == []
    assert any(word in text for _, text in TEXTS)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("팔마다 시드 셋", "비교 조건"),
        ("다른 팔을 더합니다", "비교 조건"),
        ("세 에포크", "에폭"),
        ("스터디를 실행", "비교 실험"),
    ],
)
def test_other_words_are_seen(text: str, word: str) -> None:
    assert re.search(WORDS[word], text)
    assert not re.search(WORDS["비교 조건"], "팔레트와 나팔, 팔십")


def test_no_sentence_ends_in_a_stray_word() -> None:
    """As one did in the README, which ended in a lone "now"."""
    for place, text in TEXTS:
        assert not re.search(r"(니다|세요|습니까)[.?]? ?지금\s*$", text, re.MULTILINE), place
