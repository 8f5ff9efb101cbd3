"""Arms made from arrays, whose errors are known."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.comparison import Arm, Arms, Curve, Pairs
from dalmeum.data import PairTable

Array = NDArray[np.float64]

SEEDS = (1, 2, 3, 4)
SIZES = {"train": 500, "dev": 300}
LABELS = {split: np.random.default_rng(len(split)).uniform(0, 5, size) for split, size in SIZES.items()}
SHARED = {split: np.random.default_rng(size).normal(0, 0.8, size) for split, size in SIZES.items()}
"""The error that all predictions share."""

IDS = {split: tuple(f"{split}-{number}" for number in range(size)) for split, size in SIZES.items()}
PAIRS = {split: Pairs(IDS[split], LABELS[split]) for split in SIZES}

NOISES = {"baseline": 0.5, "clean": 0.1, "noisy": 1.2, "same": 0.5004, "close": 0.44}
"""Of arms with a verdict each: none, better, worse, no difference and undecided, by `EFFECT` in Pearson."""

EFFECT = 0.016


def one_run(
    noise: float, seed: int, known: float = 0.3, speed: float = 40.0
) -> tuple[dict[str, Array], Curve]:
    """Predictions by split: labels, the shared error, and noise; training pairs have `known` of it less.

    Noises that agree to .001 are drawn alike. The curve rises to .9, with a scale of `speed` steps.
    """
    generator = np.random.default_rng([seed, int(noise * 1000)])
    predictions = {}
    for split, size in SIZES.items():
        error = SHARED[split] + generator.normal(0, noise, size)
        predictions[split] = LABELS[split] + error * (1 - known * (split == "train"))
    steps = np.arange(25.0, 301, 25)
    return predictions, Curve(steps, 0.9 * (1 - np.exp(-steps / (speed * generator.uniform(0.9, 1.1)))))


def rows(noise: float, split: str = "dev", seeds: Sequence[int] = SEEDS, **how: float) -> Array:
    return np.stack([one_run(noise, seed, **how)[0][split] for seed in seeds])


def arm(name: str, noise: float, *, seeds: Sequence[int] = SEEDS, **how: float) -> Arm:
    """An arm that kept everything but checkpoints and runs."""
    return Arm(
        name,
        {"dev": rows(noise, "dev", seeds, **how)},
        tuple(seeds),
        train=PAIRS["train"],
        train_predictions=rows(noise, "train", seeds, **how),
        curves=tuple(one_run(noise, seed, **how)[1] for seed in seeds),
    )


def of(*arms: Arm, pairs: Mapping[str, Pairs] | None = None, **how: Any) -> Arms:
    """Arms on dev, the first one the baseline; a seed does the same in all of them."""
    given: dict[str, Any] = {"baseline": arms[0].name, "paired": True, **how}
    return Arms.of(arms, pairs or {"dev": PAIRS["dev"]}, **given)


def each_verdict() -> Arms:
    speeds, knows = {"clean": 20.0, "noisy": 90.0}, {"noisy": 0.6}
    return of(
        *(
            arm(name, noise, known=knows.get(name, 0.3), speed=speeds.get(name, 40.0))
            for name, noise in NOISES.items()
        )
    )


def sentences(sources: Sequence[str] = ("news", "review")) -> PairTable:
    """Those of dev; every tenth pair differs in spacing only."""
    count = SIZES["dev"]
    first = [f"문장 {number} 하나" for number in range(count)]
    second = [
        words.replace(" ", "") if number % 10 == 0 else words + " 더" * (1 + number % 7)
        for number, words in enumerate(first)
    ]
    return PairTable(
        IDS["dev"],
        tuple(sources[number % len(sources)] for number in range(count)),
        tuple(first),
        tuple(second),
        label=LABELS["dev"],
    )


def ailing() -> Arms:
    """A baseline, an arm that errs where only spacing differs (every tenth pair), and one of a bent scale."""
    dev, base = LABELS["dev"], rows(0.3)
    spaced = np.arange(len(dev)) % 10 == 0
    errors = [np.where(spaced, np.random.default_rng(seed).normal(0, 1.5, len(dev)), 0) for seed in SEEDS]
    bent = 5 * np.clip(base / 5, 0, 1) ** 3
    made = {"baseline": base, "spaced": base + np.stack(errors), "bent": bent}
    pairs = {"dev": dataclasses.replace(PAIRS["dev"], table=sentences())}
    return of(*(Arm(name, {"dev": each}, SEEDS) for name, each in made.items()), pairs=pairs)
