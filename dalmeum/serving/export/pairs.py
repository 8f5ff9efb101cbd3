"""The pairs that an export is measured on."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.practice import practice_tables
from dalmeum.data.splits import PairReader, Split, read_splits
from dalmeum.errors import DalmeumError
from dalmeum.languages import Text
from dalmeum.progress import tell
from dalmeum.runs.folder import open_run

MOST_PAIRS = 1500
"""Pairs that a certificate is made of."""

MOST_CALIBRATED = 512
"""Pairs that integers are chosen on."""

LEAST_SHARED = 300
"""Pairs of `data` of which a third is taken to choose by."""

PRACTICE = Text(
    "{run}: its dev pairs are not at hand: scores are compared on the practice set, which says less of "
    "yours; --data names pairs of your own",
    "{run}: 실행의 dev를 찾을 수 없어 연습 데이터로 점수를 비교합니다. 실제 데이터에서는 다를 수 있으니 "
    "--data로 직접 지정하세요",
)


@dataclass(frozen=True)
class ExportPairs:
    """Pairs to judge by, and others to choose by.

    Attributes:
        table: what the certificate is judged on.
        source: where it is from: `data`, `dev` or `practice`.
        calibration: pairs none of which is in the table.
    """

    table: PairTable
    source: str
    calibration: tuple[tuple[str, str], ...]
    calibration_name: str

    @property
    def labels_count(self) -> bool:
        """Whether labels say what the model is for: the practice set's do not."""
        return self.table.label is not None and self.source != "practice"

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.table.name,
            "source": self.source,
            "count": len(self.table),
            "labelled": self.table.label is not None,
            "calibration": self.calibration_name,
        }


def pairs_for(
    run: str | Path, data: str | Path | None, output: str | Path, label_range: tuple[float, float]
) -> ExportPairs:
    """Those of `data`, else the run's dev pairs, else, with a warning, the practice set's; to choose by, the
    run's training pairs, else some of `data`, else the practice set's.
    """
    splits: Mapping[Split, PairTable] = {}
    with contextlib.suppress(DalmeumError):  # a model folder, or a run whose data moved
        splits = read_splits(open_run(run, output).recipe(), PairReader())
    source = "dev" if "dev" in splits else "practice"
    if data is not None:
        source, table = "data", read_pairs(data, label_range=label_range)
    elif source == "practice":
        tell(PRACTICE.format(run=run))
        table = practice_tables()["dev"]
    else:
        table = splits["dev"]
    train = splits.get("train", practice_tables()["train"])
    if data is not None and "train" not in splits and len(table) >= LEAST_SHARED:
        order = np.random.default_rng(0).permutation(len(table))
        kept = min(len(table) // 3, MOST_CALIBRATED)
        train, table = table.take(sorted(order[:kept])), table.take(sorted(order[kept:]))
    table = table.take(range(min(len(table), MOST_PAIRS)))
    judged = set(table.pairs)
    others = [pair for pair in dict.fromkeys(train.pairs) if pair not in judged]
    rows = np.random.default_rng(1).permutation(len(others))[:MOST_CALIBRATED]
    return ExportPairs(table, source, tuple(others[row] for row in rows), train.name)
