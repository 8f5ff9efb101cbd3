"""The page of findings put together, and written."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from string import Template

from dalmeum.comparison import Findings
from dalmeum.comparison.gaps import ArmGap
from dalmeum.comparison.judge import Judgement
from dalmeum.experiments.report.document import asset, document
from dalmeum.experiments.report.fragments import plots, warning_list
from dalmeum.experiments.report.text import escape, shorten
from dalmeum.experiments.study import fragments
from dalmeum.experiments.study.diagnosis_page import diagnosis_section
from dalmeum.experiments.study.figures import figures
from dalmeum.files import output_error, write_text

SEEDS_AND_PAIRS = (
    "95 % intervals hold for new seeds and new pairs",
    "95 % 구간은 새 시드와 새 문장쌍까지 감안한 값이고",
)
"""What the intervals of a judgement hold for, in both languages."""

GAP_NOTE = (
    "One point a run; on the dotted line there is no gap, and the farther from it, the more is overfitted. "
    "The gap's interval holds for new seeds and for new pairs of both sets; arms are compared by seed · "
    "점 하나가 실행 하나입니다. 점선 위에서는 격차가 없고, 멀수록 과적합이 큽니다. 격차의 구간은 새 시드와 "
    "양쪽의 새 문장쌍까지 감안한 값이며, 팔끼리는 같은 시드를 짝지어 비교합니다."
)
CURVES_NOTE = (
    "Line: mean over seeds; band: from the lowest seed to the highest; dotted: 95 % and 99 % of the best dev "
    "Pearson of the arm that the others are compared with. The table counts the steps to there · "
    "선: 시드 평균, 띠: 가장 낮은 시드부터 가장 높은 시드까지, "
    "점선: 비교 기준이 dev에서 낸 최고 피어슨의 95 %와 99 %. 표는 거기까지 걸린 스텝 수입니다."
)


PAIRS_ALONE = (
    "The verdict is on these trained models alone, and another seed may turn it: 95 % intervals hold for new "
    "pairs, not for new seeds",
    "판정은 여기 있는 학습된 모델에만 해당하며 시드가 바뀌면 뒤집힐 수 있습니다. 95 % 구간은 새 문장쌍만 "
    "감안하고 새 시드는 감안하지 않은 값이고",
)


def make_folder(folder: Path) -> None:
    """Make the folder that findings are written to; `InputError` where it can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error


def write_findings(
    page: Path,
    findings: Findings,
    *,
    links: Mapping[str, str],
    warnings: Sequence[str],
    source: str,
) -> None:
    """Write the page and, beside it, the JSON of the same name, each whole or not at all.

    `links` are the addresses of runs' own pages by run id, relative to the page; `warnings` are shown at the
    top; `source` is the YAML of the study, or of the baseline's recipe. `InputError` where they can't be
    written.
    """
    values = json.dumps(findings.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    # Half of a surrogate pair, which UTF-8 has no bytes for, as JSON escapes it.
    values = values.encode("utf-8", "backslashreplace").decode("utf-8")
    write_text(page.with_suffix(".json"), values + "\n")
    write_text(page, render_findings(findings, links=links, warnings=warnings, source=source))


def render_findings(
    findings: Findings, *, links: Mapping[str, str], warnings: Sequence[str], source: str
) -> str:
    """Findings as one HTML file; the arguments are those of `write_findings`."""
    drawn = figures(findings)
    others = "; ".join(arm.name for arm in findings.arms.others)
    title = findings.question or shorten(f"{others} · {findings.metric}", 160)
    texts = {
        "question": escape(title),
        "name": escape(findings.name or "compare"),
        "arms": str(len(findings.arms)),
        "seeds": str(findings.arms.baseline.count),
        "against": escape(findings.baseline),
        "warnings": warning_list(warnings),
        "judgements": "\n".join(
            _judgement(findings, judgement, set(drawn)) for judgement in findings.judgements
        ),
        "curves": curves_plot(drawn),
        "convergence": fragments.convergence_table(findings.convergence, findings.checkpoints),
        "runs": fragments.runs_list(findings.arms, links),
        "study": escape(source),
    }
    return document(title, asset(__package__, "page.html"), texts, drawn)


def _judgement(findings: Findings, judgement: Judgement, drawn: set[str]) -> str:
    """The sections of one split: the verdicts, the gap to the training pairs, and the diagnosis."""
    split = judgement.split
    first = judgement is findings.judgements[0]
    note = fragments.choice_note(findings.choice) if split == "dev" else ""
    verdicts = verdict_section(
        findings,
        judgement,
        heading=f"Verdict on {split} · {split}에서의 판정" if first else f"On {split}, too · {split}에서는",
        note=note + fragments.tests_note(judgement),
    )
    gaps = gap_section(findings.gaps[split], split, findings.baseline, drawn)
    return verdicts + gaps + diagnosis_section(findings.diagnoses[split], split, findings.baseline)


def verdict_section(findings: Findings, judgement: Judgement, *, heading: str, note: str) -> str:
    """The verdicts as a table and as the figure `forest-SPLIT`; `note` is HTML to stand below."""
    forest, against = f"forest-{judgement.split}", escape(judgement.arms[0].name)
    holds = PAIRS_ALONE if findings.arms.compared == "models" else SEEDS_AND_PAIRS
    return Template(asset(__package__, "verdict.html")).substitute(
        heading=heading,
        pairs=f"{judgement.pairs:,}",
        effect=f"{judgement.smallest_effect:g}",
        holds=holds[0],
        holds_korean=holds[1],
        verdicts=fragments.verdict_table(
            judgement, {arm.name: arm.changes for arm in findings.arms.arms if arm.changes}
        ),
        forest=plots([forest], {forest: f"Difference to {against} · {against} 대비 차이"}),
        note=note,
    )


def gap_section(gaps: Mapping[str, ArmGap | None], split: str, against: str, drawn: Collection[str]) -> str:
    """The gaps to the training pairs as a table, and as the figure `gap-SPLIT` where it is drawn."""
    scatter = f"gap-{split}"
    return Template(asset(__package__, "overfitting.html")).substitute(
        split=split,
        gaps=fragments.gap_table(gaps, split, against),
        scatter=_large_plot(
            scatter, f"Score on {split} against score on train · {split} 점수와 훈련 점수", GAP_NOTE
        )
        if scatter in drawn
        else "",
    )


def curves_plot(drawn: Collection[str]) -> str:
    """The figure `curves`, where it is drawn."""
    if "curves" not in drawn:
        return ""
    return _large_plot("curves", "Pearson r on dev by step · 스텝별 dev 피어슨 상관", CURVES_NOTE)


def _large_plot(name: str, caption: str, note: str) -> str:
    return f'<div class="plots tall">{plots([name], {name: caption})}</div><p class="note">{note}</p>'
