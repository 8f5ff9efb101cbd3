"""How often a study finds an effect where there is none: real studies of two arms that are one recipe.

    python benchmarks/null_studies.py --train data/korsts/sts-train.tsv --test data/korsts/sts-dev.tsv

Each study trains the offline encoder with one recipe in both arms, on training pairs drawn anew (two studies
share about a fifth) and with different seeds, so that its arms differ by luck alone; it is judged as
`dalmeum study` judges, on the same test pairs. A verdict of `better` or `worse` is false: of 20 studies, 1 is
to be expected. The 2,000 simulated null studies are in
`tests/stats/test_seeds.py`.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from record import circumstances

from dalmeum.comparison.judge import judge
from dalmeum.experiments.arms import RunGroup, read_arms
from dalmeum.experiments.jobs import default_jobs
from dalmeum.experiments.workers import Order, Workers
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.recipe.study import with_seed
from dalmeum.runs.folder import Run, open_run

PACKAGES = ("dalmeum", "torch", "transformers")
ARMS = ("baseline", "same")

Cell = tuple[int, str, int]
"""A study, an arm and a seed: one run."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", default="data/korsts/sts-train.tsv")
    parser.add_argument("--test", default="data/korsts/sts-dev.tsv")
    parser.add_argument("--studies", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3, help="of each arm")
    parser.add_argument("--pairs", type=int, default=1000, help="training pairs")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--smallest-effect", type=float, default=0.005)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {name: value for name, value in vars(options).items() if name not in {"jobs", "json", "out"}}
    begun = circumstances(PACKAGES, settings)
    with tempfile.TemporaryDirectory() as folder:
        runs = train_all(options, folder)
        studies = [judged(options, runs, study) for study in range(options.studies)]
    outcomes = Counter(study["outcome"] for study in studies)
    found = outcomes["better"] + outcomes["worse"]
    summary = {"studies": options.studies, "better_or_worse": found, "outcomes": dict(outcomes)}
    if options.out:
        content = {**begun, **summary, "rounds": studies}
        options.out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(summary) if options.json else "\n".join(f"{k}: {v}" for k, v in summary.items()))


def train_all(options: argparse.Namespace, folder: str) -> dict[Cell, Run]:
    seeds = range(options.seeds)
    orders = {
        (study, arm, seed): Order(
            f"{study}-{arm}-{seed}", "null", recipe_of(options, folder, study, arm, seed)
        )
        for study in range(options.studies)
        for arm in ARMS
        for seed in seeds
    }
    runs: dict[Cell, Run] = {}
    with Workers(options.jobs or default_jobs(order.recipe for order in orders.values())) as workers:
        for cell, answer in workers.map(orders):
            if answer.folder is None:
                sys.exit(f"{cell}: {answer.error}")
            runs[cell] = open_run(answer.folder)
            print(f"{len(runs)} of {len(orders)} runs", file=sys.stderr)
    return runs


def recipe_of(options: argparse.Namespace, folder: str, study: int, arm: str, seed: int) -> Recipe:
    """The study's recipe: left out is a fold, and what is drawn from the others differs with it."""
    data = {"train": options.train, "test": options.test, "max_train_pairs": options.pairs}
    recipe = build_recipe(
        {
            "data": {**data, "folds": max(options.studies, 2), "fold": study},
            "model": {"kind": "offline"},
            "training": {
                "epochs": options.epochs,
                "effective_batch_size": 64,
                "learning_rate": 1e-3,
            },
            "output": folder,
        },
        "null study",
    )
    return with_seed(recipe, (study * len(ARMS) + ARMS.index(arm)) * options.seeds + seed)


def judged(options: argparse.Namespace, runs: dict[Cell, Run], study: int) -> dict[str, Any]:
    seeds = tuple(range(options.seeds))
    groups = [RunGroup(arm, tuple(runs[study, arm, seed] for seed in seeds), seeds) for arm in ARMS]
    judgement = judge(read_arms(groups, ["test"]), "test", smallest_effect=options.smallest_effect)
    baseline, other = (arm.to_dict() for arm in judgement.arms)
    return {
        "baseline": baseline["score"]["value"],
        "difference": other["difference"],
        "p_value": other["verdict"]["p_value"],
        "outcome": other["verdict"]["outcome"],
    }


if __name__ == "__main__":
    main()
