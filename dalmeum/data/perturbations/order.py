"""Word order: Korean lets the phrases before the verb change places, as their particles keep their roles."""

import random
from dataclasses import dataclass

from dalmeum.korean.morphemes import Morpheme, analyse, words

_CASES = frozenset({"JKS", "JKO", "JKB", "JX"})
# These particles tie their noun to what follows (너보다 크다, 친구와 싸우다).
_BINDING_PARTICLES = frozenset(
    {"보다", "처럼", "만큼", "와", "과", "랑", "이랑", "하고", "라고", "고", "로서"}
)
# Adverbs that stand on their own; all others (매우, 더, 다시) are left with what follows them.
_FREE_ADVERBS = words("지금 아까 방금 이미 벌써 자주 가끔 항상 늘 언제나")
_BINDS_TO_PREVIOUS = frozenset({"함께", "같이"})
# What a word may end in and still belong to the next one.
_OPEN_ENDS = frozenset({"MM", "MAG", "JKG", "JC", "JKB", "NNG", "NNP", "NNB", "NR", "SN", "XSN", "NP"})
_CLAUSE_ENDS = frozenset({"EC", "ETM", "ETN", "EF", "SP", "SSO", "SSC", "SS", "MAJ", "IC"})
_FREE_ENDS = frozenset({"EC", "EF", "SF", "MAJ"})
_QUESTION_WORDS = frozenset({"뭐", "무엇", "어디", "어느", "누구", "언제", "몇", "어떤", "왜", "무슨"})
# Verbs that make an idiom or a postposition with the phrase before them: 영향을 받다, 길을 따라.
_LIGHT_VERBS = words(
    "받 주 하 내 갖 가지 보이 기울이 미치 끼치 겪 얻 두 맞 치 들이 나누 맺 거두 되 이루 띠 다하 "
    "따르 위하 통하 대하 관하 의하 향하 앞두 비하"
)


@dataclass(frozen=True)
class _Eojeol:
    text: str
    morphemes: tuple[Morpheme, ...]

    @property
    def last(self) -> Morpheme:
        return self.morphemes[-1]

    @property
    def kinds(self) -> set[str]:
        return {m.kind for m in self.morphemes}

    @property
    def is_phrase_end(self) -> bool:
        return self.text in _FREE_ADVERBS or (
            self.last.kind in _CASES and self.last.form not in _BINDING_PARTICLES
        )


def scramble(sentence: str, rng: random.Random) -> str | None:
    """Let two neighbouring phrases before the final predicate change places.

    A phrase is a word with a case or topic particle, with its modifiers. Clauses are not taken apart: only
    what stands after the last connective or adnominal ending, and before the predicate, moves.
    """
    eojeols = _eojeols(sentence)
    if any(m.form in _QUESTION_WORDS for eojeol in eojeols for m in eojeol.morphemes):
        return None
    predicate = _predicate_start(eojeols)
    clause_ends = [at for at, eojeol in enumerate(eojeols[:predicate]) if eojeol.kinds & _CLAUSE_ENDS]
    start = clause_ends[-1] + 1 if clause_ends else 0
    phrases = _phrases(eojeols[start:predicate])
    if phrases is None:
        return None
    # After an adnominal ending, say, the first phrase is what that clause modifies, so it stays.
    first = 1 if start and eojeols[start - 1].last.kind not in _FREE_ENDS else 0
    last = len(phrases) - (1 if _is_idiom(phrases, eojeols[predicate:]) else 0)
    # In 사진은 안경을 쓰고 찍는다 the object belongs to 쓰고 alone, the topic to both.
    is_chain = any(_is_connective(eojeol) for eojeol in eojeols[predicate:-1])
    places = [
        at
        for at in range(first, last - 1)
        if _may_swap(phrases[at][-1], phrases[at + 1][-1]) and not (is_chain and _is_topic(phrases[at][-1]))
    ]
    if not places:
        return None
    at = rng.choice(places)
    phrases[at], phrases[at + 1] = phrases[at + 1], phrases[at]
    texts = [eojeol.text for eojeol in eojeols]
    moved = [eojeol.text for phrase in phrases for eojeol in phrase]
    return " ".join([*texts[:start], *moved, *texts[start + len(moved) :]])


def _eojeols(sentence: str) -> list[_Eojeol]:
    morphemes = analyse(sentence)
    eojeols = []
    end = 0
    for text in sentence.split(" "):
        start, end = end, end + len(text)
        inside = tuple(m for m in morphemes if start <= m.start < end)
        if inside:
            eojeols.append(_Eojeol(text, inside))
        end += 1
    return eojeols


def _predicate_start(eojeols: list[_Eojeol]) -> int:
    """Where the final predicate begins: auxiliaries, negation and a bound noun's clause belong to it."""
    at = len(eojeols) - 1
    while at > 0 and (
        eojeols[at].kinds & {"VX", "NNB", "VCN"}
        or eojeols[at - 1].text in {"안", "못"}
        or eojeols[at - 1].last.kind in {"ETM", "EC", "ETN"}
    ):
        at -= 1
    return max(at, 0)


def _phrases(eojeols: list[_Eojeol]) -> list[list[_Eojeol]] | None:
    """Words grouped with what they modify, without the adverbs that stand right before the predicate.

    None where a word fits no phrase.
    """
    phrases: list[list[_Eojeol]] = []
    current: list[_Eojeol] = []
    for eojeol in eojeols:
        if eojeol.text in _BINDS_TO_PREVIOUS and phrases and not current:
            phrases[-1].append(eojeol)
            continue
        current.append(eojeol)
        if eojeol.is_phrase_end:
            phrases.append(current)
            current = []
        elif eojeol.last.kind not in _OPEN_ENDS:
            return None
    return phrases


def _is_idiom(phrases: list[list[_Eojeol]], predicate: list[_Eojeol]) -> bool:
    verbs = [m.form for eojeol in predicate for m in eojeol.morphemes if m.kind in {"VV", "XSV"}]
    return bool(phrases and verbs) and verbs[0] in _LIGHT_VERBS


def _may_swap(left: _Eojeol, right: _Eojeol) -> bool:
    """Two subjects, or two phrases with one particle, would change roles or read as if they had."""
    subjects = [eojeol.last.kind == "JKS" or _is_topic(eojeol) for eojeol in (left, right)]
    return not all(subjects) and left.last.form != right.last.form


def _is_topic(eojeol: _Eojeol) -> bool:
    return eojeol.last.kind == "JX" and eojeol.last.form in {"은", "는", "도"}


def _is_connective(eojeol: _Eojeol) -> bool:
    return eojeol.last.kind == "EC"
