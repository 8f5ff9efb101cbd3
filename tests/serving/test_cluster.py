"""Real Ray on this machine: two workers, one of which dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dalmeum.errors import DalmeumError, InputError
from dalmeum.serving import cluster
from tests.cli.test_commands import call
from tests.conftest import draw_pairs

COMMAND = [sys.executable, "-m", "dalmeum", "score", "latest", "pairs.tsv", "-o", "out.csv"]


def write(path: Path, rows: int) -> None:
    lines = [f"{one} {number}\t{two}" for number, (one, two, _) in enumerate(draw_pairs(rows))]
    path.write_text("\n".join(["sentence1\tsentence2", *lines]) + "\n", encoding="utf-8")


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    family = psutil.Process(process.pid).children(recursive=True)
    return [each for each in family if "MapWorker" in " ".join(each.cmdline())]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_worker_that_dies_costs_nothing_but_time(own_run: Path) -> None:
    write(Path("pairs.tsv"), 60_000)
    alone = subprocess.run(
        COMMAND, check=False, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert alone.returncode == 0, alone.stderr
    expected = Path("out.csv").read_bytes()
    Path("out.csv").unlink()
    process = subprocess.Popen(
        [*COMMAND, "--cluster", "--workers", "2", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(600):
            if list(Path("out.csv.parts").glob("*.npy")) and len(workers_of(process)) == 2:
                break
            assert process.poll() is None, process.communicate()
            time.sleep(0.2)
        workers_of(process)[0].send_signal(signal.SIGKILL)
        out, error = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, error
    assert json.loads(out)["rows"] == 60_000
    assert Path("out.csv").read_bytes() == expected
    assert not [line for line in error.splitlines() if not line.startswith("scoring ")]


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:70000"])
def test_a_cluster_that_does_not_answer_is_told_soon(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    begun = time.monotonic()
    with pytest.raises(InputError, match=f"RAY_ADDRESS {address}: no cluster answers there"):
        cluster._started()
    assert time.monotonic() - begun < 60


def test_without_ray_one_line_says_how_it_is_installed(
    own_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    write(Path("pairs.tsv"), 10)
    assert call("score", "latest", "pairs.tsv", "-o", "out.csv", "--cluster") == 2
    assert "pip install 'dalmeum[scale]'" in capsys.readouterr().err
    assert not Path("out.csv").exists()
    assert not Path("out.csv.parts").exists()


def test_what_a_worker_raised_is_found_in_what_is_around_it() -> None:
    inner = InputError("pairs.csv: a worker can't read it")
    outer = RuntimeError("ray")
    outer.cause = inner  # type: ignore[attr-defined]
    around = RuntimeError("more of it")
    around.__cause__ = outer
    assert cluster._told(around) is inner
    told = cluster._told(RuntimeError("a trace\n\nof the end"))
    assert type(told) is DalmeumError
    assert str(told) == "a worker of the cluster failed: of the end"
