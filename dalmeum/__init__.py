"""dalmeum: semantic textual similarity, trained on the metric and judged with statistics."""

import importlib
from typing import TYPE_CHECKING, Any

from dalmeum.models.registration import register_offline

if TYPE_CHECKING:
    from dalmeum.api import compare, evaluate, load, plan, predict, study, train, tune
    from dalmeum.comparison.arms import Arms
    from dalmeum.data import read_pairs
    from dalmeum.recipe import Recipe, load_recipe
    from dalmeum.runs.folder import Run
    from dalmeum.serving.export import export
    from dalmeum.serving.hub import publish
    from dalmeum.serving.score_file import score_file
    from dalmeum.serving.search import near, search
    from dalmeum.team import blend, board, reproduce, submit

__all__ = [
    "Arms",
    "Recipe",
    "Run",
    "blend",
    "board",
    "compare",
    "evaluate",
    "export",
    "load",
    "load_recipe",
    "near",
    "plan",
    "predict",
    "publish",
    "read_pairs",
    "reproduce",
    "score_file",
    "search",
    "study",
    "submit",
    "train",
    "tune",
]

_HOMES = {
    "Arms": "dalmeum.comparison.arms",
    "Recipe": "dalmeum.recipe",
    "Run": "dalmeum.runs.folder",
    "export": "dalmeum.serving.export",
    "load_recipe": "dalmeum.recipe",
    "publish": "dalmeum.serving.hub",
    "read_pairs": "dalmeum.data",
    "score_file": "dalmeum.serving.score_file",
    **dict.fromkeys(
        ("compare", "evaluate", "load", "plan", "predict", "study", "train", "tune"), "dalmeum.api"
    ),
    **dict.fromkeys(("near", "search"), "dalmeum.serving.search"),
    **dict.fromkeys(("blend", "board", "reproduce", "submit"), "dalmeum.team"),
}
"""Where the public names live; each is imported when it is first asked for."""

register_offline()


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # takes its time

        return version("dalmeum")
    if name not in _HOMES:
        raise AttributeError(f"module 'dalmeum' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
