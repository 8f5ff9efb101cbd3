"""What `dalmeum study --plan` promises, of a known error or from a pilot, beside what studies then find."""

import numpy as np

from dalmeum.stats import DifferenceSpread, chance_of_no_difference, chance_to_find, likely, verdicts
from simulations.rates import DIFFERENT, Counts, Many, Named, share
from simulations.seeds import PAIR_SE, PAIRS, judged, scored
from simulations.sts_like import SEED_SD, equal

PILOT_RECIPES, PILOT_SEEDS = 2, 3
PILOTS = 400


def mean_of(shares: list[float]) -> dict[str, float]:
    """Of studies, each with its share of arms, which are not independent."""
    error = float(np.std(shares, ddof=1)) / len(shares) ** 0.5
    return {"share": float(np.mean(shares)), "standard_error": error, "studies": len(shares)}


def found(arms: int, seeds: int, effect: float, studies: int, generator: np.random.Generator) -> Counts:
    """How often an arm that alone is better by `effect` is found, and equal arms are said to be equal."""
    differs: list[float] = []
    same: list[float] = []
    for _ in range(studies):
        scores = scored(generator, equal, arms, seeds)
        told = verdicts(judged(scores), effect)
        same.append(sum(each.outcome == "no_difference" for each in told) / arms)
        scores[1] += effect
        differs.append(verdicts(judged(scores), effect)[0].outcome in DIFFERENT)
    return {"power": mean_of(differs), "no_difference": mean_of(same)}


def promised(spread: DifferenceSpread, seeds: int, effect: float) -> dict[str, float]:
    return {
        "power": chance_to_find(spread, effect, seeds),
        "no_difference": chance_of_no_difference(spread, effect, seeds),
    }


def piloted(arms: int, seeds: int, effect: float, pilots: int, generator: np.random.Generator) -> Counts:
    """The same promised from pilots: their mean, and how often what is true lies in what they leave open."""
    known = promised(DifferenceSpread.stated(SEED_SD, PAIR_SE, PAIRS, arms=arms), seeds, effect)
    told, held = [], 0
    for _ in range(pilots):
        scores = scored(generator, equal, PILOT_RECIPES - 1, PILOT_SEEDS)
        spread = DifferenceSpread.estimated(list(scores), judged(scores), PAIRS, arms=arms)
        power = likely(chance_to_find, spread, effect, seeds)
        held += power.low <= known["power"] <= power.high
        told.append({**promised(spread, seeds, effect), "power": power.value})
    values = {name: [each[name] for each in told] for name in known}
    return {
        "in_range": share(held, pilots),
        **{
            name: {"mean": float(np.mean(each)), "tenths": [float(q) for q in np.quantile(each, [0.1, 0.9])]}
            for name, each in values.items()
        },
    }


def simulated(many: Many, generator: np.random.Generator) -> Named:
    yield (
        "plan",
        [
            {
                "arms": arms,
                "seeds": seeds,
                "effect": effect,
                "found": found(arms, seeds, effect, many(600), generator),
                "promised": promised(
                    DifferenceSpread.stated(SEED_SD, PAIR_SE, PAIRS, arms=arms), seeds, effect
                ),
                "from_pilots": piloted(arms, seeds, effect, many(PILOTS), generator),
            }
            for arms in (1, 4, 9)
            for seeds in (3, 5, 10)
            for effect in (0.006, 0.012, 0.02)
        ],
    )
