"""Study files, right and wrong."""

from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
import yaml

from dalmeum.errors import RecipeError
from dalmeum.recipe.study import arm_recipes, build_study, load_study, with_fold, with_seed

VALUES: dict[str, Any] = {
    "question": "Does it help?",
    "baseline": {"data": {"train": "train.csv", "dev": "dev.csv"}, "model": {"kind": "offline"}},
    "arms": {"small-alpha": {"loss.alpha": 0.05}, "binary": {"tasks.binary": {"weight": 0.3}}},
}


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(VALUES | changes, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def test_arms_are_the_baseline_with_changes(tmp_path: Path) -> None:
    study = load_study(write(tmp_path), ["seeds=[4, 5]", "baseline.data.train=other.csv"])
    assert study.seeds == (4, 5)
    assert study.names == ("baseline", "small-alpha", "binary")
    recipes = arm_recipes(study)
    assert recipes["baseline"] == study.baseline
    assert [recipe.loss.alpha for recipe in recipes.values()] == [0.1, 0.05, 0.1]
    assert {recipe.data.train for recipe in recipes.values()} == {"other.csv"}
    assert recipes["small-alpha"].tasks.binary is None
    assert recipes["binary"].tasks.binary is not None
    assert with_seed(recipes["binary"], 9).training.seed == 9


def test_baseline_may_be_a_recipes_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(VALUES["baseline"]), encoding="utf-8")
    study = load_study(write(tmp_path, baseline="base.yaml"), ["baseline.training.epochs=7"])
    assert study.baseline.training.epochs == 7
    assert study.baseline.data.dev == "dev.csv"


def test_folds_make_dev_of_the_training_file(tmp_path: Path) -> None:
    baseline = {
        "data": {"train": "train.csv"},
        "model": {"kind": "offline"},
        "training": {"early_stopping": 2},
    }
    study = load_study(write(tmp_path, baseline=baseline, folds=5))
    assert (study.folds, study.splits, study.baseline.data.folds) == (5, ("dev",), 5)
    assert with_fold(study.baseline, 3).data.fold == 3
    assert all(recipe.data.folds == 5 for recipe in arm_recipes(study).values())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": {}}, "arms: at least 1 is needed"),
        ({"arms": {"none": {}}}, "arms.none: overrides nothing: write section.key: value"),
        ({"arms": {"same": {"loss.alpha": 0.1}}}, "arms.same: changes nothing of the baseline"),
        (
            {"arms": {"one": {"loss.alpha": 0.2}, "two": {"loss.alpha": 0.2}}},
            "arms.two: is the same as one",
        ),
        (
            {"arms": {"typo": {"loss.alhpa": 0.2}}},
            "arms.typo: loss.alhpa is no key of a recipe: did you mean",
        ),
        ({"folds": "5"}, "folds: input should be a valid integer"),
        (
            {"folds": 5, "baseline": {"data": {"train": "t.csv", "folds": 20}, "model": {"kind": "offline"}}},
            "folds: each is dev in turn: leave baseline.data.folds and data.fold out",
        ),
        ({"folds": 1}, "folds: input should be greater than or equal to 2"),
        (
            {"folds": 5},
            "baseline.data: folds takes dev out of train: leave dev out, as by data.dev=",
        ),
        (
            {"arms": {"one": {"data.folds": 5, "data.dev": None}}},
            "arms.one: data.folds can't differ by arm: it is folds of the study",
        ),
        (
            {"arms": {"one": {"data.part": {"pairs": 5}}}},
            "arms.one: data.part can't differ by arm: it is resample_train of the study",
        ),
        (
            {
                "resample_train": 9,
                "folds": 3,
                "baseline": {"data": {"train": "t.csv"}, "model": {"kind": "offline"}},
            },
            "resample_train: over folds every pair is trained on and judged in turn: leave folds out, and "
            "give baseline.data.dev or test",
        ),
        (
            {
                "resample_train": 9,
                "baseline": {
                    "data": {"train": "t.csv", "dev": "d.csv", "part": {"pairs": 9}},
                    "model": {"kind": "offline"},
                },
            },
            "resample_train: gives each seed its part: leave baseline.data.part out",
        ),
        ({"resample_train": 1}, "resample_train: input should be greater than or equal to 2"),
        ({"arms": {"wrong": {"loss.alpha": 2}}}, "arms.wrong: loss.alpha: input should be less than"),
        ({"arms": {"a/b": {"loss.alpha": 0.2}}}, "arms.a/b: choose another name"),
        ({"arms": {"baseline": {"loss.alpha": 0.2}}}, "arms.baseline: choose another name"),
        (
            {"arms": {"seed": {"training.seed": 2}}},
            "arms.seed: training.seed can't differ by arm",
        ),
        (
            {"arms": {"seed": {"training": {"seed": 2}}}},
            "arms.seed: training.seed can't differ by arm: it is seeds of the study",
        ),
        ({"seeds": [1]}, "seeds: at least 2 are needed: one can't tell an idea from luck"),
        ({"seeds": [1, 1]}, "seeds: one stands there twice"),
        ({"seeds": [1, 2, 3], "max_seeds": 2}, "max_seeds: 2 is less than the 3 seeds of the study"),
        ({"max_seeds": 1}, "max_seeds: input should be greater than or equal to 2"),
        ({"max_seeds": "many"}, "max_seeds: input should be a valid integer"),
        ({"splits": ["test"]}, "splits: test is to be judged on: set baseline.data.test, too"),
        ({"smallest_efect": 0.1}, "smallest_efect is no key of a study: did you mean smallest_effect?"),
        (
            {"baseline": {"data": {"trian": "x"}}},
            "baseline.data.trian is no key of a study: did you mean train?",
        ),
    ],
)
def test_a_wrong_study(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(RecipeError) as caught:
        load_study(path)
    assert any(problem.startswith(f"{path}: {said}") for problem in caught.value.problems), caught.value


def test_all_problems_of_all_arms_at_once(tmp_path: Path) -> None:
    arms = {"one": {"loss.alpha": 2}, "two": {"model.kind": "magic"}, "three": {}}
    with pytest.raises(RecipeError) as caught:
        load_study(write(tmp_path, arms=arms))
    assert len(caught.value.problems) == 3


def test_one_arm_written_in_two_ways() -> None:
    """Hangul as keyboards and as macOS write it look the same."""
    baseline = {"data": {"train": "train.csv", "dev": "dev.csv"}, "model": {"kind": "offline"}}
    decomposed = normalize("NFD", "가중치")
    arms = {"가중치": {"loss.alpha": 0.5}, decomposed: {"loss.alpha": 0.9}}
    with pytest.raises(RecipeError) as caught:
        build_study({"question": "?", "baseline": baseline, "arms": arms}, "study")
    told = "study: arms.가중치: names two arms, its letters written in two ways"
    assert caught.value.problems == (told,)
    one = {decomposed: {"loss.alpha": 0.9}}
    study = build_study({"question": "?", "baseline": baseline, "arms": one}, "study")
    assert study.names == ("baseline", "가중치")


def test_what_a_study_is_read_from_again_leaves_to_each_arms_kind_what_it_left() -> None:
    """The command line hands a study on as values: an arm of another kind has that kind's own numbers."""
    study = load_study(
        {
            "question": "?",
            "baseline": {"data": {"train": "x.csv", "dev": "y.csv"}, "model": {"kind": "offline"}},
            "arms": {
                "bi": {"model.kind": "bi", "model.encoder": "some/encoder"},
                "both": {
                    "model.kind": "ensemble",
                    "model.members.words": {"kind": "bi", "encoder": "some/encoder"},
                    "model.members.offline.kind": "offline",
                },
                "slow": {
                    "model.kind": "ensemble",
                    "model.members.words": {"kind": "bi", "encoder": "some/encoder"},
                    "model.members.offline.kind": "offline",
                    "training.learning_rate": 1e-6,
                },
            },
        }
    )
    arms = arm_recipes(study)
    assert arms["bi"].training.learning_rate == 2e-5
    assert [each.training.learning_rate for each in arms["slow"].singles] == [1e-6, 1e-6]
    assert arm_recipes(load_study(study.to_change())) == arms
    assert arm_recipes(load_study(yaml.safe_load(study.to_yaml()))) == arms
