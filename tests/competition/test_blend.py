"""Blends: what they score where nothing was fitted, when they are refused, and that they are runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import pearsonr

import dalmeum
from dalmeum.competition.blend import blend_of
from dalmeum.competition.blend_folder import write_blend
from dalmeum.competition.members import BLEND
from dalmeum.data import PairTable, Predictions, read_pairs
from dalmeum.errors import InputError
from dalmeum.experiments.train import train
from dalmeum.recipe import build_recipe
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.predictions import read_predictions, write_predictions
from dalmeum.stats.blends import best_method, blend_weights, nested_blend
from tests.cli.test_commands import call
from tests.comparison.made import LABELS, SHARED
from tests.experiments.made_runs import make_run, predicted
from tests.experiments.test_folds import write_strangers

Tiny = Callable[[str], str]
Capture = pytest.CaptureFixture[str]
NOISES = ((1.0, 1), (1.0, 2), (1.4, 3))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Three runs whose errors are their own but for a part that all share."""
    for noise, seed in NOISES:
        make_run(tmp_path / "runs", noise, seed).update(author="Kim" if seed == 1 else "이")
    return tmp_path / "runs"


def rows(split: str = "dev") -> Any:
    return np.stack([predicted(split, *each) for each in NOISES])


NAMES = tuple(f"{noise}-{seed}" for noise, seed in NOISES)


def test_a_blend_is_judged_where_its_weights_were_not_fitted(output: Path) -> None:
    found = blend_of(NAMES, output)
    labels = LABELS["dev"]
    assert found.score == nested_blend("chosen", labels, rows()).score
    assert found.method == best_method(labels, rows())
    scores = [pearsonr(labels, row).statistic for row in rows()]
    assert found.best[0] == NAMES[int(np.argmax(scores))]
    assert found.best[1] == pytest.approx(max(scores))
    assert [member.alone for member in found.members] == pytest.approx(scores)
    weights = blend_weights(found.method, labels, rows())
    np.testing.assert_allclose([member.weight for member in found.members], weights.weights)
    assert found.gain.value == pytest.approx(found.score - found.best[1])
    assert found.gains
    assert found.gain.low > 0
    assert sum(member.share for member in found.members) == pytest.approx(
        nested_blend(found.method, labels, rows()).score
    )
    assert list(found.authors) == ["이", "Kim"]
    assert found.authors["Kim"] == found.members[0].share


def test_a_copy_adds_nothing_and_is_refused(output: Path, capsys: Capture) -> None:
    twin = {split: predicted(split, 1.0, 1) for split in LABELS}
    make_run(output, 9.0, 9, scored=twin)
    status = call("blend", "1.0-1", "9.0-9", "--runs", str(output), "-o", "both")
    told = capsys.readouterr().err
    assert status == 1
    assert "+0.0000 (+0.0000 to +0.0000); no gain is shown; --anyway writes the blend" in told
    assert not (output / "both").exists()


def test_weights_on_noise_show_no_gain(output: Path) -> None:
    """One good run and five of noise: fitted weights would gain, and do not where they are judged."""
    for seed in range(10, 15):
        draw = np.random.default_rng(seed)
        make_run(output, 5.0, seed, scored={split: draw.normal(2, 1, len(LABELS[split])) for split in LABELS})
    found = blend_of(["1.0-1", *(f"5.0-{seed}" for seed in range(10, 15))], output)
    assert not found.gains
    assert "no gain is shown" in str(found.refusal())


def test_labels_that_a_member_has_seen_are_told(output: Path) -> None:
    seen = {"train": LABELS["train"], "dev": LABELS["dev"] + 0.01 * SHARED["dev"]}
    make_run(output, 7.0, 7, scored=seen)
    labels = LABELS["train"]
    nothing = ("",) * len(labels)
    ids = tuple(f"test-{number}" for number in range(len(labels)))
    table = PairTable(ids, nothing, nothing, nothing, label=labels)
    for name, (noise, seed) in zip((*NAMES, "7.0-7"), (*NOISES, (1.4, 8)), strict=True):
        path = output / name / "predictions" / "test.csv"
        write_predictions(path, table, Predictions(predicted("train", noise, seed)))
    (warning,) = blend_of((*NAMES, "7.0-7"), output).warnings
    assert str(warning).startswith("7.0-7: Pearson 1.0000 on the pairs that it was judged on, the mean")
    assert "has it seen the labels of the first?" in str(warning)
    assert blend_of(NAMES, output).warnings == ()


def other_pairs(run: Run) -> None:
    path = run.predictions("dev")
    path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[:-3]) + "\n", encoding="utf-8")


def narrow(run: Run) -> None:
    recipe = build_recipe({"data": {"train": "t", "label_range": [0, 1]}, "model": {"kind": "offline"}}, "t")
    (run.folder / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (other_pairs, r"was not scored on the same pairs and labels as .*1\.0-1"),
        (narrow, r"1\.0-1 answers on 0\.\.5, .*1\.0-2 on 0\.\.1: blend runs of one label scale"),
        (lambda run: run.update(state="running"), r"1\.0-2: is not finished \(running\)"),
        (lambda run: run.update(out_of_fold=True), r"1\.0-2 was judged out of fold, .*1\.0-1 on a dev set"),
    ],
)
def test_runs_that_do_not_go_together_are_refused_by_name(change: Any, told: str, output: Path) -> None:
    change(open_run("1.0-2", output))
    with pytest.raises(InputError, match=told):
        blend_of(["1.0-1", "1.0-2"], output)


def test_one_run_is_no_blend(output: Path) -> None:
    with pytest.raises(InputError, match="is given twice: a run gains nothing from itself"):
        blend_of(["1.0-1", "1.0-1"], output)
    with pytest.raises(InputError, match="one run is no blend"):
        blend_of(["1.0-1"], output)
    with pytest.raises(InputError, match="method sum: is none of mean, least_squares, greedy"):
        blend_of(NAMES, output, "sum")


@pytest.fixture
def trained(tmp_path: Path, tiny_encoder: Tiny, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Two real runs on one dev set, with test pairs that have no labels."""
    monkeypatch.setenv("DALMEUM_AUTHOR", "Park")
    data = {
        "train": write_strangers(tmp_path / "train.csv", 48, 1),
        "dev": write_strangers(tmp_path / "dev.csv", 36, 2),
        "test": write_strangers(tmp_path / "test.csv", 24, 3, labelled=False),
    }
    return [
        train(
            build_recipe(
                {
                    "data": data,
                    "model": {"kind": kind, "encoder": tiny_encoder(encoder), "max_length": 32},
                    "training": {"epochs": 1, "precision": "float32"},
                    "output": str(tmp_path / "runs"),
                },
                "test",
            ),
            encoder,
        )
        for kind, encoder in (("cross", "bert"), ("bi", "roberta"))
    ]


def test_a_blend_is_a_run(trained: list[Run], tmp_path: Path, capsys: Capture) -> None:
    output = tmp_path / "runs"
    ids = [run.id for run in trained]
    assert call("blend", *ids, "--runs", str(output), "-o", "ours", "--anyway", "--method", "mean") == 0
    assert "Park" in capsys.readouterr().out
    run = open_run("ours", output)
    assert run.record.state == "finished"
    kept = json.loads((run.folder / BLEND).read_text(encoding="utf-8"))
    assert [member["run"] for member in kept["members"]] == ids
    test = read_pairs(tmp_path / "test.csv")
    scores = np.stack([dalmeum.load(each.folder, "float32").score(test.pairs) for each in trained])
    weights = np.array([member["weight"] for member in kept["members"]])
    expected = kept["intercept"] + weights @ scores
    np.testing.assert_allclose(dalmeum.load(run.folder, "float32").score(test.pairs), expected, atol=1e-5)
    written = read_predictions(run.predictions("test")).predictions.similarity
    np.testing.assert_allclose(written, expected, atol=1e-5)
    labels = read_pairs(tmp_path / "dev.csv").label
    assert labels is not None
    nested = read_predictions(run.predictions("dev")).predictions.similarity
    score = np.corrcoef(nested, labels)[0, 1]
    assert run.metrics()["dev"]["pearson"]["value"] == pytest.approx(score, abs=1e-6)
    assert kept["score"] == pytest.approx(score, abs=1e-6)
    assert run.submission.is_file()
    assert run.report.is_file()
    with pytest.raises(InputError, match="ours: is there already: give the blend another name"):
        write_blend(blend_of(ids, output), "ours", output)
    # The recipe in it is a member's, for whose run it is never taken.
    heaviest = run.recipe()
    assert {heaviest.model.kind} <= {"cross", "bi"}
    assert not [path for path in output.iterdir() if path.name.startswith(".")]


def test_a_blend_that_fails_leaves_nothing(
    trained: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "runs"

    def full(*given: Any, **named: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dalmeum.competition.blend_folder.write_report", full)
    with pytest.raises(InputError, match="ours: can't be written: No space left on device"):
        write_blend(blend_of([run.folder for run in trained], output), "ours", output, anyway=True)
    assert sorted(path.name for path in output.iterdir() if path.name != "assets") == sorted(
        run.id for run in trained
    )


def test_a_blend_is_handed_in_and_made_again(
    trained: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("blend", *(run.id for run in trained), "-o", "ours", "--anyway") == 0
    assert call("submit", "ours", "test.csv", "-o", "ours.csv") == 0
    capsys.readouterr()
    assert call("reproduce", "ours.csv.manifest.json", "--json") == 0
    assert json.loads(capsys.readouterr().out)["identical"] is True
