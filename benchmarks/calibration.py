"""How often verdicts are false, and how often they find what is there: dalmeum's functions on simulated data.

    python benchmarks/calibration.py --out benchmarks/results/calibration-DATE.json

`benchmarks/simulations/` has a module a kind of question; `--only` runs some of them, and leaves what `--out`
has of the others as it is. Every share comes with its Monte-Carlo standard error; nominal is 5 % unless said.
"""

import argparse
import importlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from record import circumstances

KINDS = (
    "models",
    "seeds",
    "looks",
    "groups",
    "training_sets",
    "plan",
    "convergence",
    "means",
    "optimism",
    "ranks",
)
"""Modules of `simulations`."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of simulated studies")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, help="what to simulate")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.out and options.out.is_file():
        found = json.loads(options.out.read_text(encoding="utf-8"))
    for kind in options.only:
        told = circumstances(("dalmeum", "numpy", "scipy"), {"scale": options.scale, "seed": options.seed})
        begun = time.process_time()

        def many(studies: int) -> int:
            return max(round(studies * float(options.scale)), 10)

        module = importlib.import_module(f"simulations.{kind}")
        results = {}
        # A generator of its own: what is simulated before does not matter.
        for name, result in module.simulated(many, np.random.default_rng(options.seed)):
            results[name] = result
            print(json.dumps({name: result}), flush=True)
        seconds = round(time.process_time() - begun)
        found[kind] = {**told, "processor_seconds": seconds, "results": results}
        if options.out:
            options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
