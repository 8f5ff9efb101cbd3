"""The models of a server: what opens them, and the names by which requests choose."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dalmeum.data.practice import practice_tables
from dalmeum.errors import InputError
from dalmeum.languages import Text, composed
from dalmeum.progress import tell
from dalmeum.runs.folder import model_folder
from dalmeum.serving.backends import AUTO, Backend, open_backend

NAME = re.compile(r"[\w.-]{1,100}")
"""Letters, digits, dots, dashes: a word of JSON, of a URL and of a metric's label."""

FIRST = 16


@dataclass(frozen=True)
class Place:
    """A model that is there, not opened yet.

    Attributes:
        name: by which requests choose it.
        model: its folder.
        run: the run's folder, where it is a run's.
    """

    name: str
    model: Path
    run: Path | None


def find_models(runs: Sequence[str | Path], output: str | Path = "runs") -> list[Place]:
    """The models of runs, each a run id, `latest` or a folder, or `NAME=RUN`; without a name a run's is its
    id, and a folder's its own.

    Raises `InputError` where there is none, a run is not there, or two have one name.
    """
    if not runs:
        raise InputError("serve: no run is given")
    found: dict[str, Place] = {}
    for given in runs:
        place = _place(given, output)
        if place.name in found:
            raise InputError(
                f"serve: {found[place.name].model} and {place.model} are both called {place.name}: name one "
                f"as in other={given}"
            )
        found[place.name] = place
    return list(found.values())


def _place(given: str | Path, output: str | Path) -> Place:
    name, equals, run = str(given).partition("=")
    if not equals or os.path.exists(given):
        name, run = "", str(given)
    model = model_folder(run, output).resolve()
    of_a_run = model.name == "model" and os.path.isfile(model.parent / "run.json")
    name = composed(name or (model.parent if of_a_run else model).name)
    if not NAME.fullmatch(name):
        raise InputError(
            f"serve: {name!r:.120} is no plain name: letters, digits, dots and dashes; give one, as in "
            f"name={run}"
        )
    return Place(name, model, model.parent if of_a_run else None)


def opened_backend(
    place: Place, backend: str = AUTO, precision: str = "auto", *, trust_code: bool = False
) -> Backend:
    """As `open_backend`, its notes told; it has answered once when it is here.

    Raises `InputError` for a model that can't be read, or whose own code is not trusted, and for a backend
    that it has no export for.
    """
    found = open_backend(place.model, backend, precision=precision, trust_code=trust_code)
    for note in found.notes:
        tell(f"{Text('warning', '주의')}: {place.name}: {note}")
    found.score(first_pairs()[:1])
    return found


def first_pairs() -> list[tuple[str, str]]:
    """What a model is asked before anybody asks it."""
    return list(practice_tables()["dev"].pairs)[:FIRST]
