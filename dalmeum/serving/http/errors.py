"""Errors as one line of JSON: `{"detail": ...}`."""

import json
import math
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from dalmeum.errors import DalmeumError, InputError, one_line
from dalmeum.serving.http.batcher import BusyError
from dalmeum.serving.http.logs import log, told

SHOWN = 3
"""Problems of one request that are told; the rest are counted."""

LONGEST = 60
"""Characters of a field's name that is told."""


class RefusedError(Exception):
    """A request that gets no further."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        self.status, self.detail = status, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    # ASCII: half of a surrogate pair may stand in a field's name, and has no bytes.
    body = json.dumps({"detail": one_line(detail)})
    return Response(body, status, headers, media_type="application/json")


def busy(detail: str, seconds: float, status: int = 429) -> RefusedError:
    return RefusedError(status, detail, retry_after=str(min(max(math.ceil(seconds), 1), 60)))


def handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DalmeumError, _failed)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return problem(error.status, error.detail, error.headers)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """pydantic's own answer would send the input back."""
    assert isinstance(error, RequestValidationError)
    problems = [_line(each) for each in error.errors()]
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return problem(422, "; ".join(problems[:SHOWN]) + more)


def _line(found: Mapping[str, Any]) -> str:
    place = [each for each in found["loc"] if each != "body"]
    where = ".".join(str(each)[:LONGEST] for each in place) or "the body"
    told = str(found["msg"]).removeprefix("Value error, ")
    return f"{where}: {told[:1].lower()}{told[1:]}"


async def _failed(request: Request, error: Exception) -> Response:
    """What a model would not take, or what failed."""
    if isinstance(error, BusyError):
        refused = busy(str(error), error.seconds)
        return problem(refused.status, refused.detail, refused.headers)
    if isinstance(error, InputError):
        return problem(422, str(error))
    log(level="error", error=told(error))
    return problem(500, "the work failed: the server's log says where")
