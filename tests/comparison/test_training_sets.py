"""Arms whose seeds were each trained on a set of their own: what is judged, told, and refused."""

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from dalmeum.comparison import Arm, Arms, Pairs, compare_arms
from dalmeum.comparison.gaps import arm_gaps
from dalmeum.comparison.judge import judge
from dalmeum.comparison.text import findings_html, findings_lines
from dalmeum.comparison.undecided_text import MORE_SETS_ADVISED
from dalmeum.errors import InputError
from dalmeum.pages.comparison import render_findings
from dalmeum.stats import (
    DifferenceSpread,
    Look,
    SeedDifference,
    TrainingSets,
    chance_to_find,
    differences_to,
    gap_over_training_sets,
    pearson,
    score,
    weighted,
)

from .made import LABELS, PAIRS, SEEDS, arm, of, rows, sentences

DEV, TRAIN = LABELS["dev"], LABELS["train"]
BASE, MINE = rows(0.5), rows(0.4)
HALF = TrainingSets(100, 200, 0.5)


def parted(name: str, noise: float, part: int = 100) -> Arm:
    """Each seed with training pairs of its own: so many after those of the seed before."""
    whole = arm(name, noise)
    assert whole.train_predictions is not None
    cuts = [slice(place * part, (place + 1) * part) for place in range(len(SEEDS))]
    parts = tuple(
        (Pairs(PAIRS["train"].ids[cut], TRAIN[cut]), row[cut])
        for cut, row in zip(cuts, whole.train_predictions, strict=True)
    )
    return dataclasses.replace(whole, train=None, train_predictions=None, parts=parts)


def of_sets(*arms: Arm, sets: TrainingSets = HALF, **how: Any) -> Arms:
    return of(*arms, training_sets=sets, **{"paired": False, **how})


def test_sets_of_arrays_are_judged_set_by_set() -> None:
    arms = Arms(DEV, {"baseline": BASE, "mine": MINE}, training_sets={"pairs": 100, "pool": 200})
    assert (arms.training_sets, arms.paired, arms.overlap) == (HALF, True, 0.5)
    found = compare_arms(arms)
    (judgement,) = found.judgements
    expected = differences_to("pearson", DEV, {"mine": MINE}, BASE, True, overlap=0.5)["mine"]
    assert judgement.arms[1].difference == expected
    assert judgement.arms[0].score == score("pearson", DEV, BASE, overlap=0.5)
    values = found.to_dict()
    assert values["training_sets"] == {"pairs": 100, "pool": 200, "parts": "overlapping", "overlap": 0.5}
    assert values["holds_for"] == ["pairs", "seeds", "training_sets"]
    disjoint = Arms(
        DEV, {"baseline": BASE, "mine": MINE}, training_sets={"pairs": 100, "pool": 400, "overlap": 0}
    )
    assert disjoint.training_sets == TrainingSets(100, 400, 0.0)
    plain = differences_to("pearson", DEV, {"mine": MINE}, BASE, True)["mine"]
    assert compare_arms(disjoint).judgements[0].arms[1].difference == plain
    assert plain.standard_error < expected.standard_error


def test_without_sets_a_verdict_is_for_this_one() -> None:
    recipes = compare_arms(Arms(DEV, {"baseline": BASE, "mine": MINE}))
    assert (recipes.arms.training_sets, recipes.arms.overlap) == (None, 0.0)
    assert (recipes.to_dict()["training_sets"], recipes.to_dict()["holds_for"]) == (None, ["pairs", "seeds"])
    models = compare_arms(Arms(DEV, {"baseline": BASE[0], "mine": MINE[0]}))
    assert models.to_dict()["holds_for"] == ["pairs"]
    for found in (recipes, models):
        assert findings_lines(found)[1] == "verdicts are for this training set"
        assert "for this training set" in findings_html(found)
        assert "baseline, for this training set: mine" in render_findings(found)
    assert "hold for new seeds and new pairs, with this training set" in render_findings(recipes)
    assert "not for new seeds nor for another training set" in render_findings(models)


def test_where_the_verdict_holds_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compare_arms(of_sets(parted("base", 0.5), parted("mine", 0.4)))
    assert findings_lines(found)[1] == "verdicts are for new training sets of 100 pairs like this pool's"
    page = render_findings(found)
    assert "new training sets of 100 pairs like those of this pool of 200" in page
    assert "Two sets have 50% of their pairs in common on average" in page
    disjoint = of_sets(parted("base", 0.5), parted("mine", 0.4), sets=TrainingSets(100, 400))
    assert "in common on average" not in render_findings(compare_arms(disjoint))
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert findings_lines(found)[1] == (
        "이 풀과 비슷한 곳에서 100쌍씩 뽑은 새 학습 데이터까지 감안한 판정입니다"
    )


def test_what_is_too_little_for_the_pool_is_advised() -> None:
    arms = of_sets(parted("base", 0.5), parted("mine", 0.44))
    lines = " ".join(" ".join(findings_lines(compare_arms(arms, smallest_effect=0.001))).split())
    told = re.escape(MORE_SETS_ADVISED.en).replace(r"\{power:\.0%\}", r"\d+%")
    assert re.search(told.replace(r"\{count\}", "60").replace(r"\{effect\}", r"0\.001"), lines)


def test_a_last_look_has_the_overlap_of_its_own_seeds() -> None:
    arms = of_sets(parted("base", 0.5), parted("mine", 0.44), sets=TrainingSets(100, 400))
    look = Look((4,), 8)
    mine = judge(arms, "dev", smallest_effect=0.02, look=look).arms[1]
    assert isinstance(mine.difference, SeedDifference)
    assert look.last_level is not None
    # Of the pairs of 8 parts 16 of 28 are of two shuffles, and share a quarter.
    overlap = 0.25 * 16 / 28
    apart = DifferenceSpread.of(mine.difference, arms=1, paired=True)
    share = (1 - overlap) * 8 * (1 / 8 + overlap / (1 - overlap))
    known = dataclasses.replace(
        apart, seed_variance=share * apart.seed_variance, cross_variance=share * apart.cross_variance
    )
    assert mine.power_at_max_seeds is not None
    found = chance_to_find(known, 0.02, 8, level=look.last_level)
    assert mine.power_at_max_seeds == pytest.approx(found, abs=0.005)
    assert mine.power_at_max_seeds < chance_to_find(apart, 0.02, 8, level=look.last_level) - 0.02


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ("100", r"training_sets '100': give pairs, pool and maybe overlap, as {\"pairs\": 100, "),
        ({"pairs": 100}, r"training_sets {'pairs': 100}: give pairs, pool and maybe overlap"),
        ({"pairs": 9, "pool": 90, "k": 1}, r"training_sets {.*}: give pairs, pool and maybe overlap"),
        ({"pairs": 1, "pool": 100}, "training_sets: pairs 1: give a whole number of 2 or more"),
        ({"pairs": True, "pool": 100}, "training_sets: pairs True: give a whole number of 2 or more"),
        ({"pairs": 10, "pool": "many"}, "training_sets: pool 'many': give a whole number of 2 or more"),
        ({"pairs": 10, "pool": np.nan}, "training_sets: pool nan: give a whole number of 2 or more"),
        (
            {"pairs": 10, "pool": 100, "overlap": 1},
            "training_sets: overlap 1: give a share from 0 to below 1",
        ),
        (
            {"pairs": 10, "pool": 100, "overlap": None},
            "training_sets: overlap None: give a share from 0 to below 1",
        ),
        (
            {"pairs": 81, "pool": 100},
            r"training_sets: 81 of 100 pairs, overlap 0\.81: take 80 at most \(0\.8 of the pool\)",
        ),
        ({"pairs": 10, "pool": 5}, r"training_sets: 10 of 5 pairs, overlap 2: take 4 at most"),
        ({"pairs": 10, "pool": 10**400}, "training_sets: pool 10+: give a whole number of 2 or more"),
        (
            {"pairs": 50, "pool": 100, "overlap": 0.2},
            r"training_sets: overlap 0\.2: 4 sets of 50 pairs from 100 share 0\.333 of their pairs at least",
        ),
    ],
)
def test_sets_that_can_not_be_are_told(sets: Any, said: str) -> None:
    with pytest.raises(InputError, match=f"^{said}"):
        Arms(DEV, {"baseline": BASE, "mine": MINE}, training_sets=sets)


def test_arms_that_can_not_share_sets_are_told() -> None:
    sets = {"pairs": 100, "pool": 1000}
    with pytest.raises(InputError, match=r"one \(baseline 4, mine 3\): give every arm a row a set$"):
        Arms(DEV, {"baseline": BASE, "mine": MINE[:3]}, training_sets=sets)
    with pytest.raises(InputError, match=r"one \(baseline 1, mine 1\): give every arm a row a set$"):
        Arms(DEV, {"baseline": BASE[0], "mine": MINE[0]}, training_sets=sets)
    with pytest.raises(InputError, match=r"^training_sets: arms that share them are judged by row: leave"):
        Arms(DEV, {"baseline": BASE, "mine": MINE}, training_sets=sets, paired=False)
    seeds = {"baseline": [1, 2, 3, 4], "mine": [1, 2, 4, 3]}
    with pytest.raises(InputError, match=r"^training_sets, but the arms have different seeds: leave it out"):
        Arms(DEV, {"baseline": BASE, "mine": MINE}, training_sets=sets, seeds=seeds)


def test_gaps_are_of_each_seeds_own_training_pairs() -> None:
    base, mine = parted("base", 0.5), parted("mine", 0.4)
    gaps = arm_gaps(of_sets(base, mine), "dev")
    found = gaps["mine"]
    assert found is not None
    train = [pearson(TRAIN[i * 100 : (i + 1) * 100], row) for i, (_, row) in enumerate(mine.parts)]
    less = [pearson(TRAIN[i * 100 : (i + 1) * 100], row) for i, (_, row) in enumerate(base.parts)]
    assert found.train == pytest.approx(train)
    assert found.gap == gap_over_training_sets(train, (DEV, MINE), overlap=0.5)
    assert found.difference is not None
    expected = gap_over_training_sets(np.subtract(train, less), (DEV, MINE, BASE), overlap=0.5)
    assert found.difference.difference == pytest.approx(expected.difference)
    assert found.difference.standard_error == pytest.approx(expected.standard_error)
    of_rmse = arm_gaps(of_sets(base, mine), "dev", metric="rmse")["mine"]
    assert of_rmse is not None
    assert of_rmse.gap == gap_over_training_sets(
        of_rmse.train, (DEV, MINE), metric=weighted.rmse, overlap=0.5
    )


def test_no_gap_where_nobody_kept_training_predictions_nor_a_difference_on_other_pairs() -> None:
    base, mine, bare = parted("base", 0.5), parted("mine", 0.4), dataclasses.replace(arm("bare", 0.3))
    gaps = arm_gaps(of_sets(bare, mine), "dev")
    assert gaps["bare"] is None
    assert gaps["mine"] is not None
    assert gaps["mine"].difference is None
    turned = dataclasses.replace(mine, parts=(*mine.parts[1:], mine.parts[0]))
    found = arm_gaps(of_sets(base, turned), "dev")["mine"]
    assert found is not None
    assert found.difference is None


def test_all_that_stands_beside_the_verdict_takes_the_overlap() -> None:
    """Intervals of the speed and of the diagnosis are as much wider as those of the scores."""
    pairs = {"dev": dataclasses.replace(PAIRS["dev"], table=sentences())}
    both = [
        compare_arms(of_sets(parted("base", 0.5), parted("mine", 0.4), sets=sets, pairs=pairs))
        for sets in (TrainingSets(100, 400), HALF)
    ]
    (disjoint, shared) = both
    factor = np.sqrt((1 / 4 + 1) / (1 / 4))
    for name in ("base", "mine"):
        steps = [found.convergence and found.convergence.arms[name] for found in both]
        assert steps[0]
        assert steps[1]
        narrow, wide = steps[0].level.steps, steps[1].level.steps
        assert wide.high - wide.value == pytest.approx(factor * (narrow.high - narrow.value))
        diagnoses = [found.diagnoses["dev"] for found in both]
        assert diagnoses[0]
        assert diagnoses[1]
        one, other = diagnoses[0][name], diagnoses[1][name]
        assert one is not None
        assert other is not None
        assert other.score.high - other.score.low > one.score.high - one.score.low
        for kind in ("length", "spacing"):
            less, more = one.slices[kind][0].relative_error, other.slices[kind][0].relative_error
            assert more.high - more.low > less.high - less.low
    assert shared.judgements[0].arms[1].difference != disjoint.judgements[0].arms[1].difference
