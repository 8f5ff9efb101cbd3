"""Hostile bodies: a line that says what is wrong, never the input, never a 500."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serving.http.conftest import small_app

JSON = {"content-type": "application/json"}
SECRET = "SECRET"


def ask(client: TestClient, body: bytes, path: str = "/score", **headers: str) -> tuple[int, str]:
    answer = client.post(path, content=body, headers={**JSON, **headers})
    assert SECRET not in answer.text
    detail = answer.json()["detail"]
    assert "\n" not in detail
    return answer.status_code, detail


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "the body is no JSON at character 1: Expecting property name"),
        (b'{"pairs": [["SECRET", "a"]', "the body is no JSON at character 26: Expecting ',' delimiter"),
        (b"[" * 100_000, "the body is nested too deep"),
        (b'{"a":' * 100_000, "the body is nested too deep"),
        (b'{"pairs": NaN}', "the body is no JSON: NaN is no number of JSON"),
        (b'{"pairs": -Infinity}', "the body is no JSON: -Infinity is no number of JSON"),
        (b'{"pairs": 1e999}', "the body is no JSON: a number is too large"),
        (b'{"pairs": 1' + b"0" * 5000 + b"}", "the body is no JSON: Exceeds the limit"),
        (b'{"pairs": [], "pairs": []}', "the body has a key twice in one object"),
        (b'{"pairs": [["\xff", "a"]]}', "the body is not UTF-8 at byte 13"),
        ('{"pairs": [["비", "a"]]}'.encode("cp949"), "the body is not UTF-8 at byte 13"),
        ('{"pairs": []}'.encode("utf-16"), "the body is not UTF-8 at byte 0"),
        (b'\xef\xbb\xbf{"pairs": []}', "the body is no JSON at character 0"),
        (b'{"pairs": [["\\ud800SECRET", "a"]]}', "the body holds half of a surrogate pair"),
        (b'{"pairs": [["a", "\\uDFFF"]]}', "the body holds half of a surrogate pair"),
        (b'{"\\ud800SECRET": 1}', "the body holds half of a surrogate pair"),
        (b'{"pairs": [["\0", "a"]]}', "the body is no JSON at character 13: Invalid control character"),
    ],
)
def test_no_json(client: TestClient, body: bytes, detail: str) -> None:
    status, told = ask(client, body)
    assert status == 400
    assert told.startswith(detail)


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (None, "the body: "),
        (..., "the body: field required"),
        (3, "the body: "),
        ([], "the body: "),
        ("SECRET", "the body: "),
        ({}, "pairs: field required"),
        ({"pairs": None}, "pairs: input should be a valid list"),
        ({"pairs": {"SECRET": "a"}}, "pairs: input should be a valid list"),
        ({"pairs": "SECRET"}, "pairs: input should be a valid list"),
        ({"pairs": ["ab"]}, "pairs.0: input should be a valid list"),
        ({"pairs": [["a", "b"], ["SECRET"]]}, "pairs.1: list should have at least 2 items"),
        ({"pairs": [["a", "b", "SECRET"]]}, "pairs.0: list should have at most 2 items"),
        ({"pairs": [["a", 1]]}, "pairs.0.1: input should be a valid string"),
        ({"pairs": [["a", ["SECRET"]]]}, "pairs.0.1: input should be a valid string"),
        ({"pairs": [[True, None]]}, "pairs.0.0: input should be a valid string; pairs.0.1: input"),
        ({"pairs": [["a", "SECRET\0"]]}, "pairs.0.1: holds a NUL character"),
        ({"pairs": [], "model": 3}, "model: input should be a valid string"),
        ({"pairs": [], "modle": "SECRET"}, "modle: extra inputs are not permitted"),
        ({"pairs": [["a", 1]] * 5}, "pairs.0.1: input should be a valid string"),
        ({"pairs": [], "model": "m" * 401}, "model: string should have at most 400 characters"),
        ({"pairs": [], **dict.fromkeys("abcde", 0)}, "a: extra inputs are not permitted; b: extra"),
        ({str(number): 0 for number in range(101)}, "the body: has more than 100 fields"),
    ],
)
def test_json_of_something_else(client: TestClient, value: Any, detail: str) -> None:
    status, told = ask(client, b"" if value is ... else json.dumps(value).encode())
    assert status == 422
    assert told.startswith(detail)
    assert ("; and 2 more" in told) == (isinstance(value, dict) and "e" in value)
    assert told.count(";") <= 3


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("/score", b'{"pairs": [%s]}', "pairs.0: input should be a valid list"),
        ("/rank", b'{"query": "a", "texts": [%s]}', "texts.0: input should be a valid string"),
        ("/rerank", b'{"query": "a", "texts": [%s]}', "texts.0: input should be a valid string"),
        ("/v1/rerank", b'{"query": "a", "documents": [%s]}', "documents.0.text: input should be a valid str"),
        ("/v2/rerank", b'{"query": "a", "documents": [%s]}', "documents.0: input should be a valid string"),
        ("/explain", b'{"pair": [%s]}', "pair: list should have at most 2 items"),
    ],
)
def test_of_a_million_wrong_items_one_is_told(
    client: TestClient, path: str, body: bytes, detail: str
) -> None:
    """Each would be an error of a kilobyte."""
    status, told = ask(client, body % (b"1," * 500_000 + b"1"), path)
    assert (status, told[: len(detail)], ";" in told) == (422, detail, False)


def test_fields_that_are_named_a_million_times(client: TestClient) -> None:
    """Documents times fields would be as many texts, of gigabytes."""
    documents = [{"a": "b"}] * 1000
    body = {"query": "a", "documents": documents, "rank_fields": ["a"] * 100_000}
    status, told = ask(client, json.dumps(body).encode(), "/v1/rerank")
    assert (status, told[:43]) == (422, "rank_fields: list should have at most 100 i")
    many = {"query": "a", "documents": [{}] * 2000}
    assert ask(client, json.dumps(many).encode(), "/v1/rerank") == (
        413,
        "documents: 2,000; a request may have 1,024: send several",
    )
    two = {"query": "ab", "documents": [{"a": "ab"}], "rank_fields": ["a", "a"]}
    assert client.post("/v1/rerank", json=two).json()["results"][0]["relevance_score"] == 1


@pytest.mark.parametrize("depth", [100, 240, 246, 247, 248, 249, 250, 251, 252, 260, 900])
@pytest.mark.parametrize("field", ["text", "other"])
@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_can_be_sent_back_is_taken(
    client: TestClient, depth: int, field: str, begin: bytes, end: bytes
) -> None:
    value = begin * depth + b"1" + end * depth
    body = (
        b'{"query": "a", "return_documents": true, "documents": [{"text": "b", "%s": %s}]}'
        % (field.encode(), value)
    ).replace(b'"text": "b", "text"', b'"text"')
    answer = client.post("/v1/rerank", content=body, headers=JSON)
    if answer.status_code == 400:
        assert depth > 240
        assert (answer.status_code, answer.json()) == (400, {"detail": "the body is nested too deep"})
    else:
        assert answer.status_code == 200
        assert depth < 260
        document = answer.json()["results"][0]["document"]
        assert json.dumps(document[field], separators=(",", ":")).encode() == value


def test_a_body_that_is_packed(client: TestClient) -> None:
    for encoding, status in (("gzip", 415), ("br", 415), ("Identity", 200)):
        answer = client.post(
            "/score", content=b'{"pairs": []}', headers={**JSON, "content-encoding": encoding}
        )
        assert answer.status_code == status
        if status == 415:
            assert answer.json() == {"detail": "send the body as it is, without Content-Encoding"}


@pytest.mark.parametrize("top", [0, -1, 1.5, "1", True, 10**30, 1.0])
def test_how_many(client: TestClient, top: Any) -> None:
    body = json.dumps({"query": "a", "texts": ["b"], "top": top}).encode()
    if top in (10**30, 1.0) and top is not True:
        assert client.post("/rank", content=body, headers=JSON).status_code == 200
    else:
        assert ask(client, body, "/rank")[0] == 422


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_a_form_of_another_site_can_send_is_not_read(client: TestClient, kind: str) -> None:
    status, told = ask(client, b'{"pairs": []}', **{"content-type": kind})
    assert (status, told) == (415, "send JSON, with the header Content-Type: application/json")
    assert client.post(
        "/score", content=b'{"pairs": []}', headers={"content-type": "Application/JSON; charset=utf-8"}
    ).is_success


def test_as_much_as_a_request_may_have() -> None:
    with TestClient(small_app(pairs=3, characters=5, body=1000)) as client:

        def status(pairs: list[list[str]]) -> tuple[int, str]:
            answer = client.post("/score", json={"pairs": pairs})
            return answer.status_code, answer.json().get("detail", "")

        assert status([["a", "가나다라마"]] * 3)[0] == 200
        assert status([["a", "b"]] * 4) == (413, "pairs: 4; a request may have 3: send several")
        assert status([["a", "b"], ["b", "SECRET"]]) == (
            422,
            "pairs.1: a sentence of more than 5 characters",
        )
        assert status([["a", "b" * 1000]]) == (
            413,
            "the body is larger than 1,000 bytes: send less at once",
        )
        ranked = client.post("/rank", json={"query": "a", "texts": ["b"] * 4})
        assert ranked.json()["detail"] == "texts: 4; a request may have 3: send several"
        reranked = client.post("/v2/rerank", json={"query": "a", "documents": ["b"] * 4})
        assert reranked.json()["detail"] == "documents: 4; a request may have 3: send several"


def test_ten_megabytes_and_a_million_pairs(client: TestClient) -> None:
    for body in (
        b'{"pairs": [["' + b"a" * 10_000_000 + b'", "b"]]}',
        b'{"pairs": [' + b'["a","b"],' * 1_000_000 + b'["a","b"]]}',
        b"\0" * 10_000_000,
    ):
        assert ask(client, body) == (413, "the body is larger than 2,097,152 bytes: send less at once")
    # As many as there is room for.
    body = b'{"pairs": [' + b'["a","b"],' * 200_000 + b'["a","b"]]}'
    assert ask(client, body) == (413, "pairs: 200,001; a request may have 1,024: send several")


def test_other_methods_and_places(client: TestClient) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "SECRET"):
        answer = client.request(method, "/score")
        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]
    for path in ("/SECRET", "/score/SECRET", "/static-offline-docs/../../secret", "/%00", "/score/"):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code in {404, 307}, path
