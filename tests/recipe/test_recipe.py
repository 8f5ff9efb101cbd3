from pathlib import Path

import pytest
import yaml

from dalmeum.errors import InputError, RecipeError
from dalmeum.recipe import FractionSchedule, load_recipe, scheduled

GOOD = """
# dalmeum train recipe.yaml
data: {train: train.csv, dev: dev.csv}
model: {kind: cross, encoder: klue/roberta-base}
training: {learning_rate: 2e-5}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, overrides)
    return [problem.removeprefix(f"{path}: ") for problem in caught.value.problems]


def test_defaults_of_the_design(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, GOOD))
    assert recipe.data.label_range == (0.0, 5.0)
    assert recipe.loss.name == "mixture"
    assert recipe.loss.alpha == 0.1
    assert recipe.model.max_length == 128
    assert recipe.tasks.binary is None
    training = recipe.training
    assert (training.epochs, training.effective_batch_size, training.seed) == (3, 32, 42)
    assert training.learning_rate == 2e-5  # PyYAML alone reads the text "2e-5"
    assert (training.warmup, training.weight_decay, training.precision) == (0.1, 0.01, "auto")
    assert recipe.output == "runs"


def test_complete_yaml_reads_back_as_the_same_recipe(tmp_path: Path) -> None:
    recipe = load_recipe(
        write(tmp_path, GOOD), ["loss.alpha={start: 0, end: 0.5}", "tasks.binary.weight=0.3"]
    )
    assert load_recipe(write(tmp_path, recipe.to_yaml())) == recipe


def test_overrides_are_yaml_and_make_sections(tmp_path: Path) -> None:
    recipe = load_recipe(
        write(tmp_path, GOOD),
        [
            "training.seed=7",
            "data.dev=",
            "loss.name=mse",
            "question=Is it? Yes=no",
            "training.learning_rate=3e-5",
        ],
    )
    assert recipe.training.seed == 7
    assert recipe.data.dev is None
    assert recipe.loss.name == "mse"
    assert recipe.question == "Is it? Yes=no"
    assert recipe.training.learning_rate == 3e-5


def test_all_problems_at_once_each_with_its_mend(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
data: {dve: dev.csv, label_range: [5, 0]}
model: {kind: crsos}
loss: {name: mixtur, alpha: {strat: 0, end: 2}}
traning: {}
training: {epochs: 0, warmup: .nan, learningrate: 1}
""",
    )
    assert problems(path, "seed") == [
        "'seed' is no override: write section.key=value, e.g. training.seed=7",
        "data.train is missing",
        "data.dve is no key of a recipe: did you mean dev?",
        "model.kind: must be one of cross, bi, offline, ensemble, or module:kind of your own, not 'crsos'; "
        "did you mean cross?",
        "loss.name: must be one of mixture, correlation, ccc, mae, mse, huber, bce, ranknet, cosent, angle, "
        "or module:function of your own, not 'mixtur'; did you mean mixture?",
        "loss.alpha.start is missing",
        "loss.alpha.end: input should be less than or equal to 1, not 2",
        "loss.alpha.strat is no key of a recipe: did you mean start?",
        "training.epochs: input should be greater than or equal to 1, not 0",
        "training.warmup: input should be a finite number, not nan",
        "training.learningrate is no key of a recipe: did you mean learning_rate?",
        "traning is no key of a recipe: did you mean training?",
    ]


LOSS_NAMES = (
    "loss.name: must be one of mixture, correlation, ccc, mae, mse, huber, bce, ranknet, cosent, angle, "
    "or module:function of your own, not {}"
)


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("data.label_range=[5, 0]", "data: label_range [5, 0] must go from low to high"),
        (
            "model.encoder=",
            "model: encoder is missing: kind cross needs a hub name or a folder, e.g. klue/roberta-base",
        ),
        (
            "loss.name=angle",
            "loss.name angle is a loss of two embeddings: use it with model.kind bi, or cosent",
        ),
        (
            "model.kind=offline",
            "model: encoder has no use with kind offline: leave it out (model.encoder=), "
            "or take model.kind=cross",
        ),
        (
            "loss=mae",
            "loss: must be a mapping with keys such as name, alpha, not 'mae'; did you mean loss.name=mae?",
        ),
        ("loss.alpha=1.5", "loss.alpha: input should be less than or equal to 1, not 1.5"),
        ("loss.name=3", LOSS_NAMES.format("3")),
        ("loss.name='my_module:'", LOSS_NAMES.format("'my_module:'")),
        (
            "loss.arguments.delta=1",
            "loss: arguments are for a loss of your own: mixture takes none",
        ),
        (
            "loss={name: 'm:f', arguments: {alpha: 1}}",
            "loss: arguments.alpha: has a key of its own, loss.alpha",
        ),
        (
            "loss={name: 'm:f', arguments: {day: 2020-01-01}}",
            "loss.arguments.day: input was not a valid JSON value, not datetime.date(2020, 1, 1)",
        ),
        ("loss.alpha=[", "loss.alpha: '[' is not valid YAML; put text with special characters in quotes"),
        ("training.warmup=[0]", "training.warmup: input should be a valid number, not [0]"),
        *(
            (
                f"tasks.binary.weight={value}",
                f"tasks.binary.weight: must be a number, {{start: ..., end: ...}} or learned, not {shown}",
            )
            for value, shown in (("lerned", "'lerned'"), ("", "None"), ("[1]", "[1]"))
        ),
        (
            "tasks.binary.weight=-1",
            "tasks.binary.weight: input should be greater than or equal to 0, not -1",
        ),
        ("tasks.binary.weight={start: 1}", "tasks.binary.weight.end is missing"),
    ],
)
def test_each_problem_in_one_line(tmp_path: Path, override: str, problem: str) -> None:
    assert problems(write(tmp_path, GOOD), override) == [problem]


@pytest.mark.parametrize("value", ["0.3", "{start: 0, end: 1}", "learned"])
def test_weight_of_the_binary_task(tmp_path: Path, value: str) -> None:
    recipe = load_recipe(write(tmp_path, GOOD), [f"tasks.binary.weight={value}"])
    assert recipe.tasks.model_dump()["binary"]["weight"] == yaml.safe_load(value)
    assert load_recipe(write(tmp_path, recipe.to_yaml())) == recipe


def test_early_stopping_needs_a_dev_set(tmp_path: Path) -> None:
    found = problems(write(tmp_path, GOOD), "data.dev=", "training.early_stopping=2")
    assert found == ["training.early_stopping needs data.dev: without it there is nothing to watch"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: {train: a", "line 1, column 16: is not valid YAML"),
        ("", "holds no recipe; it must start with keys such as data: and model:"),
        ("- 1", "holds no recipe"),
        ("model: {kind: offline}\nmodel: {kind: cross}", "line 2: key model stands there twice"),
    ],
)
def test_files_that_are_no_recipe(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_recipe(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no folder of recipes
    with pytest.raises(InputError, match="no such recipe: dalmeum init "):
        load_recipe(tmp_path / "none.yaml")
    (tmp_path / "train.yaml").touch()
    with pytest.raises(InputError, match=r"no such recipe; did you mean 'train\.yaml'\?"):
        load_recipe(tmp_path / "trian.yaml")
    with pytest.raises(InputError, match="is a folder"):
        load_recipe(tmp_path)
    (tmp_path / "cp949.yaml").write_bytes("question: 닮음".encode("cp949"))
    with pytest.raises(InputError, match="is not UTF-8 text"):
        load_recipe(tmp_path / "cp949.yaml")


def test_schedules_run_in_a_straight_line() -> None:
    assert [scheduled(FractionSchedule(start=0.5, end=0.0), at) for at in (0.0, 0.5, 1.0)] == [0.5, 0.25, 0.0]
    assert scheduled(0.1, 0.7) == 0.1


def test_bi_encoder_takes_no_loss_of_logits(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert load_recipe(path, ["model.kind=bi", "loss.name=angle"]).model.kind == "bi"
    found = problems(path, "model.kind=bi", "loss.name=bce")
    assert found == ["loss.name bce wants a logit, model.kind bi answers a cosine: use mse or mixture"]
    found = problems(path, "model.kind=bi", "model.encoder=")
    assert found == [
        "model: encoder is missing: kind bi needs a hub name or a folder, e.g. klue/roberta-base"
    ]


def test_a_teacher_and_pairs_that_it_scores_come_together() -> None:
    base = {"data": {"train": "t.csv"}, "model": {"kind": "offline"}}
    with pytest.raises(
        RecipeError, match=r"loss\.teacher scores pairs of which none are named: set data\.un"
    ):
        load_recipe(base, loss={"teacher": "runs/a"})
    with pytest.raises(RecipeError, match=r"data\.unlabelled has no labels to learn from: set loss\.teacher"):
        load_recipe(base, data={"unlabelled": "u.csv"})
    both = load_recipe(base, data={"unlabelled": "u.csv"}, loss={"teacher": "runs/a"})
    assert both.data.sources == ("t.csv", "u.csv")
    assert load_recipe(yaml.safe_load(both.to_yaml())) == both


def test_recipes_without_a_teacher_say_nothing_of_one() -> None:
    text = load_recipe({"data": {"train": "t.csv"}, "model": {"kind": "offline"}}).to_yaml()
    assert "teacher" not in text
    assert "unlabelled" not in text
