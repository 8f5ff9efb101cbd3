"""Texts in English and Korean, side by side: a page holds both, a terminal shows one."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, overload
from unicodedata import normalize

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")

SETTING = "DALMEUM_LANG"

LONGEST_SENTENCE = 400


@dataclass(frozen=True)
class Text:
    """One text in both languages. As `str` it is in the terminal's."""

    en: str
    ko: str

    @classmethod
    def same(cls, text: str) -> Self:
        """What reads the same in both: a name, or a pattern of values that don't."""
        return cls(text, text)

    @classmethod
    def from_json(cls, value: str | Mapping[str, str]) -> Self:
        """From `{"en": ..., "ko": ...}`, or from one string for both."""
        return cls.same(value) if isinstance(value, str) else cls(**value)

    def __str__(self) -> str:
        return self.in_language(language())

    def in_language(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en

    def format(self, **values: Any) -> "Text":
        """Both languages with `{name}` filled in; a value that is a `Text` comes in each one's own."""
        return Text(*(_filled(self, each, values) for each in LANGUAGES))


def composed(name: str) -> str:
    """A name in NFC, as keyboards write it: a Mac may have stored the same letters otherwise."""
    return normalize("NFC", name)


def counted(count: int, noun: str) -> str:
    """`1 pair`, `2,000 pairs`: an English noun after its number."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def counted_pairs(number: int) -> "Text":
    return Text(counted(number, "pair"), f"문장쌍 {number:,}개")


Shown = str | Text
"""What people read: a text in both languages, or a name, which has none."""


@overload
def shorten(text: str, longest: int = LONGEST_SENTENCE) -> str: ...
@overload
def shorten(text: Text, longest: int = LONGEST_SENTENCE) -> Text: ...
def shorten(text: Shown, longest: int = LONGEST_SENTENCE) -> Shown:
    """At most `longest` characters, the last an ellipsis where some were cut."""
    if isinstance(text, Text):
        return Text(*(shorten(text.in_language(each), longest) for each in LANGUAGES))
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def language() -> Language:
    """The terminal's language: `DALMEUM_LANG`, as in `ko` or `ko_KR.UTF-8`; else English."""
    return chosen_language() or "en"


def chosen_language() -> Language | None:
    """The language that `DALMEUM_LANG` names; None where it names none that there is."""
    code = os.environ.get(SETTING, "").strip().lower()[:2]
    return next((each for each in LANGUAGES if each == code), None)


def _filled(text: Text, language: Language, values: dict[str, Any]) -> str:
    own = {
        name: value.in_language(language) if isinstance(value, Text) else value
        for name, value in values.items()
    }
    return text.in_language(language).format(**own)
