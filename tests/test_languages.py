"""A text in two languages, of which the terminal shows one."""

import pytest

from dalmeum.languages import Text, chosen_language, counted, language, shorten

WORD = Text("similarity", "유사도")


@pytest.mark.parametrize(
    ("setting", "shown"),
    [("", "similarity"), ("ko", "유사도"), ("ko_KR.UTF-8", "유사도"), ("KO", "유사도"), ("fr", "similarity")],
)
def test_the_setting_names_the_language(setting: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", setting)
    assert str(WORD) == shown
    assert f"{WORD}" == shown


def test_without_the_setting_it_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DALMEUM_LANG", raising=False)
    assert language() == "en"
    assert chosen_language() is None


def test_a_text_inside_a_text_comes_in_the_same_language() -> None:
    text = Text("{what} of {count:,} pairs", "문장쌍 {count:,}개의 {what}").format(what=WORD, count=1000)
    assert text == Text("similarity of 1,000 pairs", "문장쌍 1,000개의 유사도")


def test_a_long_text_is_shortened_in_each_language() -> None:
    assert shorten("12345", 5) == "12345"
    assert shorten("123456", 5) == "1234…"
    assert shorten(Text("123456", "가나다"), 5) == Text("1234…", "가나다")


def test_a_text_is_read_back_and_a_string_is_the_same_in_both() -> None:
    assert Text.from_json({"en": "pair", "ko": "문장쌍"}) == Text("pair", "문장쌍")
    assert Text.from_json("pair") == Text("pair", "pair")
    with pytest.raises(TypeError):
        Text.from_json({"en": "pair"})


def test_a_noun_after_its_number() -> None:
    assert [counted(number, "pair") for number in (0, 1, 2, 2000)] == [
        "0 pairs",
        "1 pair",
        "2 pairs",
        "2,000 pairs",
    ]
