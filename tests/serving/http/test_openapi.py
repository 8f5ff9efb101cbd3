"""Whatever the description of the API allows or forbids is answered as it says: never with a 500.

`DALMEUM_CASES=10000` runs ten times as many.
"""

import json
import os
import re
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import AuthContext, Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.serving.http.conftest import TOKEN, small_app

pytestmark = pytest.mark.slow

CASES = int(os.environ.get("DALMEUM_CASES", "1000"))
POSTS = 5
"""Routes that take a body; the others have one case each."""

LOGGED = {"time", "request", "method", "path", "status", "model", "pairs", "ms"}


open_api, closed_api = (
    schemathesis.openapi.from_asgi("/openapi.json", small_app(body=100_000, tokens=tokens))
    for tokens in ((), (TOKEN,))
)


@closed_api.auth()
class Token:
    """What schemathesis sends where it means to be let in; else it sends none, or another."""

    def get(self, case: Case[Any], context: AuthContext) -> str:
        return TOKEN

    def set(self, case: Case[Any], data: str, context: AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


NEEDS = r"documents\.\d+: has no"

asked = hypothesis.settings(
    max_examples=CASES // POSTS // 2,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)


@open_api.parametrize()
@asked
def test_without_tokens(case: Case[Any], capsys: pytest.CaptureFixture[str]) -> None:
    check(case, capsys)


@closed_api.parametrize()
@asked
def test_with_tokens(case: Case[Any], capsys: pytest.CaptureFixture[str]) -> None:
    check(case, capsys)


def check(case: Case[Any], capsys: pytest.CaptureFixture[str]) -> None:
    """What was sent is answered as it is described, and logged in lines of known keys."""
    response = case.call()
    # A description of which fields a document needs, by what rank_fields names, can't be written.
    needs = response.status_code == 422 and re.match(NEEDS, response.json()["detail"])
    case.validate_response(response, excluded_checks=[positive_data_acceptance] if needs else [])
    for line in capsys.readouterr().err.splitlines():
        values = json.loads(line)
        assert values.keys() <= LOGGED
        assert values["path"] in {*open_api.raw_schema["paths"], "other"}
