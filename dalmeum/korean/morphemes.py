"""Korean morphemes, by Kiwi: one shared analyser."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

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
    """One morpheme and its place in the sentence (characters, end exclusive).

    The tag is Kiwi's (Sejong tag set, with -I or -R where a stem is irregular or regular); `kind` is the
    tag without that. A contracted morpheme shares its syllable with its neighbour.
    """

    form: str
    tag: str
    start: int = 0
    end: int = 0

    @property
    def kind(self) -> str:
        return self.tag.partition("-")[0]

    @property
    def name(self) -> str:
        """Form and tag, e.g. `먹/VV`: the same wherever it stands."""
        return f"{self.form}/{self.tag}"

    @property
    def content_class(self) -> str | None:
        """One of `CLASSES`; None for particles, endings, auxiliaries, bound nouns and punctuation."""
        if self.tag.startswith(("VV", "VA")):
            return "verb"
        if self.tag.startswith("W_"):  # URLs, e-mail addresses, hashtags, emoji, ...
            return "name"
        return _CLASS_OF_TAG.get(self.tag)


def words(text: str) -> frozenset[str]:
    """A set of words, written as one spaced string."""
    return frozenset(text.split())


KIWI_PACKAGES = ("kiwipiepy", "kiwipiepy_model")
"""The analyser, and what it knows of Korean."""


@cache
def kiwi() -> Any:
    """The analyser, shared: loading it takes a second or two and some hundred megabytes.

    With its neural language model, `cong`, whose vectors of morphemes the offline scorer recovers.
    """
    from kiwipiepy import Kiwi

    return Kiwi(model_type="cong")


def kiwi_versions() -> dict[str, str]:
    """Versions of all that decides where a morpheme ends and how it is tagged."""
    from importlib.metadata import version

    return {package: version(package) for package in KIWI_PACKAGES}


@lru_cache(maxsize=4096)
def analyse(sentence: str) -> tuple[Morpheme, ...]:
    """The sentence's morphemes, in order; any text is allowed."""
    return analyse_all([sentence])[0]


def analyse_all(sentences: Sequence[str]) -> list[tuple[Morpheme, ...]]:
    """Each sentence's morphemes, on all cores; not remembered."""
    return [
        tuple(Morpheme(token.form, str(token.tag), token.start, token.start + token.len) for token in tokens)
        for tokens in kiwi().tokenize([cleaned(sentence) for sentence in sentences])
    ]


def cleaned(text: str) -> str:
    """The text, as long as it was, without what confuses an analyser: control characters, lone surrogates."""
    return "".join(
        " " if unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co"} else character
        for character in text
    )


def join(morphemes: Iterable[Morpheme | tuple[str, str]]) -> str:
    """Morphemes as written Korean: allomorphs, irregular stems and contractions are worked out by Kiwi."""
    pairs = [(m.form, m.tag) if isinstance(m, Morpheme) else m for m in morphemes]
    return str(kiwi().join(pairs))


def splice(sentence: str, start: int, end: int, replacement: str) -> str:
    return sentence[:start] + replacement + sentence[end:]
