"""Submissions: the file, its manifest and its line in the ledger; made again from the manifest."""

import csv
import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dalmeum
from dalmeum.competition.ledger import Quota, QuotaError, set_quota, submissions
from dalmeum.competition.members import answering
from dalmeum.competition.reproduce import differences, reproduce
from dalmeum.competition.store import SETTING, open_store
from dalmeum.competition.submit import Sample, laid_out, submit
from dalmeum.data import PairTable, read_pairs
from dalmeum.errors import DalmeumError, InputError
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import submission_bytes
from dalmeum.runs.record import DataFile
from tests.cli.test_commands import prepare
from tests.conftest import make_tiny_encoder

WEIGHTS = (0.5, 0.3, 0.15)
INTERCEPT = 0.1


@dataclass(frozen=True)
class World:
    folder: Path
    runs: tuple[Run, ...]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three runs of one recipe over seeds, and a blend of them. Not to be changed."""
    folder = tmp_path_factory.mktemp("submit")
    prepare(folder, make_tiny_encoder("bert", folder / "encoder"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DALMEUM_AUTHOR", "Kim")
        runs = tuple(
            dalmeum.train("recipe.yaml", training={"seed": seed}, name=f"seed-{seed}") for seed in (1, 2, 3)
        )
        blend(runs)
    return World(folder, runs)


def blend(runs: tuple[Run, ...]) -> None:
    """A run folder whose model is an ensemble of copies of these runs' models."""
    folder = shutil.copytree(runs[0].folder, Path("runs", "blend"))
    shutil.rmtree(folder / "model")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps({**record, "id": "blend", "encoder": "blend 1"}))
    names = [f"member-{number}" for number in (1, 2, 3)]
    for name, run in zip(names, runs, strict=True):
        shutil.copytree(run.model, folder / "model" / name)
    ensemble = {
        "label_range": [0.0, 5.0],
        "sigmoid": False,
        "binary_threshold": None,
        "members": dict(zip(names, WEIGHTS, strict=True)),
        "intercept": INTERCEPT,
    }
    (folder / "model" / "dalmeum.json").write_text(json.dumps(ensemble), encoding="utf-8")
    members = [
        {"run": run.id, "weight": weight, "author": "이", "gain": 0.0}
        for run, weight in zip(runs, WEIGHTS, strict=True)
    ]
    kept = {"members": members, "method": "nnls", "intercept": INTERCEPT}
    (folder / "blend.json").write_text(json.dumps(kept), encoding="utf-8")


@pytest.fixture
def world(trained: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, ...]:
    """The runs in a copy of their folder, where the test works as Kim."""
    shutil.copytree(trained.folder, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("DALMEUM_AUTHOR", "Kim")
    return tuple(Run.open(run.id) for run in trained.runs)


def rows_of(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


FRESH = """
import sys, json, dalmeum
from dalmeum.data import read_pairs
print(json.dumps(dalmeum.load(sys.argv[1]).score(list(read_pairs("test.csv").pairs)).tolist()))
"""


def in_a_fresh_process(run: str) -> list[float]:
    done = subprocess.run([sys.executable, "-c", FRESH, run], capture_output=True, text=True, check=True)
    scores: list[float] = json.loads(done.stdout)
    return scores


def test_a_run_in_a_fresh_process_scores_what_was_submitted(world: tuple[Run, ...]) -> None:
    run, file = world[0], Path("hand-in.csv")
    written = submit(run.id, "test.csv", file)
    head, *rows = rows_of(file)
    assert head == ["id", "target"]
    assert [row[0] for row in rows] == [f"test-{number}" for number in range(12)]
    expected = np.clip(in_a_fresh_process(str(run.folder)), 0, 5)
    np.testing.assert_allclose([float(row[1]) for row in rows], expected, rtol=0, atol=1e-6)

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    kept = json.loads(Path("hand-in.csv.manifest.json").read_text(encoding="utf-8"))
    assert (kept["sha256"], kept["rows"], kept["author"], kept["file"]) == (digest, 12, "Kim", "hand-in.csv")
    assert kept["test"]["sha256"] == read_pairs("test.csv").sha256
    assert kept["scores"] == run.metrics()
    assert kept["judged"]["pairs"] == 24
    (member,) = kept["members"]
    assert (member["name"], member["weight"], member["author"]) == (run.id, 1.0, "Kim")
    assert member["recipe"]["training"]["seed"] == 1
    assert member["data"]["train"]["sha256"] == read_pairs("train.csv").sha256
    with open_store() as store:
        (line,) = submissions(store)
    assert line == written.line
    assert (line.number, line.author, line.sha256, line.scores) == (1, "Kim", digest, run.metrics())
    assert line.manifest == kept


def test_a_blend_is_the_weighted_sum_and_comes_out_byte_for_byte(world: tuple[Run, ...]) -> None:
    submit("blend", "test.csv", Path("blend.csv"))
    pairs = list(read_pairs("test.csv").pairs)
    expected = INTERCEPT + sum(
        weight * dalmeum.load(run.folder).score(pairs) for run, weight in zip(world, WEIGHTS, strict=True)
    )
    _, *rows = rows_of(Path("blend.csv"))
    scores = [float(row[1]) for row in rows]
    np.testing.assert_allclose(scores, np.clip(expected, 0, 5), rtol=0, atol=1e-5)
    np.testing.assert_allclose(scores, np.clip(in_a_fresh_process("runs/blend"), 0, 5), rtol=0, atol=1e-6)
    kept = json.loads(Path("blend.csv.manifest.json").read_text(encoding="utf-8"))
    assert (kept["method"], kept["intercept"]) == ("nnls", INTERCEPT)
    assert [(each["weight"], each["author"]) for each in kept["members"]] == [(w, "이") for w in WEIGHTS]

    before = Path("blend.csv").read_bytes()
    made = reproduce(Path("blend.csv.manifest.json"))
    assert (made.identical, made.largest, made.share, made.written) == (True, 0.0, 0.0, None)
    assert [each.how for each in made.members] == ["found"] * 3
    # The file is gone, so is the blend, the runs have other names: put back, the same bytes.
    Path("blend.csv").unlink()
    shutil.rmtree("runs/blend")
    for number, run in enumerate(world):
        run.folder.rename(Path("runs", f"moved-{number}"))
    made = reproduce(Path("blend.csv.manifest.json"))
    assert made.identical
    assert made.written == Path("blend.csv")
    assert Path("blend.csv").read_bytes() == before


def test_weights_that_are_gone_are_trained_anew(
    world: tuple[Run, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    submit("blend", "test.csv", Path("blend.csv"))
    before = Path("blend.csv").read_bytes()
    shutil.rmtree(world[1].folder)
    shutil.rmtree("runs/blend")
    Path("blend.csv.manifest.json").rename("elsewhere.manifest.json")
    capsys.readouterr()
    made = reproduce(Path("elsewhere.manifest.json"), Path("again.csv"))
    assert [each.how for each in made.members] == ["found", "trained", "found"]
    assert f"{world[1].id}: its weights are gone" in capsys.readouterr().err
    assert made.identical
    assert Path("again.csv").read_bytes() == before
    # What it trained is the same run, which nobody trains once more.
    made = reproduce(Path("elsewhere.manifest.json"), output=Path("runs"))
    assert made.members[1].how in {"found", "same_run"}


def test_what_differs_is_told_and_never_written_over(world: tuple[Run, ...]) -> None:
    file, manifest = Path("one.csv"), Path("one.csv.manifest.json")
    submit(world[0].id, "test.csv", file)
    head, *rows = rows_of(file)
    rows[3][1] = repr(float(rows[3][1]) + 0.25)
    text = "\n".join(map(",".join, [head, *rows])) + "\n"
    file.write_text(text, encoding="utf-8")
    made = reproduce(manifest)
    assert (made.identical, made.original) == (True, False)
    assert made.largest == pytest.approx(0.25)
    assert made.share == pytest.approx(1 / 12)
    assert file.read_text(encoding="utf-8") == text
    with pytest.raises(InputError, match=r"one\.csv: is there already, and is not written over"):
        reproduce(manifest, file)
    # Another weight: the whole file is another.
    kept = json.loads(manifest.read_text(encoding="utf-8"))
    kept["members"][0]["weight"] = 0.5
    manifest.write_text(json.dumps(kept), encoding="utf-8")
    file.unlink()
    made = reproduce(manifest)
    assert (made.identical, made.compared, made.written) == (False, None, None)
    assert not file.exists()


def test_own_code_data_that_changed_and_no_manifest(world: tuple[Run, ...]) -> None:
    manifest = Path("one.csv.manifest.json")
    submit(world[0].id, "test.csv", Path("one.csv"))
    kept = json.loads(manifest.read_text(encoding="utf-8"))
    kept["members"][0]["code"] = {"my_losses:middle": "0" * 64}
    Path("own.manifest.json").write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(
        InputError, match=r"names code of its author's own \(my_losses:middle\): .*--trust-code"
    ):
        reproduce(Path("own.manifest.json"))
    assert reproduce(Path("own.manifest.json"), trust_code=True).identical

    shutil.rmtree(world[0].folder)
    shutil.rmtree("runs/blend")  # which has a copy
    training = Path("train.csv").read_text(encoding="utf-8")
    Path("train.csv").write_text(training.replace("cat", "cow"), encoding="utf-8")
    with pytest.raises(InputError, match=r"^train\.csv: has changed since it was used"):
        reproduce(manifest)
    Path("test.csv").write_text(
        Path("test.csv").read_text(encoding="utf-8").replace("test-3", "test-x"), encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"^test\.csv: has changed since it was used"):
        reproduce(manifest)
    for text, told in (("{", "reads: no JSON"), ("{}", r"reads \(key file\)"), ('{"a": 1, "a": 2}', "twice")):
        Path("bad.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=told):
            reproduce(Path("bad.json"))
    with pytest.raises(InputError, match=r"none\.json: can't be read"):
        reproduce(Path("none.json"))


def test_a_quota_that_is_used_up_writes_nothing(
    world: tuple[Run, ...], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, url)
    with open_store() as store:
        set_quota(store, Quota(1, "Asia/Seoul"))
    submit(world[0].id, "test.csv", Path("one.csv"))
    with pytest.raises(QuotaError, match=r"Kim: the quota of 1 a day is used up: a new day begins in "):
        submit(world[1].id, "test.csv", Path("two.csv"))
    assert not list(Path().glob("two.csv*"))
    with open_store() as store:
        assert len(submissions(store)) == 1


def test_a_quota_that_is_used_up_meanwhile_writes_nothing(
    world: tuple[Run, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process of the same person was faster: the check before the work saw room."""
    with open_store() as store:
        set_quota(store, Quota(1, "UTC"))
    submit(world[0].id, "test.csv", Path("one.csv"))
    monkeypatch.setattr("dalmeum.competition.ledger.check_quota", lambda store, author: None)
    Path("two.csv").write_text("before", encoding="utf-8")
    with pytest.raises(QuotaError):
        submit(world[1].id, "test.csv", Path("two.csv"))
    assert Path("two.csv").read_text(encoding="utf-8") == "before"
    assert [path.name for path in Path().glob("two.csv*")] == ["two.csv"]


def test_a_store_that_cant_be_reached_or_is_not_installed(
    world: tuple[Run, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "postgresql://me:secret@127.0.0.1:1/db")
    with pytest.raises(InputError, match="nothing answers there") as caught:
        submit(world[0].id, "test.csv", Path("one.csv"))
    assert "secret" not in str(caught.value)
    monkeypatch.setattr("dalmeum.competition.store.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"dalmeum\[team\]"):
        submit(world[0].id, "test.csv", Path("one.csv"))
    assert not list(Path().glob("one.csv*"))
    monkeypatch.delenv(SETTING)
    written = submit(world[0].id, "test.csv", Path("one.csv"))
    assert written.line is None
    assert [each.en for each in written.warnings] == [
        "no ledger is kept, and no quota: SQLAlchemy is not installed: pip install 'dalmeum[team]'"
    ]
    assert Path("one.csv").is_file()


def test_a_sample_gives_order_and_header(world: tuple[Run, ...]) -> None:
    submit(world[0].id, "test.csv", Path("plain.csv"))
    ids = [f"test-{number}" for number in (5, 0, 11, 3, 2, 1, 4, 6, 7, 8, 9, 10)]
    sample = Path("sample.csv")
    sample.write_text("\ufeffguid,score\n" + "".join(f"{each},0\n" for each in ids), encoding="utf-8")
    submit(world[0].id, "test.csv", Path("ordered.csv"), sample=sample)
    head, *rows = rows_of(Path("ordered.csv"))
    assert head == ["guid", "score"]
    assert [row[0] for row in rows] == ids
    assert dict(map(tuple, rows)) == dict(map(tuple, rows_of(Path("plain.csv"))[1:]))  # type: ignore[arg-type]
    assert reproduce(Path("ordered.csv.manifest.json")).identical
    sample.write_text("guid,score\n" + "".join(f"{each},0\n" for each in [*ids[2:], "a", "b"]))
    with pytest.raises(
        InputError,
        match=r"^test.csv: has other ids than sample.csv: 2 ids missing \(a, b\), 2 ids that the sample",
    ):
        submit(world[0].id, "test.csv", Path("other.csv"), sample=sample)
    with pytest.raises(InputError, match=r"^sample\.csv: has changed"):
        reproduce(Path("ordered.csv.manifest.json"))
    for text, told in (
        ("id,target\na,0\na,1\nb,2\n", r"1 id there more than once \(a\)"),
        ("id\na\n", "is no sample"),
        ("id,target\n", "is no sample"),
    ):
        sample.write_text(text)
        with pytest.raises(InputError, match=told):
            Sample.read(sample)
    assert not Path("other.csv").exists()


def test_a_test_file_whose_ids_are_there_twice_or_missing(world: tuple[Run, ...]) -> None:
    lines = Path("test.csv").read_text(encoding="utf-8").splitlines()
    Path("twice.csv").write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"id 'test-0' is also on line 2; ids must be unique"):
        submit(world[0].id, "twice.csv", Path("x.csv"))
    Path("missing.csv").write_text("\n".join([*lines, ",s,a cat,a dog"]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"id is empty|id is missing"):
        submit(world[0].id, "missing.csv", Path("x.csv"))
    assert not list(Path().glob("x.csv*"))


@pytest.mark.parametrize(
    ("place", "told"),
    [("test.csv", "is what is read here"), (".", "is a folder"), ("/dev/null", "is no file that a manifest")],
)
def test_places_that_are_no_file(world: tuple[Run, ...], place: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        submit(world[0].id, "test.csv", Path(place))


def test_blends_that_are_none(world: tuple[Run, ...]) -> None:
    file = Path("runs/blend/blend.json")
    kept = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**kept, "members": [{"run": "gone", "weight": 1.0}]}), encoding="utf-8")
    (member,) = answering("blend").members
    assert (member.run, member.model) == (None, Path("runs/blend/model/member-1"))
    shutil.rmtree("runs/blend/model")
    for values, told in (
        ({**kept, "members": []}, "names no member"),
        ({**kept, "members": [{"run": "nobody", "weight": 1.0}]}, "nobody: no such run"),
        ({**kept, "members": [{"run": "blend", "weight": 1.0}]}, "is a blend itself"),
        ({**kept, "members": [{"run": world[0].id, "weight": "much"}]}, "is no blend that this version"),
    ):
        file.write_text(json.dumps(values), encoding="utf-8")
        with pytest.raises(InputError, match=told):
            answering("blend")


def test_a_models_folder_counts_as_its_run(world: tuple[Run, ...], tmp_path: Path) -> None:
    (member,) = answering(world[0].model).members
    assert member.run is not None
    assert member.run.id == world[0].id
    alone = shutil.copytree(world[0].model, tmp_path / "alone")
    submit(alone, "test.csv", Path("alone.csv"))
    submit(world[0].id, "test.csv", Path("run.csv"))
    assert Path("alone.csv").read_bytes() == Path("run.csv").read_bytes()
    shutil.rmtree(alone)
    assert reproduce(Path("alone.csv.manifest.json")).identical  # found by its content
    shutil.rmtree(world[0].folder)
    assert reproduce(Path("alone.csv.manifest.json")).identical  # in the blend
    shutil.rmtree("runs/blend")
    with pytest.raises(InputError, match="nothing says how it was trained: put it back"):
        reproduce(Path("alone.csv.manifest.json"))


def table_of(ids: list[str]) -> PairTable:
    texts = ("",) * len(ids)
    return PairTable(tuple(ids), texts, texts, texts, name="test.csv")


IDS = st.lists(st.text(min_size=1).filter(lambda text: text.isprintable()), min_size=1, unique=True)


@settings(max_examples=100, deadline=None)
@given(IDS, st.randoms(use_true_random=False), st.data())
def test_ids_and_their_order_survive(ids: list[str], random: Any, data: st.DataObject) -> None:
    scores = data.draw(st.lists(st.floats(-10, 10), min_size=len(ids), max_size=len(ids)))
    shuffled = random.sample(ids, len(ids))
    order = Sample(DataFile("sample.csv", len(ids), ""), ("id", "target"), tuple(shuffled))
    similarity = np.array(scores)
    clipped = dict(zip(ids, np.clip(similarity, 0, 5).tolist(), strict=True))
    for sample, expected in ((None, ids), (order, shuffled)):
        content = submission_bytes(*laid_out(table_of(ids), similarity, sample)).decode("utf-8")
        _, *rows = csv.reader(content.splitlines(keepends=True))
        assert [row[0] for row in rows] == expected
        assert [float(row[1]) for row in rows] == [clipped[name] for name in expected]


def test_scores_that_are_no_number_and_no_pairs() -> None:
    with pytest.raises(DalmeumError, match="1 score of the models' sum"):
        laid_out(table_of(["a", "b"]), np.array([np.nan, 1.0]), None)
    with pytest.raises(InputError, match="holds no pair"):
        laid_out(table_of([]), np.zeros(0), None)


def test_differences() -> None:
    one = b"id,target\na,1.0\nb,2.0\nc,3.0\nd,4.0\n"
    other = b"id,target\nd,4.0\nb,2.5\nc,3.0\na,0.9\n"
    assert differences(one, other) == (0.5, 0.5)
    assert differences(one, one) == (0.0, 0.0)
    assert differences(one, b"id,target\na,1.0\n") == (None, None)
    assert differences(one, b"nothing") == (None, None)
