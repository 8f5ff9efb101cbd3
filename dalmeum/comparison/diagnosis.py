"""What ails each arm: its predictions, diagnosed on the sentences that they were made for."""

from collections.abc import Mapping

from dalmeum.comparison.arms import Arms
from dalmeum.evaluation import Diagnosis, diagnose

ArmDiagnoses = Mapping[str, Diagnosis | None]


def arm_diagnoses(arms: Arms, split: str) -> ArmDiagnoses | None:
    """The diagnosis of each arm on a split, the others compared with the baseline of the same seeds.

    An arm is None where there is nothing to diagnose (`diagnose`), all is where nobody has the sentences.
    """
    table = arms.pairs[split].table
    if table is None:
        return None
    base = arms.baseline.predictions[split] if arms.same_seeds else None
    return {
        arm.name: diagnose(
            table,
            arm.predictions[split],
            baseline=None if arm is arms.baseline else base,
            overlap=arms.overlap,
        )
        for arm in arms.arms
    }
