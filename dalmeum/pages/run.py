"""The page of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable
from dalmeum.evaluation import Diagnosis, Evaluation, label_bins, residual_spread, worst_pairs
from dalmeum.languages import Shown, Text, shorten
from dalmeum.numbers import NONE, count, has_interval, interval, number
from dalmeum.pages.diagnosis import diagnosis_values
from dalmeum.pages.diagnosis_plots import scale_figure, shares_figure
from dalmeum.pages.document import Page, render, write_page
from dalmeum.pages.plots import Figure
from dalmeum.pages.run_plots import (
    MOST_POINTS,
    MOST_SOURCES,
    WORST_PAIRS,
    largest_sources,
    learning_curves,
    members_of,
    residual_boxes,
    scatter,
    shown_rows,
)
from dalmeum.pages.scores import LABEL, SOURCE, metric_title, slices_table

FIRST_WORST = 10
"""Of the worst pairs; the others are there to unfold."""

CAPTIONS = {
    "curve-pearson": Text("Pearson r", "피어슨 상관"),
    "curve-loss": Text("Loss", "손실"),
    "curve-mae": Text("Mean absolute error", "평균 절대 오차"),
}
OF_MEMBER = Text.same("{caption}, {member}")
OUT_OF_FOLD = Text("the training pairs, out of {folds} folds", "학습 데이터(폴드 {folds}개, 폴드 밖 예측)")
ANSWER = Text(
    "Pearson {pearson}{interval} on {split}, {pairs} pairs{overfitting}.",
    "{split} 문장쌍 {pairs}개에서 피어슨 {pearson}{interval}{overfitting}.",
)
NO_ANSWER = Text(
    "No Pearson on {split}, {pairs} pairs: the labels or the predictions do not vary.",
    "{split} 문장쌍 {pairs}개에서는 레이블이나 예측이 모두 같아 피어슨을 구할 수 없습니다.",
)
INTERVAL = Text(" (95\u00a0% {bounds})", "(95\u00a0% 구간 {bounds})")
OVERFITTED = Text(
    "; it is {gap} higher on the training pairs: overfitting", ", 학습 문장쌍에서는 {gap} 더 높음(과적합)"
)
NOT_OVERFITTED = Text("; no overfitting shows", ", 과적합은 보이지 않음")


@dataclass(frozen=True, eq=False)
class RunPage:
    """What the page of a run is made of: plain values, all of them shown as text and none trusted.

    Attributes:
        title: the run's id or name.
        split: name of the split that `table`, `predictions` and `evaluation` belong to.
        table: labelled pairs.
        predictions: (n,) on the label scale.
        diagnosis: of the same predictions; None where there is nothing to diagnose.
        question: what the run is to answer, in the words of its recipe.
        recipe: the complete recipe as YAML.
        versions, data_hashes: name to text.
        history: log entries as `TrainerState.log_history` has them: `step` and `epoch` with some of `loss`,
            `train_pearson`, `train_mae`, `eval_loss`, `eval_pearson`, `eval_mae`; of an ensemble under
            `NAME.KEY`, each member's by its own steps.
        flattered: by how much the choice of the checkpoint on this split makes Pearson too high; None where
            there was no choice.
        out_of_folds: of how many folds each pair was predicted by models that did not learn from its own; 0
            where the split is none that was trained on.
        warnings: one line each, shown below the scores.
    """

    title: str
    split: str
    table: PairTable
    predictions: NDArray[np.float64]
    evaluation: Evaluation
    diagnosis: Diagnosis | None = None
    question: str | None = None
    recipe: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    data_hashes: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()
    flattered: float | None = None
    out_of_folds: int = 0
    warnings: Sequence[Shown] = ()


def write_run(path: Path, content: RunPage, *, assets: Path, self_contained: bool = False) -> None:
    """Write the page of a run (see `write_page`)."""
    write_page(path, _page(content), assets=assets, self_contained=self_contained)


def render_run(content: RunPage, plotly: str = "") -> str:
    """The page of a run as HTML (see `render`)."""
    return render(_page(content), plotly)


def answer(content: RunPage) -> Text:
    """What came out, in one sentence."""
    score = content.evaluation.metrics.pearson
    split: Shown = content.split
    if content.out_of_folds:
        split = OUT_OF_FOLD.format(folds=content.out_of_folds)
    values: dict[str, Any] = {"split": split, "pairs": count(len(content.table))}
    if number(score.value) == NONE:
        return NO_ANSWER.format(**values)
    values |= {"pearson": number(score.value, 4), "interval": "", "overfitting": ""}
    if has_interval(score):
        values["interval"] = INTERVAL.format(bounds=interval(score, 4))
    if found := content.diagnosis and content.diagnosis.overfitting:
        said = OVERFITTED if found.found else NOT_OVERFITTED
        values["overfitting"] = said.format(gap=number(found.gap.value, 4))
    return ANSWER.format(**values)


def figures(content: RunPage) -> dict[str, Figure]:
    """Every figure that the content allows, by the id of its place in the page."""
    label, predictions, diagnosis = content.table.label, content.predictions, content.diagnosis
    assert label is not None
    rows = shown_rows(content.table, predictions)
    label_range = content.evaluation.label_range
    by_label = residual_spread(predictions - label, label_bins(label, label_range))
    by_source = residual_spread(predictions - label, largest_sources(content.table.source))
    diagnosed = (
        {}
        if diagnosis is None
        else {
            "diagnosis-scale": scale_figure(label, predictions, rows),
            "diagnosis-shares": shares_figure(diagnosis),
        }
    )
    curves = [learning_curves(content.history, member) for member in members_of(content.history)]
    return {
        **{name: figure for of_one in curves for name, figure in of_one.items()},
        **diagnosed,
        "scatter": scatter(content.table, predictions, rows, label_range),
        "residuals-label": residual_boxes(by_label, upright=True),
        "residuals-source": residual_boxes(by_source, upright=False),
    }


def _captions(drawn: Mapping[str, Figure], members: Sequence[str]) -> dict[str, Text]:
    """What the learning curves are called, by the id of their places; of an ensemble each member's."""
    captions: dict[str, Text] = {}
    for member in members:
        for name, caption in CAPTIONS.items():
            own = OF_MEMBER.format(caption=caption, member=member)
            captions |= {f"{name}-{member}": own} if member else {name: caption}
    return {name: caption for name, caption in captions.items() if name in drawn}


def _page(content: RunPage) -> Page:
    evaluation, drawn = content.evaluation, figures(content)
    rows, sources = len(content.table), len(evaluation.by_source)
    values = {
        "name": content.title,
        "question": content.question,
        "answer": answer(content),
        "split": content.split,
        "pairs": rows,
        "scores": [(metric_title(name), score) for name, score in evaluation.metrics.by_name.items()],
        "groups": evaluation.groups,
        "threshold": evaluation.threshold,
        "flattered": None if content.flattered is None else number(max(content.flattered, 0.0), 4),
        "folds": content.out_of_folds,
        "warnings": [shorten(each) for each in content.warnings],
        "curves": _captions(drawn, members_of(content.history)),
        "worst": worst_pairs(content.table, content.predictions, WORST_PAIRS),
        "first_worst": FIRST_WORST,
        "sampled": MOST_POINTS if rows > MOST_POINTS else 0,
        "sources": sources,
        "largest_sources": MOST_SOURCES if sources > MOST_SOURCES else 0,
        "by_label": slices_table(evaluation.by_label, LABEL),
        "by_source": slices_table(evaluation.by_source, SOURCE),
        "recipe": content.recipe,
        "data": content.data_hashes,
        "versions": content.versions,
        **diagnosis_values(content.diagnosis),
    }
    return Page(content.title, "run.html", values, drawn)
