"""A comparison's page put together of a study's pieces, and written."""

import json
from collections.abc import Mapping
from pathlib import Path

from dalmeum.experiments.compare.result import Comparison
from dalmeum.experiments.report.document import asset, document
from dalmeum.experiments.report.figures import Figure
from dalmeum.experiments.report.fragments import warning_list
from dalmeum.experiments.report.text import escape, shorten
from dalmeum.experiments.study import fragments
from dalmeum.experiments.study.diagnosis_page import diagnosis_section
from dalmeum.experiments.study.figures import arm_colours, forest, gap_scatter, learning_curves
from dalmeum.experiments.study.page import SEEDS_AND_PAIRS, curves_plot, gap_section, verdict_section
from dalmeum.experiments.study.plan import BASELINE
from dalmeum.files import write_text
from dalmeum.stats import CorrelationComparison

PAGE = "compare.html"
VALUES = "compare.json"

PAIRS_ALONE = (
    "The verdict is on these trained models alone, and another seed may turn it: 95 % intervals hold for new "
    "pairs, not for new seeds",
    "판정은 여기 있는 학습된 모델에만 해당하며 시드가 바뀌면 뒤집힐 수 있습니다. 95 % 구간은 새 문장쌍만 "
    "감안하고 새 시드는 감안하지 않은 값이고",
)


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """Write `compare.html` and `compare.json`, each whole or not at all; `InputError` where they can't be."""
    values = json.dumps(comparison.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    write_text(folder / VALUES, values + "\n")
    write_text(folder / PAGE, render_comparison(comparison, folder))


def render_comparison(comparison: Comparison, folder: Path) -> str:
    """The comparison as one HTML file that lies in `folder`, from where it links to the runs' reports."""
    judgement, runs, drawn = comparison.judgement, comparison.runs, figures(comparison)
    split, others = judgement.split, [arm for arm in comparison.arms.values() if arm.name != BASELINE]
    title = shorten(f"{'; '.join(arm.name for arm in others)} · {judgement.metric}, {split}", 160)
    texts = {
        "title": escape(title),
        "arms": str(len(runs)),
        "runs": str(sum(map(len, runs.values()))),
        "warnings": warning_list(fragments.warnings_of(runs)),
        "verdicts": verdict_section(
            judgement,
            {arm.name: arm.changes for arm in others},
            heading=f"Verdict on {split} · {split}에서의 판정",
            holds=PAIRS_ALONE if comparison.compared == "models" else SEEDS_AND_PAIRS,
            note=fragments.choice_note(comparison.choice) + _tests_note(comparison.tests),
        ),
        "gaps": "" if comparison.gaps is None else gap_section(comparison.gaps, split, BASELINE, set(drawn)),
        "diagnosis": diagnosis_section(comparison.diagnoses, split, BASELINE),
        "curves": curves_plot(drawn),
        "convergence": fragments.convergence_table(comparison.convergence, comparison.checkpoints),
        "list": "".join(
            fragments.runs_list({arm.name: arm.runs}, arm.seeds, folder) for arm in comparison.arms.values()
        ),
        "recipe": escape(runs[BASELINE][0].recipe().to_yaml()),
    }
    return document(title, asset(__package__, "page.html"), texts, drawn)


def figures(comparison: Comparison) -> dict[str, Figure]:
    """Every figure that the comparison allows, by the id of its place in the page."""
    colours, judgement, gaps = arm_colours(comparison.arms), comparison.judgement, comparison.gaps
    found = {f"forest-{judgement.split}": forest(judgement, colours)}
    if gaps is not None and any(gaps.values()) and comparison.same_seeds:
        seeds = comparison.arms[BASELINE].seeds
        found[f"gap-{judgement.split}"] = gap_scatter(gaps, judgement.split, seeds, colours)
    if comparison.convergence is not None:
        found["curves"] = learning_curves(comparison.convergence, colours)
    return found


def _tests_note(tests: Mapping[str, CorrelationComparison]) -> str:
    """The tests beside the bootstrap, a line an arm."""
    if not tests:
        return ""
    lines = [
        f"{escape(name)}: Williams t {test.williams.statistic:+.2f} (p {test.williams.p_value:.3g}), "
        f"Steiger z {test.steiger.statistic:+.2f} (p {test.steiger.p_value:.3g}), "
        f"Zou {test.zou.low:+.4f} to {test.zou.high:+.4f}"
        for name, test in tests.items()
    ]
    head = (
        "Other tests of the same differences, each p for itself · 같은 차이를 다른 방법으로 검정(p는 보정 전)"
    )
    return f'<p class="note">{"<br>".join([head, *lines])}</p>'
