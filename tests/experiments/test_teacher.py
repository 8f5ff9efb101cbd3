"""A student learns what a teacher says of pairs without labels. Real models, small ones."""

import csv
import dataclasses
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

import dalmeum
from dalmeum.competition.reproduce import reproduce
from dalmeum.competition.submit import submit
from dalmeum.data import read_pairs
from dalmeum.data.splits import PairReader, read_splits
from dalmeum.errors import InputError
from dalmeum.experiments.plan import plan_study
from dalmeum.experiments.ready import check_ready, plan_told
from dalmeum.experiments.study import conduct
from dalmeum.experiments.teacher import learned_from, scored_by_teacher, teacher_notes
from dalmeum.experiments.train import train
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.recipe.study import build_study
from dalmeum.runs.data import scores_file, teacher_file
from dalmeum.runs.folder import load, open_run
from dalmeum.runs.predictions import read_predictions
from tests.conftest import draw_pairs, run_folders

Tiny = Callable[[str], str]
Write = Callable[..., Path]
Make = Callable[..., Recipe]

NEW = 30


@pytest.fixture
def make(here: Path, tiny_encoder: Tiny, write_pairs: Write) -> Make:
    """A recipe of a student; `teacher` is a folder with a model, untrained, on 0..5."""
    write_pairs("train.csv", 48, seed=1)
    write_pairs("dev.csv", 24, seed=2)
    with Path("more.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sentence1", "sentence2"])
        writer.writerows((f"{n} {one}", f"{n} {two}") for n, (one, two, _) in enumerate(draw_pairs(NEW, 3)))
    encoder = tiny_encoder("bert")
    save_teacher(encoder, Path("teacher"))

    def build(**sections: dict[str, Any]) -> Recipe:
        values: dict[str, Any] = {
            "data": {"train": "train.csv", "dev": "dev.csv", "unlabelled": "more.csv"},
            "model": {"kind": "cross", "encoder": encoder, "max_length": 32},
            "loss": {"teacher": "teacher"},
            "training": {"epochs": 1, "effective_batch_size": 16, "precision": "float32"},
        }
        for section, changes in sections.items():
            values[section] = values.get(section, {}) | changes
        return build_recipe(values, "test")

    return build


def save_teacher(encoder: str, folder: Path, label_range: tuple[float, float] = (0.0, 5.0)) -> None:
    model, encoding = new_cross_encoder(encoder, num_labels=1, max_length=32, seed=5)
    scorer = PairScorer(model, encoding, label_range)
    scorer.start_at(sum(label_range) / 2)
    scorer.save(folder)


def test_a_student_learns_from_labels_and_from_a_teacher(make: Make) -> None:
    run = train(make(), "taught")
    assert run.record.training is not None
    assert run.record.training["steps"] == 5  # of 78 pairs in batches of 16
    teacher, pairs = run.record.data["teacher"], run.record.data["unlabelled"]
    assert (teacher.path, teacher.rows, pairs.path, pairs.rows) == ("teacher", NEW, "more.csv", NEW)
    # Judged, and predicted, are the pairs that people labelled.
    assert len(read_predictions(run.predictions("train")).predictions) == 48
    assert len(read_predictions(run.predictions("dev")).predictions) == 24
    assert set(run.metrics()) == {"train", "dev"}
    alone = train(make(loss={"teacher": None}, data={"unlabelled": None}), "alone")
    assert alone.record.training is not None
    assert alone.record.training["steps"] == 3
    ours, theirs = (read_predictions(each.predictions("dev")).predictions for each in (run, alone))
    assert not np.allclose(ours.similarity, theirs.similarity)


def test_labels_are_the_teacher_s_scores(make: Make) -> None:
    recipe = make()
    tables = read_splits(recipe)
    scored = scored_by_teacher(recipe, tables)
    assert scored is not None
    expected = np.clip(load("teacher").score(list(read_pairs("more.csv").pairs)), 0, 5)
    assert np.ptp(expected) > 0.01
    learned = learned_from(recipe, tables["train"], scored)
    assert learned.label is not None
    np.testing.assert_allclose(learned.label[48:], expected, atol=1e-5)
    assert learned.label[:48].tolist() == read_pairs("train.csv").label.tolist()  # type: ignore[union-attr]


def test_another_label_range_is_mapped(
    make: Make, tiny_encoder: Tiny, capsys: pytest.CaptureFixture[str]
) -> None:
    save_teacher(tiny_encoder("bert"), Path("unit"), (1.0, 3.0))
    recipe = make(loss={"teacher": "unit"})
    scored = scored_by_teacher(recipe, read_splits(recipe))
    assert scored is not None
    assert scored.label is not None
    raw = load("unit").score(list(read_pairs("more.csv").pairs))
    np.testing.assert_allclose(scored.label, np.clip((raw - 1) * 2.5, 0, 5), atol=1e-5)
    assert "unit answers on 1..3: its scores are mapped to 0..5" in capsys.readouterr().err


def test_scores_out_of_the_range_are_clipped(make: Make, tiny_encoder: Tiny) -> None:
    save_teacher(tiny_encoder("bert"), Path("high"), (0.0, 5.0))
    model = load("high")
    model.fold(1.0, 10.0)
    model.save(Path("higher"))
    recipe = make(loss={"teacher": "higher"})
    scored = scored_by_teacher(recipe, read_splits(recipe))
    assert scored is not None
    assert set(scored.label.tolist()) == {5.0}  # type: ignore[union-attr]


def test_pairs_are_scored_once_for_all_runs(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    train(make(), "one")
    assert "teacher scores 30 pairs of more.csv" in capsys.readouterr().err
    train(make(training={"seed": 7}), "two")
    assert "once for all runs" not in capsys.readouterr().err
    (kept,) = Path("runs/data").iterdir()
    assert kept.name.startswith("teacher-")
    assert kept.suffix == ".parquet"


def test_who_comes_while_another_scores_waits_for_it(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = make()
    tables = read_splits(recipe)
    unlabelled = tables["train"].unlabelled
    assert unlabelled is not None
    place = scores_file(recipe, unlabelled, teacher_file(recipe, unlabelled).sha256)
    place.parent.mkdir(parents=True)
    held = threading.Event()

    def hold() -> None:
        with FileLock(f"{place}.lock"):
            held.set()
            time.sleep(0.5)

    threading.Thread(target=hold).start()
    held.wait()
    start = time.monotonic()
    scored_by_teacher(recipe, tables)
    assert time.monotonic() - start > 0.4
    assert "waiting for it" in capsys.readouterr().err


def test_a_run_is_taken_up_when_its_teacher_is_gone(make: Make) -> None:
    run = train(make(), "taught")
    run.update(state="failed", finished=None)
    shutil.move("teacher", "away")
    again = train(make(), "taught", resume=True)
    assert again.folder == run.folder
    assert again.record.state == "finished"
    # Its scores are there, so that another seed can learn from them, too.
    other = train(make(training={"seed": 7}), "other")
    assert other.record.data["teacher"] == run.record.data["teacher"]
    shutil.rmtree("runs/data")
    with pytest.raises(InputError, match=r"^loss\.teacher: teacher: no such run"):
        train(make(training={"seed": 8}), "other")


def test_a_run_is_not_taken_up_when_its_teacher_is_another(make: Make, tiny_encoder: Tiny) -> None:
    run = train(make(), "taught")
    run.update(state="failed", finished=None)
    shutil.rmtree("teacher")
    save_teacher(tiny_encoder("roberta"), Path("teacher"))
    again = train(make(), "taught", resume=True)
    assert again.folder != run.folder
    assert again.record.data["teacher"].sha256 != run.record.data["teacher"].sha256


def test_each_fold_s_model_learns_its_own_pairs(make: Make) -> None:
    run = train(make(data={"dev": None, "folds": 2}), "folds")
    assert run.record.out_of_fold
    assert len(read_predictions(run.predictions("dev")).predictions) == 48
    members = (run.record.training or {})["members"]
    assert [each["steps"] for each in members.values()] == [4, 4]  # of 24 + 30 pairs


def test_members_of_an_ensemble_learn_them_too(make: Make, tiny_encoder: Tiny) -> None:
    members = {
        "one": {"kind": "cross", "encoder": tiny_encoder("bert")},
        "two": {"kind": "cross", "encoder": tiny_encoder("roberta")},
    }
    run = train(make(model={"kind": "ensemble", "encoder": None, "members": members}), "both")
    assert (run.record.training or {})["steps"] == 10
    assert len(read_predictions(run.predictions("train")).predictions) == 48


def test_binary_labels_follow_the_data_s_threshold(make: Make) -> None:
    recipe = make(tasks={"binary": {"weight": 0.5}})
    tables = read_splits(recipe)
    scored = scored_by_teacher(recipe, tables)
    assert scored is not None
    learned = learned_from(recipe, tables["train"], scored)
    assert learned.binary is not None
    assert learned.label is not None
    assert learned.binary[48:].tolist() == (learned.label[48:] >= 2.5).astype(int).tolist()
    assert train(recipe, "binary").metrics()["dev"]["f1"] is not None


def test_binary_labels_that_tell_no_threshold_are_refused(make: Make) -> None:
    rows = [f"t{n},u{n},{n % 6},1" for n in range(12)]
    Path("train.csv").write_text("\n".join(["sentence1,sentence2,label,binary-label", *rows]))
    Path("dev.csv").write_text("\n".join(["sentence1,sentence2,label,binary-label", "d,e,1,0", "f,g,4,1"]))
    recipe = make(tasks={"binary": {"weight": 0.5}})
    with pytest.raises(InputError, match=r"^tasks\.binary: .* set tasks\.binary\.threshold"):
        check_ready([recipe], PairReader())
    check_ready([make(tasks={"binary": {"weight": 0.5, "threshold": 3.0}})], PairReader())


def test_a_teacher_of_own_code_is_refused(make: Make) -> None:
    config = json.loads(Path("teacher/config.json").read_text())
    config["dalmeum"]["kind"] = "somebody:Kind"
    Path("teacher/config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"^loss\.teacher: .*somebody:Kind.*dalmeum score") as error:
        train(make(), "taught")
    assert not run_folders("runs")
    assert "\n" not in str(error.value)


def test_a_broken_teacher_is_told_in_a_line(make: Make) -> None:
    Path("teacher/model.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"^loss\.teacher: "):
        train(make(), "taught")
    assert not run_folders("runs")


def test_a_teacher_is_looked_for_before_the_heavy_imports(make: Make) -> None:
    with pytest.raises(InputError, match=r"^loss\.teacher: nowhere: no such run"):
        check_ready([make(loss={"teacher": "nowhere"})], PairReader())


def test_what_a_teacher_knows_of_dev_is_told(make: Make) -> None:
    teacher = train(make(data={"unlabelled": None, "dev": None}, loss={"teacher": None}), "teacher")
    judged = make(loss={"teacher": str(teacher.folder)}, data={"train": "dev.csv", "dev": "train.csv"})
    (told,) = [each.en for each in teacher_notes(judged, read_splits(judged)) if "flatters" in each.en]
    assert told.startswith(f"loss.teacher {teacher.folder}: train.csv: 48 pairs (100.0%) also in train.csv")
    run = train(judged, "student")
    assert told in [warning.en for warning in run.record.warnings]
    # Whoever judges the student on these pairs later is told as well.
    with pytest.warns(UserWarning, match="flatters") as warned:
        dalmeum.evaluate(run, "train.csv", output="runs")
    assert told in [str(each.message) for each in warned]
    # One that learned from other pairs knows nothing of these.
    assert teacher_notes(make(), read_splits(make())) == ()


def test_the_plan_counts_the_scored_pairs(make: Make) -> None:
    recipe = make()
    told = plan_told(recipe, read_splits(recipe), "runs", PairReader())
    assert "training on 48 pairs and 30 that teacher scores, dev of 24" in told.en
    assert "5 steps" in told.en
    assert "문장쌍 48개와 teacher이(가) 점수를 매기는 30개로 학습" in told.ko


def test_a_study_s_arms_may_have_teachers(make: Make) -> None:
    baseline = make(loss={"teacher": None}, data={"unlabelled": None}).model_dump(mode="json")
    del baseline["training"]["seed"]
    arms = {"taught": {"data.unlabelled": "more.csv", "loss.teacher": "teacher"}}
    study = build_study({"question": "?", "baseline": baseline, "arms": arms, "seeds": [1, 2]}, "study")
    planned = plan_study(study, "study", Path("studies"), seed_sd=0.01, pair_se=0.01)
    assert "4" in str(planned)
    conducted = conduct(study, "study", Path("studies"), jobs=1)
    assert [len(runs) for runs in conducted.runs.values()] == [2, 2]
    taught = conducted.runs["taught"][0]
    assert list(conducted.findings.to_dict()["splits"]["dev"]["arms"]) == ["baseline", "taught"]
    # The same run as one that is trained alone.
    alone = train(make(training={"seed": 1}), "alone", parent_study="study")
    assert alone.folder.resolve() == taught.folder.resolve()


def test_pairs_without_labels_may_be_in_memory(make: Make) -> None:
    pairs = [tuple(pair) for pair in read_pairs("more.csv").pairs]
    values = make().model_dump(mode="python")
    values["data"]["unlabelled"] = None
    values["loss"]["teacher"] = None
    run = dalmeum.train(values, name="held", data={"unlabelled": pairs}, loss={"teacher": "teacher"})
    written = run.record.data["unlabelled"]
    assert written.rows == NEW
    assert Path(written.path).parent == run.folder / "data"
    assert open_run(run.folder).recipe().data.unlabelled == written.path
    again = train(run.recipe(), "again", parent_study="any")
    assert again.folder == run.folder


def test_a_damaged_file_of_scores_is_told(make: Make) -> None:
    train(make(), "one")
    (kept,) = Path("runs/data").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(InputError, match=kept.name):
        train(make(training={"seed": 3}), "two")


def test_nothing_of_dev_is_learned_from(make: Make) -> None:
    recipe = make(data={"unlabelled": "dev.csv"})
    with pytest.raises(InputError, match=r"^data\.unlabelled: dev\.csv: of 24 pairs 24 share a sentence"):
        train(recipe, "taught")
    recipe = make()
    tables = read_splits(recipe)
    scored = scored_by_teacher(recipe, tables)
    assert scored is not None
    learned = learned_from(recipe, tables["train"], scored)
    assert not set(tables["dev"].pairs) & set(list(learned.pairs)[48:])
    assert dataclasses.replace(learned, name="").take(range(48)).sha256 != learned.sha256


def test_a_submission_of_a_student_is_made_again(make: Make, tiny_encoder: Tiny) -> None:
    rows = [f"n{number},{number} one,{number} two" for number in range(6)]
    Path("test.csv").write_text("\n".join(["id,sentence1,sentence2", *rows]))
    run = train(make(data={"test": "test.csv"}), "student")
    submit(run.id, "test.csv", Path("out.csv"))
    before = Path("out.csv").read_bytes()
    shutil.rmtree(run.folder)
    made = reproduce(Path("out.csv.manifest.json"), Path("again.csv"))
    assert [each.how for each in made.members] == ["trained"]
    assert Path("again.csv").read_bytes() == before
    for folder in run_folders("runs"):
        shutil.rmtree(folder)
    shutil.rmtree("teacher")
    save_teacher(tiny_encoder("roberta"), Path("teacher"))
    with pytest.raises(InputError, match=r"^teacher: has changed since it was used"):
        reproduce(Path("out.csv.manifest.json"), Path("third.csv"))
