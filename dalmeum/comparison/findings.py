"""All that a comparison of arms found; tables, JSON and the page are views of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dalmeum.comparison.arm import Arm
from dalmeum.comparison.arms import Arms
from dalmeum.comparison.choice import Choice, checkpoint_optimism, choice_on_dev
from dalmeum.comparison.convergence import Convergence, convergence
from dalmeum.comparison.diagnosis import ArmDiagnoses, arm_diagnoses
from dalmeum.comparison.gaps import ArmGap, arm_gaps
from dalmeum.comparison.judge import ArmResult, Judgement, judge
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.stats import Estimate, Look, metric_named, try_metric

SCHEMA = 4
"""Of `Findings.to_dict`; docs/findings.md describes it, and what each change of the number changed."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study or a comparison found.

    Attributes:
        arms: what was compared.
        judgements: one a judged split; the first is the verdict.
        gaps: by split and arm, as in `arm_gaps`.
        diagnoses: by split and arm, as in `arm_diagnoses`.
        convergence: None where the runs kept no dev evaluations.
        choice: as in `choice_on_dev`.
        checkpoints: by arm, what having kept the best evaluation adds to the dev Pearson of its runs; None
            for an arm whose runs kept no evaluations.
        name: of the study, if it was one.
        question: that was to be answered, in words.
        warnings: of the runs and the pairs, one line each.
    """

    arms: Arms
    judgements: tuple[Judgement, ...]
    gaps: Mapping[str, Mapping[str, ArmGap | None]]
    diagnoses: Mapping[str, ArmDiagnoses | None]
    convergence: Convergence | None
    choice: Choice | None
    checkpoints: Mapping[str, Estimate | None]
    name: str | None = None
    question: str | None = None
    warnings: tuple[Text, ...] = ()

    @property
    def baseline(self) -> str:
        """Name of the arm that the others are compared with; the first in all that is told by arm."""
        return self.arms.baseline.name

    @property
    def metric(self) -> str:
        return self.judgements[0].metric

    @property
    def look(self) -> Look | None:
        """Which look at its question a study took; None for a comparison, which counts none."""
        return self.judgements[0].look

    @property
    def smallest_effect(self) -> float:
        return self.judgements[0].smallest_effect

    def __str__(self) -> str:
        """The tables of the terminal, in its language."""
        from dalmeum.comparison.text import findings_lines

        return "\n".join(findings_lines(self))

    def _repr_html_(self) -> str:
        """The verdicts, for a notebook."""
        from dalmeum.comparison.text import findings_html

        return findings_html(self)

    def to_dict(self) -> dict[str, Any]:
        """JSON values, always in English; docs/findings.md says what stands where."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "question": self.question,
            "compared": self.arms.compared,
            "baseline": self.baseline,
            "paired": self.arms.paired,
            "holds_for": holds_for(self.arms),
            "training_sets": self.arms.training_sets and self.arms.training_sets.to_dict(),
            "metric": self.metric,
            "smallest_effect": self.smallest_effect,
            "look": self.look and self.look.to_dict(),
            "arms": {arm.name: _arm(arm) for arm in self.arms.arms},
            "splits": {judgement.split: self._split(judgement) for judgement in self.judgements},
            "convergence": self.convergence and self.convergence.to_dict(),
            "choice_on_dev": self.choice and self.choice.to_dict(),
            "choice_of_checkpoint": {
                name: optimism and optimism.to_dict() for name, optimism in self.checkpoints.items()
            },
            "warnings": [warning.en for warning in self.warnings],
        }

    def _split(self, judgement: Judgement) -> dict[str, Any]:
        return {
            "pairs": judgement.pairs,
            "groups": judgement.groups and asdict(judgement.groups),
            "arms": {result.name: self._result(judgement.split, result) for result in judgement.arms},
        }

    def _result(self, split: str, result: ArmResult) -> dict[str, Any]:
        gap, diagnoses = self.gaps[split][result.name], self.diagnoses[split]
        diagnosis = None if diagnoses is None else diagnoses[result.name]
        return {
            **result.to_dict(),
            "gap": gap and gap.to_dict(),
            "diagnosis": diagnosis and diagnosis.to_dict(),
        }


def holds_for(arms: Arms) -> list[str]:
    """What may be new for a verdict to hold; all else, as the one training set, is as it was."""
    if arms.compared == "models":
        return ["pairs"]
    return ["pairs", "seeds"] if arms.training_sets is None else ["pairs", "seeds", "training_sets"]


def compare_arms(
    arms: Arms,
    *,
    metric: str = "pearson",
    smallest_effect: float = 0.005,
    look: Look | None = None,
    name: str | None = None,
    question: str | None = None,
) -> Findings:
    """Judge arms on each of their splits, and find what else their predictions say.

    Args:
        metric: a name in `dalmeum.stats.METRICS`, or `module:name`.
        smallest_effect: smallest difference that would matter, in units of the metric, >= 0.
        look: of a study; None, as of any other comparison, is one look at 5 %.
        name, question: as in `Findings`.

    Raises:
        InputError: an unknown metric, one that fails, or a smallest effect that is no number of 0 or more.
    """
    check_metric(metric)
    check_effect(smallest_effect)
    return Findings(
        arms=arms,
        judgements=tuple(
            judge(arms, split, metric=metric, smallest_effect=smallest_effect, look=look)
            for split in arms.pairs
        ),
        gaps={split: arm_gaps(arms, split, metric=metric) for split in arms.pairs},
        diagnoses={split: arm_diagnoses(arms, split) for split in arms.pairs},
        convergence=convergence(arms),
        choice=choice_on_dev(arms, metric),
        checkpoints={arm.name: checkpoint_optimism(arm, arms.folds, arms.overlap) for arm in arms.arms},
        name=name,
        question=question,
    )


def check_effect(smallest_effect: object) -> None:
    """Raise `InputError` where a smallest effect is no number of 0 or more."""
    if not isinstance(smallest_effect, int | float) or not 0 <= smallest_effect < float("inf"):
        raise InputError(f"smallest_effect {smallest_effect}: give a number of 0 or more, as 0.005")


def check_metric(*names: str) -> None:
    """Raise `InputError` where one is no row of `METRICS` nor `module:name`, or can't score made-up pairs."""
    try:
        for name in names:
            if not isinstance(name, str):
                raise ValueError(f"metric {name!r:.80}: give a name of METRICS, or module:name")
            try_metric(name, metric_named(name))
    except ValueError as error:
        raise InputError(str(error)) from None


def _arm(arm: Arm) -> dict[str, Any]:
    return {"runs": list(arm.runs), "seeds": list(arm.seeds), "changes": dict(arm.changes)}
