"""The notebooks beside these scripts, made from them: `make notebooks`. A test holds that they are the same.

In a script a line `# %%` starts a cell of code and `# %% [markdown]` one of text, as Jupytext has it.
"""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCRIPTS = sorted(path for path in HERE.glob("*.py") if path != Path(__file__))

INSTALL = """\
# On Colab and Kaggle upload a wheel of dalmeum first: `pip wheel --no-deps -w dist .` in a checkout makes it.
%pip install --quiet dalmeum-*.whl pandas
"""


def notebook(script: str) -> dict[str, Any]:
    """The notebook of a script, in format 4.5."""
    cells = [cell(number, *part) for number, part in enumerate(parts(script))]
    cells.insert(1, cell(len(cells), "code", INSTALL))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def parts(script: str) -> list[tuple[str, str]]:
    """Kind and text of each cell."""
    found: list[tuple[str, list[str]]] = []
    for line in script.splitlines():
        if line.startswith("# %%"):
            found.append(("markdown" if "[markdown]" in line else "code", []))
        else:
            found[-1][1].append(line)
    return [(kind, told(lines) if kind == "markdown" else "\n".join(lines).strip()) for kind, lines in found]


def told(lines: list[str]) -> str:
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines).strip()


def cell(number: int, kind: str, text: str) -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    return {**made, "source": text.strip().splitlines(keepends=True)}


def main() -> None:
    for path in SCRIPTS:
        text = json.dumps(notebook(path.read_text(encoding="utf-8")), ensure_ascii=False, indent=1)
        path.with_suffix(".ipynb").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
