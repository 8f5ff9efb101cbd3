"""Code of the user's own, which a recipe names as `module:name`: found, and told apart by its source."""

import ast
import contextlib
import difflib
import functools
import hashlib
import importlib
import importlib.util
import inspect
import os
import re
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

from dalmeum.errors import InputError

OWN_NAME = re.compile(r"[\w.]+:\S+")
"""How a recipe names own code."""

_SEEN: dict[str, tuple[object, str]] = {}
"""By module: the spec that it was imported by, another one after a reload, and its source when first seen."""


def is_own(name: object) -> bool:
    """Whether what a recipe names is own code: `module:name`, or in Python the thing itself."""
    return not isinstance(name, str) or ":" in name


def written(value: object) -> str:
    """The `module:name` of own code; of an object without a name that of its class."""
    if isinstance(value, str):
        return value
    named: Any = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}:{named.__qualname__}"


def takes(function: Callable[..., Any], argument: str) -> bool:
    """Whether the function's signature names an argument; False where it shows none."""
    try:
        return argument in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def find(key: str, name: str) -> Any:
    """What `module:name` names, on the Python path as it is: the current folder is not added.

    Raises `InputError`, beginning with the recipe's `key`, where there is none.
    """
    module_name, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _no_import(key, module_name, error) from error
        raise InputError(
            f"{key}: there is no module {error.name}: install it, or put its folder on PYTHONPATH"
        ) from None
    # Whatever its first lines do, they are the user's to mend.
    except (Exception, SystemExit) as error:
        raise _no_import(key, module_name, error) from error
    for part in path.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, dir(found), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(f"{key}: module {module_name} has no {path}{hint}")
        found = getattr(found, part)
    for module in _with_imports(module_name, _home(found)):
        _source(module)
    return found


def source_hash(key: str, value: object) -> str | None:
    """Hash of the source that own code runs from: of the module that is named, of the one where the function,
    or an object's class, is defined, and of all that these import from beside them.

    None where a source can't be read or was changed after its import, so that other code runs than stands
    there; and for an object that its written name does not lead back to: a lambda, a function inside another,
    or what stands in the program itself (`__main__`), another one next time.

    Raises `InputError` as `find`.
    """
    name = written(value)
    if isinstance(value, str):
        value = find(key, value)
    elif not leads_back(name, value):
        return None
    digest = hashlib.sha256()
    for module in _with_imports(name.partition(":")[0], _home(value)):
        source = _source(module)
        if source is None:
            return None
        digest.update(source.encode())
    return digest.hexdigest()


def leads_back(name: str, value: object) -> bool:
    """Whether another process finds the same thing by its written name."""
    if name.startswith("__main__:"):
        return False
    try:
        return find("", name) is value
    except InputError:
        return False


def _no_import(key: str, module: str, error: BaseException) -> InputError:
    reason = " ".join(str(error).split())
    return InputError(f"{key}: module {module} can't be imported: {type(error).__name__}: {reason}")


def _home(found: Any) -> str:
    """The module where a function is defined, or an object's class."""
    while isinstance(found, functools.partial):
        found = found.func
    return getattr(found, "__module__", None) or ""


def _with_imports(*names: str) -> list[str]:
    """Modules, and those that they import from their own package or folder, and these again."""
    found = list(dict.fromkeys(names))
    for name in found:  # which grows
        module = sys.modules.get(name)
        place = _place(name)
        if place is None:
            continue
        with contextlib.suppress(OSError, TypeError, SyntaxError):
            tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type] # None is a TypeError
            imported = sorted(_imported(tree, getattr(module, "__package__", None) or ""))
            found += [each for each in imported if each not in found and _place(each) == place]
    return found


def _imported(tree: ast.AST, package: str) -> set[str]:
    """The modules that a source imports, of those that are loaded."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            with contextlib.suppress(ImportError):  # leads out of its package
                base = importlib.util.resolve_name(base, package) if node.level else base
                names.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
    return names & sys.modules.keys()


def _place(module_name: str) -> str | None:
    """Where a module's own neighbours are: its package, or of a single file its folder.

    None for a single file that was installed: all packages lie beside it.
    """
    top, _, inner = module_name.partition(".")
    module = sys.modules.get(top)
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return None
    if inner or hasattr(module, "__path__"):
        return top
    folder = os.path.dirname(os.path.realpath(file))
    installed = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
    return None if folder in installed else folder


def _source(module_name: str) -> str | None:
    """A module's source; None where it can't be read, or is another than when the module was first seen."""
    module = sys.modules.get(module_name)
    try:
        source = inspect.getsource(module)  # type: ignore[arg-type] # None is a TypeError
    except (OSError, TypeError):
        return None
    spec = getattr(module, "__spec__", None)
    if module_name not in _SEEN or _SEEN[module_name][0] is not spec:
        _SEEN[module_name] = spec, source
    return source if source == _SEEN[module_name][1] else None
