"""Speed of convergence: arms that learn equally fast are told apart, and one that is faster is found.

A run's dev Pearson comes near an asymptote exponentially (`one_phase`), or most of the way at once and the
rest slowly, as the offline encoder's does on KorSTS (`two_phases`). Seeds differ in asymptote and speed, and
evaluations have luck of their own.
"""

import itertools
import math
from collections.abc import Callable

import numpy as np

from dalmeum.comparison import Arm, Arms, Curve, Pairs
from dalmeum.comparison.convergence import Speed, convergence
from dalmeum.stats import steps_to_reach
from simulations.rates import LEVEL, Counts, Generator, Many, Named, share
from simulations.sts_like import SEED_SD, Array

STEPS = np.arange(20.0, 641.0, 20.0)
FEW_STEPS = np.arange(80.0, 641.0, 80.0)
LUCK = 0.003
"""Standard deviation of one evaluation."""

PACE_SD = 0.12
"""Of the logarithm of a seed's speed."""

ASYMPTOTE, LOWER, HIGHER = 0.84, 0.83, 0.86
PACE, FASTER = 70.0, 0.75
"""Steps that the distance to the asymptote shrinks in by a factor of e, and what a faster arm has of it."""

Shape = Callable[[Array], Array]
"""Of steps in units of the pace: what of the asymptote is still missing."""

SHAPES: dict[str, Shape] = {
    "one_phase": lambda t: np.exp(-t),
    "two_phases": lambda t: 0.9 * np.exp(-4 * t) + 0.1 * np.exp(-t / 2),
}


def curves(
    generator: Generator, shape: Shape, asymptotes: Array, paces: Array, seeds: int, steps: Array
) -> Array:
    """Dev Pearson, (arms, seeds, evaluations); asymptotes and paces are those of the arms, (arms,)."""
    size = (len(asymptotes), seeds, 1)
    height = asymptotes[:, None, None] + SEED_SD * generator.normal(size=size)
    pace = paces[:, None, None] * np.exp(PACE_SD * generator.normal(size=size))
    luck = LUCK * generator.normal(size=(*size[:2], len(steps)))
    return np.asarray(height * (1 - shape(steps / pace)) + luck)


def compared(scores: Array, steps: Array) -> list[Speed]:
    """What `convergence` finds of the arms behind the baseline."""
    nothing = np.zeros((scores.shape[1], 2))
    arms = [
        Arm(str(place), {"dev": nothing}, curves=tuple(Curve(steps, row) for row in rows))
        for place, rows in enumerate(scores)
    ]
    found = convergence(Arms.of(arms, {"dev": Pairs(("a", "b"), np.array([0.0, 1.0]))}, baseline="0"))
    assert found is not None
    return [speed for speed in found.arms.values() if speed is not None][1:]


def before(scores: Array, steps: Array) -> Array:
    """p of each arm as it was told before: steps to 95 % of the baseline's best, paired by seed; 1 where a
    seed never gets there.
    """
    from scipy.special import stdtr

    target = 0.95 * scores[0].max(axis=1).mean()
    reached = np.array([[steps_to_reach(steps, run, target) for run in runs] for runs in scores])
    finite = np.isfinite(reached).all(axis=1)
    found = np.ones(len(scores) - 1)
    for place in np.flatnonzero(finite[1:] & finite[0]):
        change = reached[place + 1] - reached[0]
        error = change.std(ddof=1) / math.sqrt(len(change))
        found[place] = 2 * stdtr(len(change) - 1, -abs(change.mean()) / error)
    return found


def studies_of(
    generator: Generator,
    shape: Shape,
    arms: int,
    seeds: int,
    studies: int,
    *,
    first: tuple[float, float] = (ASYMPTOTE, 1.0),
    others: tuple[float, float] = (ASYMPTOTE, 1.0),
    steps: Array = STEPS,
) -> dict[str, Array]:
    """Smallest and first arm's p of each study, by measure: (studies, 2), with Holm but for `before`.

    `first` and `others` are asymptote and relative pace of the first arm and of all that follow it; the
    baseline has `ASYMPTOTE` where they have, else `LOWER`.
    """
    height = ASYMPTOTE if others[0] == ASYMPTOTE else LOWER
    asymptotes = np.array([height, first[0]] + [others[0]] * (arms - 1))
    paces = PACE * np.array([1.0, first[1]] + [others[1]] * (arms - 1))
    found: dict[str, list[Array]] = {"own_plateau": [], "baseline_level": [], "before": []}
    for _ in range(studies):
        scores = curves(generator, shape, asymptotes, paces, seeds, steps)
        speeds = compared(scores, steps)
        found["own_plateau"].append(np.array([speed.own.p_value for speed in speeds]))
        found["baseline_level"].append(np.array([speed.level.p_value for speed in speeds]))
        found["before"].append(before(scores, steps))
    return {name: np.array([(each.min(), each[0]) for each in rows]) for name, rows in found.items()}


def said(p_values: dict[str, Array]) -> Counts:
    """How often any arm is said to be sooner or later."""
    return {name: share(int((rows[:, 0] < LEVEL).sum()), len(rows)) for name, rows in p_values.items()}


def power(shape: Shape, arms: int, seeds: int, studies: int, generator: Generator, steps: Array) -> Counts:
    """How often one of the arms, which is 25 % faster, is found: each measure as it comes, and held to 5 % of
    studies of equal arms.
    """
    equal = studies_of(generator, shape, arms, seeds, studies, steps=steps)
    faster = studies_of(generator, shape, arms, seeds, studies, first=(ASYMPTOTE, FASTER), steps=steps)
    found: Counts = {}
    for name, rows in faster.items():
        limit = float(np.quantile(equal[name][:, 0], LEVEL))
        found[name] = {
            "as_it_comes": share(int((rows[:, 1] < LEVEL).sum()), studies),
            "held_to_5": share(int((rows[:, 1] < limit).sum()), studies),
        }
    return {"equal": said(equal), "found": found}


def simulated(many: Many, generator: Generator) -> Named:
    grids = {len(steps): steps for steps in (STEPS, FEW_STEPS)}
    speeds, heights = [], []
    for name, arms, seeds, evaluations in itertools.product(SHAPES, (1, 9), (3, 5), grids):
        shape, steps = SHAPES[name], grids[evaluations]
        case = {"shape": name, "arms": arms, "seeds": seeds, "evaluations": evaluations}
        speeds.append({**case, **power(shape, arms, seeds, many(1000), generator, steps)})
        higher = (HIGHER, 1.0)
        one_speed = studies_of(
            generator, shape, arms, seeds, many(1000), first=higher, others=higher, steps=steps
        )
        heights.append({**case, "sooner_or_later": said(one_speed)})
    yield "speed", speeds
    yield "one_speed_higher_asymptote", heights
