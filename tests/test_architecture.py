"""Data flows one way: a layer imports only from those above it, and no module imports in a circle."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dalmeum"

LAYERS = (
    ("errors",),
    ("languages", "places"),
    (
        "author",
        "configuration",
        "files",
        "machine",
        "numbers",
        "own_code",
        "progress",
        "templates",
        "terminal",
    ),
    ("recipe",),
    ("korean",),
    ("data",),
    ("stats",),
    ("losses",),
    ("models",),
    ("training",),
    ("integrations",),
    ("evaluation",),
    ("comparison",),
    ("pages",),
    ("runs",),
    ("experiments",),
    ("competition",),
    ("serving",),
    ("demo", "draft"),
    ("sections",),
    ("api",),
    ("team",),
    ("cli",),
    ("__main__",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

NEVER = {
    "korean": {"torch", "transformers", "dalmeum.recipe"},
    "data": {"torch", "transformers"},
    "stats": {"torch", "transformers", "dalmeum.data"},
    "configuration": {"torch", "transformers"},
    "recipe": {"torch", "transformers"},
    "losses": {"transformers", "dalmeum.models"},
    "comparison": {"torch", "transformers", "pathlib", "dalmeum.files"},
    "pages": {"torch", "transformers"},
}
"""What a layer knows nothing of, beside the layers below it."""


def module_name(path: Path) -> str:
    parts = ("dalmeum", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(name: str, *, at_import: bool) -> set[str]:
    """Modules that `name` imports: all of them, or only those that importing it imports."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing_only = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            if at_import and (inner or typing_only):
                continue
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{name}: relative import"
                module = child.module or ""
                for alias in child.names:
                    full = f"{module}.{alias.name}"
                    found.add(full if full in MODULES else module)
            visit(child)

    visit(tree)
    return found


def layer(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("name", [name for name in MODULES if name != "dalmeum"])
def test_imports_only_layers_above(name: str) -> None:
    assert layer(name) in RANK, f"{name} is in no layer of the design"
    for imported in imports(name, at_import=False):
        if imported.startswith("dalmeum."):
            assert RANK[layer(imported)] <= RANK[layer(name)], f"{name} imports {imported}"
            same_rank = RANK[layer(imported)] == RANK[layer(name)]
            assert not same_rank or layer(imported) == layer(name), f"{name} imports {imported}"
        for unknown in NEVER.get(layer(name), ()):
            assert imported != unknown, f"{name} imports {imported}"
            assert not imported.startswith(f"{unknown}."), f"{name} imports {imported}"


def test_no_module_imports_the_public_face() -> None:
    """Which knows all layers: whoever imports it imports upward."""
    found = [name for name in MODULES if name != "dalmeum" and "dalmeum" in imports(name, at_import=False)]
    assert found == []


def test_no_import_cycle() -> None:
    graph = {
        name: {module for module in imports(name, at_import=True) if module in MODULES and module != name}
        for name in MODULES
    }
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for imported in sorted(graph[name]):
                walk(imported, (*path, name))
            done.add(name)

    for name in graph:
        walk(name, ())


HELP = """
import contextlib, dalmeum.cli
sys.argv[1:] = ["--help"]
with contextlib.suppress(SystemExit):
    dalmeum.cli.main()
"""


@pytest.mark.parametrize("call", ["import dalmeum", HELP])
def test_heavy_imports_wait_until_they_are_used(call: str) -> None:
    heavy = ("torch", "transformers", "kiwipiepy", "plotly", "pyarrow", "scipy", "datasets")
    program = f"import sys\n{call}\nprint([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"
