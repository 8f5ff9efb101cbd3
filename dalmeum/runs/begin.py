"""Before a run is trained: the one to take up, or a new one, and nobody else's."""

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dalmeum.data.splits import PairReader
from dalmeum.errors import InputError
from dalmeum.files import check_output, check_path, make_folder
from dalmeum.languages import Text
from dalmeum.recipe import Recipe
from dalmeum.runs.folder import Run, create_run, open_run
from dalmeum.runs.lock import HeldError, RunLock, one_at_a_time
from dalmeum.runs.record import DataFile, DataName
from dalmeum.runs.reuse import Wanted, runs_like

NOT_FOUND_AGAIN = Text(
    "{code}: can't be found again by this name: no other run counts as the same, none is resumed",
    "{code}: 이 이름으로 다시 찾을 수 없어 다른 실행과 같은 것으로 보지 않으며, 이어서 학습할 수도 없습니다",
)
NONE_UNFINISHED = Text(
    "no unfinished run of this recipe on these data under {output}: started a new one",
    "{output} 아래에 같은 레시피와 데이터로 끝나지 않은 실행이 없어 새로 시작했습니다",
)
HELD = Text(
    "{run} is being trained by another process ({holder}): started a new one",
    "{run}은(는) 다른 프로세스({holder})가 학습하고 있어 새로 시작했습니다",
)
UNKNOWN = Text("not known which", "어느 것인지 알 수 없음")


def begin(
    recipe: Recipe,
    name: str,
    files: Mapping[DataName, DataFile],
    reader: PairReader,
    *,
    machine: Mapping[str, Any],
    notes: tuple[Text, ...],
    resume: bool,
    parent_study: str | None,
) -> tuple[Run, RunLock | None]:
    """The run to take up, or a new one; its record says that it is running, and on what, beside `notes` on
    its model.

    For a study it may be one that another process has finished: then there is no lock to hold.

    Raises `HeldError` where another process works on a study's run; `InputError` where none can be made.
    """
    output = Path(recipe.output)
    check_path(output)
    check_output(output / name)
    make_folder(output)
    wanted = Wanted.of(recipe, files)
    warnings = notes
    held: HeldError | None = None
    with one_at_a_time(output):
        _tidy(output)
        # One look at all of them: a run that another process finishes between two looks would be in neither.
        same = runs_like(output, wanted)
        if parent_study is not None:
            done = wanted.first_of(run for run in same if run.record.state == "finished")
            if done is not None:
                return done, None
        for run in same if resume else ():
            if run.record.state == "finished":
                continue
            try:
                lock = RunLock.take(run.folder)
            except HeldError as error:
                held = held or error
                continue
            run = open_run(run.folder)
            if run.record.state != "finished":
                break
            lock.release()  # its holder has finished it meanwhile
            if parent_study is not None:
                return run, None
        else:
            if held is not None and parent_study is not None:
                raise held
            contents = asdict(wanted.contents)
            run, lock = create_run(output, recipe, name, files, parent_study, reader, **contents)
            lost = (code for code, digest in run.record.code.items() if digest is None)
            warnings += tuple(NOT_FOUND_AGAIN.format(code=code) for code in lost)
            # A study takes up what there is, and starts what there is not.
            if held is not None:
                warnings += (HELD.format(run=held.place, holder=held.holder or UNKNOWN),)
            elif resume and parent_study is None:
                warnings += (NONE_UNFINISHED.format(output=output),)
    try:
        on = {**run.record.machine, **machine}
        return run.update(state="running", error=None, machine=on, warnings=warnings), lock
    except BaseException:
        lock.release()
        raise


def _tidy(output: Path) -> None:
    """Take away what killed processes left under `output`: a folder that has no record yet, and what a
    finished run has no use for.
    """
    for folder in output.iterdir():
        begun = _is_begun(folder)
        if not begun and not any(_leftovers(folder)):
            continue
        with contextlib.suppress(HeldError, InputError), RunLock.take(folder):
            if begun:
                shutil.rmtree(folder, ignore_errors=True)
            elif open_run(folder).record.state == "finished":
                clear_leftovers(folder)


def _is_begun(folder: Path) -> bool:
    """Whether it is a run's folder without a record, and holds nothing but what comes before one."""
    if not re.match(r"\d{8}-\d{6}-", folder.name) or not folder.is_dir():
        return False
    found = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    return found <= {"checkpoints", "data", "recipe.yaml"} and not any(folder.glob("checkpoints/*"))


def clear_leftovers(folder: Path) -> None:
    """Take away what only an unfinished run has use for: optimiser states are twice the size of the model."""
    for left in _leftovers(folder):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _leftovers(folder: Path) -> Iterator[Path]:
    yield from folder.glob("checkpoints/*")
    yield from folder.glob(".*.tmp")
    yield from folder.glob("*/.*.tmp")
