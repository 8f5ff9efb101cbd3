"""What a search came to: the terminal's lines and a page, of the same numbers."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dalmeum import terminal
from dalmeum.comparison import Findings
from dalmeum.comparison.text import judgement_lines, outcome_told
from dalmeum.files import write_json
from dalmeum.languages import Shown, Text
from dalmeum.numbers import NONE, difference, interval, number, percent, signed
from dalmeum.pages.document import Page, write_page
from dalmeum.pages.search_plots import Point, figures, told_setting, told_settings
from dalmeum.pages.tables import EMPTY, Cell, Group, Row, Table
from dalmeum.progress import duration
from dalmeum.stats import Estimate

SEARCH_PAGE = "search.html"
SCHEMA = 1
"""Of `SearchResult.to_dict`, which docs/tune.md describes."""

STATES: Mapping[str, Text] = {
    "complete": Text("complete", "완료"),
    "pruned": Text("stopped early", "조기 중단"),
    "failed": Text("failed", "실패"),
    "requeued": Text("queued again", "다시 대기열에 넣음"),
    "lost": Text("lost", "잃음"),
    "running": Text("running", "진행 중"),
    "waiting": Text("waiting", "대기 중"),
}
KEY, RANGE = Text("key", "키"), Text("tried", "시도한 범위")
AS_IT_IS, BEST, IMPORTANCE = Text("recipe", "레시피"), Text("best", "최고"), Text("importance", "중요도")
TRIAL, STATE, SCORE = Text("trial", "시도"), Text("state", "상태"), Text("dev pearson", "dev 피어슨")
SETTINGS, TIME = Text("settings", "설정"), Text("time", "시간")
TITLE = Text("Search {name}", "{name} 탐색")

TRIALS = Text("{trials} trials: {accounts}", "시도 {trials}개: {accounts}")
ACCOUNT = Text("{count} {state}", "{state} {count}개")
BEST_OF = Text(
    "Best of {trials} trials: {score} on dev (trial {number})",
    "시도 {trials}개 중 최고: dev {score}(시도 {number})",
)
NO_BETTER = Text(
    "No trial beat the recipe as it is ({score} on dev): there is nothing to confirm",
    "레시피 그대로의 점수(dev {score})를 넘은 시도가 없어 확인할 것이 없습니다",
)
CONFIRMED = Text(
    "Over {seeds} fresh seeds {best} on average, the recipe as it is {default}: {change}, {verdict}",
    "새 시드 {seeds}개의 평균은 {best}, 레시피 그대로는 {default}: {change}, {verdict}",
)
NO_LUCK = Text(
    "The best trial's score was no luck of its seed: the same settings score {mean} on average over fresh "
    "seeds",
    "최고 시도의 점수는 시드의 운이 아닙니다. 같은 설정의 새 시드 평균은 {mean}입니다",
)
LUCK = Text(
    "Of the best trial's score {luck} was the luck of its seed ({bounds}): the same settings score {mean} on "
    "average over fresh seeds",
    "최고 시도의 점수에서 {luck}은(는) 시드의 운입니다({bounds}). 같은 설정의 새 시드 평균은 {mean}입니다",
)
PAIRS = Text(
    "Fresh seeds do not make the dev pairs new, on which the best of {candidates} was picked: that adds "
    "about {optimism}, so expect {expected} on new pairs",
    "새 시드를 써도 dev 문장쌍은 그대로입니다. 이 문장쌍으로 {candidates}개 중 최고를 고른 것만으로 점수가 "
    "약 {optimism} 높아지므로, 새 문장쌍에서는 {expected}쯤을 기대하세요",
)
UNJUDGED = Text("not confirmed over fresh seeds yet", "아직 새 시드로 확인하지 않았습니다")


@dataclass(frozen=True)
class ShownTrial:
    """A trial; `score` is Pearson on dev, of one that was stopped early the best until then."""

    number: int
    state: str
    score: float | None
    settings: Mapping[str, Any]
    run: str | None
    seconds: float | None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "settings": dict(self.settings)}


@dataclass(frozen=True)
class SearchResult:
    """What a search came to.

    Attributes:
        space: what was tried of each key, as one writes it.
        scales: by key, whether its numbers are told on a logarithmic axis.
        default: the recipe's own settings of these keys.
        best: the complete trial with the highest score.
        importance: share of each key in what the score varies by (PED-ANOVA, Watanabe, Bansal and Hutter
            2023); empty where too few trials are complete.
        findings: of the study that judges the best settings over fresh seeds; None without one.
        scores: the best settings' score with each fresh seed.
        luck: the best trial's score less the mean of `scores`.
        optimism: what picking the best of `candidates` on these pairs adds to any score there; None where it
            is not known.
    """

    name: str
    question: str | None
    space: Mapping[str, str]
    scales: Mapping[str, bool]
    default: Mapping[str, Any]
    trials: Sequence[ShownTrial]
    best: ShownTrial
    importance: Mapping[str, float] = field(default_factory=dict)
    findings: Findings | None = None
    scores: Sequence[float] = ()
    luck: Estimate | None = None
    optimism: float | None = None
    candidates: int = 0

    @property
    def is_default(self) -> bool:
        """Whether the best settings are the recipe's own."""
        return dict(self.best.settings) == dict(self.default)

    @property
    def accounts(self) -> dict[str, int]:
        """Trials by state, those of each that has any."""
        counts = {state: sum(trial.state == state for trial in self.trials) for state in STATES}
        return {state: count for state, count in counts.items() if count}

    @property
    def tried(self) -> int:
        """Trials that came to something: what was queued again counts once."""
        return sum(self.accounts.get(state, 0) for state in ("complete", "pruned", "failed"))

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "name": self.name,
            "question": self.question,
            "space": dict(self.space),
            "default": dict(self.default),
            "accounts": self.accounts,
            "best": self.best.to_dict(),
            "is_default": self.is_default,
            "importance": dict(self.importance),
            "fresh_seeds": {
                "scores": list(self.scores),
                "luck": self.luck and self.luck.to_dict(),
                "findings": self.findings and self.findings.to_dict(),
            },
            "choice_on_dev": {"candidates": self.candidates, "optimism": self.optimism},
            "trials": [trial.to_dict() for trial in self.trials],
        }

    def __str__(self) -> str:
        return "\n".join(search_lines(self))


def write_search(
    page: Path,
    result: SearchResult,
    *,
    links: Mapping[str, str],
    study: str | None,
    assets: Path,
    self_contained: bool = False,
) -> None:
    """Write the page and, beside it, the JSON of the same name.

    `links` are addresses of runs' reports by run id, `study` that of the study over fresh seeds; the rest is
    as in `write_page`, errors too.
    """
    write_json(page.with_suffix(".json"), result.to_dict())
    values = {
        "name": result.name,
        "question": result.question,
        "answers": list(answers(result)),
        "accounts": accounts_told(result),
        "settings": _settings_table(result),
        "verdict": result.findings is not None,
        "study": study,
        "keys": list(result.space),
        "trials": _trials_table(result, links),
    }
    points = [
        Point(trial.number, STATES[trial.state], trial.state == "complete", trial.score, trial.settings)
        for trial in result.trials
        if trial.score is not None
    ]
    drawn = figures(points, result.scales, result.importance)
    title = TITLE.format(name=result.name)
    write_page(page, Page(title, "search.html", values, drawn), assets=assets, self_contained=self_contained)


def answers(result: SearchResult) -> Iterator[Text]:
    """What came out, a sentence each."""
    score = number(result.best.score or 0.0, 4)
    if result.is_default:
        yield NO_BETTER.format(score=score)
        return
    yield BEST_OF.format(trials=result.tried, score=score, number=result.best.number)
    if result.findings is None or result.luck is None:
        yield UNJUDGED
        return
    default, best = result.findings.judgements[0].arms
    assert best.difference is not None
    yield CONFIRMED.format(
        seeds=len(result.scores),
        best=number(best.score.value, 4),
        default=number(default.score.value, 4),
        change=difference(best.difference.interval),
        verdict=outcome_told(best),
    )
    mean = statistics.fmean(result.scores)
    told = LUCK if result.luck.value > 0 else NO_LUCK
    yield told.format(luck=signed(result.luck.value), bounds=interval(result.luck, 4), mean=number(mean, 4))
    if result.optimism is not None:
        yield PAIRS.format(
            candidates=result.candidates,
            optimism=number(max(result.optimism, 0.0), 4),
            expected=number(best.score.value - max(result.optimism, 0.0), 4),
        )


def accounts_told(result: SearchResult) -> Text:
    """All trials by what became of them."""
    told = [ACCOUNT.format(count=count, state=STATES[state]) for state, count in result.accounts.items()]
    accounts = Text(", ".join(each.en for each in told), ", ".join(each.ko for each in told))
    return TRIALS.format(trials=len(result.trials), accounts=accounts)


def search_lines(result: SearchResult) -> list[str]:
    """For the terminal, in its language."""
    width = terminal.terminal_width()
    rows: list[Sequence[object]] = [(KEY, AS_IT_IS, BEST, RANGE, IMPORTANCE)]
    rows += [
        (
            key,
            told_setting(result.default.get(key)),
            told_setting(result.best.settings[key]),
            tried,
            _share(result, key),
        )
        for key, tried in result.space.items()
    ]
    lines = [
        *terminal.wrapped(f"{accounts_told(result)}.", width),
        "",
        *terminal.table(rows, right=[1, 2, 4]),
        "",
    ]
    if result.findings is not None:
        lines += [*judgement_lines(result.findings.judgements[0]), ""]
    for told in answers(result):
        lines += terminal.wrapped(f"{told}.", width)
    return lines


def _share(result: SearchResult, key: str) -> str:
    return percent(result.importance[key], 0) if key in result.importance else NONE


def _settings_table(result: SearchResult) -> Table:
    rows = [
        Row(
            key,
            [
                Cell(told_setting(result.default.get(key))),
                Cell(told_setting(result.best.settings[key])),
                Cell(tried),
                Cell(_share(result, key)),
            ],
        )
        for key, tried in result.space.items()
    ]
    return Table((KEY, AS_IT_IS, BEST, RANGE, IMPORTANCE), [Group(rows)])


def _trials_table(result: SearchResult, links: Mapping[str, str]) -> Table:
    rows = []
    for trial in result.trials:
        below: Sequence[Shown] = [trial.error] if trial.error else []
        cells = (
            EMPTY if trial.score is None else Cell(number(trial.score, 4)),
            Cell(STATES[trial.state], below),
            EMPTY if trial.seconds is None else Cell(duration(trial.seconds)),
            Cell(told_settings(trial.settings) or NONE),
        )
        rows.append(Row(str(trial.number), cells, link=links.get(trial.run or "", "")))
    return Table((TRIAL, SCORE, STATE, TIME, SETTINGS), [Group(rows)], wide=True)
