"""A run in a few lines, for a terminal and for a notebook, in the terminal's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from dalmeum.languages import Text
from dalmeum.pages.scores import Json, metrics_lines, split_title, written_score
from dalmeum.templates import environment
from dalmeum.terminal import terminal_width, wrapped

STATES = {
    "finished": Text("finished", "완료"),
    "running": Text("running", "학습 중"),
    "lost": Text("cut off", "중단됨"),
    "failed": Text("failed", "실패"),
}


@dataclass(frozen=True)
class RunSummary:
    """What is told of a run: `metrics` by split, as in `metrics.json`; `page` is its own, if it has one;
    `out_of_fold` as in its record.
    """

    id: str
    state: str
    question: str | None
    metrics: Mapping[str, Json]
    folder: str
    page: str | None
    out_of_fold: bool = False


def run_lines(run: RunSummary) -> list[str]:
    lines = [f"{Text('run', '실행')} {run.id}: {STATES.get(run.state, run.state)}"]
    lines += wrapped(run.question, terminal_width()) if run.question else []
    for split, metrics in run.metrics.items():
        lines += ["", *metrics_lines(metrics, split_title(split, run.out_of_fold))]
    lines += ["", f"{Text('folder', '폴더')}  {run.folder}"]
    return [*lines, f"{Text('page', '페이지')}  {run.page}"] if run.page else lines


def run_html(run: RunSummary) -> str:
    template = environment(__package__).get_template("run_summary.html")
    scores = {
        split_title(split, run.out_of_fold): list(map(written_score, metrics.values()))
        for split, metrics in run.metrics.items()
    }
    return template.render(run=run, state=STATES.get(run.state, run.state), scores=scores)
