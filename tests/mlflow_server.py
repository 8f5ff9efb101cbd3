"""A real server of MLflow's, from a virtual environment of its own: dalmeum's own holds its client alone."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / ".venv-mlflow" / "bin" / "mlflow"
"""Made by `.ci/run`."""

STARTS_IN = 180
"""Seconds; it takes some twenty on two cores."""


@contextlib.contextmanager
def mlflow_server(
    backend: str = "", *options: str, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of an empty one, on a free port of this machine; skips where MLflow is not installed.

    `backend` is the URL of its database, by default a file.
    """
    if not PROGRAM.is_file():
        pytest.skip("needs MLflow's server in .venv-mlflow: .ci/run makes it")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="mlflow-", ignore_cleanup_errors=True) as folder:
        backend = backend or f"sqlite:///{folder}/server.db"
        where = ["--backend-store-uri", backend, "--artifacts-destination", f"{folder}/artifacts"]
        own = ("PYTHONPATH", "MLFLOW_", "VIRTUAL_ENV")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        log = Path(folder, "log")
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [str(PROGRAM), "server", *where, "--port", str(port), "--workers", "2", *options],
                cwd=folder,
                env=environment | dict(settings or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            _wait(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + STARTS_IN
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise AssertionError(f"no server: {log.read_text(encoding='utf-8')[-2000:]}")
