"""Arms from plain arrays, right and wrong."""

from typing import Any
from unicodedata import normalize

import numpy as np
import pytest

from dalmeum.comparison import Arms, Pairs
from dalmeum.errors import InputError

from .made import LABELS, PAIRS, arm, of, rows

LABEL = [0.0, 2.5, 5.0, 1.0]
BASE = [1.0, 2.0, 4.0, 2.0]
MINE = [0.0, 3.0, 5.0, 1.0]


def test_a_row_each_are_models() -> None:
    arms = Arms(LABEL, {"mine": MINE, "baseline": [BASE]})
    assert arms.names == ("baseline", "mine")
    assert (arms.baseline.name, [other.name for other in arms.others]) == ("baseline", ["mine"])
    assert (arms.compared, arms.paired, arms.folds, len(arms)) == ("models", False, 1, 2)
    assert [each.count for each in arms.arms] == [1, 1]
    assert arms.baseline.predictions["test"].tolist() == [BASE]
    assert arms.pairs["test"].ids == ("0", "1", "2", "3")
    assert arms.pairs["test"].labels.tolist() == LABEL
    assert repr(arms) == "Arms(baseline (1), mine (1); test: 4 pairs)"
    # Nothing is paired by seed where there is one of each, whatever one says.
    assert not Arms(LABEL, {"mine": MINE, "baseline": BASE}, seeds=[7], paired=True).paired


def test_a_row_a_seed_are_recipes() -> None:
    arms = Arms(LABEL, {"base": [BASE, MINE], "mine": [MINE, BASE, MINE]}, baseline="base", ids="abcd")
    assert (arms.compared, arms.paired) == ("recipes", False)
    assert [each.count for each in arms.arms] == [2, 3]
    assert [each.seeds for each in arms.arms] == [(), ()]
    assert arms.pairs["test"].ids == ("a", "b", "c", "d")
    assert repr(arms) == "Arms(base (2), mine (3); test: 4 pairs)"


@pytest.mark.parametrize(
    ("seeds", "paired", "expected"),
    [
        (None, None, False),
        (None, True, True),
        ([3, 4], None, True),
        ([3, 4], False, True),
        (np.array([3, 4]), None, True),
        ({"baseline": [3, 4], "mine": (3, 4)}, None, True),
        ({"baseline": [3, 4], "mine": [4, 3]}, None, False),
        ({"baseline": [3, 4]}, None, False),
    ],
)
def test_equal_seeds_may_be_shown_beside_each_other_but_pair_no_verdict(
    seeds: Any, paired: bool | None, expected: bool
) -> None:
    predictions = {"baseline": [BASE, MINE], "mine": [MINE, BASE]}
    arms = Arms(LABEL, predictions, seeds=seeds, paired=paired)
    assert arms.paired is bool(paired)
    assert arms.same_seeds is expected
    if seeds is not None:
        assert arms.baseline.seeds == (3, 4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"labels": 3.0}, r"labels of shape \(\) and 1 ids: one of each a pair is wanted"),
        ({"labels": [LABEL]}, r"labels of shape \(1, 4\) and 1 ids: one of each a pair is wanted"),
        ({"ids": ["a", "b"]}, r"labels of shape \(4,\) and 2 ids: one of each a pair is wanted"),
        ({"labels": ["much", "little"]}, "labels: holds what is no number, or rows of different lengths"),
        ({"labels": [0, 1, np.nan, np.inf]}, r"labels\[2\] is not finite \(2 such\): leave those pairs out"),
        ({"labels": [2.0] * 4}, "labels: all labels are 2: nothing can be judged on these pairs"),
        ({"labels": [], "mine": [], "baseline": []}, "labels: there are no pairs to judge on"),
        (
            {"mine": MINE[:3]},
            r"predictions\['mine'\] of shape \(3,\): 4 labels want \(4,\) or \(k, 4\), a row a seed",
        ),
        ({"mine": [[MINE]]}, r"predictions\['mine'\] of shape \(1, 1, 4\): 4 labels want"),
        ({"mine": np.empty((0, 4))}, r"predictions\['mine'\] of shape \(0, 4\): 4 labels want"),
        ({"mine": 1.0}, r"predictions\['mine'\] of shape \(\): 4 labels want"),
        ({"mine": [MINE, [1.0]]}, r"predictions\['mine'\]: holds what is no number, or rows of different"),
        ({"mine": [0, 1, None, 3]}, r"predictions\['mine'\]\[2\] is not finite \(1 such\)"),
        (
            {"mine": [MINE, [0, 1, 2, np.nan]]},
            r"predictions\['mine'\]\[1, 3\] is not finite \(1 such\): leave those pairs out",
        ),
        ({"seeds": [1, 2]}, r"2 seeds for 1 rows of predictions\['mine'\]: one a row"),
        ({"seeds": {"baseline": [1, 2]}}, r"2 seeds for 1 rows of predictions\['baseline'\]: one a row"),
        ({"name": "base"}, "baseline 'base' is no arm: choose one of mine, baseline"),
        (
            {"mine": [MINE, BASE]},
            "baseline: has one seed, others have more: give every arm two seeds or more, or every one a "
            "single row of predictions",
        ),
        (
            {"mine": [MINE, BASE], "baseline": [BASE] * 3, "paired": True},
            r"arms of different numbers of seeds \(mine 2, baseline 3\) are not paired: set paired=False",
        ),
    ],
)
def test_what_does_not_fit_is_told(given: dict[str, Any], said: str) -> None:
    values: dict[str, Any] = {"labels": LABEL, "mine": MINE, "baseline": BASE, "name": "baseline", **given}
    predictions = {name: values.pop(name) for name in ("mine", "baseline")}
    labels, baseline = values.pop("labels"), values.pop("name")
    with pytest.raises(InputError, match=f"^{said}"):
        Arms(labels, predictions, baseline=baseline, **values)


def test_one_arm_alone_is_nothing_to_compare() -> None:
    with pytest.raises(InputError, match=r"^baseline: one arm has nothing to be compared with: name another"):
        Arms(LABEL, {"baseline": BASE})


def test_arms_with_all_that_is_known_of_them() -> None:
    arms = of(arm("arm", 0.4), arm("base", 0.5), baseline="base")
    assert arms.names == ("base", "arm")
    assert (arms.compared, arms.same_seeds) == ("recipes", True)
    assert arms.arms[1].predictions["dev"].tolist() == rows(0.4).tolist()
    constant = {"dev": Pairs(PAIRS["dev"].ids, np.full(300, 3.0), "dev.csv")}
    with pytest.raises(InputError, match=r"^dev\.csv: all labels are 3: nothing can be judged"):
        of(arm("base", 0.5), arm("arm", 0.4), pairs=constant)


def test_pairs_are_the_same_by_their_order_ids_and_labels() -> None:
    pairs, labels = PAIRS["dev"], LABELS["dev"]
    assert pairs.are(Pairs(pairs.ids, labels.copy(), "another.csv"))
    assert not pairs.are(Pairs(pairs.ids[::-1], labels))
    assert not pairs.are(Pairs(pairs.ids, labels + 0.1))
    assert not pairs.are(PAIRS["train"])


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (
            {"seeds": {"baseline": [1, 2], "arm": [3, 4]}, "paired": True},
            "paired=True, but the arms have different",
        ),
        ({"seeds": {"baseline": [1, 2], "amr": [1, 2]}}, "seeds: 'amr' is no arm: choose of baseline, arm"),
        ({"seeds": [7, 7]}, "seeds of 'baseline': 7 stands there twice"),
        ({"ids": ["a", "b", "a"]}, "ids: 'a' stands there twice"),
    ],
)
def test_contradictions_are_refused(how: dict[str, Any], told: str) -> None:
    rows = [[1.0, 2.0, 4.0], [1.0, 3.0, 4.0]]
    with pytest.raises(InputError, match=told):
        Arms([0.0, 2.0, 5.0], {"baseline": rows, "arm": rows}, **how)


def test_predictions_are_given_by_name() -> None:
    rows: Any = [[1.0, 2.0, 4.0]]
    with pytest.raises(InputError, match="predictions are given by the arm's name, not as a list"):
        Arms([0.0, 2.0, 5.0], rows)


def test_one_name_written_in_two_ways() -> None:
    """Hangul as keyboards and as macOS write it look the same."""
    composed, decomposed = "가중치", normalize("NFD", "가중치")
    labels, rows = [0.0, 2.5, 5.0, 1.0], [1.0, 2.0, 4.0, 2.0]
    with pytest.raises(InputError) as caught:
        Arms(labels, {"baseline": rows, composed: rows, decomposed: rows})
    told = "predictions: '가중치' names two arms, its letters written in two ways"
    assert str(caught.value) == told
    arms = Arms(labels, {decomposed: rows, "other": rows}, baseline=composed)
    assert arms.names == (composed, "other")
