"""A study, a training and a prediction, killed at their writes: what is left is sound, and goes on."""

import csv
import os
import sys
from pathlib import Path

import pytest
import yaml

from dalmeum.data.practice.files import write_practice
from tests import kill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("DALMEUM_KILLS", "8"))
DALMEUM = (sys.executable, "-m", "dalmeum")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small recipe on a few practice pairs, and a study of two arms and two seeds."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    practice, folder = tmp_path / "practice", tmp_path / "world"
    write_practice(practice)
    (folder / "data").mkdir(parents=True)
    for split in ("train", "dev"):
        with (practice / f"{split}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        with (folder / "data" / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows[:41])
    recipe = {
        "data": {"train": "data/train.csv", "dev": "data/dev.csv"},
        "model": {"kind": "offline"},
        "training": {"epochs": 2, "effective_batch_size": 16, "learning_rate": 1e-3},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    study = {"question": "?", "baseline": recipe, "arms": {"mae": {"loss.alpha": 1.0}}, "seeds": [1, 2]}
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return folder


def test_a_study(world: Path) -> None:
    found = dict(kill.check([*DALMEUM, "study", "study.yaml", "--jobs", "1"], world, KILLS))
    assert len(found) == KILLS
    assert {place: problems for place, problems in found.items() if problems} == {}


def test_a_training_and_a_prediction(world: Path) -> None:
    found = dict(kill.check([*DALMEUM, "train", "recipe.yaml"], world, max(3, KILLS // 3)))
    trained = kill.call([*DALMEUM, "train", "recipe.yaml"], world)
    assert trained.code == 0, trained.said
    (run,) = (path.parent.name for path in world.glob("runs/*/run.json"))
    for command in (("predict", run, "data/dev.csv", "-o", "out.csv"), ("evaluate", run, "data/dev.csv")):
        found |= dict(kill.check([*DALMEUM, *command], world))
    assert {place: problems for place, problems in found.items() if problems} == {}
