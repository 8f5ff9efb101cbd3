"""A real server of MLflow's: what is pushed to it, and who may."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalmeum.competition.push import push
from dalmeum.errors import InputError
from tests.competition.test_push import RUNS, made
from tests.mirrored import all_runs, curve, files_of
from tests.mlflow_server import mlflow_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.usefixtures("mlflow_file")]

ADMIN, WORD = "admin", "an-admins-s3cret"
CONFIG = "[mlflow]\ndefault_permission = MANAGE\ndatabase_uri = sqlite:///users.db\nadmin_username = admin\n"


def test_what_is_pushed_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run = made(1)
    run.report.write_text("<!doctype html><p>report</p>", encoding="utf-8")
    with mlflow_server() as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        identifier = push([], RUNS).new[run.id]
        assert push([], RUNS).unchanged == {run.id: identifier}
        (found,) = all_runs(address)
        assert (found.info.run_id, found.info.status) == (identifier, "FINISHED")
        assert found.data.metrics["dev_pearson_low"] == 0.85
        assert [step for step, _ in curve(found, "eval_pearson", address)] == [10, 20, 30]
        kept = files_of(found, address)
        assert kept["report.html"] == b"<!doctype html><p>report</p>"
        assert kept["predictions/dev.csv"] == run.predictions("dev").read_bytes()
    with pytest.raises(InputError, match=r"nothing answers there: is the server running\?"):
        push([], RUNS)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """A server as docs/team.md starts it, and on it a user, kim."""
    config = tmp_path / "auth.ini"
    config.write_text(CONFIG, encoding="utf-8")
    settings = {
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key of the tests",
        "MLFLOW_AUTH_ADMIN_PASSWORD": WORD,
        "MLFLOW_AUTH_CONFIG_PATH": str(config),
    }
    options = ("--app-name", "basic-auth", "--allowed-hosts", "127.0.0.1:*,localhost:*")
    with mlflow_server("", *options, settings=settings) as address:
        request = urllib.request.Request(
            f"{address}/api/2.0/mlflow/users/create",
            data=json.dumps({"username": "kim", "password": "kims-s3cret/@word"}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Basic {base64.b64encode(f'{ADMIN}:{WORD}'.encode()).decode()}",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
        yield address


def test_users_and_passwords(
    guarded: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(1)
    host = guarded.removeprefix("http://")
    for wrong in (guarded, f"http://kim:wr0ng@{host}"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", wrong)
        with pytest.raises(
            InputError, match=r"user or password is wrong: set MLFLOW_TRACKING_USERNAME"
        ) as told:
            push([], RUNS)
        assert str(told.value).startswith(f"{guarded}: ")
        assert "wr0ng" not in str(told.value)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://kim:kims-s3cret%2F%40word@{host}")
    first = push([], RUNS)
    assert list(first.new) == [run.id]
    assert "s3cret" not in json.dumps(first.to_dict())
    # Somebody else's runs there may be updated, too.
    (run.folder / "report.html").write_text("<!doctype html>", encoding="utf-8")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", guarded)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", WORD)
    assert list(push([], RUNS).updated) == [run.id]
    kept = [path.read_bytes() for path in run.folder.rglob("*") if path.is_file()]
    assert not any(b"s3cret" in each for each in kept)
    assert "s3cret" not in "".join(capfd.readouterr())
