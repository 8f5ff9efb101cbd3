"""What small recipes train to. Where a change of dalmeum's moves it, raise `TRAINING_VERSION`, or a kind's.

Else a study would take runs of before the change for runs of after it. Then record anew:
`python -m tests.training.test_version`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dalmeum.data import PairTable
from dalmeum.models.kinds import new_scorer
from dalmeum.recipe import build_recipe
from dalmeum.training import training_version
from dalmeum.training.fit import fit
from dalmeum.training.pairs import encode_pairs
from tests.conftest import draw_pairs

RECORDED = Path(__file__).with_name("version.json")

TOLERANCE = 2e-3
"""In label units; machines differ by some 1e-5."""

TRAINING = {"epochs": 3, "effective_batch_size": 16, "learning_rate": 1e-3, "precision": "float32", "seed": 1}
KINDS = ("cross", "bi", "offline")
CASES: dict[str, dict[str, Any]] = {
    "cross": {"model": {"kind": "cross"}, "loss": {"name": "mixture", "alpha": 0.1}},
    "cross, exact": {
        "model": {"kind": "cross"},
        "loss": {"name": "mixture", "alpha": 0.1, "scope": "exact"},
        "training": {"micro_batch_size": 4},
    },
    "bi": {"model": {"kind": "bi"}, "loss": {"name": "mixture", "alpha": 0.1}},
    "offline": {"model": {"kind": "offline"}, "loss": {"name": "mixture", "alpha": 0.1}},
}


def table(count: int, seed: int) -> PairTable:
    first, second, labels = zip(*draw_pairs(count, seed), strict=True)
    ids = tuple(map(str, range(count)))
    return PairTable(ids, ("",) * count, first, second, label=np.array(labels))


def trained(case: str, encoder: str, folder: Path) -> list[float]:
    """The first scores on dev."""
    values = CASES[case]
    model = {"max_length": 32, **values["model"]}
    if model["kind"] != "offline":
        model["encoder"] = encoder
    recipe = build_recipe(
        {
            **values,
            "data": {"train": "train.csv", "dev": "dev.csv"},
            "model": model,
            "training": TRAINING | values.get("training", {}),
        },
        case,
    )
    train, dev = table(48, 1), table(16, 2)
    scorer = new_scorer(recipe, train)
    pairs = encode_pairs(scorer, dev, None)
    fit(scorer, recipe, encode_pairs(scorer, train, None), pairs, folder)
    scores = scorer.similarity(scorer.logits(pairs.items))
    return [round(float(score), 4) for score in scores[:6]]


@pytest.mark.parametrize("case", CASES)
def test_training_comes_to_what_its_version_says(
    case: str, tiny_encoder: Callable[[str], str], tmp_path: Path
) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    kind = CASES[case]["model"]["kind"]
    assert recorded["versions"][kind] == training_version(kind)
    found = trained(case, tiny_encoder("bert"), tmp_path)
    assert found == pytest.approx(recorded["scores"][case], abs=TOLERANCE)


def test_the_cases_come_to_different_scores() -> None:
    scores = json.loads(RECORDED.read_text(encoding="utf-8"))["scores"]
    assert len({str(case) for case in scores.values()}) == len(CASES)
    assert all(len(set(case)) > 2 for case in scores.values())


if __name__ == "__main__":
    import tempfile

    from tests.conftest import make_tiny_encoder

    with tempfile.TemporaryDirectory() as made:
        encoder = make_tiny_encoder("bert", Path(made, "bert"))
        scores = {case: trained(case, encoder, Path(made, case)) for case in CASES}
    versions = {kind: training_version(kind) for kind in KINDS}
    text = json.dumps({"versions": versions, "scores": scores}, indent=1)
    RECORDED.write_text(text + "\n", encoding="utf-8")
