"""What the author of a model tells, beside what its run knows."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from dalmeum.configuration import FromList, Section, build, read_yaml


class CardData(Section):
    """What the author tells of a set."""

    name: str
    license: str | None = None
    url: str | None = None


class CardFile(Section):
    """What the author tells, beside what the run knows: `--card FILE`."""

    title: str | None = None
    license: str | None = None
    language: Annotated[tuple[str, ...], FromList] = ()
    datasets: Annotated[tuple[str, ...], FromList] = ()
    tags: Annotated[tuple[str, ...], FromList] = ()
    base_model: str | None = None
    data: dict[str, CardData] = Field(default_factory=dict)
    notes: str | None = None

    @classmethod
    def read(cls, path: str | Path | None) -> "CardFile":
        """`InputError` where it can't be read, `RecipeError` with all that is wrong in it."""
        if path is None:
            return cls()
        return build(cls, read_yaml(Path(path), cls), str(path))
