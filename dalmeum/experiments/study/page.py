"""A study's page put together, and written."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from string import Template
from typing import Any

from dalmeum.experiments.report.document import asset, document
from dalmeum.experiments.report.fragments import plots, warning_list
from dalmeum.experiments.report.text import escape
from dalmeum.experiments.study import fragments
from dalmeum.experiments.study.diagnosis_page import diagnosis_section
from dalmeum.experiments.study.figures import figures
from dalmeum.experiments.study.gaps import ArmGap
from dalmeum.experiments.study.judge import Judgement
from dalmeum.experiments.study.result import StudyResult
from dalmeum.files import output_error, write_text

PAGE = "study.html"
VALUES = "study.json"

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


def make_folder(folder: Path) -> None:
    """Make the folder that a study is written to; `InputError` where it can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error


def write_study(folder: Path, result: StudyResult) -> None:
    """Write `study.html` and `study.json`, each whole or not at all; `InputError` where they can't be."""
    values = json.dumps(result.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    write_text(folder / VALUES, values + "\n")
    write_text(folder / PAGE, render_study(result, folder))


def render_study(result: StudyResult, folder: Path) -> str:
    """The study as one HTML file that lies in `folder`, from where it links to the runs' reports."""
    study, drawn = result.study, figures(result)
    texts = {
        "question": escape(study.question),
        "name": escape(result.name),
        "arms": str(len(result.runs)),
        "seeds": str(len(study.seeds)),
        "against": escape(result.against),
        "warnings": warning_list(fragments.warnings_of(result.runs)),
        "judgements": "\n".join(_judgement(result, judgement, set(drawn)) for judgement in result.judgements),
        "curves": curves_plot(drawn),
        "convergence": fragments.convergence_table(result.convergence, result.checkpoints),
        "runs": fragments.runs_list(result.runs, study.seeds, folder, study.folds or 1),
        "study": escape(study.to_yaml()),
    }
    return document(study.question, asset(__package__, "page.html"), texts, drawn)


def _judgement(result: StudyResult, judgement: Judgement, drawn: set[str]) -> str:
    """The sections of one split: the verdicts, the gap to the training pairs, and the diagnosis."""
    split = judgement.split
    first = judgement is result.judgements[0]
    verdicts = verdict_section(
        judgement,
        result.study.arms,
        heading=f"Verdict on {split} · {split}에서의 판정" if first else f"On {split}, too · {split}에서는",
        note=fragments.choice_note(result.choice) if split == "dev" else "",
    )
    gaps = gap_section(result.gaps[split], split, result.against, drawn)
    return verdicts + gaps + diagnosis_section(result.diagnoses[split], split, result.against)


def verdict_section(
    judgement: Judgement,
    changes: Mapping[str, Mapping[str, Any]],
    *,
    heading: str,
    holds: tuple[str, str] = SEEDS_AND_PAIRS,
    note: str = "",
) -> str:
    """The verdicts as a table and as the figure `forest-SPLIT`.

    `changes` are what each arm but the baseline changes of it; `holds` says what the intervals hold for;
    `note` is HTML to stand below.
    """
    forest, against = f"forest-{judgement.split}", escape(judgement.arms[0].name)
    return Template(asset(__package__, "verdict.html")).substitute(
        heading=heading,
        pairs=f"{judgement.pairs:,}",
        effect=f"{judgement.smallest_effect:g}",
        holds=holds[0],
        holds_korean=holds[1],
        verdicts=fragments.verdict_table(judgement, changes),
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
