"""What `auto` should mean for a kind of model: learning rate, epochs and batch, measured on real pairs.

    python benchmarks/default_training.py --train data/korsts/sts-train.tsv --dev data/korsts/sts-dev.tsv

Each combination is trained with each seed. Kept are the Pearson on dev of the best evaluation (what a run
with dev keeps) and of the last (what one without dev ends with), and how far the train Pearson still rises at
the end, by which the threshold of the warning in `dalmeum.training.rise` was set. Pairs are encoded once.
"""

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from record import circumstances

from dalmeum.data.splits import read_splits
from dalmeum.models.kinds import new_scorer
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.recipe.study import with_seed
from dalmeum.training.fit import Fit, fit
from dalmeum.training.pairs import encode_pairs

PACKAGES = ("dalmeum", "torch", "transformers")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", default="data/korsts/sts-train.tsv")
    parser.add_argument("--dev", help="without it, the first of 5 folds of the training file")
    parser.add_argument("--pairs", type=int, help="training pairs, all by default")
    parser.add_argument("--kind", default="offline")
    parser.add_argument("--encoder")
    parser.add_argument("--learning-rates", type=float, nargs="+", default=[2e-5, 5e-4, 1e-3, 2e-3])
    parser.add_argument("--epochs", type=int, nargs="+", default=[3, 8, 20])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 64])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {name: value for name, value in vars(options).items() if name != "out"}
    begun = circumstances(PACKAGES, settings)
    rows = []
    for row in measured(options):
        rows.append(row)
        print(json.dumps(row), file=sys.stderr)
    if options.out:
        options.out.write_text(json.dumps({**begun, "rows": rows}, indent=1) + "\n", encoding="utf-8")


def measured(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    combinations = itertools.product(options.learning_rates, options.epochs, options.batch_sizes)
    first = recipe_of(options, options.learning_rates[0], options.epochs[0], options.batch_sizes[0])
    tables = read_splits(first)
    scorer = new_scorer(first, tables["train"])
    encoded = {split: encode_pairs(scorer, table, None) for split, table in tables.items()}
    for learning_rate, epochs, batch_size in combinations:
        recipe = recipe_of(options, learning_rate, epochs, batch_size)
        fits: list[Fit] = []
        for seed in options.seeds:
            seeded = with_seed(recipe, seed)
            with tempfile.TemporaryDirectory() as folder:
                scorer = new_scorer(seeded, tables["train"])
                fits.append(fit(scorer, seeded, encoded["train"], encoded["dev"], Path(folder)))
        scores = [[each["eval_pearson"] for each in fit.history if "eval_pearson" in each] for fit in fits]
        yield {
            "learning_rate": learning_rate,
            "epochs": epochs,
            "batch_size": batch_size,
            "steps": fits[0].steps,
            "best": round(mean(max(each) for each in scores), 4),
            "last": round(mean(each[-1] for each in scores), 4),
            "bests": [round(max(each), 4) for each in scores],
            "rises": [None if fit.rise is None else round(fit.rise, 4) for fit in fits],
            "seconds": round(mean(fit.seconds for fit in fits), 2),
        }


def recipe_of(options: argparse.Namespace, learning_rate: float, epochs: int, batch_size: int) -> Recipe:
    dev = {"dev": options.dev} if options.dev else {"folds": 5, "fold": 0}
    return build_recipe(
        {
            "data": {"train": options.train, "max_train_pairs": options.pairs, **dev},
            "model": {"kind": options.kind, "encoder": options.encoder},
            "training": {
                "learning_rate": learning_rate,
                "epochs": epochs,
                "effective_batch_size": batch_size,
            },
        },
        "default",
    )


if __name__ == "__main__":
    main()
