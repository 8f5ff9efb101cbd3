"""Seeds that are added after a look: false verdicts over all looks of a study, and what looking early costs.

The looks are counted by `dalmeum.experiments.looks`, as those of a study's folder are.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dalmeum.experiments.looks import Judged, next_look
from dalmeum.stats import Look, SeedDifference, advice, verdicts
from simulations.rates import DIFFERENT, LEVEL, Counts, Many, Named, share
from simulations.seeds import EFFECT, MARGIN, PAIRS, judged, scored, some
from simulations.sts_like import SHAPES, Array, Draw, equal

FIRST = 3
"""Seeds at the first look."""

PLANS: dict[int | None, tuple[int, ...]] = {
    None: (3, 5, 8, 13, 21, 34, 60),
    12: tuple(range(3, 13)),
    60: (3, 5, 8, 13, 21, 34, 60),
}
"""Seeds at each look by `max_seeds`; of a plan of 12, one more each time."""

DOUBLED = {3: (3,), 6: (3, 6), 12: (3, 6, 12), 60: (3, 6, 12, 24, 60)}


class Record:
    """What the folder of a study keeps of its looks."""

    def __init__(self, max_seeds: int | None) -> None:
        self.max_seeds, self.kept = max_seeds or FIRST, list[Judged]()

    def look(self, count: int) -> Look:
        arms = {"baseline": "", "arm": ""}
        now = Judged(tuple(range(count)), self.max_seeds, "pearson", 0.0, ("dev",), False, arms, "")
        look = next_look(self.kept, now)
        self.kept.append(replace(now, exploratory=None if look.exploratory is None else look.exploratory.en))
        return look


def looks_at(schedule: Sequence[int], max_seeds: int | None) -> list[tuple[int, Look]]:
    record = Record(max_seeds)
    return [(count, record.look(count)) for count in schedule]


def added_until_decided(
    draw: Draw, arms: int, max_seeds: int | None, studies: int, generator: np.random.Generator
) -> Counts:
    """Seeds are added until an arm is better or worse; none truly is. What counts, and what does not."""
    schedule, hits, exploratory = PLANS[max_seeds], 0, 0
    looks = looks_at(schedule, max_seeds)
    for _ in range(studies):
        scores = scored(generator, draw, arms, schedule[-1])
        for count, look in looks:
            if some(judged(scores[:, :count]), DIFFERENT, level=look.level):
                hits += look.exploratory is None
                exploratory += look.exploratory is not None
                break
    return {"better_or_worse": share(hits, studies), "exploratory": share(exploratory, studies)}


def equal_until_decided(arms: int, studies: int, generator: np.random.Generator) -> dict[str, float]:
    """Every arm is as far from the baseline as matters; seeds are added until one makes no difference."""
    hits, looks = 0, looks_at(PLANS[12], 12)
    for _ in range(studies):
        scores = scored(generator, equal, arms, 12)
        scores[1:] += MARGIN
        hits += any(
            some(judged(scores[:, :count]), {"no_difference"}, MARGIN, look.level) for count, look in looks
        )
    return share(hits, studies)


def as_advised(arms: int, max_seeds: int, studies: int, generator: np.random.Generator) -> dict[str, float]:
    """As many seeds as the advice says, then more and more until an arm is better or worse; none truly is."""
    hits = 0
    for _ in range(studies):
        scores = scored(generator, equal, arms, max_seeds)
        record, count, found = Record(max_seeds), FIRST, False
        while not found:
            differences = judged(scores[:, :count])
            found = some(differences, DIFFERENT, level=record.look(count).level)
            if count == max_seeds:
                break
            count = min(max(count + max_seeds // 12, advised(differences, arms)), max_seeds)
        hits += found
    return share(hits, studies)


def advised(differences: Sequence[SeedDifference], arms: int) -> int:
    """Arms are told apart by their pooled error alone, so the first one's advice is mostly that of all."""
    told = advice(differences[0], EFFECT, pairs=PAIRS, arms=arms)
    assert told is not None
    return told.count


def found_by(
    arms: int, max_seeds: int, studies: int, generator: np.random.Generator
) -> dict[str, dict[str, float]]:
    """One arm is better by the effect: found at the first look, over all looks, or by one look at the end."""
    schedule = DOUBLED[max_seeds]
    looks = looks_at(schedule, max_seeds)
    hits = np.zeros(3, int)
    for _ in range(studies):
        scores: Array = scored(generator, equal, arms, max_seeds)
        scores[1] += EFFECT
        at = [
            verdicts(judged(scores[:, :count]), 0.0, level=look.level)[0].outcome == "better"
            for count, look in looks
        ]
        whole = verdicts(judged(scores), 0.0, level=LEVEL)[0].outcome == "better"
        hits += np.array([at[0], any(at), whole])
    names = ("at_first_look", "at_any_look", "at_once")
    return {name: share(int(hit), studies) for name, hit in zip(names, hits, strict=True)}


def simulated(many: Many, generator: np.random.Generator) -> Named:
    yield (
        "looks",
        [
            {
                "seed_luck": name,
                "arms": arms,
                "max_seeds": planned,
                **added_until_decided(draw, arms, planned, many(1500), generator),
            }
            for name, draw in SHAPES.items()
            for arms in (1, 9)
            for planned in PLANS
        ],
    )
    yield (
        "equality_over_looks",
        [
            {"arms": arms, "max_seeds": 12, "no_difference": equal_until_decided(arms, many(1500), generator)}
            for arms in (1, 9)
        ],
    )
    yield (
        "advice_followed",
        [
            {
                "arms": arms,
                "max_seeds": planned,
                "better_or_worse": as_advised(arms, planned, many(300), generator),
            }
            for arms in (1, 9)
            for planned in (12, 60)
        ],
    )
    yield (
        "first_look_at_3_seeds",
        [
            {"arms": arms, "max_seeds": planned, "found": found_by(arms, planned, many(2000), generator)}
            for arms in (1, 9)
            for planned in DOUBLED
        ],
    )
