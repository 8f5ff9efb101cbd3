"""From an untrained scorer and pairs to a trained one that answers on the label scale."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from transformers import TrainerCallback

from dalmeum.data import Predictions
from dalmeum.errors import DalmeumError
from dalmeum.languages import Text
from dalmeum.models.bi import BiEncoder
from dalmeum.models.quiet import quiet_transformers
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe
from dalmeum.training.checkpoints import newest_checkpoint
from dalmeum.training.dev_predictions import DevPredictions
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.rise import rise_warnings
from dalmeum.training.scale import begin_on_label_scale, binary_scale, label_scale
from dalmeum.training.trainer import PairTrainer


@dataclass(frozen=True)
class Fit:
    """What training leaves beside the weights.

    Attributes:
        history: the log of steps and evaluations, as `TrainerState.log_history` has it.
        steps: optimisation steps taken.
        best_step: the step whose weights were kept; the last where there was no dev set.
        dev_predictions: (n,) by step, of every evaluation; not folded.
        train_predictions: of the kept weights, folded, in evaluation mode.
        slope, intercept: the affine map that was folded in; 1 and 0 where none was.
        rise: of the train Pearson from the last epoch but one to the last; None where there are no two.
        seconds: wall time of the training loop in this process.
        processor_seconds: of all its threads, in that time.
        warnings: one line each.
        members: of an ensemble, each member's own.
    """

    history: tuple[dict[str, float], ...]
    steps: int
    best_step: int
    dev_predictions: DevPredictions
    train_predictions: Predictions
    slope: float
    intercept: float
    rise: float | None
    seconds: float
    processor_seconds: float = 0.0
    warnings: tuple[Text, ...] = ()
    members: "Mapping[str, Fit]" = field(default_factory=dict)


def fit(
    scorer: PairScorer,
    recipe: Recipe,
    train: EncodedPairs,
    dev: EncodedPairs | None,
    checkpoints: Path,
    callbacks: Sequence[TrainerCallback] = (),
    *,
    before_saving: Callable[[], None] | None = None,
) -> Fit:
    """Train `scorer` in place, going on from the newest whole checkpoint in `checkpoints`, if any.

    `before_saving` is called before every checkpoint; what it raises ends the training.

    Raises `DalmeumError` where the weights stopped being numbers; `InputError` for a damaged checkpoint.
    """
    forward = scorer.model.forward
    with quiet_transformers():
        trainer = PairTrainer(scorer, recipe, train, dev, checkpoints, before_saving)
        for callback in callbacks:
            trainer.add_callback(callback)
        resume_from = newest_checkpoint(checkpoints)
        if resume_from is None:
            begin_on_label_scale(scorer, recipe.loss, train)
        start, processor_start = time.perf_counter(), time.process_time()
        try:
            trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
        finally:
            trainer.reporting.close()
            # accelerate put its own autocast around it, in which float32 would stay a shorter type.
            scorer.model.forward = forward  # type: ignore[method-assign]
        seconds = time.perf_counter() - start
        processor_seconds = time.process_time() - processor_start
    logits = scorer.logits(train.items)
    if not np.isfinite(logits).all():
        raise DalmeumError(
            "training diverged: predictions are not numbers; lower training.learning_rate, "
            "or use training.precision=float32"
        )
    labels = train.labels.double().numpy()
    slope, intercept, warnings = label_scale(scorer, scorer.similarity(logits), labels)
    scorer.fold(slope, intercept)
    if isinstance(scorer.model, BiEncoder) and train.binary is not None:
        line = binary_scale(logits[:, 1], train.binary.double().numpy())
        scorer.model.fold_binary(*line[:2])
        logits[:, 1] = line[0] * logits[:, 1] + line[1]
        warnings += line[2]
    found = scorer.predictions(logits)
    rise = trainer.epoch_scores.rise
    dev_pearsons = [entry["eval_pearson"] for entry in trainer.state.log_history if "eval_pearson" in entry]
    return Fit(
        # A checkpoint's JSON has sorted keys, which a resumed run begins with.
        history=tuple(dict(sorted(entry.items())) for entry in trainer.state.log_history),
        steps=trainer.state.global_step,
        best_step=trainer.state.best_global_step or trainer.state.global_step,
        dev_predictions=trainer.dev_predictions,
        train_predictions=dataclasses.replace(found, similarity=slope * found.similarity + intercept),
        slope=slope,
        intercept=intercept,
        seconds=seconds,
        processor_seconds=processor_seconds,
        rise=rise,
        warnings=(*warnings, *rise_warnings(rise, len(train), dev_pearsons)),
    )
