"""`python -m dalmeum`, and what `torchrun -m dalmeum train ...` starts in each process."""

import os
import sys

from dalmeum.cli import main

try:
    main()
except SystemExit as stop:
    if "RANK" not in os.environ:
        raise
    # One of torchrun's processes: at the ordinary end gloo's threads and the interpreter can wait for each
    # other for ever. All is written by now.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(stop.code if isinstance(stop.code, int) else int(stop.code is not None))
