"""The kinds of pair scorer, as a table: how each is made from a recipe, and found again in a folder."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import transformers

from dalmeum.data import PairTable
from dalmeum.data.splits import binary_threshold
from dalmeum.errors import InputError
from dalmeum.models.bi import is_bi_encoder, load_bi_encoder, new_bi_encoder
from dalmeum.models.cross import load_cross_encoder, new_cross_encoder
from dalmeum.models.encoding import PairEncoding
from dalmeum.models.offline.build import build_offline, is_offline, load_offline
from dalmeum.models.precision import default_device
from dalmeum.models.pretrained import SETTINGS, read_json
from dalmeum.models.scorer import PairNetwork, PairScorer
from dalmeum.recipe import Recipe

Parts = tuple[PairNetwork, PairEncoding]


class Kind(Protocol):
    """One kind of pair scorer."""

    def new(self, recipe: Recipe, sentence1: Sequence[str], sentence2: Sequence[str]) -> Parts:
        """An untrained network and its encoding, which may be fitted on the training sentences (n,).

        The weights depend on the recipe's seed alone. Raises `InputError` where the encoder can't be used.
        """
        ...

    def load(self, folder: Path) -> Parts:
        """The network and encoding that were saved in `folder`; `InputError` where they can't be read."""
        ...

    def owns(self, folder: Path) -> bool:
        """Whether `folder` holds a model of this kind."""
        ...


class CrossEncoders:
    """Both sentences through one encoder."""

    def new(self, recipe: Recipe, sentence1: Sequence[str], sentence2: Sequence[str]) -> Parts:
        return new_cross_encoder(
            recipe.model.encoder or "",
            num_labels=columns(recipe),
            max_length=recipe.model.max_length,
            seed=recipe.training.seed,
        )

    def load(self, folder: Path) -> Parts:
        return load_cross_encoder(folder)

    def owns(self, folder: Path) -> bool:
        """Any folder with a configuration: of another library's models, most are of this kind."""
        return os.path.isfile(folder / "config.json")


class BiEncoders:
    """The cosine of two embeddings."""

    def new(self, recipe: Recipe, sentence1: Sequence[str], sentence2: Sequence[str]) -> Parts:
        return new_bi_encoder(
            recipe.model.encoder or "",
            num_labels=columns(recipe),
            max_length=recipe.model.max_length,
            label_range=recipe.data.label_range,
            angle=recipe.loss.name == "angle",
        )

    def load(self, folder: Path) -> Parts:
        return load_bi_encoder(folder)

    def owns(self, folder: Path) -> bool:
        return is_bi_encoder(folder)


class OfflineScorers:
    """Features of Korean morphemes and letters; no download."""

    def new(self, recipe: Recipe, sentence1: Sequence[str], sentence2: Sequence[str]) -> Parts:
        return build_offline(sentence1, sentence2, num_labels=columns(recipe), seed=recipe.training.seed)

    def load(self, folder: Path) -> Parts:
        return load_offline(folder)

    def owns(self, folder: Path) -> bool:
        return is_offline(folder)


KINDS: dict[str, Kind] = {"cross": CrossEncoders(), "bi": BiEncoders(), "offline": OfflineScorers()}
"""By the name that a recipe gives. Of those that own a folder the last one loads it."""


def columns(recipe: Recipe) -> int:
    """Logits a pair: one a task."""
    return 1 if recipe.tasks.binary is None else 2


def new_scorer(recipe: Recipe, train: PairTable) -> PairScorer:
    """An untrained scorer for the recipe, on the best device at hand, its weights set by the seed alone."""
    transformers.set_seed(recipe.training.seed)
    model, encoding = KINDS[recipe.model.kind].new(recipe, train.sentence1, train.sentence2)
    model.to(default_device())  # type: ignore[arg-type] # the decorated method lost its type
    scorer = PairScorer(
        model,
        encoding,
        label_range=recipe.data.label_range,
        sigmoid=recipe.loss.name == "bce",
        binary_threshold=binary_threshold(recipe, train),
    )
    if train.label is not None and not getattr(model, "on_label_scale", False):
        scorer.start_at(float(train.label.mean()))
    return scorer.with_precision(recipe.training.precision)


def load_scorer(folder: Path, precision: str = "auto") -> PairScorer:
    """The scorer in a model folder, on the best device at hand.

    A SentenceTransformer that dalmeum has not trained scores 5 times its cosine.

    Raises `InputError` where the folder holds no model that dalmeum can read.
    """
    owners = [kind for kind in KINDS.values() if kind.owns(folder)]
    if not owners:
        raise InputError(f"{folder}: is no model folder: config.json is missing")
    settings, place = _settings(folder)
    try:
        low, high = (float(bound) for bound in settings.get("label_range", (0.0, 5.0)))
        sigmoid = bool(settings.get("sigmoid", False))
        threshold = settings.get("binary_threshold")
        threshold = None if threshold is None else float(threshold)
    except (AttributeError, TypeError, ValueError):
        raise InputError(f"{folder}/{place} is damaged: export the model again") from None
    model, encoding = owners[-1].load(folder)
    model.to(default_device())  # type: ignore[arg-type] # the decorated method lost its type
    return PairScorer(model, encoding, (low, high), sigmoid, threshold).with_precision(precision)


def is_model_folder(folder: Path) -> bool:
    """Whether `load_scorer` would find a model there."""
    return any(os.path.isfile(folder / name) for name in ("config.json", "modules.json", SETTINGS))


def _settings(folder: Path) -> tuple[Any, str]:
    """What `PairScorer.save` wrote beside a model, and where that stands."""
    if os.path.isfile(folder / SETTINGS):
        return read_json(folder / SETTINGS), SETTINGS
    config = read_json(folder / "config.json", default={})
    if not isinstance(config, dict):
        raise InputError(f"{folder}/config.json: is no model's configuration")
    return config.get("dalmeum", {}), "config.json: its section dalmeum"
