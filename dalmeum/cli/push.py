"""dalmeum push: runs into MLflow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, OutputOption
from dalmeum.cli.output import print_json
from dalmeum.errors import one_line
from dalmeum.languages import Text, counted

if TYPE_CHECKING:
    from dalmeum.competition.push import Pushed

PLACE = Text("{place}, experiment {experiment}", "{place}, 실험 {experiment}")
NEW, UPDATED = (
    Text("{runs} new", "새로 올린 실행 {count:,}개"),
    Text("{runs} updated", "갱신한 실행 {count:,}개"),
)
UNCHANGED = Text("{runs} there already", "이미 있는 실행 {count:,}개")
RUNNING = Text("{runs} still running, left for later", "아직 학습 중이라 남겨 둔 실행 {count:,}개")
DAMAGED = Text("{runs} damaged, left out", "손상되어 제외한 실행 {count:,}개")


@documented(
    """Show runs in MLflow: recipe, scores with intervals, curves, predictions, report and verdict.

    Each stands there once, however often and by whomever it is pushed. The server is that of
    MLFLOW_TRACKING_URI, else ./mlflow.db, which mlflow ui shows; the experiment is dalmeum, or
    MLFLOW_EXPERIMENT_NAME.""",
    """실행을 MLflow에 올립니다: 레시피, 구간이 붙은 점수, 곡선, 예측, 보고서, 판정.

    누가 몇 번을 올려도 실행마다 하나씩만 있습니다. 올릴 곳은 MLFLOW_TRACKING_URI의 서버(없으면 mlflow ui로
    보는 ./mlflow.db)이고, 실험 이름은 dalmeum 또는 MLFLOW_EXPERIMENT_NAME입니다.""",
)
def push(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help=help_text(
                "Ids under --output, latest, or folders; without, all runs there.",
                "--output 아래의 id, latest, 또는 폴더. 주지 않으면 그곳의 모든 실행.",
            ),
        ),
    ] = None,
    output: OutputOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    from dalmeum.competition.push import push as push_runs

    pushed = push_runs(runs or [], output)
    if json:
        print_json(pushed.to_dict())
    else:
        print("\n".join(one_line(str(line)) for line in _told(pushed)))


def _told(pushed: "Pushed") -> list[Text]:
    """How many were new, changed and there already, and of the others as far as there are any."""
    always = {NEW: pushed.new, UPDATED: pushed.updated, UNCHANGED: pushed.unchanged}
    others = {RUNNING: pushed.still_running, DAMAGED: pushed.damaged}
    counts = [(text, len(those)) for text, those in always.items()]
    counts += [(text, len(those)) for text, those in others.items() if those]
    told = [text.format(runs=counted(count, "run"), count=count) for text, count in counts]
    return [PLACE.format(place=pushed.place, experiment=pushed.place.experiment), *told]
