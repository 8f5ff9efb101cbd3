"""What is said where pairs share sentences: by how many groups of them arms were judged, and by which one."""

from dalmeum.comparison.judge import Judgement
from dalmeum.languages import Text

PAIRS = Text("{pairs:,} pairs", "문장쌍 {pairs:,}개")
GROUPED = Text(
    "{pairs:,} pairs, judged by {groups:,} groups of pairs that share sentences",
    "문장쌍 {pairs:,}개(같은 문장이 든 쌍을 묶은 {groups:,}개 묶음으로 판정)",
)
CONNECTED = Text(
    "{pairs:,} pairs, judged as if each stood alone though shared sentences connect nearly all of them (this "
    "may claim too much)",
    "문장쌍 {pairs:,}개(거의 모두 같은 문장으로 이어져 있지만 서로 독립이라고 보고 판정해 "
    "실제보다 확실해 보일 수 있음)",
)
HANGS = Text(
    "one group of {largest:,} pairs has {share:.0%} of the sum of squared group sizes: much of the error may "
    "be its own; without that group, p by Holm",
    "{largest:,}쌍짜리 묶음 하나가 묶음 크기 제곱합의 {share:.0%}를 차지해 오차의 큰 몫이 이 묶음에서 "
    "올 수 있습니다. 이 묶음을 뺀 결과(p는 Holm으로 보정)",
)


def pairs_told(judgement: Judgement) -> Text:
    """How many pairs arms were judged on, and by how many groups of them, where some share sentences."""
    if judgement.groups is None:
        return PAIRS.format(pairs=judgement.pairs)
    text = CONNECTED if judgement.groups.too_few else GROUPED
    return text.format(pairs=judgement.pairs, groups=judgement.groups.count)


def hangs_told(judgement: Judgement) -> Text | None:
    """That one group is most of what groups add, above the result without it; None where none is."""
    groups = judgement.groups
    if groups is None or not groups.hangs_on_one:
        return None
    return HANGS.format(largest=groups.largest, share=groups.largest_share)
