"""Bodies: JSON to the letter, or a line that says why not."""

import json
import math
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import to_json

from dalmeum.files import KeyTwiceError, each_key_once

SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""Where half of a surrogate pair may be spelt."""

DEEP = 200
"""Brackets from which it is asked whether they nest deeper than an answer can (pydantic takes 255)."""


def parsed(body: bytes) -> Any:
    """What JSON in UTF-8 holds.

    Raises `HTTPException` (400) for what is none: NaN, a key twice, half of a surrogate pair, a million
    brackets.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"the body is not UTF-8 at byte {error.start}") from None
    try:
        found = json.loads(
            text, object_pairs_hook=each_key_once, parse_constant=_no_number, parse_float=_finite
        )
        if SURROGATE.search(text):
            json.dumps(found, ensure_ascii=False).encode("utf-8")
        if text.count("[") + text.count("{") > DEEP:
            _check_depth(found)
    except KeyTwiceError:
        raise HTTPException(400, "the body has a key twice in one object") from None
    except UnicodeEncodeError:
        raise HTTPException(400, "the body holds half of a surrogate pair (\\ud800 to \\udfff)") from None
    except RecursionError:
        raise HTTPException(400, "the body is nested too deep") from None
    except json.JSONDecodeError as error:
        raise HTTPException(400, f"the body is no JSON at character {error.pos}: {error.msg}") from None
    except ValueError as error:  # NaN, or a number that is too large
        raise HTTPException(400, f"the body is no JSON: {str(error)[:80]}") from None
    return found


def _check_depth(found: Any) -> None:
    try:
        to_json([[[[found]]]])  # an answer that sends it back has levels of its own
    except ValueError:
        raise RecursionError from None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


class StrictRequest(Request):
    async def json(self) -> Any:
        return parsed(await self.body())


class StrictRoute(APIRoute):
    """A route whose body is `parsed`; one that is not called JSON is refused (415): a page of another site
    can't send that without being asked first.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
                raise HTTPException(415, "send the body as it is, without Content-Encoding")
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if self.body_field is not None and kind != "application/json":
                raise HTTPException(415, "send JSON, with the header Content-Type: application/json")
            return await handler(StrictRequest(request.scope, request.receive))

        return strict
