"""Runs opened, and put into arms by their recipes."""

from pathlib import Path

import pytest

from dalmeum.errors import InputError
from dalmeum.experiments.arms import groups_of, named_groups, open_runs, single_runs
from dalmeum.experiments.compare import compare_runs

from .made_runs import make_arm, make_run


def test_runs_are_grouped_by_recipe_and_named_by_what_they_change(tmp_path: Path) -> None:
    base = [make_run(tmp_path, 0.5, seed, {"output": f"runs-{seed}", "question": "?"}) for seed in (7, 3)]
    # The same pairs, by their hash; and a test file, from which nothing is learnt.
    moved = make_run(tmp_path, 0.5, 5, train="copy/train.csv", data={"test": "test.csv"})
    schedule = {"start": 0.0, "end": 0.5}
    other = [
        make_run(tmp_path, 0.4, seed, {"loss": {"alpha": schedule}, "tasks": {"binary": {"weight": 0.3}}})
        for seed in (1, 2)
    ]
    arms = groups_of([base[0], other[0], moved, other[1], base[1]])
    assert arms[0].name == "baseline"
    assert [arm.seeds for arm in arms] == [(3, 5, 7), (1, 2)]
    assert arms[0].runs == (base[1], moved, base[0])
    assert arms[0].changes == {}
    assert arms[1].changes == {
        "loss.alpha.start": 0.0,
        "loss.alpha.end": 0.5,
        "tasks.binary.weight": 0.3,
        "tasks.binary.threshold": None,
    }
    assert arms[1].name == "loss.alpha.start=0.0, loss.alpha.end=0.5, ..."
    # The other way round, a section becomes a value.
    back = groups_of([*other, *base])[1].changes
    assert back == {"loss.alpha": 0.1, "tasks.binary": None}


def test_names_that_are_taken_or_empty_give_way_to_run_ids(tmp_path: Path) -> None:
    runs = [
        make_run(tmp_path / str(number), 0.5, 1, {"loss": {"alpha": 0.1 * number}}, hashes=hashes)
        for number, hashes in ((1, ("1", "2")), (2, ("1", "2")))
    ]
    long = [
        make_run(
            tmp_path / end,
            0.4,
            1,
            {"model": {"encoder": "a/very/long/path/to/an/encoder/of/which/the/end/differs/" + end}},
        )
        for end in ("x", "y")
    ]
    names = [arm.name for arm in single_runs([*runs, *long])]
    assert names[:2] == ["baseline", "loss.alpha=0.2"]
    assert names[2:] == ["model.kind=cross, model.encoder=.../x", "model.kind=cross, model.encoder=.../y"]
    fewer = make_run(tmp_path / "few", 0.3, 1, {"data": {"train": "t.csv", "columns": {"label": "a"}}})
    more = make_run(
        tmp_path / "more",
        0.3,
        2,
        {"data": {"train": "t.csv", "columns": {"label": "a", "id": "b"}}},
    )
    assert groups_of([more, fewer])[1].name == fewer.id


def test_a_name_is_as_long_as_it_takes_to_tell_arms_apart(tmp_path: Path) -> None:
    many = {"epochs": 7, "learning_rate": 0.002, "warmup": 0.2, "weight_decay": 0.1, "max_gradient_norm": 2.0}
    base = make_run(tmp_path, 0.5, 1)
    one = make_run(tmp_path, 0.4, 1, {"training": many})
    other = make_run(tmp_path, 0.3, 1, {"training": {**many, "max_gradient_norm": 3.0}})
    names = [arm.name for arm in single_runs([base, one, other])]
    assert names[1].startswith("training.epochs=7, training.learning_rate=0.002, ")
    assert names[1].endswith("training.max_gradient_norm=2.0")
    assert names[2].endswith("training.max_gradient_norm=3.0")
    assert single_runs([base, one])[1].name == "training.epochs=7, training.learning_rate=0.002, ..."


def test_arms_may_be_named(tmp_path: Path) -> None:
    base = [make_run(tmp_path, 0.5, seed) for seed in (2, 1)]
    other = [make_run(tmp_path, 0.4, seed, {"loss": {"alpha": 0.9}}) for seed in (1, 2)]
    arms = named_groups([base[0], other[0], base[1], other[1]], ["plain", "mine", "plain", "mine"])
    assert [(arm.name, arm.seeds) for arm in arms] == [("plain", (1, 2)), ("mine", (1, 2))]
    assert arms[1].changes == {"loss.alpha": 0.9}
    findings = compare_runs([base[0], other[0]], names=["plain", "mine"])
    assert (findings.baseline, findings.arms.names) == ("plain", ("plain", "mine"))
    assert compare_runs(base, names=["one", "two"]).arms.names == ("one", "two")
    with pytest.raises(InputError, match=r"mine: .* differ in more than their seed: give them two names"):
        named_groups([base[0], base[1], other[1]], ["plain", "mine", "mine"])


def test_seeds_of_one_model_are_told_apart_by_seed(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1, 2)), *make_arm(tmp_path, 0.4, (2,), 0.9)]
    assert [arm.name for arm in single_runs(runs)] == [
        "baseline",
        "training.seed=2",
        "loss.alpha=0.9, training.seed=2",
    ]


def test_runs_are_opened_by_id_and_folder(tmp_path: Path) -> None:
    base, other = make_run(tmp_path, 0.5, 1), make_run(tmp_path, 0.4, 1)
    assert [run.folder for run in open_runs([base.id, str(other.folder)], tmp_path)] == [
        base.folder,
        other.folder,
    ]

    def refused(*names: str) -> str:
        with pytest.raises(InputError) as caught:
            open_runs(names, tmp_path)
        return str(caught.value)

    assert refused(base.id, str(base.folder)) == f"{base.folder}: is given twice: leave one out"
    assert "has nothing to be compared with" in refused(base.id)
    assert "no such run" in refused(base.id, "nothing")
    other.update(state="running")
    assert refused(base.id, other.id) == (
        f"{other.folder}: is not finished (running): finish it with dalmeum train --resume, or leave it out"
    )


def test_runs_of_different_folds_are_left_to_a_study(tmp_path: Path) -> None:
    base, other = (
        make_run(tmp_path, 0.5 - fold / 10, 1, data={"dev": None, "folds": 3, "fold": fold})
        for fold in (0, 1)
    )
    with pytest.raises(InputError) as caught:
        open_runs([str(base.folder), str(other.folder)], tmp_path)
    assert str(caught.value) == (
        f"{base.folder} and {other.folder}: are of different folds: compare runs of one fold, or let dalmeum "
        "study judge over all of them (its key folds)"
    )


def test_a_run_without_its_recipe_is_told(tmp_path: Path) -> None:
    base = make_run(tmp_path, 0.5, 1)
    (base.folder / "recipe.yaml").unlink()
    with pytest.raises(InputError, match=r"recipe\.yaml: is missing: the run folder is damaged$"):
        base.recipe()
