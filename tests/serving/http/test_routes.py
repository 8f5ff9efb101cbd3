"""What the routes answer: as the model would, and in the shapes of others."""

import re
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
from starlette.testclient import TestClient

import dalmeum
from dalmeum.serving.http.app import create_app
from tests.conftest import draw_pairs
from tests.serving.http.conftest import TOKEN, overlap, small_app

PAIRS = [("abc", "abd"), ("abc", "xyz"), ("abc", "abc")]
QUERY, TEXTS = "abc", ["abd", "xyz", "abc", "cba"]
# 2 of 4 letters shared, none, all, all.
SCORES = [2.5, -1.0, 6.0, 6.0]


def post(client: TestClient, path: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_scores_are_not_clipped(client: TestClient) -> None:
    assert post(client, "/score", pairs=PAIRS) == {"model": "one", "scores": [2.5, -1.0, 6.0]}
    assert post(client, "/score", pairs=[]) == {"model": "one", "scores": []}
    assert post(client, "/score", pairs=PAIRS, model="other")["model"] == "other"


def test_a_model_that_is_not_there(client: TestClient) -> None:
    told = post(client, "/score", 404, pairs=PAIRS, model="third")
    assert told == {"detail": "model: there is none of that name; choose one of one, other"}
    with TestClient(small_app(names=["모델"])) as client:  # a Mac may spell it otherwise
        assert post(client, "/score", pairs=[], model=normalize("NFD", "모델"))["model"] == "모델"


def test_nobody_is_sent_elsewhere(client: TestClient) -> None:
    """With a token, by plain HTTP, to a host of the request's."""
    for path in ("/score/", "/healthz/", "/docs/"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_a_ranking(client: TestClient) -> None:
    ranking = [{"index": index, "score": SCORES[index]} for index in (2, 3, 0, 1)]
    assert post(client, "/rank", query=QUERY, texts=TEXTS) == {"model": "one", "ranking": ranking}
    assert post(client, "/rank", query=QUERY, texts=TEXTS, top=2)["ranking"] == ranking[:2]
    assert post(client, "/rank", query=QUERY, texts=TEXTS, top=9)["ranking"] == ranking
    assert post(client, "/rank", query=QUERY, texts=[])["ranking"] == []


def test_the_models(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert listed["data"] == [
        {
            "id": name,
            "object": "model",
            "default": name == "one",
            "label_range": [0, 5],
            "backend": "torch",
            "precision": "float32",
            "interval": None,
            "no_interval": "no_run",
        }
        for name in ("one", "other")
    ]


def test_as_text_embeddings_inference(client: TestClient) -> None:
    shares = [{"index": index, "score": share} for index, share in ((2, 1), (3, 1), (0, 0.5), (1, 0))]
    assert post(client, "/rerank", query=QUERY, texts=TEXTS) == shares
    assert post(client, "/rerank", query=QUERY, texts=TEXTS, truncate=True, unknown=1) == shares
    raw = post(client, "/rerank", query=QUERY, texts=TEXTS, raw_scores=True, return_text=True)
    assert raw == [{"index": i, "score": SCORES[i], "text": TEXTS[i]} for i in (2, 3, 0, 1)]
    assert "texts" in post(client, "/rerank", 422, query=QUERY, texts=[])["detail"]


@pytest.mark.parametrize("version", ["1", "2"])
def test_as_cohere(client: TestClient, version: str) -> None:
    path = f"/v{version}/rerank"
    answer = post(client, path, query=QUERY, documents=TEXTS)
    assert answer["results"] == [
        {"index": index, "relevance_score": share} for index, share in ((2, 1), (3, 1), (0, 0.5), (1, 0))
    ]
    assert answer["meta"] == {"api_version": {"version": version}}
    assert len(answer["id"]) == 36
    assert [
        each["index"] for each in post(client, path, query=QUERY, documents=TEXTS, top_n=1)["results"]
    ] == [2]
    assert post(client, path, query=QUERY, documents=TEXTS, model="other")["results"] == answer["results"]
    theirs = post(client, path, query=QUERY, documents=TEXTS, model="rerank-v3.5")
    assert theirs["meta"]["warnings"] == ["that model is Cohere's: one answered"]
    assert "choose one of" in post(client, path, 404, query=QUERY, documents=TEXTS, model="third")["detail"]
    assert post(client, path, 422, query=QUERY, documents=[])["detail"].startswith("documents: ")


def test_documents_of_fields(client: TestClient) -> None:
    documents = [{"text": "abd", "page": 3}, {"title": "abc", "text": "xyz"}, "abc"]
    answer = post(client, "/v1/rerank", query=QUERY, documents=documents, return_documents=True)
    assert answer["results"] == [
        {"index": 2, "relevance_score": 1, "document": {"text": "abc"}},
        {"index": 0, "relevance_score": 0.5, "document": {"text": "abd", "page": 3}},
        {"index": 1, "relevance_score": 0, "document": {"title": "abc", "text": "xyz"}},
    ]
    titled = [{"title": "ab", "text": "c"}, {"text": "xyz", "title": "abc"}]
    ranked = post(client, "/v1/rerank", query=QUERY, documents=titled, rank_fields=["title"])["results"]
    assert [each["index"] for each in ranked] == [1, 0]
    for wrong, told in (
        ({"title": "a"}, "documents.1: has no text"),
        ({"text": "a\0"}, "documents.1: holds a NUL character"),
    ):
        assert post(client, "/v1/rerank", 422, query=QUERY, documents=["a", wrong]) == {"detail": told}
    told = post(client, "/v1/rerank", 422, query=QUERY, documents=titled, rank_fields=["page"])
    assert told == {"detail": "documents.0: has none of rank_fields"}


def test_the_page_of_the_api_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    assert not re.search(r"(?:https?:)?//(?!\s)[a-z]", page.replace("window.location.origin", ""))
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) >= 3
    for source in sources:
        assert client.get(source).status_code == 200, source
    described = client.get("/openapi.json").json()
    assert {"/score", "/rank", "/rerank", "/v1/rerank", "/v2/rerank"} <= described["paths"].keys()
    assert "security" not in described["paths"]["/score"]["post"]
    with TestClient(small_app(tokens=[TOKEN])) as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert paths["/score"]["post"]["security"] == [{"HTTPBearer": []}]
    assert "security" not in paths["/healthz"]["get"]


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    client.app.state.service.stopping = True  # type: ignore[attr-defined]
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").json() == {"status": "ok"}


def test_metrics(client: TestClient) -> None:
    post(client, "/score", pairs=PAIRS)
    post(client, "/score", 404, pairs=PAIRS, model="third")
    client.get("/secret text")
    numbers = client.get("/metrics")
    assert numbers.headers["content-type"].startswith("text/plain")
    lines = numbers.text.splitlines()
    for line in (
        'dalmeum_requests_total{path="/score",status="200"} 1.0',
        'dalmeum_requests_total{path="/score",status="404"} 1.0',
        'dalmeum_requests_total{path="other",status="404"} 1.0',
        'dalmeum_pairs_total{model="one"} 3.0',
        'dalmeum_batch_pairs_count{model="one"} 1.0',
        'dalmeum_waiting_pairs{model="other"} 0.0',
        "dalmeum_active_requests 1.0",
    ):
        assert line in lines
    assert "secret" not in numbers.text


@pytest.mark.parametrize("kind", ["cross", "bi", "offline"])
def test_as_load_would_score(models: Path, kind: str) -> None:
    pairs = [(one, two) for one, two, _ in draw_pairs(40, seed=3)]
    expected = dalmeum.load(models / kind, "float32").score(pairs)
    assert np.ptp(expected) > 0.01
    with TestClient(create_app([f"a={models / kind}"], precision="float32")) as client:
        assert client.get("/v1/models").json()["data"][0]["precision"] == "float32"
        scores = post(client, "/score", pairs=pairs)["scores"]
        np.testing.assert_allclose(scores, expected, atol=1e-5, rtol=0)
        alone = [post(client, "/score", pairs=[pair])["scores"][0] for pair in pairs[:5]]
    np.testing.assert_allclose(alone, expected[:5], atol=1e-5, rtol=0)


@pytest.mark.parametrize("answer", [np.nan, np.inf])
def test_what_is_no_number_is_an_error(answer: float, capsys: pytest.CaptureFixture[str]) -> None:
    with TestClient(small_app(lambda pairs: np.full(len(pairs), answer))) as client:
        told = post(client, "/score", 500, pairs=PAIRS)
    assert told == {"detail": "the work failed: the server's log says where"}


def test_overlap() -> None:
    assert overlap([(QUERY, text) for text in TEXTS]).tolist() == SCORES
