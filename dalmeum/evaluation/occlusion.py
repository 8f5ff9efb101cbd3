"""Which words a score rests on: each is left out once, and the pair scored again.

Zeiler and Fergus (2014) call it occlusion, Li, Monroe and Jurafsky (2016, arXiv 1612.08220) erasure. What is
left out is a morpheme of a Korean sentence, particles and endings too, and a word of any other.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import InputError
from dalmeum.korean.morphemes import analyse_all
from dalmeum.languages import composed

Pair = tuple[str, str]
Span = tuple[int, int]
"""Characters of a sentence, end exclusive."""

MOST_PARTS = 64
"""Parts of a sentence that are left out, each on its own: of a longer sentence several words together."""

LONGEST = 2000
"""Characters of a sentence that can be taken apart: it is scored again for each part."""

HANGUL = re.compile("[가-힣]")
WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff]|[^\\s\u3040-\u30ff\u3400-\u9fff]+")
"""What stands between blanks; of Chinese and Japanese, which have none, a character."""

CLOSING = frozenset(".,!?;:)]}…。、！？」』”")


@dataclass(frozen=True)
class Part:
    """A part of a sentence; all of them together are the sentence.

    Attributes:
        effect: the pair's score less the score without this part: above 0 it makes the sentences more alike.
            None for blanks and punctuation, and for what is all of a sentence.
    """

    text: str
    effect: float | None = None


@dataclass(frozen=True)
class Occlusion:
    """A pair, and its parts that are left out in turn."""

    pair: Pair
    spans: tuple[tuple[Span, ...], tuple[Span, ...]]

    @property
    def pairs(self) -> list[Pair]:
        """What has to be scored: the pair itself, and the pair without each of its parts."""
        one, two = self.pair
        return [
            self.pair,
            *((without(one, span), two) for span in self.spans[0]),
            *((one, without(two, span)) for span in self.spans[1]),
        ]

    def parts(self, scores: NDArray[np.float64]) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """Both sentences with the effects of their parts, from the scores (n,) of `pairs`."""
        effects = iter((scores[0] - scores[1:]).tolist())
        first, second = (
            tuple(_parts(sentence, spans, effects))
            for sentence, spans in zip(self.pair, self.spans, strict=True)
        )
        return first, second


def occlude(pair: Pair, most: int = MOST_PARTS) -> Occlusion:
    """A pair, composed to NFC as models see it, with `most` parts a sentence at most to leave out.

    Raises `InputError` for a sentence of more than `LONGEST` characters.
    """
    one, two = (composed(sentence) for sentence in pair)
    if max(len(one), len(two)) > LONGEST:
        raise InputError(f"a sentence of more than {LONGEST:,} characters can't be taken apart: shorten it")
    return Occlusion((one, two), (_spans(one, most), _spans(two, most)))


def without(sentence: str, span: Span) -> str:
    """What is left when a part goes, and a blank that stood beside it with it."""
    left, right = sentence[: span[0]], sentence[span[1] :]
    if not left.strip():
        return right.lstrip()
    if left[-1].isspace() and (not right or right[0].isspace() or right[0] in CLOSING):
        return left.rstrip() + right
    return left + right


def _spans(sentence: str, most: int) -> tuple[Span, ...]:
    found = [span for span in _words(sentence) if not _is_punctuation(sentence[slice(*span)])]
    groups = np.array_split(np.arange(len(found)), min(most, len(found)) or 1)
    spans = [(found[group[0]][0], found[group[-1]][1]) for group in groups if len(group)]
    # A model need not answer for a sentence of nothing.
    return tuple(span for span in spans if not _is_punctuation(without(sentence, span)))


def _words(sentence: str) -> list[Span]:
    if not HANGUL.search(sentence):
        return [_trimmed(sentence, match.span()) for match in WORD.finditer(sentence)]
    (morphemes,) = analyse_all([sentence])
    spans: list[Span] = []
    for start, end in sorted((each.start, each.end) for each in morphemes):
        if spans and start < spans[-1][1]:  # contracted: they share a syllable
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif end > start:
            spans.append((start, end))
    return spans


def _trimmed(sentence: str, span: Span) -> Span:
    """Without the punctuation around a word; of punctuation alone nothing is left."""
    start, end = span
    while start < end and _is_punctuation(sentence[start]):
        start += 1
    while start < end and _is_punctuation(sentence[end - 1]):
        end -= 1
    return start, end


def _is_punctuation(text: str) -> bool:
    """Blanks, too; nothing is so as well."""
    return all(unicodedata.category(character)[0] in "PZC" for character in text)


def _parts(sentence: str, spans: Sequence[Span], effects: Iterator[float]) -> Iterator[Part]:
    ends = [(0, 0), *spans, (len(sentence), len(sentence))]
    for (_, before), (start, end) in itertools.pairwise(ends):
        if before < start:
            yield Part(sentence[before:start])
        if start < end:
            yield Part(sentence[start:end], next(effects))
