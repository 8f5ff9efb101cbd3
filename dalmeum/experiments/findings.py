"""Findings about runs, written: what their page links to and warns of."""

import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from dalmeum.comparison import Findings
from dalmeum.files import check_output, check_writable
from dalmeum.languages import Text
from dalmeum.pages import ASSETS, write_findings
from dalmeum.runs.folder import Run

ALL_ARMS, WARNING = Text("all arms", "모든 비교 조건"), Text.same("{arms}: {warning}")

UNCERTAIN = Text(
    "has runs from before it was kept what their encoder held: it may have been another than today's",
    "인코더의 내용을 기록하기 전의 실행이 있습니다. 인코더가 지금과 달랐을 수 있지만 그대로 썼습니다",
)


def check_pages(page: Path, inputs: Sequence[str | Path]) -> None:
    """Raise `InputError` where a page of findings, or the JSON beside it, would replace what is read."""
    for place in (page, page.with_suffix(".json")):
        check_output(place, inputs)
        check_writable(place)


def write_findings_about(
    page: Path,
    findings: Findings,
    runs: Sequence[Run],
    source: str,
    *,
    assets: Path | None = None,
    self_contained: bool = False,
) -> None:
    """Write findings as a page with links to the runs' own, and as JSON beside it; see `write_findings`.

    What the page shares with others lies in `assets`, by default a folder beside it.
    """
    write_findings(
        page,
        findings,
        links=links_to(runs, page.parent),
        warnings=findings.warnings,
        source=source,
        assets=assets or page.parent / ASSETS,
        self_contained=self_contained,
    )


def links_to(runs: Iterable[Run], folder: Path) -> dict[str, str]:
    """Relative addresses of the runs' reports, by run id, for a page in `folder`."""
    return {
        run.id: quote(Path(os.path.relpath(run.report, folder)).as_posix())
        for run in runs
        if run.report.is_file()
    }


def with_warnings(findings: Findings, runs: Sequence[Run], told: Sequence[Text] = ()) -> Findings:
    """Findings with what is `told` of their pairs, and the warnings of their runs."""
    return dataclasses.replace(findings, warnings=(*told, *warnings_of(findings, runs)))


def warnings_of(findings: Findings, runs: Sequence[Run]) -> Iterator[Text]:
    """Each warning once, with the arms that have it."""
    arms: dict[Text, dict[str, None]] = {}
    for arm in findings.arms.arms:
        for run in runs:
            if run.id in arm.runs:
                uncertain = () if run.record.is_certain else (UNCERTAIN,)
                for warning in (*run.record.warnings, *uncertain):
                    arms.setdefault(warning, {})[arm.name] = None
    for warning, names in arms.items():
        who = ALL_ARMS if len(names) == len(findings.arms) else ", ".join(names)
        yield WARNING.format(arms=who, warning=warning)
