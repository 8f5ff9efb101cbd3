"""How many labels lie in the intervals that a served model gives, and how wide these are.

    python benchmarks/label_intervals.py RUN RUN --other klue-sts/dev.json --out benchmarks/results/NAME.json

By cross-validation on the run's own dev set (nine tenths make the intervals of the tenth), by fifths of the
score; beside it one width for all scores, what ten times fewer dev pairs give, and other pairs (`--other`)
by the intervals from dev.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from record import circumstances

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.runs.predictions import held_out
from dalmeum.stats.label_intervals import LEVEL, NEAREST, LabelIntervals, half_widths, held_by_others

PACKAGES = ("dalmeum", "numpy")
SMALL, DRAWS = 150, 40
FIFTHS = 5

Array = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs")
    parser.add_argument("--other", help="labelled pairs of another kind, on the same scale")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    options = parser.parse_args()
    found = {run.name: of_run(run, options.other) for run in options.runs}
    print(json.dumps(found, indent=1))
    if options.out:
        other = Path(options.other).name if options.other else None
        settings = {"level": LEVEL, "nearest": NEAREST, "small": SMALL, "draws": DRAWS, "other": other}
        result = {**circumstances(PACKAGES, settings), "runs": found}
        options.out.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")


def of_run(run: Path, other: str | None) -> dict[str, Any]:
    scored = held_out(run)
    assert scored.labels is not None
    recipe = dalmeum.Run.open(run).recipe()
    order = np.argsort(scored.predictions.similarity, kind="stable")
    predictions, labels = scored.predictions.similarity[order], scored.labels[order]
    errors = np.abs(predictions - labels)
    found = {
        "recipe": {"kind": recipe.model.kind, "encoder": recipe.model.encoder, "loss": recipe.loss.name},
        "pairs": len(labels),
        "nearest": told(held_by_others(predictions, errors)),
        "one_width": told(errors <= one_width(errors)),
        "small_dev": small(predictions, errors),
    }
    intervals = LabelIntervals.of(predictions, labels, recipe.data.label_range)
    ends = intervals.at(predictions)
    found["mean_width"] = float((ends[:, 1] - ends[:, 0]).mean())
    if other is not None:
        table = read_pairs(other, labels="required")
        assert table.label is not None
        scores = dalmeum.load(run).score(list(table.pairs))
        found["other"] = told(inside(intervals.at(scores), table.label)[np.argsort(scores)])
    return found


def told(held: NDArray[np.bool_]) -> dict[str, Any]:
    """The share of labels held, with its standard error, and by fifths of the score, which rises."""
    share = float(held.mean())
    error = float(np.sqrt(share * (1 - share) / len(held)))
    return {
        "coverage": share,
        "standard_error": error,
        "fifths": [float(part.mean()) for part in np.array_split(held, FIFTHS)],
    }


def one_width(errors: Array) -> float:
    """Split conformal without regard to the score."""
    return float(np.sort(errors)[int(np.ceil((len(errors) + 1) * LEVEL)) - 1])


def small(predictions: Array, errors: Array) -> float:
    """Coverage of all other pairs by intervals from `SMALL` of them, the mean over draws."""
    generator = np.random.default_rng(0)
    shares = []
    for _ in range(DRAWS):
        chosen = np.zeros(len(errors), bool)
        chosen[generator.choice(len(errors), SMALL, replace=False)] = True
        widths = half_widths(predictions[chosen], errors[chosen], predictions[~chosen])
        shares.append(np.mean(errors[~chosen] <= widths))
    return float(np.mean(shares))


def inside(ends: Array, labels: Array) -> NDArray[np.bool_]:
    return (ends[:, 0] <= labels + 1e-9) & (labels - 1e-9 <= ends[:, 1])


if __name__ == "__main__":
    main()
