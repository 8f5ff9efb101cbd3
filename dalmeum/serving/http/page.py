"""What people see at `/`."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

OPEN = ("/", "/page/*")
"""Answered without a token, since a browser asks for them before anybody could give one: nothing there may
tell of models or hold texts. Pages ask the API for these, with the token that they are given.
"""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page() -> RedirectResponse:
    return RedirectResponse("/docs")
