"""The app: models, routes, and what stands before them."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline

from dalmeum.serving.http import explain, page, rerank, routes
from dalmeum.serving.http.batcher import Batcher
from dalmeum.serving.http.errors import handle_errors
from dalmeum.serving.http.guard import Guard
from dalmeum.serving.http.intervals import intervals_of
from dalmeum.serving.http.limits import Limits
from dalmeum.serving.http.metrics import Metrics
from dalmeum.serving.http.models import Place, find_models, first_pairs, opened_backend
from dalmeum.serving.http.service import Served, Service
from dalmeum.serving.http.tokens import Tokens

DOCS = "/docs"
OPEN = ("/healthz", "/readyz", DOCS, f"{DOCS}/*", "/openapi.json", "/static-offline-docs/*", *page.OPEN)
"""Answered without a token: they tell nothing of models and texts."""

ABOUT = "Similarity of two sentences, on the scale of the labels that the model was trained on."


def create_app(
    runs: Sequence[str | Path],
    *,
    tokens: Iterable[str] = (),
    limits: Limits | None = None,
    backend: str = "auto",
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
) -> FastAPI:
    """An ASGI app that answers for runs' models; the first is the default.

    Args:
        runs: each a run id under `output`, a run or model folder, or `NAME=RUN`.
        tokens: those that a request may carry; without any, everybody who reaches the app is answered.
        backend: what computes scores, as `dalmeum.serving.backends.open_backend` takes it.
        precision, output, trust_code: as `dalmeum.load` takes them.

    Raises `InputError` for runs that are not there, models that can't be read, and two of one name.
    """
    limits, metrics = limits or Limits(), Metrics()
    served = {
        place.name: open_model(place, limits, metrics, backend, precision, trust_code=trust_code)
        for place in find_models(runs, output)
    }
    return app_of(Service(served, limits, metrics), Tokens(tokens))


def open_model(
    place: Place,
    limits: Limits,
    metrics: Metrics,
    backend: str = "auto",
    precision: str = "auto",
    *,
    trust_code: bool = False,
) -> Served:
    """A model with its queue."""
    opened = opened_backend(place, backend, precision, trust_code=trust_code)
    batcher = Batcher(
        opened.score,
        batch=limits.batch,
        waiting=limits.waiting,
        wait=limits.wait,
        observe=lambda pairs, seconds: metrics.batch(place.name, pairs, seconds),
    )
    batcher.measure(first_pairs())
    metrics.watch(place.name, lambda: batcher.waiting)
    return Served(place.name, opened, batcher, place.run, intervals_of(place.run, opened.label_range))


def app_of(service: Service, tokens: Tokens) -> FastAPI:
    app = FastAPIOffline(
        docs_url=DOCS,
        redoc_url=None,
        title="dalmeum",
        description=ABOUT,
        version=version("dalmeum"),
        lifespan=_lifespan,
        # It would send tokens on by plain HTTP, and to whatever host a request names.
        redirect_slashes=False,
    )
    app.state.service = service
    # For the description alone: the guard has asked by then.
    bearer = [Depends(HTTPBearer(auto_error=False))] if tokens else []
    for router in (routes.router, explain.router, rerank.router, routes.closed):
        app.include_router(router, dependencies=bearer)
    for router in (routes.state, page.router):
        app.include_router(router)
    handle_errors(app)
    app.add_middleware(
        Guard,
        tokens=tokens,
        limits=service.limits,
        metrics=service.metrics,
        known=[*app.openapi()["paths"], "/", DOCS, "/openapi.json"],
        open=OPEN,
    )
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.stopping = False
    for model in service.models.values():
        model.batcher.start()
    try:
        yield
    finally:
        service.stopping = True
        for model in service.models.values():
            model.batcher.stop()
