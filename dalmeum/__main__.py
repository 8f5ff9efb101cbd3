"""`python -m dalmeum`, and what `torchrun -m dalmeum train ...` starts in each process."""

import os
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

from dalmeum.cli import main


def main_of_several() -> NoReturn:
    """`main` in one of torchrun's processes, which must end whatever happened to the others.

    At the ordinary end gloo's threads and the interpreter can wait for each other for ever. All is written
    by then.
    """
    signal.signal(signal.SIGTERM, _terminated)
    # DDP looks for unused weights, which some encoders have, and else warns in each process of the time lost.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    code: int | str | None = 1
    try:
        main()
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """torchrun ends the others so when one process is lost, and all when it is itself told to end."""
    # Not print: the signal may have come in the middle of one.
    os.write(sys.stderr.fileno(), b"terminated; a training run goes on with --resume\n")
    os._exit(128 + number)


if "RANK" in os.environ:
    main_of_several()
main()
