"""Texts in English and Korean, side by side: a page holds both, a terminal shows one."""

import os
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")

SETTING = "DALMEUM_LANG"


@dataclass(frozen=True)
class Text:
    """One text in both languages. As `str` it is in the terminal's."""

    en: str
    ko: str

    def __str__(self) -> str:
        return self.in_language(language())

    def in_language(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en

    def format(self, **values: Any) -> "Text":
        """Both languages with `{name}` filled in; a value that is a `Text` comes in each one's own."""
        return Text(*(_filled(self, each, values) for each in LANGUAGES))


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
