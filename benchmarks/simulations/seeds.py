"""Arms of several seeds, judged together: false verdicts, power, and what advice is worth."""

import math
from collections.abc import Sequence

import numpy as np

from dalmeum.stats import (
    Difference,
    SeedDifference,
    advice,
    judged_together,
    seeds_by_pair,
    verdicts,
)
from simulations.rates import DIFFERENT, LEVEL, Counts, Many, Named, share
from simulations.sts_like import SEED_SD, SHAPES, Array, Draw, equal, errors, labels, predictions, skewed

PAIR_SE, EFFECT = 0.003, 0.012
"""Error of a difference by its pairs, and the difference that is to be found."""

PAIRS = 1500
MARGIN = 0.02


def scored(generator: np.random.Generator, draw: Draw, arms: int, seeds: int) -> Array:
    """With each arm's luck with the pairs, the same for all of its seeds."""
    luck = PAIR_SE / math.sqrt(2) * generator.normal(size=(arms + 1, 1))
    return np.asarray(draw(generator, arms + 1, seeds) + luck)


def judged(scores: Array, *, paired: bool = False) -> list[SeedDifference]:
    return judged_together(list(scores), [(PAIR_SE**2, 0.0)] * (len(scores) - 1), PAIRS, paired=paired)


def some(found: Sequence[Difference], outcomes: set[str], effect: float = 0.0, level: float = LEVEL) -> bool:
    return any(each.outcome in outcomes for each in verdicts(found, effect, level=level))


def false_verdicts(
    draw: Draw, arms: int, seeds: int, studies: int, generator: np.random.Generator
) -> dict[str, float]:
    hits = sum(some(judged(scored(generator, draw, arms, seeds)), DIFFERENT) for _ in range(studies))
    return share(hits, studies)


def false_when_paired(
    arms: int, seeds: int, studies: int, generator: np.random.Generator
) -> dict[str, float]:
    """Half of each seed's luck is the same in all arms, and the study file says so."""
    hits = 0
    for _ in range(studies):
        common = SEED_SD * generator.normal(size=(1, seeds))
        hits += some(judged(common + scored(generator, equal, arms, seeds), paired=True), DIFFERENT)
    return share(hits, studies)


def false_equality(
    draw: Draw, arms: int, seeds: int, studies: int, generator: np.random.Generator
) -> dict[str, float]:
    """Every arm is truly as far from the baseline as matters, and one is said to make no difference."""
    hits = 0
    for _ in range(studies):
        scores = scored(generator, draw, arms, seeds)
        scores[1:] += MARGIN
        hits += some(judged(scores), {"no_difference"}, MARGIN)
    return share(hits, studies)


def p_values(draw: Draw, seeds: int, studies: int, generator: np.random.Generator, true: float) -> Array:
    """(studies, 2): the first arm's p of nine, or the smallest where `true` is 0; and each judged alone.

    Alone, on its own k differences by seed, was how arms were judged before.
    """
    found = []
    for _ in range(studies):
        scores = scored(generator, draw, 9, seeds)
        scores[1] += true
        together = [each.p_value for each in judged(scores)]
        alone = [judged(scores[[0, arm]], paired=True)[0].p_value for arm in range(1, 10)]
        found.append([each[0] if true else min(each) for each in (together, alone)])
    return np.array(found)


def power(draw: Draw, seeds: int, studies: int, generator: np.random.Generator) -> Counts:
    """Chance to find one arm of nine that is better, both judgements held to 5 % where all are equal."""
    nothing = p_values(draw, seeds, studies, generator, 0.0)
    effect = p_values(draw, seeds, studies, generator, EFFECT)
    limits = np.quantile(nothing, LEVEL, axis=0)
    names = ("together", "each_alone")
    rates = {name: share(int((effect[:, i] < limits[i]).sum()), studies) for i, name in enumerate(names)}
    return {**rates, "ratio": rates["together"]["share"] / rates["each_alone"]["share"]}


def advised(arms: int, studies: int, generator: np.random.Generator) -> Counts:
    """New studies of as many seeds as a first one of 3 advised for the effect: how often they find it."""
    hits, counts, promised = 0, [], []
    for _ in range(studies):
        told = advice(judged(scored(generator, equal, arms, 3))[0], EFFECT, pairs=PAIRS, arms=arms)
        assert told is not None
        counts.append(told.count)
        promised.append(told.power)
        scores = scored(generator, equal, arms, told.count)
        scores[1] += EFFECT
        hits += verdicts(judged(scores), 0.0)[0].outcome == "better"
    return {
        "found": share(hits, studies),
        "promised": float(np.mean(promised)),
        "seeds": [float(each) for each in np.quantile(counts, [0.1, 0.5, 0.9])],
    }


def on_predictions(arms: int, seeds: int, studies: int, generator: np.random.Generator) -> dict[str, float]:
    """All arms are equally good on 1,500 pairs; seeds differ in their noise, by pair and in its size."""
    hits = 0
    for _ in range(studies):
        label = labels(generator, PAIRS)
        shared = errors(generator, label, ())
        # An arm has errors of its own, which all of its seeds share; its seeds are better and worse.
        own = 0.4 * errors(generator, label, (arms + 1, 1))
        size = 0.5 * np.exp(0.2 * skewed(generator, (arms + 1, seeds, 1)))
        rows = predictions(label, shared + own + size * errors(generator, label, (arms + 1, seeds)))
        named = {str(arm): rows[arm] for arm in range(1, arms + 1)}
        found = seeds_by_pair(label, named, rows[0], resamples=200)
        hits += some(list(found.values()), DIFFERENT)
    return share(hits, studies)


def simulated(many: Many, generator: np.random.Generator) -> Named:
    yield (
        "scores",
        [
            {
                "seed_luck": name,
                "arms": arms,
                "seeds": k,
                "better_or_worse": false_verdicts(draw, arms, k, many(2500), generator),
            }
            for name, draw in SHAPES.items()
            for arms in (1, 2, 4, 9)
            for k in (2, 3, 5, 10)
        ],
    )
    yield (
        "paired",
        [
            {"arms": arms, "seeds": k, "better_or_worse": false_when_paired(arms, k, many(2500), generator)}
            for arms in (1, 9)
            for k in (3, 5, 10)
        ],
    )
    yield (
        "equality_at_the_margin",
        [
            {
                "seed_luck": name,
                "arms": 9,
                "seeds": k,
                "no_difference": false_equality(SHAPES[name], 9, k, many(2500), generator),
            }
            for name in ("equal", "skewed", "spread")
            for k in (3, 5, 10)
        ],
    )
    yield (
        "power",
        [
            {"seed_luck": name, "arms": 9, "seeds": 3, "found": power(SHAPES[name], 3, many(6000), generator)}
            for name in ("equal", "skewed")
        ],
    )
    yield "advice", [{"arms": arms, **advised(arms, many(1000), generator)} for arms in (1, 9)]
    yield (
        "predictions",
        [
            {"arms": arms, "seeds": k, "better_or_worse": on_predictions(arms, k, many(studies), generator)}
            for arms, k, studies in ((1, 3, 4000), (2, 5, 2000), (9, 3, 1500))
        ],
    )
