"""Recipes and studies as Python hands them over: with frames, functions and short forms in their sections."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dalmeum.data.readers.schema import ALIASES, normalised
from dalmeum.data.splits import SOURCES, PairReader
from dalmeum.errors import InputError
from dalmeum.own_code import leads_back, written
from dalmeum.recipe import DataRecipe, Recipe, build_recipe, recipe_values
from dalmeum.recipe.study import Study, build_study, study_values

DATA_KEYS = {f"data.{key}" for key in SOURCES}


def recipe_from(
    recipe: str | Path | Mapping[str, Any] | Recipe | None, sections: Mapping[str, Any], reader: PairReader
) -> Recipe:
    """As `load_recipe`, but `data` may be pairs in memory, or hold some: `reader` keeps them.

    Raises `InputError` for what is no recipe, `RecipeError` with all problems at once.
    """
    _check(recipe, "recipe")
    given = _with_section(recipe) if isinstance(recipe, Mapping) else recipe
    values, name = recipe_values(given, _with_section(sections))
    return build_recipe(_held(values, reader), name)


def study_from(
    study: str | Path | Mapping[str, Any] | None, keys: Mapping[str, Any], reader: PairReader
) -> Study:
    """As `load_study`, but data of its baseline and arms may be in memory: `reader` keeps them.

    Raises `InputError` for what is no study and for functions that other processes can't find, `RecipeError`
    with all problems at once.
    """
    _check(study, "study")
    values, name = study_values(study, keys)
    if isinstance(values.get("baseline"), Mapping):
        baseline, _ = recipe_values(None, _with_section(values["baseline"]))
        for key in {"loss", "model"} & set(baseline):
            baseline[key] = _findable(key, baseline[key])
        values["baseline"] = _held(baseline, reader)
    if isinstance(values.get("arms"), Mapping):
        values["arms"] = {
            arm: {key: _findable(key, _named(key, value, reader)) for key, value in changes.items()}
            if isinstance(changes, Mapping)
            else changes
            for arm, changes in values["arms"].items()
        }
    return build_study(values, name)


def _check(given: object, what: str) -> None:
    if given is not None and not isinstance(given, str | Path | Mapping | Recipe):
        raise InputError(
            f"a {type(given).__name__} is no {what}: give a path, a mapping or keywords; pairs stand in data="
        )


def _with_section(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Sections with `data=frame` as a mapping."""
    data = sections.get("data")
    if data is None or (isinstance(data, Mapping) and not _is_columns(data)):
        return dict(sections)
    return {**sections, "data": {"train": data}}


def _is_columns(data: Mapping[str, Any]) -> bool:
    """Whether a mapping is of columns, and no section with a misspelt key."""
    named = {normalised(str(name)) for name in data}
    return bool(named & set(ALIASES["sentence1"])) and not set(data) & set(DataRecipe.model_fields)


def _held(values: Mapping[str, Any], reader: PairReader) -> dict[str, Any]:
    """A recipe's values with a name in place of all pairs that are in no file."""
    data = values.get("data")
    if not isinstance(data, Mapping):
        return dict(values)
    return {**values, "data": {key: _named(f"data.{key}", value, reader) for key, value in data.items()}}


def _named(key: str, value: Any, reader: PairReader) -> Any:
    """A recipe's value, or where it is of a split's data in memory its name."""
    if key not in DATA_KEYS or value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, Path) else reader.hold(value, key)


def _findable(key: str, value: Any) -> Any:
    """The name by which other processes find code of one's own; `InputError` where they can't."""
    if isinstance(value, Mapping):
        return {inner: _findable(f"{key}.{inner}", each) for inner, each in value.items()}
    name = written(value) if callable(value) else str(value)
    if not callable(value) and not name.startswith("__main__:"):
        return value
    if name.startswith("__main__:") or not leads_back(name, value):
        raise InputError(
            f"{key}: {name} can't be found by the processes that train a study: put it in a module on the "
            "Python path, and name it module:function"
        )
    return name
