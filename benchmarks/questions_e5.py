"""The studies of a Korean encoder (`recipes/studies/*-e5.yaml`): what they can find, before they are run.

    python benchmarks/questions_e5.py plans --seed-sd 0.004 --pair-se 0.003 --out PLANS.json

Run it where the studies run: their data lie under `data/`, their runs under `runs/`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from record import circumstances

import dalmeum

RECIPES = Path(__file__).parents[1] / "recipes" / "studies"
STUDIES = ("alpha-e5", "multitask-e5", "scope-e5", "spacing-e5")
"""In the order in which they are run: each takes the runs that it shares with those before it."""


def plans(seed_sd: float, pair_se: float) -> dict[str, Any]:
    return {
        name: dalmeum.plan(RECIPES / f"{name}.yaml", seed_sd=seed_sd, pair_se=pair_se).to_dict()
        for name in STUDIES
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    planned = commands.add_parser("plans")
    planned.add_argument("--seed-sd", type=float, required=True)
    planned.add_argument("--pair-se", type=float, required=True)
    planned.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    told = {"plans": plans(given.seed_sd, given.pair_se)}
    settings = {"seed_sd": given.seed_sd, "pair_se": given.pair_se}
    result = {**circumstances(("dalmeum", "numpy", "scipy"), settings), **told}
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
