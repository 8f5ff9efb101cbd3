"""ideas.yaml: written once, read back, and commands that do what they say."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from dalmeum.competition.claims import Claim
from dalmeum.competition.ideas import (
    Idea,
    first_recipes,
    idea_named,
    read_ideas,
    write_first_ideas,
)
from dalmeum.competition.open_ideas import Standing, next_open, standings
from dalmeum.competition.tried import Tried
from dalmeum.data.practice.files import write_practice
from dalmeum.errors import InputError
from dalmeum.recipe.study import Study, load_study

STUDY = """
question: Does it help?
baseline:
  data: {train: practice/train.csv, dev: practice/dev.csv}
  model: {kind: offline}
  training: {epochs: 3, effective_batch_size: 64, learning_rate: 0.002}
arms: {correlation: {loss.name: correlation}}
seeds: [1, 2]
"""


@pytest.fixture
def study(here: Path) -> Study:
    write_practice(Path("practice"))
    Path("my study.yaml").write_text(STUDY, encoding="utf-8")
    return load_study("my study.yaml")


def test_the_first_study_leaves_ideas_that_it_did_not_try(study: Study) -> None:
    assert write_first_ideas(study, Path("my study.yaml"), ["seeds=[1,2]", "arms.x.loss.name=mae"])
    ideas = read_ideas()
    # Neither what the baseline does anyway (mixture) nor what an arm does (correlation) is news.
    assert list(ideas) == ["ccc", "cosent", "huber", "longer", "slower", "larger-batches", "binary"]
    assert ideas["longer"].arms == {"longer": {"training.epochs": 6}}
    assert ideas["slower"].arms == {"slower": {"training.learning_rate": 0.001}}
    assert ideas["binary"].arms == {"binary": {"tasks.binary": {"weight": 0.2, "threshold": 2.5}}}
    assert ideas["ccc"].overrides == ("seeds=[1,2]",)
    assert {ideas[name].difficulty for name in ("ccc", "binary")} == {"easy", "medium"}
    Path("ideas.yaml").write_text("ideas: {}", encoding="utf-8")
    assert not write_first_ideas(study, Path("my study.yaml"), [])
    assert read_ideas() == {}


def test_a_cross_encoders_study_may_let_layers_learn_more_slowly(study: Study) -> None:
    values = {
        **study.to_change(),
        "baseline": {"data": {"train": "a.csv", "dev": "b.csv"}, "model": {"encoder": "some/encoder"}},
    }
    write_first_ideas(load_study(values), Path("other.yaml"), [])
    assert "layerwise-decay" in read_ideas()


def test_its_command_is_what_it_says(study: Study) -> None:
    write_first_ideas(study, Path("my study.yaml"), ["seeds=[3,4]"])
    for name, idea in read_ideas().items():
        (command,) = idea.commands(name)
        program, called, file, *overrides, option, folder = shlex.split(command)
        assert (program, called, option, folder) == ("dalmeum", "study", "-o", f"studies/{name}")
        made = load_study(file, overrides)
        assert made.question == idea.question
        assert made.seeds == (3, 4)
        assert dict(made.arms) == idea.arms
        assert idea.recipes() == [first_recipes(made)[name]]


def test_a_recipe_may_be_an_idea(study: Study) -> None:
    Path("recipe.yaml").write_text("data: {train: practice/train.csv}\nmodel: {kind: offline}\n")
    idea = Idea(
        question="?", recipe="recipe.yaml", arms={"a": {"loss.alpha": 0.5}, "b": {"training.epochs": 7}}
    )
    assert idea.commands("x") == [
        "dalmeum train recipe.yaml loss.alpha=0.5",
        "dalmeum train recipe.yaml training.epochs=7",
    ]
    assert [each.training.epochs for each in idea.recipes()][1] == 7
    assert Idea(question="?", recipe="recipe.yaml").commands("x") == ["dalmeum train recipe.yaml"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ideas: {a: {question: q}}", "ideas.yaml: ideas.a: name either a study or a recipe"),
        ("ideas: {a: {question: q, study: x, recipe: y}}", "ideas.a: name either a study or a recipe"),
        ("ideas: {a/b: {question: q, study: x}}", "ideas.yaml: ideas"),
        ("ideas: {a: {study: x}}", "ideas.a.question is missing"),
        ("ideas: {a: {question: q, study: x, difficulty: easi}}", "did you mean easy?"),
        ("- a", "ideas.yaml: holds no ideas; it must start with keys such as ideas:"),
        ("ideas: [", "is not valid YAML"),
    ],
)
def test_what_is_no_file_of_ideas(here: Path, text: str, told: str) -> None:
    Path("ideas.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_ideas()
    assert told in str(caught.value)


def test_no_file_and_no_such_idea(here: Path) -> None:
    with pytest.raises(InputError, match="there is none here: the first dalmeum study that ends writes one"):
        read_ideas()
    known = {"cosent": Idea(question="q", study="s")}
    with pytest.raises(InputError, match="holds no idea 'cosnet'; did you mean cosent"):
        idea_named("cosnet", known)
    with pytest.raises(InputError, match="holds no idea 'x'; there are cosent"):
        idea_named("x", known)


def standing(name: str, **values: Any) -> Standing:
    return Standing(name, Idea(question="q", study="s"), **values)


def test_the_next_is_ones_own_else_open() -> None:
    kims, done = Claim("b", "Kim", 0, 1), Tried("이", "undecided", "x")
    found = [standing("a", tried=done), standing("b", claim=kims), standing("c"), standing("d")]
    assert [each.is_open_to("Kim") for each in found] == [False, True, True, True]
    for person, expected in (("Kim", "b"), ("이", "c"), (None, "c")):
        following = next_open(found, person)
        assert following is not None
        assert following.name == expected
    assert next_open(found[:1], "Kim") is None


def test_easy_ones_come_first_and_what_is_not_here_is_open(here: Path) -> None:
    ideas = {
        name: Idea.model_validate({"question": "q", "study": "gone.yaml", "difficulty": hard})
        for name, hard in (("a", "hard"), ("b", "easy"), ("c", "medium"), ("d", "easy"))
    }
    found = standings(ideas, {"c": Claim("c", "Kim", 0, 1)}, Path("runs"))
    assert [each.name for each in found] == ["b", "d", "c", "a"]
    assert found[2].to_dict()["claim"] == {"author": "Kim", "until": 1}
    assert found[0].is_open_to("Kim")
