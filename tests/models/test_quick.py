"""Cross-encoders scored without transformers answer what they answer with it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dalmeum.models.golden import Golden, may_be_quick
from dalmeum.models.kinds import load_scorer
from dalmeum.models.pretrained import GOLDEN
from dalmeum.models.quick import QuickNetwork, quick_parts
from dalmeum.models.scorer import PairScorer
from tests.models.test_golden import made, of_version

Tiny = Callable[[str], str]
PAIRS = [
    ("비가 온다.", "It's raining cats and dogs."),
    ("", "a"),
    ("long " * 300, "short"),
    ("a b c", "a b d"),
]


def is_quick(scorer: PairScorer) -> bool:
    network: Any = scorer.model
    return isinstance(network, QuickNetwork)


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "xlm-roberta", "camembert"])
@pytest.mark.parametrize("swap", [False, True])
def test_the_same_scores(tiny_encoder: Tiny, tmp_path: Path, kind: str, swap: bool) -> None:
    scorer = made(tiny_encoder(kind), swap=swap)
    scorer.save(tmp_path)
    found = Golden.read(tmp_path)
    assert found is not None
    assert found.quick
    usual = load_scorer(tmp_path, "float32", quick=True)  # not asked its golden scores yet
    assert not is_quick(usual)
    quick = load_scorer(tmp_path, "float32", quick=True)
    assert is_quick(quick)
    np.testing.assert_allclose(quick.score(PAIRS), usual.score(PAIRS), atol=1e-5)
    assert not is_quick(load_scorer(tmp_path))


def test_both_tasks(tiny_encoder: Tiny, tmp_path: Path) -> None:
    scorer = made(tiny_encoder("bert"), binary=True)
    scorer.save(tmp_path)
    usual, quick = (load_scorer(tmp_path, "float32", quick=True) for _ in range(2))
    assert quick.has_binary
    one, two = zip(*PAIRS, strict=True)
    np.testing.assert_allclose(quick.logits_of(one, two), usual.logits_of(one, two), atol=1e-5)


def test_not_where_a_version_or_a_file_is_another(tiny_encoder: Tiny, tmp_path: Path) -> None:
    made(tiny_encoder("bert")).save(tmp_path)
    load_scorer(tmp_path)
    assert may_be_quick(tmp_path)
    os.utime(tmp_path / "tokenizer.json")
    assert not may_be_quick(tmp_path)
    load_scorer(tmp_path)
    assert may_be_quick(tmp_path)
    of_version(tmp_path, "4.0", moved=0.5)
    assert not may_be_quick(tmp_path)
    load_scorer(tmp_path)  # which tells that scores moved, each time
    assert not may_be_quick(tmp_path)
    (tmp_path / GOLDEN).unlink()
    assert not may_be_quick(tmp_path)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"model_type": "deberta"}),
        ("config.json", {"dalmeum": None}),
        ("tokenizer.json", None),
    ],
)
def test_of_other_models_there_are_no_quick_ones(
    tiny_encoder: Tiny, tmp_path: Path, name: str, changes: dict[str, object] | None
) -> None:
    made(tiny_encoder("bert")).save(tmp_path)
    assert quick_parts(tmp_path) is not None
    path = tmp_path / name
    if changes is None:
        path.unlink()
    else:
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    assert quick_parts(tmp_path) is None


def test_one_that_answers_otherwise_is_not_taken(
    tiny_encoder: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = QuickNetwork.forward

    def wrong(self: QuickNetwork, **features: Any) -> Any:
        answer = forward(self, **features)
        answer.logits += 2e-4
        return answer

    monkeypatch.setattr(QuickNetwork, "forward", wrong)
    made(tiny_encoder("bert")).save(tmp_path)
    found = Golden.read(tmp_path)
    assert found is not None
    assert not found.quick


HEAVY = (
    "transformers",
    "accelerate",
    "scipy.optimize",
    "sklearn",
    "pandas",
    "pyarrow",
    "plotly",
    "datasets",
    "sentence_transformers",
    "jinja2",
    "sympy",
    "torch._dynamo",
    "torch.distributed.tensor",
)
"""What scoring two sentences has no use for."""

PROGRAM = """
import contextlib, sys, dalmeum.cli
sys.argv[1:] = ["score", sys.argv[1], "A cat sleeps.", "A cat is asleep."]
with contextlib.suppress(SystemExit):
    dalmeum.cli.main()
print([name for name in {heavy} if name in sys.modules])
"""


@pytest.mark.parametrize("kind", ["cross", "offline"])
def test_scoring_two_sentences_imports_nothing_heavy(tiny_encoder: Tiny, tmp_path: Path, kind: str) -> None:
    scorer = made(tiny_encoder("bert")) if kind == "cross" else made(None, kind="offline")
    scorer.save(tmp_path)
    expected = load_scorer(tmp_path, "float32").score([("A cat sleeps.", "A cat is asleep.")])[0]
    program = PROGRAM.format(heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"{expected:.4f}", "[]"]
