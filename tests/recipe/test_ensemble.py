"""Ensembles in a recipe: what each member is, what it has of the whole, and what is refused."""

from typing import Any

import pytest
import yaml

from dalmeum.errors import RecipeError
from dalmeum.recipe import Recipe, build_recipe, load_recipe, recipe_key
from dalmeum.recipe.study import arm_recipes, build_study, with_seed

TWO: dict[str, Any] = {
    "offline": {"kind": "offline", "training": {"epochs": 5}},
    "words": {"kind": "bi", "encoder": "some/encoder", "max_length": 64},
}


def ensemble(**sections: Any) -> Recipe:
    values = {"data": {"train": "x.csv"}, "model": {"kind": "ensemble", "members": TWO}, **sections}
    return build_recipe(values, "test")


def told(*overrides: str, **sections: Any) -> list[str]:
    recipe = {"data": {"train": "x.csv"}, "model": {"kind": "ensemble", "members": TWO}, **sections}
    with pytest.raises(RecipeError) as error:
        load_recipe(recipe, overrides)
    return list(error.value.problems)


def test_a_member_is_what_its_recipe_alone_would_be() -> None:
    recipe = ensemble(training={"warmup": 0.2, "seed": 7}, loss={"name": "mae"})
    offline, words = recipe.members.values()
    alone = {"data": {"train": "x.csv"}, "loss": {"name": "mae"}}
    assert offline == build_recipe(
        {**alone, "model": {"kind": "offline"}, "training": {"warmup": 0.2, "seed": 7, "epochs": 5}}, "test"
    )
    assert words == build_recipe(
        {
            **alone,
            "model": {"kind": "bi", "encoder": "some/encoder", "max_length": 64},
            "training": {"warmup": 0.2, "seed": 7},
        },
        "test",
    )
    assert recipe.singles == (offline, words)
    assert offline.members == {}
    assert offline.singles == (offline,)


def test_numbers_of_the_whole_go_before_those_of_kinds_and_behind_a_members() -> None:
    plain = ensemble().members
    assert (plain["offline"].training.learning_rate, plain["words"].training.learning_rate) == (1e-3, 2e-5)
    given = ensemble(training={"learning_rate": 3e-4, "epochs": 2}).members
    assert [each.training.learning_rate for each in given.values()] == [3e-4, 3e-4]
    assert [each.training.epochs for each in given.values()] == [5, 2]
    assert [each.training.seed for each in with_seed(ensemble(), 9).members.values()] == [9, 9]


def test_what_is_written_reads_back_with_all_numbers_of_members_and_no_more() -> None:
    recipe = ensemble(training={"warmup": 0.2})
    text = recipe.to_yaml()
    again = build_recipe(yaml.safe_load(text), "test")
    assert again == recipe
    assert again.members == recipe.members
    assert again.to_yaml() == text
    values = yaml.safe_load(text)
    assert values["model"]["members"]["words"]["training"] == {
        "epochs": 3,
        "effective_batch_size": 32,
        "learning_rate": 2e-5,
    }
    assert not {"epochs", "effective_batch_size", "learning_rate"} & values["training"].keys()
    seeded = load_recipe(values, ["training.seed=3"])
    assert [each.training.seed for each in seeded.members.values()] == [3, 3]


def test_single_models_are_written_as_before() -> None:
    recipe = build_recipe({"data": {"train": "x.csv"}, "model": {"kind": "offline"}}, "test")
    assert recipe.model_dump()["model"] == {"kind": "offline", "encoder": None, "max_length": 128}
    assert {"epochs", "effective_batch_size", "learning_rate"} <= recipe.model_dump()["training"].keys()


def test_arms_change_one_member_all_of_them_or_leave_one_out() -> None:
    three = {**TWO, "third": {"kind": "offline", "training": {"epochs": 9}}}
    study = build_study(
        {
            "question": "?",
            "baseline": {
                "data": {"train": "x.csv", "dev": "y.csv"},
                "model": {"kind": "ensemble", "members": three},
            },
            "arms": {
                "longer": {"model.members.words.training.epochs": 4},
                "slower": {"training.learning_rate": 1e-5},
                "without": {"model.members.third": None},
                "single": {"model": {"kind": "offline"}},
            },
        },
        "test",
    )
    arms = arm_recipes(study)
    assert [each.training.epochs for each in arms["longer"].members.values()] == [5, 4, 9]
    assert [each.training.learning_rate for each in arms["slower"].members.values()] == [1e-5] * 3
    assert [*arms["without"].members] == ["offline", "words"]
    assert arms["single"].members == {}


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        (
            "model.members.words=",
            "model: members: an ensemble has two or more, not 1: write members: {NAME: {kind: ...}, ...}",
        ),
        (
            "model.members.words.kind=ensemble",
            "model.members.words.kind: must be one of cross, bi, offline, or module:kind of your own, "
            "not 'ensemble'",
        ),
        (
            "model.members.words.encoder=",
            "model.members.words: encoder is missing: kind bi needs a hub name or a folder, "
            "e.g. klue/roberta-base",
        ),
        (
            "model.members.offline.encoder=x",
            "model.members.offline: encoder has no use with kind offline: leave it out "
            "(model.members.NAME.encoder=), or take model.members.NAME.kind=cross",
        ),
        (
            "model.members.words.training.seed=1",
            "model.members.words: training.seed is the whole run's: set it in the recipe's own training",
        ),
        (
            "model.members.words.training.epochs=0",
            "model.members.words.training.epochs: input should be greater than or equal to 1, not 0",
        ),
        (
            "model.members.words.trainin.epochs=1",
            "model.members.words.trainin is no key of a recipe: did you mean training?",
        ),
        (
            "model.members.words=5",
            "model.members.words: must be a mapping with keys such as kind, encoder, not 5",
        ),
        ("model.members=[]", "model.members: input should be keys with values, not []"),
        (
            "model.members={'a b': {kind: offline}, c: {kind: offline, training: {epochs: 1}}}",
            "model: members: 'a b' is no name: letters, digits, '-' and '_', 30 at most",
        ),
        (
            "model.members={a: {kind: offline}, c: {kind: offline, training: {epochs: 8}}}",
            "model.members: a and c are the same, and would learn the same: leave one out, or change it",
        ),
        (
            "model.members={a: {kind: offline}, c: {kind: offline, training: {warmup: 0.1}}}",
            "model.members: a and c are the same, and would learn the same: leave one out, or change it",
        ),
        (
            "model.members={a: {kind: bi, encoder: x}, c: {kind: bi, encoder: x, max_length: 128}}",
            "model.members: a and c are the same, and would learn the same: leave one out, or change it",
        ),
        (
            "model.kind=offline",
            "model: members have no use with kind offline: leave them out (model.members=), "
            "or take model.kind=ensemble",
        ),
        (
            "model.encoder=x",
            "model: encoder has no use with kind ensemble: give it to a member (model.members.NAME.encoder)",
        ),
        (
            "loss.name=bce",
            "loss.name bce wants a logit, model.members.words.kind bi answers a cosine: use mse or mixture",
        ),
        (
            "loss.name=angle",
            "loss.name angle is a loss of two embeddings: use it with model.members.offline.kind bi, or "
            "cosent",
        ),
        (
            "model.members.words.training.early_stopping=2",
            "training.early_stopping needs data.dev: without it there is nothing to watch",
        ),
    ],
)
def test_what_is_wrong_is_told_in_a_line(override: str, problem: str) -> None:
    assert told(override) == [f"recipe: {problem}"]


def test_keys_of_single_models_are_still_found_by_their_names() -> None:
    assert recipe_key("encoder") == "model.encoder"
    assert recipe_key("max_length") == "model.max_length"
    assert recipe_key("lr") == "training.learning_rate"


def test_an_override_that_reaches_no_member_is_refused() -> None:
    """As over a run's own recipe.yaml, in which every member has its numbers."""
    written = yaml.safe_load(ensemble(training={"epochs": 2}).to_yaml())
    with pytest.raises(RecipeError) as error:
        load_recipe(written, ["training.epochs=1", "training.learning_rate=1e-4", "training.warmup=0.3"])
    epochs, rate = error.value.problems
    assert epochs == (
        "recipe: training.epochs reaches no member, since each has its own: "
        "set model.members.offline.training.epochs, and so on"
    )
    assert rate.startswith("recipe: training.learning_rate reaches no member, ")
    assert load_recipe(written, ["training.warmup=0.3"]).members["words"].training.warmup == 0.3
    values = {"data": {"train": "x.csv"}, "model": {"kind": "ensemble", "members": TWO}}
    reached = load_recipe(values, ["training.learning_rate=1e-4"])
    assert [each.training.learning_rate for each in reached.singles] == [1e-4, 1e-4]


def test_an_arm_that_reaches_no_member_is_no_arm() -> None:
    whole = ensemble(training={"epochs": 2}).to_change()
    whole["model"]["members"]["words"]["training"] = {"epochs": 3}
    whole["data"]["dev"] = "y.csv"
    study = {"question": "?", "baseline": whole, "arms": {"longer": {"training.epochs": 9}}}
    with pytest.raises(RecipeError) as error:
        arm_recipes(build_study(study, "test"))
    assert error.value.problems == (
        "test: arms.longer: changes nothing of the baseline: leave it out, or change another key",
    )


@pytest.mark.parametrize("name", ["con", "NUL", "com1"])
def test_names_that_no_folder_can_have_are_refused(name: str) -> None:
    (said,) = told(model={"kind": "ensemble", "members": {**TWO, name: {"kind": "offline"}}})
    assert f"members: '{name}' is no name" in said


def test_names_that_differ_in_capitals_alone_are_refused() -> None:
    (said,) = told(model={"kind": "ensemble", "members": {**TWO, "Words": {"kind": "offline"}}})
    assert "members: words and Words differ in capitals alone" in said


def test_what_a_member_spells_out_makes_another_where_the_recipe_has_another_value() -> None:
    spelled_out = {"a": {"kind": "offline"}, "c": {"kind": "offline", "training": {"warmup": 0.1}}}
    recipe = ensemble(model={"kind": "ensemble", "members": spelled_out}, training={"warmup": 0.3})
    assert [each.training.warmup for each in recipe.members.values()] == [0.3, 0.1]
