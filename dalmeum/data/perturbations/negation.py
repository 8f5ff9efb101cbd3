"""Negation of a statement's or a request's final predicate: 안 간다, 가지 않는다, 가지 마세요."""

import random

from dalmeum.data.perturbations.politeness import is_future, is_verb, mood_of
from dalmeum.korean.jamo import has_final
from dalmeum.korean.morphemes import analyse, join, splice, words
from dalmeum.korean.predicates import Predicate, final_predicates

_OPPOSITES = {"있": "없", "없": "있", "알": "모르", "모르": "알"}
_NEGATORS = frozenset({"안", "못"})
# Before 안, or before 지 않다, these say something odd: *너무 안 멋지다, *꼭 가지 않는다.
_DEGREES = words(
    "아주 매우 너무 정말 굉장히 꽤 참 가장 제일 훨씬 더 많이 진짜 무척 아직 모두 다 크게 새로 딱 깜짝"
)
_AFFIRMATIVE = words("꼭 반드시 조금 좀 이미 벌써 계속 곧 방금 가까스로 겨우")
_WISHES = frozenset({"바라", "부탁", "부탁드리"})
_GIVEN = frozenset({"알리", "보이", "들리"})
"""Stems that mean something else without 주다: 알려 주지 마세요, not 알리지 말아 주세요."""
_SHORT_STEM = 2
"""안 sounds wrong before longer stems (*안 아름답다)."""


def negate_short(sentence: str, rng: random.Random) -> str | None:
    """Put 안 before the final verb or adjective: 비가 안 왔다, 공부를 안 했다."""
    predicate = _sole_predicate(sentence)
    if predicate is None or mood_of(predicate) != "declarative":
        return None
    head, before = predicate.head, predicate.before
    if any(m.kind == "MAG" and m.form in _DEGREES for m in analyse(sentence)):
        return None
    if head.kind == "XSV" and head.form == "하" and before is not None and before.end == head.start:
        # 공부하다 opens up into 공부를 안 하다, where no other object stands.
        if before.kind != "NNG":
            return None
        has_object = any(m.kind == "JKO" for m in analyse(sentence))
        particle = "" if has_object else "을" if has_final(before.form) else "를"
        return splice(sentence, head.start, head.start, f"{particle} 안 ")
    follows_ending = before is not None and before.kind == "EC"
    if head.form == "되" and follows_ending and not _is_permission(predicate, sentence):
        return None
    starts_word = head.start == 0 or sentence[head.start - 1] == " "
    if head.kind not in {"VV", "VA"} or not starts_word or len(head.form) > _SHORT_STEM:
        return None
    if head.form in {*_OPPOSITES, "같", "보이"}:
        return None
    return splice(sentence, head.start, head.start, "안 ")


def negate_long(sentence: str, rng: random.Random) -> str | None:
    """Negate the final predicate with 지 않다 (statements) or 지 말다 (requests).

    The copula becomes 이/가 아니다, and 있다 - 없다, 알다 - 모르다 take each other's place.
    """
    predicate = _sole_predicate(sentence)
    if predicate is None:
        return None
    mood = mood_of(predicate)
    if mood == "imperative":
        return _forbid(sentence, predicate)
    if mood != "declarative" or predicate.head.kind == "VCN":
        return None
    if predicate.head.form == "되" and predicate.before is not None and predicate.before.kind == "EC":
        return None  # 가면 된다 - 가면 안 된다
    head, ending = predicate.head, predicate.ending
    endings = [*((m.form, m.tag) for m in predicate.prefinal), (ending.form, ending.tag)]
    if head.kind == "VCP":
        return _negate_copula(sentence, predicate)
    if head.form in _OPPOSITES and head.kind in {"VV", "VA"}:
        spelled = join([(_OPPOSITES[head.form], head.tag), *endings])
    else:
        if is_verb(predicate) and ending.form in {"다", "ᆫ다", "는다"} and not predicate.prefinal:
            endings = [("는다", "EF")]
        spelled = join([(head.form, head.tag), ("지", "EC")]) + " " + join([("않", "VX"), *endings])
    return splice(sentence, predicate.start, predicate.end, spelled)


def _sole_predicate(sentence: str) -> Predicate | None:
    """The final predicate, where there is one and nothing near it negates already."""
    predicates = final_predicates(sentence)
    if len(predicates) != 1:
        return None
    predicate = predicates[0]
    negated = predicate.head.form in {"않", "말", "못하"} or any(
        m.kind == "MAG" and m.form in _NEGATORS for m in analyse(sentence)
    )
    odd = (
        any(m.kind == "MAG" and m.form in _AFFIRMATIVE for m in analyse(sentence))
        or any(m.form in _WISHES for m in predicate.stem)
        or (predicate.before is not None and predicate.before.form in {"어야", *_WISHES})
        or is_future(predicate)
    )
    return None if negated or odd else predicate


def _is_permission(predicate: Predicate, sentence: str) -> bool:
    """가면 된다, 가도 된다 turn into their opposite with 안; *안 가도 안 된다, *가게 안 된다 don't."""
    permits = predicate.before is not None and predicate.before.form in {"면", "으면", "어도"}
    return permits and all(m.form != "않" for m in analyse(sentence))


def _negate_copula(sentence: str, predicate: Predicate) -> str | None:
    """의사다 -> 의사가 아니다."""
    noun = predicate.stem[0]
    if noun is predicate.head or not noun.kind.startswith(("N", "XSN")):
        return None
    endings = [(m.form, m.tag) for m in (*predicate.prefinal, predicate.ending)]
    if endings[-1][0] in {"예요", "에요"}:
        endings[-1] = ("에요", "EF")
    spelled = join([(noun.form, noun.tag), ("이", "JKC")]) + " " + join([("아니", "VCN"), *endings])
    return splice(sentence, predicate.start, predicate.end, spelled)


def _forbid(sentence: str, predicate: Predicate) -> str | None:
    """열어 주세요 -> 열지 말아 주세요; 여세요 -> 열지 마세요."""
    morphemes = analyse(sentence)
    head = predicate.head
    ending = sentence[predicate.start : predicate.end]
    if head.kind == "VX" and head.form == "주":
        at = next(i for i, m in enumerate(morphemes) if m is head or m == head)
        if at < 2 or morphemes[at - 1].form != "어":
            return None
        main = morphemes[at - 2]
        if main.kind not in {"VV", "XSV"}:
            return None
        if main.form not in _GIVEN:
            stem = join([(main.form, main.tag), ("지", "EC")])
            return splice(sentence, main.start, predicate.end, f"{stem} 말아 {ending}")
    elif head.kind not in {"VV", "XSV"}:
        return None
    endings = [(m.form, m.tag) for m in (*predicate.prefinal, predicate.ending)]
    spelled = join([(head.form, head.tag), ("지", "EC")]) + " " + join([("말", "VX"), *endings])
    return splice(sentence, predicate.start, predicate.end, spelled)
