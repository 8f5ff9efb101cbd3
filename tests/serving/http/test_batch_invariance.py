"""In float32 a request's scores are the same whatever else is in its batches."""

import asyncio
import re
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

import dalmeum
from dalmeum.serving.http.app import create_app
from dalmeum.serving.http.limits import Limits
from tests.conftest import draw_pairs


async def together(app: FastAPI, requests: list[list[tuple[str, str]]]) -> list[list[float]]:
    """The answers of requests that are sent at the same moment."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answers = await asyncio.gather(*(client.post("/score", json={"pairs": pairs}) for pairs in requests))
    assert [each.status_code for each in answers] == [200] * len(requests)
    return [each.json()["scores"] for each in answers]


@pytest.mark.parametrize("kind", ["cross", "bi", "offline"])
def test_a_score_does_not_depend_on_its_batch(models: Path, kind: str) -> None:
    mine = [(one, two) for one, two, _ in draw_pairs(5, seed=1)]
    others = [
        [(one * length, f"{number} {two}")]
        for number, (one, two, _) in enumerate(draw_pairs(60, seed=2))
        for length in (1, 4)
    ]
    app = create_app([f"a={models / kind}"], precision="float32", limits=Limits(wait=60))
    alone = asyncio.run(together(app, [mine]))[0]
    batched = asyncio.run(together(app, [*others[:60], mine, *others[60:]]))[60]
    service = app.state.service
    batches = re.search(r'batch_pairs_count{model="a"} (\d+)', service.metrics.text().decode())
    assert batches is not None
    assert int(batches[1]) < 40, "122 requests came one by one: this shows nothing"
    np.testing.assert_allclose(batched, alone, atol=1e-5, rtol=0)
    expected = dalmeum.load(models / kind, "float32").score(mine)
    np.testing.assert_allclose(batched, expected, atol=1e-5, rtol=0)
    service.models["a"].batcher.stop()
