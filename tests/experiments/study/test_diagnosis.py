"""What ails each arm of a study: read from its runs' data, and shown."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dalmeum.data import Predictions
from dalmeum.data.splits import read_splits
from dalmeum.errors import InputError
from dalmeum.evaluation import Diagnosis
from dalmeum.evaluation.diagnosis import Ceiling, ErrorSlice
from dalmeum.experiments.predictions import write_predictions
from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.diagnosis import arm_diagnoses
from dalmeum.experiments.study.diagnosis_page import diagnosis_section
from dalmeum.experiments.study.scored import read_arm
from dalmeum.recipe import Recipe
from dalmeum.stats import Estimate, linearity

from ..pages import Page
from ..report_content import HOSTILE
from .fake_runs import LABELS, SEEDS, fake_arm, fake_run, write_data


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, ...]]:
    """A baseline, an arm that errs where only spacing differs (every tenth pair), and one of a bent scale."""
    folder = tmp_path_factory.mktemp("arms")
    found = {"baseline": fake_arm(folder, "baseline", 0.3)}
    write_data(folder, found["baseline"][0])
    spaced = np.arange(len(LABELS["dev"])) % 10 == 0
    changed: dict[str, list[Run]] = {"spaced": [], "bent": []}
    for seed, run in zip(SEEDS, found["baseline"], strict=True):
        row = read_arm([run], "dev").predictions[0]
        errors = np.where(spaced, np.random.default_rng(seed).normal(0, 1.5, len(row)), 0)
        changed["spaced"].append(fake_run(folder / f"spaced-{seed}", {"dev": (LABELS["dev"], row + errors)}))
        curve = 5 * np.clip(row / 5, 0, 1) ** 3
        changed["bent"].append(fake_run(folder / f"bent-{seed}", {"dev": (LABELS["dev"], curve)}))
    return found | {name: tuple(runs) for name, runs in changed.items()}


def of(arms: dict[str, tuple[Run, ...]], name: str) -> Diagnosis:
    diagnoses = arm_diagnoses(arms, "baseline", ("dev",))["dev"]
    assert diagnoses is not None
    found = diagnoses[name]
    assert found is not None
    return found


def spacing_only(diagnosis: Diagnosis) -> ErrorSlice:
    (part,) = (part for part in diagnosis.slices["spacing"] if part.name == "spacing only")
    return part


def rewritten(run: Run, tmp_path: Path, **data: str) -> Run:
    """The run with other data files in its recipe."""
    recipe = run.recipe().model_dump()
    folder = tmp_path / "rewritten"
    (folder / "predictions").mkdir(parents=True)
    changed = Recipe.model_validate({**recipe, "data": {**recipe["data"], **data}})
    (folder / "recipe.yaml").write_text(changed.to_yaml(), encoding="utf-8")
    (folder / "predictions" / "dev.csv").write_bytes(run.predictions("dev").read_bytes())
    return Run(folder, run.record)


def test_each_arm_is_told_by_what_ails_it(arms: dict[str, tuple[Run, ...]]) -> None:
    spaced, bent = of(arms, "spaced"), of(arms, "bent")
    assert spacing_only(spaced).pairs == 30
    assert spacing_only(spaced).harder
    difference = spacing_only(spaced).difference
    assert difference is not None
    assert difference.low > 0.2
    assert bent.scale.bent
    assert not of(arms, "baseline").scale.bent
    assert spacing_only(of(arms, "baseline")).difference is None
    runs = [linearity(LABELS["dev"], read_arm([run], "dev").predictions[0]) for run in arms["bent"]]
    assert bent.scale.rmse_isotonic == pytest.approx(np.mean([run.rmse_isotonic for run in runs]))


def test_the_page_says_so(arms: dict[str, tuple[Run, ...]]) -> None:
    diagnoses = arm_diagnoses(arms, "baseline", ("dev",))["dev"]
    html = diagnosis_section(diagnoses, "dev", "baseline")
    page = Page(html)
    difference = spacing_only(of(arms, "spaced")).difference
    assert difference is not None
    shown = f'<b class="worse">{difference.value:+.3f}</b>'
    # In the arm's row, and among its slices.
    assert html.count(shown) == 2
    assert page.text.count("bent · 휨") == 1
    assert page.text.count("straight · 직선") == 2
    assert page.tags.count("details") == len(arms)
    assert page.text.count("RMSE, less baseline's") == len(arms) - 1
    assert "ceiling" not in page.text
    assert diagnoses is not None
    named = Page(diagnosis_section({HOSTILE[0]: diagnoses["spaced"]}, "dev", HOSTILE[2]))
    assert not {"script", "img"} & set(named.tags)
    assert named.text.count(HOSTILE[0]) == 2
    assert not re.search(r"\bnan\b", page.text)


def test_slices_are_named_where_the_difference_is_clear(arms: dict[str, tuple[Run, ...]]) -> None:
    diagnosis = of(arms, "spaced")
    part = diagnosis.slices["source"][0]

    def shown(difference: Estimate) -> str:
        parts = (dataclasses.replace(part, difference=difference),)
        changed = dataclasses.replace(diagnosis, slices={"source": parts})
        html = diagnosis_section({"baseline": None, "arm": changed}, "dev", "baseline")
        return html.partition("<details>")[0]

    assert f"<div>source {part.name} <b " in shown(Estimate(0.2, 0.1, 0.3))
    unclear = shown(Estimate(0.2, -0.1, 0.5))
    assert "source" not in unclear
    assert "nowhere beyond doubt · 뚜렷한 곳 없음" in unclear


def test_a_ceiling_has_a_column(arms: dict[str, tuple[Run, ...]]) -> None:
    diagnosis = dataclasses.replace(of(arms, "baseline"), ceiling=Ceiling(Estimate(0.975, 0.97, 0.98), 0.125))
    page = Page(diagnosis_section({"baseline": diagnosis}, "dev", "baseline")).text
    assert "Pearson less the ceiling, 0.975 (0.970 to 0.980)" in page
    assert "-0.1250" in page


def test_folds_are_read_together(tmp_path: Path) -> None:
    """Each run's dev is a fold of train; together they are all of it, in the order of the folds."""
    labels = LABELS["train"]
    whole = fake_run(tmp_path / "whole", {"train": (labels, labels), "dev": (LABELS["dev"], LABELS["dev"])})
    write_data(tmp_path, whole)
    runs: list[Run] = []
    for seed in (1, 2):
        for fold in range(2):
            folder = tmp_path / f"run-{seed}-{fold}"
            folder.mkdir()
            recipe = whole.recipe()
            data = recipe.data.model_copy(update={"dev": None, "folds": 2, "fold": fold})
            (folder / "recipe.yaml").write_text(recipe.model_copy(update={"data": data}).to_yaml())
            run = Run(folder, whole.record)
            table = read_splits(run.recipe())["dev"]
            assert table.label is not None
            errors = np.random.default_rng([seed, fold]).normal(0, 0.5, len(table))
            write_predictions(run.predictions("dev"), table, Predictions(table.label + errors))
            runs.append(run)
    diagnoses = arm_diagnoses({"baseline": runs}, "baseline", ("dev",), folds=2)["dev"]
    assert diagnoses is not None
    assert diagnoses["baseline"] is not None
    assert diagnoses["baseline"].pairs == len(labels)
    assert spacing_only(diagnoses["baseline"]).pairs == len(labels) // 10


@pytest.mark.parametrize("change", ["gone", "labels", "ids", "recipe"])
def test_where_the_sentences_are_not_those_any_more_it_is_left_out(
    arms: dict[str, tuple[Run, ...]], tmp_path: Path, change: str
) -> None:
    run = arms["baseline"][0]
    dev = Path(str(run.recipe().data.dev)).read_text(encoding="utf-8").splitlines()
    copy = tmp_path / "dev.csv"
    if change == "labels":
        dev[5] = dev[5].rpartition(",")[0] + ",0.125"
    elif change == "ids":
        dev[5] = "another" + dev[5]
    if change != "gone":
        copy.write_text("\n".join(dev), encoding="utf-8")
    first = rewritten(run, tmp_path, dev=str(copy))
    if change == "recipe":
        (first.folder / "recipe.yaml").unlink()
    changed = {"baseline": (first, *arms["baseline"][1:])}
    diagnoses = arm_diagnoses(changed, "baseline", ("dev",))
    assert diagnoses == {"dev": None}
    page = Page(diagnosis_section(diagnoses["dev"], "dev", "baseline")).text
    assert "No diagnosis" in page
    assert "진단 없음" in page


def test_an_untouched_copy_of_the_data_is_as_good(arms: dict[str, tuple[Run, ...]], tmp_path: Path) -> None:
    run = arms["baseline"][0]
    copy = tmp_path / "dev.csv"
    copy.write_bytes(Path(str(run.recipe().data.dev)).read_bytes())
    moved = {"baseline": (rewritten(run, tmp_path, dev=str(copy)), *arms["baseline"][1:])}
    assert arm_diagnoses(moved, "baseline", ("dev",))["dev"] is not None


def test_an_arm_that_says_nothing_has_no_diagnosis(arms: dict[str, tuple[Run, ...]], tmp_path: Path) -> None:
    constant = [
        fake_run(tmp_path / str(seed), {"dev": (LABELS["dev"], np.full(len(LABELS["dev"]), 2.0))})
        for seed in SEEDS
    ]
    given: dict[str, Sequence[Run]] = {"baseline": arms["baseline"], "constant": constant}
    diagnoses = arm_diagnoses(given, "baseline", ("dev",))["dev"]
    assert diagnoses is not None
    assert diagnoses["constant"] is None
    page = Page(diagnosis_section(diagnoses, "dev", "baseline"))
    assert page.tags.count("details") == 1
    assert "Nothing to diagnose" in Page(diagnosis_section({"constant": None}, "dev", "baseline")).text


def test_damaged_predictions_are_told(arms: dict[str, tuple[Run, ...]], tmp_path: Path) -> None:
    run = rewritten(arms["baseline"][0], tmp_path)
    run.predictions("dev").write_text("id,label\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="is damaged"):
        arm_diagnoses({"baseline": (run, *arms["baseline"][1:])}, "baseline", ("dev",))
