"""What is said of an arm that is undecided, and what it would take."""

from dalmeum.comparison.judge import ArmResult, Judgement
from dalmeum.comparison.looks import CLEAR_AT_5, INSIDE_AT_5, has_full_level, last_look_told, level_told
from dalmeum.languages import Text
from dalmeum.stats import Advice
from dalmeum.stats.planning import POWER

CLEAR_ALONE = Text(
    "its own interval is clear of 0, but not once corrected for {count} arms",
    "따로 보면 구간이 0을 벗어나지만, 비교 조건 {count}개에 맞춰 보정하면 그렇지 않습니다",
)
INSIDE_ALONE = Text(
    "its own interval is too small to matter, but not once corrected for {count} arms",
    "따로 보면 의미 없을 만큼 작지만, 비교 조건 {count}개에 맞춰 보정하면 그렇다고 할 수 없습니다",
)
SEEDS_ADVISED = Text(
    "of new studies with {count} new seeds, {power:.0%} would find a true difference of {effect}",
    "새 시드 {count}개로 따로 비교하면 실제 차이가 {effect}일 때 찾아낼 확률은 {power:.0%}입니다",
)
MORE_PAIRS_ADVISED = Text(
    "even with {count} seeds on these pairs, {power:.0%} of new studies would find a true difference of "
    "{effect}: take more pairs",
    "이 문장쌍으로는 새 시드 {count}개로 따로 비교해도 실제 차이가 {effect}일 때 찾아낼 확률이 "
    "{power:.0%}에 그칩니다. 문장쌍을 늘리세요",
)
MORE_SETS_ADVISED = Text(
    "even with {count} seeds on training sets of this pool, {power:.0%} of new studies would find a true "
    "difference of {effect}: take more pairs to train and to judge on",
    "이 풀의 학습 데이터로는 새 시드 {count}개로 따로 비교해도 실제 차이가 {effect}일 때 찾아낼 확률이 "
    "{power:.0%}에 그칩니다. 학습할 문장쌍과 판정할 문장쌍을 늘리세요",
)
PAIRS_ADVISED = Text(
    "of comparisons on {count} new pairs, {power:.0%} would find a true difference of {effect}",
    "새 문장쌍 {count}개로 비교하면 실제 차이가 {effect}일 때 찾아낼 확률은 {power:.0%}입니다",
)


def of_undecided(judgement: Judgement, arm: ArmResult) -> list[Text]:
    """What its interval alone would have said, what a last look brings, and what a new study needs."""
    told, full = [], has_full_level(judgement)
    if arm.difference is not None and arm.verdict is not None:
        effect, low, high = judgement.smallest_effect, arm.difference.low, arm.difference.high
        if low > 0 or high < 0:
            told.append(CLEAR_ALONE if full else CLEAR_AT_5)
        elif -effect < low and high < effect:
            told.append(INSIDE_ALONE if full else INSIDE_AT_5)
        told = [each.format(count=judgement.compared, level=level_told(judgement.level)) for each in told]
    told += last_look_told(judgement.look, arm.power_at_max_seeds, f"{judgement.smallest_effect:g}")
    if arm.advice is not None:
        values = {"count": f"{arm.advice.count:,}", "effect": f"{judgement.smallest_effect:g}"}
        told.append(_advice(judgement, arm.advice).format(**values, power=arm.advice.power))
    return told


def _advice(judgement: Judgement, advice: Advice) -> Text:
    if advice.of == "pairs":
        return PAIRS_ADVISED
    if advice.power >= POWER:
        return SEEDS_ADVISED
    return MORE_PAIRS_ADVISED if judgement.training_sets is None else MORE_SETS_ADVISED
