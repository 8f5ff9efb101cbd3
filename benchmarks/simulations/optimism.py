"""What having chosen checkpoints and an arm on dev adds to the chosen one's score there."""

from typing import Any

import numpy as np

from dalmeum.stats import optimism_of_both_choices, optimism_of_choice, pearson
from simulations.rates import Counts, Generator, Many, Named
from simulations.sts_like import Array, errors, labels, predictions

DEV, NEW = 300, 4000
ARMS, EVALUATIONS = 4, 8
SPLITS = 200

CASES: dict[str, dict[str, Any]] = {
    "all_equal": {},
    "evaluations_differ_more": {"of_evaluation": 0.5},
    "arms_differ": {"arms": np.array([1.0, 0.97, 1.03, 1.0])},
    "evaluations_improve": {"evaluations": np.array([1.3, 1.1, 1.03, 1, 1, 1, 1, 1])},
}
"""How large an evaluation's own errors are, and how much larger than others those of an arm, or early on."""


def drawn(
    generator: Generator,
    seeds: int,
    *,
    of_evaluation: float = 0.25,
    arms: Array | None = None,
    evaluations: Array | None = None,
) -> tuple[Array, Array]:
    """Labels (n,) of dev and new pairs, and predictions (arms, seeds, evaluations, n)."""
    label = labels(generator, DEV + NEW)
    error = errors(generator, label, ()) + 0.3 * errors(generator, label, (ARMS, 1, 1))
    error = error + 0.3 * errors(generator, label, (ARMS, seeds, 1))
    error = error + of_evaluation * errors(generator, label, (ARMS, seeds, EVALUATIONS))
    larger = np.ones(ARMS) if arms is None else arms
    worse = np.ones(EVALUATIONS) if evaluations is None else evaluations
    return label, predictions(label, error * larger[:, None, None, None] * worse[:, None])


def study(generator: Generator, seeds: int, case: dict[str, Any]) -> tuple[float, float, float, float]:
    """What the choice really flattered, and as estimated: of the arm, of its checkpoints, and of both."""
    label, rows = drawn(generator, seeds, **case)
    dev = rows[..., :DEV]
    best = np.array([[np.argmax([pearson(label[:DEV], e) for e in runs]) for runs in arm] for arm in dev])
    kept = np.take_along_axis(rows, best[..., None, None], axis=2)[:, :, 0]
    means, last = kept.mean(axis=1), rows[:, :, -1].mean(axis=1)

    def flattered(row: Array) -> float:
        return pearson(label[:DEV], row[:DEV]) - pearson(label[DEV:], row[DEV:])

    of_arm = optimism_of_choice(label[:DEV], means[:, :DEV], splits=SPLITS)
    # How hard these pairs are is the same for all, and has nothing to do with the choice.
    real = flattered(means[of_arm.best]) - np.mean([flattered(row) for row in last])
    of_runs = [optimism_of_choice(label[:DEV], run, splits=SPLITS).optimism for run in dev[of_arm.best]]
    nested = [[[run] for run in arm] for arm in dev]
    both = optimism_of_both_choices(label[:DEV], nested, splits=SPLITS)
    return float(real), of_arm.optimism, float(np.mean(of_runs)), both


def both_choices(name: str, seeds: int, studies: int, generator: Generator) -> Counts:
    found = np.array([study(generator, seeds, CASES[name]) for _ in range(studies)])
    found = np.column_stack([found, found[:, 1] + found[:, 2]])
    names = ("real", "of_arm", "of_checkpoints", "of_both", "sum")
    means, deviations = found.mean(axis=0), found.std(axis=0, ddof=1)
    values = {
        each: {"mean": float(mean), "standard_error": float(deviation / np.sqrt(studies))}
        for each, mean, deviation in zip(names, means, deviations, strict=True)
    }
    return {"case": name, "seeds": seeds, "studies": studies, **values}


def simulated(many: Many, generator: Generator) -> Named:
    cases = [(name, 3) for name in CASES] + [("all_equal", 10)]
    yield "both_choices", [both_choices(*case, many(150), generator) for case in cases]
