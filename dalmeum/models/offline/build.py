"""A new offline scorer from training pairs, and a saved one from its folder."""

import functools
from collections.abc import Sequence
from pathlib import Path

from safetensors import safe_open

from dalmeum.data import PairTable
from dalmeum.errors import InputError
from dalmeum.languages import Text, counted
from dalmeum.models.encoding import encode_told
from dalmeum.models.fields import EXPORT_AGAIN, Fields
from dalmeum.models.offline import FIRST_OFFLINE_TYPE, OFFLINE_TYPES
from dalmeum.models.offline.configuration import OfflineConfig
from dalmeum.models.offline.encoder import OfflineEncoder
from dalmeum.models.offline.modeling import FirstOfflineForPairScoring, OfflineForPairScoring
from dalmeum.models.pretrained import read_json
from dalmeum.models.quiet import silent_libraries
from dalmeum.progress import tell
from dalmeum.recipe.model import UniversalRecipe

FITTING = Text(
    "fitting the offline encoder on {counted}: vectors of sentences and morphemes, then the features",
    "문장쌍 {pairs:,}개로 오프라인 인코더를 준비합니다: 문장과 형태소의 벡터, 그다음 특징",
)


def build_offline(
    sentence1: Sequence[str],
    sentence2: Sequence[str],
    *,
    num_labels: int,
    seed: int,
    universal: UniversalRecipe | None = None,
    train: PairTable | None = None,
) -> tuple[OfflineForPairScoring, OfflineEncoder]:
    """An untrained network, its weights drawn from `seed`, and an encoder fitted on the training pairs.

    `train` has these pairs with their labels, from which `universal` may let the encoder learn, too. Raises
    `InputError` where they are too few for that.
    """
    encoder = _fitted(tuple(sentence1), tuple(sentence2))
    universal = universal or UniversalRecipe()
    if universal.tuned_folds is not None:
        assert train is not None
        encoder = encoder.tuned_on(train, universal.tuned_folds, seed)
    config = OfflineConfig(
        num_features=len(encoder.names),
        num_labels=num_labels,
        share=universal.share,
        shared_feature=encoder.names.index(SHARED),
    )
    model = OfflineForPairScoring(config)
    model.initialise(encoder.collate(encode_told(encoder, sentence1, sentence2))["features"], seed)
    return model, encoder


SHARED = "universal_embedding"
"""The feature that may have a share of the answer of its own: the sentence encoder's bare cosine."""


@functools.lru_cache(maxsize=1)
def _fitted(sentence1: tuple[str, ...], sentence2: tuple[str, ...]) -> OfflineEncoder:
    """No seed moves the encoder: the runs of a study share it."""
    tell(FITTING.format(pairs=len(sentence1), counted=counted(len(sentence1), "pair")))
    return OfflineEncoder.fit(sentence1, sentence2)


def is_offline(folder: Path) -> bool:
    """Whether a folder holds an offline scorer."""
    config = read_json(folder / "config.json", default={})
    return isinstance(config, dict) and config.get("model_type") in OFFLINE_TYPES


def load_offline(folder: str | Path) -> tuple[OfflineForPairScoring, OfflineEncoder]:
    """The network and encoder saved in `folder`. Raises `InputError` where a file is missing or broken."""
    encoder = OfflineEncoder.from_pretrained(folder)
    path = Path(folder) / "config.json"
    config = Fields(read_json(path), path)
    first = config.text("model_type") == FIRST_OFFLINE_TYPE
    for name in ("kernel_width", "feature_limit"):
        if config.number(name) <= 0:
            raise config.wrong(name, "a number above 0")
    if not 0 <= config.number("dropout") < 1:
        raise config.wrong("dropout", "a share below 1")
    shape = [config.count("num_features"), config.count("hidden_size")]
    config.mapping("id2label", str)
    try:
        with safe_open(Path(folder) / "model.safetensors", framework="pt") as file:
            matrix = file.get_slice("directions").get_shape()
        if matrix != shape or shape[0] != len(encoder.names):
            raise InputError(f"{path}: is not of its weights: {EXPORT_AGAIN}")
        with silent_libraries():
            kind = FirstOfflineForPairScoring if first else OfflineForPairScoring
            model = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    except InputError:
        raise
    except Exception as error:  # a library's, of any type: about these files alone
        raise InputError(f"{folder}: its weights can't be read: {EXPORT_AGAIN}") from error
    return model, encoder
