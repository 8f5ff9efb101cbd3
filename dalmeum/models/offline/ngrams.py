"""Counts of n-grams in hashed buckets: no vocabulary to keep, no unknown n-gram."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

BUCKETS = 2**18
"""Buckets of a text's n-grams."""

# An odd multiplier spreads neighbouring code points over all 64 bits (Knuth's multiplicative hashing).
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def ngram_hashes(texts: Sequence[str], n: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """For every n-gram of every text, the text's index and a 64-bit hash. Texts hold no NUL."""
    codes = np.frombuffer("\0".join([*texts, ""]).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    windows = len(codes) - n + 1
    if windows <= 0:
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    hashes = np.full(windows, n, dtype=np.uint64)
    whole = np.ones(windows, dtype=bool)
    for offset in range(n):
        letter = codes[offset : offset + windows]
        hashes = (hashes ^ letter) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
        whole &= letter != 0
    text = np.cumsum(codes == 0)[:windows]
    return text[whole].astype(np.int64), hashes[whole]


def ngram_counts(texts: Sequence[str], n: int, buckets: int) -> csr_matrix:
    """Counts (len(texts), buckets), float32, of each text's n-grams."""
    text, hashes = ngram_hashes(texts, n)
    bucket = (hashes % np.uint64(buckets)).astype(np.int64)
    counts = csr_matrix((np.ones(len(text), np.float32), (text, bucket)), shape=(len(texts), buckets))
    counts.sum_duplicates()
    return counts


def signed_ngram_vectors(texts: Sequence[str], orders: Sequence[int], dimensions: int) -> NDArray[np.float32]:
    """Unit vectors (len(texts), dimensions) whose inner product is near the cosine of n-gram counts.

    The sign bit makes what collides cancel out on average (Weinberger et al. 2009, "Feature Hashing").
    """
    result = np.zeros((len(texts), dimensions), dtype=np.float32)
    for n in orders:
        text, hashes = ngram_hashes(texts, n)
        sign = np.where(hashes >> np.uint64(63), np.float32(1), np.float32(-1))
        np.add.at(result, (text, (hashes % np.uint64(dimensions)).astype(np.int64)), sign)
    result /= np.maximum(np.linalg.norm(result, axis=1, keepdims=True), np.float32(1e-9))
    return result


def tfidf_cosines(
    sentence1: csr_matrix, sentence2: csr_matrix, document_frequency: NDArray[np.int64], documents: int
) -> NDArray[np.float64]:
    """Cosine (n,) of the rows of two count matrices (n, buckets), weighted by (1 + log count) * idf."""
    idf = np.log((documents + 1) / (document_frequency + 1))

    def weigh(counts: csr_matrix) -> csr_matrix:
        data = (1 + np.log(counts.data)) * idf[counts.indices]
        return csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)

    first, second = weigh(sentence1), weigh(sentence2)

    def dot(left: csr_matrix, right: csr_matrix) -> NDArray[np.float64]:
        return np.asarray(left.multiply(right).sum(axis=1), dtype=np.float64).ravel()

    return dot(first, second) / np.sqrt(np.maximum(dot(first, first) * dot(second, second), 1e-12))
