"""No value is taken for another type, in files, overrides and keywords alike."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dalmeum.configuration.yaml_text import dump_yaml, parse_yaml
from dalmeum.errors import RecipeError
from dalmeum.recipe import Recipe, load_recipe
from dalmeum.recipe.study import load_study

OFFLINE: dict[str, Any] = {"data": {"train": "train.csv", "dev": "dev.csv"}, "model": {"kind": "offline"}}

WRONG: dict[str, tuple[Any, str]] = {
    "training.learning_rate": (True, "input should be a valid number, not True"),
    "training.warmup": (False, "input should be a valid number, not False"),
    "training.weight_decay": ("0.01", "input should be a valid number, not '0.01': leave the quotes out"),
    "training.layerwise_decay": ([1.0], "input should be a valid number, not [1.0]"),
    "training.epochs": (1.5, "input should be a valid integer, not 1.5"),
    "training.max_steps": (1000.0, "input should be a valid integer, not 1000.0: write 1000"),
    "training.effective_batch_size": (
        "32",
        "input should be a valid integer, not '32': leave the quotes out",
    ),
    "training.seed": (True, "input should be a valid integer, not True"),
    "training.early_stopping": (True, "input should be a valid integer, not True"),
    "training.micro_batch_size": (True, "input should be a valid integer, not True"),
    "model.max_length": (128.5, "input should be a valid integer, not 128.5"),
    "data.fold": (False, "input should be a valid integer, not False"),
    "data.max_train_pairs": ([2], "input should be a valid integer, not [2]"),
    "data.train": (2024, "input should be a valid string, not 2024: put it in quotes"),
    "output": (True, "input should be a valid string, not True: put it in quotes"),
    "question": (3.5, "input should be a valid string, not 3.5: put it in quotes"),
    "loss.alpha": (True, "input should be a valid number, not True"),
    "tasks.binary.threshold": ("3", "input should be a valid number, not '3': leave the quotes out"),
    "training.schedule": ("liner", "input should be 'linear', 'cosine' or 'constant', not 'liner'"),
}


def nested(key: str, value: Any) -> dict[str, Any]:
    for part in reversed(key.split(".")):
        value = {part: value}
    found: dict[str, Any] = value
    return found


@pytest.mark.parametrize("key", WRONG)
def test_a_value_of_another_type_is_refused_wherever_it_stands(key: str, tmp_path: Path) -> None:
    value, said = WRONG[key]
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(OFFLINE), encoding="utf-8")
    study = {"question": "?", "baseline": OFFLINE, "arms": {"a": {key: value}}}
    for call in (
        lambda: load_recipe(OFFLINE, **nested(key, value)),
        lambda: load_recipe(
            path, [f"{key}={yaml.safe_dump(value, default_flow_style=True).split(chr(10))[0]}"]
        ),
        lambda: load_study(study),
    ):
        with pytest.raises(RecipeError) as caught:
            call()
        assert any(f"{key}: {said}" in problem for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"seeds": [1, True]}, "seeds.1: input should be a valid integer, not True"),
        ({"seeds": ["1", "2"]}, "seeds.0: input should be a valid integer, not '1': leave the quotes out"),
        ({"seeds": [1.5, 2]}, "seeds.0: input should be a valid integer, not 1.5"),
        ({"seeds": 3}, "seeds: must be a list, not 3: write [3]"),
        ({"arms": [1]}, "arms: input should be keys with values, not [1]"),
        ({"arms": {}}, "arms: at least 1 is needed, not {}"),
        ({"splits": ["x"]}, "splits.0: input should be 'dev' or 'test', not 'x'"),
        ({"smallest_effect": True}, "smallest_effect: input should be a valid number, not True"),
        ({"folds": True}, "folds: input should be a valid integer, not True"),
        ({"metric": 1}, "metric: input should be a valid string, not 1: put it in quotes"),
        ({"question": False}, "question: input should be a valid string, not False: put it in quotes"),
    ],
)
def test_keys_of_a_study_keep_their_type(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_study({"question": "?", "baseline": OFFLINE, "arms": {"a": {"loss.alpha": 0.5}}, **keys})
    assert f"study: {said}" in caught.value.problems
    assert not any("tuple" in problem for problem in caught.value.problems)


def test_label_ranges_are_lists_of_two_numbers() -> None:
    for wrong in ([True, 5], ["0", "5"], {0, 5}, "05", [0], [0, 1, 2], 5):
        with pytest.raises(RecipeError):
            load_recipe(OFFLINE, data={"label_range": wrong})
    for right in ([0, 5], (0.0, 5.0), np.array([0, 5])):
        assert load_recipe(OFFLINE, data={"label_range": right}).data.label_range == (0.0, 5.0)


def test_numbers_of_numpy_are_numbers() -> None:
    training = {"epochs": np.int64(2), "learning_rate": np.float32(0.5), "warmup": np.float64(0.1)}
    found = load_recipe(OFFLINE, training=training).training
    assert (found.epochs, found.learning_rate, found.warmup) == (2, 0.5, 0.1)
    with pytest.raises(RecipeError):
        load_recipe(OFFLINE, training={"learning_rate": np.bool_(True)})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            (text, 1e-5)
            for text in ("1e-5", "1E-5", "1.e-5", "+1e-5", "10e-6", ".1e-4", "1.0e-05", "0.00001")
        ),
        ("2e5", 2e5),
        (".5e3", 500.0),
        ("16_384", 16384),
        ("010", 10),
        ("1:30", "1:30"),
        ("0x10", "0x10"),
        ("yes", "yes"),
        ("off", "off"),
        ("no", "no"),
        ("true", True),
        ("null", None),
        ("-.inf", float("-inf")),
    ],
)
def test_yaml_is_read_as_people_write_it(text: str, value: Any) -> None:
    found = parse_yaml(text, "x")
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "text", ["1e-5", "08", "1:30", "yes", "true", "null", "2020-01-01", "0x1F", "~", "1_0", ""]
)
def test_text_comes_back_as_text(text: str) -> None:
    assert parse_yaml(dump_yaml({"question": text}), "x") == {"question": text}
    recipe = load_recipe(OFFLINE, question=text)
    assert Recipe.model_validate(parse_yaml(recipe.to_yaml(), "x")) == recipe
