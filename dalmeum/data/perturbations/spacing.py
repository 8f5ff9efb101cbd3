"""Spacing (띄어쓰기): spaces left out, and spaces where none belongs."""

import itertools
import random
import re

from dalmeum.korean.morphemes import analyse, splice

_SPACE_IN_TEXT = re.compile(r"(?<=\w)\s+(?=\w)")
_INNER_SPACE = re.compile(r"(?<=[가-힣]) +(?=[가-힣])")


def differ_in_spacing_only(sentence1: str, sentence2: str) -> bool:
    """Whether two different sentences are the same once all white space is left out."""
    return sentence1 != sentence2 and "".join(sentence1.split()) == "".join(sentence2.split())


def leave_out_a_space(sentence: str, rng: random.Random) -> str | None:
    """Leave out one space between two words, in any language."""
    spaces = list(_SPACE_IN_TEXT.finditer(sentence))
    if not spaces:
        return None
    space = rng.choice(spaces)
    return splice(sentence, space.start(), space.end(), "")


def join_words(sentence: str, rng: random.Random) -> str | None:
    """Leave out some of the spaces between Hangul, from one of them to all."""
    spaces = list(_INNER_SPACE.finditer(sentence))
    if not spaces:
        return None
    left_out = rng.sample(spaces, rng.randint(1, len(spaces)))
    for space in sorted(left_out, key=lambda match: match.start(), reverse=True):
        sentence = splice(sentence, space.start(), space.end(), "")
    return sentence


def split_word(sentence: str, rng: random.Random) -> str | None:
    """Put one space between two morphemes of a word, as in 학교 에서 or 공부 했다."""
    morphemes = analyse(sentence)
    boundaries = [
        right.start
        for left, right in itertools.pairwise(morphemes)
        if left.end == right.start < right.end
        and left.start < left.end
        and "가" <= sentence[right.start - 1] <= "힣"
        and "가" <= sentence[right.start] <= "힣"
    ]
    if not boundaries:
        return None
    at = rng.choice(boundaries)
    return splice(sentence, at, at, " ")
