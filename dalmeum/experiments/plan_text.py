"""A plan for a terminal, in its language."""

import math
import shlex
from collections.abc import Iterator
from pathlib import Path

from dalmeum.comparison.looks import last_look_told, standing_told
from dalmeum.configuration import yaml_line
from dalmeum.experiments.plan import PlannedError, StudyPlan, StudyPower
from dalmeum.languages import Text
from dalmeum.numbers import has_interval, number
from dalmeum.progress import duration
from dalmeum.stats import Estimate
from dalmeum.stats.planning import POWER
from dalmeum.terminal import columns, terminal_width, wrapped

HEAD = Text(
    "plan of {name}: {metric} on {split}, {pairs}; the baseline and {arms}, {seeds} seeds each; smallest "
    "effect that matters {effect:g}",
    "{name}의 계획: {split}의 {metric}, {pairs}, 기준선과 {arms}, 시드 {seeds}개씩, "
    "의미 있는 최소 차이 {effect:g}",
)
SEEDS, PAIRS = Text("seeds", "시드"), Text("pairs", "문장쌍")
LOOK, LAST = Text("look", "판정"), Text("last look", "마지막 판정")
FINDS, EQUAL = Text("finds", "찾아내는 차이"), Text("no difference", "차이 없음")
SEEDS_NEEDED = Text("seeds needed", "필요한 시드")
PAIRS_NEEDED = Text("pairs needed", "필요한 문장쌍")
RUNS, TIME, PILOT = Text("runs", "실행"), Text("time", "시간"), Text("to know", "알아보려면")

SEED_SD = Text(
    "from seed to seed a recipe's score varies with a standard deviation of {sd} ({source})",
    "레시피의 점수는 시드에 따라 표준편차 {sd}만큼 달라집니다({source})",
)
PAIR_SE = Text(
    "they give the difference of two recipes a standard error of {se} ({source})",
    "두 레시피의 차이에 문장쌍이 더하는 표준오차는 {se}입니다({source})",
)
STATED = Text("as stated", "직접 준 값")
FROM_RUNS = Text("from {runs} runs of {recipes}", "{recipes}, 실행 {runs}개에서")
RECIPES = Text("{count} recipes", "레시피 {count}개"), Text("1 recipe", "레시피 1개")
ARMS = Text("{count} arms", "비교 조건 {count}개"), Text("1 arm", "비교 조건 1개")
PAIR_COUNT = Text("{count} pairs", "문장쌍 {count}개"), Text("1 pair", "문장쌍 1개")

UNKNOWN_SEEDS = Text(
    "how much they differ is not known: under {output} no recipe with the same kind of model, encoder, "
    "training data and {split} has two finished seeds; state it, as --seed-sd 0.006 --pair-se 0.003, in "
    "units of {metric}",
    "시드에 따라 얼마나 달라지는지 알 수 없습니다. 모델 종류, 인코더, 학습 데이터, {split} 데이터가 같고 "
    "시드 둘 이상이 끝난 레시피가 {output}에 없습니다. --seed-sd 0.006 --pair-se 0.003처럼 {metric}의 "
    "단위로 직접 줄 수 있습니다",
)
UNKNOWN_PAIRS = Text(
    "what they add to the error of a difference is not known (it takes two seeds of a second recipe like "
    "these, or --pair-se): counted as nothing, so that all below is at best",
    "차이의 오차에 얼마나 더하는지 알 수 없습니다(이런 레시피가 하나 더, 시드 둘 이상으로 있거나 --pair-se를 "
    "주어야 합니다). 더하는 것이 없다고 보았으므로 아래는 가장 좋을 때의 값입니다",
)
UNSEEN_PAIRS = Text(
    "what they add to the error of a difference is lost in the luck of so few seeds ({source}): counted as "
    "nothing, so that all below is at best",
    "차이의 오차에 문장쌍이 더하는 몫이 시드에 따른 차이에 묻혀 드러나지 않습니다({source}). 더하는 것이 "
    "없다고 보았으므로 아래는 가장 좋을 때의 값입니다",
)
POWER_TOLD = Text(
    "{power} of such studies find a true difference of {effect:g}; {share:.0%} find one of {detectable}",
    "실제 차이가 {effect:g}일 때 찾아낼 확률은 {power}이고, {share:.0%} 확률로 찾아내는 차이는 "
    "{detectable}입니다",
)
DETECTABLE = Text(
    "{share:.0%} of such studies find a true difference of {detectable}",
    "{share:.0%} 확률로 찾아내는 실제 차이는 {detectable}입니다",
)
AFTER_HOLM = Text(", after Holm for {arms}", "({arms}에 맞춰 보정(Holm)한 값)")
ONE_LOOK = Text(", in a new study that looks once", ". 한 번만 판정하는 새 비교 실험의 값입니다")
SAID = Text(
    "said of {chance} of the arms that truly equal the baseline",
    "기준선과 실제로 같은 비교 조건을 그렇게 판정할 확률은 {chance}입니다",
)
LIKELY, LIKELY_TOLD = (
    Text("ranges", "범위"),
    Text(
        "what so few seeds leave open: the true share lies there four times in five",
        "시드 수가 적어 확실하지 않은 만큼입니다. 실제 확률은 다섯 번에 네 번 이 안에 있습니다",
    ),
)
SELDOM = Text(
    ": hardly ever, so that undecided does not mean equal",
    ". 거의 나오지 않으므로, 판정 보류를 같다는 뜻으로 읽으면 안 됩니다",
)
ENOUGH = {
    "seeds": Text(
        "{count} on these pairs find {effect:g} in {power}",
        "이 문장쌍에서 {count}개면 {effect:g}의 차이를 찾아낼 확률이 {power}입니다",
    ),
    "pairs": Text(
        "{count} with {seeds} seeds find {effect:g} in {power}",
        "시드 {seeds}개로 {count}개면 {effect:g}의 차이를 찾아낼 확률이 {power}입니다",
    ),
}
NEVER = {
    "seeds": Text(
        "even {count} on these pairs find {effect:g} in no more than {power}",
        "이 문장쌍에서는 {count}개라도 {effect:g}의 차이를 찾아낼 확률이 {power}에 그칩니다",
    ),
    "pairs": Text(
        "no number is enough with {seeds} seeds: {power} at best",
        "시드 {seeds}개로는 아무리 늘려도 찾아낼 확률이 {power}에 그칩니다",
    ),
}
UNDER_ONE = Text("under 1%", "1% 미만")
THERE = Text(
    "{finished} of {runs} are there, {left} to do", "{runs}개 중 {finished}개가 있고, {left}개가 남았습니다"
)
TAKES = Text(
    "about {time}, {jobs} at once: {run} a run, as on {machines}",
    "한꺼번에 {jobs}개씩 약 {time}. {machines}에서 그랬듯 실행 하나에 {run}",
)
UNKNOWN_TIME = Text(
    "not known: no run like these is finished", "알 수 없습니다. 이런 실행이 아직 끝난 적이 없습니다"
)
PILOT_TOLD = Text(
    "this trains two recipes with two seeds, which the study will use; act on none of its verdicts:",
    "아래 명령은 이 비교 실험이 그대로 쓸 레시피 둘을 시드 둘씩 학습합니다. "
    "여기서 나온 판정은 따르지 마세요.",
)

FEW = 0.2
"""A chance below it is one that nobody should count on."""


def plan_lines(plan: StudyPlan, call: str = "dalmeum study STUDY") -> list[str]:
    """`call` is how the study is called, to which a pilot adds what it changes."""
    head = HEAD.format(
        name=plan.name,
        metric=plan.metric,
        split=plan.split,
        pairs=_count(PAIR_COUNT, plan.pairs),
        arms=_count(ARMS, plan.arms),
        seeds=plan.seeds,
        effect=plan.smallest_effect,
    )
    rows = list(_rows(plan))
    left = max(columns(str(label)) for label, _ in rows) + 2
    lines = [*wrapped(plan.question, terminal_width()), "", *wrapped(str(head), terminal_width()), ""]
    for label, text in rows:
        lead = str(label) + " " * (left - columns(str(label)))
        lines += wrapped(str(text), terminal_width(), first=lead, rest=" " * left)
    # Whole, to be copied.
    return [*lines, "", f"  {_pilot(plan, call)}"] if _lacks_something(plan) else lines


def _rows(plan: StudyPlan) -> Iterator[tuple[Text, Text]]:
    open_runs = plan.runs - plan.finished
    yield from _look_rows(plan)
    if plan.error is None or plan.power is None:
        told = UNKNOWN_SEEDS.format(output=plan.output, split=plan.split, metric=plan.metric)
        yield SEEDS, told
    else:
        yield from _error_rows(plan.error)
        yield from _power_rows(plan, plan.power)
    yield RUNS, THERE.format(finished=plan.finished, runs=plan.runs, left=open_runs)
    if plan.cost is not None:
        yield (
            TIME,
            TAKES.format(
                time=duration(plan.cost.seconds),
                run=duration(plan.cost.seconds_a_run),
                jobs=plan.cost.jobs,
                machines="; ".join(plan.cost.machines),
            ),
        )
    elif open_runs:
        yield TIME, UNKNOWN_TIME
    if _lacks_something(plan):
        yield PILOT, PILOT_TOLD


def _error_rows(error: PlannedError) -> Iterator[tuple[Text, Text]]:
    runs = FROM_RUNS.format(
        runs=sum(map(len, error.recipes.values())), recipes=_count(RECIPES, len(error.recipes))
    )
    seeds, pairs = (STATED if name in error.stated else runs for name in ("seed_sd", "pair_se"))
    yield SEEDS, SEED_SD.format(sd=number(error.seed_sd, 4), source=seeds)
    if math.isnan(error.pair_se):
        yield PAIRS, UNKNOWN_PAIRS
        return
    told = PAIR_SE if error.pair_se or "pair_se" in error.stated else UNSEEN_PAIRS
    yield PAIRS, told.format(se=number(error.pair_se, 4), source=pairs)


def _look_rows(plan: StudyPlan) -> Iterator[tuple[Text, Text]]:
    """Of a look that has not the whole 5 %, and may have others before it or after it."""
    last = None if plan.power is None else plan.power.power_at_max_seeds
    yield from ((LOOK, told) for told in standing_told(plan.look))
    yield from ((LAST, told) for told in last_look_told(plan.look, last, f"{plan.smallest_effect:g}"))


def _power_rows(plan: StudyPlan, power: StudyPower) -> Iterator[tuple[Text, Text]]:
    told = DETECTABLE if math.isnan(power.power.value) else POWER_TOLD
    values = {"effect": plan.smallest_effect, "power": _likely(power.power), "share": POWER}
    found = told.format(**values, detectable=number(power.detectable_effect, 4))
    found = _joined(found, AFTER_HOLM.format(arms=_count(ARMS, plan.arms)) if plan.arms > 1 else None)
    yield FINDS, found
    said = SAID.format(chance=_likely(power.no_difference))
    yield EQUAL, _joined(said, SELDOM if power.no_difference.value < FEW else None)
    if any(map(_has_range, (power.power, power.no_difference))):
        yield LIKELY, LIKELY_TOLD
    for label, advice in ((SEEDS_NEEDED, power.seeds_needed), (PAIRS_NEEDED, power.pairs_needed)):
        if advice is not None:
            form = (ENOUGH if advice.power >= POWER else NEVER)[advice.of]
            known = {"seeds": plan.seeds, "effect": plan.smallest_effect, "power": _chance(advice.power)}
            needed = form.format(count=f"{advice.count:,}", **known)
            once = advice.of == "seeds" and any(standing_told(plan.look))
            yield label, _joined(needed, ONE_LOOK if once else None)


def _lacks_something(plan: StudyPlan) -> bool:
    """Whether a pilot would tell something that nobody knows or stated."""
    known = plan.error is not None and not math.isnan(plan.error.pair_se) and plan.cost is not None
    return plan.finished < plan.runs and not known


def _pilot(plan: StudyPlan, call: str) -> str:
    keys = (shlex.quote(f"{key}={yaml_line(value)}") for key, value in plan.pilot.items())
    return " ".join([call, *keys, "-o", shlex.quote(str(Path("studies", f"{plan.name}-pilot")))])


def _chance(share: float) -> Text:
    return UNDER_ONE if share < 0.01 else Text.same(f"{share:.0%}")


def _has_range(share: Estimate) -> bool:
    """Whether its bounds, as they are told, are two."""
    return has_interval(share) and _chance(share.low) != _chance(share.high)


def _likely(share: Estimate) -> Text:
    value = _chance(share.value)
    if not _has_range(share):
        return value
    low, high = _chance(share.low), _chance(share.high)
    return Text("{value} ({low} to {high})", "{value}({low} ~ {high})").format(
        value=value, low=low, high=high
    )


def _joined(text: Text, more: Text | None) -> Text:
    return text if more is None else Text(text.en + more.en, text.ko + more.ko)


def _count(forms: tuple[Text, Text], number: int) -> Text:
    many, one = forms
    return one if number == 1 else many.format(count=f"{number:,}")
