"""Studies whose seeds are each trained on a part of their own of the training pairs."""

import html
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dalmeum.comparison.text import findings_lines
from dalmeum.data.splits import read_splits
from dalmeum.errors import InputError
from dalmeum.experiments.compare import compare_runs
from dalmeum.experiments.study import conduct
from dalmeum.experiments.train import train
from dalmeum.experiments.workers import Workers
from dalmeum.recipe import Part, load_recipe
from dalmeum.recipe.study import load_study
from dalmeum.runs.folder import open_run
from dalmeum.runs.predictions import read_predictions
from dalmeum.stats import TrainingSets, pearson

from ..conftest import run_folders

Tiny = Callable[[str], str]
Write = Callable[..., Path]


@pytest.fixture
def study_file(write_study: Write) -> Path:
    return write_study(100, seeds=[5, 2], resample_train=40)


def test_each_seed_has_a_part_of_its_own_and_the_verdict_says_so(
    study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, output = load_study(study_file), study_file.parent / "studies" / "parts"
    conducted = conduct(study, "parts", output, jobs=2)
    findings, runs = conducted.findings, conducted.runs
    trained: dict[str, list[set[str]]] = {}
    for arm, those in runs.items():
        assert [run.recipe().training.seed for run in those] == [5, 2]
        assert [run.recipe().data.part for run in those] == [Part(pairs=40), Part(pairs=40, number=1)]
        assert "part:\n    pairs: 40\n    number: 1\n" in (those[1].folder / "recipe.yaml").read_text()
        trained[arm] = [set(read_predictions(run.predictions("train")).ids) for run in those]
        for run in those:
            pool = run.record.data["train"].pool
            assert run.record.data["train"].rows == 40
            assert pool is not None
            assert (pool.path, pool.rows) == (study.baseline.data.train, 100)
    assert trained["baseline"] == trained["faster"]
    first, second = trained["baseline"]
    assert (len(first), len(second), first & second) == (40, 40, set())

    assert findings.arms.training_sets == TrainingSets(40, 100)
    assert findings.arms.paired
    values = json.loads((output / "study.json").read_text(encoding="utf-8"))
    assert values["training_sets"] == {"pairs": 40, "pool": 100, "parts": "disjoint", "overlap": 0.0}
    assert values["holds_for"] == ["pairs", "seeds", "training_sets"]
    held = "for new training sets of 40 pairs like this pool's"
    assert f"verdicts are {held}" in findings_lines(findings)
    page = html.unescape((output / "study.html").read_text(encoding="utf-8"))
    assert f"against baseline, {held}: " in page
    assert "new training sets of 40 pairs like those of this pool of 100" in page
    assert "resample_train: 40" in page

    # Gaps are of each seed's own training pairs.
    gap = findings.gaps["dev"]["faster"]
    assert gap is not None
    own = [read_predictions(run.predictions("train")) for run in runs["faster"]]
    scores = [pearson(np.asarray(each.labels), each.predictions.similarity) for each in own]
    assert gap.train == pytest.approx(scores)
    assert gap.difference is not None

    # A third seed leaves the parts of the first two as they are, and takes one that overlaps with them.
    more = load_study(study_file, ["seeds=[5, 2, 9]"])
    wider = conduct(more, "parts", jobs=1)
    assert [run.id for run in wider.runs["faster"]][:2] == [run.id for run in runs["faster"]]
    assert len(run_folders(study.baseline.output)) == 6
    sets = wider.findings.arms.training_sets
    assert sets is not None
    assert sets.overlap == pytest.approx(0.4 * 2 / 3)
    assert sets.parts == "overlapping"
    with monkeypatch.context() as patch:
        patch.setattr(Workers, "map", lambda *_: pytest.fail("nothing was missing"))
        assert conduct(more, "parts").findings.judgements == wider.findings.judgements

    # The same runs, compared without the study, come to the same.
    compared = compare_runs([run for those in wider.runs.values() for run in those])
    assert compared.arms.training_sets == sets
    one, other = (each.judgements[0].arms[1].difference for each in (compared, wider.findings))
    assert one is not None
    assert other is not None
    assert (one.difference, one.p_value) == pytest.approx((other.difference, other.p_value))
    # Parts that are not the same ones judge nothing.
    with pytest.raises(
        InputError, match="were not each trained on a part of their own, the same as those of"
    ):
        compare_runs([*wider.runs["baseline"][:2], *wider.runs["faster"][1:]])


def test_a_run_is_repeated_from_its_recipe(study_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    study = load_study(study_file)
    made = conduct(study, "parts", jobs=1).runs["faster"][1]
    capfd.readouterr()
    again = train(load_recipe(made.folder / "recipe.yaml"), "again")
    assert "training on 40 pairs (part 2 of a pool of 100), dev of 48" in capfd.readouterr().err
    assert again.id != made.id
    assert again.metrics() == open_run(made.folder).metrics()
    assert again.record.data["train"].sha256 == made.record.data["train"].sha256


def test_what_can_not_be_is_told_before_anything_is_run(study_file: Path, write_pairs: Write) -> None:
    study = load_study(study_file, ["resample_train=81"])
    told = (
        r"^resample_train 81: .*train\.csv gives a pool of 100 pairs: take 80 at most \(0\.8 of it\), larger "
        "training sets are too much alike$"
    )
    with pytest.raises(InputError, match=told):
        conduct(study, "parts", jobs=1)
    other = write_pairs("other.csv", 90, seed=3)
    study = load_study(study_file, [f"arms.faster={{data.train: {other}}}"])
    with pytest.raises(InputError, match=r"arms\.faster: draws from other training pairs \(.*other\.csv, 90"):
        conduct(study, "parts", jobs=1)
    study = load_study(study_file, ["arms.faster={data.max_train_pairs: 90}"])
    with pytest.raises(InputError, match=r"arms\.faster: draws from other training pairs \(.*train\.csv, 90"):
        conduct(study, "parts", jobs=1)
    assert not Path(study.baseline.output).exists()


def test_one_part_for_all_seeds_is_one_training_set(study_file: Path) -> None:
    study = load_study(study_file, ["resample_train=null", "baseline.data.part={pairs: 40, number: 1}"])
    conducted = conduct(study, "fixed", jobs=2)
    assert conducted.findings.arms.training_sets is None
    assert not conducted.findings.arms.paired
    recipe = conducted.runs["faster"][0].recipe()
    assert read_splits(recipe)["train"].id == read_splits(conducted.runs["baseline"][1].recipe())["train"].id
