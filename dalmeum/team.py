"""A team's part of the public face, which `import dalmeum` hands on: what its commands do, as objects."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalmeum.api import check_flags
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.runs.names import checked_name
from dalmeum.runs.scoring import folder_of

if TYPE_CHECKING:
    from dalmeum.competition.blend_folder import Blended
    from dalmeum.competition.reproduction import Reproduction
    from dalmeum.competition.submitted import Submitted
    from dalmeum.competition.team_board import TeamBoard
    from dalmeum.runs.folder import Run


def board(output: str | Path = "runs", *, page: bool = False) -> "TeamBoard":
    """The finished runs of a folder in ranks, and who has which idea, as `dalmeum board` shows them.

    Args:
        page: write board.html into the folder, too.

    Raises:
        InputError: no such folder, or one that the page can't be written into.

    Example:
        >>> for run in dalmeum.board().boards[0].runs:  # doctest: +SKIP
        ...     print(run.rank, run.id, run.author, run.part and run.part.share)
    """
    from dalmeum.competition.team_board import team_board

    check_flags(page=page)
    found = team_board(Path(output))
    _warn(found.warnings)
    if page and found.boards:
        found.write()
    return found


def blend(
    runs: "Sequence[str | Path | Run]",
    name: str,
    *,
    method: str | None = None,
    anyway: bool = False,
    self_contained: bool = False,
    output: str | Path = "runs",
) -> "Blended":
    """Let finished runs answer together, as `dalmeum blend` does; the blend is the run `name` under `output`.

    Args:
        runs: folders, ids under `output`, or `Run`s.
        method: `mean`, `least_squares` or `greedy`; by default the best of them.
        anyway: write it though no gain is shown.
        self_contained: make its page one file.

    Raises:
        InputError: runs that don't go together, or a name that is taken. DalmeumError: no gain is shown.
    """
    from dalmeum.competition.blend import blend_of
    from dalmeum.competition.blend_folder import write_blend

    check_flags(anyway=anyway, self_contained=self_contained)
    if isinstance(runs, str | Path) or not isinstance(runs, Sequence):
        raise InputError(f"{runs!s:.80}: blend takes a list of runs")
    called = checked_name(name)
    found = blend_of([folder_of(run) for run in runs], Path(output), method)
    _warn(found.warnings)
    return write_blend(found, called, Path(output), anyway=anyway, self_contained=self_contained)


def submit(
    run: "str | Path | Run",
    test: str | Path,
    out: str | Path,
    *,
    sample: str | Path | None = None,
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
    **reading: Any,
) -> "Submitted":
    """Write a file for the board and its manifest, and record it, as `dalmeum submit RUN TEST -o FILE` does.

    Args:
        run: a run or a blend, as `load` takes it, as are `precision`, `output` and `trust_code`.
        test: the board's test file, which the manifest names by its content. `reading` are `columns`,
            `format` and `encoding` of `read_pairs`.
        out: the CSV file to write.
        sample: the board's sample of a submission, whose ids, order and header the file then has.

    Raises:
        InputError: what only the caller can mend, a quota that is used up among it.
    """
    from dalmeum.competition.submit import submit as write

    check_flags(trust_code=trust_code)
    if not isinstance(test, str | Path):
        raise InputError(f"a {type(test).__name__} is no test file: write the pairs to one, and name it")
    written = write(
        folder_of(run),
        test,
        Path(out),
        sample=None if sample is None else Path(sample),
        precision=precision,
        output=output,
        trust_code=trust_code,
        reading=reading,
    )
    _warn(written.warnings)
    return written


def reproduce(
    manifest: str | Path,
    out: str | Path | None = None,
    *,
    output: str | Path = "runs",
    trust_code: bool = False,
) -> "Reproduction":
    """Make a submission's file again from its manifest, as `dalmeum reproduce` does.

    Args:
        out: a new file, to be written in any case.
        output: where models are looked for, and trained where they are gone.
        trust_code: whether own code that the manifest names is run.

    Raises:
        InputError: no manifest, own code without `trust_code`, data that changed, a place that is taken.
    """
    from dalmeum.competition.reproduce import reproduce as make

    check_flags(trust_code=trust_code)
    place = None if out is None else Path(out)
    return make(Path(manifest), place, output=Path(output), trust_code=trust_code)


def _warn(told: Iterable[Text]) -> None:
    for each in told:
        warnings.warn(str(each), stacklevel=3)
