"""What ails each arm: its runs' predictions, diagnosed on the sentences that they were scored on."""

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from dalmeum.data import PairTable
from dalmeum.data.splits import Split, read_splits
from dalmeum.errors import DalmeumError
from dalmeum.evaluation import Diagnosis, diagnose
from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.scored import ScoredPairs, read_arms

ArmDiagnoses = Mapping[str, Diagnosis | None]


def arm_diagnoses(
    arms: Mapping[str, Sequence[Run]],
    baseline: str,
    splits: Sequence[Split],
    *,
    paired: bool = True,
    folds: int = 1,
) -> dict[str, ArmDiagnoses | None]:
    """The diagnosis of each arm by split, the others compared with the baseline where arms are `paired`: the
    i-th runs share their seed.

    `folds` is as in `read_arm`. An arm is None where there is nothing to diagnose (`diagnose`), a split
    where its sentences are not there any more, or its file holds other pairs or labels by now.

    Raises `InputError` where predictions are damaged, or the judged pairs differ.
    """
    first = arms[baseline][:folds]
    try:
        tables = [read_splits(run.recipe()) for run in first]
    except DalmeumError:
        return dict.fromkeys(splits)
    found: dict[str, ArmDiagnoses | None] = {}
    for split in splits:
        scored = read_arms(arms, split, folds)
        # Each fold has a dev of its own, and all have the same test.
        parts = [each[split] for each in (tables if split == "dev" else tables[:1]) if split in each]
        table = _joined(parts)
        if table is None or not _is_of(scored[baseline], table):
            found[split] = None
            continue
        found[split] = {
            name: diagnose(
                table,
                each.predictions,
                baseline=scored[baseline].predictions if paired and name != baseline else None,
            )
            for name, each in scored.items()
        }
    return found


def _joined(parts: Sequence[PairTable]) -> PairTable | None:
    """The tables below each other; None where there is none, or one has no labels."""
    labels = [part.label for part in parts if part.label is not None]
    if not parts or len(labels) < len(parts):
        return None
    annotations = [part.annotations for part in parts if part.annotations is not None]
    return PairTable(
        id=tuple(chain.from_iterable(part.id for part in parts)),
        source=tuple(chain.from_iterable(part.source for part in parts)),
        sentence1=tuple(chain.from_iterable(part.sentence1 for part in parts)),
        sentence2=tuple(chain.from_iterable(part.sentence2 for part in parts)),
        label=np.concatenate(labels),
        annotations=tuple(chain.from_iterable(annotations)) if len(annotations) == len(parts) else None,
        name=parts[0].name,
        label_range=parts[0].label_range,
    )


def _is_of(scored: ScoredPairs, table: PairTable) -> bool:
    return scored.ids == table.id and np.array_equal(scored.labels, np.asarray(table.label))
