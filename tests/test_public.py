"""`import dalmeum`, as a stranger uses it: frames and arrays in, runs and findings out."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow
import pytest

import dalmeum
from dalmeum.errors import InputError, RecipeError
from dalmeum.runs import folder as run_folder
from dalmeum.stats import METRICS, Metric

from .conftest import draw_pairs

PACKAGE = Path(dalmeum.__file__).parent


def frame(count: int, seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame(draw_pairs(count, seed), columns=["sentence1", "sentence2", "score"])


def test_every_public_name_is_there_and_none_hides_a_module() -> None:
    modules = {path.stem for path in PACKAGE.iterdir()}
    for name in dalmeum.__all__:
        assert getattr(dalmeum, name).__name__.split(".")[-1] == name
        assert name not in modules
    assert set(dalmeum.__all__) <= set(dir(dalmeum))
    assert dalmeum.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = dalmeum.nothing


def test_arrays_are_compared_without_torch_or_a_folder(tmp_path: Path) -> None:
    program = """
import sys, numpy, dalmeum
labels = numpy.tile([0, 1, 2.5, 4, 5], 20)
noise = numpy.random.default_rng(0).normal(0, 1, (2, 3, 100))
arms = dalmeum.Arms(labels, {"baseline": labels + noise[0], "arm": labels + 0.1 * noise[1]}, seeds=[1, 2, 3])
print(dalmeum.compare(arms))
print([name for name in ("torch", "transformers", "plotly") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "pearson on test: 100 pairs, 3 seeds; smallest effect that matters 0.005"
    assert lines[4].split()[0] == "arm"
    assert lines[4].endswith("better")
    assert lines[-1] == "[]"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda table: table,
        lambda table: pyarrow.table(table),
        lambda table: datasets.Dataset.from_pandas(table),
        lambda table: list(table.itertuples(index=False, name=None)),
        lambda table: table.to_dict("records"),
        lambda table: table.to_dict("list"),
    ],
    ids=["pandas", "arrow", "dataset", "tuples", "records", "columns"],
)
def test_data_may_be_any_frame_or_list(make: Callable[[pd.DataFrame], Any]) -> None:
    table = frame(5)
    read = dalmeum.read_pairs(make(table))
    assert read.sentence1 == tuple(table["sentence1"])
    assert read.label is not None
    assert read.label.tolist() == table["score"].tolist()
    assert read.id == ("1", "2", "3", "4", "5")


def test_a_shuffled_data_set_comes_in_its_order() -> None:
    dataset = datasets.Dataset.from_pandas(frame(20)).shuffle(seed=1).select(range(7))
    assert list(dalmeum.read_pairs(dataset).sentence1) == dataset["sentence1"][:]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (3, "a int holds no pairs"),
        ([("one",)], r"holds \(sentence1, sentence2\), or"),
        ([("one", "two"), ("one", "two", 3.0)], "all alike"),
        ({"sentence1": ["a"], "sentence2": ["b", "c"]}, "columns of different lengths"),
        ([], "has no rows"),
        ([("a", "b", 7.0)], r"label 7\.0 is outside 0..5"),
        ([("a", 3)], "sentence2 '3' is not text"),
        ({"sentence1": ["a"], "label": [1.0]}, "no column for sentence2"),
    ],
)
def test_what_is_no_pairs_is_told(data: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        dalmeum.read_pairs(data)


def test_a_run_trained_on_frames_keeps_them(here: Path, tiny: dict[str, Any]) -> None:
    train, dev = frame(64), frame(32, seed=1)
    run = dalmeum.train(data={"train": train, "dev": dev}, loss="mse", name="frames", **tiny)
    recipe = run.recipe()
    assert recipe.loss.name == "mse"
    assert Path(recipe.data.train).parent == run.folder / "data"
    kept = dalmeum.read_pairs(recipe.data.train)
    assert kept.sha256 == dalmeum.read_pairs(train).sha256 == run.record.data["train"].sha256
    assert run.record.data["dev"].rows == 32

    # The recipe is complete: another run is made of it, and one of the same pairs in a list.
    tuples = list(train.itertuples(index=False, name=None))
    again = dalmeum.train(run.folder / "recipe.yaml", data={"train": tuples}, name="again")
    assert again.recipe().training == recipe.training
    found = dalmeum.compare(
        [run, dalmeum.train(run.folder / "recipe.yaml", training={"seed": 7}, loss="mae")]
    )
    assert found.arms.compared == "models"
    assert [*found.arms.arms[1].changes] == ["loss.name", "training.seed"]

    scores = dalmeum.predict(run, dev)
    assert scores == pytest.approx(
        dalmeum.load(run).score(zip(dev["sentence1"], dev["sentence2"], strict=True))
    )
    assert dalmeum.predict([run, again, run], dev) == pytest.approx(
        (2 * scores + dalmeum.predict(again, dev)) / 3
    )
    evaluation = dalmeum.evaluate(run, dev, precision="float32")
    assert evaluation.metrics.pearson.value == pytest.approx(run.metrics()["dev"]["pearson"]["value"])
    assert dalmeum.evaluate(dalmeum.load(run, "float32"), dev).metrics == evaluation.metrics
    with pytest.raises(InputError, match="no column for label"):
        dalmeum.evaluate(run, dev[["sentence1", "sentence2"]])
    with pytest.raises(InputError, match="no run is given"):
        dalmeum.predict([], dev)


def test_a_run_says_what_it_is(here: Path, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    run = dalmeum.train(data=frame(48), question="<b>Does it work?</b>", **tiny)
    lines = str(run).splitlines()
    assert lines[:2] == [f"run {run.id}: finished", "<b>Does it work?</b>"]
    assert lines[3].split() == ["train", "score", "95", "%", "interval"]
    assert lines[-1].endswith("report.html")
    html = run._repr_html_()
    assert "&lt;b&gt;Does it work?&lt;/b&gt;" in html
    assert f"{run.metrics()['train']['pearson']['value']:.4f}" in html
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert str(run).startswith(f"실행 {run.id}: 완료")


def test_a_study_of_frames(here: Path, tiny: dict[str, Any]) -> None:
    findings = dalmeum.study(
        question="Does the scale help?",
        baseline={"data": {"train": frame(48), "dev": frame(32, seed=1)}, **tiny},
        arms={
            "mae": {"loss.name": "mae"},
            "other-pairs": {"data.train": frame(40, seed=5)},
        },
        seeds=[1, 2],
        name="frames",
    )
    assert findings.arms.names == ("baseline", "mae", "other-pairs")
    assert (here / "studies" / "frames" / "study.html").is_file()
    values = json.loads((here / "studies" / "frames" / "study.json").read_text(encoding="utf-8"))
    assert values == json.loads(json.dumps(findings.to_dict()))
    assert len(list((here / "runs" / "data").glob("*.parquet"))) == 3
    again = dalmeum.study(
        question="Does the scale help?",
        baseline={"data": {"train": frame(48), "dev": frame(32, seed=1)}, **tiny},
        arms={"mae": {"loss.name": "mae"}},
        seeds=[1, 2],
        folder=here / "elsewhere",
    )
    # No run was made anew.
    assert set(again.arms.baseline.runs) == set(findings.arms.baseline.runs)
    assert (here / "elsewhere" / "study.html").is_file()


def test_findings_show_themselves_in_a_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    labels = np.tile([0, 1, 2.5, 4, 5], 20)
    noise = np.random.default_rng(0).normal(0, 1, (2, 3, 100))
    hostile = "<img src=x onerror=alert(1)>"
    predictions = {"baseline": labels + noise[0], hostile: labels + noise[1]}
    arms = dalmeum.Arms(labels, predictions, seeds=[1, 2, 3])
    findings = dalmeum.compare(arms, folder=tmp_path / "page")
    html = findings._repr_html_()
    assert "<img" not in html
    assert "&lt;img" in html
    assert f"{findings.judgements[0].arms[1].score.value:.4f}" in html
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert "비교 조건" in findings._repr_html_()
    assert {path.name for path in (tmp_path / "page").iterdir()} >= {"compare.html", "compare.json"}


def test_a_metric_of_ones_own_judges_and_is_refused_where_it_is_unknown() -> None:
    labels = np.tile([0, 1, 2.5, 4, 5], 20)
    noise = np.random.default_rng(0).normal(0, 1, (2, 100))
    arms = dalmeum.Arms(labels, {"baseline": labels + noise[0], "arm": labels + 0.1 * noise[1]})
    with pytest.raises(InputError, match="metric 'largest' is unknown: use one of pearson"):
        dalmeum.compare(arms, metric="largest")
    METRICS["largest"] = Metric(
        lambda labels, predictions: float(np.max(np.abs(labels - predictions))), higher_is_better=False
    )
    try:
        result = dalmeum.compare(arms, metric="largest").judgements[0].arms[1]
    finally:
        del METRICS["largest"]
    assert result.score.value == pytest.approx(np.max(np.abs(0.1 * noise[1])))
    assert result.verdict is not None
    assert result.verdict.outcome == "better"


def test_a_plain_function_is_a_metric_too_and_one_of_a_module_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.tile([0, 1, 2.5, 4, 5], 20)
    noise = np.random.default_rng(0).normal(0, 1, (2, 100))
    arms = dalmeum.Arms(labels, {"baseline": labels + noise[0], "arm": labels + 0.1 * noise[1]})
    (here / "own_metrics.py").write_text(
        "import scipy.stats\n\n"
        "def tau(labels, predictions):\n"
        "    return scipy.stats.kendalltau(labels, predictions).statistic\n"
    )
    monkeypatch.syspath_prepend(here)
    named = dalmeum.compare(arms, metric="own_metrics:tau")
    monkeypatch.setitem(METRICS, "tau", sys.modules["own_metrics"].tau)
    assert named.judgements[0].arms == dalmeum.compare(arms, metric="tau").judgements[0].arms
    assert str(named).startswith("own_metrics:tau on test: 100 pairs")
    for metric, told in (
        ("own_metrics:rho", "metric: module own_metrics has no rho"),
        ("nowhere:rho", "metric: there is no module nowhere"),
    ):
        with pytest.raises(InputError, match=told):
            dalmeum.compare(arms, metric=metric)
    with pytest.raises(ValueError, match="is a function of labels and predictions, not 3"):
        Metric(3)  # type: ignore[arg-type] # that is the point
    words: Any = lambda labels, predictions: "much"  # noqa: E731 # any function may be handed in
    with pytest.raises(ValueError, match="metric words: returned 'much', no number"):
        Metric(words, title="words")(labels, labels)
    with pytest.raises(InputError, match=r"compared as Arms\(labels, predictions\)"):
        dalmeum.compare({"baseline": labels, "arm": labels})  # type: ignore[dict-item] # that is the point


def test_messages_name_which_data_are_meant(here: Path, tiny: dict[str, Any]) -> None:
    wrong = frame(8)
    wrong.loc[2, "score"] = 7
    with pytest.raises(InputError, match=r"^data\.dev, record 3: score 7\.0 is outside 0..5"):
        dalmeum.train(data={"train": frame(8), "dev": wrong}, **tiny)
    assert not Path("runs").exists()


def test_a_table_that_was_read_is_trained_on(here: Path, tiny: dict[str, Any]) -> None:
    table = dalmeum.read_pairs(frame(32))
    assert dalmeum.train(data=table, **tiny).record.data["train"].sha256 == table.sha256


def test_a_study_names_losses_that_its_processes_find(here: Path, tiny: dict[str, Any]) -> None:
    how: dict[str, Any] = {
        "question": "?",
        "baseline": {"data": frame(32), **tiny},
        "seeds": [1, 2],
        "splits": ["dev"],
    }
    with pytest.raises(
        InputError, match=r"^loss\.name: .*<lambda> can't be found by the processes that train"
    ):
        dalmeum.study(arms={"mine": {"loss.name": lambda predictions, labels: predictions.sum()}}, **how)
    assert not Path("runs").exists()


def test_functions_are_called_with_every_run_of_a_study(
    here: Path, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(run_folder, "AFTER_RUN", [lambda run: seen.append(run.id)])
    findings = dalmeum.study(
        question="?",
        baseline={"data": {"train": frame(32), "dev": frame(24, seed=1)}, **tiny},
        arms={"mae": {"loss.name": "mae"}},
        seeds=[1, 2],
        jobs=1,
    )
    assert sorted(seen) == sorted(name for arm in findings.arms.arms for name in arm.runs)


def test_a_recipe_is_a_path_a_mapping_or_keywords(tmp_path: Path) -> None:
    keywords = dalmeum.load_recipe(data={"train": "t.csv"}, model={"kind": "offline"}, training={"seed": 7})
    assert (
        dalmeum.load_recipe({"data": {"train": "t.csv"}, "model": {"kind": "offline"}}, ["training.seed=7"])
        == keywords
    )
    path = tmp_path / "recipe.yaml"
    path.write_text(keywords.to_yaml(), encoding="utf-8")
    assert dalmeum.load_recipe(path) == keywords
    assert dalmeum.load_recipe(path, training={"seed": 8}).training.seed == 8
    rising = dalmeum.load_recipe(keywords, loss={"alpha": {"start": 0, "end": 1}})
    assert rising.loss.model_dump()["alpha"] == {"start": 0, "end": 1}
    with pytest.raises(RecipeError, match=r"recipe: training\.sed is no key of a recipe: did you mean seed"):
        dalmeum.load_recipe(keywords, training={"sed": 1})
