"""What every route asks: the models, each with its queue."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import Depends, Request

from dalmeum.errors import DalmeumError
from dalmeum.languages import composed
from dalmeum.serving.backends import Backend
from dalmeum.serving.http.batcher import Batcher, Pair, Scores
from dalmeum.serving.http.errors import RefusedError
from dalmeum.serving.http.intervals import WhyNone
from dalmeum.serving.http.limits import Limits
from dalmeum.serving.http.metrics import Metrics
from dalmeum.stats.label_intervals import LabelIntervals


@dataclass(frozen=True)
class Served:
    """A model at work.

    Attributes:
        run: the folder of the run that it is of, if any.
        intervals: for labels, around its scores; or why there are none.
    """

    name: str
    backend: Backend
    batcher: Batcher
    run: Path | None = None
    intervals: LabelIntervals | WhyNone = "no_run"

    @property
    def label_range(self) -> tuple[float, float]:
        return self.backend.label_range

    def shares(self, scores: Scores) -> Scores:
        """Scores as parts of the label range, clipped to [0, 1]."""
        low, high = self.label_range
        return np.clip((scores - low) / (high - low), 0, 1)


@dataclass
class Service:
    """The models by their names, the first by default."""

    models: Mapping[str, Served]
    limits: Limits
    metrics: Metrics
    stopping: bool = field(default=False)

    def model(self, name: str | None) -> Served:
        """Raises `RefusedError` (404) where there is none of that name."""
        chosen = next(iter(self.models)) if name is None else composed(name)
        if chosen not in self.models:
            known = ", ".join(self.models)
            raise RefusedError(404, f"model: there is none of that name; choose one of {known}")
        return self.models[chosen]

    async def score(self, request: Request, model: Served, pairs: Sequence[Pair], field: str) -> Scores:
        """Scores (n,) of a request's pairs, which stand in its `field`.

        Raises `RefusedError` for what is beyond the limits, `BusyError`, and what the model raises.
        """
        request.state.model, request.state.pairs = model.name, len(pairs)
        self.check(pairs, field)
        scores = await asyncio.wrap_future(model.batcher.submit(pairs))
        if not np.isfinite(scores).all():
            raise DalmeumError("the model answers what is no number")
        return scores

    def check_count(self, count: int, field: str) -> None:
        """Raises `RefusedError` for more pairs, in a request's `field`, than it may have."""
        if count > self.limits.pairs:
            raise RefusedError(
                413, f"{field}: {count:,}; a request may have {self.limits.pairs:,}: send several"
            )

    def check(self, pairs: Sequence[Pair], field: str) -> None:
        """Raises `RefusedError` for pairs, in a request's `field`, that are beyond the limits."""
        self.check_count(len(pairs), field)
        for number, pair in enumerate(pairs):
            if max(map(len, pair)) > self.limits.characters:
                raise RefusedError(
                    422, f"{field}.{number}: a sentence of more than {self.limits.characters:,} characters"
                )


async def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceHere = Annotated[Service, Depends(service_of)]
