"""Data sets of the Hugging Face hub, and local folders in the same layout."""

from urllib.parse import parse_qsl

from dalmeum.data.readers.frame import Frame
from dalmeum.data.readers.problems import Problems, did_you_mean, quoted
from dalmeum.data.readers.records import arrow_frame
from dalmeum.errors import InputError, MissingExtraError

PREFIX = "hub:"

_OPTIONS = ("config", "split", "revision")


def read_hub(source: str, problems: Problems) -> Frame:
    """`hub:klue/klue?config=sts&split=validation`; a folder may stand in place of the id.

    Code that a data set brings along is never run (`datasets` 4 and later can't).
    """
    name, options = _parse(source)
    try:
        import datasets
    except ImportError:
        raise MissingExtraError("datasets", "hub") from None
    try:
        found = datasets.load_dataset(
            name, options.get("config"), split=options.get("split"), revision=options.get("revision")
        )
    # load_dataset fails with whatever its file systems, network and builders raise, and all of it is about
    # what the user named.
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"{source}: can't be loaded: {reason or type(error).__name__}") from error
    if isinstance(found, datasets.DatasetDict):
        if len(found) > 1:
            joiner = "&" if options else "?"
            raise InputError(f"{source}: add {joiner}split= with one of its splits: {', '.join(found)}")
        found = next(iter(found.values()))
    return arrow_frame(found.with_format("arrow")[:], problems)


def _parse(source: str) -> tuple[str, dict[str, str]]:
    name, _, query = source.removeprefix(PREFIX).partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    for option in options:
        if option not in _OPTIONS:
            hint = did_you_mean(option, _OPTIONS) or f"; choose from {', '.join(_OPTIONS)}"
            raise InputError(f"{source}: unknown option {quoted(option)}{hint}")
    if not name:
        raise InputError(f"{source}: names no data set; write {PREFIX}owner/name?config=...&split=...")
    return name, options
