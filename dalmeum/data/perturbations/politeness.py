"""Endings and levels of politeness: 간다 (해라체), 가요 (해요체), 갑니다 (합쇼체).

Each final ending is taken for one of a few moods; the stem is then joined with the ending that says the same
at another level. First persons follow the level (저 - 나); where they or another word can't, the rule does
not apply.
"""

import random
from collections.abc import Iterable, Sequence
from typing import Literal

from dalmeum.korean.jamo import has_final
from dalmeum.korean.morphemes import Morpheme, analyse, join, splice
from dalmeum.korean.predicates import Predicate, final_predicates

Level = Literal["plain", "polite", "formal"]
Mood = Literal["declarative", "question", "imperative", "proposal"]
Ending = tuple[str, str]

_DECLARATIVES = frozenset({"다", "ᆫ다", "는다", "습니다", "ᆸ니다"})
_QUESTIONS = frozenset({"니", "냐", "느냐", "나요", "ᆫ가요", "은가요", "는가요", "습니까", "ᆸ니까"})
_IMPERATIVES = frozenset({"어라", "ᆸ시오", "십시오", "으십시오"})
_PROPOSALS = frozenset({"자", "ᆸ시다", "읍시다"})
# Plain endings that 요 makes polite; they have no formal form of their own.
_WITH_YO = frozenset(
    {"네", "지", "ᆯ까", "을까", "ᆯ래", "을래", "ᆯ게", "을게", "거든", "잖아", "군", "는군", "구나"}
)
# Auxiliaries that conjugate as adjectives do: 먹고 싶다, not *싶는다.
_ADJECTIVAL_AUXILIARIES = frozenset({"싶", "있", "없", "듯하", "만하", "법하", "듯싶"})
# 니 joins stems as 네 does (사니, 있니), while Kiwi makes 있으니 of it, which is the connective.
PLAIN_QUESTION = "네?"
# Wishes and requests in the form of a statement: 바랍니다 asks, 바라네요 does not.
_SPEECH_ACTS = frozenset({"바라", "싶", "궁금하", "궁금", "부탁", "부탁드리"})
_HUMBLE = {"저": "나", "저희": "우리"}
_IMPOLITE_WORDS = frozenset({"너", "너희", "니", "네", "걔", "얘"})


def to_plain(sentence: str, rng: random.Random) -> str | None:
    return _to_level(sentence, "plain")


def to_polite(sentence: str, rng: random.Random) -> str | None:
    return _to_level(sentence, "polite")


def to_formal(sentence: str, rng: random.Random) -> str | None:
    return _to_level(sentence, "formal")


def change_ending(sentence: str, rng: random.Random) -> str | None:
    """Close a statement with 네, 지 or 군, with 요 where the sentence is polite."""
    predicates = final_predicates(sentence)
    if not predicates or any(mood_of(predicate) != "declarative" for predicate in predicates):
        return None
    if any(_is_speech_act(predicate) for predicate in predicates):
        return None
    about_me = any(m.kind == "NP" and m.form in {"나", "저", "우리", "저희"} for m in analyse(sentence))
    past = any(m.form == "었" for predicate in predicates for m in predicate.prefinal)
    chosen = rng.choice(("지",) if about_me else ("네", "지") if past else ("네", "지", "군"))
    return _respell(sentence, [(predicate, _modal_ending(predicate, chosen)) for predicate in predicates])


def is_verb(predicate: Predicate) -> bool:
    """Whether the present takes ㄴ다/는다; adjectives, the copula and 있다, 없다 take 다."""
    head = predicate.head
    if head.kind == "VX" and head.form == "않":
        return predicate.before_auxiliary in {"VV", "XSV"}
    if head.kind == "VX":
        return head.form not in _ADJECTIVAL_AUXILIARIES
    return head.kind in {"VV", "XSV"} and head.form not in {"있", "없"}


def is_future(predicate: Predicate) -> bool:
    """할 것이다, 할 거예요."""
    before = predicate.before
    return predicate.stem[0].form in {"것", "거"} and before is not None and before.form in {"ᆯ", "을"}


def mood_of(predicate: Predicate) -> Mood | None:
    """What the final ending says; None where the ending or the context leaves that open."""
    ending = predicate.ending.form
    if ending in _QUESTIONS:
        return "question"
    if ending in _PROPOSALS:
        return "proposal"
    if ending in _IMPERATIVES:
        return "imperative"
    if ending in _DECLARATIVES:
        return None if predicate.is_question else "declarative"
    if ending in {"세요", "으세요"}:
        if predicate.is_question:
            return "question"
        return "imperative" if is_verb(predicate) else "declarative"
    if ending in {"어", "야", "어요", "에요", "예요"}:
        if predicate.is_question:
            return "question"
        if predicate.head.form == "주" and not predicate.prefinal:
            return "imperative" if ending == "어" else None  # 도와줘요 asks or tells
        stays = predicate.head.form == "있" and predicate.before is not None and predicate.before.form == "어"
        if ending == "어" and (is_verb(predicate) or stays) and not predicate.prefinal:
            return None  # 먹어, 나가 있어: orders or tells
        return "declarative"
    return None


def _is_speech_act(predicate: Predicate) -> bool:
    """Whether another ending would make something else of it: 하겠다 promises, 하겠네 guesses."""
    return (
        any(m.form == "겠" for m in predicate.prefinal)
        or any(m.form in _SPEECH_ACTS for m in predicate.stem)
        or (predicate.before is not None and predicate.before.form in {"도록", *_SPEECH_ACTS})
        or is_future(predicate)
    )


def _to_level(sentence: str, level: Level) -> str | None:
    predicates = final_predicates(sentence)
    if not predicates or len(predicates) != sum(m.kind == "EF" for m in analyse(sentence)):
        return None
    if not _words_allow(sentence, level):
        return None
    respelled = []
    for predicate in predicates:
        endings = _endings_at(predicate, level)
        if endings is None:
            return None
        respelled.append((predicate, endings))
    return _persons_at(_respell(sentence, respelled), level)


def _endings_at(predicate: Predicate, level: Level) -> list[Ending] | None:
    """Pre-final endings and the final ending at `level`; None where there is no sure form."""
    form = predicate.ending.form
    bare = {"지요": "지", "죠": "지"}.get(form, form.removesuffix("요"))
    if bare in _WITH_YO:
        if level == "formal" or (bare == "구나" and level == "polite"):
            return None
        return [
            *_tags(predicate.prefinal),
            ("지요" if bare == "지" and level == "polite" else bare + "요" * (level == "polite"), "EF"),
        ]
    mood = mood_of(predicate)
    past = [ending for ending in _tags(predicate.prefinal) if ending[0] != "시"]
    honorific = form in {"세요", "으세요"} or len(past) < len(predicate.prefinal)
    if mood == "declarative":
        return _declarative(predicate, level, past, honorific)
    if mood == "question":
        return _question(predicate, level, past, honorific)
    if mood == "imperative" and not predicate.head.form.endswith("시"):
        if level == "plain":
            return [("어" if predicate.head.form == "주" else "어라", "EF")]
        return [("세요", "EF")] if level == "polite" else [("시", "EP"), ("ᆸ시오", "EF")]
    if mood == "proposal" and level != "polite":
        return [("자" if level == "plain" else "ᆸ시다", "EF")]
    return None


def _declarative(predicate: Predicate, level: Level, past: list[Ending], honorific: bool) -> list[Ending]:
    respect = [("시", "EP")] if honorific else []
    if level == "formal":
        return [*respect, *past, ("ᆸ니다" if not past else "습니다", "EF")]
    if level == "polite":
        return _polite(predicate, past, honorific)
    present_verb = not past and is_verb(predicate)
    return [*respect, *past, ("ᆫ다" if present_verb else "다", "EF")]


def _question(predicate: Predicate, level: Level, past: list[Ending], honorific: bool) -> list[Ending]:
    if level == "polite":
        return _polite(predicate, past, honorific)
    respect = [("시", "EP")] if honorific else []
    ending = PLAIN_QUESTION if level == "plain" else "습니까" if past else "ᆸ니까"
    return [*respect, *past, (ending, "EF")]


def _polite(predicate: Predicate, past: list[Ending], honorific: bool) -> list[Ending]:
    if honorific:
        return [("시", "EP"), *past, ("어요", "EF")] if past else [("세요", "EF")]
    if predicate.head.kind in {"VCP", "VCN"} and not past:
        noun = predicate.stem[0].form
        open_copula = predicate.head.kind == "VCP" and not has_final(noun)
        return [("예요" if open_copula else "에요", "EF")]
    return [*past, ("어요", "EF")]


def _modal_ending(predicate: Predicate, chosen: str) -> list[Ending]:
    polite = predicate.ending.form not in {"다", "ᆫ다", "는다", "어", "야"}
    tense = _tags(predicate.prefinal)
    if predicate.ending.form in {"세요", "으세요"}:
        tense = [("시", "EP"), *tense]
    if chosen == "군":
        present_verb = is_verb(predicate) and not tense
        chosen = "는군" if present_verb else "군"
        return [*tense, (chosen + "요" if polite else chosen.replace("군", "구나"), "EF")]
    return [*tense, (chosen + "요" * polite, "EF")]


def _tags(morphemes: Iterable[Morpheme]) -> list[Ending]:
    return [(m.form, m.tag) for m in morphemes]


def _respell(sentence: str, endings: Sequence[tuple[Predicate, Sequence[Ending]]]) -> str:
    for predicate, new in reversed(endings):
        spelled = _spell([*_tags(predicate.stem), *new])
        sentence = splice(sentence, predicate.start, predicate.end, spelled)
    return sentence


def _spell(morphemes: Sequence[Ending]) -> str:
    if morphemes[-1][0] == PLAIN_QUESTION:
        return join([*morphemes[:-1], ("네", "EF")]).removesuffix("네") + "니"
    return join(morphemes).replace("거입니", "겁니")


def _words_allow(sentence: str, level: Level) -> bool:
    for m in analyse(sentence):
        if level == "plain" and m.kind == "IC":
            return False  # 네, 예, 아니요 are polite by themselves
        if level != "plain" and (m.kind == "JKV" or (m.kind == "NP" and m.form in _IMPOLITE_WORDS)):
            return False
    return True


def _persons_at(sentence: str, level: Level) -> str:
    """나 for 저 in the plain style, and the reverse in the others; 내 and 제 are their contractions."""
    words = _HUMBLE if level == "plain" else {"나": "저"}
    morphemes = analyse(sentence)
    for at in reversed(range(len(morphemes))):
        person = morphemes[at]
        if person.kind != "NP" or person.form not in words:
            continue
        following = morphemes[at + 1] if at + 1 < len(morphemes) else None
        attached = following is not None and following.kind.startswith("J") and following.start <= person.end
        tail = [following] if attached and following is not None else []
        end = max([person.end, *(m.end for m in tail)])
        spelled = join([(words[person.form], "NP"), *tail])
        sentence = splice(sentence, person.start, end, spelled)
    return sentence
