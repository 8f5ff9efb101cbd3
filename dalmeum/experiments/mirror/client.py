"""MLflow's client, held to this project's manners: no telemetry, no chatter, no waiting for minutes."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from dalmeum.errors import DalmeumError
from dalmeum.experiments.mirror.place import Place
from dalmeum.experiments.mirror.problems import MlflowError, problem

if TYPE_CHECKING:
    from mlflow import MlflowClient

NO_TELEMETRY = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
"""Before MLflow is imported: it looks once."""

QUIET = {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for an answer of a server's, how often it is asked again, and seconds to wait for
    another process that writes to the same file.
    """

    answer: int
    retries: int
    turn: float

    @property
    def settings(self) -> dict[str, str]:
        return {
            "MLFLOW_HTTP_REQUEST_TIMEOUT": str(self.answer),
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(self.retries),
            "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
            "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # which may ask for an hour
        }


BRIEF = Patience(answer=4, retries=1, turn=10)
"""While a training waits: at most some 10 seconds for a server that does not answer."""

LONG = Patience(answer=30, retries=3, turn=60)
"""With a server that has answered, and may be busy."""

LOGGERS = ("mlflow", "alembic")


@dataclass(frozen=True)
class Mlflow:
    """An experiment in MLflow. What is asked of `client` is asked in `working`."""

    place: Place
    client: "MlflowClient"
    experiment: str

    @classmethod
    def open(cls, place: Place) -> "Mlflow":
        """The experiment at a place, made where there is none.

        Raises `MlflowError` where it can't be used: not reached, of another version, ...
        """
        for name, value in NO_TELEMETRY.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient  # which sets up its logging, that is then silenced

        with _working(place, BRIEF):
            client = MlflowClient(place.uri, registry_uri=place.uri)
            return cls(place, client, _experiment(client, place))

    @contextlib.contextmanager
    def working(self, patience: Patience) -> Iterator["MlflowClient"]:
        """The client, for a block; of this machine's processes one alone works on a file at a time.

        Raises `MlflowError` for whatever MLflow, its server or its database raise.
        """
        with _working(self.place, patience):
            yield self.client


@contextlib.contextmanager
def _working(place: Place, patience: Patience) -> Iterator[None]:
    credentials = {"MLFLOW_TRACKING_USERNAME": place.user, "MLFLOW_TRACKING_PASSWORD": place.password}
    given = {name: value for name, value in credentials.items() if value is not None}
    with contextlib.ExitStack() as stack:
        stack.enter_context(_environment({**QUIET, **patience.settings}, given))
        stack.enter_context(_silence())
        if place.file is not None:
            stack.enter_context(_lock(place, patience.turn))
        try:
            yield
        except DalmeumError:
            raise
        except Exception as error:
            if not isinstance(error, _theirs()):
                raise
            raise problem(place, error) from None


@contextlib.contextmanager
def _lock(place: Place, seconds: float) -> Iterator[None]:
    """MLflow begins to write as a reader, and SQLite then waits for nobody: so writers take turns."""
    lock = FileLock(f"{place.file}.lock", timeout=seconds)
    try:
        lock.acquire()
    except Timeout:
        raise MlflowError(
            f"{place}: another process has held the file for {seconds:g} s: call again"
        ) from None
    except OSError as error:
        raise problem(place, error) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _environment(defaults: Mapping[str, str], given: Mapping[str, str]) -> Iterator[None]:
    """Variables as MLflow reads them at each request; what somebody has set goes before `defaults`."""
    values = {name: value for name, value in defaults.items() if name not in os.environ} | dict(given)
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [each.level for each in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for each in loggers:
                each.setLevel(logging.CRITICAL + 1)
            yield
        finally:
            for each, level in zip(loggers, before, strict=True):
                each.setLevel(level)


def _theirs() -> tuple[type[Exception], ...]:
    """What MLflow, its connections and its databases raise."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException

    found: list[type[Exception]] = [MlflowException, RequestException, OSError]
    with contextlib.suppress(ImportError):
        from sqlalchemy.exc import SQLAlchemyError

        found.append(SQLAlchemyError)
    return tuple(found)


def _experiment(client: "MlflowClient", place: Place) -> str:
    """The id of the place's experiment."""
    from mlflow.exceptions import MlflowException

    found: Any = client.get_experiment_by_name(place.experiment)
    if found is None:
        try:
            return str(client.create_experiment(place.experiment, artifact_location=place.artifacts))
        except MlflowException:
            found = client.get_experiment_by_name(place.experiment)  # made by another at the same moment
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        raise MlflowException("deleted experiment")
    return str(found.experiment_id)
