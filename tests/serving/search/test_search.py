"""`dalmeum.search` and `dalmeum.near` by real encoders, beside what sentence-transformers computes."""

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import dalmeum
from dalmeum.data.practice import practice_tables
from dalmeum.errors import DalmeumError, InputError
from dalmeum.models.bi import BiEncoder, new_bi_encoder
from dalmeum.models.scorer import PairScorer
from dalmeum.runs.folder import load
from dalmeum.serving.search.embedding import Embedder
from tests.conftest import draw_pairs

CORPUS = list(dict.fromkeys(text for one, two, _ in draw_pairs(60) for text in (one, two)))
QUERIES = ["A bird is singing.", "Somebody reads a book.", "말이 달린다."]


def theirs(folder: str, texts: list[str]) -> np.ndarray:
    return np.asarray(SentenceTransformer(folder, device="cpu").encode(texts, normalize_embeddings=True))


@pytest.fixture
def bi_run(minilm: str, tmp_path: Path) -> Path:
    """A model whose line from the cosine is another than 5 times it, on another label scale."""
    model, encoding = new_bi_encoder(minilm, num_labels=1, max_length=64, label_range=(1.0, 3.0))
    scorer = PairScorer(model, encoding, label_range=(1.0, 3.0))
    scorer.fold(1.5, -0.25)
    scorer.save(tmp_path / "bi")
    return tmp_path / "bi"


def test_the_nearest_are_those_by_the_models_own_scores(bi_run: Path) -> None:
    found = dalmeum.search(CORPUS, QUERIES, bi_run, top=7, precision="float32")
    cosines = theirs(str(bi_run), QUERIES) @ theirs(str(bi_run), CORPUS).T
    np.testing.assert_array_equal(found.rows, np.argsort(-cosines, axis=1, kind="stable")[:, :7])
    scorer = dalmeum.load(bi_run, "float32")
    pairs = [(query, CORPUS[row]) for query, rows in zip(QUERIES, found.rows, strict=True) for row in rows]
    np.testing.assert_allclose(found.similarity.ravel(), scorer.score(pairs), atol=1e-4)
    assert found.score is None
    first = found.to_dict()["queries"][0]
    assert (first["query"], first["line"], len(first["found"])) == (QUERIES[0], 1, 7)
    assert first["found"][0]["sentence"] == CORPUS[found.rows[0, 0]]


def test_a_prompt_stands_before_each_sentence(korean_encoder: str) -> None:
    corpus = list(dict.fromkeys(practice_tables()["dev"].sentence1))[:40]
    vectors = Embedder.of(load(korean_encoder, "float32"), "e5").embed(corpus)
    np.testing.assert_allclose(vectors, theirs(korean_encoder, corpus), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    found = dalmeum.search(corpus, corpus[:5], korean_encoder, top=1, precision="float32")
    assert found.rows.ravel().tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found.similarity, 5, atol=1e-4)


def test_a_sentence_has_one_vector_whatever_is_embedded_beside_it(minilm: str) -> None:
    embedder = Embedder.of(load(minilm, "float32"), "minilm")
    together = embedder.embed([*CORPUS, "long " * 200])
    alone = np.concatenate([embedder.embed([text]) for text in CORPUS[:5]])
    np.testing.assert_allclose(together[:5], alone, atol=1e-5)
    done: list[int] = []
    embedder.embed(CORPUS, done.append)
    assert sum(done) == len(CORPUS)


def test_reranked_by_any_scorer(bi_run: Path, minilm: str) -> None:
    found = dalmeum.search(CORPUS, QUERIES, bi_run, rerank=minilm, top=4, candidates=20, precision="float32")
    near = dalmeum.search(CORPUS, QUERIES, bi_run, top=20, precision="float32")
    scorer = dalmeum.load(minilm, "float32")
    assert found.score is not None
    for number, query in enumerate(QUERIES):
        scores = scorer.score([(query, CORPUS[row]) for row in near.rows[number]])
        order = np.argsort(-scores, kind="stable")[:4]
        np.testing.assert_array_equal(found.rows[number], near.rows[number][order])
        np.testing.assert_allclose(found.score[number], scores[order], atol=1e-4)
        np.testing.assert_allclose(found.similarity[number], near.similarity[number][order], atol=1e-5)


def test_more_is_asked_for_than_there_is(minilm: str) -> None:
    found = dalmeum.search(["one", "two"], "a query", minilm, rerank=minilm)
    assert found.rows.shape == (1, 2)


def test_the_same_with_an_index(minilm: str, tmp_path: Path) -> None:
    path = tmp_path / "corpus.index"
    found = [
        dalmeum.search(CORPUS, QUERIES, minilm, index=index, precision="float32")
        for index in (None, path, path)
    ]
    for each in found[1:]:
        np.testing.assert_array_equal(each.rows, found[0].rows)
        np.testing.assert_array_equal(each.similarity, found[0].similarity)
    with pytest.raises(InputError, match="index of another model"):
        dalmeum.search(CORPUS, QUERIES, minilm, index=path, precision="bfloat16")
    with pytest.raises(InputError, match="name the index"):
        dalmeum.search(CORPUS, QUERIES, minilm, rebuild=True)


def test_near_duplicates_are_those_over_the_threshold(minilm: str) -> None:
    corpus = [
        "A cat sleeps.",
        "Stocks fell on Monday.",
        "The cat is sleeping.",
        "A cat sleeps.",
        "Rain is expected tomorrow.",
        "A cat is sleeping.",
        "Rain is expected tomorrow.",
    ]
    found = dalmeum.near(corpus, minilm, threshold=4.2, precision="float32")
    different = list(dict.fromkeys(corpus))
    vectors = theirs(minilm, different)
    cosines = vectors @ vectors.T
    assert found.pairs == int((np.triu(5 * cosines, 1) >= 4.2).sum()) == 3
    cats, rain = found.clusters
    assert sorted(cats.rows.tolist()) == [0, 2, 4]
    central = max((0, 2, 4), key=lambda row: cosines[row, [0, 2, 4]].sum())
    assert cats.rows[0] == central
    np.testing.assert_allclose(cats.similarity, 5 * cosines[central, cats.rows], atol=1e-4)
    assert (rain.rows.tolist(), rain.similarity.tolist()) == ([3], [5.0])  # on two lines
    assert found.corpus.lines[3] == (5, 7)
    assert found.spare == 4
    assert dalmeum.near(corpus, minilm).threshold == 4.5
    with pytest.raises(InputError, match=r"threshold 5\.1: two equal sentences have 5 by this model"):
        dalmeum.near(corpus, minilm, threshold=5.1)


def test_models_without_vectors_of_sentences_are_refused(
    own_run: Path, offline_model: Path, tmp_path: Path, minilm: str
) -> None:
    for model in (own_run.resolve(), offline_model):
        with pytest.raises(InputError) as error:
            dalmeum.search(CORPUS, QUERIES, model)
        assert "is no bi-encoder: it compares two sentences together" in str(error.value)
        assert "this one with --rerank" in str(error.value)
    with pytest.raises(InputError, match="no such run"):
        dalmeum.near(CORPUS, tmp_path / "nothing")
    with pytest.raises(InputError, match="top 0: give a whole number of 1 or more"):
        dalmeum.search(CORPUS, QUERIES, minilm, top=0)


def test_a_score_that_falls_with_the_cosine_and_numbers_that_are_none(minilm: str, tmp_path: Path) -> None:
    scorer = load(minilm, "float32")
    scorer.fold(-1.0, 5.0)
    with pytest.raises(InputError, match="its score falls as the cosine rises"):
        Embedder.of(scorer, "run")
    scorer.fold(-1.0, 5.0)
    assert isinstance(scorer.model, BiEncoder)
    next(scorer.model.parameters()).data.fill_(float("nan"))
    with pytest.raises(DalmeumError, match="answers what is no number"):
        Embedder.of(scorer, "run").embed(["a"])
