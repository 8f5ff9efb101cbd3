"""Intervals, what words do to a score, and the page that shows both, over HTTP."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dalmeum.serving.http.intervals import intervals_of
from dalmeum.stats.label_intervals import LabelIntervals
from tests.pages.parsed import Parsed

from .conftest import TOKEN, small_app
from .on_page import app_with_intervals

RANGE = (0.0, 5.0)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app_with_intervals()) as client:
        yield client


def dev(folder: Path, rows: list[tuple[str, str]]) -> Path:
    """A run's folder that keeps labels and predictions of its dev set."""
    (folder / "predictions").mkdir(parents=True)
    with (folder / "predictions" / "dev.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "label", "prediction", "binary_prediction"])
        writer.writerows([number, *row, ""] for number, row in enumerate(rows))
    return folder


def test_intervals_come_where_they_are_asked_for(client: TestClient) -> None:
    pairs = [["ab", "ab"], ["ab cd", "ab ce"], ["ab", "cd"]]
    asked = {"pairs": pairs, "intervals": True}
    answer = client.post("/score", json=asked).json()
    score = 7 * 4 / 6 - 1
    assert answer["scores"] == pytest.approx([6, score, -1])
    assert answer["intervals"] == [[5, 5], [pytest.approx(score - 0.5), pytest.approx(score + 0.5)], [0, 0]]
    assert "intervals" not in client.post("/score", json={"pairs": pairs}).json()
    assert "intervals" not in client.post("/score", json={**asked, "model": "other"}).json()
    assert client.post("/score", json={"pairs": [], "intervals": True}).json()["intervals"] == []


def test_models_say_what_their_intervals_are(client: TestClient) -> None:
    first, second = client.get("/v1/models").json()["data"]
    assert first["interval"] == {"level": 0.9, "pairs": 60, "coverage": 1.0}
    assert first["no_interval"] is None
    assert (second["interval"], second["no_interval"]) == (None, "no_run")


def test_intervals_of_a_run(tmp_path: Path) -> None:
    good = dev(tmp_path / "a", [(str(number % 5), str(number % 5 + 0.25)) for number in range(40)])
    found = intervals_of(good, RANGE)
    assert isinstance(found, LabelIntervals)
    assert found.at(found.predictions[:1]).tolist() == [[0.0, 0.5]]
    assert intervals_of(None, RANGE) == "no_run"
    assert intervals_of(dev(tmp_path / "b", [("1", "2")] * 29), RANGE) == "few_labels"
    assert intervals_of(dev(tmp_path / "c", [("", "2")] * 40), RANGE) == "no_labels"
    assert intervals_of(tmp_path, RANGE) == "no_labels"
    spoiled = dev(tmp_path / "d", [("1", "x")] * 40)
    assert intervals_of(spoiled, RANGE) == "no_labels"


def test_each_word_has_its_effect(client: TestClient) -> None:
    answer = client.post("/explain", json={"pair": ["a xyz.", "a"], "model": "other"}).json()
    # Shared letters of all: a of a, blank, x, y, z and the full stop; without xyz: of a and the full stop.
    whole = 7 / 6 - 1
    assert answer == {
        "model": "other",
        "score": pytest.approx(whole),
        "sentences": [
            [
                {"text": "a", "effect": pytest.approx(whole - (-1))},
                {"text": " ", "effect": None},
                {"text": "xyz", "effect": pytest.approx(whole - (7 / 2 - 1))},
                {"text": ".", "effect": None},
            ],
            [{"text": "a", "effect": None}],
        ],
    }


def test_morphemes_are_one_batch(client: TestClient) -> None:
    before = client.app.state.service.metrics.text()  # type: ignore[attr-defined]
    sentence = "한 남자가 기타를 친다."
    answer = client.post("/explain", json={"pair": [sentence, "비가 온다."]}).json()
    first, second = answer["sentences"]
    assert "".join(part["text"] for part in first) == sentence
    assert [part["text"] for part in first if part["effect"] is not None] == [
        "한",
        "남자",
        "가",
        "기타",
        "를",
        "친다",
    ]
    count = 1 + sum(part["effect"] is not None for part in (*first, *second))
    after = client.app.state.service.metrics.text()  # type: ignore[attr-defined]
    assert b"dalmeum_batch_pairs_count" not in before
    assert b'dalmeum_batch_pairs_count{model="one"} 1.0' in after
    assert f'dalmeum_pairs_total{{model="one"}} {count:.1f}'.encode() in after


def test_limits_hold() -> None:
    with TestClient(small_app(pairs=5, characters=3000)) as client:
        many = client.post("/explain", json={"pair": ["a b c d e f", "g h i j"]}).json()["sentences"]
        assert [[part["text"] for part in parts] for parts in many] == [
            ["a b c", " ", "d e f"],
            ["g h", " ", "i j"],
        ]
        long = client.post("/explain", json={"pair": ["a", "b" * 3001]})
        assert (long.status_code, long.json()["detail"]) == (
            422,
            "pair.0: a sentence of more than 3,000 characters",
        )
        long = client.post("/explain", json={"pair": ["a", "b" * 2001]})
        assert (long.status_code, long.json()["detail"]) == (
            422,
            "a sentence of more than 2,000 characters can't be taken apart: shorten it",
        )
        assert client.post("/explain", json={"pair": ["a"]}).status_code == 422
        assert client.post("/explain", json={"pair": ["a", "b"], "model": "none"}).status_code == 404
    with TestClient(small_app(pairs=2)) as client:  # room for the pair itself, and no words
        answer = client.post("/explain", json={"pair": ["a b", "c d"]}).json()
        assert answer["sentences"] == [[{"text": text, "effect": None}] for text in ("a b", "c d")]


def test_the_page_is_open_and_tells_nothing() -> None:
    with TestClient(small_app(tokens=[TOKEN], names=["very-secret-model"], pairs=77)) as client:
        answer = client.get("/")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "very-secret-model" not in answer.text
        assert 'data-pairs="77"' in answer.text
        for path, body in (("/explain", {"pair": ["a", "b"]}), ("/score", {"pairs": []})):
            assert client.post(path, json=body).status_code == 401


def test_the_page_asks_its_own_server_alone(client: TestClient) -> None:
    text = client.get("/").text
    attributes = Parsed(text).attributes
    links = {value for name, value in attributes if name in {"src", "href", "action", "srcset", "data"}}
    assert links == {"data:,", "docs"}
    assert not [name for name, _ in attributes if name.startswith("on") or name == "style"]
    (policy,) = [value for _, value in attributes if value.startswith("default-src")]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src 'self';" in policy
    for loose in ("unsafe", "strict-dynamic", "http:", "https:", "*"):
        assert loose not in policy
