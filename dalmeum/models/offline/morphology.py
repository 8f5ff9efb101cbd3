"""Sentences to morphemes, by Kiwi."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from dalmeum.data.morphology import kiwi

MAX_CHARACTERS = 4096
"""Of a longer text only the beginning is analysed: similarity of whole documents is another task."""

CLASSES = ("noun", "name", "number", "verb", "modifier")
"""Classes of content morphemes, which carry what a sentence is about."""

_CLASS_OF_TAG = {
    **dict.fromkeys(("NNG", "XR", "UN", "XPN", "XSN"), "noun"),
    **dict.fromkeys(("NNP", "SL", "SH"), "name"),
    **dict.fromkeys(("SN", "NR"), "number"),
    **dict.fromkeys(("MM", "MAG", "MAJ", "IC"), "modifier"),
}


@dataclass(frozen=True)
class Morpheme:
    """A form and its part of speech, e.g. `먹/VV`."""

    form: str
    tag: str

    @property
    def name(self) -> str:
        return f"{self.form}/{self.tag}"

    @property
    def content_class(self) -> str | None:
        """One of `CLASSES`; None for particles, endings, auxiliaries, bound nouns and punctuation."""
        if self.tag.startswith(("VV", "VA")):
            return "verb"
        if self.tag.startswith("W_"):  # URLs, e-mail addresses, hashtags, emoji, ...
            return "name"
        return _CLASS_OF_TAG.get(self.tag)


def kiwi_versions() -> dict[str, str]:
    """Versions of all that decides where a morpheme ends and how it is tagged."""
    from importlib.metadata import version

    return {package: version(package) for package in ("kiwipiepy", "kiwipiepy_model")}


def analyse(texts: Sequence[str]) -> list[list[Morpheme]]:
    """Each text's morphemes, in order; any text is allowed."""
    return [
        [Morpheme(token.form, str(token.tag)) for token in tokens]
        for tokens in kiwi().tokenize([clean(text) for text in texts])
    ]


def clean(text: str) -> str:
    """The text without what only confuses an analyser: control characters, lone surrogates, its far end."""
    return "".join(
        " " if unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co"} else character
        for character in text[:MAX_CHARACTERS]
    )


def jamo(text: str) -> str:
    """Lower-cased compatibility decomposition: 각 becomes three letters; inflected forms stay alike."""
    return unicodedata.normalize("NFKD", text.lower())


def rank_weight(rank: int) -> float:
    """Information that a morpheme carries, from its place in a list ordered by frequency (Zipf's law)."""
    return math.log(max(rank, 100) / 50)
