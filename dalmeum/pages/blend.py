"""A blend for a terminal: who adds what, and whether the whole is better than its best member."""

from collections.abc import Mapping, Sequence
from typing import Any

from dalmeum.languages import Text
from dalmeum.numbers import difference, number
from dalmeum.stats import Estimate
from dalmeum.terminal import table

RUN, AUTHOR = Text("run", "실행"), Text("author", "사람")
WEIGHT, ALONE = Text("weight", "가중치"), Text("alone", "혼자")
GAIN, SHARE = Text("left out", "빼면"), Text("share", "몫")
SCORED = Text(
    "{method}: {score} on pairs that no weight was fitted on; {best} alone {single}; {gain}",
    "{method}: 가중치를 맞추지 않은 쌍에서 {score}, {best}만 쓰면 {single}, {gain}",
)
NO_GAIN = Text(
    "the blend scores {blend} on pairs that its weights were not fitted on, {best} alone {single}: {gain}; "
    "no gain is shown",
    "가중치를 맞추지 않은 쌍에서 블렌드는 {blend}, {best}만 쓰면 {single}: {gain}. 나아졌다고 볼 수 없습니다",
)
BY_PERSON = Text("by person: {told}", "사람별: {told}")
NOBODY = Text("nobody named", "이름 없음")


def blend_lines(blend: Mapping[str, Any]) -> list[str]:
    """Of what `blend.json` holds; "left out" is how much the score falls without a run."""
    rows: list[Sequence[object]] = [(RUN, AUTHOR, WEIGHT, ALONE, GAIN, SHARE)]
    for member in blend["members"]:
        rows.append(
            (
                member["run"],
                member["author"] or NOBODY,
                f"{member['weight']:.3f}",
                number(member["alone"], 4),
                f"{-member['gain']:+.4f}",
                number(member["share"], 4),
            )
        )
    gain = blend["gain"]
    told = f"{gain['value']:+.4f} ({gain['low']:+.4f} to {gain['high']:+.4f})"
    scored = SCORED.format(
        method=blend["method"],
        score=number(blend["score"], 4),
        best=blend["best"]["run"],
        single=number(blend["best"]["score"], 4),
        gain=told,
    )
    return [*table(rows, right=[2, 3, 4, 5], whole=[0]), "", str(scored), str(by_person(blend["authors"]))]


def by_person(shares: Mapping[str, float]) -> Text:
    """What each person adds, by name, "" for runs of nobody."""
    return BY_PERSON.format(
        told=Text(
            *(
                ", ".join(f"{name or nobody} {number(share, 4)}" for name, share in shares.items())
                for nobody in (NOBODY.en, NOBODY.ko)
            )
        )
    )


def no_gain(score: float, best: str, single: float, gain: Estimate) -> Text:
    """That a blend is not shown to be better than its best run."""
    told = {"blend": number(score, 4), "best": best, "single": number(single, 4)}
    return NO_GAIN.format(**told, gain=difference(gain))
