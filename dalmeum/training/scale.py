"""The lines that put a model on the label scale: after training, and of a bi-encoder before it, too."""

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
    """Fit a new bi-encoder's maps to training pairs, evenly spread over all, before its first step.

    The cosines of many encoders are narrow (e5's lie between .7 and 1): stretched from 0 to 1 over the label
    scale, they leave a loss that sees it hundreds of steps from anything to learn.
    """
    if not isinstance(scorer.model, BiEncoder) or loss.name in ON_COSINES:
        return
    rows = np.unique(np.linspace(0, len(train) - 1, SAMPLE).round().astype(int)).tolist()
    logits = scorer.logits([train.items[row] for row in rows])
    slope, intercept, _ = label_scale(scorer, scorer.similarity(logits), train.labels.double().numpy()[rows])
    scorer.fold(slope, intercept)
    if train.binary is not None:
        slope, intercept, _ = binary_scale(logits[:, 1], train.binary.double().numpy()[rows])
        scorer.model.fold_binary(slope, intercept)


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
    if is_constant(predictions):
        return 1.0, 0.0, (_NOT_FOLDED.format(reason=_CONSTANT),)
    centred = predictions - predictions.mean()
    slope = float(centred @ labels) / float(centred @ centred)
    if slope <= 0:
        return 1.0, 0.0, (_NOT_FOLDED.format(reason=_NOT_RISING),)
    return slope, float(labels.mean() - slope * predictions.mean()), ()


def binary_scale(
    logits: NDArray[np.float64], binary: NDArray[np.float64]
) -> tuple[float, float, tuple[Text, ...]]:
    """The logistic regression of binary labels (n,) on the binary task's logits (n,), and a warning as above.

    Dropout keeps even equal sentences below a cosine of 1: a line through narrow cosines that was trained
    under it is off without. Slope 1 and intercept 0 where it can't serve.
    """
    if is_constant(logits):
        return 1.0, 0.0, (_BINARY_LEFT.format(reason=_CONSTANT),)
    if binary.min() == binary.max():
        return 1.0, 0.0, (_BINARY_LEFT.format(reason=_ONE_CLASS),)
    slope, intercept = logistic_line(logits, binary)
    if slope <= 0:
        return 1.0, 0.0, (_BINARY_LEFT.format(reason=_NO_HIGHER),)
    return slope, intercept, ()


def logistic_line(predictions: NDArray[np.float64], binary: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept of the logit of being similar, from predictions (n,) that are not all the same.

    The targets are those of Platt (1999), "Probabilistic Outputs for Support Vector Machines": of k pairs of
    a class, 1 / (k + 2) short of certain, so that there is a line where the classes don't overlap.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    similar = binary > 0.5
    targets = np.where(similar, (similar.sum() + 1) / (similar.sum() + 2), 1 / ((~similar).sum() + 2))
    mean, spread = predictions.mean(), predictions.std()
    columns = np.stack([(predictions - mean) / spread, np.ones_like(predictions)], axis=1)

    def loss(line: NDArray[np.float64]) -> float:
        logits = columns @ line
        return float(np.mean(np.logaddexp(0, logits) - targets * logits))

    def gradient(line: NDArray[np.float64]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = columns.T @ (expit(columns @ line) - targets) / len(targets)
        return result

    def hessian(line: NDArray[np.float64]) -> NDArray[np.float64]:
        shares = expit(columns @ line)
        result: NDArray[np.float64] = (columns.T * (shares * (1 - shares))) @ columns / len(targets)
        return result

    found = minimize(
        loss, np.zeros(2), jac=gradient, hess=hessian, method="trust-exact", options={"gtol": 1e-9}
    )
    slope, intercept = (float(value) for value in found.x)
    return slope / float(spread), intercept - slope * float(mean / spread)


def is_constant(predictions: NDArray[np.float64]) -> bool:
    """Whether predictions (n,) differ by no more than rounding."""
    return float(predictions.std()) <= 1e-6 * float(np.abs(predictions).max())


_NOT_FOLDED = Text(
    "{reason}: the model was not put on the label scale",
    "{reason} 모델을 레이블 척도에 맞추지 않았습니다",
)
_CONSTANT = Text("the model gives all training pairs one score", "모델이 모든 학습 문장쌍에 같은 점수를 주어")
_NOT_RISING = Text("scores do not rise with the training labels", "학습 레이블이 커져도 점수가 커지지 않아")
_BINARY_LEFT = Text(
    "{reason}: the binary task's line was left as it was", "{reason} 이진 과제의 직선을 그대로 두었습니다"
)
_ONE_CLASS = Text("all training pairs have the same binary label", "모든 학습 문장쌍의 이진 레이블이 같아")
_NO_HIGHER = Text(
    "scores are no higher for pairs labelled similar", "유사하다고 레이블된 문장쌍의 점수가 더 높지 않아"
)
