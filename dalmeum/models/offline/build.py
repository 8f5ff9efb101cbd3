"""A new offline scorer from training pairs."""

import functools
from collections.abc import Sequence

from dalmeum.data import PairTable
from dalmeum.languages import Text, counted
from dalmeum.models.encoding import encode_told
from dalmeum.models.offline.configuration import OfflineConfig
from dalmeum.models.offline.encoder import OfflineEncoder
from dalmeum.models.offline.modeling import OfflineForPairScoring
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
