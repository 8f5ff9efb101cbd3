"""Where a store lies, shown without its password."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.places import check_database_file

WAYS = "give sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/DATABASE"


@dataclass(frozen=True)
class Address:
    """A database that a store may lie in; as `str` without what must not be shown."""

    url: URL

    @property
    def is_postgres(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    @property
    def file(self) -> Path:
        """SQLite's."""
        return Path(self.url.database or "")

    def __str__(self) -> str:
        # Not the query, either, in which a password may stand as well.
        if not self.is_postgres:
            return str(self.file)
        user = f"{self.url.username}@" if self.url.username else ""
        port = f":{self.url.port}" if self.url.port else ""
        return f"postgresql://{user}{self.url.host or ''}{port}/{self.url.database or ''}"


def address_of(text: str) -> Address:
    """Raises `InputError` for what is no address of SQLite's or PostgreSQL's, and for a file that lies where
    several machines may write, or nothing is kept. The text, which may hold a password, is in no message.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise InputError(f"the team's store: what is given is no address of a database: {WAYS}") from None
    if "@" in f"{url.host}{url.database}":  # half of a password would count as a name, and be shown
        raise InputError("the team's store: write an @ in a user's name or password as %40, and a / as %2F")
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        if find_spec("psycopg") is None:
            raise MissingExtraError("psycopg", "team")
        return Address(url.set(drivername="postgresql+psycopg"))
    if url.drivername != "sqlite":
        raise InputError(f"the team's store: {url.drivername} is no database that it can lie in: {WAYS}")
    if url.host or url.query or (url.database or ":memory:") == ":memory:":
        raise InputError("the team's store: give SQLite's as sqlite:///FILE, or sqlite:////FOLDER/FILE")
    address = Address(url)
    check_database_file(address.file, "the team's store")
    return address
