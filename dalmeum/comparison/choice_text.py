"""What choosing on dev does to scores there, in words."""

from dalmeum.comparison.choice import DEV, Choice
from dalmeum.comparison.findings import Findings
from dalmeum.languages import Text
from dalmeum.numbers import number

WITH_CHECKPOINTS = Text(", and its checkpoints too,", "체크포인트와 비교 조건을 모두 ")
FLATTERED = Text(
    "on dev, where checkpoints were chosen: a run's Pearson is flattered by {amounts}",
    "체크포인트를 고른 dev의 점수이므로 실행의 피어슨이 다음만큼 부풀려져 있습니다: {amounts}",
)


def choice_told(choice: Choice) -> Text:
    """What the best arm's dev score is worth on new pairs."""
    return Text(
        "best on dev by the mean prediction of its seeds: {best} with {score:.4f}; having been picked "
        "there{checkpoints} flatters it by {optimism:.4f}: expect {corrected:.4f} on new pairs",
        "시드 평균 예측으로 dev에서 가장 좋은 비교 조건: {best} ({score:.4f}). {checkpoints}dev에서 고른 "
        "탓에 {optimism:.4f}만큼 좋게 보이며, 새 문장쌍에서는 {corrected:.4f} 정도를 기대할 수 있습니다",
    ).format(
        best=choice.best,
        score=choice.of_arm.score,
        checkpoints=WITH_CHECKPOINTS if choice.with_checkpoints else "",
        optimism=choice.optimism,
        corrected=choice.corrected,
    )


def flattered_told(findings: Findings, split: str) -> Text | None:
    """By how much the arms' scores are too high on dev, where checkpoints were chosen; None elsewhere."""
    known = {name: each.value for name, each in findings.checkpoints.items() if each is not None}
    if split != DEV or not known:
        return None
    amounts = {name: number(max(value, 0.0), 4) for name, value in known.items()}
    told = [f"{name} {amount}" for name, amount in amounts.items()]
    same = len(set(amounts.values())) == 1 and len(amounts) == len(findings.checkpoints)
    return FLATTERED.format(amounts=next(iter(amounts.values())) if same else ", ".join(told))
