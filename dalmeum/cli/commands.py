"""The commands as one program, and what becomes of its mistakes."""

import errno
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer
from typer.exceptions import TyperException

from dalmeum.cli.blend import blend
from dalmeum.cli.board import board
from dalmeum.cli.check import check
from dalmeum.cli.compare import compare
from dalmeum.cli.demo import demo
from dalmeum.cli.encoder import encoder
from dalmeum.cli.evaluate import evaluate
from dalmeum.cli.export import export
from dalmeum.cli.help import HELP_OPTIONS, Command, Group, call_error, documented, help_text
from dalmeum.cli.init import init
from dalmeum.cli.near import near
from dalmeum.cli.predict import predict
from dalmeum.cli.push import push
from dalmeum.cli.reproduce import reproduce
from dalmeum.cli.runs import runs
from dalmeum.cli.score import score
from dalmeum.cli.search import search
from dalmeum.cli.serve import serve
from dalmeum.cli.study import study
from dalmeum.cli.submit import submit
from dalmeum.cli.train import train
from dalmeum.cli.tune import tune
from dalmeum.errors import DalmeumError
from dalmeum.files import output_error
from dalmeum.terminal import harmless_terminal

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=HELP_OPTIONS,
)
for command in (
    demo,
    init,
    check,
    train,
    study,
    tune,
    runs,
    board,
    blend,
    compare,
    predict,
    evaluate,
    score,
    export,
    search,
    near,
    serve,
    submit,
    reproduce,
    push,
):
    app.command(cls=Command, context_settings=HELP_OPTIONS)(command)
app.add_typer(encoder)


def show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # takes its time

        print(f"dalmeum {version('dalmeum')}")
        raise typer.Exit


@app.callback()
@documented(
    """Semantic textual similarity: train on the metric, judge with statistics.

    Exit codes: 0 done, 1 the work failed or a check found problems, 2 the input or the call is wrong.""",
    """문장 유사도: 채점 지표로 학습하고 통계로 판정합니다.

    종료 코드: 0 완료, 1 작업이 실패했거나 점검에서 문제가 나옴, 2 입력이나 호출이 잘못됨.""",
)
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=show_version,
            is_eager=True,
            help=help_text("Show the version and exit.", "버전을 보여 주고 끝냅니다."),
        ),
    ] = False,
) -> None: ...


def run() -> NoReturn:
    """Run the command that the program was called with, and exit with its code."""
    logging.getLogger("torch").setLevel(logging.ERROR)
    # Processes that share a folder of forks warn about it in the middle of a progress bar.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with harmless_terminal():
        output = sys.stdout
        try:
            try:
                code = app(standalone_mode=False)
            finally:
                if output:
                    output.flush()  # at the interpreter's end it would be too late to tell of a full disk
            sys.exit(code or 0)
        except TyperException as error:
            print(call_error(error), file=sys.stderr)
            sys.exit(error.exit_code)
        except DalmeumError as error:
            print(error, file=sys.stderr)
            sys.exit(error.exit_code)
        except OSError as error:
            _end_of_output(error, output)


def _end_of_output(error: OSError, output: TextIO) -> NoReturn:
    """A reader that has seen enough (head, less) is no news; a full disk under a redirected output is."""
    if error.errno not in {errno.EPIPE, errno.ENOSPC, errno.EDQUOT}:
        raise error
    if error.errno != errno.EPIPE:
        print(output_error(Path("standard output"), error), file=sys.stderr)
    os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
    sys.exit(1 if error.errno == errno.EPIPE else 2)
