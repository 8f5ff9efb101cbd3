"""Looks at a study's question: what counts, what is exploratory, and what its folder keeps of them."""

import json
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dalmeum.errors import InputError
from dalmeum.experiments.looks import LOOKS, Judged, check_looks, next_look, read_looks, take_look
from dalmeum.recipe.study import Study
from dalmeum.runs.folder import Run
from dalmeum.stats import Look, levels_of_looks

from .fake_runs import fake_study
from .made_runs import make_run

DATE = "2026-11-27T12:00:00+09:00"
FIRST = Judged((1, 2, 3), 12, "pearson", 0.005, ("dev",), False, {"baseline": "b", "arm": "a"}, DATE)


class Past:
    """Looks one after another; what each came to is kept with it."""

    def __init__(self, first: Judged = FIRST) -> None:
        self.kept: list[Judged] = []
        self.look(first)

    def look(self, now: Judged, remade: Sequence[str] = ()) -> Look:
        found = next_look(self.kept, now, remade)
        self.kept.append(replace(now, exploratory=english(found)))
        return found

    def told(self, *remade: str, **changes: Any) -> str | None:
        return english(self.look(replace(FIRST, **changes), remade))


def english(look: Look) -> str | None:
    return None if look.exploratory is None else look.exploratory.en


def seeds(count: int) -> tuple[int, ...]:
    return tuple(range(1, count + 1))


def test_more_seeds_are_a_further_look_and_the_same_are_the_same() -> None:
    past = Past()
    assert next_look([], FIRST) == Look((3,), 12)
    assert past.look(FIRST) == Look((3,), 12)
    assert past.look(replace(FIRST, seeds=(3, 2, 1))) == Look((3,), 12)
    second = past.look(replace(FIRST, seeds=seeds(5)))
    assert second == Look((3, 5), 12)
    assert second.level == levels_of_looks([3, 5], 12)[1]
    assert past.look(replace(FIRST, seeds=seeds(12))) == Look((3, 5, 12), 12)
    # What an earlier look said it says again, at its own level.
    assert past.look(replace(FIRST, seeds=seeds(5))) == Look((3, 5), 12)
    assert past.look(FIRST) == Look((3,), 12)


def test_without_a_plan_the_first_look_has_all() -> None:
    past = Past(replace(FIRST, max_seeds=3))
    assert past.look(replace(FIRST, max_seeds=3)).level == 0.05
    assert past.told(seeds=seeds(5), max_seeds=3) == (
        "5 seeds are more than the 3 that looks were planned for (max_seeds)"
    )
    assert past.told(max_seeds=3) is None


def test_beyond_the_plan_is_exploratory() -> None:
    past = Past()
    assert past.told(seeds=seeds(12)) is None
    assert past.told(seeds=seeds(13)) == (
        "13 seeds are more than the 12 that looks were planned for (max_seeds)"
    )


def test_no_seed_that_was_looked_at_may_be_left_out() -> None:
    past = Past()
    assert past.told(seeds=(1, 2, 4, 5)) == "seeds that were looked at before are left out: 3"
    # An exploratory look is a look: 4 and 5 may not be dropped for luckier ones.
    assert past.told(seeds=(1, 2, 3, 6, 7)) == "seeds that were looked at before are left out: 4, 5"
    assert past.told(seeds=seeds(5)) == "seeds that were looked at before are left out: 6, 7"
    assert past.told(seeds=seeds(7)) is None
    assert past.told(seeds=(1, 2)) == "seeds that were looked at before are left out: 3, 4, 5, 6, 7"
    assert past.look(replace(FIRST, seeds=seeds(8))) == Look((3, 7, 8), 12)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metric": "rmse"}, "metric is rmse, and was pearson at the first look"),
        ({"smallest_effect": 0.01}, "smallest_effect is 0.01, and was 0.005 at the first look"),
        ({"splits": ("test", "dev")}, "splits is test, and was dev at the first look"),
        ({"splits": ("dev", "test")}, None),
        ({"paired": True}, "paired is true, and was false at the first look"),
        ({"max_seeds": 60}, "max_seeds is 60, and was 12 at the first look"),
        ({"arms": {"baseline": "b", "arm": "a", "more": "m"}}, "added after the first look: more"),
        ({"arms": {"baseline": "b", "more": "m"}}, "added after the first look: more"),
        ({"arms": {"baseline": "b"}}, "judged at the first look, but not now: arm"),
        ({"arms": {"baseline": "later", "arm": "later"}}, None),
    ],
)
def test_another_question_is_exploratory_however_many_seeds(
    changes: dict[str, Any], said: str | None
) -> None:
    assert Past().told(**changes) == said
    assert Past().told(**changes, seeds=seeds(5)) == said
    past = Past()
    past.told(**changes)
    assert past.told() is None


def test_an_arm_of_another_recipe_is_another_question() -> None:
    assert Past().told("arm") == "of another recipe, data or code than at the first look: arm"


Made = Callable[..., tuple[Study, Mapping[str, Sequence[Run]]]]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A study and its finished runs, made anew where they are not there."""
    monkeypatch.chdir(tmp_path)

    def make(
        alpha: float = 0.5, folder: str = "runs", hashes: tuple[str, str] = ("1", "2"), **keys: Any
    ) -> tuple[Study, Mapping[str, Sequence[Run]]]:
        keys = {"seeds": [1, 2, 3], **keys}
        study = fake_study({"half": {"loss.alpha": alpha}}, smallest_effect=0.005, **keys)
        alphas = {"baseline": 0.1, "half": alpha}
        return study, {
            name: [
                make_run(Path(folder, name), 0.5, seed, {"loss": {"alpha": each}}, hashes=hashes)
                for seed in study.seeds
            ]
            for name, each in alphas.items()
        }

    return make


def kept(folder: Path) -> Any:
    return json.loads((folder / LOOKS).read_text(encoding="utf-8"))["looks"]


def test_a_folder_keeps_its_looks(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "studies"
    assert take_look(*made(), folder) == Look((3,), 3)
    (first,) = kept(folder)
    assert {key: first[key] for key in first if key != "date"} == {
        "seeds": [1, 2, 3],
        "max_seeds": 3,
        "metric": "pearson",
        "smallest_effect": 0.005,
        "splits": ["dev"],
        "paired": False,
        "arms": {"baseline": "0.5-1", "half": "0.5-1"},
        "exploratory": None,
        "resample_train": None,
    }
    before = (folder / LOOKS).read_bytes()
    assert take_look(*made(), folder) == Look((3,), 3)
    assert take_look(*made(max_seeds=3), folder) == Look((3,), 3)
    assert (folder / LOOKS).read_bytes() == before
    more = take_look(*made(seeds=[1, 2, 3, 4]), folder)
    assert more.exploratory is not None
    assert (more.number, more.level) == (None, 0.05)
    assert [each["exploratory"] for each in kept(folder)] == [None, more.exploratory.en]
    before = (folder / LOOKS).read_bytes()
    assert take_look(*made(seeds=[1, 2, 3, 4]), folder) == more
    assert (folder / LOOKS).read_bytes() == before
    assert stat.S_IMODE((folder / LOOKS).stat().st_mode) & stat.S_IRUSR


def test_a_plan_is_that_of_the_first_look(made: Made, tmp_path: Path) -> None:
    assert take_look(*made(max_seeds=6), tmp_path) == Look((3,), 6)
    # The key may be left out later: what was declared stays declared.
    assert take_look(*made(seeds=[4, 1, 2, 3]), tmp_path) == Look((3, 4), 6)
    assert take_look(*made(seeds=[1, 2, 3, 4, 5, 6], max_seeds=6), tmp_path) == Look((3, 4, 6), 6)
    assert [each["max_seeds"] for each in kept(tmp_path)] == [6, 6, 6]


def test_without_a_folder_it_is_a_first_look(made: Made) -> None:
    assert take_look(*made(), None) == Look((3,), 3)
    assert take_look(*made(max_seeds=12), None) == Look((3,), 12)


@pytest.mark.parametrize("changes", [{"alpha": 0.4}, {"hashes": ("1", "other")}])
def test_a_recipe_or_data_changed_under_one_name_is_seen(
    made: Made, tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, runs = made()
    renamed = {arm: [rename(run, f"first-{arm}-{run.id}") for run in those] for arm, those in runs.items()}
    assert take_look(study, renamed, tmp_path).exploratory is None
    look = take_look(*made(folder="others", **changes), tmp_path)
    assert look.exploratory is not None
    arms = "half" if "alpha" in changes else "baseline, half"
    assert look.exploratory.en == f"of another recipe, data or code than at the first look: {arms}"
    # The same over again is the same, and what was deleted is taken for it.
    assert take_look(*made(folder="again"), tmp_path) == Look((3,), 3)


def rename(run: Run, identifier: str) -> Run:
    """As an id under the study's output."""
    folder = Path("runs", identifier)
    run.folder.rename(folder)
    return replace(run, folder=folder).update(id=identifier)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"looks": []}',
        '{"looks": [{"seeds": [1, 2]}]}',
        '{"version": 9, "looks": {"3": true}}',
        "\x00\xff",
    ],
)
def test_a_damaged_record_is_left_and_nothing_counts(made: Made, tmp_path: Path, content: str) -> None:
    file = tmp_path / LOOKS
    file.write_bytes(content.encode("latin-1"))
    check_looks(tmp_path)
    look = take_look(*made(), tmp_path)
    assert look.exploratory is not None
    assert look.exploratory.en.startswith(f"{file} is no record of looks that this version of dalmeum reads")
    assert "\n" not in look.exploratory.en
    assert file.read_bytes() == content.encode("latin-1")
    file.unlink()
    assert take_look(*made(), tmp_path) == Look((3,), 3)


@pytest.mark.parametrize(
    "edit",
    [
        lambda looks: looks[0].update(exploratory="chosen"),
        lambda looks: looks[0].update(max_seeds=2),
        lambda looks: looks[0].update(extra=1),
        lambda looks: looks[0].update(date="yesterday"),
        lambda looks: looks[0].update(smallest_effect="small"),
        lambda looks: looks.append(looks[0]),
        lambda looks: looks.insert(0, {**looks[0], "seeds": [1, 2, 3, 4]}),
    ],
)
def test_a_record_that_contradicts_itself_is_none(
    made: Made, tmp_path: Path, edit: Callable[[list[dict[str, Any]]], None]
) -> None:
    take_look(*made(), tmp_path)
    looks = kept(tmp_path)
    assert read_looks(tmp_path)
    edit(looks)
    (tmp_path / LOOKS).write_text(json.dumps({"looks": looks}), encoding="utf-8")
    assert read_looks(tmp_path) is None


def test_a_place_that_keeps_no_looks_is_told(tmp_path: Path) -> None:
    (tmp_path / LOOKS).mkdir()
    with pytest.raises(InputError, match=r"looks\.json: is a folder; name a file to write"):
        check_looks(tmp_path)


def test_the_order_of_seeds_decides_their_training_sets() -> None:
    """Where each has a set of its own, another order is other runs of the same seeds."""
    parts = replace(FIRST, resample_train=100)
    assert Past(parts).look(replace(parts, seeds=(1, 2, 3, 4))).exploratory is None
    turned = Past(parts).look(replace(parts, seeds=(1, 3, 2))).exploratory
    assert turned is not None
    assert "another order" in turned.en
    assert Past().look(replace(FIRST, seeds=(1, 3, 2))).exploratory is None
    other = Past().look(parts).exploratory
    assert other is not None
    assert other.en == "resample_train is 100, and was null at the first look"
