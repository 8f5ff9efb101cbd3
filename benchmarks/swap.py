"""What scoring a pair in both orders of its sentences brings a finished run, on labelled pairs.

    python benchmarks/swap.py RUN RUN --file data/korsts/sts-dev.tsv --out benchmarks/results/NAME.json

`inference.swap` leaves training as it is, so the same model is scored with it and without. Bi-encoders and
the offline encoder answer both orders alike.
"""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from record import circumstances

import dalmeum
from dalmeum.data import PairTable, read_pairs
from dalmeum.data.groups import sentence_groups
from dalmeum.stats import difference, score

PACKAGES = ("dalmeum", "torch", "transformers")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs")
    parser.add_argument("--file", required=True, help="labelled pairs that no run has learned from")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    options = parser.parse_args()
    table = read_pairs(options.file, labels="required")
    found = {run.name: of_run(run, table, options.precision) for run in options.runs}
    print(json.dumps(found, indent=1))
    if options.out:
        settings = {"file": Path(options.file).name, "pairs": len(table), "precision": options.precision}
        result = {**circumstances(PACKAGES, settings), "runs": found}
        options.out.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")


def of_run(run: Path, table: PairTable, precision: str) -> dict[str, Any]:
    assert table.label is not None
    scorer = dataclasses.replace(dalmeum.load(run, precision), swap=False)
    pairs = list(table.pairs)
    one, both = scorer.score(pairs), dataclasses.replace(scorer, swap=True).score(pairs)
    other = scorer.score([(second, first) for first, second in pairs])
    groups = sentence_groups(table)
    gained = difference("pearson", table.label, both, one, groups=groups)
    recipe = dalmeum.Run.open(run).recipe()
    return {
        "recipe": {"kind": recipe.model.kind, "encoder": recipe.model.encoder, "loss": recipe.loss.name},
        "one_order": dataclasses.asdict(score("pearson", table.label, one, groups=groups).interval),
        "both_orders": dataclasses.asdict(score("pearson", table.label, both, groups=groups).interval),
        "gain": {**dataclasses.asdict(gained.interval), "p_value": gained.p_value},
        "mean_change_by_order": float(np.abs(one - other).mean()),
    }


if __name__ == "__main__":
    main()
