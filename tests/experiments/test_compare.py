"""Comparisons of run folders whose predictions are known."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects
import pytest
from dalmeum.experiments.compare.arms import arms_of, models_of, open_runs
from dalmeum.experiments.compare.lines import MODELS_NOTE, SEEDS_NOTE, comparison_lines
from dalmeum.experiments.compare.page import figures, render_comparison, write_comparison
from dalmeum.experiments.compare.result import compare
from dalmeum.experiments.study.lines import judgement_lines
from dalmeum.experiments.study.result import study_result
from numpy.typing import NDArray

from dalmeum.errors import InputError
from dalmeum.experiments.runs import DataFile, Run
from dalmeum.recipe import build_recipe
from dalmeum.stats import (
    bca,
    compare_correlations,
    paired_difference,
    seed_by_pair,
    verdict_on_models,
    weighted,
)

from .pages import Page
from .report_content import HOSTILE
from .study.fake_runs import LABELS, SHARED, fake_run, fake_study

Array = NDArray[np.float64]


def predicted(split: str, noise: float, seed: int) -> Array:
    own = np.random.default_rng([seed, int(noise * 1000)]).normal(0, noise, len(LABELS[split]))
    return LABELS[split] + SHARED[split] + own


def make_run(
    folder: Path,
    noise: float,
    seed: int,
    settings: dict[str, Any] | None = None,
    *,
    data: dict[str, Any] | None = None,
    train: str = "train.csv",
    hashes: tuple[str, str] = ("1", "2"),
    scored: dict[str, Array] | None = None,
) -> Run:
    """A finished run folder with its recipe: the labels, an error that all runs share, and noise."""
    predictions = scored or {split: predicted(split, noise, seed) for split in LABELS}
    run = fake_run(
        folder / f"{noise}-{seed}",
        {split: (LABELS[split], column) for split, column in predictions.items()},
        curve=[(10, 0.5), (20, 0.8 - noise / 10), (30, 0.8)],
    )
    values = {
        "data": {"train": train, "dev": "dev.csv", **(data or {})},
        "model": {"kind": "offline"},
        **(settings or {}),
    }
    values["training"] = {**values.get("training", {}), "seed": seed}
    (run.folder / "recipe.yaml").write_text(build_recipe(values, "test").to_yaml(), encoding="utf-8")
    files = zip(("train", "dev"), (train, "dev.csv"), hashes, strict=True)
    return run.update(data={split: DataFile(path, 9, sha256) for split, path, sha256 in files})


def make_arm(folder: Path, noise: float, seeds: Sequence[int], alpha: float = 0.1) -> list[Run]:
    return [make_run(folder, noise, seed, {"loss": {"alpha": alpha}}) for seed in seeds]


def rows(noise: float, seeds: Sequence[int]) -> Array:
    return np.stack([predicted("dev", noise, seed) for seed in seeds])


def test_runs_are_grouped_by_recipe_and_named_by_what_they_change(tmp_path: Path) -> None:
    base = [make_run(tmp_path, 0.5, seed, {"output": f"runs-{seed}", "question": "?"}) for seed in (7, 3)]
    # The same pairs, by their hash; and a test file, from which nothing is learnt.
    moved = make_run(tmp_path, 0.5, 5, train="copy/train.csv", data={"test": "test.csv"})
    schedule = {"start": 0.0, "end": 0.5}
    other = [
        make_run(tmp_path, 0.4, seed, {"loss": {"alpha": schedule}, "tasks": {"binary": {"weight": 0.3}}})
        for seed in (1, 2)
    ]
    arms = arms_of([base[0], other[0], moved, other[1], base[1]])
    assert arms[0].name == "baseline"
    assert [arm.seeds for arm in arms] == [(3, 5, 7), (1, 2)]
    assert arms[0].runs == (base[1], moved, base[0])
    assert arms[0].changes == {}
    assert arms[1].changes == {
        "loss.alpha.start": 0.0,
        "loss.alpha.end": 0.5,
        "tasks.binary.weight": 0.3,
        "tasks.binary.threshold": None,
    }
    assert arms[1].name == "loss.alpha.start=0.0, loss.alpha.end=0.5, tasks.binary.weig…"
    # The other way round, a section becomes a value.
    back = arms_of([*other, *base])[1].changes
    assert back == {"loss.alpha": 0.1, "tasks.binary": None}


def test_names_that_are_taken_or_empty_give_way_to_run_ids(tmp_path: Path) -> None:
    runs = [
        make_run(tmp_path / str(number), 0.5, 1, {"loss": {"alpha": 0.1 * number}}, hashes=hashes)
        for number, hashes in ((1, ("1", "2")), (2, ("1", "2")))
    ]
    long = [
        make_run(
            tmp_path / end,
            0.4,
            1,
            {"model": {"encoder": "a/very/long/path/to/an/encoder/of/which/the/end/differs/" + end}},
        )
        for end in ("x", "y")
    ]
    names = [arm.name for arm in models_of([*runs, *long])]
    assert names[:2] == ["baseline", "loss.alpha=0.2"]
    assert names[2].endswith("…")
    assert names[3] == long[1].id
    fewer = make_run(tmp_path / "few", 0.3, 1, {"data": {"train": "t.csv", "columns": {"label": "a"}}})
    more = make_run(
        tmp_path / "more",
        0.3,
        2,
        {"data": {"train": "t.csv", "columns": {"label": "a", "id": "b"}}},
    )
    assert arms_of([more, fewer])[1].name == fewer.id


def test_seeds_of_one_model_are_told_apart_by_seed(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1, 2)), *make_arm(tmp_path, 0.4, (2,), 0.9)]
    assert [arm.name for arm in models_of(runs)] == [
        "baseline",
        "training.seed=2",
        "loss.alpha=0.9, training.seed=2",
    ]


def test_recipes_with_seeds_are_judged_as_in_a_study(tmp_path: Path) -> None:
    seeds = (1, 2, 3)
    base, clean, close = (
        make_arm(tmp_path, noise, order, alpha)
        for noise, order, alpha in ((0.5, seeds, 0.1), (0.1, (3, 1, 2), 0.05), (0.46, (2, 3, 1), 0.2))
    )
    found = compare([*base, *clean, *close], smallest_effect=0.004)
    study = study_result(
        fake_study({"loss.alpha=0.05": {"loss.alpha": 0.05}, "loss.alpha=0.2": {"loss.alpha": 0.2}}),
        "same",
        {
            "baseline": tuple(base),
            "loss.alpha=0.05": tuple(sorted(clean, key=lambda run: run.id)),
            "loss.alpha=0.2": tuple(sorted(close, key=lambda run: run.id)),
        },
    )
    assert found.compared == "recipes"
    assert found.same_seeds
    assert found.judgement == study.judgements[0]
    assert found.gaps == study.gaps["dev"]
    assert found.choice == study.choice
    assert found.convergence is not None
    assert study.convergence is not None
    assert found.convergence.to_dict() == study.convergence.to_dict()
    clean_arm = found.judgement.arms[1]
    assert clean_arm.difference == seed_by_pair(LABELS["dev"], rows(0.1, seeds), rows(0.5, seeds))
    assert [arm.verdict and arm.verdict.outcome for arm in found.judgement.arms][:2] == [None, "better"]
    lines = comparison_lines(found)
    assert lines[:5] == judgement_lines(study.judgements[0], study.gaps["dev"], study.convergence)
    assert lines[-2].startswith("loss.alpha=0.05  ")
    assert lines[-2].endswith("0.1-1, 0.1-2, 0.1-3")
    values = found.to_dict()
    assert values["baseline"] == "baseline"
    expected = study.to_dict()["judgements"][0]
    for name, arm in expected["arms"].items():
        assert {key: values["arms"][name][key] for key in arm} == arm
    assert values["arms"]["loss.alpha=0.05"]["changes"] == {"loss.alpha": 0.05}
    assert values["arms"]["loss.alpha=0.05"]["seeds"] == [1, 2, 3]
    assert {key: values[key] for key in ("split", "metric", "pairs", "smallest_effect")} == {
        key: expected[key] for key in ("split", "metric", "pairs", "smallest_effect")
    }


def test_arms_with_other_seeds_are_not_paired(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1, 2, 3)), *make_arm(tmp_path, 0.1, (4, 5), 0.9)]
    found = compare(runs)
    assert not found.same_seeds
    assert found.judgement.arms[1].difference == seed_by_pair(
        LABELS["dev"], rows(0.1, (4, 5)), rows(0.5, (1, 2, 3)), paired=False
    )
    assert found.gaps is not None
    gap = found.gaps["loss.alpha=0.9"]
    assert gap is not None
    assert gap.difference is None
    lines = comparison_lines(found)
    assert "2 to 3 seeds" in lines[0]
    assert lines[-1] == SEEDS_NOTE
    assert set(figures(found)) == {"forest-dev", "curves"}
    page = Page(render_comparison(found, tmp_path))
    assert "seed · 시드 5: 0.1-5" in page.text
    assert "hold for new seeds and new pairs" in page.text
    # As many seeds, but others: not paired either.
    assert not compare(runs[1:]).same_seeds


def test_single_runs_are_judged_as_models(tmp_path: Path) -> None:
    runs = [
        *make_arm(tmp_path, 0.5, (1,)),
        *make_arm(tmp_path, 0.1, (1,), 0.9),
        *make_arm(tmp_path, 0.46, (1, 2), 0.2),
    ]
    found = compare(runs)
    labels = LABELS["dev"]
    base, *others = (rows(noise, (seed,))[0] for noise, seed in ((0.5, 1), (0.1, 1), (0.46, 1), (0.46, 2)))
    differences = [compare_correlations(labels, other, base) for other in others]
    assert found.compared == "models"
    assert found.gaps is None
    assert found.choice is None
    names = ["loss.alpha=0.9", "loss.alpha=0.2", "loss.alpha=0.2, training.seed=2"]
    assert found.tests == dict(zip(names, differences, strict=True))
    assert [arm.score for arm in found.judgement.arms] == [
        bca(weighted.pearson, labels, each) for each in (base, *others)
    ]
    best, *rest = (arm.verdict for arm in found.judgement.arms[1:])
    # The smallest of three p-values counts three times.
    assert best == verdict_on_models(
        differences[0], 300, 0.005, adjusted_p_value=min(3 * differences[0].p_value, 1)
    )
    assert best.outcome == "better"
    assert [verdict and verdict.outcome for verdict in rest] == ["undecided", "undecided"]
    lines = comparison_lines(found)
    assert lines[0].startswith("pearson on dev: 300 pairs, one run each; ")
    assert "pairs would decide)" in lines[4]
    assert "seeds or" not in lines[4]
    assert lines[-1] == MODELS_NOTE
    shown = lines[9].split("  ")
    assert shown[0] == "loss.alpha=0.9"
    assert f"{differences[0].williams.statistic:+.2f}" in lines[9]
    assert f"{differences[0].zou.low:+.4f} to {differences[0].zou.high:+.4f}" in lines[9]
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values["arms"][names[1]]["tests"]["steiger"] == {
        "statistic": differences[1].steiger.statistic,
        "p_value": differences[1].steiger.p_value,
    }
    assert values["arms"][names[1]]["verdict"]["seeds_to_decide"] is None
    assert values["arms"][names[1]]["verdict"]["pairs_to_decide"] > 300
    assert "tests" not in values["arms"]["baseline"]


def test_other_metrics_of_models_have_the_bootstrap_alone(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1,)), *make_arm(tmp_path, 0.1, (1,), 0.9)]
    found = compare(runs, metric="rmse", smallest_effect=0.001)
    assert found.tests == {}
    arm = found.judgement.arms[1]
    expected = paired_difference(LABELS["dev"], rows(0.1, (1,))[0], rows(0.5, (1,))[0], metric=weighted.rmse)
    assert arm.difference == expected
    assert expected.difference < 0
    assert arm.verdict is not None
    assert arm.verdict.outcome == "better"
    assert comparison_lines(found)[5].split() == ["arm", "runs"]


def test_models_without_a_score_are_undecided(tmp_path: Path) -> None:
    base, clean = make_run(tmp_path, 0.5, 1), make_run(tmp_path, 0.1, 1, {"loss": {"alpha": 0.9}})
    constant = make_run(
        tmp_path, 0.2, 1, {"loss": {"alpha": 0.3}}, scored={"dev": np.full(len(LABELS["dev"]), 2.0)}
    )
    lost = make_run(
        tmp_path, 0.3, 1, {"loss": {"alpha": 0.4}}, scored={"dev": np.full(len(LABELS["dev"]), np.nan)}
    )
    mirrored = make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.6}}, scored={"dev": -predicted("dev", 0.5, 1)})
    found = compare([base, clean, constant, lost, mirrored])
    outcomes = [arm.verdict.outcome for arm in found.judgement.arms if arm.verdict]
    assert outcomes == ["better", "undecided", "undecided", "worse"]
    text = render_comparison(found, tmp_path) + "\n".join(comparison_lines(found))
    assert "nan" not in Page(text).text.lower()
    assert "(pairs alone would not decide)" in text
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_page_and_its_values(tmp_path: Path) -> None:
    runs = [*make_arm(tmp_path, 0.5, (1, 2)), *make_arm(tmp_path, 0.1, (1, 2), 0.9)]
    runs[3].report.write_text("a report", encoding="utf-8")
    found = compare(runs)
    folder = tmp_path / "pages" / "one"
    write_comparison(folder, found)
    page = Page((folder / "compare.html").read_text(encoding="utf-8"))
    arm = found.judgement.arms[1]
    assert arm.difference is not None
    for text in (
        "loss.alpha=0.9 · pearson, dev",
        f"{arm.score.value:.4f}{arm.score.low:.4f} to {arm.score.high:.4f}",
        f"{arm.difference.difference:+.4f}",
        "undecided · 판정 보류",
        "hold for new seeds and new pairs",
        "Overfitting on dev · dev에서의 과적합",
        "seed · 시드 2: 0.1-2",
        "encoder: null",
    ):
        assert text in page.text
    drawn = figures(found)
    assert set(drawn) == {"forest-dev", "gap-dev", "curves"}
    for figure in drawn.values():
        plotly.graph_objects.Figure(figure)
    (link,) = [value for name, value in page.attributes if name == "href" and value != "data:,"]
    assert (folder / link).resolve() == runs[3].report.resolve()
    values = json.loads((folder / "compare.json").read_text(encoding="utf-8"))
    assert values == json.loads(json.dumps(found.to_dict()))
    models = Page(render_comparison(compare(runs[1:]), folder))
    assert "on these trained models alone" in models.text
    assert "새 시드는 감안하지 않은" in models.text
    assert "Williams t" in models.text
    assert "Overfitting" not in models.text
    with pytest.raises(InputError, match="can't be written"):
        write_comparison(runs[3].report, found)


def test_foreign_text_is_text(tmp_path: Path) -> None:
    hostile = [text for text in HOSTILE if "\x00" not in text and "\n" not in text]
    runs = [
        make_run(tmp_path / str(number), 0.5 - number / 100, 1, train=text, hashes=(str(number), "2"))
        for number, text in enumerate(["train.csv", *hostile])
    ]
    found = compare(runs)
    plain = Page(render_comparison(compare(runs[:1] + make_arm(tmp_path, 0.1, (1,), 0.9)), tmp_path))
    page = Page(render_comparison(found, tmp_path))
    assert set(page.tags) <= set(plain.tags)
    assert len(page.scripts) == len(plain.scripts)
    assert not {name for name, _ in page.attributes if name.startswith("on")}


def test_refusals_name_what_is_wrong_and_the_mend(tmp_path: Path) -> None:
    base = make_run(tmp_path, 0.5, 1)
    other = make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.9}})

    def refused(*runs: Run, **how: Any) -> str:
        with pytest.raises(InputError) as caught:
            compare(runs, **how)
        (line,) = str(caught.value).splitlines()
        return line

    again = make_run(tmp_path / "again", 0.5, 1)
    assert refused(base, other, again) == (
        f"{base.folder} and {again.folder}: have one recipe and one seed, 1: leave one out"
    )
    seed = make_run(tmp_path, 0.5, 2)
    assert refused(base, seed) == (
        f"{base.folder} and {seed.folder}: all runs are seeds of one recipe, so there is nothing to compare: "
        "name runs of another recipe, too, or let dalmeum study run one"
    )
    fewer = make_run(tmp_path, 0.3, 1, {"loss": {"alpha": 0.3}}, scored={"train": predicted("train", 0.3, 1)})
    fewer.predictions("dev").write_bytes(fewer.predictions("train").read_bytes())
    assert refused(base, fewer) == (
        f"{fewer.predictions('dev')}: was not scored on the same pairs and labels as "
        f"{base.predictions('dev')}: compare runs on one file, or train them again"
    )
    assert refused(base, other, split="test") == (
        f"{base.predictions('test')}: is missing: the run has no such split; all runs have dev: --split dev"
    )
    other.predictions("dev").unlink()
    assert refused(base, other) == (
        f"{other.predictions('dev')}: is missing: the run has no such split; train it again with it"
    )
    other.predictions("dev").write_text("id,label\n", encoding="utf-8")
    assert refused(base, other) == f"{other.predictions('dev')}: is damaged: train the run again"


def test_runs_are_opened_by_id_and_folder(tmp_path: Path) -> None:
    base, other = make_run(tmp_path, 0.5, 1), make_run(tmp_path, 0.4, 1)
    assert [run.folder for run in open_runs([base.id, str(other.folder)], tmp_path)] == [
        base.folder,
        other.folder,
    ]

    def refused(*names: str) -> str:
        with pytest.raises(InputError) as caught:
            open_runs(names, tmp_path)
        return str(caught.value)

    assert refused(base.id, str(base.folder)) == f"{base.folder}: is given twice: leave one out"
    assert "has nothing to be compared with" in refused(base.id)
    assert "no such run" in refused(base.id, "nothing")
    other.update(state="running")
    assert refused(base.id, other.id) == (
        f"{other.folder}: is not finished (running): finish it with dalmeum train --resume, or leave it out"
    )


def test_runs_of_different_folds_are_left_to_a_study(tmp_path: Path) -> None:
    base, other = (
        make_run(tmp_path, 0.5 - fold / 10, 1, data={"dev": None, "folds": 3, "fold": fold})
        for fold in (0, 1)
    )
    with pytest.raises(InputError) as caught:
        open_runs([str(base.folder), str(other.folder)], tmp_path)
    assert str(caught.value) == (
        f"{base.folder} and {other.folder}: are of different folds: compare runs of one fold, or let dalmeum "
        "study judge over all of them (its key folds)"
    )


@pytest.mark.parametrize("text", ['[{"eval_pearson": 0.3}]', '{"eval_pearson": 0.3}', "[1]"])
def test_a_damaged_history_is_told(tmp_path: Path, text: str) -> None:
    base, other = make_run(tmp_path, 0.5, 1), make_run(tmp_path, 0.4, 1, {"loss": {"alpha": 0.9}})
    history = other.folder / "history.json"
    history.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"^{history}: is no log of training: the run folder is damaged$"):
        compare([base, other])


def test_a_run_without_its_recipe_is_told(tmp_path: Path) -> None:
    base = make_run(tmp_path, 0.5, 1)
    (base.folder / "recipe.yaml").unlink()
    with pytest.raises(InputError, match=r"recipe\.yaml: is missing: the run folder is damaged$"):
        base.recipe()
