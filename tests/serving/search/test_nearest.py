"""The nearest vectors are those that a full sort finds, and a graph finds nearly all of them."""

import numpy as np
import pytest

from dalmeum.serving.search import nearest as nearest_module
from dalmeum.serving.search.nearest import AIM, nearest, new_links, tried
from tests.serving.search.conftest import vector_of


def test_by_hand() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8], [1, 0]], np.float32)
    cosines, rows = nearest(vectors, np.array([[1, 0], [0, 1]], np.float32), 3)
    assert rows.tolist() == [[0, 3, 2], [1, 2, 0]]  # of equal ones the first comes first
    np.testing.assert_allclose(cosines, [[1, 1, 0.6], [1, 0.8, 0]], atol=1e-6)
    cosines, rows = nearest(vectors, vectors[:1], 10)
    assert rows.tolist() == [[0, 3, 2, 1]]


@pytest.mark.parametrize(("together", "compared"), [(3, 7), (256, 1 << 14)])
def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch, together: int, compared: int) -> None:
    monkeypatch.setattr(nearest_module, "TOGETHER", together)
    monkeypatch.setattr(nearest_module, "COMPARED", compared)
    vectors = np.stack([vector_of(f"v{number}") for number in range(50)])
    queries = np.stack([vector_of(f"q{number}") for number in range(10)])
    cosines, rows = nearest(vectors, queries, 5)
    products = queries.astype(np.float64) @ vectors.T.astype(np.float64)
    np.testing.assert_array_equal(rows, np.argsort(-products, axis=1)[:, :5])
    np.testing.assert_allclose(cosines, -np.sort(-products, axis=1)[:, :5], atol=1e-6)


def test_a_graph_finds_what_it_says_it_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.stack([vector_of(f"v{number}") for number in range(3000)])
    links = new_links(vectors.shape[1])
    links.add(np.arange(len(vectors)), vectors)
    graph = tried(links, vectors)
    assert AIM <= graph.recall <= 1
    queries = np.stack([vector_of(f"q{number}") for number in range(100)])
    exact, _ = nearest(vectors, queries, 10)
    cosines, rows = graph.nearest(queries, 10)
    np.testing.assert_allclose(cosines, np.take_along_axis(queries @ vectors.T, rows, 1), atol=1e-6)
    assert (np.diff(cosines, axis=1) <= 0).all()
    assert np.mean(cosines >= exact[:, -1:] - 1e-6) >= 0.95
    _, rows = graph.nearest(queries[:1], 5000)  # no link leads to some of them
    assert sorted(rows[0].tolist()) == list(range(3000))


def test_the_least_expansion_that_is_good_enough_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.stack([vector_of(f"v{number}") for number in range(1000)])

    class Blind:
        """Finds the nearest ones only where it looks at 256."""

        expansion_search = 0

        def search(self, query: np.ndarray, count: int, threads: int) -> object:
            order = np.argsort(-(vectors @ query)) if self.expansion_search >= 256 else np.arange(1000)
            return type("Matches", (), {"keys": order[:count].astype(np.uint64)})

    graph = tried(Blind(), vectors)
    assert (graph.expansion, graph.recall) == (256, 1.0)
    monkeypatch.setattr(nearest_module, "EXPANSIONS", (64, 128))
    graph = tried(Blind(), vectors)
    assert graph.expansion == 128
    assert graph.recall < 0.2
