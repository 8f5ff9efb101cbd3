"""Particles (조사): 을/를, 이/가 and 은/는 left out as in speech, and topic for subject or the reverse."""

import itertools
import random

from dalmeum.korean.jamo import has_final
from dalmeum.korean.morphemes import Morpheme, analyse, splice, words
from dalmeum.korean.predicates import STEMS

_NOUNS = frozenset({"NNG", "NNP", "XSN"})
_TOPIC = frozenset({"은", "는"})
# A topic that names a time or a place is no subject: 오늘은 -> *오늘이.
_CIRCUMSTANCES = words(
    "오늘 어제 내일 그제 모레 올해 작년 내년 지난해 이번 다음 요즘 요새 최근 현재 지금 당시 평소 "
    "처음 마지막 아침 점심 저녁 오전 오후 밤 낮 새벽 주말 평일 휴일 하루 봄 여름 가을 겨울 때 날 "
    "해 달 주 후 전 뒤 동안 이후 이전 월요일 화요일 수요일 목요일 금요일 토요일 일요일 여기 거기 "
    "저기 반나절 한나절 사실 결국 이날 한편 정도 경우"
)
# Verbs that serve as postpositions keep their object's particle: 길을 따라, 너를 위해.
_POSTPOSITIONS = frozenset(
    {"따르", "위하", "통하", "대하", "비롯하", "앞두", "향하", "둘러싸", "가지고", "놓"}
)


def drop_particle(sentence: str, rng: random.Random) -> str | None:
    """Leave out one particle where speech does.

    That is an object's or a subject's right before its verb (밥 먹었다, 시간 없다), or the first topic's.
    """
    morphemes = analyse(sentence)
    first_topic = next((at for at, m in enumerate(morphemes) if _is_topic(m)), None)
    droppable = [
        particle
        for at, particle in enumerate(morphemes[:-1])
        if at
        and morphemes[at - 1].kind in _NOUNS
        and sentence[particle.start - 1 : particle.start] != " "
        and sentence[particle.end : particle.end + 1] == " "
        and (
            (particle.kind == "JKO" and particle.form in {"을", "를"} and _opens_verb(morphemes, at + 1))
            or (particle.kind == "JKS" and morphemes[at + 1].kind in {"VV", "VA"})
            or (at == first_topic and len(morphemes[at - 1].form) > 1)
        )
    ]
    if not droppable:
        return None
    particle = rng.choice(droppable)
    return splice(sentence, particle.start, particle.end, "")


def swap_particle(sentence: str, rng: random.Random) -> str | None:
    """Make the only subject the topic (이/가 -> 은/는), or the only topic, where it is one, the subject."""
    morphemes = analyse(sentence)
    subjects = [at for at, m in enumerate(morphemes) if m.kind in {"JKS", "JKC"}]
    topics = [at for at, m in enumerate(morphemes) if m.kind == "JX" and m.form in _TOPIC]
    if len(subjects) + len(topics) != 1:
        return None
    at = (subjects or topics)[0]
    particle = morphemes[at]
    noun = morphemes[at - 1] if at else None
    if sentence[particle.start : particle.end] != particle.form:
        return None  # contracted, as in 께선
    if noun is None or noun.kind not in _NOUNS or noun.form in _CIRCUMSTANCES:
        return None
    rest = morphemes[at + 1 :]
    closed = has_final(sentence[: particle.start])
    if subjects:
        if particle.kind != "JKS" or _holds_clause(rest):
            return None
        swapped = "은" if closed else "는"
    else:
        if not _topic_is_subject(rest):
            return None
        swapped = "이" if closed else "가"
    return splice(sentence, particle.start, particle.end, swapped)


def _is_topic(morpheme: Morpheme) -> bool:
    return morpheme.kind == "JX" and morpheme.form in _TOPIC


def _opens_verb(morphemes: tuple[Morpheme, ...], at: int) -> bool:
    """Whether a verb starts here: 먹다, or a noun that 하다 makes one, as in 발표하다."""
    if morphemes[at].kind == "VV":
        return morphemes[at].form not in _POSTPOSITIONS
    return (
        at + 1 < len(morphemes)
        and morphemes[at].kind in {"NNG", "XR"}
        and morphemes[at + 1].kind == "XSV"
        and morphemes[at].end == morphemes[at + 1].start
    )


def _holds_clause(morphemes: tuple[Morpheme, ...]) -> bool:
    """Whether another clause starts before the final predicate: then the subject may be that clause's own."""
    return any(
        m.kind in {"ETM", "ETN"} or (m.kind == "EC" and following.kind != "VX")
        for m, following in itertools.pairwise(morphemes)
    )


def _topic_is_subject(rest: tuple[Morpheme, ...]) -> bool:
    """A topic can be the object (밥은 먹었다), unless the object has its own place or nothing takes one."""
    if any(m.kind == "JKO" for m in rest):
        return not _holds_clause(rest)
    stems = [m for m in rest if m.kind in STEMS]
    return bool(stems) and all(m.kind in {"VA", "XSA", "VCP"} for m in stems)
