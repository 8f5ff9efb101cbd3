"""A search with the offline encoder on KorSTS: what it finds, and how much of the best of N is luck.

    python benchmarks/tune.py --train data/korsts/sts-train.tsv --dev data/korsts/sts-dev.tsv --trials 24

The recipe is `recipes/korsts-offline.yaml`, the space that of its kind of model. Kept is what the search's
own JSON says, and the seconds of processor that trials and the study over fresh seeds took.
"""

import argparse
import json
import resource
import tempfile
from pathlib import Path

from record import circumstances

from dalmeum.experiments.tune import Plan, tune
from dalmeum.recipe import load_recipe
from dalmeum.recipe.space import search_space

PACKAGES = ("dalmeum", "torch", "transformers", "optuna", "kiwipiepy")
RECIPE = Path(__file__).parents[1] / "recipes" / "korsts-offline.yaml"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", default="data/korsts/sts-train.tsv")
    parser.add_argument("--dev", default="data/korsts/sts-dev.tsv")
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sampler-seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="where runs and pages go; by default a temporary folder")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    settings = {name: value for name, value in vars(options).items() if name not in {"out", "work"}}
    settings |= {name: Path(settings[name]).name for name in ("train", "dev")}
    begun = circumstances(PACKAGES, settings)
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        data = {"train": options.train, "dev": options.dev}
        recipe = load_recipe(RECIPE, data=data, output=str(work / "runs"))
        space = search_space(recipe)
        plan = Plan(space, options.trials, jobs=1, seeds=options.seeds, sampler_seed=options.sampler_seed)
        result = tune(recipe, "korsts-offline", plan, work / "search")
    assert result is not None
    print(result)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {**begun, "processor_seconds": round(used.ru_utime + used.ru_stime), "search": result.to_dict()}
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
