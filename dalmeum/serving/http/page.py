"""What people see at `/`."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from dalmeum.pages.scorer import render_scorer
from dalmeum.serving.http.service import ServiceHere

OPEN = ("/",)
"""Answered without a token, since a browser asks for it before anybody could give one: nothing in it tells of
models or texts. The page asks the API for these, with the token that it is given.
"""

HEADERS = {
    # Beside the page's own policy, which can't say it of itself.
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page(service: ServiceHere) -> HTMLResponse:
    limits = service.limits
    text = render_scorer(pairs=limits.pairs, characters=limits.characters, body=limits.body)
    return HTMLResponse(text, headers=HEADERS)
