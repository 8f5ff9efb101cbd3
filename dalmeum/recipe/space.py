"""What a search may try: keys of a recipe, each with a range or with choices."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalmeum.configuration import set_key
from dalmeum.configuration.yaml_text import YAML_SUFFIXES, parse_yaml, read_text
from dalmeum.errors import InputError, RecipeError
from dalmeum.recipe import ENSEMBLE, Recipe, build_recipe

SYNTAX = "write LOW..HIGH, LOW..HIGH:log, LOW..HIGH:step=N, or A,B,C"

_RATES = {"training.weight_decay": "1e-4..1e-1:log", "loss.alpha": "0..0.5"}
_FINE_TUNED = {
    "training.learning_rate": "5e-6..2e-4:log",
    "training.epochs": "2..5",
    "training.effective_batch_size": "16,32,64",
    "training.warmup": "0..0.2",
    **_RATES,
}
DEFAULT: Mapping[str, Mapping[str, str]] = {
    "cross": _FINE_TUNED,
    "bi": _FINE_TUNED,
    "offline": {
        "training.learning_rate": "2e-4..5e-3:log",
        "training.epochs": "3..16",
        "training.effective_batch_size": "16,32,64,128",
        **_RATES,
    },
}
"""What is tried where nobody says, by `model.kind`; kinds of one's own have that of `cross`."""

NOT_TRIED = {
    "training.seed": "a seed is luck, and no setting",
    "training.report_to": "it changes no score",
    "training.precision": "it belongs to the machine",
    "output": "it changes no score",
    "question": "it changes no score",
}
"""Keys that no search tries, and why."""

Settings = Mapping[str, Any]
"""Values of a recipe by key."""

_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*(?::(.*))?")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both among them: `whole` ones, or those at `step`s from `low`, if there
    is one. `log`: each order of magnitude is as likely as another.
    """

    key: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    step: float | None = None

    @property
    def ends(self) -> tuple[Any, Any]:
        return self.value(self.low), self.value(self.high)

    def value(self, number: float) -> Any:
        """As the recipe has it."""
        return int(number) if self.whole else float(number)

    def parameter(self, value: Any) -> float | None:
        """The number of a recipe's value; None where the search can't come to it."""
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not self.low <= value <= self.high
        ):
            return None
        step = self.step or (1 if self.whole else None)
        return value if step is None or _is_whole((value - self.low) / step) else None

    def __str__(self) -> str:
        """As one writes it."""
        options = [*(["log"] if self.log else []), *(["int"] if self.whole else [])]
        options += [f"step={self.step:g}"] if self.step else []
        return f"{self.low:g}..{self.high:g}{':' if options else ''}{','.join(options)}"


@dataclass(frozen=True)
class Choices:
    """One of these values, each with the text that stands for it in the search's storage."""

    key: str
    values: Mapping[str, Any]

    @property
    def ends(self) -> tuple[Any, ...]:
        return tuple(self.values.values())

    def value(self, text: str) -> Any:
        return self.values[text]

    def parameter(self, value: Any) -> str | None:
        text = _text(value)
        return text if text in self.values else None

    def __str__(self) -> str:
        return ",".join(self.values)


Dimension = Range | Choices


def search_space(recipe: Recipe, given: Sequence[str] = ()) -> tuple[Dimension, ...]:
    """The dimensions that `given` name, of a search around `recipe`; by default those of its kind of model.

    Args:
        given: `KEY=RANGE`, or the path of a YAML file of `KEY: RANGE`; a later one has the say over an
            earlier one. A range is `LOW..HIGH`, with `:log`, `:int` or `:step=N` behind it, several of them
            with commas between; choices are `A,B,C`, or in YAML a list.

    Raises `RecipeError` with all problems at once, those of the recipe at the ends of ranges among them.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for each in given:
        key, sign, text = each.partition("=")
        if each.lower().endswith(YAML_SUFFIXES):
            try:
                values |= _read(Path(each))
            except InputError as error:
                problems.append(str(error))
        elif sign:
            values[key.strip()] = text
        else:
            problems.append(f"--space {each!r:.80}: {SYNTAX} behind KEY=, or name a YAML file")
    if not given:
        values = _default(recipe)
    dimensions: list[Dimension] = []
    for key, written in values.items():
        try:
            dimensions.append(_dimension(recipe, key, written))
        except RecipeError as error:
            problems += error.problems
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise RecipeError(problems)
    return tuple(dimensions)


def with_settings(recipe: Recipe, settings: Settings, name: str) -> Recipe:
    """The recipe with other values of some keys, as an arm of a study has them; errors begin with `name`."""
    values = recipe.to_change()
    for key, value in settings.items():
        set_key(values, key, value)
    return build_recipe(values, name)


def setting(recipe: Recipe, key: str) -> Any:
    """The value of `section.key`; None where there is none."""
    place: Any = recipe.model_dump(mode="json")
    for part in key.split("."):
        place = place.get(part) if isinstance(place, Mapping) else None
    return place


def _default(recipe: Recipe) -> dict[str, Any]:
    kind = recipe.model.kind
    if kind == ENSEMBLE:
        member = next(iter(recipe.model.members))
        raise RecipeError(
            [
                "--space: an ensemble's members have settings of their own: say which to try, as "
                f"--space model.members.{member}.training.learning_rate=1e-4..1e-2:log"
            ]
        )
    without = set() if recipe.loss.name == "mixture" else {"loss.alpha"}
    without |= {"training.epochs"} if recipe.training.max_steps else set()
    found = DEFAULT.get(kind, DEFAULT["cross"])
    return {key: written for key, written in found.items() if key not in without}


def _read(path: Path) -> dict[str, Any]:
    values = parse_yaml(read_text(path, "search space"), str(path))
    if not isinstance(values, dict) or not values:
        raise InputError(
            f"{path}: holds no search space: write lines as training.learning_rate: 1e-5..1e-3:log"
        )
    return {str(key): value for key, value in values.items()}


def _dimension(recipe: Recipe, key: str, written: Any) -> Dimension:
    """One dimension, at whose ends the recipe is one."""
    place = f"--space {key}"
    if key in NOT_TRIED:
        raise InputError(f"{place}: is not for a search to try: {NOT_TRIED[key]}")
    found = _parsed(place, key, written)
    if isinstance(found, Range) and not found.whole and _takes_whole_numbers(recipe, found):
        found = Range(key, found.low, found.high, found.log, True, found.step)
    made = [with_settings(recipe, {key: value}, place) for value in found.ends]
    # Of an ensemble what its members are trained with, which may all have settings of their own.
    if all((each.members or each) == (made[0].members or made[0]) for each in made[1:]):
        raise InputError(f"{place}: changes nothing of the recipe: leave it out, or try another key")
    return found


def _takes_whole_numbers(recipe: Recipe, found: Range) -> bool:
    """Whether the key is one of whole numbers: it takes both ends, and no number between."""
    if not (found.low.is_integer() and found.high.is_integer() and (found.step or 1.0).is_integer()):
        return False
    try:
        with_settings(recipe, {found.key: found.low + 0.5}, "")
    except RecipeError:
        return True
    return False


def _parsed(place: str, key: str, written: Any) -> Dimension:
    if isinstance(written, str) and (match := _RANGE.fullmatch(written)):
        return _range(place, key, float(match[1]), float(match[2]), match[3])
    values = written
    if isinstance(written, str):
        values = parse_yaml(f"[{written}]", place) if "," in written else None
    if not isinstance(values, list) or len(values) < 2:
        raise InputError(f"{place}: {written!r:.80} is neither a range nor choices: {SYNTAX}")
    choices = {_text(value): value for value in values}
    if len(choices) < len(values):
        raise InputError(f"{place}: a choice stands there twice: leave one out")
    return Choices(key, choices)


def _range(place: str, key: str, low: float, high: float, options: str | None) -> Range:
    log, whole, step = False, False, None
    for option in filter(None, map(str.strip, (options or "").split(","))):
        name, _, value = option.partition("=")
        if name == "step" and re.fullmatch(_NUMBER, value):
            step = float(value)
        elif option in {"log", "int"}:
            log, whole = log or option == "log", whole or option == "int"
        else:
            raise InputError(f"{place}: {option!r:.80} is no option of a range: {SYNTAX}")
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"{place}: {low:g}..{high:g} must go from low to high")
    if log and low <= 0:
        raise InputError(f"{place}: {low:g}..{high:g}: log needs a low end above 0")
    if log and step is not None:
        raise InputError(f"{place}: log and step exclude each other: leave one out")
    if step is not None and not (step > 0 and _is_whole((high - low) / step)):
        raise InputError(f"{place}: steps of {step:g} do not lead from {low:g} to {high:g}: change an end")
    if whole and not all(each.is_integer() for each in (low, high, step or 1.0)):
        raise InputError(f"{place}: {low:g}..{high:g}:int has an end or a step that is no whole number")
    return Range(key, low, high, log, whole, step)


def _is_whole(number: float) -> bool:
    return math.isclose(number, round(number), abs_tol=1e-9)


def _text(value: Any) -> str:
    """A value on one line, by which it is known."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
