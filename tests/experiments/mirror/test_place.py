"""Where runs are shown, and that no password is."""

import importlib.util
import re
from pathlib import Path

import pytest

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.experiments.mirror.place import Place, place_at_hand
from tests.mirrored import SETTINGS

pytest.importorskip("mlflow")


@pytest.fixture(autouse=True)
def nothing_set(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def placed(monkeypatch: pytest.MonkeyPatch, uri: str) -> Place:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return place_at_hand()


def test_without_settings_it_is_a_file_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_at_hand()
    assert (place.uri, place.experiment) == (f"sqlite:///{here}/mlflow.db", "dalmeum")
    assert str(place) == f"{here}/mlflow.db"
    assert place.artifacts == f"file://{here}/mlflow-artifacts"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "우리 팀")
    assert place_at_hand().experiment == "우리 팀"
    assert placed(monkeypatch, "sqlite:///other.db").file == here / "other.db"


def test_a_server_is_shown_without_user_and_password(monkeypatch: pytest.MonkeyPatch) -> None:
    place = placed(monkeypatch, "https://kim:s3cret%40word@mlflow.example:5000/team/")
    assert str(place) == place.uri == "https://mlflow.example:5000/team"
    assert (place.user, place.password, place.artifacts) == ("kim", "s3cret@word", None)
    assert "s3cret" not in repr(place)
    assert placed(monkeypatch, "http://[::1]:5000").uri == "http://[::1]:5000"


@pytest.mark.parametrize(
    "uri",
    [
        "./mlruns",
        "file:///srv/mlruns",
        "databricks",
        "postgresql://kim:s3cret@host/mlflow",
        "http://",
        "http://kim:s3cret/word@host",
        "http://kim:12/s3cret@host",
        "http://kim:s3cret@word@host",
        "http://host:port",
        "https://host/?token=s3cret",
        "sqlite:///mlflow.db?mode=s3cret",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///none/mlflow.db",
        "http://[::1",
    ],
)
def test_what_is_no_place_is_told_in_a_line(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError) as told:
        placed(monkeypatch, uri)
    assert "s3cret" not in str(told.value)
    assert "\n" not in str(told.value)
    assert re.search(
        r"MLFLOW_TRACKING_URI: (give|write)|there is no folder .*none for MLflow's", str(told.value)
    )


def test_a_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    for gone in ("mlflow", "sqlalchemy"):
        monkeypatch.setattr(
            "dalmeum.experiments.mirror.place.find_spec",
            lambda name: None if name == gone else find(name),  # noqa: B023
        )
        with pytest.raises(MissingExtraError, match=r"is not installed: pip install 'dalmeum\[team\]'"):
            place_at_hand()
