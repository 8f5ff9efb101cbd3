"""Small models of each kind, and apps that serve them."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from dalmeum.data import read_pairs
from dalmeum.models.kinds import new_scorer
from dalmeum.recipe import load_recipe
from dalmeum.serving.http.app import app_of
from dalmeum.serving.http.batcher import Batcher, Pair, Scores
from dalmeum.serving.http.limits import Limits
from dalmeum.serving.http.metrics import Metrics
from dalmeum.serving.http.service import Served, Service
from dalmeum.serving.http.tokens import Tokens
from tests.conftest import draw_pairs

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Callable[[str], str]) -> Path:
    """A folder with untrained models: `cross`, `bi`, `offline`."""
    folder = tmp_path_factory.mktemp("served")
    train = [{"sentence1": one, "sentence2": two, "label": label} for one, two, label in draw_pairs(20)]
    for kind in ("cross", "bi", "offline"):
        model = {"kind": kind}
        if kind != "offline":
            model["encoder"] = tiny_encoder("bert")
        recipe = load_recipe(data={"train": "train.csv"}, model=model)
        new_scorer(recipe, read_pairs([tuple(each.values()) for each in train])).save(folder / kind)
    return folder


def overlap(pairs: Sequence[Pair]) -> Scores:
    """A model in a line: from -1, where no letter is shared, to 6, where all are."""
    shared = [len({*one} & {*two}) / max(len({*one} | {*two}), 1) for one, two in pairs]
    return 7 * np.array(shared, dtype=np.float64) - 1


class Answers:
    """What the routes ask of a backend, with `overlap` for a model."""

    label_range = (0.0, 5.0)
    name, precision = "torch", "float32"

    def __init__(self, score: Callable[[Sequence[Pair]], Scores] = overlap) -> None:
        self.score = score


def small_app(
    score: Callable[[Sequence[Pair]], Scores] = overlap,
    tokens: Sequence[str] = (),
    names: Sequence[str] = ("one", "other"),
    **limits: Any,
) -> FastAPI:
    """An app of models that take no time but what `score` takes."""
    allowed, metrics = Limits(**limits), Metrics()

    def served(name: str) -> Served:
        backend: Any = Answers(score)
        batcher = Batcher(
            score,
            batch=allowed.batch,
            waiting=allowed.waiting,
            wait=allowed.wait,
            observe=lambda pairs, seconds: metrics.batch(name, pairs, seconds),
        )
        metrics.watch(name, lambda: batcher.waiting)
        return Served(name, backend, batcher)

    return app_of(Service({name: served(name) for name in names}, allowed, metrics), Tokens(tokens))


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(small_app()) as client:
        yield client


@contextlib.contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The address of a real server, in a thread of its own."""
    from dalmeum.serving.http.server import address_of, bind, configured

    place = bind("127.0.0.1", 0, protected=False)
    server = uvicorn.Server(configured(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield address_of(place)
    finally:
        server.should_exit = True
        thread.join()
