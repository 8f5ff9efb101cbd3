"""By how much random folds flatter: the same networks, judged out of random folds and out of grouped ones.

    python benchmarks/folds.py --train data/korsts/sts-train.tsv --dev data/korsts/sts-dev.tsv \
        --out benchmarks/results/NAME.json

Pairs of the training file are predicted out of random folds, of folds that keep pairs together which share a
sentence, and of folds that keep near-duplicates together, too (`data.fold_groups`): by an offline encoder
fitted on the other folds alone, with networks of several seeds and no choice of a checkpoint. The same
networks predict dev, which took no part: there random folds must gain nothing, as their networks are no
better. Intervals hold for new seeds and new groups of near-duplicates.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from offline_features import PACKAGES, trained
from record import circumstances

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.folds import fold_rows
from dalmeum.data.groups import near_groups
from dalmeum.models.offline.encoder import OfflineEncoder
from dalmeum.recipe import Recipe, load_recipe
from dalmeum.recipe.data import FoldGroups
from dalmeum.stats import difference, score

Floats = NDArray[np.float64]
GROUPED: FoldGroups = "near_duplicates"
KINDS = ("random", "sentences", GROUPED)


@dataclass(frozen=True)
class Judged:
    """What networks predicted: (seeds, n) of train, out of fold, and (seeds, folds, n) of dev."""

    train: Floats
    dev: Floats


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, default=Path("recipes/korsts-offline.yaml"))
    parser.add_argument("--train", default="data/korsts/sts-train.tsv")
    parser.add_argument("--dev", default="data/korsts/sts-dev.tsv")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of folds, to be judged")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {name: value for name, value in vars(options).items() if name != "out"}
    begun = circumstances(PACKAGES, settings)
    train, dev = read_pairs(options.train), read_pairs(options.dev)
    recipe = load_recipe(options.recipe, data={"train": options.train, "dev": None})
    at_random = np.random.default_rng(0).permutation(len(train))
    folds = {
        "random": tuple(map(np.sort, np.array_split(at_random, options.folds))),
        "sentences": fold_rows(train, options.folds),
        GROUPED: fold_rows(train, options.folds, GROUPED),
    }
    found = {
        name: predicted(recipe, train, dev, folds[name], options.seeds)
        for name in dict.fromkeys((*options.kinds, GROUPED))
    }
    result = {**begun, **judged(train, dev, found)}
    shown = [key for key in result if key not in begun]
    print(json.dumps({key: result[key] for key in shown}, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")


def predicted(
    recipe: Recipe, train: PairTable, dev: PairTable, folds: Sequence[NDArray[Any]], seeds: Sequence[int]
) -> Judged:
    assert train.label is not None
    found = Judged(np.zeros((len(seeds), len(train))), np.zeros((len(seeds), len(folds), len(dev))))
    for fold, held_out in enumerate(folds):
        start = time.process_time()
        rows = np.setdiff1d(np.arange(len(train)), held_out)
        learned = train.take(rows)
        encoder = OfflineEncoder.fit(learned.sentence1, learned.sentence2)
        features, on_dev = (
            torch.from_numpy(np.stack(encoder.encode(table.sentence1, table.sentence2)))
            for table in (train, dev)
        )
        labels = torch.from_numpy(train.label[rows])
        for number, seed in enumerate(seeds):
            (model,) = trained(recipe, [features[rows]], labels, seed)
            with torch.inference_mode():
                found.train[number, held_out] = model(features[held_out]).logits[:, 0].double().numpy()
                found.dev[number, fold] = model(on_dev).logits[:, 0].double().numpy()
        print(f"a fold: {time.process_time() - start:.0f} s of processor time", file=sys.stderr)
    return found


def judged(train: PairTable, dev: PairTable, found: Mapping[str, Judged]) -> dict[str, Any]:
    """Scores of each kind of folds, and of each less those that keep near-duplicates together."""
    groups, of_dev = near_groups(train), near_groups(dev)
    shared = np.bincount(groups)[groups] > 1
    result: dict[str, Any] = {
        "train_pairs": len(train),
        "train_groups": len(np.unique(groups)),
        "train_pairs_that_share": int(shared.sum()),
        "dev_pairs": len(dev),
    }
    parts = {"all": np.ones(len(train), bool), "that_share": shared, "alone": ~shared}
    for part, rows in parts.items():
        own = np.unique(groups[rows], return_inverse=True)[1]
        columns = {name: each.train[:, rows] for name, each in found.items()}
        result[f"out_of_fold_{part}"] = _compared(train, rows, columns, own)
    everywhere = np.ones(len(dev), bool)
    single = {name: each.dev.reshape(-1, len(dev)) for name, each in found.items()}
    result["single_models_on_dev"] = _compared(dev, everywhere, single, of_dev)
    means = {name: each.dev.mean(axis=1) for name, each in found.items()}
    result["means_of_folds_on_dev"] = _compared(dev, everywhere, means, of_dev)
    return result


def _compared(
    table: PairTable, rows: NDArray[np.bool_], columns: Mapping[str, Floats], groups: NDArray[Any]
) -> dict[str, Any]:
    assert table.label is not None
    label = table.label[rows]
    scores = {
        name: asdict(score("pearson", label, each, groups=groups).interval) for name, each in columns.items()
    }
    less = {
        f"{name}_less_{GROUPED}": asdict(
            difference("pearson", label, each, columns[GROUPED], groups=groups).interval
        )
        for name, each in columns.items()
        if name != GROUPED
    }
    return {**scores, **less}


if __name__ == "__main__":
    main()
