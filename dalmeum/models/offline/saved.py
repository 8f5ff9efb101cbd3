"""An offline encoder's files, checked."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from dalmeum.errors import InputError
from dalmeum.korean.morphemes import kiwi_versions
from dalmeum.models.fields import EXPORT_AGAIN, Fields
from dalmeum.models.offline.common import CommonComponents
from dalmeum.models.offline.embeddings import MorphemeVectors
from dalmeum.models.offline.features import ALL_UNIVERSAL, GRAMS, TUNED, first_names
from dalmeum.models.offline.ngrams import BUCKETS
from dalmeum.models.offline.sentences import Lexicon
from dalmeum.models.offline.tuned import TunedLayers
from dalmeum.models.offline.universal import SIZES
from dalmeum.models.packaged.usem3 import WEIGHTS, check_universal
from dalmeum.models.pretrained import GOLDEN, read_json


@dataclass(frozen=True)
class Saved:
    """What an encoder is made of; the attributes are `OfflineEncoder`'s."""

    lexicon: Lexicon
    gram_frequencies: dict[str, NDArray[np.int64]]
    common: dict[str, CommonComponents]
    names: tuple[str, ...]
    versions: dict[str, str]
    tuned: TunedLayers | None

    @classmethod
    def read(cls, folder: Path) -> "Saved":
        """Errors and warnings as in `OfflineEncoder.from_pretrained`."""
        state, arrays = _files(folder)
        names = tuple(state.texts("features"))
        if not names or not {*names} <= {*first_names(), *ALL_UNIVERSAL, TUNED} or TUNED in names[:-1]:
            raise InputError(
                f"{folder}: was trained by another version of dalmeum, with other features: retrain"
            )
        universal = not {*names} <= {*first_names()}
        if universal:
            check_universal()
            if state.text("universal") != WEIGHTS.sha256:
                raise InputError(
                    f"{folder}: was trained with another universal sentence encoder than that of "
                    f"{WEIGHTS.package} {WEIGHTS.version}: retrain"
                )
        if not (folder / GOLDEN).is_file():  # which say by how much scores moved
            _warn_of_kiwi(folder, state.mapping("kiwi", str))
        morphemes = tuple(state.texts("morphemes"))
        sizes = SIZES if universal else {}
        rows = {"vectors": len(morphemes), **dict.fromkeys(GRAMS, BUCKETS)}
        rows |= {f"{name}_{part}": size for name, size in sizes.items() for part in ("centre", "common")}
        tuned = _tuned(folder, arrays) if names[-1] == TUNED else None
        of_tuned = tuned.arrays() if tuned else {}
        known = {name: array for name, array in arrays.items() if name not in of_tuned}
        if {name: array.shape[:1] for name, array in known.items()} != {k: (n,) for k, n in rows.items()}:
            raise _other_arrays(folder)
        vectors = MorphemeVectors(morphemes, arrays["vectors"])
        return cls(
            Lexicon(vectors, state.mapping("document_frequency", int), state.count("documents")),
            {name: arrays[name].astype(np.int64) for name in GRAMS},
            {name: CommonComponents(arrays[f"{name}_centre"], arrays[f"{name}_common"]) for name in sizes},
            names,
            state.mapping("kiwi", str),
            tuned,
        )


def _tuned(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> TunedLayers:
    try:
        return TunedLayers.from_arrays(arrays)
    except (KeyError, ValueError) as error:
        raise _other_arrays(folder) from error


def _other_arrays(folder: Path) -> InputError:
    return InputError(f"{folder / 'encoder.safetensors'}: is not of its encoder.json: {EXPORT_AGAIN}")


def _files(folder: Path) -> tuple[Fields, dict[str, NDArray[Any]]]:
    for name in ("encoder.json", "encoder.safetensors"):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: is missing; the model folder is incomplete")
    state = Fields(read_json(folder / "encoder.json"), folder / "encoder.json")
    try:
        return state, load_file(folder / "encoder.safetensors")
    except (OSError, SafetensorError) as error:
        raise InputError(f"{folder / 'encoder.safetensors'}: is damaged: {EXPORT_AGAIN}") from error


def _warn_of_kiwi(folder: Path, trained_with: dict[str, str]) -> None:
    versions = kiwi_versions()
    if trained_with != versions:
        warnings.warn(
            f"{folder}: was trained with {_listed(trained_with)}, and {_listed(versions)} is installed: "
            "scores may differ a little; install the same, or retrain",
            stacklevel=4,
        )


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{package} {version}" for package, version in versions.items())
