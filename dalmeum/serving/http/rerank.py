"""Reranking in the shapes that clients of others expect: Cohere's, and text-embeddings-inference's."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request

from dalmeum.languages import composed
from dalmeum.serving.http.body import StrictRoute
from dalmeum.serving.http.errors import RefusedError
from dalmeum.serving.http.routes import PROBLEMS, best
from dalmeum.serving.http.schemas import (
    CohereRanked,
    CohereRequest,
    CohereResponse,
    CohereV1Request,
    CohereV2Request,
    TeiRanked,
    TeiRequest,
)
from dalmeum.serving.http.service import Service, ServiceHere

COHERES = "rerank-"
"""How the names of Cohere's own models begin, which programs written for it name."""

router = APIRouter(route_class=StrictRoute, responses=PROBLEMS, tags=["reranking"])


@router.post(
    "/rerank",
    summary="As text-embeddings-inference answers",
    response_model_exclude_none=True,
)
async def tei(asked: TeiRequest, request: Request, service: ServiceHere) -> list[TeiRanked]:
    model = service.model(asked.model)
    scores = await service.score(request, model, [(asked.query, text) for text in asked.texts], "texts")
    given = scores if asked.raw_scores else model.shares(scores)
    return [
        TeiRanked(index=index, score=given[index], text=asked.texts[index] if asked.return_text else None)
        for index in best(scores, None)
    ]


@router.post("/v1/rerank", summary="As Cohere's first version answers", response_model_exclude_none=True)
async def cohere_v1(asked: CohereV1Request, request: Request, service: ServiceHere) -> CohereResponse:
    service.check_count(len(asked.documents), "documents")
    documents = [{"text": each} if isinstance(each, str) else each for each in asked.documents]
    texts = [_text(document, asked.rank_fields, number) for number, document in enumerate(documents)]
    answer = await _cohere(asked, texts, "1", request, service)
    if asked.return_documents:
        for result in answer.results:
            result.document = {"text": texts[result.index], **documents[result.index]}
    return answer


@router.post("/v2/rerank", summary="As Cohere's second version answers", response_model_exclude_none=True)
async def cohere_v2(asked: CohereV2Request, request: Request, service: ServiceHere) -> CohereResponse:
    return await _cohere(asked, asked.documents, "2", request, service)


async def _cohere(
    asked: CohereRequest, texts: Sequence[str], version: str, request: Request, service: Service
) -> CohereResponse:
    warnings = []
    name = asked.model
    if name is not None and composed(name) not in service.models and name.startswith(COHERES):
        name = None
        warnings = [f"that model is Cohere's: {service.model(None).name} answered"]
    model = service.model(name)
    scores = await service.score(request, model, [(asked.query, text) for text in texts], "documents")
    shares = model.shares(scores)
    # By the scores, which are told apart where shares are clipped.
    results = [
        CohereRanked(index=index, relevance_score=shares[index]) for index in best(scores, asked.top_n)
    ]
    meta: dict[str, Any] = {"api_version": {"version": version}}
    return CohereResponse(
        id=str(uuid.uuid4()), results=results, meta={**meta, "warnings": warnings} if warnings else meta
    )


def _text(document: dict[str, Any], fields: Sequence[str] | None, number: int) -> str:
    """What is compared of a document: its `text`, or the fields that are named, in their order."""
    named = [document[name] for name in dict.fromkeys(fields or ["text"]) if name in document]
    if not named:
        told = "none of rank_fields" if fields else "no text"
        raise RefusedError(422, f"documents.{number}: has {told}")
    text = " ".join(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in named)
    if "\0" in text:
        raise RefusedError(422, f"documents.{number}: holds a NUL character")
    return text
