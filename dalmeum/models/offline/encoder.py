"""From sentence pairs to the features that the offline network reads."""

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from scipy.sparse import csr_matrix
from torch import Tensor

from dalmeum.data import PairTable
from dalmeum.korean.jamo import decomposed
from dalmeum.korean.morphemes import KIWI_PACKAGES, Morpheme, kiwi_versions
from dalmeum.languages import Text
from dalmeum.models.offline.alignment import alignment_features
from dalmeum.models.offline.analysis import analysed, analysed_apart, forget_analyses
from dalmeum.models.offline.common import CommonComponents
from dalmeum.models.offline.embeddings import MorphemeVectors
from dalmeum.models.offline.features import GRAMS, TUNED, feature_names, universal_names
from dalmeum.models.offline.ngrams import BUCKETS, ngram_counts, tfidf_cosines
from dalmeum.models.offline.saved import Saved
from dalmeum.models.offline.sentences import Lexicon, Sentences, Words
from dalmeum.models.offline.surface import letters_of, normalise, surface_features
from dalmeum.models.offline.tuned import TunedLayers
from dalmeum.models.offline.universal import SIZES
from dalmeum.models.packaged.usem3 import WEIGHTS, check_universal
from dalmeum.progress import Progress

CHUNK = 4096
"""Pairs whose sentences are analysed together; bounds the memory of encoding."""

ANALYSING = Text("morphemes of the training sentences, sentence", "학습 문장의 형태소 분석, 문장")

BATCH = 256
"""Pairs aligned together, of like length."""

REMEMBERED = 20_000
"""Pairs whose features are kept, about half a kB each."""

COMMON_COMPONENTS = 4
"""Taken out of the universal sentence encoder's vectors; with 1 to 8 the cosines come to nearly the same."""

FITTED_ON = 20_000
"""Training sentences that these are fitted on, spread over all of them."""

PairFeatures = NDArray[np.float32]


class OfflineEncoder:
    """Encodes a pair as a vector of features, in which the order of the two sentences makes no difference.

    Everything that a feature needs is fitted once and saved as JSON and safetensors: vectors of morphemes,
    document frequencies, what the universal sentence encoder's vectors have in common, and the names of the
    features. Kiwi itself is not; where its version is another than at the fit, loading warns. Nor is the
    universal sentence encoder, which has to be the same.

    Attributes:
        names: of the features, in their order.
        common: by the names of the universal sentence encoder's vectors; empty in the first version of the
            offline encoder, which has no features of them.
        tuned: its dense layers, trained on the labels, whose cosine is the last feature; None without.
    """

    packages = ("numpy", *KIWI_PACKAGES, WEIGHTS.package)
    """That features come from; the rest is our own."""

    def __init__(
        self,
        lexicon: Lexicon,
        gram_frequencies: dict[str, NDArray[np.int64]],
        common: dict[str, CommonComponents],
        names: tuple[str, ...],
        versions: dict[str, str] | None = None,
        tuned: TunedLayers | None = None,
    ) -> None:
        self.lexicon = lexicon
        self.gram_frequencies = gram_frequencies
        self.common = common
        self.names = names
        self.versions = versions or kiwi_versions()
        self.tuned = tuned
        self._remembered: dict[tuple[str, str], PairFeatures] = {}

    @classmethod
    def fit(
        cls, sentence1: Sequence[str], sentence2: Sequence[str], names: tuple[str, ...] | None = None
    ) -> "OfflineEncoder":
        """Recover the morphemes' vectors from Kiwi and count what the training sentences (n,) are made of.

        Raises `MissingExtraError` where the universal sentence encoder is not installed, `InputError` where
        it is another.
        """
        check_universal()
        sentences = sorted({*sentence1, *sentence2})
        every = -(-len(sentences) // FITTED_ON)
        frequency: Counter[str] = Counter()
        vectors: dict[str, list[NDArray[np.float32]]] = {name: [] for name in SIZES}
        with Progress(len(sentences), ANALYSING) as progress:
            for start in range(0, len(sentences), CHUNK):
                for row, each in enumerate(analysed(sentences[start : start + CHUNK], universal=True), start):
                    frequency.update({one.name for one in each.morphemes if one.content_class})
                    for name in SIZES if row % every == 0 else ():
                        vectors[name].append(each.vectors[name])
                    progress.advance()
        return cls(
            Lexicon(MorphemeVectors.from_kiwi(), dict(sorted(frequency.items())), len(sentences)),
            {
                name: np.bincount(counts.indices, minlength=BUCKETS)
                for name, counts in _gram_counts(sentences).items()
            },
            {name: CommonComponents.fit(np.stack(rows), COMMON_COMPONENTS) for name, rows in vectors.items()},
            feature_names() if names is None else names,
        )

    def tuned_on(self, train: PairTable, folds: int, seed: int) -> "OfflineEncoder":
        """The same encoder with a further feature, of layers that the labelled pairs have trained; it shares
        what is remembered. Raises `InputError` where the pairs can't fill the folds.
        """
        sides = (list(side) for side in (train.sentence1, train.sentence2))
        first, second = (
            np.stack([each.vectors["ngrams"] for each in analysed(side, universal=True)]) for side in sides
        )
        tuned = TunedLayers.fit(train, first, second, folds, seed)
        names = (*self.names, TUNED)
        other = OfflineEncoder(self.lexicon, self.gram_frequencies, self.common, names, self.versions, tuned)
        other._remembered = self._remembered
        return other

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[PairFeatures]:
        """One vector of features (num_features,) a pair.

        Remembers the first pairs that it sees: standardisation, training and the other seeds of a study ask
        for the same ones. What a seed has trained is not remembered.
        """
        pairs = _in_one_order(sentence1, sentence2)
        fixed = self._fixed(pairs)
        if self.tuned is None:
            return fixed
        return [
            np.append(features, cosine).astype(np.float32)
            for start in range(0, len(pairs), CHUNK)
            for features, cosine in zip(
                fixed[start : start + CHUNK], self._tuned_cosines(pairs[start : start + CHUNK]), strict=True
            )
        ]

    def _tuned_cosines(self, pairs: Sequence[tuple[str, str]]) -> PairFeatures:
        assert self.tuned is not None
        texts, first, second = _numbered(pairs)
        vectors = np.stack([each.vectors["ngrams"] for each in analysed(texts, universal=True)])
        return self.tuned.cosines(texts, vectors, first, second)

    def _fixed(self, pairs: Sequence[tuple[str, str]]) -> list[PairFeatures]:
        """Of each pair the features that nothing has trained."""
        result = [self._remembered.get(pair) for pair in pairs]
        new = [index for index, features in enumerate(result) if features is None]
        for start in range(0, len(new), CHUNK):
            rows = new[start : start + CHUNK]
            encoded = self._encode([pairs[row] for row in rows])
            for row, features in zip(rows, encoded, strict=True):
                result[row] = features
                if len(self._remembered) < REMEMBERED:
                    self._remembered[pairs[row]] = features
        return [features for features in result if features is not None]

    def forget(self) -> None:
        """Let go of pairs and sentences; the sentences of all encoders of this process."""
        self._remembered.clear()
        forget_analyses()

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """As if no pair and no sentence had been seen before; afterwards as before."""
        remembered, self._remembered = self._remembered, {}
        try:
            with analysed_apart():
                yield
        finally:
            self._remembered = remembered

    def collate(self, items: Sequence[PairFeatures]) -> dict[str, Tensor]:
        """`features` (n, num_features), float32."""
        return {"features": torch.from_numpy(np.stack(items))}

    def lengths(self, items: Sequence[PairFeatures]) -> list[int]:
        """1 each: a pair costs the network the same, however long its sentences."""
        return [1] * len(items)

    def _encode(self, pairs: Sequence[tuple[str, str]]) -> PairFeatures:
        """Features (n, num_features)."""
        texts, first, second = _numbered(pairs)
        analyses = analysed(texts, universal=bool(self.common))
        features = self._aligned([each.morphemes for each in analyses], first, second)
        features |= surface_features(
            [analyses[i].surface for i in first], [analyses[i].surface for i in second]
        )
        for name, counts in _gram_counts(texts).items():
            features[name] = tfidf_cosines(
                counts[first], counts[second], self.gram_frequencies[name], self.lexicon.documents
            )
        for name, common in self.common.items():
            vectors = np.stack([each.vectors[name] for each in analyses])
            cosines = common.cosines(vectors[first], vectors[second])
            features |= dict(zip(universal_names(name), cosines, strict=True))
        names = [name for name in self.names if name != TUNED]
        return np.stack([features[name] for name in names], axis=1).astype(np.float32)

    def _aligned(
        self, morphemes: Sequence[Sequence[Morpheme]], first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> dict[str, NDArray[np.floating]]:
        words = Words.of(morphemes, self.lexicon)
        length = np.array([len(each) for each in morphemes])
        order = np.argsort(np.maximum(length[first], length[second]), kind="stable")
        result: dict[str, NDArray[np.floating]] = {}
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            one = Sentences.of([morphemes[i] for i in first[rows]], words)
            other = Sentences.of([morphemes[i] for i in second[rows]], words)
            for name, values in alignment_features(one, other).items():
                result.setdefault(name, np.zeros(len(order), np.float32))[rows] = values
        return result

    def save_pretrained(self, folder: str | Path) -> None:
        """Write `encoder.json` and `encoder.safetensors`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "kiwi": self.versions,
            **({"universal": WEIGHTS.sha256} if self.common else {}),
            "features": self.names,
            "documents": self.lexicon.documents,
            "document_frequency": self.lexicon.document_frequency,
            "morphemes": self.lexicon.vectors.names,
        }
        (folder / "encoder.json").write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        save_file(
            {
                "vectors": self.lexicon.vectors.vectors,
                **{name: counts.astype(np.int32) for name, counts in self.gram_frequencies.items()},
                **{f"{name}_centre": each.centre for name, each in self.common.items()},
                **{f"{name}_common": each.components for name, each in self.common.items()},
                **(self.tuned.arrays() if self.tuned else {}),
            },
            folder / "encoder.safetensors",
        )

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "OfflineEncoder":
        """The encoder that `save_pretrained` wrote.

        Raises `InputError` where its files are missing or broken, or it has features that are not known here;
        where it has some of the universal sentence encoder also where that is another, `MissingExtraError`
        where it is not installed. Warns where Kiwi is another version: sentences may be cut otherwise than in
        training, so that a few scores move; the vectors are the saved ones all the same.
        """
        saved = Saved.read(Path(folder))
        return cls(
            saved.lexicon, saved.gram_frequencies, saved.common, saved.names, saved.versions, saved.tuned
        )


def _in_one_order(sentence1: Sequence[str], sentence2: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs, each with its sentences sorted: likeness has no direction, and nor may rounding."""
    return [(min(pair), max(pair)) for pair in zip(sentence1, sentence2, strict=True)]


def _numbered(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """The m different texts of n pairs, and the row of each pair's first and second, (n,)."""
    row: dict[str, int] = {}
    numbers = [[row.setdefault(text, len(row)) for text in pair] for pair in pairs]
    first, second = np.array(numbers, np.int64).reshape(-1, 2).T
    return list(row), first, second


def _gram_counts(texts: Sequence[str]) -> dict[str, csr_matrix]:
    """Counts (len(texts), BUCKETS) of each kind of n-gram."""
    letters = [letters_of(normalise(text)) for text in texts]
    spelled = {"letters": letters, "jamo": [decomposed(text) for text in letters]}
    return {name: ngram_counts(spelled[name.split("_")[0]], n, BUCKETS) for name, n in GRAMS.items()}
