"""Keeping the libraries' notes on their own internals from the user."""

import contextlib
import logging
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars, no 'some weights are newly initialised': that the head is new is the point."""
    from transformers.utils import logging as transformers_logging  # slow to import; offline, none is needed

    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.ERROR)
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()


@contextlib.contextmanager
def silent_libraries(*others: str) -> Iterator[None]:
    """The same, and none of their complaints either: what fails raises, and is told in a line of our own.

    So with `others`, names of loggers.
    """
    names = ("transformers", "huggingface_hub", "sentence_transformers", *others)
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    with quiet_transformers():
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
