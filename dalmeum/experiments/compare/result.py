"""All that a comparison of runs found; tables, JSON and the page are views of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dalmeum.data.splits import Split
from dalmeum.errors import InputError
from dalmeum.experiments.compare.arms import Arm, arms_of, models_of
from dalmeum.experiments.compare.models import judge_models
from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.choice import Choice, checkpoint_optimism, choice_on_dev
from dalmeum.experiments.study.convergence import Convergence, convergence
from dalmeum.experiments.study.diagnosis import ArmDiagnoses, arm_diagnoses
from dalmeum.experiments.study.gaps import ArmGap, arm_gaps
from dalmeum.experiments.study.judge import Judgement, json_number, judge
from dalmeum.experiments.study.plan import BASELINE
from dalmeum.stats import CorrelationComparison, Estimate, SignificanceTest

Compared = Literal["recipes", "models"]

SPLITS: tuple[Split, ...] = ("dev", "test")


@dataclass(frozen=True)
class Comparison:
    """Arms against a baseline, which comes first in all that follows.

    Attributes:
        compared: `recipes`, where every one has runs of two seeds or more; else `models`, each run an arm of
            its own: what is found then holds for these trained models, and another seed may turn it.
        same_seeds: all arms have the same seeds, so their runs are paired; else, as between models, they are
            independent.
        arms: by name.
        gaps: None between models.
        convergence: None where the baseline's runs kept no dev evaluations.
        choice: None between models, and where dev is not judged.
        checkpoints: as in `StudyResult`.
        diagnoses: as in `StudyResult`, for the judged split.
    """

    compared: Compared
    same_seeds: bool
    arms: Mapping[str, Arm]
    judgement: Judgement
    gaps: Mapping[str, ArmGap | None] | None
    convergence: Convergence | None
    choice: Choice | None
    checkpoints: Mapping[str, Estimate | None]
    diagnoses: ArmDiagnoses | None

    @property
    def runs(self) -> dict[str, tuple[Run, ...]]:
        return {name: arm.runs for name, arm in self.arms.items()}

    @property
    def tests(self) -> dict[str, CorrelationComparison]:
        """The tests beside the bootstrap, by arm, where they were made: between models, on Pearson."""
        return {
            arm.name: arm.difference
            for arm in self.judgement.arms
            if isinstance(arm.difference, CorrelationComparison)
        }

    def to_dict(self) -> dict[str, Any]:
        values = self.judgement.to_dict()
        for name, arm in self.arms.items():
            values["arms"][name] |= {"seeds": list(arm.seeds), "changes": dict(arm.changes)}
        for name, tests in self.tests.items():
            values["arms"][name]["tests"] = {
                "williams": _test(tests.williams),
                "steiger": _test(tests.steiger),
                "zou": tests.zou.to_dict(),
            }
        return {
            "baseline": BASELINE,
            "compared": self.compared,
            "same_seeds": self.same_seeds,
            **values,
            "gaps": self.gaps and {name: gap and gap.to_dict() for name, gap in self.gaps.items()},
            "convergence": self.convergence and self.convergence.to_dict(),
            "choice_on_dev": self.choice and self.choice.to_dict(),
            "choice_of_checkpoint": {
                name: optimism and optimism.to_dict() for name, optimism in self.checkpoints.items()
            },
            "diagnosis": self.diagnoses
            and {name: found and found.to_dict() for name, found in self.diagnoses.items()},
        }


def compare(
    runs: Sequence[Run], *, split: Split = "dev", metric: str = "pearson", smallest_effect: float = 0.005
) -> Comparison:
    """Judge finished runs on a labelled split, the first one's recipe being the baseline.

    Raises `InputError` where they are all of one recipe, were not scored on the same pairs, or the labels do
    not vary.
    """
    recipes = arms_of(runs)
    _check_split(runs, split)
    how: dict[str, Any] = {"split": split, "metric": metric}
    if min(len(arm.runs) for arm in recipes) < 2:
        models = {arm.name: arm for arm in models_of(runs)}
        single = {name: arm.runs[0] for name, arm in models.items()}
        return Comparison(
            compared="models",
            same_seeds=False,
            arms=models,
            judgement=judge_models(single, BASELINE, **how, smallest_effect=smallest_effect),
            gaps=None,
            convergence=convergence({name: [run] for name, run in single.items()}, BASELINE, paired=False),
            choice=None,
            **_aside({name: (run,) for name, run in single.items()}, split, paired=False),
        )
    arms = {arm.name: arm for arm in recipes}
    seeded = {name: arm.runs for name, arm in arms.items()}
    paired = len({arm.seeds for arm in recipes}) == 1
    return Comparison(
        compared="recipes",
        same_seeds=paired,
        arms=arms,
        judgement=judge(seeded, BASELINE, **how, smallest_effect=smallest_effect, paired=paired),
        gaps=arm_gaps(seeded, BASELINE, **how, paired=paired),
        convergence=convergence(seeded, BASELINE, paired=paired),
        choice=choice_on_dev(seeded, metric) if split == "dev" else None,
        **_aside(seeded, split, paired=paired),
    )


def _aside(runs: Mapping[str, Sequence[Run]], split: Split, *, paired: bool) -> dict[str, Any]:
    return {
        "checkpoints": {name: checkpoint_optimism(those) for name, those in runs.items()},
        "diagnoses": arm_diagnoses(runs, BASELINE, [split], paired=paired)[split],
    }


def _check_split(runs: Sequence[Run], split: str) -> None:
    """`InputError` for a run that was not scored on the split, naming the split that all were."""
    lacking = next((run for run in runs if not run.predictions(split).is_file()), None)
    if lacking is None:
        return
    shared = [
        other for other in SPLITS if other != split and all(run.predictions(other).is_file() for run in runs)
    ]
    mend = f"all runs have {shared[0]}: --split {shared[0]}" if shared else "train it again with it"
    raise InputError(f"{lacking.predictions(split)}: is missing: the run has no such split; {mend}")


def _test(test: SignificanceTest) -> dict[str, float | None]:
    return {"statistic": json_number(test.statistic), "p_value": json_number(test.p_value)}
