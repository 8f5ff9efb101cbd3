"""The line that puts a model on the label scale: after training, and of a bi-encoder before it, too."""

import numpy as np
from numpy.typing import NDArray

from dalmeum.languages import Text
from dalmeum.models.bi import BiEncoder
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import LossRecipe
from dalmeum.training.pairs import EncodedPairs

SAMPLE = 256
"""Pairs that a first line is fitted to: the cosine's correlation with labels, .8, is then known to .02."""

ON_COSINES = ("cosent", "angle")
"""Losses whose temperature is made for cosines, which they find again by the width of the label range."""


def begin_on_label_scale(scorer: PairScorer, loss: LossRecipe, train: EncodedPairs) -> None:
    """Fit a new bi-encoder's map to training pairs, evenly spread over all, before its first step.

    The cosines of many encoders are narrow (e5's lie between .7 and 1): stretched from 0 to 1 over the label
    scale, they leave a loss that sees it hundreds of steps from anything to learn.

    With a binary task nothing is fitted: its line needs cosines that spread, and with a steep map for the
    similarity nothing spreads them.
    """
    if not isinstance(scorer.model, BiEncoder) or scorer.has_binary or loss.name in ON_COSINES:
        return
    rows = np.unique(np.linspace(0, len(train) - 1, SAMPLE).round().astype(int)).tolist()
    found = scorer.similarity(scorer.logits([train.items[row] for row in rows]))
    slope, intercept, _ = label_scale(scorer, found, train.labels.double().numpy()[rows])
    scorer.model.fold_affine(slope, intercept)


def label_scale(
    scorer: PairScorer, predictions: NDArray[np.float64], labels: NDArray[np.float64]
) -> tuple[float, float, tuple[Text, ...]]:
    """The least-squares line `label = slope * prediction + intercept`, and a warning where it can't serve.

    A correlation loss leaves the scale of predictions free, so a model is put on the label scale by the
    training labels, after training. Slope 1 and intercept 0 where the head is a sigmoid, into which no line
    can be folded, where predictions are constant, and where the slope is not positive.
    """
    if scorer.sigmoid:
        return 1.0, 0.0, ()
    centred = predictions - predictions.mean()
    variance = float(centred @ centred)
    if variance <= len(predictions) * (1e-6 * float(np.abs(predictions).max())) ** 2:
        return 1.0, 0.0, (_NOT_FOLDED.format(reason=_CONSTANT),)
    slope = float(centred @ labels) / variance
    if slope <= 0:
        return 1.0, 0.0, (_NOT_FOLDED.format(reason=_NOT_RISING),)
    return slope, float(labels.mean() - slope * predictions.mean()), ()


_NOT_FOLDED = Text(
    "{reason}: the model was not put on the label scale",
    "{reason} 모델을 레이블 척도에 맞추지 않았습니다",
)
_CONSTANT = Text("the model gives all training pairs one score", "모델이 모든 학습 문장쌍에 같은 점수를 주어")
_NOT_RISING = Text("scores do not rise with the training labels", "학습 레이블이 커져도 점수가 커지지 않아")
