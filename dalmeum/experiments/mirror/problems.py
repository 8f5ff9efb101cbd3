"""What goes wrong with MLflow as one line each, in which no password can be."""

import re

from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.mirror.place import EXPERIMENT, Place

OLDER = (
    "its tables are of an older MLflow: after a copy of the file, mlflow db upgrade sqlite:///FILE brings "
    "them up to date"
)
NEWER = "its tables are of a newer MLflow: pip install --upgrade mlflow-skinny"
SCHEMA = r"out-of-date database schema \(found version (\w+)"

REASONS = {
    r"deleted experiment": (
        f"its experiment was deleted: restore it there, or set {EXPERIMENT} to another name"
    ),
    r"error code 401|not authenticated|UNAUTHENTICATED": (
        "user or password is wrong: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    ),
    r"Invalid Host header|DNS rebinding": (
        "the server does not know itself by this name: start it with --allowed-hosts"
    ),
    r"error code 403|PERMISSION_DENIED|Permission denied": "the user has no right to write there",
    r"error code 404": "what answers there is no MLflow server",
    r"Name or service|nodename|getaddrinfo|resolve": "there is no host of this name",
    r"Connection refused|actively refused": "nothing answers there: is the server running?",
    r"CERTIFICATE|SSL": "there is no secure connection: look at its certificate, or give http://",
    r"[Tt]imeout|timed out": "no answer: is it behind a firewall?",
    r"database is locked|database table is locked": "another process holds the file: call again",
    r"not a database|malformed|disk image": "the file is no SQLite database, or damaged",
    r"unable to open": "the file can't be opened: look at its folder's rights",
    r"readonly|read-only": "the file can't be written to",
    r"No space left|disk is full": "the disk is full",
    r"error code 5\d\d": "the server failed: look at what it says",
    r"Connection|connection|Max retries": "the connection was lost: call again",
}
"""What MLflow, its server and drivers say, and what it means."""


class MlflowError(InputError):
    """MLflow can't be used: no further run can be shown now."""


def problem(place: Place, error: Exception) -> DalmeumError:
    """What a user is told in place of what MLflow says, whose words may hold what stood in its address."""
    said = str(error)
    if found := re.search(SCHEMA, said):
        return MlflowError(f"{place}: {OLDER if _is_known(found[1]) else NEWER}")
    for pattern, reason in REASONS.items():
        if re.search(pattern, said):
            return MlflowError(f"{place}: MLflow can't be used: {reason}")
    name = getattr(error, "error_code", None) or type(error).__name__
    return MlflowError(f"{place}: MLflow can't be used ({name})")


def _is_known(version: str) -> bool:
    """Whether tables of this version are of an MLflow that the one installed has migrations from."""
    import mlflow.store.db_migrations as migrations
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    (folder,) = migrations.__path__
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return version in {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
