"""Where the error sits. A residual is prediction minus label, in label units: positive is too similar."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable
from dalmeum.evaluation.slices import Rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ResidualSpread:
    """Residuals of one group as a box plot shows them (Tukey: whiskers reach 1.5 box lengths at most)."""

    name: str
    pairs: int
    mean: float
    lower_whisker: float
    lower_quartile: float
    median: float
    upper_quartile: float
    upper_whisker: float


@dataclass(frozen=True)
class WorstPair:
    """A pair with its prediction; `row` counts from 0 in the table."""

    row: int
    id: str
    source: str
    sentence1: str
    sentence2: str
    label: float
    prediction: float

    @property
    def residual(self) -> float:
        return self.prediction - self.label


def residual_spread(residuals: Array, groups: Mapping[str, Rows]) -> tuple[ResidualSpread, ...]:
    """One `ResidualSpread` for each group of rows; groups must not be empty."""
    return tuple(_spread(name, residuals[rows]) for name, rows in groups.items())


def worst_pairs(table: PairTable, predictions: Array, count: int = 30) -> tuple[WorstPair, ...]:
    """The `count` pairs of largest absolute residual, worst first, ties in the order of the table."""
    if table.label is None:
        raise ValueError("residuals need labels")
    error = np.abs(predictions - table.label)
    return tuple(
        WorstPair(
            row=int(row),
            id=table.id[row],
            source=table.source[row],
            sentence1=table.sentence1[row],
            sentence2=table.sentence2[row],
            label=float(table.label[row]),
            prediction=float(predictions[row]),
        )
        for row in np.argsort(-error, kind="stable")[:count]
    )


def _spread(name: str, residuals: Array) -> ResidualSpread:
    lower, median, upper = (float(value) for value in np.quantile(residuals, [0.25, 0.5, 0.75]))
    reach = 1.5 * (upper - lower)
    return ResidualSpread(
        name=name,
        pairs=len(residuals),
        mean=float(residuals.mean()),
        lower_whisker=float(residuals[residuals >= lower - reach].min()),
        lower_quartile=lower,
        median=median,
        upper_quartile=upper,
        upper_whisker=float(residuals[residuals <= upper + reach].max()),
    )
