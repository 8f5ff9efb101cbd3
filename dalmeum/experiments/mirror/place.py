"""Where runs are shown: by a server of MLflow's, or in a file of this machine. No password is shown."""

import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.places import check_database_file
from dalmeum.recipe import Recipe

SETTING, EXPERIMENT = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"

FILE, ARTIFACTS = "mlflow.db", "mlflow-artifacts"
"""In the current folder: where runs, and their files, are shown if `MLFLOW_TRACKING_URI` is not set."""

WAYS = f"{SETTING}: give http://HOST:PORT or https://HOST of an MLflow server, or sqlite:///FILE"


@dataclass(frozen=True)
class Place:
    """A tracking store of MLflow's, and the experiment there; as `str` without what must not be shown.

    Attributes:
        uri: without user and password.
        file: SQLite's; None for a server.
        user, password: as the address has them.
    """

    uri: str
    experiment: str
    file: Path | None = None
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.uri if self.file is None else str(self.file)

    @property
    def artifacts(self) -> str | None:
        """Where the files of a new experiment go; None where the server decides."""
        return None if self.file is None else (self.file.parent / ARTIFACTS).as_uri()


def place_at_hand() -> Place:
    """The place that `MLFLOW_TRACKING_URI` and `MLFLOW_EXPERIMENT_NAME` name, else `./mlflow.db`.

    Raises `InputError` for what is no address of one; the text, which may hold a password, is in no message.
    `MissingExtraError` without the extra `team`.
    """
    _check_installed("mlflow")
    experiment = os.environ.get(EXPERIMENT, "").strip() or "dalmeum"
    text = os.environ.get(SETTING, "").strip() or f"sqlite:///{FILE}"
    try:
        address = urlsplit(text)
        if address.scheme in ("http", "https"):
            return _server(address, experiment)
    except ValueError:
        raise InputError(WAYS) from None
    if address.scheme != "sqlite" or not text.startswith("sqlite:///") or address.query:
        raise InputError(WAYS)
    _check_installed("sqlalchemy", "alembic")
    name = unquote(text.removeprefix("sqlite:///"))
    if name in ("", ":memory:"):
        raise InputError(WAYS)
    file = Path(name).absolute()
    check_database_file(file, "MLflow's database")
    return Place(f"sqlite:///{file}", experiment, file)


def is_wanted(recipe: Recipe) -> bool:
    """Whether `training.report_to` names MLflow."""
    return "mlflow" in recipe.training.report_to


def check_mirror(recipe: Recipe) -> None:
    """Raise `InputError` where a recipe wants its run in MLflow, and what is set names no place for it."""
    if is_wanted(recipe):
        place_at_hand()


def _server(address: SplitResult, experiment: str) -> Place:
    if not address.hostname or address.query or address.fragment:
        raise InputError(WAYS)
    if "@" in address.path or address.netloc.count("@") > 1:  # half of a password would be shown as a name
        raise InputError(f"{SETTING}: write an @ in a user's name or password as %40, and a / as %2F")
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
    port = f":{address.port}" if address.port else ""
    user, password = (each and unquote(each) for each in (address.username, address.password))
    uri = f"{address.scheme}://{host}{port}{address.path.rstrip('/')}"
    return Place(uri, experiment, user=user, password=password)


def _check_installed(*packages: str) -> None:
    for package in packages:
        spec = find_spec(package)
        # A folder of that name can be imported, too: it has no file of its own.
        if spec is None or spec.origin is None:
            raise MissingExtraError("MLflow's client" if package == "mlflow" else package, "team")
