"""Typing errors, by keystrokes of the 2-beolsik keyboard, and misspellings that Koreans often make."""

import random
import re
from collections.abc import Callable

from dalmeum.korean.jamo import VOWELS, compose, keystrokes
from dalmeum.korean.morphemes import splice

_ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
_UNSHIFTED = dict(zip("ㅃㅉㄸㄲㅆㅒㅖ", "ㅂㅈㄷㄱㅅㅐㅔ", strict=True))
_WORD = re.compile(r"(?<![가-힣ㄱ-ㅣ])[가-힣]{2,}(?![가-힣ㄱ-ㅣ])")


def _neighbours() -> dict[str, str]:
    """The keys that touch each key, consonants for a consonant and vowels for a vowel.

    Each row of a keyboard stands half a key to the right of the one above. A shifted key's error is the
    shift that was missed.
    """
    place = {
        key: (row, column + row / 2) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)
    }
    touching = {
        key: "".join(
            other
            for other, (other_row, other_column) in place.items()
            if other != key
            and (key in VOWELS) == (other in VOWELS)
            and abs(row - other_row) <= 1
            and abs(column - other_column) <= (1 if row == other_row else 0.5)
        )
        for key, (row, column) in place.items()
    }
    return touching | _UNSHIFTED


NEIGHBOURS = _neighbours()

# What is right, and what is often written in its place.
MISSPELLINGS = (
    ("됐", "됬"),
    ("돼", "되"),
    (r"되(?=[고지게면])", "돼"),
    ("않", "안"),
    (r"(?<![가-힣])안(?= [가-힣])", "않"),
    ("며칠", "몇일"),
    ("오랜만", "오랫만"),
    ("금세", "금새"),
    ("역할", "역활"),
    ("굳이", "구지"),
    ("설거지", "설겆이"),
    ("희한", "희안"),
    ("웬만", "왠만"),
    ("웬일", "왠일"),
    ("왠지", "웬지"),
    ("어이없", "어의없"),
    ("깨끗이", "깨끗히"),
    ("일일이", "일일히"),
    ("곰곰이", "곰곰히"),
    ("틈틈이", "틈틈히"),
    ("무릅쓰", "무릎쓰"),
    ("베개", "배게"),
    ("찌개", "찌게"),
    ("육개장", "육계장"),
    ("떡볶이", "떡볶기"),
    ("통째", "통채"),
    ("요새", "요세"),
    ("폭발", "폭팔"),
    ("재작년", "제작년"),
    ("뒤처", "뒤쳐"),
    ("나으", "낳으"),
    ("나았", "낳았"),
    ("낫", "낳"),
    ("맞추", "맞히"),
    ("가르쳐", "가르켜"),
    ("가르치", "가르키"),
    ("할게", "할께"),
    ("줄게", "줄께"),
    ("을게", "을께"),
    ("갈게", "갈께"),
    (r"(?<![이니])예요", "에요"),
    ("로서", "로써"),
    (r"(?<=[이니])에요", "예요"),
    ("든지", "던지"),
    ("핑계", "핑게"),
    ("휴게", "휴계"),
    ("게시판", "계시판"),
    ("결제", "결재"),
)


def neighbouring_key(sentence: str, rng: random.Random) -> str | None:
    """Press one wrong key that touches the right one, as in 기차 -> 기타."""

    def press(keys: list[str], at: int) -> list[str]:
        return [*keys[:at], rng.choice(NEIGHBOURS[keys[at]]), *keys[at + 1 :]]

    return _mistype(sentence, rng, press)


def doubled_key(sentence: str, rng: random.Random) -> str | None:
    """Press one key twice."""
    return _mistype(sentence, rng, lambda keys, at: [*keys[: at + 1], *keys[at:]])


def missing_key(sentence: str, rng: random.Random) -> str | None:
    """Leave one key out; what follows composes as an input method would show it."""
    return _mistype(sentence, rng, lambda keys, at: [*keys[:at], *keys[at + 1 :]])


def misspell(sentence: str, rng: random.Random) -> str | None:
    """Misspell one word the way Koreans often do, where the sentence holds such a word."""
    found = [(match, wrong) for right, wrong in MISSPELLINGS for match in re.finditer(right, sentence)]
    if not found:
        return None
    match, wrong = rng.choice(found)
    return splice(sentence, match.start(), match.end(), wrong)


def _mistype(sentence: str, rng: random.Random, press: Callable[[list[str], int], list[str]]) -> str | None:
    words = list(_WORD.finditer(sentence))
    if not words:
        return None
    word = rng.choice(words)
    keys = keystrokes(word.group())
    return splice(sentence, word.start(), word.end(), compose(press(keys, rng.randrange(len(keys)))))
