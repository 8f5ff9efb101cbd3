"""What a run's training leaves: of one model, or of those of all folds and seeds together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.data import PairTable, Predictions
from dalmeum.data.predictions import mean_predictions
from dalmeum.data.splits import Split, binary_threshold
from dalmeum.languages import Text
from dalmeum.models.ensemble import Ensemble
from dalmeum.models.kinds import ensemble_of
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe
from dalmeum.training.dev_predictions import DevPredictions
from dalmeum.training.ensemble import OF_A_MEMBER, log_of
from dalmeum.training.fit import Fit
from dalmeum.training.pairs import EncodedPairs

Tables = Mapping[Split, PairTable]


@dataclass(frozen=True)
class Outcome:
    """What is written of a run.

    Attributes:
        scorer: the model, as it is saved.
        predictions: of its splits; over folds dev is out of fold, and there are none of train, since each
            model has learned from other pairs of it.
        history: the log of training, of several trainings each one's under `NAME.KEY`.
        record: what the run's record says of training.
        evaluations: by the name of a training its dev pairs, and what it answered there at every evaluation.
        warnings: one line each.
    """

    scorer: PairScorer
    predictions: Mapping[Split, Predictions]
    history: tuple[dict[str, float], ...]
    record: Mapping[str, Any]
    evaluations: Mapping[str, tuple[PairTable, DevPredictions]]
    warnings: tuple[Text, ...] = ()


def outcome_of(
    name: str, scorer: PairScorer, tables: Tables, encoded: Mapping[Split, EncodedPairs], result: Fit
) -> Outcome:
    """That of one training; `name` is empty where it is the run's only one."""
    predictions: dict[Split, Predictions] = {}
    for split, table in tables.items():
        if scorer.swap:
            predictions[split] = scorer.predictions(scorer.logits_of(table.sentence1, table.sentence2))
        elif split == "train":
            predictions[split] = result.train_predictions.first(len(table))
        else:
            predictions[split] = scorer.predictions(scorer.logits(encoded[split].items))
    return Outcome(
        scorer=scorer,
        predictions=predictions,
        history=result.history,
        record=_record(result, scorer),
        evaluations={name: (tables["dev"], result.dev_predictions)} if result.dev_predictions else {},
        warnings=result.warnings,
    )


def together(recipe: Recipe, tables: Tables, outcomes: Mapping[str, tuple[Tables, Outcome]]) -> Outcome:
    """That of all trainings of a recipe: they answer with their mean.

    Over folds a pair of the training file has the mean of the models that did not learn from it.

    Args:
        tables: the run's own.
        outcomes: by the name of a training, with its tables.
    """
    over_folds = bool(recipe.data.all_folds)
    each = {name: outcome for name, (_, outcome) in outcomes.items()}
    threshold = binary_threshold(recipe, tables["train"])
    scorers = {name: outcome.scorer for name, outcome in each.items()}
    scorer = ensemble_of(scorers, recipe.data.label_range, threshold)
    predictions: dict[Split, Predictions] = {}
    for split in tables:
        if over_folds and split == "dev":
            parts = [(own["dev"].id, outcome.predictions["dev"]) for own, outcome in outcomes.values()]
            predictions[split] = out_of_fold(tables[split].id, parts)
        elif not (over_folds and split == "train"):
            predictions[split] = mean_predictions([outcome.predictions[split] for outcome in each.values()])
    return Outcome(
        scorer=scorer,
        predictions=predictions,
        history=tuple(entry for name, outcome in each.items() for entry in log_of(name, outcome.history)),
        record={
            "steps": sum(outcome.record["steps"] for outcome in each.values()),
            **{
                name: round(sum(outcome.record[name] for outcome in each.values()), 3)
                for name in ("seconds", "processor_seconds")
            },
            "parameters": sum(outcome.record["parameters"] for outcome in each.values()),
            "members": {name: outcome.record for name, outcome in each.items()},
        },
        evaluations={key: kept for outcome in each.values() for key, kept in outcome.evaluations.items()},
        warnings=tuple(
            OF_A_MEMBER.format(name=name, told=warning)
            for name, outcome in each.items()
            for warning in outcome.warnings
        ),
    )


def out_of_fold(ids: tuple[str, ...], parts: list[tuple[tuple[str, ...], Predictions]]) -> Predictions:
    """Of the pairs with these ids, (n,), the mean of all that was predicted for each in the parts."""
    place = {name: row for row, name in enumerate(ids)}
    rows = [np.array([place[name] for name in names]) for names, _ in parts]
    counts = np.bincount(np.concatenate(rows), minlength=len(ids))

    def mean(columns: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        sums = np.bincount(np.concatenate(rows), np.concatenate(columns), minlength=len(ids))
        return np.asarray(sums / counts)

    binary = [part.binary for _, part in parts if part.binary is not None]
    similarity = mean([part.similarity for _, part in parts])
    return Predictions(similarity, mean(binary) if len(binary) == len(parts) else None)


def _record(result: Fit, scorer: PairScorer) -> dict[str, Any]:
    record = {
        "steps": result.steps,
        "best_step": result.best_step,
        "seconds": round(result.seconds, 3),
        "processor_seconds": round(result.processor_seconds, 3),
        "precision": str(scorer.precision).removeprefix("torch."),
        "parameters": sum(parameter.numel() for parameter in scorer.model.parameters()),
        "slope": result.slope,
        "intercept": result.intercept,
    }
    if isinstance(scorer.model, Ensemble):
        members = scorer.model.members
        del record["precision"]  # each member has its own
        record["weights"] = scorer.model.weights
        record["members"] = {name: _record(each, members[name]) for name, each in result.members.items()}
    return record
