"""Clients of others, unchanged, against a real server."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import cohere
import pytest
from cohere.errors import NotFoundError, UnauthorizedError

from dalmeum.serving.http.batcher import Pair, Scores
from tests.serving.http.conftest import TOKEN, listening, overlap, small_app

QUERY, TEXTS = "abc", ["abd", "xyz", "abc"]
RANKED = [(2, 1.0), (0, 0.5), (1, 0.0)]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(small_app(tokens=[TOKEN])) as address:
        yield address


def test_cohere_v1(address: str) -> None:
    client = cohere.Client(TOKEN, base_url=address)
    answer = client.rerank(query=QUERY, documents=TEXTS, model="rerank-v3.5")
    assert [(each.index, each.relevance_score) for each in answer.results] == RANKED
    assert answer.meta is not None
    assert answer.meta.warnings == ["that model is Cohere's: one answered"]
    assert answer.meta.api_version is not None
    assert answer.meta.api_version.version == "1"
    documents: list[str | dict[str, str]] = [{"text": "abd"}, "xyz", {"text": "abc", "page": "3"}]
    answer = client.rerank(query=QUERY, documents=documents, top_n=2, return_documents=True)
    assert [(each.index, each.document and each.document.text) for each in answer.results] == [
        (2, "abc"),
        (0, "abd"),
    ]


def test_cohere_v2(address: str) -> None:
    client = cohere.ClientV2(TOKEN, base_url=address)
    answer = client.rerank(model="other", query=QUERY, documents=TEXTS)
    assert [(each.index, each.relevance_score) for each in answer.results] == RANKED
    assert answer.id
    answer = client.rerank(
        model="rerank-v5.0-pro", query=QUERY, documents=TEXTS, top_n=1, max_tokens_per_doc=64, priority=1
    )
    assert [each.index for each in answer.results] == [2]


def test_cohere_asynchronously(address: str) -> None:
    async def both() -> list[list[int]]:
        first = cohere.AsyncClient(TOKEN, base_url=address)
        second = cohere.AsyncClientV2(TOKEN, base_url=address)
        answers = await asyncio.gather(
            first.rerank(query=QUERY, documents=TEXTS),
            second.rerank(model="one", query=QUERY, documents=TEXTS),
        )
        return [[each.index for each in answer.results] for answer in answers]

    assert asyncio.run(both()) == [[2, 0, 1]] * 2


def test_cohere_knows_our_errors(address: str) -> None:
    with pytest.raises(UnauthorizedError) as refused:
        cohere.Client("wrong", base_url=address).rerank(query=QUERY, documents=TEXTS)
    assert refused.value.body == {"detail": "a token is needed: Authorization: Bearer TOKEN"}
    with pytest.raises(NotFoundError, match="choose one of one, other"):
        cohere.ClientV2(TOKEN, base_url=address).rerank(model="third", query=QUERY, documents=TEXTS)


def test_cohere_asks_again_when_it_is_told_to() -> None:
    """A 429 is answered after Retry-After: without an error where there is room by then."""
    busy = threading.Event()

    def slow(pairs: Sequence[Pair]) -> Scores:
        if not busy.is_set():
            busy.set()
            time.sleep(0.5)
        return overlap(pairs)

    app = small_app(slow, waiting=3, pairs=3, wait=1.0)
    with listening(app) as address:
        client = cohere.Client("none", base_url=address)
        with ThreadPoolExecutor(3) as pool:
            asked = [pool.submit(client.rerank, query=QUERY, documents=TEXTS)]
            assert busy.wait(10)
            asked += [pool.submit(client.rerank, query=QUERY, documents=TEXTS) for _ in range(2)]
            for each in asked:
                assert [result.index for result in each.result(20).results] == [2, 0, 1]
    refused = 'dalmeum_requests_total{path="/v1/rerank",status="429"} 1.0'
    assert refused in app.state.service.metrics.text().decode()
