"""Code of the user's own, which a recipe names as `module:name`: found, and told apart by its source."""

import difflib
import functools
import hashlib
import importlib
import inspect
import re
import sys
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
    _source(module_name)
    _source(_home(found))
    return found


def source_hash(key: str, value: object) -> str | None:
    """Hash of the source that own code runs from: of the module that is named, and of the one where the
    function, or an object's class, is defined.

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
    for module in dict.fromkeys([name.partition(":")[0], _home(value)]):
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
