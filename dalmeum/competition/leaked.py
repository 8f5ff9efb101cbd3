"""Members of a blend that are too good on its pairs: they may have seen these pairs' labels."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.comparison.arm import Array
from dalmeum.languages import Text
from dalmeum.numbers import number
from dalmeum.stats import Difference, gap_difference, pearson, weighted
from dalmeum.stats.blends import blend_weights

LEAK, LEAK_ERRORS = 0.08, 4.0
"""By how much, and how many standard errors, a member is better than the others' mean on a blend's pairs and
not on others, to be told; in Fisher's z. Honest runs of one kind beside one of another came to .056 at most,
fine-tuned ones that answer their own training pairs to .122 at least (`benchmarks/blends.py`).
"""

TOLD = Text(
    "{run}: Pearson {here} on the pairs that it was judged on, the mean of the other runs {others_here}; on "
    "other pairs {there} and {others_there}: has it seen the labels of the first?",
    "{run}: 채점한 쌍에서 피어슨 {here}, 다른 실행들의 평균은 {others_here}인데 다른 쌍에서는 "
    "{there}와 {others_there}입니다. 채점한 쌍의 레이블을 본 것은 아닌가요?",
)


@dataclass(frozen=True)
class Judged:
    """Labels (n,) of pairs, predictions (k, n) of runs, and the pairs' groups (n,), where they are known."""

    labels: Array
    predictions: Array
    groups: Any = None


def gaps_beside_others(here: Judged, there: Judged) -> list[Difference]:
    """For each of k runs, 2 or more, how much better than the mean of the others it is on some pairs than on
    others: (it less the mean here) less (it less the mean there), in Fisher's z of Pearson's r.

    The mean is of predictions on the label scale, put there by lines that are fitted here. What makes one set
    of pairs easier makes it so for all runs; and on the scale of z by about as much, near 1 as elsewhere.
    """
    found = []
    for place in range(len(here.predictions)):
        first, second = _beside_mean(place, here, there)
        groups = here.groups, there.groups
        found.append(gap_difference(first, second, groups=groups, metric=_fisher_z))
    return found


def leaks(names: Sequence[str], here: Judged, there: Judged) -> Iterator[Text]:
    """A line for each run, by its name, that is so much better here than it can honestly be."""
    for place, (name, gap) in enumerate(zip(names, gaps_beside_others(here, there), strict=True)):
        error = (gap.high - gap.low) / (2 * 1.96)
        if gap.difference > max(LEAK, LEAK_ERRORS * error):
            scores = [
                number(pearson(labels, row), 4)
                for labels, *rows in _beside_mean(place, here, there)
                for row in rows
            ]
            told = zip(("here", "others_here", "there", "others_there"), scores, strict=True)
            yield TOLD.format(run=name, **dict(told))


def _beside_mean(place: int, here: Judged, there: Judged) -> list[tuple[Array, Array, Array]]:
    """Of both sets the labels, a run's predictions, and the others' mean."""
    others = np.delete(np.arange(len(here.predictions)), place)
    mean = blend_weights("mean", here.labels, here.predictions[others])
    return [
        (each.labels, each.predictions[place], mean.of(each.predictions[others])) for each in (here, there)
    ]


def _fisher_z(labels: Array, predictions: Array) -> Callable[[Array], Array]:
    correlation = weighted.pearson(labels, predictions)
    return lambda weights: np.arctanh(np.clip(correlation(weights), -1 + 1e-12, 1 - 1e-12))
