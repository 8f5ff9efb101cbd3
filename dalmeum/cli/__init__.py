"""The command line: one thin file a command. Heavy imports wait inside the commands."""

import logging
import os
import sys

import typer

from dalmeum.cli.check import check
from dalmeum.cli.demo import demo
from dalmeum.cli.evaluate import evaluate
from dalmeum.cli.predict import predict
from dalmeum.cli.train import train
from dalmeum.errors import DalmeumError

app = typer.Typer(
    help="Semantic textual similarity: train on the metric, judge with statistics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (demo, check, train, predict, evaluate):
    app.command()(command)


@app.callback()
def options() -> None:
    """Exit codes: 0 done, 1 the work failed or a check found problems, 2 the input or the call is wrong."""


def main() -> None:
    """Run a command; a user's own mistake ends in its line and exit code, never in a traceback."""
    logging.getLogger("torch").setLevel(logging.ERROR)
    # Processes that share a folder of forks warn about it in the middle of a progress bar.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        app()
    except DalmeumError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted; a training run goes on with --resume", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
