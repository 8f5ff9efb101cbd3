"""A study from its file to its verdicts."""

from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.study.execute import run_study
from dalmeum.experiments.study.judge import Judgement, judge
from dalmeum.experiments.study.plan import BASELINE, Study


def conduct(
    study: Study, name: str, *, against: str = BASELINE, jobs: int | None = None
) -> tuple[Judgement, ...]:
    """Run what is missing, and judge the arms on each of the study's splits.

    Raises `InputError` for what only the user can mend, `DalmeumError` where a run failed; what is finished
    is kept, and not run again.
    """
    if against not in study.names:
        raise InputError(
            f"--against {against}: is no arm of the study: choose one of {', '.join(study.names)}"
        )
    outcome = run_study(study, name, jobs)
    if outcome.failures:
        (arm, seed), reason = next(iter(outcome.failures.items()))
        raise DalmeumError(
            f"{len(outcome.failures)} of {len(outcome.failures) + len(outcome.runs)} runs failed, the first "
            f"{arm} with seed {seed}: {reason.splitlines()[0]}; the finished ones are kept"
        )
    arms = {arm: [outcome.runs[arm, seed] for seed in study.seeds] for arm in study.names}
    return tuple(
        judge(arms, against, split=split, metric=study.metric, smallest_effect=study.smallest_effect)
        for split in study.splits
    )
