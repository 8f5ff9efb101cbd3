"""A PostgreSQL of the tests' own, from the system's package, on a free port of this machine."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PASSWORD = "a secret/of@the tests{1}"
"""With all the signs that go wrong in an address."""


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else found[-1].parent if found else None


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The address, with its password, of an empty database; skips where PostgreSQL is not installed."""
    from sqlalchemy import URL

    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("needs PostgreSQL")
    # Its server refuses to be root's.
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        place, password = Path(folder), Path(folder, "password")
        password.write_text(PASSWORD, encoding="utf-8")
        if as_owner:
            for path in (place, password):
                shutil.chown(path, "postgres")
        data = str(place / "data")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"

        def call(*command: str) -> None:
            subprocess.run(
                [*as_owner, str(bin_folder / command[0]), *command[1:]],
                check=True,
                capture_output=True,
                cwd=folder,
            )

        call("initdb", "-D", data, "-A", "scram-sha-256", "-U", "tester", f"--pwfile={password}")
        call("pg_ctl", "-D", data, "-w", "-l", str(place / "log"), "-o", options, "start")
        try:
            url = URL.create("postgresql", "tester", PASSWORD, "127.0.0.1", port, "postgres")
            yield url.render_as_string(hide_password=False)
        finally:
            call("pg_ctl", "-D", data, "-m", "immediate", "stop")
