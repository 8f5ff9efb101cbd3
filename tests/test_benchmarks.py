"""The benchmarks run, small; what they measure is for a quiet machine."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForSequenceClassification

from dalmeum.data import PairTable
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
@pytest.mark.parametrize(
    ("arm", "kind"), [("dalmeum", "bi"), ("peer_tuned", "cross"), ("peer_default", "bi")]
)
def test_training(minilm: str, write_pairs: Write, arm: str, kind: str) -> None:
    files = [
        f"--{name}={write_pairs(f'{name}.csv', 16, seed=seed)}" for seed, name in enumerate(["train", "dev"])
    ]
    result = run_arm("training.py", arm, *files, "--encoder", minilm, "--kind", kind)
    assert result["processor_seconds"] > 0
    assert result["pairs_per_second"] == pytest.approx(16 / result["seconds"])
    # All-MiniLM's cosines are good as they come; the fresh head of a cross-encoder has seen one step.
    assert result["pearson"] > (0.3 if kind == "bi" else -1)
    assert len(result["predictions"]) == 16
    assert result["share_of_peak"] is None or 0 < result["share_of_peak"] < 1


@pytest.mark.slow
def test_scoring(minilm: str, write_pairs: Write) -> None:
    command = [sys.executable, str(BENCHMARKS / "scoring.py"), "--json", "--repeats", "1"]
    command += ["--pairs-file", str(write_pairs("pairs.csv", 16)), "--encoder", minilm]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    arms = {"dalmeum", "dalmeum_float32", "peer_default", "peer_tuned"}
    assert set(result["pairs_per_second_processor"]) == set(result["times_peer_default_wall"]) == arms
    assert result["times_peer_default_wall"]["peer_default"] == 1
    assert all(0 < share < 1.1 for share in result["peak_share"].values())
    assert result["largest_difference"]["peer_default"] < 0.1


@pytest.mark.slow
def test_first_recipes(tmp_path: Path) -> None:
    out = tmp_path / "first.json"
    call = [sys.executable, str(BENCHMARKS / "first_recipes.py"), "--rounds", "1", "--steps", "1"]
    subprocess.run([*call, "--out", str(out)], check=True, capture_output=True)
    result = json.loads(out.read_text(encoding="utf-8"))
    seconds = result["processor_seconds"]
    assert result["times"] == seconds["competition-e5"][0] / seconds["competition-offline"][0] > 0.1
    assert result["settings"] == {"rounds": 1, "steps": 1, "threads": "1"}


def test_training_tells_medians_of_ratios_within_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    training = importlib.import_module("training")

    def runs(seconds: list[float], factor: float) -> list[dict[str, float | None]]:
        return [
            {"seconds": each, "processor_seconds": factor * each, "share_of_peak": None} for each in seconds
        ]

    summary = training.summarise(
        {"dalmeum": runs([1.0, 2.0, 4.0], 1.0), "peer_default": runs([3.0, 4.0, 10.0], 2.0)}
    )
    assert summary["ratio_default"] == 2.5
    assert summary["processor_ratio_default"] == 5.0
    assert summary["seconds"] == {"dalmeum": 2.0, "peer_default": 4.0}
    assert "ratio_tuned" not in summary


def test_training_pairs_are_drawn_over_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    training = importlib.import_module("training")
    texts = tuple(map(str, range(1000)))
    table = PairTable(texts, ("",) * 1000, texts, texts, label=np.zeros(1000))
    drawn = [int(text) for text in training.shuffled(table, 100).sentence1]
    assert len(set(drawn)) == 100
    assert 400 < np.mean(drawn) < 600
    assert np.mean(np.abs(np.diff(drawn))) > 200
    assert sorted(training.shuffled(table, None).sentence1) == sorted(texts)


def test_operations_are_those_that_torch_counts(
    tiny_encoder: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    flops = importlib.import_module("flops")
    name = tiny_encoder("bert")
    _, encoding = new_cross_encoder(name, num_labels=1, max_length=64, seed=0)
    model = AutoModelForSequenceClassification.from_pretrained(name)  # with a whole last layer
    model.set_attn_implementation("eager")
    items = encoding.encode(["The cat eats. " * 20], ["A dog."])
    with FlopCounterMode(display=False) as counter:
        model(**encoding.collate(items)).logits.sum().backward()
    assert encoding.lengths(items) == [64]
    ours = flops.training_flops(model, [64])
    counted = counter.get_total_flops()
    assert ours == pytest.approx(counted, rel=0.03)
