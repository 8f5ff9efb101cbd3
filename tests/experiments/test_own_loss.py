"""A run whose loss stands outside the package, and what counts as the same run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import Tensor

from dalmeum.errors import InputError
from dalmeum.experiments.compare import compare_runs
from dalmeum.experiments.study import conduct
from dalmeum.experiments.train import train
from dalmeum.languages import Text
from dalmeum.recipe import Recipe, build_recipe, own_code
from dalmeum.recipe.study import Study
from dalmeum.runs.begin import NOT_FOUND_AGAIN
from dalmeum.runs.folder import AFTER_RUN, Run, open_run
from dalmeum.runs.reuse import Wanted, run_key, runs_by_key, runs_like

Module = Callable[[str, str], Path]
Tiny = Callable[[str], str]
Write = Callable[..., Path]
Make = Callable[..., Recipe]

OWN_LOSS = """
import torch


def mixture(predictions, labels, alpha, weight=1.0):
    p, y = predictions.double() - predictions.double().mean(), labels - labels.mean()
    r = (p @ y) / (p.norm() * y.norm()).clamp(min=1e-12)
    return (1 - alpha) * (1 - r) + alpha * weight * (predictions - labels).abs().mean()
"""


@pytest.fixture
def make(tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write) -> Make:
    data = {
        "train": str(write_pairs("train.csv", 48, seed=1)),
        "dev": str(write_pairs("dev.csv", 32, seed=2)),
    }

    def make(output: str = "runs", **loss: Any) -> Recipe:
        values = {
            "data": data,
            "model": {"encoder": tiny_encoder("bert"), "max_length": 32},
            "loss": loss,
            "training": {
                "epochs": 1,
                "effective_batch_size": 16,
                "micro_batch_size": 4,
                "learning_rate": 1e-3,
                "precision": "float32",
            },
            "output": str(tmp_path / output),
        }
        return build_recipe(values, "test")

    return make


def predictions(run: Run) -> list[float]:
    return [float(line.split(",")[2]) for line in run.predictions("dev").read_text().splitlines()[1:]]


@pytest.mark.parametrize("scope", ["micro", "exact", "dataset"])
def test_an_own_loss_is_trained_on_as_the_built_in_one(make: Make, own_module: Module, scope: str) -> None:
    own_module("own_loss", OWN_LOSS)
    theirs = train(make(scope=scope, alpha=0.2), "theirs")
    ours = train(make(scope=scope, alpha=0.2, name="own_loss:mixture"), "ours")
    np.testing.assert_allclose(predictions(ours), predictions(theirs), atol=2e-4)
    plain = train(make(scope=scope, alpha=0.2, name="own_loss:mixture", arguments={"weight": 9}), "plain")
    assert not np.allclose(predictions(plain), predictions(theirs), atol=2e-3)


def test_the_run_records_the_source_and_counts_as_the_same_only_with_it(
    make: Make, own_module: Module, tmp_path: Path
) -> None:
    own_module("own_loss", OWN_LOSS)
    recipe = make(name="own_loss:mixture")
    run = train(recipe, "own")
    (digest,) = json.loads((run.folder / "run.json").read_text())["code"].values()
    assert len(digest) == 64
    output = tmp_path / "runs"
    assert run_key(recipe, run.record.data) in runs_by_key(output, {"finished"})
    own_module("own_loss", OWN_LOSS + "\n# another\n")
    assert run_key(recipe, run.record.data) not in runs_by_key(output, {"finished"})
    run.update(state="failed")
    assert runs_like(output, Wanted.of(recipe, run.record.data)) == []
    own_module("own_loss", OWN_LOSS)
    assert runs_like(output, Wanted.of(recipe, run.record.data)) == [open_run(run.folder)]


def test_a_function_is_a_loss_in_python(make: Make, own_module: Module, tmp_path: Path) -> None:
    def own(predictions: Tensor, labels: Tensor) -> Tensor:
        return torch.nn.functional.mse_loss(predictions, labels.float())

    recipe = make(name=own)
    run = train(recipe, "function", resume=True)
    name = "tests.experiments.test_own_loss:test_a_function_is_a_loss_in_python.<locals>.own"
    assert run.recipe().loss.name == name
    assert run.record.code == {name: None}
    assert run.record.warnings[0] == NOT_FOUND_AGAIN.format(code=name)
    assert run.record.warnings[1] == Text(
        f"no unfinished run of this recipe on these data under {tmp_path / 'runs'}: started a new one",
        f"{tmp_path / 'runs'} 아래에 같은 레시피와 데이터로 끝나지 않은 실행이 없어 새로 시작했습니다",
    )
    assert run_key(recipe, run.record.data) not in runs_by_key(tmp_path / "runs", {"finished"})
    run.update(state="failed")
    assert runs_like(tmp_path / "runs", Wanted.of(recipe, run.record.data)) == []
    np.testing.assert_allclose(predictions(run), predictions(train(make(name="mse"), "theirs")), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "own_none:loss",
            "loss.name: there is no module own_none: install it, or put its folder on PYTHONPATH",
        ),
        ("own_loss:mixtur", "loss.name: module own_loss has no mixtur; did you mean mixture?"),
        ("own_loss:torch", "loss.name: own_loss:torch is no function, but module"),
    ],
)
def test_a_bad_loss_is_told_before_anything_is_written(
    make: Make, own_module: Module, tmp_path: Path, name: str, problem: str
) -> None:
    own_module("own_loss", OWN_LOSS)
    with pytest.raises(InputError) as caught:
        train(make(name=name))
    assert str(caught.value) == problem
    assert not (tmp_path / "runs").exists()


def test_runs_from_before_own_code_and_planted_pairs_count_as_the_same(make: Make, tmp_path: Path) -> None:
    recipe = make()
    run = train(recipe, "old")
    record = json.loads((run.folder / "run.json").read_text())
    del record["code"]
    (run.folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    key = run_key(recipe, run.record.data)
    for spacing in (None, {"share": 0.1, "label": 4.0}):
        values = yaml.safe_load((run.folder / "recipe.yaml").read_text())
        values["data"].pop("planted", None)
        values["data"]["spacing_pairs"] = spacing
        values["loss"].pop("arguments", None)
        (run.folder / "recipe.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
        assert open_run(run.folder).record.code == {}
        if spacing is not None:
            data = {**recipe.data.model_dump(), "planted": {"perturbation": "spacing", **spacing}}
            key = run_key(build_recipe({**recipe.model_dump(), "data": data}, "new"), run.record.data)
        assert list(runs_by_key(tmp_path / "runs", {"finished"})) == [key]


def test_functions_are_called_with_every_finished_run(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Run] = []

    def fails(run: Run) -> None:
        raise ConnectionError("no\nserver")

    monkeypatch.setattr("dalmeum.runs.folder.AFTER_RUN", AFTER_RUN)
    AFTER_RUN[:] = [seen.append, fails, seen.append]
    try:
        run = train(make(), "seen")
    finally:
        AFTER_RUN.clear()
    assert [each.id for each in seen] == [run.id] * 2
    assert seen[0].record.state == run.record.state == "finished"
    name = "tests.experiments.test_own_loss:test_functions_are_called_with_every_finished_run.<locals>.fails"
    assert run.record.warnings[-1] == Text(
        f"{name} failed after the run: ConnectionError('no\\nserver')",
        f"실행 후 호출한 {name}에서 오류가 났습니다: ConnectionError('no\\nserver')",
    )
    assert open_run(run.folder).record == run.record


def test_a_study_s_processes_take_own_code_from_the_path_alone(
    make: Make, own_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the same name in the current folder is not meant."""
    own_module("own_loss", OWN_LOSS)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    Path("own_loss.py").write_text("raise RuntimeError('the wrong one')\n", encoding="utf-8")
    study = Study.model_validate(
        {
            "question": "?",
            "baseline": make().model_dump(),
            "arms": {"own": {"loss.name": "own_loss:mixture"}},
            "seeds": [1, 2],
        }
    )
    done = conduct(study, "own", jobs=1)
    hashes = {tuple(run.record.code.values()) for run in done.runs["own"]}
    assert hashes == {tuple(own_code(make(name="own_loss:mixture")).values())}


def test_runs_of_different_code_are_no_seeds_of_one_arm(make: Make, own_module: Module) -> None:
    def trained(seed: int) -> Run:
        recipe = make(name="own_loss:mixture")
        training = recipe.training.model_copy(update={"seed": seed})
        return train(recipe.model_copy(update={"training": training}), f"own-{seed}")

    own_module("own_loss", OWN_LOSS)
    runs = [trained(1), trained(2)]
    with pytest.raises(InputError, match="all runs are seeds of one recipe"):
        compare_runs(runs)
    own_module("own_loss", OWN_LOSS + "\n# another\n")
    found = compare_runs([runs[0], trained(2)])
    assert found.arms.compared == "models"
