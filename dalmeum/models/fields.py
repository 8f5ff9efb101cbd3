"""Values out of the JSON of a model folder, each of the type that it has to be."""

import math
from pathlib import Path
from typing import Any, TypeVar

from dalmeum.errors import InputError

T = TypeVar("T")

EXPORT_AGAIN = "export the model again"


class Fields:
    """A JSON object of a model folder. What is read from it is checked; `where` it stands is told.

    Raises `InputError` where it is no object, as its methods do where a value is of another type.
    """

    def __init__(self, value: object, where: str | Path) -> None:
        self.where = where
        if not isinstance(value, dict):
            raise self._damaged(f"{value!r:.80} is no JSON object")
        self._fields: dict[str, Any] = value

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise self._damaged(f"{name} is missing")
        return self._fields[name]

    def section(self, name: str) -> "Fields":
        value = self[name]
        try:
            return Fields(value, self.where)
        except InputError:
            raise self.wrong(name, "a JSON object") from None

    def flag(self, name: str, default: bool) -> bool:
        value: object = self._fields.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def text(self, name: str) -> str | None:
        """None where it is missing, or null."""
        value: object = self._fields.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, "text")
        return value

    def texts(self, name: str) -> list[str]:
        value: object = self[name]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(name, "a list of texts")
        return value

    def mapping(self, name: str, kind: type[T]) -> dict[str, T]:
        """A JSON object whose values are all text, or all whole numbers."""
        value: object = self[name]
        if not isinstance(value, dict) or not all(type(each) is kind for each in value.values()):
            raise self.wrong(name, f"a JSON object of {'texts' if kind is str else 'whole numbers'}")
        return value

    def count(self, name: str) -> int:
        """A whole number of 1 or more."""
        value: object = self[name]
        if type(value) is not int or value < 1:
            raise self.wrong(name, "a whole number of 1 or more")
        return value

    def number(self, name: str) -> float:
        value: object = self[name]
        if not is_number(value):
            raise self.wrong(name, "a number")
        return float(self[name])

    def numbers(self, *names: str) -> list[float]:
        return [self.number(name) for name in names]

    def threshold(self) -> float | None:
        """The lowest label that counts as similar, if there is one."""
        return None if self._fields.get("binary_threshold") is None else self.number("binary_threshold")

    def label_range(self) -> tuple[float, float]:
        """Lowest and highest label; 0 and 5 where nothing is said."""
        value: object = self._fields.get("label_range", [0.0, 5.0])
        if not (isinstance(value, list) and len(value) == 2 and all(map(is_number, value))):
            raise self.wrong("label_range", "two numbers")
        low, high = value
        if not low < high or not math.isfinite(float(high) - float(low)):
            raise self.wrong("label_range", "a lowest label below a highest")
        return float(low), float(high)

    def wrong(self, name: str, wanted: str) -> InputError:
        return self._damaged(f"{name} is {self._fields.get(name)!r:.80}, not {wanted}")

    def _damaged(self, what: str) -> InputError:
        return InputError(f"{self.where} is damaged: {EXPORT_AGAIN} ({what})")


def is_number(value: object) -> bool:
    """A finite number that float64 can hold; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # digits without end
        return False
