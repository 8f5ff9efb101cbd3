"""Long sentences, cut before they are encoded as pairs.

tokenizers keeps all that it truncates: of a pair every part of one sentence with every part of the other,
gigabytes for two sentences of 8,000 characters.
"""

from collections.abc import Callable, Sequence
from typing import Any

BEYOND = 128
"""Tokens that are left behind the truncation: where a word is cut its last tokens may be others, and no word
of WordPiece has more than 100.
"""


def cut(
    sentences: Sequence[str], most: int, encode: Callable[[list[str]], Sequence[Any]], side: str = "right"
) -> list[str]:
    """Sentences without what is truncated anyway, so that a pair of them is encoded as it was.

    Args:
        most: tokens of a pair.
        encode: sentences alone to tokenizers' encodings, without special tokens, truncated at `most`.
        side: of the truncation.
    """
    found = list(sentences)
    # Below, its parts are few, however many tokens a character has.
    long = [number for number, sentence in enumerate(sentences) if len(sentence) > 2 * most]
    further = -(-BEYOND // most)
    for number, encoding in zip(long, encode([found[each] for each in long]) if long else (), strict=True):
        parts = encoding.overflowing
        if len(parts) > further:
            (start, _), (_, end) = parts[further - 1].offsets[0], parts[further - 1].offsets[-1]
            found[number] = found[number][:end] if side == "right" else found[number][start:]
    return found
