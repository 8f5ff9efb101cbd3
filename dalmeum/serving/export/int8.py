"""A graph whose products are in integers, but for those that measurement says to leave in float."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.languages import Text
from dalmeum.progress import Progress, tell
from dalmeum.serving.export.certificate import agreement
from dalmeum.serving.export.quantize import Graph, Quantized, write_quantized
from dalmeum.serving.export.ranges import observed, quantized
from dalmeum.serving.export.runtime import ExportedScorer

CALIBRATION, SELECTION, ALONE = 256, 256, 64
"""Pairs that scales come from, that what is left in float is chosen on, and that each product is tried on."""

MARGIN = 0.8
"""Share of the tolerances that the chosen graph may use up on those pairs; others differ."""

SECONDS = 300.0
"""That trying products one by one may take; of those behind it the error of their outputs counts."""

TRYING = Text(
    "int8: not within tolerance as a whole; trying {count:,} of its parts alone",
    "int8: 전체로는 허용 범위를 벗어나, 부분 {count:,}개를 하나씩 재는 중",
)

TRIED = Text("int8: part", "int8: 부분")

Pairs = Sequence[tuple[str, str]]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """What was found on the way to a graph in integers.

    Attributes:
        calibration_pairs, selection_pairs: how many scales came from, and the choice was made on.
        products: that could be in integers.
        left_in_float: layers among them that are not.
        tried_alone: how many parts were measured one by one; 0 where the whole was within tolerance at once.
        p99, disagreement: of the chosen graph on the selection pairs: of the change, and 1 - Pearson's
            correlation with the model's scores.
    """

    calibration_pairs: int
    selection_pairs: int
    products: int
    left_in_float: tuple[str, ...]
    tried_alone: int
    p99: float
    disagreement: float

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "left_in_float": list(self.left_in_float)}


def write_int8(
    folder: Path, graph: str, out: str, pairs: Pairs, p99: float, disagreement: float
) -> Search | None:
    """Write a graph in integers beside a float32 one; None where nothing in it can be.

    Args:
        folder: of the exported model.
        graph, out: names of the float32 graph, and of the one to write.
        pairs: real ones, none of which the result is judged on; the first half for scales.
        p99, disagreement: that the result should be within.
    """
    maker = _Maker(folder, graph, out, pairs)
    if not maker.parts:
        return None
    found = maker.judged([])
    order: list[str] = []
    tried = few = count = 0

    def within() -> bool:
        return max(found[0] / p99, found[1] / disagreement) <= MARGIN

    if not within():
        tell(TRYING.format(count=len(maker.parts)))
        order, tried = maker.by_harm(time.monotonic() + SECONDS)
        # Twice as many each time, of those that do most harm for the work that they would save; then fewer.
        while not within() and 2 * count < len(order):
            few, count = count, 2 * count or 1
            found = maker.judged(order[:count])
        while within() and count - few > 1:
            middle = (few + count) // 2
            found = maker.judged(order[:middle])
            if within():
                count = middle
            else:
                few, found = middle, maker.judged(order[:count])
    left = order[:count]
    products = maker.graph.products
    return Search(
        calibration_pairs=len(maker.calibration),
        selection_pairs=len(maker.selection),
        products=sum(len(products[name]) for name in maker.parts),
        left_in_float=tuple(
            product.name for name in maker.parts if name in left for product in products[name]
        ),
        tried_alone=tried,
        p99=found[0],
        disagreement=found[1],
    )


class _Maker:
    """Writes graphs in integers, and measures them; parts are the products of one activation."""

    def __init__(self, folder: Path, graph: str, out: str, pairs: Pairs) -> None:
        self.folder, self.out = folder, out
        self.graph = Graph(folder / graph)
        half = max(len(pairs) // 2, len(pairs) - SELECTION)
        self.calibration, self.selection = list(pairs[:half])[:CALIBRATION], list(pairs[half:])
        self._float = ExportedScorer(folder, graph)
        batches = [features for _, features in self._float.batches(self.calibration, tokens=512)]
        activations = observed(self.graph, batches, folder / f"{out}.scratch")
        self.parts: dict[str, Quantized] = {
            name: quantized(each, self.graph.weights(name)) for name, each in activations.items()
        }

    def judged(self, left: Sequence[str]) -> tuple[float, float]:
        """Write the graph with some parts left in float; its 99th percentile of the change, and 1 - Pearson's
        correlation with the float graph, on the selection pairs.
        """
        chosen = {name: each for name, each in self.parts.items() if name not in left}
        write_quantized(self.graph, chosen, self.folder / self.out)
        right, found = self._scores(self.calibration)
        line = _line(found, right)
        write_quantized(self.graph, chosen, self.folder / self.out, line)
        right, found = self._scores(self.selection)
        alike = agreement(found, right)
        return float(np.quantile(np.abs(found - right), 0.99)), 1.0 if alike is None else 1 - alike

    def by_harm(self, until: float) -> tuple[list[str], int]:
        """Parts, those first that change scores most for their size; and how many were measured for it."""
        pairs = self.selection[:ALONE]
        harm: dict[str, float] = {}
        with Progress(len(self.parts), TRIED) as progress:
            for name, each in self.parts.items():
                if time.monotonic() > until:
                    break
                write_quantized(self.graph, {name: each}, self.folder / self.out)
                right, found = self._scores(pairs)
                harm[name] = float(np.mean((found - right) ** 2))
                progress.advance()
        # What was not measured is placed by its outputs' error, as far as the two go together.
        factor = np.median([harm[name] / self.parts[name].error for name in harm]) if harm else 1.0
        size = {name: sum(weight.size for weight in self.parts[name].weights) for name in self.parts}
        each_of = {
            name: harm.get(name, factor * part.error) / size[name] for name, part in self.parts.items()
        }
        return sorted(each_of, key=lambda name: -each_of[name]), len(harm)

    def _scores(self, pairs: Pairs) -> tuple[Scores, Scores]:
        return self._float.score(pairs), ExportedScorer(self.folder, self.out).score(pairs)


def _line(found: Scores, right: Scores) -> tuple[float, float]:
    """Slope and intercept that bring scores closest to the right ones."""
    centred = found - found.mean()
    spread = float(centred @ centred)
    slope = float(centred @ right) / spread if spread > 1e-12 else 1.0
    if not 0.5 < slope < 2:  # of scores that have little to do with the right ones
        slope = 1.0
    return slope, float(right.mean() - slope * found.mean())
