"""The section `inference`: how a trained model answers."""

from typing import Annotated

from pydantic import Field

from dalmeum.configuration import Section, described


class InferenceRecipe(Section):
    """How a trained model answers: on dev and test, and wherever the run is loaded."""

    swap: Annotated[bool, Field(strict=True)] = described(
        "score each pair in both orders of its sentences and average: twice the time; training is the same",
        "문장쌍을 두 순서로 모두 채점해 평균을 냅니다. 시간이 두 배 걸리며 학습은 달라지지 않습니다",
        default=False,
    )
