"""Members of a blend that are too good on its pairs: they may have seen these pairs' labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.comparison.arm import Array
from dalmeum.languages import Text
from dalmeum.numbers import number
from dalmeum.stats import Difference, gap_difference
from dalmeum.stats.blends import blend_weights

LEAK, LEAK_ERRORS = 0.035, 4.0
"""By how much, and how many standard errors, a member is better than the others' mean on a blend's pairs and
not on other pairs, to be told. Honest runs of one kind beside those of another have come to .033
(`benchmarks/blends.py`); of the same pairs, only labels that it has seen make more.
"""

TOLD = Text(
    "{run}: {gap} better beside the other runs on the pairs that it was judged on than on others: "
    "has it seen their labels?",
    "{run}: 다른 실행들과 견주면, 채점한 쌍에서의 점수가 다른 쌍에서보다 {gap}만큼 더 높습니다. "
    "그 쌍의 레이블을 본 것은 아닌가요?",
)


@dataclass(frozen=True)
class Judged:
    """Labels (n,) of pairs, predictions (k, n) of runs, and the pairs' groups (n,), where they are known."""

    labels: Array
    predictions: Array
    groups: Any = None


def gaps_beside_others(here: Judged, there: Judged) -> list[Difference]:
    """For each of k runs, 2 or more, how much better than the mean of the others it is on some pairs than on
    others: (it less the mean here) less (it less the mean there), in Pearson.

    The mean is of predictions on the label scale, put there by lines that are fitted here. What makes one set
    of pairs easier than another makes it so for all runs.
    """
    found = []
    for place in range(len(here.predictions)):
        others = np.delete(np.arange(len(here.predictions)), place)
        mean = blend_weights("mean", here.labels, here.predictions[others])
        first, second = (
            (each.labels, each.predictions[place], mean.of(each.predictions[others]))
            for each in (here, there)
        )
        found.append(gap_difference(first, second, groups=(here.groups, there.groups)))
    return found


def leaks(names: Sequence[str], here: Judged, there: Judged) -> Iterator[Text]:
    """A line for each run, by its name, that is so much better here than it can honestly be."""
    for name, gap in zip(names, gaps_beside_others(here, there), strict=True):
        error = (gap.high - gap.low) / (2 * 1.96)
        if gap.difference > max(LEAK, LEAK_ERRORS * error):
            yield TOLD.format(run=name, gap=number(gap.difference, 4))
