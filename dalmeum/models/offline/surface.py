"""Features of two sentences' letters, numbers, negations and endings."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from dalmeum.korean.morphemes import Morpheme
from dalmeum.models.offline.alignment import Features

MAX_CHARACTERS = 4096
"""Of a longer text only the beginning is analysed: similarity of whole documents is another task."""

MATCHED_CHARACTERS = 512
"""Of a longer text only the beginning is matched letter by letter, which takes the square of its length."""


@dataclass(frozen=True)
class Surface:
    """A sentence's text, lower-cased and NFKC, and what is counted in it."""

    text: str
    letters: Counter[str]
    numbers: Counter[str]
    negations: int
    endings: Counter[str]
    final: Counter[str]

    @classmethod
    def of(cls, text: str, morphemes: Sequence[Morpheme]) -> "Surface":
        text = normalise(text)
        endings = [each for each in morphemes if each.tag in {"EF", "EC", "EP", "ETM", "ETN"}]
        return cls(
            text=text,
            letters=Counter(letters_of(text)),
            numbers=Counter(re.findall(r"\d+", text.replace(",", ""))),
            negations=sum(_negates(each) for each in morphemes),
            endings=Counter(each.form for each in endings),
            final=Counter(each.form for each in endings if each.tag in {"EF", "EP"}),
        )


def normalise(text: str) -> str:
    """Lower-cased NFKC with single spaces: variants of one spelling become one."""
    return " ".join(unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).lower().replace("\0", " ").split())


def letters_of(text: str) -> str:
    """The text without spaces and signs: spacing differs where meaning does not."""
    return re.sub(r"[\W_]", "", text)


def surface_features(first: Sequence[Surface], second: Sequence[Surface]) -> Features:
    """All features of this module, (n,) each."""
    rows = [
        _texts(one.text, other.text) | _counts(one, other) for one, other in zip(first, second, strict=True)
    ]
    return {name: np.array([row[name] for row in rows], np.float32) for name in rows[0]}


def _texts(one: str, other: str) -> dict[str, float]:
    """Edits of the whole text: spacing, particles and endings show here and in no bag of morphemes."""
    one, other = sorted((one[:MATCHED_CHARACTERS], other[:MATCHED_CHARACTERS]))
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    shorter, longer = sorted((len(one), len(other)))
    longest = matcher.find_longest_match(0, len(one), 0, len(other)).size
    prefix = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), shorter)
    return {
        "matched_ratio": matcher.ratio(),
        "longest_match": longest / max(1, shorter),
        "prefix": prefix / max(1, shorter),
        "same_text": float(one == other),
        "length": float(np.log(shorter + longer + 1)),
        "length_ratio": shorter / max(1, longer),
        "length_apart": float(np.log1p(longer - shorter)),
        "latin": float(bool(re.search("[a-z]", one + other))),
        "question": float("?" in one or "?" in other),
        "question_apart": float(("?" in one) != ("?" in other)),
    }


def _counts(one: Surface, other: Surface) -> dict[str, float]:
    """Other numbers and a negation more turn a sentence's meaning while its words stay."""
    only_one, only_other = one.numbers - other.numbers, other.numbers - one.numbers
    letters = one.letters.total() + other.letters.total()
    return {
        "letters_dice": 2 * (one.letters & other.letters).total() / max(1, letters),
        "numbers": float(bool(one.numbers or other.numbers)),
        "numbers_shared": _jaccard(one.numbers, other.numbers, if_none=1.0),
        "numbers_apart": float(only_one.total() + only_other.total()),
        "numbers_replaced": float(bool(only_one) and bool(only_other)),
        "negations": float(one.negations + other.negations > 0),
        "negations_apart": float(abs(one.negations - other.negations)),
        "endings_shared": _jaccard(one.endings, other.endings),
        "final_shared": _jaccard(one.final, other.final),
    }


def _jaccard(one: Counter[Any], other: Counter[Any], if_none: float = 0.0) -> float:
    union = (one | other).total()
    return (one & other).total() / union if union else if_none


def _negates(morpheme: Morpheme) -> bool:
    if morpheme.tag.startswith("V") and morpheme.form in {"않", "못하", "말"}:
        return True
    if morpheme.tag == "MAG" and morpheme.form in {"안", "못"}:
        return True
    return morpheme.form in {"없", "아니", "없이", "불가능", "금지", "모르"}
