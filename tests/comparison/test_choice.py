"""What choosing on dev is worth."""

import dataclasses

import numpy as np
import pytest

from dalmeum.comparison import Arm, Arms, Checkpoints
from dalmeum.comparison.choice import SPLITS, checkpoint_optimism, choice_on_dev
from dalmeum.stats import optimism_of_both_choices, optimism_of_choice, pearson, t_interval

from .made import LABELS, arm, of, rows

DEV = LABELS["dev"]


def test_choice_is_made_between_mean_predictions() -> None:
    noises = {"a": 0.5, "b": 0.1, "c": 0.4}
    arms = of(*(arm(name, noise) for name, noise in noises.items()))
    choice = choice_on_dev(arms, "pearson")
    assert choice is not None
    means = np.stack([rows(noise).mean(axis=0) for noise in noises.values()])
    assert choice.of_arm == optimism_of_choice(DEV, means)
    assert (choice.optimism, choice.with_checkpoints) == (choice.of_arm.optimism, False)
    assert (choice.best, choice.arms) == ("b", ("a", "b", "c"))
    lowest = choice_on_dev(arms, "rmse")
    assert lowest is not None
    assert lowest.best == "b"
    values = choice.to_dict()
    assert values["score"] - values["optimism"] == pytest.approx(values["corrected"])
    assert sum(values["chosen"].values()) == pytest.approx(1)


def test_no_choice_from_a_constant_arm_between_models_and_on_test() -> None:
    constant = Arm("b", {"dev": np.full((4, len(DEV)), 2.0)})
    assert choice_on_dev(of(arm("a", 0.5), constant)) is None
    predictions = {"baseline": rows(0.5), "arm": rows(0.4)}
    assert choice_on_dev(Arms(DEV, predictions)) is None
    assert choice_on_dev(Arms(DEV, predictions, split="dev")) is not None
    models = {name: each[0] for name, each in predictions.items()}
    assert choice_on_dev(Arms(DEV, models, split="dev")) is None
    few = {name: each[:, :2] for name, each in predictions.items()}
    assert choice_on_dev(Arms(DEV[:2], few, split="dev")) is None


def test_the_choice_of_checkpoints_is_in_what_to_expect() -> None:
    """Of two arms of four seeds, whose evaluations are all equally good."""
    generator = np.random.default_rng(9)
    size = len(DEV)
    every = {name: DEV + generator.normal(0, 1, (4, 6, size)) for name in ("a", "b")}

    def made(name: str, kept: tuple[Checkpoints, ...]) -> Arm:
        best = np.stack([rows[np.argmax([pearson(DEV, row) for row in rows])] for rows in every[name]])
        return Arm(name, {"dev": best}, (1, 2, 3, 4), checkpoints=kept)

    kept = {name: tuple(Checkpoints(DEV, rows) for rows in each) for name, each in every.items()}
    choice = choice_on_dev(of(*(made(name, kept[name]) for name in kept)))
    assert choice is not None
    assert choice.with_checkpoints
    nested = [[[rows] for rows in each] for each in every.values()]
    assert choice.optimism == optimism_of_both_choices(DEV, nested, splits=SPLITS)
    assert choice.optimism > choice.of_arm.optimism + 0.003
    values = choice.to_dict()
    assert values["corrected"] == pytest.approx(values["score"] - values["optimism"])
    assert values["optimism_of_arm"] == choice.of_arm.optimism
    # Folds are halves of the pairs, one run each.
    halves = {
        name: tuple(
            Checkpoints(DEV[part], rows[:, part])
            for rows in each
            for part in (slice(0, 100), slice(100, size))
        )
        for name, each in every.items()
    }
    folds = choice_on_dev(of(*(made(name, halves[name]) for name in halves), folds=2))
    assert folds is not None
    assert folds.with_checkpoints
    # Nothing is known where an arm kept none, or those of other pairs.
    for other in ((), tuple(Checkpoints(DEV[::-1], each) for each in every["b"])):
        alone = choice_on_dev(of(made("a", kept["a"]), made("b", other)))
        assert alone is not None
        assert not alone.with_checkpoints


def with_checkpoints(*kept: Checkpoints) -> Arm:
    return dataclasses.replace(arm("arm", 0.5), checkpoints=kept)


def test_what_having_kept_the_best_of_equal_checkpoints_adds() -> None:
    generator = np.random.default_rng(5)
    several = [DEV + generator.normal(0, 1, (6, len(DEV))) for _ in range(4)]
    first, second = (Checkpoints(DEV, each) for each in several[:2])
    both = checkpoint_optimism(with_checkpoints(first, second))
    assert both is not None
    each = [optimism_of_choice(DEV, kept, splits=SPLITS).optimism for kept in several[:2]]
    assert both == t_interval(each)
    # Two folds of one seed are one number.
    of_folds = checkpoint_optimism(with_checkpoints(first, second, second, first), folds=2)
    assert of_folds == t_interval([np.mean(each)] * 2)
    # r = .82 has a standard error of .019, and the best of six lies 1.27 of them above their mean.
    assert both.value == pytest.approx(1.27 * 0.019, abs=0.008)
    alone = checkpoint_optimism(with_checkpoints(*(Checkpoints(DEV, kept[:1]) for kept in several[2:])))
    assert alone is not None
    assert abs(alone.value) < 0.001


def test_no_checkpoints_where_they_were_not_kept_or_say_nothing() -> None:
    assert checkpoint_optimism(arm("arm", 0.5)) is None
    assert checkpoint_optimism(with_checkpoints(Checkpoints(DEV, np.full((1, len(DEV)), 1.0)))) is None
