"""A study from its file to its verdicts."""

from pathlib import Path

from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.study.execute import run_study, study_cells
from dalmeum.experiments.study.page import make_folder, write_study
from dalmeum.experiments.study.plan import BASELINE, Study
from dalmeum.experiments.study.result import StudyResult, study_result


def conduct(
    study: Study, name: str, output: Path | None = None, *, against: str = BASELINE, jobs: int | None = None
) -> StudyResult:
    """Run what is missing, judge the arms on each of the study's splits, and write that into `output`.

    Raises `InputError` for what only the user can mend, `DalmeumError` where a run failed; what is finished
    is kept, and not run again.
    """
    if against not in study.names:
        raise InputError(
            f"--against {against}: is no arm of the study: choose one of {', '.join(study.names)}"
        )
    if output is not None:
        make_folder(output)  # now, and not only after hours of training
    outcome = run_study(study, name, jobs)
    if outcome.failures:
        cell, reason = next(iter(outcome.failures.items()))
        raise DalmeumError(
            f"{len(outcome.failures)} of {len(outcome.failures) + len(outcome.runs)} runs failed, the first "
            f"{cell}: {reason.splitlines()[0]}; the finished ones are kept"
        )
    cells = study_cells(study)
    runs = {arm: tuple(outcome.runs[cell] for cell in cells if cell.arm == arm) for arm in study.names}
    result = study_result(study, name, runs, against)
    if output is not None:
        write_study(output, result)
    return result
