import numpy as np
import pytest

from dalmeum.data import PairTable
from dalmeum.evaluation import residual_spread, worst_pairs

TABLE = PairTable(
    id=("a", "b", "c", "d"),
    source=("news", "news", "review", ""),
    sentence1=("하나", "둘", "셋", "넷"),
    sentence2=("일", "이", "삼", "사"),
    label=np.array([1.0, 2.0, 3.0, 4.0]),
)


def test_worst_pairs_come_first_and_ties_stay_in_order() -> None:
    worst = worst_pairs(TABLE, np.array([1.5, 0.0, 5.0, 4.0]), count=3)
    assert [(pair.id, pair.residual) for pair in worst] == [("b", -2.0), ("c", 2.0), ("a", 0.5)]
    assert (worst[0].row, worst[0].source, worst[0].sentence1, worst[0].sentence2) == (1, "news", "둘", "이")


def test_fewer_pairs_than_asked_for() -> None:
    assert len(worst_pairs(TABLE, np.zeros(4), count=30)) == 4


def test_spread_is_tukeys_box() -> None:
    residuals = np.array([0.0, 1.0, 2.0, 3.0, 100.0])
    (box,) = residual_spread(residuals, {"all": np.arange(5)})
    # The box is 1..3, so whiskers reach -2..6 and end at the outermost residuals inside: 0 and 3.
    assert (box.lower_quartile, box.median, box.upper_quartile) == (1.0, 2.0, 3.0)
    assert (box.lower_whisker, box.upper_whisker) == (0.0, 3.0)
    assert box.mean == pytest.approx(21.2)
    assert box.pairs == 5
