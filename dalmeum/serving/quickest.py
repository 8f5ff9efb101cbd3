"""Which backend is quickest for a model on this machine: measured once, and kept in the user's cache."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dalmeum.errors import InputError
from dalmeum.files import make_folders, write_json
from dalmeum.languages import Text
from dalmeum.machine import processor, versions
from dalmeum.progress import tell
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import load
from dalmeum.serving.backends import TORCH, Backend, OnnxBackend, TorchBackend, entries_of

PACKAGES = ("torch", "transformers", "tokenizers", "onnxruntime", "numpy")
"""Whose version may change which backend is quickest."""

ROUNDS = 3
"""Times that each backend scores the same pairs; the quickest counts."""

WORTH = 1.2
"""How many times as fast a graph must be to take the place of torch, and one in integers that of one in
float32: scores move, and less is noise.
"""

CHOSEN = Text(
    "backend {name}: {rates} pairs a second of processor time; kept for this model and machine",
    "백엔드 {name}: CPU 시간 1초에 {rates}쌍. 이 모델과 기계에서는 앞으로 이것을 씁니다",
)


def measured(model: Path, export: Path, names: Sequence[str], precision: str, trust_code: bool) -> str:
    """The name of the backend that scores golden pairs in the least processor time, of those that answer
    rightly: other work on the machine moves that less than time by the clock.
    """
    from dalmeum.models.golden_pairs import golden_pairs

    pairs = golden_pairs()
    scorer = load(model, precision, trust_code=trust_code, tell_notes=False)
    right = scorer.with_precision("float32").score(pairs)
    arms: dict[str, Backend] = {TORCH: TorchBackend(scorer)}
    entries = entries_of(export)
    for name in names:
        arm = OnnxBackend(export, name)
        tolerance = entries[name]["tolerance"]
        changes = np.abs(arm.score(pairs) - right)
        if changes.max() <= tolerance.get("largest", np.inf) and np.quantile(changes, 0.99) <= tolerance.get(
            "p99", np.inf
        ):
            arms[name] = arm
    seconds = dict.fromkeys(arms, float("inf"))
    for _ in range(ROUNDS):
        for name, each in arms.items():
            start = time.process_time()
            each.score(pairs)
            seconds[name] = min(seconds[name], time.process_time() - start)
    chosen = worth_most(seconds)
    rates = ", ".join(f"{name} {len(pairs) / value:,.0f}" for name, value in seconds.items())
    tell(CHOSEN.format(name=chosen, rates=rates))
    return chosen


def worth_most(seconds: Mapping[str, float]) -> str:
    """Of backends by their seconds, in the order in which they are preferred where they are alike."""
    chosen = next(iter(seconds))
    for name, taken in seconds.items():
        if seconds[chosen] >= WORTH * taken:
            chosen = name
    return chosen


def key_of(model: Path, graphs: Mapping[str, str], precision: str) -> str:
    """Of all that may change which backend is quickest."""
    parts = [folder_hash(model), sorted(graphs.items()), precision, processor(), os.cpu_count()]
    return hashlib.sha256(json.dumps([*parts, versions(PACKAGES)]).encode()).hexdigest()[:32]


def _kept_file() -> Path:
    from dalmeum.models.packaged.cache import cache_root

    return cache_root() / "backends.json"


def kept() -> dict[str, str]:
    """Names of backends, by what they were measured for."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(_kept_file().read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def keep(key: str, name: str) -> None:
    """Note what was chosen; where that can't be written, it is measured again."""
    with contextlib.suppress(InputError, OSError):
        make_folders(_kept_file().parent)
        write_json(_kept_file(), {**kept(), key: name})
