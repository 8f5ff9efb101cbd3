"""`dalmeum score` on a file and on a tenth of it: memory and speed; and killed twice, the same bytes?

    OMP_NUM_THREADS=1 python benchmarks/score_file.py RUN --pairs 100000 --from data/korsts/sts-dev.tsv

Rows are those of a real file, again and again, with the number of the round behind each sentence, so that no
two pairs are the same. With `--cluster` two workers of Ray on this machine score the file once more, one of
which is killed.
"""

import argparse
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from memory import COMMAND, run_command, write_rows

from dalmeum.data import read_pairs

PACKAGES = ("dalmeum", "torch", "transformers", "numpy", "pyarrow", "kiwipiepy")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run's folder")
    parser.add_argument("--from", dest="source", required=True, help="labelled pairs")
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON, beside what is there")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    table = read_pairs(options.source, labels="required")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        few = write_rows(work / "few.csv", table, options.pairs // 10)
        many = write_rows(work / "many.csv", table, options.pairs)
        spent = {
            "tenth": run_command("score", str(options.run), str(few), "-o", str(work / "few-out.csv")),
            "whole": run_command("score", str(options.run), str(many), "-o", str(work / "whole.csv")),
        }
        again = killed_twice(options.run, many, work / "again.csv", options.pairs)
        again["identical"] = (work / "again.csv").read_bytes() == (work / "whole.csv").read_bytes()
        result: dict[str, Any] = {**spent, "killed_twice": again}
        if options.cluster:
            result["cluster"] = on_ray(options.run, many, work / "cluster.csv")
            result["cluster"]["identical"] = (work / "cluster.csv").read_bytes() == (
                work / "whole.csv"
            ).read_bytes()
    tenth, whole = result["tenth"], result["whole"]
    result["peak_ratio"] = round(whole["peak_megabytes"] / tenth["peak_megabytes"], 3)
    # What starting takes is in both.
    rate = (options.pairs - options.pairs // 10) / (whole["processor_seconds"] - tenth["processor_seconds"])
    result["pairs_per_processor_second"] = round(rate, 1)
    print(json.dumps(result, indent=1))
    if options.out:
        from record import circumstances

        from dalmeum.runs.folder import open_run

        recipe = open_run(options.run).recipe()
        settings = {
            "pairs": options.pairs,
            "source": Path(options.source).name,
            "kind": recipe.model.kind,
            "encoder": recipe.model.encoder and Path(recipe.model.encoder).name,
            "threads": os.environ.get("OMP_NUM_THREADS"),
        }
        kept = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
        kept[recipe.model.kind] = {**circumstances(PACKAGES, settings), **result}
        options.out.write_text(json.dumps(kept, indent=1, default=str) + "\n", encoding="utf-8")


def killed_twice(run: Path, file: Path, out: Path, pairs: int) -> dict[str, Any]:
    """Killed once a third and once two thirds are done, and gone on with."""
    command = [*COMMAND, "score", str(run), str(file), "-o", str(out), "--resume", "--json"]
    parts = out.with_name(f"{out.name}.parts")
    shards = -(-pairs // 4096)
    kills = []
    for share in (1 / 3, 2 / 3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(list(parts.glob("*.npy"))) < max(1, round(share * shards)):
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not out.exists()
        kills.append(len(list(parts.glob("*.npy"))))
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return {
        "shards": shards,
        "done_when_killed": kills,
        "scored_before": json.loads(done.stdout)["scored_before"],
    }


def on_ray(run: Path, file: Path, out: Path) -> dict[str, Any]:
    """With two workers, one of which is killed once a third is done."""
    command = [*COMMAND, "score", str(run), str(file), "-o", str(out), "--cluster", "--workers", "2"]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    parts = out.with_name(f"{out.name}.parts")
    while len(list(parts.glob("*.npy"))) < 2:
        assert process.poll() is None, "it ended before a worker was killed"
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)
    workers = [each for each in family if "MapWorker" in " ".join(each.cmdline())]
    workers[0].send_signal(signal.SIGKILL)
    assert process.wait() == 0
    return {"workers": len(workers), "seconds": round(time.monotonic() - start, 1)}


if __name__ == "__main__":
    main()
