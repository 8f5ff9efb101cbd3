from unicodedata import normalize

import numpy as np
import pytest

from dalmeum.errors import InputError
from dalmeum.evaluation.occlusion import LONGEST, Part, occlude, without

RAIN = "비가 왔다."


def left_out(sentence: str, most: int = 64) -> list[str]:
    """The sentence without each of its parts."""
    return [one for one, _ in occlude((sentence, "."), most).pairs[1:]]


def test_a_korean_sentence_loses_a_morpheme_at_a_time() -> None:
    # 왔 is 오 and 었 in one syllable, and goes as a whole; the full stop stays.
    assert left_out(RAIN) == ["가 왔다.", "비 왔다.", "비가 다.", "비가 왔."]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("A man sings.", ["man sings.", "A sings.", "A man."]),
        ("It isn't, (really) so!", ["isn't, (really) so!", "It, (really) so!", "It isn't, () so!"]),
        ("one  two", ["two", "one"]),
        ("  one two ", ["two ", "  one "]),
        ("ha ha ha", ["ha ha", "ha ha", "ha ha"]),
        ("我爱你", ["爱你", "我你", "我爱"]),
        ("😀 dog", ["dog", "😀"]),
    ],
)
def test_others_lose_a_word_at_a_time(sentence: str, expected: list[str]) -> None:
    assert left_out(sentence)[: len(expected)] == expected


@pytest.mark.parametrize("sentence", ["", " ", "...", "word", "word.", "비", "비!", "\u200b", "?! — ,"])
def test_what_is_all_of_a_sentence_is_not_left_out(sentence: str) -> None:
    occlusion = occlude((sentence, sentence))
    assert occlusion.pairs == [(sentence, sentence)]
    for parts in occlusion.parts(np.array([1.0])):
        assert "".join(part.text for part in parts) == sentence
        assert all(part.effect is None for part in parts)


@pytest.mark.parametrize(
    "sentence",
    [
        RAIN,
        "😀😀 나는 학교에 간다 A man plays 3.5kg 50%",
        "안녕하세욬ㅋㅋ 이거다 예뻐요!!",
        "해야 할 일이다; 그건 나야",
        "가는 🇰🇷 김치찌개를\t먹었\n다",
        "<img src=x onerror=alert(1)> 이것은 <b>글</b>이다",
        "\x07비가\ud800 온다",
        "don't — stop … “me”",
    ],
)
def test_parts_are_the_sentence_and_each_has_its_own_effect(sentence: str) -> None:
    occlusion = occlude((sentence, "두 번째 문장"))
    scores = np.arange(len(occlusion.pairs), dtype=float) ** 2
    first, second = occlusion.parts(scores)
    assert "".join(part.text for part in first) == sentence
    assert "".join(part.text for part in second) == "두 번째 문장"
    effects = [part.effect for part in (*first, *second) if part.effect is not None]
    # The first score less each other: what raises the score has an effect above 0.
    assert effects == [-(number**2) for number in range(1, len(occlusion.pairs))]
    assert len(occlusion.pairs) > 3


def test_the_effect_is_that_of_the_part_that_was_left_out() -> None:
    occlusion = occlude(("red dog", "red cat"))
    scores = np.array([3.0, 2.0, 4.5, 2.5, 3.5])
    assert occlusion.pairs[1:] == [
        ("dog", "red cat"),
        ("red", "red cat"),
        ("red dog", "cat"),
        ("red dog", "red"),
    ]
    assert occlusion.parts(scores) == (
        (Part("red", 1.0), Part(" "), Part("dog", -1.5)),
        (Part("red", 0.5), Part(" "), Part("cat", -0.5)),
    )


def test_sentences_are_composed() -> None:
    assert occlude((normalize("NFD", "비가"), "x")).pair == ("비가", "x")


def test_of_a_long_sentence_several_words_go_together() -> None:
    sentence = " ".join(f"w{number}" for number in range(10))
    assert left_out(sentence, most=2) == ["w5 w6 w7 w8 w9", "w0 w1 w2 w3 w4"]
    assert len(left_out(sentence, most=4)) == 4
    assert left_out(sentence, most=1) == []  # which is all of it
    assert len(occlude(("가 " * 1000, "나 " * 1000)).pairs) == 129


def test_a_sentence_that_is_too_long() -> None:
    occlude(("x" * LONGEST, "가"))
    with pytest.raises(InputError, match="more than 2,000 characters can't be taken apart"):
        occlude(("가", "x" * (LONGEST + 1)))


def test_without_keeps_what_was_not_beside_it() -> None:
    assert without("a b c", (2, 3)) == "a c"
    assert without("ab", (0, 1)) == "b"
    assert without("a b", (2, 3)) == "a"
    assert without("(a) b", (1, 2)) == "() b"
    assert without("a  b c", (3, 4)) == "a c"
