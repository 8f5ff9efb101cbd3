"""Features of how the content morphemes of two sentences match. Every function treats both alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalmeum.korean.morphemes import CLASSES
from dalmeum.models.offline.common import cosines
from dalmeum.models.offline.sentences import Sentences

Features = dict[str, NDArray[np.floating]]
Floats = NDArray[np.floating]

NOUN, NAME = CLASSES.index("noun"), CLASSES.index("name")
VIEWS: dict[str, tuple[int, ...]] = {
    "content": tuple(range(len(CLASSES))),
    "noun": (NOUN, NAME),
    "name": (NAME,),
    "number": (CLASSES.index("number"),),
    "verb": (CLASSES.index("verb"),),
    "modifier": (CLASSES.index("modifier"),),
}
"""Parts of a sentence that are looked at apart: labels hang on nouns far more than on modifiers."""


@dataclass(frozen=True)
class Similarities:
    """Similarities (n, m1, m2) of each morpheme of one sentence with each of the other; 0 in the padding.

    Attributes:
        same: 1 where the forms are the same.
        spelled: cosine of jamo n-grams, from 0.
        alike: the best reason to call them alike: same form, like use, like spelling.
    """

    same: Floats
    spelled: Floats
    alike: Floats

    @classmethod
    def between(cls, first: Sentences, second: Sentences) -> "Similarities":
        both = (first.there[:, :, None] & second.there[:, None, :]).astype(np.float32)
        same = both * (first.form[:, :, None] == second.form[:, None, :])
        spelled = np.maximum(first.spelling @ second.spelling.transpose(0, 2, 1), 0)
        used = first.meaning @ second.meaning.transpose(0, 2, 1)
        # The power: half of the letters in common is less than half alike.
        return cls(same, spelled, np.maximum(np.maximum(used, spelled**1.5), same))


@dataclass(frozen=True)
class Best:
    """How well each morpheme is matched by its best counterpart: (n, m1) and (n, m2), 0 to 1."""

    first: Floats
    second: Floats

    @classmethod
    def of(cls, similarity: Floats) -> "Best":
        return cls(similarity.max(axis=2), similarity.max(axis=1))

    def coverage(self, weight1: Floats, weight2: Floats) -> tuple[Floats, Floats]:
        """The matched share (n,) of either sentence's weight: mean of both, and the smaller.

        A sentence without weight takes the other's share; two without weight match wholly.
        """
        total1, total2 = weight1.sum(axis=1), weight2.sum(axis=1)
        share1 = (weight1 * self.first).sum(axis=1) / np.maximum(total1, 1e-6)
        share2 = (weight2 * self.second).sum(axis=1) / np.maximum(total2, 1e-6)
        share1 = np.where(total1 > 0, share1, np.where(total2 > 0, share2, 1.0))
        share2 = np.where(total2 > 0, share2, share1)
        return (share1 + share2) / 2, np.minimum(share1, share2)

    def worst(self, weight1: Floats, weight2: Floats) -> tuple[Floats, Floats]:
        """The weight (n,) of either sentence's most important unmatched morpheme: larger, and smaller."""
        left1 = (weight1 * (1 - self.first)).max(axis=1)
        left2 = (weight2 * (1 - self.second)).max(axis=1)
        return np.maximum(left1, left2), np.minimum(left1, left2)


def alignment_features(first: Sentences, second: Sentences) -> Features:
    """All features of this module, (n,) each."""
    similarities = Similarities.between(first, second)
    alike, same = Best.of(similarities.alike), Best.of(similarities.same)
    return {
        **_covered("alike", alike, first, second, tuple(VIEWS)),
        **_covered("same", same, first, second, ("content",)),
        **_covered("spelled", Best.of(similarities.spelled), first, second, ("content", "noun", "verb")),
        **_unmatched(same, first, second),
        **_unweighted("alike", alike, first, second),
        **_unweighted("same", same, first, second),
        **_rarity_weighted(alike, first, second),
        **_matched_how_well(alike, first, second),
        **_neighbours(similarities.alike, first, second),
        **_sentence_vectors(first, second),
    }


def _in_view(sentences: Sentences, view: str) -> NDArray[np.bool_]:
    return np.isin(sentences.kind, VIEWS[view])


def _pair(name: str, values: tuple[Floats, Floats], kinds: tuple[str, str] = ("mean", "low")) -> Features:
    return {f"{name}_{kind}": value for kind, value in zip(kinds, values, strict=True)}


def _covered(name: str, best: Best, first: Sentences, second: Sentences, views: tuple[str, ...]) -> Features:
    """How much of each sentence, by idf, the other one also says (Sultan et al. 2014)."""
    features: Features = {}
    for view in views:
        weight1 = first.idf * _in_view(first, view)
        weight2 = second.idf * _in_view(second, view)
        features |= _pair(f"{name}_{view}", best.coverage(weight1, weight2))
    return features


def _unmatched(same: Best, first: Sentences, second: Sentences) -> Features:
    """One changed word can change it all, which a mean over many words hides."""
    return _pair("same_unmatched", same.worst(first.idf, second.idf), ("high", "low"))


def _unweighted(name: str, best: Best, first: Sentences, second: Sentences) -> Features:
    """Coverage in which rare words don't rule."""
    ones1, ones2 = first.there.astype(np.float32), second.there.astype(np.float32)
    return {f"{name}_unweighted": best.coverage(ones1, ones2)[0]}


def _rarity_weighted(best: Best, first: Sentences, second: Sentences) -> Features:
    """Coverage by rarity in Korean at large: holds on text of another kind than training's."""
    return _pair("alike_rarity", best.coverage(first.rarity, second.rarity))


def _matched_how_well(best: Best, first: Sentences, second: Sentences) -> Features:
    """A soft histogram of matches: many half ones are not some whole ones (K-NRM, Xiong et al. 2017)."""
    features: Features = {}
    for centre in (0.0, 0.25, 0.5, 0.75, 1.0):
        near = Best(*(np.exp(-((side - centre) ** 2) / 0.02) for side in (best.first, best.second)))
        features[f"matched_{centre}"] = near.coverage(first.idf, second.idf)[0]
    return features


def _neighbours(alike: Floats, first: Sentences, second: Sentences) -> Features:
    """Coverage of neighbouring morphemes in their order: who did what, not only which words."""
    if alike.shape[1] < 2 or alike.shape[2] < 2:
        ones = np.ones(len(alike), np.float32)
        return _pair("alike_bigram", (ones, ones))
    there1, there2 = first.there[:, 1:], second.there[:, 1:]
    both = there1[:, :, None] & there2[:, None, :]
    bigram = both * (alike[:, :-1, :-1] + alike[:, 1:, 1:]) / 2
    weight1 = (first.idf[:, :-1] + first.idf[:, 1:]) * there1
    weight2 = (second.idf[:, :-1] + second.idf[:, 1:]) * there2
    return _pair("alike_bigram", Best.of(bigram).coverage(weight1, weight2))


def _sentence_vectors(first: Sentences, second: Sentences) -> Features:
    """Cosine of summed vectors: topic, where no single words match (Arora et al. 2017)."""
    features: Features = {"vector_rarity": cosines(_sum(first, first.rarity), _sum(second, second.rarity))}
    for view in ("content", "noun", "verb", "name"):
        vector1 = _sum(first, first.idf * _in_view(first, view))
        vector2 = _sum(second, second.idf * _in_view(second, view))
        features[f"vector_{view}"] = cosines(vector1, vector2)
    return features


def _sum(sentences: Sentences, weight: Floats) -> Floats:
    total: Floats = (weight[:, None, :] @ sentences.meaning)[:, 0]
    return total
