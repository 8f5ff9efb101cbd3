"""Which version of its tables a store has, and how an older one is brought up to date: by Alembic."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
VERSIONS = [MIGRATIONS / "versions"]
"""Folders of migrations."""


@dataclass(frozen=True)
class VersionProblem:
    """Tables that this version of dalmeum does not work with, in a message's words."""

    told: str
    can_be_mended: bool

    def __str__(self) -> str:
        return self.told


def newest_version() -> str:
    return str(_scripts().get_current_head())


def version_problem(found: str) -> VersionProblem:
    """What is wrong with tables that are not of the newest version."""
    known = [each.revision for each in _scripts().walk_revisions()]
    if found in known:
        return VersionProblem(
            f"its tables are of version {found}, and this dalmeum needs {newest_version()}: dalmeum board "
            "--migrate brings them up to date, after which all of the team need this version of dalmeum",
            can_be_mended=True,
        )
    return VersionProblem(
        f"its tables are of version {found}, and this dalmeum knows {newest_version()} at most: install the "
        "version of dalmeum that the team uses",
        can_be_mended=False,
    )


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest version, in the transaction of the connection."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, VERSIONS)).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
