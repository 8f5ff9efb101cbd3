"""A run of two processes, cut short: all end, with a line, and --resume takes the same way to the end."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from dalmeum.recipe import Recipe, build_recipe
from dalmeum.runs.folder import open_run
from tests.conftest import draw_pairs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DALMEUM = ("-m", "dalmeum", "train")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *DALMEUM)
TO_END = 60
"""Seconds that a process may take to end; by itself gloo waits for half an hour."""


@dataclass(frozen=True)
class Whole:
    """A recipe, and what its uninterrupted run by two processes predicts."""

    recipe: Recipe
    predictions: NDArray[np.float64]


def write_recipe(recipe: Recipe, folder: Path) -> str:
    path = folder / "recipe.yaml"
    path.write_text(recipe.model_copy(update={"output": str(folder / "runs")}).to_yaml(), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Callable[[str], str]) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    for split, pairs in {"train": draw_pairs(46, 1), "dev": draw_pairs(24, 2)}.items():
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "source", "sentence_1", "sentence_2", "label"])
            writer.writerows([number, "drawn", *pair] for number, pair in enumerate(pairs))
    recipe = build_recipe(
        {
            "data": {"train": str(folder / "train.csv"), "dev": str(folder / "dev.csv")},
            "model": {"kind": "cross", "encoder": tiny_encoder("bert"), "max_length": 32},
            # 46 = 3 * 15 + 1: the last batch is one pair, which leaves the second process none.
            "training": {
                "epochs": 25,
                "effective_batch_size": 15,
                "micro_batch_size": 4,
                "learning_rate": 1e-4,
                "precision": "float32",
            },
        },
        "test",
    )
    subprocess.run([*TORCHRUN, write_recipe(recipe, folder)], capture_output=True, check=True, timeout=300)
    return Whole(recipe, predictions(folder))


def predictions(folder: Path) -> NDArray[np.float64]:
    (run,) = (path.parent for path in (folder / "runs").glob("*/run.json"))
    with open_run(run).predictions("dev").open(encoding="utf-8") as file:
        return np.array([float(row["prediction"]) for row in csv.DictReader(file)])


def wait_for_a_checkpoint(folder: Path, *processes: subprocess.Popen[str]) -> Path:
    """The run's folder, once training is past its second epoch."""
    deadline = time.monotonic() + 300
    while not (found := list(folder.glob("runs/*/checkpoints/checkpoint-8/trainer_state.json"))):
        assert all(process.poll() is None for process in processes)
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found[0].parents[2]


def check_resumed(whole: Whole, folder: Path, run: Path) -> None:
    """What is left is sound, and the run, taken up by two processes, ends as if uninterrupted."""
    for weights in run.glob("checkpoints/*/model.safetensors"):
        if (weights.parent / "trainer_state.json").exists():
            assert all(np.isfinite(tensor).all() for tensor in load_file(weights).values())
    command = [*TORCHRUN, str(folder / "recipe.yaml"), "--resume", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(done.stdout)["folder"] == str(run)
    assert "epoch 1.0/25" not in done.stderr
    assert open_run(run).record.state == "finished"
    assert all(
        np.isfinite(tensor).all() for tensor in load_file(run / "model" / "model.safetensors").values()
    )
    np.testing.assert_allclose(predictions(folder), whole.predictions, atol=1e-5)


@pytest.mark.parametrize("victim", [0, 1])
def test_the_other_process_of_a_killed_one_ends(whole: Whole, tmp_path: Path, victim: int) -> None:
    # Without torchrun, which would end the other: as on two machines.
    path = write_recipe(whole.recipe, tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    meeting = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    processes = [
        subprocess.Popen(
            [sys.executable, *DALMEUM, path],
            env=os.environ | meeting | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        run = wait_for_a_checkpoint(tmp_path, *processes)
        processes[victim].send_signal(signal.SIGKILL)
        _, said = processes[1 - victim].communicate(timeout=TO_END)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    line = f"process {1 - victim} of 2: another process of this run was lost; the run goes on with --resume"
    assert processes[1 - victim].returncode == 1
    assert said.splitlines()[-1] == line
    assert "Traceback" not in said
    record = open_run(run).record
    assert (record.state, record.error) == ("failed", line)
    check_resumed(whole, tmp_path, run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_processes_end_on_a_signal(whole: Whole, tmp_path: Path, number: signal.Signals) -> None:
    path = write_recipe(whole.recipe, tmp_path)
    torchrun = subprocess.Popen([*TORCHRUN, path], stderr=subprocess.PIPE, text=True)
    try:
        run = wait_for_a_checkpoint(tmp_path, torchrun)
        children = children_of(torchrun)
        assert len(children) == 2
        torchrun.send_signal(number)
        _, said = torchrun.communicate(timeout=TO_END)
    finally:
        torchrun.kill()
        torchrun.communicate()
    assert torchrun.returncode != 0
    assert said.count("a training run goes on with --resume") == 2
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    check_resumed(whole, tmp_path, run)


def children_of(process: subprocess.Popen[Any]) -> list[str]:
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]
