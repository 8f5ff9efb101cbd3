"""What the documentation shows exists: commands, options, recipe keys, files, links; in both languages."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import typer
import yaml
from typer.testing import CliRunner

from dalmeum.api import compare
from dalmeum.cli import app
from dalmeum.comparison.arms import Arms
from dalmeum.competition.ideas import read_ideas, write_first_ideas
from dalmeum.draft import recipe_name
from dalmeum.experiments.study import cell_recipes
from dalmeum.experiments.train import train
from dalmeum.recipe import build_recipe, load_recipe
from dalmeum.recipe.study import load_study
from dalmeum.runs.folder import AFTER_RUN, Run
from dalmeum.runs.reuse import run_key
from dalmeum.stats import METRICS

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.ko.md")
REFERENCES = ("docs/reference.md", "docs/reference.ko.md")
TRANSLATED = (
    READMES,
    *(
        (f"docs/{name}.md", f"docs/{name}.ko.md")
        for name in (
            "data",
            "deploy",
            "findings",
            "first-experiment",
            "install",
            "licences",
            "losses",
            "python",
            "studies",
            "team",
            "training",
            "tune",
        )
    ),
)
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))
PYTHON_PAGES = [
    page
    for page in PAGES
    if "```python\n" in (ROOT / page).read_text(encoding="utf-8")
    and page not in {korean for _, korean in TRANSLATED}
]
"""A page's translation has the same code."""
PRINTED = {
    "docs/findings.md": ("baseline 1.0 None\nsquares 0.9", " worse\n"),
    "docs/python.md": (
        "-mixture: finished",
        "\nmae 0.001\n7\n",
        "Is the MAE enough?",
        "pearson on test: 300 pairs, 3 seeds",
        "pearson on test: 300 pairs, one model each",
        "{'my_losses:middle': '",
        "__main__:<lambda>: can't be found again by this name",
        "within half on test: 300 pairs, 3 seeds",
        "(100,)",
        "-told 0.",
    ),
}
RECIPES = sorted(ROOT.glob("recipes/*.yaml"))
STUDIES = sorted(ROOT.glob("recipes/studies/*.yaml"))
PRACTICE = ROOT / "dalmeum" / "data" / "practice" / "recipe.yaml"
PRACTICE_STUDY = PRACTICE.with_name("practice.yaml")
OTHER_PROGRAMS = {"source", "cp", "pip", "export"}


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, *languages: str) -> list[str]:
    found = re.findall(r"^```(\w+)\n(.*?)^```$", text(page), re.MULTILINE | re.DOTALL)
    return [body for language, body in found if language in languages]


def shell_lines(page: str) -> list[str]:
    lines = "".join(blocks(page, "bash")).replace("\\\n", "").splitlines()
    return [line for line in lines if line.strip()]


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What the command line makes of `dalmeum` and these arguments, without running them."""
    group: Any = typer.main.get_command(app)
    command = group.commands[arguments[0]]
    values: dict[str, Any] = command.make_context(arguments[0], arguments[1:]).params
    return values


def check_train(values: dict[str, Any]) -> None:
    """The recipe exists, and it takes these overrides: keys and values both."""
    recipe: Path = values["recipe"]
    made = recipe.parts[0] == "practice" or recipe in MADE_BY_INIT
    load_recipe(PRACTICE if made else ROOT / recipe, values["overrides"] or [])


def check_study(values: dict[str, Any]) -> None:
    """The study exists, takes these overrides, and has the arm that it is judged against."""
    path = PRACTICE_STUDY if values["study"].parts[0] == "practice" else ROOT / values["study"]
    study = load_study(path, values["overrides"] or [])
    assert values["against"] in study.names


SHELL = [(page, line) for page in PAGES for line in shell_lines(page)]
MADE_BY_INIT = {recipe_name(shlex.split(line)[2]) for _, line in SHELL if line.startswith("dalmeum init ")}


@pytest.mark.parametrize(("page", "line"), SHELL)
def test_shell_lines_call_what_exists(page: str, line: str) -> None:
    line = re.sub(r"^CUDA_VISIBLE_DEVICES=\d* ", "", line)
    line = re.sub(r"^torchrun --nproc-per-node \d+ -m ", "", line)
    program, *arguments = shlex.split(line, comments=True)
    if program == "dalmeum":
        if arguments == ["--help"]:
            return
        values = parsed(arguments)
        if arguments[0] == "train":
            check_train(values)
        elif arguments[0] == "study":
            check_study(values)
    elif program == "make":
        targets = re.findall(r"^([\w-]+):", text("Makefile"), re.MULTILINE)
        assert {target for target in arguments if "=" not in target} <= set(targets)
    elif program == "python":
        assert arguments[0] == "exported/example.py", line  # that of `dalmeum export latest -o exported`
    else:
        assert program in OTHER_PROGRAMS or re.match(r"[A-Z]+=\$\(ls -d runs/\*-[\w-]+", line), line


def test_quick_start_takes_two_commands() -> None:
    for page in READMES:
        assert shell_lines(page)[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("pages", TRANSLATED)
def test_both_languages_show_the_same_code(pages: tuple[str, str]) -> None:
    english, korean = (blocks(page, "bash", "python", "yaml") for page in pages)
    assert english
    assert english == korean


@pytest.fixture
def run(tmp_path: Path, tiny_encoder: Callable[[str], str], write_pairs: Callable[..., Path]) -> Run:
    values = {
        "data": {"train": str(write_pairs("train.csv", 32)), "dev": str(write_pairs("dev.csv", 16, seed=1))},
        "model": {"encoder": tiny_encoder("bert"), "max_length": 32},
        "training": {"epochs": 1, "precision": "float32"},
        "output": str(tmp_path / "runs"),
    }
    return train(build_recipe(values, "test"))


@pytest.fixture
def place(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to run examples in, with what they take as given; what they plug in is taken out again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("dalmeum.experiments.missing.default_jobs", lambda recipes: 1)
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    study = tmp_path / "studies" / "practice"
    compare(Arms(range(20), {"baseline": range(20), "squares": np.arange(20) ** 2}), folder=study)
    (study / "compare.json").rename(study / "study.json")
    with patch.dict(METRICS):
        yield tmp_path
    AFTER_RUN.clear()


@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python_examples_run(
    page: str,
    place: Path,
    run: Run,
    tiny_encoder: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One after the other, as a reader would run them; one that starts with a file's name is that file."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for example in blocks(page, "python"):
        if file := re.match(r"# (\w+)\.py\n", example):
            (place / f"{file[1]}.py").write_text(example, encoding="utf-8")
            monkeypatch.delitem(sys.modules, file[1], raising=False)
            continue
        example = re.sub(r"runs/(ID|\d{8}-\d{6}-[\w-]+)", str(run.folder), example)
        exec(re.sub(r'"klue/[^"]+"', repr(tiny_encoder("bert")), example), names)
        if "scores" in names:
            assert names["scores"].shape == (2,)
    printed = capsys.readouterr().out
    for words in PRINTED.get(page, ()):
        assert words in printed


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_load_and_start_with_their_command(path: Path) -> None:
    load_recipe(path)
    sign, *call = path.read_text(encoding="utf-8").splitlines()[0].split()
    assert [sign, *call[:3]] == ["#", "dalmeum", "train", f"recipes/{path.name}"]
    check_train(parsed(call[1:]))
    assert all(
        f"(../recipes/{path.name})" in text(page) for page in ("docs/training.md", "docs/training.ko.md")
    )


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_studies_load_and_start_with_their_command(path: Path) -> None:
    sign, *call = path.read_text(encoding="utf-8").splitlines()[0].split()
    assert [sign, *call[:3]] == ["#", "dalmeum", "study", f"recipes/studies/{path.name}"]
    check_study(parsed(call[1:]))
    pages = ("docs/studies.md", "docs/studies.ko.md")
    assert all(f"(../recipes/studies/{path.name})" in text(page) for page in pages)


def test_studies_of_e5_share_their_runs() -> None:
    """The baseline of one is an arm of the other, seed by seed, so that no run is made twice."""
    names = ("alpha-e5.yaml", "scope-e5.yaml")
    studies = (load_study(ROOT / "recipes" / "studies" / name) for name in names)
    of_alpha, others = (cell_recipes(study) for study in studies)
    empty: dict[Any, Any] = {}
    made = {
        run_key(recipe, empty): cell.seed for cell, recipe in of_alpha.items() if cell.arm == "correlation"
    }
    again = {run_key(recipe, empty): cell.seed for cell, recipe in others.items() if cell.arm == "baseline"}
    assert made == again
    assert sorted(made.values()) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("page", ["README.md", "docs/studies.md"])
def test_studies_of_the_pages_load(page: str, tmp_path: Path) -> None:
    (example,) = (body for body in blocks(page, "yaml") if "arms:" in body)
    folder = tmp_path / "studies"
    folder.mkdir()
    shutil.copy(ROOT / "recipes" / "korsts-offline.yaml", tmp_path)
    (folder / "study.yaml").write_text(example, encoding="utf-8")
    assert load_study(folder / "study.yaml").seeds == (1, 2, 3, 4, 5)


def test_the_second_chapter_runs_the_idea_that_the_board_hands_out(tmp_path: Path) -> None:
    """After the study of the first chapter, whose demo has tried the mixture already."""
    study = load_study(PRACTICE_STUDY, ["arms={half: {loss.name: mixture, loss.alpha: 0.5}}"])
    file = tmp_path / "ideas.yaml"
    assert write_first_ideas(study, Path("practice/alpha.yaml"), [], file)
    ideas = read_ideas(file)
    assert [*ideas][:2] == ["mixture", "correlation"]
    lines = [shlex.split(line) for line in shell_lines("docs/first-experiment.md")]
    assert ["dalmeum", "board", "--take", "correlation"] in lines
    (command,) = ideas["correlation"].commands("correlation")
    assert shlex.split(command) in lines


def test_the_recipe_of_the_readme_loads() -> None:
    (example,) = (body for body in blocks("README.md", "yaml") if "arms:" not in body)
    recipe = build_recipe(yaml.safe_load(example), "README.md")
    assert recipe.model.encoder == "klue/roberta-base"
    assert recipe.training.epochs == 3


@pytest.mark.parametrize("page", READMES)
def test_readme_can_be_read(page: str) -> None:
    assert len(text(page).splitlines()) < 200


def test_pictures_are_light() -> None:
    pictures = list(ROOT.glob("docs/images/*.png"))
    assert pictures
    assert all(path.stat().st_size < 200_000 for path in pictures)


def named(page: str, heading: str) -> list[tuple[str, str]]:
    """First and second cell of each row of the table below a head that starts so."""
    _, _, rest = text(page).partition(f"\n| {heading}")
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [(cells[0].strip("`"), cells[1]) for cells in (row.strip("| ").split(" | ") for row in rows)]


def test_reference_names_what_a_run_leaves(run: Run, tmp_path: Path) -> None:
    left = {path.name + "/" * path.is_dir() for path in run.folder.iterdir()}
    for page, heading in zip(REFERENCES, ("in `runs/", "`runs/"), strict=True):
        told = dict(named(page, heading))
        assert left <= told.keys()
        assert told.keys() - left <= {"checkpoints/", "data/", "logs/", "submission.csv"}
        files = re.findall(r"`([\w-]+\.csv)`", told["predictions/"])
        assert {path.name for path in (run.folder / "predictions").iterdir()} <= set(files)
    calls = {
        "evaluate": [str(run.folder), str(tmp_path / "dev.csv"), "--slices"],
        "predict": [str(run.folder), str(tmp_path / "dev.csv"), "-o", str(tmp_path / "out.csv")],
        "check": [str(tmp_path / "train.csv")],
    }
    for command, arguments in calls.items():
        printed = json.loads(CliRunner().invoke(app, [command, *arguments, "--json"]).stdout)
        for page, heading in zip(REFERENCES, ("command", "명령"), strict=True):
            keys = dict(named(page, f"{heading} | "))[command]
            assert set(re.findall(r"`([a-z_]+)`", keys)) == printed.keys(), (page, command)


def tree(page: str) -> list[str]:
    """Paths of a page's tree; folders end with a slash."""
    (block,) = blocks(page, "text")
    paths: list[str] = []
    folders: list[str] = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.split()[0]
        folders[depth:] = [name]
        paths.append("".join(folders))
    return paths


def test_tree_names_what_is_there() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no git checkout")
    tracked = listed.stdout.splitlines()
    paths = tree("CONTRIBUTING.md")
    for path in paths:
        assert (ROOT / path).exists(), path
        assert path.endswith("/") == (ROOT / path).is_dir(), path
    assert {path.split("/")[0] for path in tracked} <= {path.split("/")[0] for path in paths}
    # A folder without lines of its own is told in one; in every other each module has a line.
    whole = [
        path for path in paths if path.endswith("/") and sum(other.startswith(path) for other in paths) == 1
    ]
    for path in tracked:
        if path.endswith(".py") and not path.endswith("/__init__.py"):
            assert path in paths or path.startswith(tuple(whole)), f"{path} is not in the tree"


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_local_links_resolve(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (ROOT / page).parent / name if name else ROOT / page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target
