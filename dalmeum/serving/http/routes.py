"""Our own routes: scores, a ranking, and how the server is."""

from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from dalmeum.serving.http.batcher import Scores as ScoreArray
from dalmeum.serving.http.body import StrictRoute
from dalmeum.serving.http.errors import RefusedError
from dalmeum.serving.http.intervals import WhyNone
from dalmeum.serving.http.schemas import (
    IntervalInfo,
    ModelInfo,
    ModelList,
    Problem,
    Ranked,
    Ranking,
    RankRequest,
    ScoreRequest,
    Scores,
    State,
)
from dalmeum.serving.http.service import ServiceHere
from dalmeum.stats.label_intervals import LEVEL, LabelIntervals

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "No JSON."},
    401: {"model": Problem, "description": "No token, or a wrong one."},
    404: {"model": Problem, "description": "No such model."},
    408: {"model": Problem, "description": "The body did not come in time."},
    413: {"model": Problem, "description": "More bytes or pairs than a request may have."},
    415: {"model": Problem, "description": "Not called JSON."},
    422: {"model": Problem, "description": "JSON that holds something else."},
    429: {"model": Problem, "description": "Busy: ask again after Retry-After seconds."},
    500: {"model": Problem, "description": "The work failed."},
    503: {"model": Problem, "description": "No answer in time."},
}

router = APIRouter(route_class=StrictRoute, responses=PROBLEMS)
closed = APIRouter(responses={401: PROBLEMS[401]})
state = APIRouter()


@router.post("/score", tags=["similarity"], summary="Similarities of pairs", response_model_exclude_none=True)
async def score(asked: ScoreRequest, request: Request, service: ServiceHere) -> Scores:
    model = service.model(asked.model)
    pairs = [(one, two) for one, two in asked.pairs]
    scores = await service.score(request, model, pairs, "pairs")
    intervals = None
    if asked.intervals and isinstance(model.intervals, LabelIntervals):
        intervals = model.intervals.at(scores).tolist()
    return Scores(model=model.name, scores=scores.tolist(), intervals=intervals)


@router.post("/rank", tags=["similarity"], summary="One sentence against many, the most similar first")
async def rank(asked: RankRequest, request: Request, service: ServiceHere) -> Ranking:
    model = service.model(asked.model)
    scores = await service.score(request, model, [(asked.query, text) for text in asked.texts], "texts")
    ranking = [Ranked(index=index, score=scores[index]) for index in best(scores, asked.top)]
    return Ranking(model=model.name, ranking=ranking)


@closed.get("/v1/models", tags=["server"], summary="The models")
async def models(service: ServiceHere) -> ModelList:
    return ModelList(
        data=[
            ModelInfo(
                id=name,
                default=number == 0,
                label_range=model.label_range,
                backend=model.backend.name,
                precision=model.backend.precision,
                **_interval(model.intervals),
            )
            for number, (name, model) in enumerate(service.models.items())
        ]
    )


def _interval(intervals: LabelIntervals | WhyNone) -> dict[str, Any]:
    if not isinstance(intervals, LabelIntervals):
        return {"interval": None, "no_interval": intervals}
    info = IntervalInfo(level=LEVEL, pairs=len(intervals), coverage=intervals.coverage)
    return {"interval": info, "no_interval": None}


def best(scores: ScoreArray, top: int | None) -> list[int]:
    """Indices of the highest scores, the first in the list first where two are alike."""
    return [int(index) for index in np.argsort(-scores, kind="stable")[:top]]


@state.get("/healthz", tags=["server"], summary="Whether the server lives")
async def health() -> State:
    return State(status="ok")


@state.get(
    "/readyz",
    tags=["server"],
    summary="Whether it takes requests",
    responses={503: {"model": Problem, "description": "It is stopping."}},
)
async def ready(service: ServiceHere) -> State:
    if service.stopping:
        raise RefusedError(503, "the server is stopping")
    return State(status="ready")


@closed.get(
    "/metrics",
    tags=["server"],
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(service: ServiceHere) -> Response:
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)
