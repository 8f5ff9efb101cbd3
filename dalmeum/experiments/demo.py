"""The whole story on the built-in practice set: data, training, a report, a submission, the hidden test."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from dalmeum.data import PairTable
from dalmeum.data.practice import practice_tables, write_practice
from dalmeum.evaluation import Evaluation, evaluate_predictions
from dalmeum.experiments.predictions import write_submission
from dalmeum.experiments.runs import Run
from dalmeum.experiments.scoring import load, score_table
from dalmeum.experiments.train import train
from dalmeum.files import write_text
from dalmeum.recipe import build_recipe


@dataclass(frozen=True)
class Demo:
    """What the demo leaves: a run, a submission file, and the scores on the practice set's hidden labels."""

    run: Run
    submission: Path
    test: Evaluation


def run_demo(folder: Path, output: Path) -> Demo:
    """Write the practice set and its recipe to `folder`, and do with it what a competitor does.

    Raises `InputError` where a folder can't be written.
    """
    write_practice(folder)
    recipe = build_recipe(yaml.safe_load(_recipe_text(folder)), "practice")
    recipe = recipe.model_copy(update={"output": str(output)})
    # A recipe that stands there is someone's experiment.
    if not (folder / "recipe.yaml").exists():
        write_text(folder / "recipe.yaml", _recipe_text(folder))
    run = train(recipe, "practice")
    scorer = load(run.folder)
    test: PairTable = practice_tables()["test"]
    predictions, binary_predictions = score_table(scorer, test)
    submission = run.folder / "submission.csv"
    write_submission(submission, test, predictions, scorer.label_range)
    evaluation = evaluate_predictions(
        test, predictions, binary_predictions=binary_predictions, threshold=scorer.binary_threshold
    )
    return Demo(run, submission, evaluation)


def _recipe_text(folder: Path) -> str:
    """The practice set's recipe, naming the files in `folder`."""
    text = resources.files("dalmeum.data.practice").joinpath("recipe.yaml").read_text(encoding="utf-8")
    return text.replace("practice/", f"{folder.as_posix()}/")
