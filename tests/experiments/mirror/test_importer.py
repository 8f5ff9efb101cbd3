"""A run's folder in MLflow: all of it, once, and again when something has changed."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dalmeum.errors import InputError
from dalmeum.experiments.mirror.client import BRIEF, Mlflow
from dalmeum.experiments.mirror.importer import bring, find_or_make, log_curves, steps_there
from dalmeum.experiments.mirror.place import place_at_hand
from dalmeum.experiments.mirror.shown import Shown, Verdict, key_of
from dalmeum.languages import Text
from dalmeum.runs.folder import Run
from dalmeum.runs.lock import RunLock
from tests.comparison.made import LABELS
from tests.experiments.made_runs import make_run
from tests.mirrored import all_runs, client_of, curve, files_of

SCORES = {
    "pearson": {"value": 0.9, "low": 0.85, "high": 0.95},
    "f1": None,
    "rmse": {"value": 0.5, "low": None, "high": None},
}


@pytest.fixture
def run(mlflow_file: Path) -> Run:
    run = make_run(Path("runs"), 0.1, 1, {"question": "Does it <b>help</b>?"})
    run.write_metrics({"dev": SCORES})
    run.report.write_text("<!doctype html><p>report</p>", encoding="utf-8")
    return run.update(
        author="김",
        finished="2026-01-01T00:01:00+00:00",
        training={"steps": 30, "seconds": 1.5, "precision": "float32", "members": {"a": {}}},
        versions={"torch": "2.13.0"},
        machine={"device": "cpu", "cores": 2},
        code={"own:loss": "c0de"},
        warnings=(Text("beware", "조심"),),
    )


def brought(run: Run, verdict: Verdict | None = None) -> tuple[str, str]:
    return bring(Mlflow.open(place_at_hand()), Shown.of(run, verdict), BRIEF)


def test_all_of_a_run(run: Run) -> None:
    result, identifier = brought(run)
    (found,) = all_runs()
    assert (result, identifier) == ("new", found.info.run_id)
    assert (found.info.run_name, found.info.status) == (run.id, "FINISHED")
    # 2026-01-01 is 1767225600 seconds after 1970; it took a minute.
    assert (found.info.start_time, found.info.end_time) == (1767225600_000, 1767225660_000)
    metrics = found.data.metrics
    assert metrics["dev_pearson"] == 0.9
    assert (metrics["dev_pearson_low"], metrics["dev_pearson_high"]) == (0.85, 0.95)
    assert (metrics["dev_rmse"], metrics["training_seconds"], metrics["training_steps"]) == (0.5, 1.5, 30)
    assert not {"dev_f1", "dev_rmse_low", "training_precision", "training_members"} & metrics.keys()
    params = found.data.params
    assert (params["training.seed"], params["loss.alpha"], params["model.kind"]) == ("1", "0.1", "offline")
    assert not {"question", "output", "data.train", "training.report_to"} & params.keys()
    tags = found.data.tags
    expected = {
        "mlflow.user": "김",
        "mlflow.note.content": "Does it <b>help</b>?",
        "dalmeum.run": run.id,
        "dalmeum.state": "finished",
        "dalmeum.author": "김",
        "dalmeum.question": "Does it <b>help</b>?",
        "dalmeum.verdict": "",
        "dalmeum.sha256.train": "1",
        "dalmeum.data.dev": "dev.csv",
        "dalmeum.version.torch": "2.13.0",
        "dalmeum.machine.device": "cpu",
        "dalmeum.code.own:loss": "c0de",
        "dalmeum.encoder": "sha256 0",
        "dalmeum.warnings": "beware",
    }
    assert {name: tags[name] for name in expected} == expected
    assert curve(found, "eval_pearson") == [(10, 0.5), (20, pytest.approx(0.79)), (30, 0.8)]
    assert curve(found, "loss") == [(1, 1.0)]
    kept = files_of(found)
    own = {"recipe.yaml", "run.json", "metrics.json", "history.json", "report.html"}
    assert set(kept) == own | {f"predictions/{split}.csv" for split in LABELS}
    for name, content in kept.items():
        assert content == (run.folder / name).read_bytes()
    assert (Path("mlflow-artifacts") / identifier / "artifacts" / "report.html").is_file()


def test_it_is_brought_once(run: Run) -> None:
    first = brought(run)[1]
    before = all_runs()[0].to_dictionary()
    assert brought(run) == ("unchanged", first)
    assert [each.to_dictionary() for each in all_runs()] == [before]


def test_what_changed_is_brought_again(run: Run) -> None:
    identifier = brought(run)[1]
    assert brought(run, Verdict("alpha: mixture", "no_difference")) == ("updated", identifier)
    (found,) = all_runs()
    assert (found.data.tags["dalmeum.verdict"], found.data.tags["dalmeum.study"]) == (
        "no_difference",
        "alpha: mixture",
    )
    assert found.data.tags["mlflow.note.content"].endswith("\n\nalpha: mixture: no difference")
    assert found.info.end_time == 1767225660_000
    run.write_metrics({"dev": {**SCORES, "pearson": {"value": 0.91, "low": 0.85, "high": 0.96}}})
    run.report.write_text("another page", encoding="utf-8")
    assert brought(run, Verdict("alpha: mixture", "better"))[0] == "updated"
    (found,) = all_runs()
    assert (found.data.metrics["dev_pearson"], found.data.metrics["dev_pearson_high"]) == (0.91, 0.96)
    assert files_of(found)["report.html"] == b"another page"
    assert len(curve(found, "eval_pearson")) == 3
    assert brought(run, Verdict("alpha: mixture", "better"))[0] == "unchanged"


def test_a_step_that_is_there_is_not_sent_again(run: Run) -> None:
    """Computed again after a resume it may differ in its last digits, and would stand there twice."""
    brought(run)
    history = run.history()
    history[-1]["eval_pearson"] = 0.8 + 1e-9
    run.write_history([*history, {"step": 40, "eval_pearson": 0.9}])
    assert brought(run)[0] == "updated"
    (found,) = all_runs()
    assert curve(found, "eval_pearson") == [(10, 0.5), (20, pytest.approx(0.79)), (30, 0.8), (40, 0.9)]


@pytest.mark.parametrize("killed_at", ["log_batch", "log_artifacts", "set_terminated"])
def test_what_was_killed_on_the_way_is_brought_to_its_end(
    run: Run, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"mlflow.MlflowClient.{killed_at}", killed)
        with pytest.raises(KeyboardInterrupt):
            brought(run)
    assert len(all_runs()) == 1
    assert all_runs()[0].info.status == "RUNNING"
    assert brought(run)[0] == "updated"
    (found,) = all_runs()
    assert found.info.status == "FINISHED"
    assert len(curve(found, "eval_pearson")) == 3
    assert found.data.metrics["dev_pearson"] == 0.9
    assert "report.html" in files_of(found)


def test_another_folder_of_the_same_content_is_the_same_run(run: Run) -> None:
    """Whoever is further is shown: a finished one in place of one that failed, and never the other way."""
    other = make_run(Path("elsewhere"), 0.1, 1)
    other = other.update(id="other", state="failed", error="no memory", code=run.record.code)
    assert Shown.of(other).content == Shown.of(run).content
    identifier = brought(other)[1]
    (found,) = all_runs()
    assert (found.info.status, found.data.tags["dalmeum.error"]) == ("FAILED", "no memory")
    assert brought(run) == ("updated", identifier)
    (found,) = all_runs()
    assert (found.info.status, found.info.run_name) == ("FINISHED", run.id)
    assert (found.data.tags["dalmeum.run"], found.data.tags["dalmeum.error"]) == (run.id, "")
    assert brought(other) == ("unchanged", identifier)
    (other.folder / "metrics.json").write_bytes((run.folder / "metrics.json").read_bytes())
    assert brought(other.update(state="finished")) == ("unchanged", identifier)
    assert all_runs()[0].data.tags["dalmeum.run"] == run.id
    # Even of the same name, as runs have that two people started in the same second.
    namesake = other.update(id=run.id, state="failed", error="no memory")
    assert brought(namesake) == ("unchanged", identifier)
    theirs = other.update(id=run.id, state="finished", author="Lee")
    assert [brought(theirs), brought(run), brought(theirs)] == [("unchanged", identifier)] * 3
    another_seed = make_run(Path("runs"), 0.1, 2)
    another_seed.write_metrics({"dev": SCORES})
    assert brought(another_seed)[0] == "new"
    assert len(all_runs()) == 2


def test_lost_is_told_from_failed_and_running(run: Run) -> None:
    """By the run's own lease; one that comes back is taken up in the same MLflow run."""
    run = run.update(state="running", finished=None)
    (run.folder / "metrics.json").unlink()
    (run.folder / "history.json").unlink()
    assert run.lived() == "lost"
    identifier = brought(run)[1]
    (found,) = all_runs()
    assert (found.info.status, found.data.tags["dalmeum.state"]) == ("KILLED", "lost")
    with RunLock.take(run.folder):
        assert run.lived() == "running"
        assert brought(run) == ("updated", identifier)
        assert brought(run)[1] == identifier
        (found,) = all_runs()
        assert (found.info.status, found.data.tags["dalmeum.state"]) == ("RUNNING", "running")
        # The end comes between the two looks at record and lease.
        finished = run.update(state="finished")
        finished.write_metrics({"dev": SCORES})
        finished.write_history([])
    assert run.lived() == "finished"
    assert brought(finished) == ("updated", identifier)
    assert [each.info.status for each in all_runs()] == ["FINISHED"]


def test_two_that_make_one_at_the_same_moment(run: Run) -> None:
    """Both see both: the smaller id stays for each of them, and the other is deleted."""
    mlflow, shown = Mlflow.open(place_at_hand()), Shown.of(run)
    tags = {"dalmeum.content": shown.content, "dalmeum.run": run.id, "dalmeum.state": "finished"}
    client = client_of()
    made = sorted(client.create_run(mlflow.experiment, tags=tags).info.run_id for _ in range(3))
    assert bring(mlflow, shown, BRIEF) == ("updated", made[0])
    assert [each.info.run_id for each in all_runs()] == made[:1]
    # Or another, where somebody knows better.
    made = sorted([made[0], client.create_run(mlflow.experiment, tags=tags).info.run_id])
    with mlflow.working(BRIEF):
        found, new = find_or_make(mlflow.experiment, mlflow.client, shown, lambda _, found: max(found))
    assert (found.info.run_id, new) == (made[1], False)
    assert [each.info.run_id for each in all_runs()] == made[1:]


def test_one_that_another_deletes_on_the_way(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that were made at the same moment the other stays: this run goes there."""
    mlflow, shown = Mlflow.open(place_at_hand()), Shown.of(run)
    client, calls = client_of(), []
    log_artifacts = type(client).log_artifacts

    def deleted_before(self: Any, identifier: str, folder: str) -> None:
        calls.append(identifier)
        if len(calls) == 1:
            client.delete_run(identifier)
        log_artifacts(self, identifier, folder)

    monkeypatch.setattr("mlflow.MlflowClient.log_artifacts", deleted_before)
    result, identifier = bring(mlflow, shown, BRIEF)
    assert result == "new"
    assert len(calls) == 2
    assert calls[1] == identifier != calls[0]
    (found,) = all_runs()
    assert (found.info.run_id, found.info.status) == (identifier, "FINISHED")


def test_a_deleted_experiment_is_told(run: Run) -> None:
    brought(run)
    client = client_of()
    client.delete_experiment(client.get_experiment_by_name("dalmeum").experiment_id)
    with pytest.raises(InputError, match=r"its experiment was deleted: restore it .* MLFLOW_EXPERIMENT_NAME"):
        brought(run)


def test_a_damaged_run_is_told_and_nothing_written(run: Run) -> None:
    (run.folder / "metrics.json").write_text("damaged", encoding="utf-8")
    with pytest.raises(InputError, match=r"metrics.json"):
        brought(run)
    assert all_runs() == []


def test_names_that_mlflow_does_not_take() -> None:
    assert key_of("dalmeum.code.own:loss") == "dalmeum.code.own:loss"
    assert key_of("curves/a,b#c.loss") == "curves/a_b_c.loss"
    assert key_of("a//../b") == "a/_/_/b"
    assert key_of("x" * 300) == "x" * 250


def test_own_code_that_is_not_known_is_like_no_other_but_itself(run: Run) -> None:
    one, other = run.update(code={"own:loss": None}), replace(run.record, id="other", code={"own:loss": None})
    assert Shown.of(one).content == Shown.of(one).content
    assert Shown.of(one).content != Shown.of(Run(run.folder, other)).content


def test_settings_of_the_process_stay_as_they_were(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    before = dict(os.environ)
    brought(run)
    changed = {name for name in os.environ.keys() | before.keys() if os.environ.get(name) != before.get(name)}
    assert changed <= {"MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"}
    assert capfd.readouterr() == ("", "")
    assert json.loads((run.folder / "run.json").read_text(encoding="utf-8"))["author"] == "김"


def test_points_that_a_killed_process_did_not_send_are_sent_later(run: Run) -> None:
    identifier = brought(run)[1]
    (found,) = all_runs()
    client = client_of()
    log_curves(client, found, [("curves/late", step, 0.5) for step in (1, 4)], {})
    (found,) = all_runs()
    there = steps_there(client, found)
    assert there["curves/late"] == {1, 4}
    log_curves(client, found, [("curves/late", step, 0.25) for step in range(1, 6)], there)
    history = client.get_metric_history(identifier, "curves/late")
    assert sorted((point.step, point.value) for point in history) == [
        (1, 0.5),
        (2, 0.25),
        (3, 0.25),
        (4, 0.5),
        (5, 0.25),
    ]
