"""Clusters by hand, and against a search through all pairs one by one."""

import numpy as np
import pytest

from dalmeum.serving.search import linkage
from dalmeum.serving.search.linkage import by_centrality, clusters
from tests.serving.search.conftest import vector_of


def at(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def groups(of: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(of == number).tolist()) for number in set(of.tolist())}


@pytest.mark.parametrize(("compared", "held"), [(2, 0), (4096, 1 << 22)])
def test_a_chain_hangs_together(monkeypatch: pytest.MonkeyPatch, compared: int, held: int) -> None:
    monkeypatch.setattr(linkage, "COMPARED", compared)
    monkeypatch.setattr(linkage, "HELD", held)
    done: list[int] = []
    found = clusters(at(0, 90, 10, 200, 95, 20), float(np.cos(np.radians(12))), done.append)
    assert groups(found.of) == {frozenset({0, 2, 5}), frozenset({1, 4}), frozenset({3})}
    assert found.pairs == 3  # 0 and 20 degrees are no pair
    assert sum(done) == 15


def test_none_is_near_to_another() -> None:
    found = clusters(at(0, 90), 0.5)
    assert (len(groups(found.of)), found.pairs) == (2, 0)
    assert clusters(at(0), 0.5).pairs == 0


def test_all_pairs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkage, "COMPARED", 64)
    monkeypatch.setattr(linkage, "HELD", 100)
    vectors = np.stack([vector_of(f"v{number}") for number in range(300)])
    found = clusters(vectors, 0.8)
    near = [(i, j) for i in range(300) for j in range(i) if float(vectors[i] @ vectors[j]) >= 0.8]
    assert found.pairs == len(near) > 100
    parent = list(range(300))

    def root(row: int) -> int:
        while parent[row] != row:
            row = parent[row]
        return row

    for one, other in near:
        parent[root(one)] = root(other)
    assert groups(found.of) == groups(np.array([root(row) for row in range(300)]))


def test_the_most_central_comes_first_then_as_near_as_they_are_to_it() -> None:
    rows, cosines = by_centrality(at(0, 50, 10, 24), np.array([0, 2, 3]))
    assert rows.tolist() == [2, 0, 3]
    np.testing.assert_allclose(cosines, np.cos(np.radians([0, 10, 14])), atol=1e-6)
    rows, cosines = by_centrality(at(3, 4, 5), np.array([0, 2]))
    assert rows.tolist() == [0, 2]  # of two the first
    assert cosines[0] == 1
