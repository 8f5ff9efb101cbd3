"""How well a tokenizer's vocabulary covers a text: of foreign text an encoder sees letters, and no words."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dalmeum.languages import Text

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

READ = 2000
"""Sentences that are looked at: shares of words settle long before."""

MOST_UNKNOWN = 0.05
MOST_SPELLED = 0.55
"""Shares from which an encoder can't read a text. Measured: of Korean under an English vocabulary .58 to .74
of letters are spelled out (bytes: .98), and up to .08 of tokens unknown; under Korean ones of 32,000 entries
at most .10 and .001, under small ones of 8,000 at most .50; of English under MiniLM's none."""

UNREADABLE = Text(
    "the encoder can't read this text: its vocabulary spells {spelled:.0%} of the letters out one by one, "
    "and {unknown:.0%} of the tokens are unknown to it; choose one trained on this language",
    "인코더가 이 글을 읽지 못합니다: 글자의 {spelled:.0%}가 어휘에 없어 한 글자씩 쪼개지고 "
    "토큰의 {unknown:.0%}는 모르는 토큰입니다. 이 언어로 학습한 인코더를 고르세요",
)
READABLE = Text(
    "its vocabulary spells {spelled:.1%} of the letters out one by one, and {unknown:.1%} of the tokens are "
    "unknown to it",
    "글자의 {spelled:.1%}가 한 글자씩 쪼개지고 토큰의 {unknown:.1%}는 모르는 토큰입니다",
)

# Chinese characters are words, and stand without spaces.
_WORD = re.compile(r"[^\W\d_\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{3,}")


@dataclass(frozen=True)
class Coverage:
    """Of some text: the share of tokens that are unknown, and of letters in words that are spelled out.

    A word counts from three letters on, and as spelled out where it has as many tokens as letters.
    """

    unknown: float
    spelled: float

    @property
    def readable(self) -> bool:
        return self.unknown < MOST_UNKNOWN and self.spelled < MOST_SPELLED

    @property
    def told(self) -> Text:
        text = READABLE if self.readable else UNREADABLE
        return text.format(unknown=self.unknown, spelled=self.spelled)


def coverage(tokenizer: "PreTrainedTokenizerBase", sentences: Iterable[str]) -> Coverage:
    """Of at most `READ` different sentences, spread over all."""
    texts = list(dict.fromkeys(sentences))
    texts = texts[:: -(-len(texts) // READ) or 1]
    words = Counter(word for text in texts for word in _WORD.findall(text))
    of_texts, of_words = (_tokens(tokenizer, each) for each in (texts, list(words)))
    tokens = [token for row in of_texts for token in row]
    unknown = sum(token == tokenizer.unk_token_id for token in tokens) / max(1, len(tokens))
    letters = sum(len(word) * count for word, count in words.items())
    spelled = sum(
        len(word) * words[word] for word, row in zip(words, of_words, strict=True) if len(row) >= len(word)
    )
    return Coverage(unknown, spelled / max(1, letters))


def _tokens(tokenizer: "PreTrainedTokenizerBase", texts: list[str]) -> list[list[int]]:
    if not texts:
        return []
    rows: list[list[int]] = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    return rows
