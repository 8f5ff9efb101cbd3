"""What a first score of two sentences costs: processor time of a fresh process, in turns with the peer's.

    python benchmarks/cold_start.py --cross RUN --offline RUN --out benchmarks/results/cold-start-DATE.json

The peer is sentence-transformers' `CrossEncoder(FOLDER).predict` on the cross-encoder's own folder. Beside
them stand floors: what a process costs that only imports torch, or transformers' classes of BERT, or has Kiwi
cut its first sentence. Runs are saved anew first, so that they have golden scores, and scored once.

It also measures how far float32 scores of the golden pairs move with batches and threads, on which the
tolerance of golden scores rests.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PACKAGES = ("dalmeum", "torch", "transformers", "tokenizers", "sentence-transformers", "kiwipiepy", "numpy")
TEXTS = ("비가 온다.", "비가 내린다.")

SCORE = "from dalmeum.cli import main; main()"
PEER = """
import sys
from sentence_transformers import CrossEncoder
print(CrossEncoder(sys.argv[1], device="cpu").predict([tuple(sys.argv[2:])])[0])
"""
FLOORS = {
    "import_torch": "import torch",
    "import_bert": "from transformers.models.bert.modeling_bert import BertForSequenceClassification",
    "kiwi": "from kiwipiepy import Kiwi; Kiwi(model_type='cong').tokenize('비가 온다.')",
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cross", type=Path, required=True, help="a run of a cross-encoder")
    parser.add_argument("--offline", type=Path, required=True, help="a run of the offline encoder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    from dalmeum.runs.folder import load

    with tempfile.TemporaryDirectory() as folder:
        models, moved = {}, {}
        for kind in ("cross", "offline"):
            models[kind] = Path(folder) / kind
            scorer = load(getattr(options, kind))
            scorer.save(models[kind])
            moved[kind] = movements(scorer.with_precision("float32"))
        result: dict[str, Any] = {
            **processor_seconds(models, options.rounds),
            "golden": moved,
        }
    print(json.dumps(result, indent=1))
    if options.out:
        from record import circumstances

        settings = {"rounds": options.rounds, "texts": TEXTS, "load": os.getloadavg()[0]}
        kept = {**circumstances(PACKAGES, settings), **result}
        options.out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def processor_seconds(models: dict[str, Path], rounds: int) -> dict[str, Any]:
    """Medians, and all of them: user and system time of each process and its children."""
    arms: dict[str, Sequence[str]] = {
        **{kind: (SCORE, "score", str(model), *TEXTS) for kind, model in models.items()},
        "peer": (PEER, str(models["cross"]), *TEXTS),
        **{name: (program,) for name, program in FLOORS.items()},
    }
    for kind in models:  # golden scores are asked once
        spent(arms[kind])
    found: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, words in arms.items():
            found[name].append(spent(words))
    medians = {name: round(statistics.median(seconds), 2) for name, seconds in found.items()}
    return {
        "seconds": medians,
        "peer_ratio": round(medians["peer"] / medians["cross"], 2),
        "all": {name: [round(each, 2) for each in seconds] for name, seconds in found.items()},
    }


def spent(words: Sequence[str]) -> float:
    process = subprocess.Popen(
        [sys.executable, "-c", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, words
    return usage.ru_utime + usage.ru_stime


def movements(scorer: Any) -> dict[str, float]:
    """The largest difference between float32 scores of the golden pairs, of one and the same model."""
    import numpy as np
    import torch

    from dalmeum.models.encoding import forget
    from dalmeum.models.golden_pairs import golden_pairs

    pairs = golden_pairs()

    def scored(together: int) -> Any:
        forget(scorer.encoding)
        parts = [pairs[start : start + together] for start in range(0, len(pairs), together)]
        return np.concatenate([scorer.score(part) for part in parts])

    whole, threads = scored(64), torch.get_num_threads()
    batches = max(float(np.abs(scored(together) - whole).max()) for together in (1, 16))
    torch.set_num_threads(1)
    one_thread = float(np.abs(scored(64) - whole).max())
    torch.set_num_threads(threads)
    return {"batches": batches, "threads": one_thread}


if __name__ == "__main__":
    main()
