"""What a study can find, what it would take, and how long it will run: told before anything is trained."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalmeum.comparison import BASELINE, check_metric
from dalmeum.data.splits import PairReader
from dalmeum.errors import InputError
from dalmeum.experiments.arms import RunGroup
from dalmeum.experiments.jobs import default_jobs
from dalmeum.experiments.like_runs import LikeRuns, spread_of_recipes
from dalmeum.experiments.looks import planned_look
from dalmeum.experiments.study import (
    Cell,
    Tables,
    cell_recipes,
    check_pools,
    judged_table,
    planned_sets,
    read_data,
)
from dalmeum.recipe.study import Study
from dalmeum.stats import (
    Advice,
    DifferenceSpread,
    Estimate,
    Look,
    chance_at_last_look,
    chance_of_no_difference,
    chance_to_find,
    json_number,
    likely,
    pairs_needed,
    seeds_needed,
    smallest_effect_found,
)

SCHEMA = 1
"""Of `StudyPlan.to_dict`; docs/findings.md describes it."""


@dataclass(frozen=True)
class PlannedError:
    """What makes the differences of a study's arms vary.

    Attributes:
        seed_sd: standard deviation of a recipe's score over its seeds, in units of the metric.
        seed_degrees_of_freedom: that it was estimated with; inf where it was stated.
        pair_se: standard error that the pairs give to the difference of two recipes; NaN where it is not
            known, and counted as 0.
        recipes: ids of the finished runs that say so, by recipe; empty where both were stated.
        stated: which of `seed_sd` and `pair_se` was.
    """

    seed_sd: float
    seed_degrees_of_freedom: float
    pair_se: float
    recipes: Mapping[str, tuple[str, ...]]
    stated: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "seed_sd": self.seed_sd,
            "seed_degrees_of_freedom": json_number(self.seed_degrees_of_freedom),
            "pair_se": json_number(self.pair_se),
            "recipes": {name: list(runs) for name, runs in self.recipes.items()},
            "stated": list(self.stated),
        }


@dataclass(frozen=True)
class StudyPower:
    """What a study of such an error finds.

    Attributes:
        power: chance that an arm which truly differs by the smallest effect comes out as better or worse,
            after Holm, where no other arm differs; NaN for a smallest effect of 0. Its bounds are what seeds
            that are known from a few runs leave open, four times in five; NaN where they were stated.
        detectable_effect: the smallest true difference that is found four times in five.
        no_difference: chance that an arm is said to make no difference, where all truly are equal; its
            bounds likewise.
        seeds_needed: how many, on these pairs, find the smallest effect four times in five; a lower power
            says that no number does. None for a smallest effect of 0.
        pairs_needed: how many do with these seeds.
        power_at_max_seeds: as in `ArmResult`.
    """

    power: Estimate
    detectable_effect: float
    no_difference: Estimate
    seeds_needed: Advice | None
    pairs_needed: Advice | None
    power_at_max_seeds: float | None = None

    @classmethod
    def of(cls, spread: DifferenceSpread, effect: float, seeds: int, look: Look) -> "StudyPower":
        """At the level of the look; a new study with as many seeds as are needed takes one at 5 %."""
        at: Any = {"level": look.level}
        return cls(
            power=likely(chance_to_find, spread, effect, seeds, **at) if effect else Estimate(math.nan),
            detectable_effect=smallest_effect_found(spread, seeds, **at),
            no_difference=likely(chance_of_no_difference, spread, effect, seeds, **at),
            seeds_needed=seeds_needed(spread, effect) if effect else None,
            pairs_needed=pairs_needed(spread, effect, seeds, **at) if effect else None,
            power_at_max_seeds=chance_at_last_look(spread, effect, look) if effect else None,
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "power": self.power.to_dict(),
            "detectable_effect": json_number(self.detectable_effect),
            "no_difference": self.no_difference.to_dict(),
            "seeds_needed": self.seeds_needed and _needed(self.seeds_needed),
            "pairs_needed": self.pairs_needed and _needed(self.pairs_needed),
            "power_at_max_seeds": self.power_at_max_seeds,
        }


def _needed(advice: Advice) -> dict[str, Any]:
    return {"count": advice.count, "power": json_number(advice.power)}


@dataclass(frozen=True)
class Cost:
    """What a study will cost in time, as finished runs say.

    Attributes:
        seconds_a_run: in the mean of those to be made.
        seconds: of all of them, `jobs` at once.
        machines: what the runs that say so were made on.
    """

    seconds_a_run: float
    seconds: float
    jobs: int
    machines: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "machines": list(self.machines)}


@dataclass(frozen=True)
class StudyPlan:
    """What is known of a study before it is made; `print` shows it in the terminal's language.

    Attributes:
        split, pairs: what the verdict will be taken on.
        arms: compared with the baseline.
        seeds: of each.
        look: which of the study's it will be.
        error, power: None where no finished run says how much seeds differ, and nobody stated it.
        runs, finished: of the whole study, and those that are there.
        cost: None where nothing is left to do, or no finished run says what one takes.
        pilot: keys of the study that make of it two recipes with two seeds, all of them its own runs: these
            say what is not known.
        output: the folder of runs.
    """

    name: str
    question: str
    metric: str
    split: str
    pairs: int
    smallest_effect: float
    arms: int
    seeds: int
    look: Look
    error: PlannedError | None
    power: StudyPower | None
    runs: int
    finished: int
    cost: Cost | None
    pilot: Mapping[str, Any]
    output: str

    def __str__(self) -> str:
        from dalmeum.experiments.plan_text import plan_lines

        return "\n".join(plan_lines(self))

    def to_dict(self) -> dict[str, Any]:
        """JSON values, always in English; docs/findings.md says what stands where."""
        own = ("name", "question", "metric", "split", "pairs", "smallest_effect", "arms", "seeds")
        return {
            "schema": SCHEMA,
            **{name: getattr(self, name) for name in own},
            "look": self.look.to_dict(),
            "error": self.error and self.error.to_dict(),
            "finds": self.power and self.power.to_dict(),
            "runs": {"all": self.runs, "finished": self.finished},
            "cost": self.cost and self.cost.to_dict(),
        }


def plan_study(
    study: Study,
    name: str,
    folder: Path | None = None,
    *,
    seed_sd: float | None = None,
    pair_se: float | None = None,
    jobs: int | None = None,
    reader: PairReader | None = None,
) -> StudyPlan:
    """What a study will find and cost, from the finished runs of like recipes under its `output`.

    Args:
        folder: where the study's looks are kept; without, it is a first one.
        seed_sd, pair_se: as in `PlannedError`, in place of what runs say.
        jobs: runs at once; by default as many as `conduct` takes.
        reader: holds pairs that the study names and that are in no file.

    Raises:
        InputError: what `conduct` would raise it for before it runs anything, and numbers that are no errors.
    """
    for option, value in (("seed_sd", seed_sd), ("pair_se", pair_se)):
        if value is not None and not (isinstance(value, int | float) and 0 <= value < math.inf):
            raise InputError(f"{option} {value!r:.80}: give a number of 0 or more, in units of the metric")
    check_metric(study.metric)
    reader = reader or PairReader()
    check_pools(study, reader)
    data = read_data(cell_recipes(study), study.splits, reader)
    like, pairs = LikeRuns.find(study, data), len(judged_table(study, data, BASELINE, study.splits[0]))
    spread, error = _error(study, like, data, seed_sd, pair_se)
    first, seeds = next(iter(study.arms)), len(study.seeds)
    look = planned_look(study, folder)
    return StudyPlan(
        name=name,
        question=study.question,
        metric=study.metric,
        split=study.splits[0],
        pairs=pairs,
        smallest_effect=study.smallest_effect,
        arms=len(study.arms),
        seeds=seeds,
        look=look,
        error=error,
        power=None if spread is None else StudyPower.of(spread, study.smallest_effect, seeds, look),
        runs=len(like.recipes),
        finished=len(like.done),
        cost=_cost(like, jobs),
        pilot={"seeds": list(study.seeds[:2]), "arms": {first: dict(study.arms[first])}},
        output=study.baseline.output,
    )


def _error(
    study: Study, like: LikeRuns, data: Mapping[Cell, Tables], seed_sd: float | None, pair_se: float | None
) -> tuple[DifferenceSpread | None, PlannedError | None]:
    """What was stated and, for the rest, what finished runs say."""
    stated = {"seed_sd": seed_sd, "pair_se": pair_se}
    spread, groups, sets = None, list[RunGroup](), planned_sets(study, data)
    table = judged_table(study, data, BASELINE, study.splits[0])
    if None in stated.values():
        spread, groups = spread_of_recipes(study, like.groups(), table, sets)
    if spread is None or math.isnan(spread.seed_variance):
        if seed_sd is None:
            return None, None
        spread, groups = DifferenceSpread.stated(seed_sd, math.nan, len(table), arms=len(study.arms)), []
    if seed_sd is not None:
        spread = dataclasses.replace(
            spread, seed_variance=2 * seed_sd**2, seed_degrees_of_freedom=math.inf, cross_variance=0.0
        )
    if pair_se is not None:
        spread = dataclasses.replace(spread, pair_variance=pair_se**2)
    error = PlannedError(
        seed_sd=math.sqrt(spread.seed_variance / 2),
        seed_degrees_of_freedom=spread.seed_degrees_of_freedom,
        pair_se=math.sqrt(spread.pair_variance),
        recipes={group.name: tuple(run.id for run in group.runs) for group in groups},
        stated=tuple(name for name, value in stated.items() if value is not None),
    )
    known = 0.0 if math.isnan(spread.pair_variance) else spread.pair_variance
    how: Any = {"paired": study.by_seed, "training_sets": sets}
    return dataclasses.replace(spread, pair_variance=known, **how), error


def _cost(like: LikeRuns, jobs: int | None) -> Cost | None:
    cells, timed = like.seconds()
    if not cells:
        return None
    # How many GPUs there are takes torch to know.
    jobs = min(jobs or default_jobs(like.recipes.values()), len(cells)) if len(cells) > 1 else 1
    machines = [run.record.machine for run in timed]
    told = (f"{each.get('device', '?')}, {each.get('processor', '?')}" for each in machines)
    seconds = max(sum(cells.values()) / jobs, max(cells.values()))
    return Cost(sum(cells.values()) / len(cells), seconds, jobs, tuple(dict.fromkeys(told)))
