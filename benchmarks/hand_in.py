"""Which two submissions to hand in: `best_two` against what people do, on simulated boards.

Ten submissions a board, of three families whose members err alike; labels with a third at 0, predictions
clipped. What counts is the better private score of the two that are chosen.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from record import circumstances

from dalmeum.files import write_json
from dalmeum.stats import best_two

Array = NDArray[np.float64]
DEV, HALF, SUBMISSIONS, FAMILIES = 500, 500, 10, 3
RESAMPLES = 200


def board(generator: np.random.Generator) -> tuple[Array, Array]:
    """Labels (n,) and predictions (submissions, n) of dev, the public half and the private half."""
    pairs = DEV + 2 * HALF
    labels = np.where(generator.random(pairs) < 1 / 3, 0, generator.uniform(0, 5, pairs))
    shared = generator.normal(0, 0.55, pairs)
    family = generator.normal(0, 0.35, (FAMILIES, pairs))[generator.integers(0, FAMILIES, SUBMISSIONS)]
    spread = generator.uniform(0.3, 0.5, (SUBMISSIONS, 1))
    own = generator.normal(0, 1, (SUBMISSIONS, pairs)) * spread
    return labels, np.clip(labels + shared + family + own, 0, 5)


def chosen_by(labels: Array, predictions: Array) -> dict[str, float]:
    """The better private score of the two that each way chooses, and the best that there is."""
    sides = slice(0, DEV), slice(DEV, DEV + HALF), slice(DEV + HALF, None)
    dev, public, private = (
        np.array([np.corrcoef(labels[side], row[side])[0, 1] for row in predictions]) for side in sides
    )
    given: dict[str, Any] = {"public_pairs": HALF, "private_pairs": HALF, "resamples": RESAMPLES}
    two = best_two(labels[:DEV], predictions[:, :DEV], public, **given)

    def top(scores: Array) -> list[int]:
        return [int(index) for index in np.argsort(-scores)[:2]]

    ways = {
        "best_two": list(two),
        "two_best_of_both": top(dev - dev.mean() + public - public.mean()),
        "best_public_and_best_dev": [int(public.argmax()), int(dev.argmax())],
        "two_best_public": top(public),
        "two_best_dev": top(dev),
    }
    return {**{way: float(private[each].max()) for way, each in ways.items()}, "best": float(private.max())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=3000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    boards = [chosen_by(*board(generator)) for _ in range(options.boards)]
    scores = {way: np.array([each[way] for each in boards]) for way in boards[0]}
    less = {}
    for way, values in scores.items():
        gap = scores["best_two"] - values
        error = float(gap.std(ddof=1) / np.sqrt(len(gap)))
        mean = float(gap.mean())
        less[way] = {"value": mean, "low": mean - 1.96 * error, "high": mean + 1.96 * error}
    result = {
        **circumstances(("dalmeum", "numpy"), {"boards": options.boards, "dev": DEV, "half": HALF}),
        "private": {way: float(values.mean()) for way, values in scores.items()},
        "best_two_less": {way: found for way, found in less.items() if way != "best_two"},
    }
    print(json.dumps({name: result[name] for name in ("private", "best_two_less")}, indent=2))
    if options.out:
        write_json(options.out, result)


if __name__ == "__main__":
    main()
