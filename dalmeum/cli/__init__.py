"""The command line: one thin file a command. Heavy imports wait inside the commands."""

import errno
import logging
import os
import sys
from pathlib import Path

import typer

from dalmeum.cli.check import check
from dalmeum.cli.compare import compare
from dalmeum.cli.demo import demo
from dalmeum.cli.evaluate import evaluate
from dalmeum.cli.help import Command, Group, documented
from dalmeum.cli.init import init
from dalmeum.cli.predict import predict
from dalmeum.cli.study import study
from dalmeum.cli.train import train
from dalmeum.errors import DalmeumError
from dalmeum.files import output_error

INTERRUPTED = 130
"""The exit code that Typer, as shells do, gives a program that Ctrl-C ended."""

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (demo, init, check, train, study, compare, predict, evaluate):
    app.command(cls=Command)(command)


@app.callback()
@documented(
    """Semantic textual similarity: train on the metric, judge with statistics.

    Exit codes: 0 done, 1 the work failed or a check found problems, 2 the input or the call is wrong.""",
    """문장 유사도: 채점 지표로 학습하고 통계로 판정합니다.

    종료 코드: 0 완료, 1 작업이 실패했거나 점검에서 문제가 나옴, 2 입력이나 호출이 잘못됨.""",
)
def options() -> None: ...


def main() -> None:
    """Run a command; a user's own mistake ends in its line and exit code, never in a traceback."""
    logging.getLogger("torch").setLevel(logging.ERROR)
    # Processes that share a folder of forks warn about it in the middle of a progress bar.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        try:
            app()
        finally:
            if sys.stdout:
                sys.stdout.flush()  # at the interpreter's end it would be too late to tell of a full disk
    except DalmeumError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            print("interrupted; a training run goes on with --resume", file=sys.stderr)
        raise
    except OSError as error:
        if error.errno not in {errno.EPIPE, errno.ENOSPC, errno.EDQUOT}:
            raise
        # A reader that has seen enough (head, less) is no news; a full disk under a redirected output is.
        if error.errno != errno.EPIPE:
            print(output_error(Path("standard output"), error), file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1 if error.errno == errno.EPIPE else 2)
