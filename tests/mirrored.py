"""What MLflow shows, for the tests of its mirror; and empty stores, made once and copied."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SETTINGS = [
    "MLFLOW_TRACKING_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "DALMEUM_TEAM_URL",
]


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with its tables and no runs: making those takes seconds."""
    pytest.importorskip("mlflow")
    from dalmeum.experiments.mirror.client import Mlflow
    from dalmeum.experiments.mirror.place import Place

    file = tmp_path_factory.mktemp("mlflow") / "empty.db"
    Mlflow.open(Place(f"sqlite:///{file}", "of nobody", file))
    return file


@pytest.fixture
def mlflow_file(empty_mlflow: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`./mlflow.db` in the test's folder, with no settings of the machine's own."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    shutil.copy(empty_mlflow, "mlflow.db")
    yield here / "mlflow.db"
    assert not Path("mlruns").exists()


def all_runs(uri: str = "", experiment: str = "dalmeum") -> list[Any]:
    """MLflow's own answer: its runs, the oldest first, those deleted left out."""
    client = client_of(uri)
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id], order_by=["attributes.start_time"]) if found else []
    return list(runs)


def client_of(uri: str = "") -> Any:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow import MlflowClient

    return MlflowClient(uri or f"sqlite:///{Path('mlflow.db').absolute()}")


def curve(run: Any, name: str, uri: str = "") -> list[tuple[int, float]]:
    points = client_of(uri).get_metric_history(run.info.run_id, f"curves/{name}")
    return [(point.step, point.value) for point in points]


def files_of(run: Any, uri: str = "", folder: str = "") -> dict[str, bytes]:
    """What MLflow kept of a run's files."""
    client = client_of(uri)
    found: dict[str, bytes] = {}
    for each in client.list_artifacts(run.info.run_id, folder or None):
        if each.is_dir:
            found |= files_of(run, uri, each.path)
        else:
            found[each.path] = Path(client.download_artifacts(run.info.run_id, each.path)).read_bytes()
    return found
