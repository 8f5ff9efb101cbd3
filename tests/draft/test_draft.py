"""From data files to a recipe: what is found in them, and that what is written trains."""

import csv
import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from dalmeum.cli import app
from dalmeum.draft import draft_recipe, recipe_name, write_recipe
from dalmeum.draft.files import label_scale
from dalmeum.errors import DalmeumError, DataError, InputError
from dalmeum.experiments.train import train
from dalmeum.recipe import Recipe, load_recipe
from tests.conftest import REAL_DATA, draw_pairs

pytestmark = pytest.mark.usefixtures("here", "no_gpu")

Write = Callable[..., Path]


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one, another model would be taken."""
    monkeypatch.setattr("dalmeum.draft.model.has_gpu", lambda: False)


def write_csv(
    path: str, head: Sequence[str], rows: Sequence[Sequence[object]], encoding: str = "utf-8"
) -> str:
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def rows(count: int = 40, scale: float = 1.0, seed: int = 0) -> list[tuple[str, str, float]]:
    return [(one, two, label * scale) for one, two, label in draw_pairs(count, seed)]


def written(files: Sequence[str], name: str = "recipe.yaml", **options: Any) -> Recipe:
    write_recipe(draft_recipe(files, **options), Path(name))
    return load_recipe(name)


def test_the_written_recipe_trains_and_leaves_a_submission(write_pairs: Write) -> None:
    write_pairs("train.csv", 64)
    write_pairs("dev.csv", 16, seed=1)
    write_csv("test.csv", ["id", "source", "sentence_1", "sentence_2"], [("t-1", "", "A cat.", "A dog.")])
    recipe = written(["train.csv", "dev.csv", "test.csv"])
    assert (recipe.model.kind, recipe.data.label_range, recipe.data.folds) == ("offline", (0, 5), None)
    run = train(recipe, "recipe")
    (head, (identifier, target)) = csv.reader(run.submission.open(encoding="utf-8"))
    assert (head, identifier) == (["id", "target"], "t-1")
    assert 0 <= float(target) <= 5


def test_the_command_names_the_next_line_which_works(write_pairs: Write) -> None:
    write_pairs("train.csv", 64)
    write_csv("test.csv", ["sentence1", "sentence2"], [("A cat.", "A dog.")])
    told = CliRunner().invoke(app, ["init", "train.csv", "test.csv"])
    assert told.exit_code == 0
    next_line = told.stdout.splitlines()[-1].split()
    assert next_line == ["dalmeum", "train", "train.yaml"]
    trained = CliRunner().invoke(app, [*next_line[1:], "training.epochs=1"])
    assert "submission" in trained.stdout
    (submission,) = Path("runs").glob("*/submission.csv")
    assert str(submission) in trained.stdout


def test_the_command_that_tells_more_reads_the_files_as_the_recipe_does() -> None:
    pairs = rows(scale=0.2)
    write_csv("train.csv", ["one", "two", "grade"], [*pairs, ("", "A dog.", 0.5)])
    told = CliRunner().invoke(app, ["init", "train.csv", "--columns", "sentence1=one,sentence2=two"])
    (more,) = [line for line in told.output.splitlines() if line.startswith("More of this: ")]
    call = shlex.split(more.removeprefix("More of this: "))
    assert call[:3] == ["dalmeum", "check", "train.csv"]
    checked = CliRunner().invoke(app, [*call[1:], "--json"])
    problems = [each for each in json.loads(checked.stdout)["findings"] if each["severity"] == "problem"]
    assert [each["kind"] for each in problems] == ["empty_sentence"]


def test_json(write_pairs: Write) -> None:
    write_pairs("train.csv", 40)
    told = json.loads(CliRunner().invoke(app, ["init", "train.csv", "-o", "a b.yaml", "--json"]).stdout)
    assert told == {
        "recipe": "a b.yaml",
        "next": "dalmeum train 'a b.yaml'",
        "model": {"kind": "offline", "encoder": None},
        "data": {"train": "train.csv"},
        "label_range": [0, 5],
        "problems": [],
    }


@pytest.mark.parametrize("language", ["en", "ko"])
def test_comments_are_in_the_terminals_language(
    language: str, monkeypatch: pytest.MonkeyPatch, write_pairs: Write
) -> None:
    monkeypatch.setenv("DALMEUM_LANG", language)
    write_pairs("train.csv", 40)
    recipe = written(["train.csv"])
    text = Path("recipe.yaml").read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if line.strip().startswith("#")]
    assert ("폴드" in text) == (language == "ko")
    assert len(comments) > 15
    assert max(map(len, text.splitlines())) <= 100
    assert comments[0] == "# dalmeum train recipe.yaml"
    # With its sign taken away, what is commented out is a part of the recipe as well.
    learned = text.replace("# tasks:", "tasks:").replace("#   binary:", "  binary:")
    assert yaml.safe_load(learned)["tasks"] == {"binary": {"weight": 0.2}}
    assert recipe.question is not None
    assert "train.csv" in recipe.question


@pytest.mark.parametrize(
    ("found", "scale"),
    [
        ((0, 5), (0, 5)),
        ((0.2, 4.8), (0, 5)),
        ((1, 5), (1, 5)),
        ((1.2, 5), (0, 5)),
        ((0, 1), (0, 1)),
        ((0.1, 0.9), (0, 1)),
        ((0, 100), (0, 100)),
        ((3, 97.5), (0, 100)),
        ((0, 9), (0, 10)),
        ((-1, 1), (-1, 1)),
        ((-3.5, 2), (-4, 2)),
        ((150, 150), (150, 151)),
    ],
)
def test_label_scale(found: tuple[float, float], scale: tuple[float, float]) -> None:
    assert label_scale(*found) == scale


@pytest.mark.parametrize(("factor", "scale"), [(0.2, (0, 1)), (20, (0, 100))])
def test_the_scale_is_that_of_all_files(factor: float, scale: tuple[float, float]) -> None:
    write_csv(
        "train.csv", ["sentence1", "sentence2", "label"], [("a b", "c d", 0), ("e f", "g h", factor)] * 9
    )
    write_csv("dev.csv", ["sentence1", "sentence2", "label"], rows(scale=factor))
    assert written(["train.csv", "dev.csv"]).data.label_range == scale


def test_columns_are_found_by_what_is_in_them() -> None:
    """Under any names: pandas' index, ids, a source and other numbers stand beside."""
    pairs = [
        (number, f"row-{number}", "뉴스", one, two, label, 700 + 3 * number)
        for number, (one, two, label) in enumerate(rows(120))
    ]
    head = ["", "번호", "출처", "문장 1", "문장 2", "점수", "qid"]
    write_csv("train.csv", head, pairs, encoding="cp949")
    write_csv("test.csv", head[:5], [row[:5] for row in pairs[:9]])
    draft = draft_recipe(["train.csv", "test.csv"])
    assert draft.named == {"sentence1": "문장 1", "sentence2": "문장 2", "label": "점수"}
    assert (draft.columns["train"].encoding, draft.columns["train"].index) == ("CP949", ("",))
    assert draft.tables["test"].label is None
    recipe = written(["train.csv", "test.csv"])
    assert recipe.data.columns == draft.named
    assert train(load_recipe(recipe, ["training.epochs=1"])).submission.is_file()


@pytest.mark.parametrize(
    "text",
    ["A cat.,A dog.\nA man.,A boy.\n", "고양이가 잔다,개가 잔다\n사람이 간다,새가 난다\n"],
)
def test_a_first_line_that_may_be_data_names_no_columns(text: str) -> None:
    Path("pairs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"^pairs\.csv: no header") as raised:
        draft_recipe(["pairs.csv"])
    assert len(raised.value.problems) == 1


def test_numbers_below_a_name_tell_that_the_first_line_is_none_of_data() -> None:
    rows = [("A man.", "A boy.", grade) for grade in (2.5, 1, 4, 4)]
    write_csv("odd.csv", ("the first of the two texts", "the second one", "grade"), rows)
    columns = draft_recipe(["odd.csv"]).columns["train"].named
    assert columns == {
        "sentence1": "the first of the two texts",
        "sentence2": "the second one",
        "label": "grade",
    }


def test_yes_and_no_are_labels_where_there_are_no_others() -> None:
    pairs = [(one, two, int(label > 2)) for one, two, label in rows()]
    write_csv("train.csv", ["question1", "question2", "is_duplicate"], pairs)
    recipe = written(["train.csv"])
    assert recipe.data.columns == {"label": "is_duplicate"}
    assert recipe.data.label_range == (0.0, 1.0)
    write_csv(
        "both.csv", ["question1", "question2", "is_duplicate", "label"], [(*row, row[2]) for row in pairs]
    )
    assert draft_recipe(["both.csv"]).tables["train"].binary is not None


def test_without_dev_a_fold_is_held_out() -> None:
    apart = [(f"the {number}th", f"sentence {number}", number % 6) for number in range(20)]
    write_csv("train.csv", ["sentence1", "sentence2", "label"], apart)
    data = written(["train.csv"], "five.yaml").data
    assert (data.folds, data.fold) == (5, 0)
    one_group = [("the same", f"sentence {number}", number % 6) for number in range(20)]
    write_csv("one.csv", ["sentence1", "sentence2", "label"], one_group)
    assert not written(["one.csv"], "none.yaml").data.has_dev


def test_an_encoder_makes_a_cross_encoder(write_pairs: Write) -> None:
    write_pairs("train.csv", 40)
    recipe = written(["train.csv"], encoder="klue/roberta-base")
    assert (recipe.model.kind, recipe.model.encoder) == ("cross", "klue/roberta-base")
    assert recipe.training.learning_rate == 2e-5


def test_nothing_is_overwritten(write_pairs: Write) -> None:
    write_pairs("train.csv", 40)
    for name in ("train.csv", "mine.yaml"):
        Path("mine.yaml").write_text("mine", encoding="utf-8")
        before = Path(name).read_bytes()
        told = CliRunner().invoke(app, ["init", "train.csv", "-o", name])
        assert isinstance(told.exception, InputError)
        assert str(told.exception) == f"{name}: is there already: name another file with -o, or delete it"
        assert Path(name).read_bytes() == before


def test_names() -> None:
    assert recipe_name("data/train.csv") == Path("train.yaml")
    assert recipe_name("hub:klue/klue?config=sts&split=train") == Path("klue.yaml")
    assert recipe_name("../학습 데이터.tsv") == Path("학습-데이터.yaml")


SENTENCES = (
    "which columns hold the sentences? 'a', 'b': name them with --columns sentence1=NAME,sentence2=NAME"
)


@pytest.mark.parametrize(
    ("head", "rows", "problem"),
    [
        (["sentence1", "sentence2"], [("a b", "c d")], "has no labels, and train needs them: "),
        (["a", "b"], [("x", "y")], SENTENCES),
        (
            ["sentence1", "sentence2", "x", "y"],
            [("a b", "c d", 2.5, 3.5), ("e f", "g h", 1.5, 1.5)],
            "which columns hold the labels? 'x', 'y': name them with --columns label=NAME",
        ),
    ],
)
def test_what_is_no_training_file_is_told(
    head: Sequence[str], rows: Sequence[Sequence[object]], problem: str
) -> None:
    write_csv("train.csv", head, rows)
    with pytest.raises(DalmeumError) as caught:
        draft_recipe(["train.csv"])
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"train.csv: {problem}")


def test_columns_named_by_the_user_decide() -> None:
    pairs = [("a b", "c d", 2.5, 3.5), ("e f", "g h", 1.5, 1.5), ("i j", "k l", 0.5, 5)]
    write_csv("train.csv", ["sentence1", "sentence2", "x", "y"], pairs)
    assert written(["train.csv"], columns={"label": "y"}).data.columns == {"label": "y"}
    with pytest.raises(DataError, match="column 'z', named for label, is missing"):
        draft_recipe(["train.csv"], columns={"label": "z"})


@pytest.mark.parametrize(
    "name", ["train.csv", "train.tsv", "train.jsonl", "train.json", "pairs", "train.parquet"]
)
@pytest.mark.parametrize("command", ["train", "study"])
def test_data_in_place_of_a_recipe_is_told(command: str, name: str) -> None:
    content = {
        ".json": b'[{"sentence1": "a"}]',
        ".parquet": b"PAR1\xff\xfe",
        "": b"id,sentence1\n1,a b",
    }
    Path(name).write_bytes(content.get(Path(name).suffix, "\ubb38\uc7a51,\ubb38\uc7a52\n".encode("cp949")))
    what = "recipe" if command == "train" else "study"
    told = CliRunner().invoke(app, [command, name])
    assert str(told.exception) == f"{name}: is data, not a {what}: dalmeum init {name} writes a recipe for it"


@pytest.mark.parametrize(
    ("file", "scale"),
    [
        ("korsts/sts-train.tsv", (0, 5)),
        ("klue-sts/klue-sts-dev-even.json", (0, 5)),
        ("stsb-en/stsb-en-dev.csv", (0, 5)),
        ("sick/SICK_trial.txt", (1, 5)),
        ("question-pair/kor_pair_test.csv", (0, 1)),
    ],
)
def test_public_sets(file: str, scale: tuple[float, float]) -> None:
    path = REAL_DATA / file
    if not path.is_file():
        pytest.skip("the public sets are not here")
    recipe = written([str(path)])
    assert (recipe.data.label_range, recipe.data.folds) == (scale, 5)
