"""Which words moved a score."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from dalmeum.evaluation.occlusion import MOST_PARTS, occlude
from dalmeum.serving.http.body import StrictRoute
from dalmeum.serving.http.routes import PROBLEMS
from dalmeum.serving.http.schemas import ExplainRequest, Explanation, SentencePart
from dalmeum.serving.http.service import ServiceHere

router = APIRouter(route_class=StrictRoute, responses=PROBLEMS, tags=["similarity"])


@router.post("/explain", summary="What each word of a pair does to its score")
async def explain(asked: ExplainRequest, request: Request, service: ServiceHere) -> Explanation:
    """Each word is left out once, of Korean each morpheme, and the pair is scored without it.

    Of a sentence of more than 64 words several are left out together.
    """
    model = service.model(asked.model)
    one, two = asked.pair
    service.check([(one, two)], "pair")
    most = min(MOST_PARTS, max(1, (service.limits.pairs - 1) // 2))
    # Morphemes of a long sentence take a moment, and the first Korean one loads the analyser.
    occlusion = await run_in_threadpool(occlude, (one, two), most)
    scores = await service.score(request, model, occlusion.pairs, "pair")
    return Explanation(
        model=model.name,
        score=scores[0],
        sentences=[
            [SentencePart(text=part.text, effect=part.effect) for part in parts]
            for parts in occlusion.parts(scores)
        ],
    )
