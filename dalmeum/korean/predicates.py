"""The predicates that close a sentence: 먹었다, 학생이다, 가고 싶어요."""

from dataclasses import dataclass

from dalmeum.korean.morphemes import Morpheme, analyse


@dataclass(frozen=True)
class Predicate:
    """A sentence-final predicate: stem (with its noun for the copula), pre-final endings, final ending."""

    stem: tuple[Morpheme, ...]
    prefinal: tuple[Morpheme, ...]
    ending: Morpheme
    before: Morpheme | None
    """The morpheme before the stem."""
    before_auxiliary: str
    """Kind of the stem to which an auxiliary (VX) is attached, as VV in 먹지 않다; "" where there is none."""
    is_question: bool

    @property
    def head(self) -> Morpheme:
        return self.stem[-1]

    @property
    def start(self) -> int:
        return self.stem[0].start

    @property
    def end(self) -> int:
        return self.ending.end


STEMS = frozenset({"VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA"})


def final_predicates(sentence: str) -> list[Predicate]:
    """The final predicate of each clause that ends a sentence; quoted ones are left out."""
    morphemes = analyse(sentence)
    found = []
    for index, ending in enumerate(morphemes):
        if ending.kind != "EF" or not _ends_sentence(sentence, morphemes, index):
            continue
        at = index
        while at > 0 and morphemes[at - 1].kind == "EP":
            at -= 1
        if at == 0 or morphemes[at - 1].kind not in STEMS:
            continue
        first = at - 1
        if morphemes[first].kind == "VCP" and first > 0:
            first -= 1  # the copula may be contracted into its noun
            if morphemes[first].kind.startswith("S"):
                continue  # a figure or sign: how it is read, and so what follows, is not known
        found.append(
            Predicate(
                stem=morphemes[first:at],
                prefinal=morphemes[at:index],
                ending=ending,
                before=morphemes[first - 1] if first > 0 else None,
                before_auxiliary=_main_stem(morphemes[:at]),
                is_question=sentence[ending.end :].lstrip().startswith("?"),
            )
        )
    return found


def _ends_sentence(sentence: str, morphemes: tuple[Morpheme, ...], index: int) -> bool:
    if index + 1 == len(morphemes):
        return True
    following = morphemes[index + 1]
    return following.kind in {"SF", "SE"} or (
        following.start > morphemes[index].end and not following.kind.startswith("J")
    )


def _main_stem(morphemes: tuple[Morpheme, ...]) -> str:
    if morphemes[-1].kind != "VX":
        return ""
    for morpheme in reversed(morphemes[:-1]):
        if morpheme.kind in STEMS - {"VX"}:
            return morpheme.kind
    return ""
