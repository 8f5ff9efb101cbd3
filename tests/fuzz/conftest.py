"""What the fuzzing tests start from, made once; and their seed, printed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dalmeum.recipe import build_recipe
from tests.conftest import draw_pairs
from tests.fuzz.mutations import EXAMPLES, SEED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    repeat = f"DALMEUM_FUZZ={EXAMPLES} DALMEUM_FUZZ_SEED={SEED}"
    terminalreporter.write_line(f"fuzzing: {repeat} python -m pytest -m slow tests/fuzz")


@pytest.fixture(scope="session")
def pairs_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight labelled pairs."""
    rows = [
        f"{index},news,{first},{second},{label:.1f},{int(label >= 2.5)}"
        for index, (first, second, label) in enumerate(draw_pairs(8))
    ]
    path = tmp_path_factory.mktemp("pairs") / "pairs.csv"
    head = "id,source,sentence_1,sentence_2,label,binary-label"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def _trained(output: Path, pairs: Path, kind: str, encoder: str | None) -> Path:
    from dalmeum.experiments.train import train

    model = {"kind": kind} if encoder is None else {"kind": kind, "encoder": encoder, "max_length": 16}
    values = {
        "data": {"train": str(pairs), "dev": str(pairs)},
        "model": model,
        "training": {"max_steps": 2, "effective_batch_size": 4},
        "output": str(output),
    }
    return train(build_recipe(values, "fuzz")).folder


@pytest.fixture(scope="session")
def offline_run(tmp_path_factory: pytest.TempPathFactory, pairs_csv: Path) -> Path:
    """A finished run of the offline encoder."""
    return _trained(tmp_path_factory.mktemp("offline"), pairs_csv, "offline", None)


@pytest.fixture(scope="session")
def cross_model(
    tmp_path_factory: pytest.TempPathFactory, pairs_csv: Path, tiny_encoder: Callable[[str], str]
) -> Path:
    """The model folder of a cross-encoder, alone."""
    run = _trained(tmp_path_factory.mktemp("cross"), pairs_csv, "cross", tiny_encoder("bert"))
    return Path(shutil.copytree(run / "model", tmp_path_factory.mktemp("model") / "model"))
