"""Kills a command at its writes, one after the other, and checks what dalmeum promises of what is left.

    python tests/kill.py dalmeum study study.yaml --jobs 1
    python tests/kill.py --kills 50 dalmeum train recipe.yaml

Works on copies of the current folder. A write is a file opened for writing, or a rename, in the command or in
a process that it starts; the whole group dies by SIGKILL at it. Then the command is called again (`train`
and `score` with `--resume`): it must come to its end, and to what it comes to undisturbed.
"""

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HOOK = """
import os, signal, sys

_AT, _ROOT, _COUNT = int(os.environ["KILL_AT"]), os.environ["KILL_ROOT"], os.environ["KILL_COUNT"]
_inside = False

def _hook(event, arguments):
    global _inside
    if _inside or event not in ("open", "os.rename"):
        return
    if event == "open":
        path, _, flags = arguments
        if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR):
            return
    else:
        path = arguments[1]
    if not isinstance(path, (str, bytes)):
        return
    path = os.path.abspath(os.fsdecode(path))
    if not path.startswith(_ROOT) or "__pycache__" in path:
        return
    _inside = True
    try:
        handle = os.open(_COUNT, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, (os.path.relpath(path, _ROOT) + "\\n").encode(errors="replace"))
        os.close(handle)
        with open(_COUNT, "rb") as file:
            if sum(1 for _ in file) == _AT:
                os.killpg(os.getpgid(0), signal.SIGKILL)
    finally:
        _inside = False

sys.addaudithook(_hook)
"""

NEEDED = (
    "recipe.yaml",
    "model/config.json",
    "model/model.safetensors",
    "metrics.json",
    "history.json",
    "report.html",
)
"""What a finished run has, beside its predictions."""


@dataclass(frozen=True)
class Called:
    """How a command ended, and the files that it wrote, in their order."""

    code: int
    said: str
    written: tuple[str, ...]


def call(command: Sequence[str], folder: Path, kill_at: int = 0) -> Called:
    """Call a command in a folder; it dies at its write of that number, the first being 1."""
    with tempfile.TemporaryDirectory() as hooks:
        Path(hooks, "sitecustomize.py").write_text(HOOK, encoding="utf-8")
        count = Path(hooks, "count")
        environment = {
            **os.environ,
            "KILL_AT": str(kill_at),
            "KILL_ROOT": f"{folder.resolve()}{os.sep}",
            "KILL_COUNT": str(count),
            "PYTHONPATH": os.pathsep.join([hooks, *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        said, _ = process.communicate()
        written = count.read_text(encoding="utf-8").splitlines() if count.is_file() else []
    return Called(process.returncode, said, tuple(written))


def again(command: Sequence[str]) -> list[str]:
    goes_on = {"train", "score"} & set(command) and "--resume" not in command
    return [*command, "--resume"] if goes_on else [*command]


def broken_files(folder: Path) -> Iterator[str]:
    """Files that stand under their names, and are not whole. A checkpoint counts once its state is there."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not path.is_file() or "checkpoints" in parts or any(part.startswith(".") for part in parts):
            continue
        text = path.read_text(encoding="utf-8") if path.suffix in {".json", ".csv", ".yaml", ".html"} else ""
        try:
            if path.suffix == ".json":
                json.loads(text)
            elif path.suffix == ".yaml":
                yaml.safe_load(text)
            elif path.suffix == ".csv":
                whole = text.endswith("\n") and len({len(row) for row in csv.reader(text.splitlines())}) == 1
                if not whole:
                    yield f"{path}: is cut off"
            elif path.suffix == ".html" and not text.rstrip().endswith("</html>"):
                yield f"{path}: is cut off"
        except (ValueError, yaml.YAMLError) as error:
            yield f"{path}: {error}"


def incomplete_runs(folder: Path) -> Iterator[str]:
    """Finished runs that lack a file."""
    for run, record in records(folder):
        splits = [f"predictions/{split}.csv" for split in record["data"]]
        for name in (*NEEDED, *splits):
            if record["state"] == "finished" and not (run / name).is_file():
                yield f"{run}: is finished, and has no {name}"


def leftovers(folder: Path) -> Iterator[str]:
    """What must not be there once a command has come to its end."""
    for path in sorted(folder.rglob("*")):
        name = path.name
        if name.endswith(".tmp") or name.startswith((".lease", ".lock")) or path.parent.name == "checkpoints":
            yield f"{path}: was left"
    for run in folder.glob("runs/*/"):
        if run.name != "assets" and not (run / "run.json").is_file():
            yield f"{run}: has no record"
    for run, record in records(folder):
        if record["state"] != "finished":
            yield f"{run}: is {record['state']}"


def records(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    return [(path.parent, json.loads(path.read_text())) for path in sorted(folder.glob("runs/*/run.json"))]


def results(folder: Path) -> dict[str, bytes]:
    """What the runs predict, by their names without the time, and the files beside them that are no pages."""
    found = {
        f"{record['recipe']}/{path.name}": path.read_bytes()
        for run, record in records(folder)
        for path in run.glob("predictions/*.csv")
    }
    return found | {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def check(command: Sequence[str], world: Path, kills: int | None = None) -> Iterator[tuple[str, list[str]]]:
    """Kill `command` at `kills` of its writes, evenly spread, or at all; for each the broken promises.

    Raises `RuntimeError` where it does not come to its end undisturbed.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(shutil.copytree(world, Path(folder, "whole")))
        undisturbed = call(command, whole)
        if undisturbed.code != 0:
            raise RuntimeError(f"undisturbed it ends with {undisturbed.code}:\n{undisturbed.said}")
        expected, count = results(whole), len(undisturbed.written)
        chosen = list(range(1, count + 1))
        if kills is not None and kills < count:
            chosen = sorted({1 + round(number * (count - 1) / max(kills - 1, 1)) for number in range(kills)})
        for at in chosen:
            copy = Path(shutil.copytree(world, Path(folder, "copy")))
            killed = call(command, copy, at)
            place = f"write {at} of {count}, {undisturbed.written[at - 1]}"
            yield place, list(_problems(command, copy, killed, expected))
            shutil.rmtree(copy)


def _problems(
    command: Sequence[str], folder: Path, killed: Called, expected: dict[str, bytes]
) -> Iterator[str]:
    if killed.code != -signal.SIGKILL:
        yield f"was not killed: {killed.code}: {killed.said[-500:]}"
    yield from broken_files(folder)
    yield from incomplete_runs(folder)
    second = call(again(command), folder)
    if second.code != 0 or "Traceback" in second.said:
        yield f"called again it ends with {second.code}: {second.said[-2000:]}"
        return
    yield from broken_files(folder)
    yield from incomplete_runs(folder)
    yield from leftovers(folder)
    found = results(folder)
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            yield f"{name}: is another than undisturbed"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, help="so many, evenly spread, instead of one at every write")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    broken = 0
    for place, problems in check(options.command, Path.cwd(), options.kills):
        print(f"{place}: {'; '.join(problems) or 'held'}", flush=True)
        broken += bool(problems)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
