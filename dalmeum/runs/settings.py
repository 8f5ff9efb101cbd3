"""A run's recipe as flat settings, and what an arm is called: what it changes of the first one."""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dalmeum.comparison import BASELINE
from dalmeum.recipe.training import auto_numbers
from dalmeum.runs.folder import Run

SEED, PART_NUMBER = "training.seed", "data.part.number"
LONGEST_NAME = 60
"""Beyond it an arm's name says only as many of its changes as tell it from the others."""

LONGEST_VALUE = 24


@dataclass(frozen=True)
class Settings:
    """A run's recipe as `section.key: value`.

    Attributes:
        shown: as the recipe has them.
        decisive: data and a teacher by what they held, not by where they lie; own code by its source, too.
        contents: what the run's record holds of what it began with.
    """

    run: Run
    shown: Mapping[str, Any]
    decisive: Mapping[str, Any]
    contents: tuple[str | None, int | None]

    @property
    def seed(self) -> int:
        """Of a run over several seeds the first."""
        seeds = self.shown[SEED]
        return int(seeds[0] if isinstance(seeds, list) else seeds)

    @property
    def recipe(self) -> str:
        """The same for all seeds of an arm; one of as many models in each run."""
        models = len(self.shown[SEED]) if isinstance(self.shown[SEED], list) else None
        return json.dumps({**self.decisive, SEED: models, PART_NUMBER: None}, sort_keys=True)

    def changes(self, baseline: "Settings") -> dict[str, Any]:
        """What of its recipe is not as the baseline's, but for numbers that both left to their kinds."""
        left = self.auto & baseline.auto
        return {
            key: self.shown[key]
            for key, value in self.decisive.items()
            if key in self.shown and key not in left
            if key not in baseline.decisive or baseline.decisive[key] != value
        }

    @functools.cached_property
    def auto(self) -> frozenset[str]:
        """Keys with the number that its kind of model has where nobody names one."""
        auto = auto_numbers(self.shown["model.kind"])
        return frozenset(
            key for name, number in auto.items() if self.shown.get(key := f"training.{name}") == number
        )


def arm_names(arms: Sequence[Sequence[Settings]], but: str | None = None) -> list[str]:
    """What each arm changes of the first one, `but` one key: as much as tells it from all the others.

    A change is never cut; an arm that has none, or the same as another, has its first run's id.
    """
    first = arms[0][0]
    changes = [{key: value for key, value in arm[0].changes(first).items() if key != but} for arm in arms]
    values = {key: [each[0].shown.get(key) for each in arms] for of_arm in changes for key in of_arm}
    names = [BASELINE]
    for arm, of_arm in zip(arms[1:], changes[1:], strict=True):
        told = [f"{key}={_apart(value, values[key])}" for key, value in of_arm.items()]
        name = _short(told, of_arm, [each for each in changes if each is not of_arm])
        names.append(name if name and name not in names else arm[0].run.id)
    return names


def _short(told: Sequence[str], changes: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> str:
    """An arm's changes; of many the first ones that no other has alike, as many as a name has room for."""
    whole = ", ".join(told)
    forms = [
        f"{', '.join(told[:count])}, ..."
        for count in range(1, len(told))
        if list(changes.items())[:count] not in [list(each.items())[:count] for each in others]
    ]
    if len(whole) <= LONGEST_NAME or not forms:
        return whole
    return next((form for form in reversed(forms) if len(form) <= LONGEST_NAME), forms[0])


def _apart(value: Any, others: Sequence[Any]) -> str:
    """A value; of a long path the part in which it differs from the others."""
    text, texts = text_of(value), map(text_of, others)
    if len(text) <= LONGEST_VALUE:
        return text
    paths = [each.split("/") for each in texts if len(each) > LONGEST_VALUE]
    places = enumerate(zip(*paths, strict=False))
    shared = next((place for place, parts in places if len(set(parts)) > 1), 0)
    return f".../{'/'.join(text.split('/')[shared:])}" if shared else text


def settings_of(run: Run) -> Settings:
    recipe = run.recipe().model_dump(
        mode="json",
        exclude={"question": True, "output": True, "data": {"test"}, "training": {"report_to"}},
    )
    shown = flat(recipe)
    hashes = {
        # Parts of one pool are seeds of one arm.
        key: (file.pool or file).sha256
        for name, file in run.record.data.items()
        if shown.get(key := "loss.teacher" if name == "teacher" else f"data.{name}") is not None
    }
    # Own code whose source is not known is like no other.
    code = {f"code.{name}": digest or str(run.folder) for name, digest in run.record.code.items()}
    contents = run.record.encoder, run.record.training_version
    return Settings(run, shown, {**shown, **hashes, **code}, contents)


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as `section.key: value`."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


def text_of(value: Any) -> str:
    """A setting's value as one writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
