"""The names of a pair's features, in their order."""

import functools

from dalmeum.models.offline.alignment import alignment_features
from dalmeum.models.offline.sentences import NO_WORDS, Sentences
from dalmeum.models.offline.surface import Surface, surface_features
from dalmeum.models.offline.universal import SIZES

GRAMS = {"letters_3": 3, "jamo_3": 3}
"""n-grams whose TF-IDF cosines are features: of letters, and of jamo, in which inflected forms stay alike."""

DROPPED = frozenset(
    f"alike_{words}_{kind}"
    for words in ("noun", "name", "number", "verb", "modifier")
    for kind in ("mean", "low")
)
"""Of the first version's features what adds nothing beside the rest (`benchmarks/offline_features.py`)."""


TUNED = "universal_tuned"
"""The cosine of layers trained on the labels, the last feature where a recipe asks for it."""


@functools.cache
def first_names() -> tuple[str, ...]:
    """Of the first version, which knew nothing of the universal sentence encoder."""
    empty = Sentences.of([[]], NO_WORDS)
    surface = [Surface.of("", [])]
    return (*alignment_features(empty, empty), *surface_features(surface, surface), *GRAMS)


def universal_names(vectors: str) -> tuple[str, str, str]:
    """Cosines of one of the universal sentence encoder's vectors, as `CommonComponents.cosines` has them."""
    name = f"universal_{vectors}"
    return name, f"{name}_centred", f"{name}_without_common"


ALL_UNIVERSAL = tuple(name for vectors in SIZES for name in universal_names(vectors))


def feature_names() -> tuple[str, ...]:
    """Of a new encoder."""
    return (*(name for name in first_names() if name not in DROPPED), *ALL_UNIVERSAL)
