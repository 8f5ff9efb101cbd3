"""Code of the user's own, which a recipe names as `module:name`: found, and told apart by its source."""

import difflib
import hashlib
import importlib
import inspect
import re
import sys
from typing import Any

from dalmeum.errors import InputError

OWN_NAME = re.compile(r"[\w.]+:\S+")
"""How a recipe names own code."""


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
    return found


def source_hash(key: str, value: object) -> str | None:
    """Hash of the source of the module that own code stands in.

    None where that can't be read, and for an object that its written name does not lead back to: a lambda, a
    function inside another, or what stands in the program itself (`__main__`), another one next time.

    Raises `InputError` as `find`.
    """
    name = written(value)
    module_name = name.partition(":")[0]
    if isinstance(value, str):
        find(key, value)
    elif not leads_back(name, value):
        return None
    try:
        source = inspect.getsource(sys.modules[module_name])
    except (OSError, TypeError):
        return None
    return hashlib.sha256(source.encode()).hexdigest()


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
