"""Findings about runs, written: what their page links to and warns of."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from dalmeum.comparison import Findings
from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.page import write_findings


def write_findings_about(page: Path, findings: Findings, runs: Sequence[Run], source: str) -> None:
    """Write findings as a page with links to the runs' own, and as JSON beside it; see `write_findings`."""
    links = links_to(runs, page.parent)
    warnings = [f"{arms}: {warning}" for warning, arms in warnings_of(findings, runs).items()]
    write_findings(page, findings, links=links, warnings=warnings, source=source)


def links_to(runs: Iterable[Run], folder: Path) -> dict[str, str]:
    """Relative addresses of the runs' reports, by run id, for a page in `folder`."""
    return {
        run.id: quote(Path(os.path.relpath(run.report, folder)).as_posix())
        for run in runs
        if run.report.is_file()
    }


def warnings_of(findings: Findings, runs: Sequence[Run]) -> Mapping[str, str]:
    """Each warning once, with the arms that have it."""
    arms: dict[str, dict[str, None]] = {}
    for arm in findings.arms.arms:
        for run in runs:
            if run.id in arm.runs:
                for warning in run.record.warnings:
                    arms.setdefault(warning, {})[arm.name] = None
    everyone = len(findings.arms)
    return {
        warning: "all arms" if len(names) == everyone else ", ".join(names) for warning, names in arms.items()
    }
