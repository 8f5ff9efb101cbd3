"""How many runs a machine trains at once: one a GPU, or as many as its cores and its memory have room for."""

import math
import os
from collections.abc import Iterable
from pathlib import Path

import psutil
from safetensors import SafetensorError, safe_open

from dalmeum.models.pretrained import locate_encoder
from dalmeum.own_code import is_own
from dalmeum.recipe import ModelRecipe, Recipe

PROCESS = 1.2e9
"""Bytes of one process that trains, beside a pretrained encoder: the libraries, Kiwi, the data."""

A_PARAMETER = 96
"""Bytes for each parameter of a pretrained encoder: 16 for itself, its gradient and AdamW's two moments, the
rest for what a batch leaves for the backward pass. e5 with 33 million took 3.4 GB on sentences of KorSTS.
"""

UNKNOWN = 110_000_000
"""Parameters of an encoder that is not here yet: those of a base-sized one."""


def visible_gpus() -> list[str]:
    """Names by which `CUDA_VISIBLE_DEVICES` gives a process one of the GPUs that this one sees."""
    import torch

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named:
        return [name.strip() for name in named.split(",")][: torch.cuda.device_count()]
    return [str(index) for index in range(torch.cuda.device_count())]


def default_jobs(recipes: Iterable[Recipe]) -> int:
    """One a GPU; else one a core, since small models waste a second one, as far as free memory goes."""
    if gpus := len(visible_gpus()):
        return gpus
    largest = max((_memory(recipe) for recipe in recipes), default=PROCESS)
    return max(1, min(os.cpu_count() or 1, int(psutil.virtual_memory().available / largest)))


def _memory(recipe: Recipe) -> float:
    """Bytes that training takes on a processor, roughly. Members of an ensemble are trained in turn."""
    return PROCESS + A_PARAMETER * max(_parameters(each.model) for each in recipe.singles)


def _parameters(model: ModelRecipe) -> int:
    if model.encoder is None:
        return 0
    if is_own(model.kind):  # whose encoder may be anything
        return UNKNOWN
    weights = list(Path(locate_encoder(model.encoder)).rglob("*.safetensors"))
    try:
        return sum(_numbers(file) for file in weights) or UNKNOWN
    except (OSError, SafetensorError):  # told where it is loaded
        return UNKNOWN


def _numbers(weights: Path) -> int:
    with safe_open(weights, framework="numpy") as file:
        return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
