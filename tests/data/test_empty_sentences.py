"""A sentence that shows nothing is empty, whatever stands in it; what shows anything is not."""

import sys
import unicodedata

import pytest

from dalmeum.data import PairTable
from dalmeum.data.checks import check_tables
from dalmeum.data.keys import shows_something

NOTHING = {
    "no character": "",
    "white space": " \t\n\r\x0b\x0c\x1c\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "blank Braille": "\u2800",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "controls": "\x01\x02\x1b\x7f\x9f",
    "direction": "\u200e\u200f\u202a\u202e\u2066\u2069\u061c",
    "soft hyphens": "\xad\xad",
    "variation selectors": "\ufe0f\U000e0100\u180b",
    "tags": "\U000e0020\U000e007f",
    "joiners": "\u034f\u180e\u17b4",
    "accents without letters": "\u0301\u0308",
    "no characters of Unicode": "\u2065\ufff0\U000e0fff",
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_only_looks_empty(what: str) -> None:
    assert not shows_something(NOTHING[what])
    table = PairTable(("1", "2"), ("", ""), (NOTHING[what], "가"), ("나", "다"), name="a")
    (found,) = check_tables([table]).problems
    assert (found.kind, found.count, found.places[0].en) == ("empty_sentence", 1, "a, id 1")


@pytest.mark.parametrize(
    "text",
    ["가", "ㅋ", "ㆍ", "a", "7", ".", "·", "…", "한\u3164", "👍", "❤️", "é", "ᄀ", "의", "\ufffd", "漢"],
)
def test_what_is_seen(text: str) -> None:
    assert shows_something(text)
    table = PairTable(("1",), ("",), (text,), ("나",))
    assert "empty_sentence" not in {finding.kind for finding in check_tables([table]).findings}


def test_every_letter_and_sign_that_is_no_filler_is_seen() -> None:
    unseen = [
        unicodedata.name(chr(code))
        for code in range(sys.maxunicode)
        if unicodedata.category(chr(code))[0] in "LNPS" and not shows_something(chr(code))
    ]
    assert unseen == [
        "HANGUL CHOSEONG FILLER",
        "HANGUL JUNGSEONG FILLER",
        "BRAILLE PATTERN BLANK",
        "HANGUL FILLER",
        "HALFWIDTH HANGUL FILLER",
        "MUSICAL SYMBOL NULL NOTEHEAD",
    ]


def test_sentences_that_show_nothing_are_no_shared_ones() -> None:
    one = PairTable(("1",), ("",), ("\u3164",), ("가",), name="a")
    two = PairTable(("1",), ("",), ("\u200b",), ("나",), name="b")
    assert {finding.kind for finding in check_tables([one, two]).findings} == {
        "empty_sentence",
        "invisible_character",
    }
