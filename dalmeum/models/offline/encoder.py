"""From sentence pairs to the features that the offline network reads."""

import functools
import json
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_matrix
from torch import Tensor

from dalmeum.errors import InputError
from dalmeum.korean.jamo import decomposed
from dalmeum.korean.morphemes import Morpheme, analyse_all, kiwi_versions
from dalmeum.languages import Text
from dalmeum.models.fields import EXPORT_AGAIN, Fields
from dalmeum.models.offline.alignment import alignment_features
from dalmeum.models.offline.embeddings import MorphemeVectors
from dalmeum.models.offline.ngrams import ngram_counts, tfidf_cosines
from dalmeum.models.offline.sentences import NO_WORDS, Lexicon, Sentences, Words
from dalmeum.models.offline.surface import MAX_CHARACTERS, Surface, letters_of, normalise, surface_features
from dalmeum.models.pretrained import read_json
from dalmeum.progress import Progress

CHUNK = 4096
"""Pairs whose sentences are analysed together; bounds the memory of encoding."""

ANALYSING = Text("morphemes of the training sentences, sentence", "학습 문장의 형태소 분석, 문장")

BATCH = 256
"""Pairs aligned together, of like length."""

REMEMBERED = 20_000
"""Pairs whose features are kept, about half a kB each."""

BUCKETS = 2**18
GRAMS = {"letters_3": 3, "jamo_3": 3}
"""n-grams whose TF-IDF cosines are features: of letters, and of jamo, in which inflected forms stay alike."""

PairFeatures = NDArray[np.float32]


class OfflineEncoder:
    """Encodes a pair as a vector of features, in which the order of the two sentences makes no difference.

    Everything that a feature needs is fitted once and saved as JSON and safetensors: vectors of morphemes,
    document frequencies, and the names of the features. Kiwi itself is not; where its version is another than
    at the fit, loading warns.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        gram_frequencies: dict[str, NDArray[np.int64]],
        versions: dict[str, str] | None = None,
    ) -> None:
        self.lexicon = lexicon
        self.gram_frequencies = gram_frequencies
        self.versions = versions or kiwi_versions()
        self._remembered: dict[tuple[str, str], PairFeatures] = {}

    @classmethod
    def fit(cls, sentence1: Sequence[str], sentence2: Sequence[str]) -> "OfflineEncoder":
        """Recover the morphemes' vectors from Kiwi and count what the training sentences (n,) are made of."""
        sentences = sorted({*sentence1, *sentence2})
        frequency: Counter[str] = Counter()
        with Progress(len(sentences), ANALYSING) as progress:
            for start in range(0, len(sentences), CHUNK):
                for morphemes in _analysed(sentences[start : start + CHUNK]):
                    frequency.update({each.name for each in morphemes if each.content_class})
                    progress.advance()
        return cls(
            Lexicon(MorphemeVectors.from_kiwi(), dict(sorted(frequency.items())), len(sentences)),
            {
                name: np.bincount(counts.indices, minlength=BUCKETS)
                for name, counts in _gram_counts(sentences).items()
            },
        )

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[PairFeatures]:
        """One vector of features (num_features,) a pair.

        Remembers the first pairs that it sees: standardisation, training and the other seeds of a study ask
        for the same ones.
        """
        pairs = _in_one_order(sentence1, sentence2)
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

    def collate(self, items: Sequence[PairFeatures]) -> dict[str, Tensor]:
        """`features` (n, num_features), float32."""
        return {"features": torch.from_numpy(np.stack(items))}

    def lengths(self, items: Sequence[PairFeatures]) -> list[int]:
        """1 each: a pair costs the network the same, however long its sentences."""
        return [1] * len(items)

    def _encode(self, pairs: Sequence[tuple[str, str]]) -> PairFeatures:
        """Features (n, num_features)."""
        texts = list(dict.fromkeys(text for pair in pairs for text in pair))
        morphemes = _analysed(texts)
        row = {text: index for index, text in enumerate(texts)}
        first = np.array([row[one] for one, _ in pairs])
        second = np.array([row[other] for _, other in pairs])
        surfaces = [Surface.of(text, each) for text, each in zip(texts, morphemes, strict=True)]
        features = self._aligned(morphemes, first, second)
        features |= surface_features([surfaces[i] for i in first], [surfaces[i] for i in second])
        for name, counts in _gram_counts(texts).items():
            features[name] = tfidf_cosines(
                counts[first], counts[second], self.gram_frequencies[name], self.lexicon.documents
            )
        return np.stack(list(features.values()), axis=1).astype(np.float32)

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
            "features": feature_names(),
            "documents": self.lexicon.documents,
            "document_frequency": self.lexicon.document_frequency,
            "morphemes": self.lexicon.vectors.names,
        }
        (folder / "encoder.json").write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        save_file(
            {
                "vectors": self.lexicon.vectors.vectors,
                **{name: counts.astype(np.int32) for name, counts in self.gram_frequencies.items()},
            },
            folder / "encoder.safetensors",
        )

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "OfflineEncoder":
        """The encoder that `save_pretrained` wrote.

        Raises `InputError` where its files are missing or broken, or its features are not this version's.
        Warns where Kiwi is another version: sentences may be cut otherwise than in training, so that a few
        scores move; the vectors are the saved ones all the same.
        """
        folder = Path(folder)
        state, arrays = _read(folder)
        if tuple(state.texts("features")) != feature_names():
            raise InputError(
                f"{folder}: was trained by another version of dalmeum, with other features: retrain"
            )
        versions, trained_with = kiwi_versions(), state.mapping("kiwi", str)
        if trained_with != versions:
            warnings.warn(
                f"{folder}: was trained with {_listed(trained_with)}, and {_listed(versions)} is installed: "
                "scores may differ a little; install the same, or retrain",
                stacklevel=2,
            )
        morphemes = tuple(state.texts("morphemes"))
        rows = {"vectors": len(morphemes), **dict.fromkeys(GRAMS, BUCKETS)}
        if {name: array.shape[:1] for name, array in arrays.items()} != {k: (n,) for k, n in rows.items()}:
            raise InputError(f"{folder / 'encoder.safetensors'}: is not of its encoder.json: {EXPORT_AGAIN}")
        vectors = MorphemeVectors(morphemes, arrays["vectors"])
        lexicon = Lexicon(vectors, state.mapping("document_frequency", int), state.count("documents"))
        return cls(lexicon, {name: arrays[name].astype(np.int64) for name in GRAMS}, trained_with)


@functools.cache
def feature_names() -> tuple[str, ...]:
    """What the values of an item are, in their order."""
    empty = Sentences.of([[]], NO_WORDS)
    surface = [Surface.of("", [])]
    return (*alignment_features(empty, empty), *surface_features(surface, surface), *GRAMS)


def _in_one_order(sentence1: Sequence[str], sentence2: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs, each with its sentences sorted: likeness has no direction, and nor may rounding."""
    return [(min(pair), max(pair)) for pair in zip(sentence1, sentence2, strict=True)]


def _analysed(texts: Sequence[str]) -> list[tuple[Morpheme, ...]]:
    return analyse_all([text[:MAX_CHARACTERS] for text in texts])


def _gram_counts(texts: Sequence[str]) -> dict[str, csr_matrix]:
    """Counts (len(texts), BUCKETS) of each kind of n-gram."""
    letters = [letters_of(normalise(text)) for text in texts]
    spelled = {"letters": letters, "jamo": [decomposed(text) for text in letters]}
    return {name: ngram_counts(spelled[name.split("_")[0]], n, BUCKETS) for name, n in GRAMS.items()}


def _read(folder: Path) -> tuple[Fields, dict[str, NDArray[Any]]]:
    for name in ("encoder.json", "encoder.safetensors"):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: is missing; the model folder is incomplete")
    state = Fields(read_json(folder / "encoder.json"), folder / "encoder.json")
    try:
        return state, load_file(folder / "encoder.safetensors")
    except (OSError, SafetensorError) as error:
        raise InputError(f"{folder / 'encoder.safetensors'}: is damaged: {EXPORT_AGAIN}") from error


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{package} {version}" for package, version in versions.items())
