"""A small run's page, and sentences that try to be more than text."""

from typing import Any

import numpy as np

from dalmeum.data import PairTable, Predictions
from dalmeum.data.splits import data_warnings
from dalmeum.evaluation import diagnose, evaluate_predictions
from dalmeum.languages import Text
from dalmeum.pages import RunPage

OWN = "document.documentElement.setAttribute('data-owned','yes')"
HOSTILE = (
    f"<script>{OWN}</script>",
    f"</script><script>{OWN}</script>",
    f'<img src=x onerror="{OWN}">',
    f'"><svg onload="{OWN}">',
    "<b>굵게</b> <a href='https://example.com/'>link</a> %{x} $\\alpha$ &lt;i&gt; <!-- <script>",
    "가" * 3000,
    "half \ud800 of a pair, \x00 nul, \u2028 line, \u202e turned",
    "*not* [a link](https://example.com/)\n\n# nor a heading",
)

WARNINGS = data_warnings(
    [
        PairTable(
            *(("a",),) * 4,
            label=np.array([3.0]),
            name="dev.csv",
            warnings=(Text("dev.csv: is not UTF-8", "dev.csv: UTF-8이 아닙니다"),),
        )
    ]
)
"""What a reader and a run warn of."""

HISTORY = (
    {"step": 10, "epoch": 0.5, "loss": 0.9, "train_pearson": 0.5, "train_mae": 1.2, "learning_rate": 1e-3},
    {"step": 20, "epoch": 1.0, "loss": 0.6, "train_pearson": 0.7, "train_mae": 0.9, "learning_rate": 5e-4},
    {"step": 20, "epoch": 1.0, "eval_loss": 0.7, "eval_pearson": 0.65, "eval_mae": 1.0, "eval_runtime": 3.0},
    {"step": 20, "epoch": 1.0, "train_loss": 0.75, "train_runtime": 9.0},
)


def run_page(rows: int = 40, texts: tuple[str, ...] = ("같은 문장", "다른 문장"), **values: Any) -> RunPage:
    """The page of a run on `rows` pairs whose sentences, sources and ids take turns in `texts`."""

    def turns(start: int) -> tuple[str, ...]:
        return tuple(texts[(row + start) % len(texts)] for row in range(rows))

    label = np.round(np.linspace(0, 5, rows), 1)
    table = PairTable(
        id=tuple(f"{row} {text}" for row, text in enumerate(turns(2))),
        source=turns(0),
        sentence1=turns(0),
        sentence2=turns(1),
        label=label,
    )
    predictions = label + np.sin(np.arange(rows))
    given = {"title": "a run", "split": "dev", "history": HISTORY, "warnings": WARNINGS, **values}
    evaluation = evaluate_predictions(table, Predictions(predictions), threshold=3.0, resamples=50)
    diagnosis = diagnose(table, predictions[None], train=(label, 0.9 * predictions[None]), resamples=50)
    return RunPage(table=table, predictions=predictions, evaluation=evaluation, diagnosis=diagnosis, **given)


def hostile_run_page() -> RunPage:
    """Hostile text in every place that takes text."""
    everything = " ".join(HOSTILE[:5])
    return run_page(
        texts=HOSTILE,
        title=everything,
        split=everything,
        question=everything,
        recipe="\n".join(HOSTILE),
        versions={everything: everything},
        data_hashes={everything: everything},
        warnings=HOSTILE,
    )
