"""Logs: a JSON object a line on standard error, without texts, tokens or addresses."""

import contextlib
import datetime
import json
import logging
import os
import sys
import traceback
from typing import Any

FROM_SERVER = "uvicorn"


def log(**values: Any) -> None:
    """A line; nobody fails for want of a reader of it."""
    time = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    with contextlib.suppress(OSError, ValueError):
        print(json.dumps({"time": time, **values}), file=sys.stderr, flush=True)


def told(error: BaseException) -> str:
    """What an error is and where it rose; not its message, in which there may be a text."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


class Lines(logging.Handler):
    """What libraries would write, as lines of ours: that something was said, and where; the server's own
    texts have nothing of requests in them until they are filled in.
    """

    def emit(self, record: logging.LogRecord) -> None:
        values = {"level": record.levelname.lower(), "logger": record.name}
        message = str(record.msg).strip()
        if record.name.startswith(FROM_SERVER) and "\n" not in message:  # else it is a traceback
            values["message"] = message
        else:
            values["place"] = f"{record.filename}:{record.lineno}"
        if record.exc_info and record.exc_info[1] is not None:
            values["error"] = told(record.exc_info[1])
        log(**values)


def quiet_libraries() -> None:
    """Take over what libraries say: Python's warnings, and the loggers that have handlers of their own."""
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [Lines(logging.WARNING)]
    for name in list(logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        if any(isinstance(handler, logging.StreamHandler) for handler in logger.handlers):
            logger.handlers.clear()
            logger.propagate = True
