"""The page of a study or a comparison: a view of findings."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dalmeum.comparison import Arm, Findings
from dalmeum.comparison.choice_text import choice_told, flattered_told
from dalmeum.comparison.grouped import hangs_told, pairs_told
from dalmeum.comparison.judge import ArmResult, Judgement
from dalmeum.comparison.looks import has_full_level, level_told, look_told
from dalmeum.comparison.text import note_of, seeds_told
from dalmeum.comparison.training_sets import sets_told
from dalmeum.files import write_json
from dalmeum.languages import Shown, Text, shorten
from dalmeum.numbers import count, difference, signed
from dalmeum.pages.arm_diagnoses import arms_slices, arms_table
from dalmeum.pages.comparison_plots import figures
from dalmeum.pages.comparison_tables import (
    convergence_table,
    gap_table,
    tests_table,
    verdict_table,
    without_largest_table,
)
from dalmeum.pages.document import Page, render, write_page
from dalmeum.pages.scores import metric_title
from dalmeum.stats import Outcome

LONGEST_TITLE = 160
MOST_TOLD = 3
"""Arms of one outcome that the answer's sentence names."""

TITLE = Text("{others} against {against}", "{others} 대 {against}")
EXPLORATORY_ANSWER = Text(
    "Exploratory, no verdict ({reason}): {told}", "탐색적이며 판정이 아닙니다({reason}). {told}"
)
ANSWER = Text(
    "{metric} on {split}, {pairs} pairs, against {against}, {sets}: {arms}.",
    "{split} 문장쌍 {pairs}개의 {metric}, {against} 대비, {sets}: {arms}.",
)
TOLD: dict[Outcome, Text] = {
    "better": Text("{arm} is better", "{arm} 더 좋음"),
    "worse": Text("{arm} is worse", "{arm} 더 나쁨"),
    "no_difference": Text("{arm} makes no difference that matters", "{arm} 의미 있는 차이 없음"),
    "undecided": Text("{arm} is undecided", "{arm} 판정 보류"),
}
ONE, ONE_OF_MANY = Text.same("{told}, {change}"), Text("{told} ({change})", "{told}({change})")
MANY: dict[Outcome, Text] = {
    "better": Text("{count} arms are better", "비교 조건 {count}개 더 좋음"),
    "worse": Text("{count} arms are worse", "비교 조건 {count}개 더 나쁨"),
    "no_difference": Text(
        "{count} arms make no difference that matters", "비교 조건 {count}개 의미 있는 차이 없음"
    ),
    "undecided": Text("{count} arms are undecided", "비교 조건 {count}개 판정 보류"),
}


def write_findings(
    page: Path,
    findings: Findings,
    *,
    links: Mapping[str, str],
    warnings: Sequence[Shown],
    source: str,
    assets: Path,
    self_contained: bool = False,
) -> None:
    """Write the page and, beside it, the JSON of the same name, each whole or not at all.

    Args:
        page: where the page is written to.
        links: addresses of runs' own pages by run id, relative to the page and quoted.
        warnings: one line each, shown below the verdict.
        source: the YAML of the study, or of the baseline's recipe; "" where there is none.
        assets, self_contained: as in `write_page`.

    Raises:
        InputError: a place can't be written.
    """
    write_json(page.with_suffix(".json"), findings.to_dict())
    content = _page(findings, links, warnings, source)
    write_page(page, content, assets=assets, self_contained=self_contained)


def render_findings(
    findings: Findings,
    *,
    links: Mapping[str, str] | None = None,
    warnings: Sequence[Shown] = (),
    source: str = "",
    plotly: str = "",
) -> str:
    """Findings as HTML; the arguments are those of `write_findings` and `render`."""
    return render(_page(findings, links or {}, warnings, source), plotly)


def answer(judgement: Judgement) -> Text:
    """What came out on a split, in one sentence."""
    told = list(_told(judgement.arms[1:]))
    answer = ANSWER.format(
        metric=metric_title(judgement.metric),
        split=judgement.split,
        pairs=count(judgement.pairs),
        against=judgement.arms[0].name,
        sets=sets_told(judgement.training_sets),
        arms=Text("; ".join(each.en for each in told), ", ".join(each.ko for each in told)),
    )
    reason = judgement.look and judgement.look.exploratory
    return answer if reason is None else EXPLORATORY_ANSWER.format(reason=reason, told=answer)


def _told(arms: Sequence[ArmResult]) -> Iterator[Text]:
    """The better ones first: a clause an arm or, where many have one outcome, one for all of them."""
    for outcome, text in TOLD.items():
        those = [arm for arm in arms if arm.verdict is not None and arm.verdict.outcome == outcome]
        if len(those) > MOST_TOLD:
            yield MANY[outcome].format(count=len(those))
            continue
        for arm in those:
            if arm.difference is not None:
                told, change = text.format(arm=arm.name), arm.difference.interval
                if len(arms) == 1:
                    yield ONE.format(told=told, change=difference(change))
                else:
                    yield ONE_OF_MANY.format(told=told, change=signed(change.value))


def _page(findings: Findings, links: Mapping[str, str], warnings: Sequence[Shown], source: str) -> Page:
    others = shorten(", ".join(arm.name for arm in findings.arms.others), LONGEST_TITLE)
    title = findings.question or TITLE.format(others=others, against=findings.baseline)
    convergence, choice = findings.convergence, findings.choice
    values = {
        "heading": title,
        "name": findings.name,
        "answers": [answer(judgement) for judgement in findings.judgements],
        "arms": len(findings.arms),
        "seeds": seeds_told(findings.judgements[0]),
        "note": note_of(findings),
        "against": findings.baseline,
        "models": findings.arms.compared == "models",
        "choice": choice,
        "warnings": [shorten(each) for each in warnings],
        "splits": [_split(findings, *each) for each in enumerate(findings.judgements)],
        "steps": convergence and convergence_table(convergence, findings.checkpoints),
        "horizon": convergence and convergence.horizon,
        "runs": {arm.name: list(_runs(arm, findings.arms.folds)) for arm in findings.arms.arms if arm.runs},
        "links": links,
        "source": source,
    }
    return Page(title, "comparison.html", values, figures(findings))


def _split(findings: Findings, number: int, judgement: Judgement) -> dict[str, Any]:
    """What the page shows of one split; the ids of its figures end in its number."""
    split, against = judgement.split, findings.baseline
    gaps, diagnoses = findings.gaps[split], findings.diagnoses[split]
    return {
        "number": number,
        "name": split,
        "pairs": pairs_told(judgement),
        "hangs": hangs_told(judgement),
        "without_largest": without_largest_table(judgement),
        "effect": judgement.smallest_effect,
        "compared": judgement.compared,
        "sets": judgement.training_sets,
        "verdicts": verdict_table(findings, judgement),
        "look": list(look_told(judgement)),
        "level": None if has_full_level(judgement) else level_told(judgement.level),
        "tests": tests_table(judgement),
        "flattered": flattered_told(findings, split),
        "choice": findings.choice and choice_told(findings.choice),
        "gaps": gap_table(gaps, split, against),
        "sentences": diagnoses is not None,
        "diagnoses": diagnoses and arms_table(diagnoses, against),
        "slices": diagnoses and arms_slices(diagnoses, against),
    }


def _runs(arm: Arm, folds: int) -> Iterator[tuple[str, int | None, int | None]]:
    """Each run with its seed and its fold, where these are known."""
    for place, run in enumerate(arm.runs):
        seed = arm.seeds[place // folds] if arm.seeds else None
        yield run, seed, place % folds if folds > 1 else None
