"""Findings with all that a page can show, and with as little as there can be; made from arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dalmeum.comparison import Arm, Arms, Curve, Findings, Pairs, compare_arms
from dalmeum.data import PairTable

from .contents import HOSTILE

SEEDS = (1, 2, 3, 4)
NOISES = {"baseline": 0.5, "clean": 0.1, "noisy": 1.2, "same": 0.5004, "close": 0.46}
"""An arm of each verdict. Noises that agree to .001 are drawn alike."""

CHANGES: dict[str, dict[str, Any]] = {
    "clean": {"loss.alpha": 0.05},
    "noisy": {"loss.alpha": 0.9, "training.epochs": 1},
    "same": {"loss.alpha": 0.11},
    "close": {"loss.alpha": 0.2},
}
SPEEDS = {"clean": 20.0, "noisy": 90.0}
QUESTION = "Does alpha help?"


def pairs(split: str, size: int, sources: tuple[str, ...] = ("news", "review")) -> Pairs:
    """Labels from 0 to 5; every tenth pair differs in spacing only."""
    label = np.random.default_rng(size).uniform(0, 5, size)
    words = [f"sentence {number} has words" for number in range(size)]
    others = [
        each.replace(" ", "") if number % 10 == 0 else each + " more" * (1 + number % 7)
        for number, each in enumerate(words)
    ]
    source = tuple(sources[number % len(sources)] for number in range(size))
    ids = tuple(f"{split}-{number}" for number in range(size))
    table = PairTable(ids, source, tuple(words), tuple(others), label=label)
    return Pairs(ids, label, f"{split}.csv", table)


def scored(those: Pairs, noise: float, known: float = 0.0) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A row a seed: labels, an error that all runs share, and noise."""
    size = len(those.ids)
    shared = np.random.default_rng(size + 1).normal(0, 0.8, size)
    draws = [np.random.default_rng([seed, int(noise * 1000)]).normal(0, noise, size) for seed in SEEDS]
    return np.stack([those.labels + (1 - known) * (shared + draw) for draw in draws])


def curve(speed: float, seed: int) -> Curve:
    steps = np.arange(25.0, 301.0, 25.0)
    pace = speed * (0.9 + 0.05 * seed)
    return Curve(steps, 0.9 * (1 - np.exp(-steps / pace)))


def study(
    noises: Mapping[str, float] = NOISES,
    changes: Mapping[str, dict[str, Any]] = CHANGES,
    *,
    splits: tuple[str, ...] = ("dev",),
    sources: tuple[str, ...] = ("news", "review"),
    name: str | None = "alpha",
    question: str | None = QUESTION,
    run: str = "{arm}-{seed}",
    smallest_effect: float = 0.03,
    **judged: Any,
) -> Findings:
    """What a study finds, whose runs kept everything."""
    train = pairs("train", 500)
    judged_pairs = {split: pairs(split, 300 - number, sources) for number, split in enumerate(splits)}
    arms = [
        Arm(
            name=arm,
            predictions={split: scored(those, noise) for split, those in judged_pairs.items()},
            seeds=SEEDS,
            changes=changes.get(arm, {}),
            runs=tuple(run.format(arm=arm, seed=seed) for seed in SEEDS),
            train=train,
            train_predictions=scored(train, noise, known=0.6 if arm == "noisy" else 0.3),
            curves=tuple(curve(SPEEDS.get(arm, 40.0), seed) for seed in SEEDS),
        )
        for arm, noise in noises.items()
    ]
    given = {"name": name, "question": question, "smallest_effect": smallest_effect, **judged}
    return compare_arms(Arms.of(arms, judged_pairs), **given)


def arrays(seeds: int = 1) -> Findings:
    """Two arms of which nobody knows more than their predictions."""
    those = pairs("test", 300)
    rows = {arm: scored(those, NOISES[arm])[:seeds] for arm in ("baseline", "clean")}
    return compare_arms(Arms(those.labels, rows))


def hostile_study() -> Findings:
    """Hostile text in every place of findings that takes text."""
    everything = " ".join(HOSTILE[:5])
    changes = {f"question.{number}": text for number, text in enumerate(HOSTILE)}
    return study(
        {"baseline": 0.5, everything: 0.4},
        {everything: changes},
        splits=(everything,),
        sources=HOSTILE[:5],
        name=everything,
        question=everything,
        run=everything.replace("{", "{{").replace("}", "}}") + "{arm}{seed}",
    )
