"""What a report is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable
from dalmeum.evaluation import Diagnosis, Evaluation


@dataclass(frozen=True, eq=False)
class ReportContent:
    """Plain values, all of them shown as text and none trusted.

    Attributes:
        title: the run's id or name.
        split: name of the split that `table`, `predictions` and `evaluation` belong to.
        table: labelled pairs.
        predictions: (n,) on the label scale.
        diagnosis: of the same predictions; None where there is nothing to diagnose.
        question: what the run is to answer, in the words of its recipe.
        recipe: the complete recipe as YAML.
        versions, data_hashes: name to text.
        history: log entries as `TrainerState.log_history` has them: `step` and `epoch` with some of `loss`,
            `train_pearson`, `train_mae`, `eval_loss`, `eval_pearson`, `eval_mae`.
        warnings: one line each, shown at the top.
    """

    title: str
    split: str
    table: PairTable
    predictions: NDArray[np.float64]
    evaluation: Evaluation
    diagnosis: Diagnosis | None = None
    question: str | None = None
    recipe: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    data_hashes: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[str] = ()
