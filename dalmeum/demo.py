"""The whole story on the built-in practice set: data, a study, a report, a submission, the hidden test."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from dalmeum.configuration import yaml_line
from dalmeum.data import PairTable
from dalmeum.data.practice import practice_tables, write_practice
from dalmeum.errors import DalmeumError, InputError
from dalmeum.evaluation import Evaluation, evaluate_predictions
from dalmeum.evaluation.predict import score_table
from dalmeum.experiments.study import Conducted, conduct
from dalmeum.files import write_text
from dalmeum.pages import ASSETS, STUDY_PAGE
from dalmeum.recipe.study import load_study
from dalmeum.runs.folder import Run, load
from dalmeum.runs.predictions import write_submission
from dalmeum.runs.report import rewrite_report
from dalmeum.stats import metric_named

STUDY = "practice"
"""The study's name; its file is `practice.yaml`, so that `dalmeum study` calls it the same."""

LIVE_PAIRS = (
    ("고양이가 창가에서 잔다.", "창가에서 고양이가 자고 있다."),
    ("고양이가 창가에서 잔다.", "주식 시장이 크게 올랐다."),
    ("개가 사람을 물었다.", "사람이 개를 물었다."),
)
"""Scored at the demo's end: the same said otherwise, something else, and the same words in another sense."""


@dataclass(frozen=True)
class Demo:
    """What the demo leaves.

    Attributes:
        study: its verdicts are on dev.
        page: the study's.
        run: the one handed in: of the arm that is best on dev, the run that is best there.
        submission: the file with its predictions.
        test: its scores on the practice set's hidden labels.
        live: what it answers for `LIVE_PAIRS`.
    """

    study: Conducted
    page: Path
    run: Run
    submission: Path
    test: Evaluation
    live: tuple[float, ...]


def write_files(folder: Path, output: Path) -> Path:
    """Write the practice set, its recipe and its study to `folder`; answers the study's file.

    A recipe or study that stands there is someone's experiment, and is kept. `output` is where a new study
    has its runs. Raises `InputError` where the folder can't be written.
    """
    write_practice(folder)
    study = folder / f"{STUDY}.yaml"
    for path in (folder / "recipe.yaml", study):
        if not path.exists():
            text = resources.files("dalmeum.data.practice").joinpath(path.name).read_text(encoding="utf-8")
            # A path may hold what YAML reads as more than text.
            for name in ("train", "dev", "test"):
                text = text.replace(f"practice/{name}.csv", yaml_line((folder / f"{name}.csv").as_posix()))
            text = text.replace("practice/", f"{folder.as_posix()}/")
            write_text(path, text.replace("output: runs", f"output: {yaml_line(output.as_posix())}"))
    return study


def run_demo(folder: Path, output: Path) -> Demo:
    """Write the practice set to `folder`, and do with it what a competitor does.

    The study that stands there is conducted, with its runs in `output`; finished ones are not run again.

    Raises `InputError` where a folder can't be written or a changed study is no good.
    """
    file = write_files(folder, output)
    study = load_study(file)
    if "dev" not in study.splits:
        raise InputError(f"{file}: splits: dev is missing: the demo chooses its model there; add it")
    baseline = study.baseline.model_copy(update={"output": str(output)})
    pages = Path("studies", STUDY)
    study = study.model_copy(update={"baseline": baseline})
    result = conduct(study, STUDY, pages, assets=pages.parent / ASSETS)
    run = _chosen(result)
    rewrite_report(run, self_contained=True)  # it is the one that people show around
    scorer = load(run.folder, trust_code=True)  # the study is the user's own
    test: PairTable = practice_tables()["test"]
    predictions = score_table(scorer, test)
    write_submission(run.submission, test, predictions)
    evaluation = evaluate_predictions(test, predictions, threshold=scorer.binary_threshold)
    live = tuple(scorer.score(LIVE_PAIRS).tolist())
    return Demo(result, pages / STUDY_PAGE, run, run.submission, evaluation, live)


def _chosen(conducted: Conducted) -> Run:
    """Of the arm that is best on dev, the run that is best there.

    Raises `DalmeumError` where no arm is: an arm's predictions are all the same.
    """
    findings = conducted.findings
    if findings.choice is None:
        raise DalmeumError(
            f"study {findings.name}: no arm can be chosen: one has no {findings.metric} on dev"
        )
    metric = findings.metric
    best = max if metric_named(metric).higher_is_better else min
    runs = [(run.metrics()["dev"][metric]["value"], run) for run in conducted.runs[findings.choice.best]]
    return best(((score, run) for score, run in runs if score is not None), key=lambda each: each[0])[1]
