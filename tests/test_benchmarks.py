"""The benchmarks run, small; what they measure is for a quiet machine."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch.utils.flop_counter import FlopCounterMode

from dalmeum.models.cross import new_cross_encoder

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
Write = Callable[..., Path]


def run_arm(script: str, arm: str, *options: str) -> dict[str, Any]:
    command = [sys.executable, str(BENCHMARKS / script), "--arm", arm, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["plain_step", "steady_exact"])
def test_exact_step(minilm: str, write_pairs: Write, arm: str) -> None:
    train = str(write_pairs("train.csv", 32))
    result = run_arm(
        "exact_step.py", arm, "--train", train, "--effective-batch-size", "32", "--encoder", minilm
    )
    assert result["peak_bytes"] > 0
    if arm == "steady_exact":
        # All weights but the embeddings have a float32 gradient at the end, whatever else there is.
        assert result["live_bytes"] > 4 * 10_000_000


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["dalmeum", "peer_tuned"])
def test_training(minilm: str, write_pairs: Write, arm: str) -> None:
    files = [
        f"--{name}={write_pairs(f'{name}.csv', 16, seed=seed)}" for seed, name in enumerate(["train", "dev"])
    ]
    result = run_arm("training.py", arm, *files, "--encoder", minilm)
    assert result["pairs_per_second"] > 0
    assert result["share_of_peak"] is None or 0 < result["share_of_peak"] < 1


@pytest.mark.slow
def test_scoring(minilm: str, write_pairs: Write) -> None:
    command = [sys.executable, str(BENCHMARKS / "scoring.py"), "--json", "--repeats", "1"]
    command += ["--pairs-file", str(write_pairs("pairs.csv", 16)), "--encoder", minilm]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    assert set(result["pairs_per_second"]) == {"dalmeum", "peer_default", "peer_tuned"}
    assert result["largest_difference"]["peer_default"] < 0.1


def test_operations_are_those_that_torch_counts(
    tiny_encoder: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    flops = importlib.import_module("flops")
    model, encoding = new_cross_encoder(tiny_encoder("bert"), num_labels=1, max_length=64, seed=0)
    model.set_attn_implementation("eager")
    items = encoding.encode(["The cat eats. " * 20], ["A dog."])
    with FlopCounterMode(display=False) as counter:
        model(**encoding.collate(items)).logits.sum().backward()
    assert encoding.lengths(items) == [64]
    ours = flops.training_flops(model, [64])
    counted = counter.get_total_flops()
    assert ours == pytest.approx(counted, rel=0.03)
