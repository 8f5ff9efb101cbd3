"""All that a study found; tables, JSON and the page are views of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.choice import Choice, checkpoint_optimism, choice_on_dev
from dalmeum.experiments.study.convergence import Convergence, convergence
from dalmeum.experiments.study.diagnosis import ArmDiagnoses, arm_diagnoses
from dalmeum.experiments.study.gaps import ArmGap, arm_gaps
from dalmeum.experiments.study.judge import Judgement, judge
from dalmeum.experiments.study.plan import BASELINE, Study
from dalmeum.stats import Estimate


@dataclass(frozen=True)
class StudyResult:
    """A study's judgements, and what else its runs say.

    Attributes:
        name: of the study.
        against: the arm that the others are compared with; first in all that follows.
        runs: each arm's, in the order of the study's seeds, those of a seed by fold.
        judgements: one for each of the study's splits; the first is the verdict.
        gaps: by split and arm; None for an arm whose runs kept no training predictions, and over folds.
        diagnoses: by split and arm, as in `arm_diagnoses`.
        convergence: None where the runs kept no dev evaluations.
        choice: None where dev is not judged.
        checkpoints: by arm, what having kept the best evaluation adds to the dev Pearson of its runs; None
            for an arm whose runs kept no evaluations.
    """

    name: str
    study: Study
    against: str
    runs: Mapping[str, tuple[Run, ...]]
    judgements: tuple[Judgement, ...]
    gaps: Mapping[str, Mapping[str, ArmGap | None]]
    diagnoses: Mapping[str, ArmDiagnoses | None]
    convergence: Convergence | None
    choice: Choice | None
    checkpoints: Mapping[str, Estimate | None]

    def to_dict(self) -> dict[str, Any]:
        return {
            "study": self.name,
            "question": self.study.question,
            "against": self.against,
            "judgements": [judgement.to_dict() for judgement in self.judgements],
            "gaps": {
                split: {name: gap and gap.to_dict() for name, gap in gaps.items()}
                for split, gaps in self.gaps.items()
            },
            "diagnosis": {
                split: arms and {name: each and each.to_dict() for name, each in arms.items()}
                for split, arms in self.diagnoses.items()
            },
            "convergence": self.convergence and self.convergence.to_dict(),
            "choice_on_dev": self.choice and self.choice.to_dict(),
            "choice_of_checkpoint": {
                name: optimism and optimism.to_dict() for name, optimism in self.checkpoints.items()
            },
        }


def study_result(
    study: Study, name: str, runs: Mapping[str, tuple[Run, ...]], against: str = BASELINE
) -> StudyResult:
    """Judge a study's finished runs; errors as in `judge`."""
    runs = {arm: runs[arm] for arm in sorted(runs, key=lambda arm: arm != against)}
    metric, folds = study.metric, study.folds or 1
    return StudyResult(
        name=name,
        study=study,
        against=against,
        runs=runs,
        judgements=tuple(
            judge(
                runs,
                against,
                split=split,
                metric=metric,
                smallest_effect=study.smallest_effect,
                folds=folds,
            )
            for split in study.splits
        ),
        gaps={
            # Over folds each pair is trained on and judged in turn: there are no two sets.
            split: dict.fromkeys(runs) if study.folds else arm_gaps(runs, against, split=split, metric=metric)
            for split in study.splits
        },
        diagnoses=arm_diagnoses(runs, against, study.splits, folds=folds),
        convergence=convergence(runs, against, folds=folds),
        choice=choice_on_dev(runs, metric, folds) if "dev" in study.splits else None,
        checkpoints={name: checkpoint_optimism(those, folds) for name, those in runs.items()},
    )
