"""Memory and processor time of `dalmeum check` on many rows and of `dalmeum predict` on few and many pairs.

Rows are those of real files, again and again, with the number of the round behind each sentence: no two pairs
of different rounds are the same.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dalmeum.data import PairTable, read_pairs

# A started process is charged with what its parent takes: nothing large is imported before the end.
COMMAND = (sys.executable, "-m", "dalmeum")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", required=True, help="labelled pairs")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the file that is checked")
    parser.add_argument("--pairs", type=int, nargs="+", default=[20_000, 200_000], help="that are predicted")
    parser.add_argument("--training-pairs", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    table = read_pairs(options.train, labels="required")
    with tempfile.TemporaryDirectory() as folder:
        result = measured(options, table, Path(folder))
    if options.out:
        from record import circumstances

        settings = {name: value for name, value in vars(options).items() if name not in ("json", "out")}
        settings["train"] = Path(options.train).name
        packages = ("dalmeum", "numpy", "torch", "kiwipiepy")
        content = {**circumstances(packages, settings), **result}
        options.out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result) if options.json else "\n".join(f"{k}: {v}" for k, v in result.items()))


def measured(options: argparse.Namespace, table: PairTable, folder: Path) -> dict[str, Any]:
    check = run_command("check", str(write_rows(folder / "check.csv", table, options.rows)))
    data = f"data.train={options.train}", f"data.max_train_pairs={options.training_pairs}"
    recipe = folder / "recipe.yaml"
    recipe.write_text("model: {kind: offline}\ntraining: {epochs: 1}\n", encoding="utf-8")
    run_command("train", str(recipe), *data, f"output={folder / 'runs'}")
    (run,) = (file.parent for file in folder.glob("runs/*/run.json"))
    predict = []
    for pairs in options.pairs:
        file = write_rows(folder / f"{pairs}.csv", table, pairs)
        spent = run_command("predict", str(run), str(file), "-o", str(folder / "out.csv"))
        predict.append({"pairs": pairs, **spent})
    few, many = predict[0], predict[-1]
    # What loading takes is in both.
    rate = (many["pairs"] - few["pairs"]) / (many["processor_seconds"] - few["processor_seconds"])
    return {
        "check": {"rows": options.rows, **check},
        "predict": predict,
        "peak_ratio": round(many["peak_megabytes"] / few["peak_megabytes"], 3),
        "pairs_per_processor_second": round(rate, 1),
    }


def write_rows(path: Path, table: PairTable, count: int) -> Path:
    assert table.label is not None
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "source", "sentence_1", "sentence_2", "label"])
        for number in range(count):
            again, row = divmod(number, len(table))
            sentences = (table.sentence1[row], table.sentence2[row])
            texts = [f"{text} {again}" if again else text for text in sentences]
            writer.writerow([f"pair-{number}", table.source[row], *texts, table.label[row]])
    return path


def run_command(*arguments: str) -> dict[str, float]:
    """What a command of dalmeum takes; `check` may find problems, else none may fail."""
    started = time.perf_counter()
    child = os.posix_spawn(COMMAND[0], [*COMMAND, *arguments], os.environ, file_actions=_QUIET)
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1) or (code and arguments[0] != "check"):
        sys.exit(f"dalmeum {' '.join(arguments)}: exit code {code}")
    return {
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "seconds": round(time.perf_counter() - started, 2),
        "peak_megabytes": round(usage.ru_maxrss * 1024 / 1e6, 1),
    }


_QUIET = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]


if __name__ == "__main__":
    main()
