"""The examples run, and their notebooks are what is made of them."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(path for path in EXAMPLES.glob("*.py") if path.name != "make_notebooks.py")


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_notebooks", EXAMPLES / "make_notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_notebook_is_made_from_the_script(script: Path, maker: ModuleType) -> None:
    made = json.loads(script.with_suffix(".ipynb").read_text(encoding="utf-8"))
    assert made == maker.notebook(script.read_text(encoding="utf-8")), "run make notebooks"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("compare_predictions", ["baseline", "kendall on test: 500 pairs", "better"]),
        ("train_on_a_frame", ["pearson", "Estimate(value="]),
        pytest.param(
            "judge_a_loss",
            ["Does a loss that looks at the middle", "2 seeds", "middle"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_notebook_s_code_runs(name: str, says: list[str], tmp_path: Path, maker: ModuleType) -> None:
    """As a notebook runs it: cell after cell in one process, but for the line that installs."""
    notebook = json.loads((EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells[0].strip() == maker.INSTALL.strip()
    code = "\n\n".join(cells[1:])
    assert (
        code.split()
        == "\n\n".join(
            text
            for kind, text in maker.parts((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"))
            if kind == "code"
        ).split()
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "DALMEUM_LANG": "en"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    for words in says:
        assert words in " ".join(done.stdout.split())
