"""A newcomer's wrong turns are answered with the right one, and before anything heavy is imported."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dalmeum
from dalmeum.runs.folder import open_run
from tests.cli.test_commands import call

Fails = Callable[..., str]

LIGHT = """
import sys
from dalmeum.cli import main
sys.argv[1:] = {arguments!r}
try:
    main()
except SystemExit as stop:
    heavy = [name for name in ("torch", "transformers", "scipy.stats", "kiwipiepy") if name in sys.modules]
    print(stop.code, heavy)
"""


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Fails:
    """The last line on standard error of a command that must end with 2 and print nothing else."""

    def line(*command: str) -> str:
        capsys.readouterr()
        assert call(*command) == 2
        out, err = capsys.readouterr()
        assert (out, "Traceback" in err) == ("", False)
        return err.splitlines()[-1]

    return line


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        (
            "training.batch_size=16",
            "training.batch_size is no key of a recipe: did you mean effective_batch_size?",
        ),
        ("training.lr=1e-3", "training.lr is no key of a recipe: did you mean learning_rate?"),
        ("batch_size=16", "batch_size is no key of a recipe: did you mean training.effective_batch_size?"),
        ("learning_rate=1", "learning_rate is no key of a recipe: did you mean training.learning_rate?"),
        ("seed=1", "seed is no key of a recipe: did you mean training.seed?"),
        ("encoder=x", "encoder is no key of a recipe: did you mean model.encoder?"),
        ("training.encoder=x", "training.encoder is no key of a recipe: did you mean model.encoder?"),
        (
            "loss=mse",
            "loss: must be a mapping with keys such as name, alpha, not 'mse'; did you mean loss.name=mse?",
        ),
        ("model=offline", "not 'offline'; did you mean model.kind=offline?"),
        ("model=klue/roberta-base", "not 'klue/roberta-base'; did you mean model.encoder=klue/roberta-base?"),
        ("data=train.csv", "not 'train.csv'; did you mean data.train=train.csv?"),
        ("loss.name=mixure", "not 'mixure'; did you mean mixture?"),
        ("loss.name=MSELoss", "not 'MSELoss'; did you mean mse?"),
        ("loss.name=smooth_l1", "not 'smooth_l1'; did you mean huber?"),
        ("model.kind=ofline", "not 'ofline'; did you mean offline?"),
        ("training.precision=fp16", "; did you mean float16?"),
        ("training.precision=bf16", "; did you mean bfloat16?"),
        ("num_train_epochs=3", "did you mean training.epochs?"),
        ("training.per_device_train_batch_size=8", "did you mean effective_batch_size?"),
        ("training.gradient_accumulation_steps=4", "did you mean micro_batch_size?"),
        ("model.model_name_or_path=x", "did you mean encoder?"),
        ("data.max_seq_length=64", "did you mean model.max_length?"),
        ("fp16=true", "did you mean training.precision=float16?"),
        ("training.bf16=true", "did you mean precision=bfloat16?"),
        ("data.train_file=x", "did you mean train?"),
        ("training.warmup_ratio=0.1", "did you mean warmup?"),
        ("output_dir=x", "did you mean output?"),
        ("training.patience=3", "did you mean early_stopping?"),
        ("data.folds=5", "data: folds takes dev out of train: leave dev out, as by data.dev="),
    ],
)
def test_keys_that_other_tools_have(override: str, meant: str, own_run: Path, fails: Fails) -> None:
    line = fails("train", "recipe.yaml", override)
    assert line.startswith("recipe.yaml: ")
    assert line.endswith(meant)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (
            ("--batch-size", "16"),
            "--batch-size; settings are written key=value: training.effective_batch_size=16",
        ),
        (("--loss.alpha", "0.3"), "--loss.alpha; settings are written key=value: loss.alpha=0.3"),
        (("--lr=1e-5",), "--lr; settings are written key=value: training.learning_rate=1e-5"),
        (("--seed",), "--seed; settings are written key=value: training.seed=..."),
        (("--fp16",), "--fp16; settings are written key=value: training.precision=float16"),
    ],
)
def test_settings_written_as_options(
    arguments: tuple[str, ...], meant: str, here: Path, fails: Fails
) -> None:
    assert fails("train", "recipe.yaml", *arguments) == f"Error: No such option: {meant}"
    told = meant.replace("value: ", "value: baseline.")
    assert fails("study", "study.yaml", *arguments) == f"Error: No such option: {told}"


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("training.seed=1", "training is no key of a study: did you mean baseline.training?"),
        ("seed=1", "seed is no key of a study: did you mean seeds?"),
        (
            "batch_size=8",
            "batch_size is no key of a study: did you mean baseline.training.effective_batch_size?",
        ),
        ("baseline.training.lr=1", "baseline.training.lr is no key of a study: did you mean learning_rate?"),
    ],
)
def test_keys_of_a_recipe_in_a_study(override: str, meant: str, own_run: Path, fails: Fails) -> None:
    Path("study.yaml").write_text("{question: '?', baseline: recipe.yaml, arms: {a: {loss.alpha: 0.3}}}")
    assert fails("study", "study.yaml", override) == f"study.yaml: {meant}"


def test_commands_and_the_programs_own_options(
    fails: Fails, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    assert fails("trian") == "Error: No such command 'trian'. Did you mean 'train'?"
    assert fails("evalute", "x", "y") == "Error: No such command 'evalute'. Did you mean 'evaluate'?"
    for given in ((), ("latest",), ("test.csv",)):
        assert fails("predict", *given, "-o", "x.csv") == ("Error: Missing argument: RUN and file are needed")
    assert fails("compare") == "Error: Missing argument '[ARM=]RUN'."
    assert call("--version") == 0
    assert capsys.readouterr().out == f"dalmeum {dalmeum.__version__}\n"
    for arguments in (("-h",), ("train", "-h"), ("score", "-h")):
        assert call(*arguments) == 0
        short = capsys.readouterr().out
        assert call(*arguments[:-1], "--help") == 0
        assert capsys.readouterr().out == short


def test_files_of_another_kind_name_their_command(own_run: Path, fails: Fails) -> None:
    Path("study.yaml").write_text("{question: '?', baseline: recipe.yaml, arms: {a: {loss.alpha: 0.3}}}")
    assert fails("train", "study.yaml") == "study.yaml: is a study, not a recipe: dalmeum study study.yaml"
    assert fails("study", "recipe.yaml") == "recipe.yaml: is a recipe, not a study: dalmeum train recipe.yaml"
    assert fails("evaluate", "dev.csv", "latest") == (
        "dev.csv: is a file, not a run: name the run before the file"
    )
    told = fails("train", "recipe.yaml", "data.label_range=0,5")
    assert told == "recipe.yaml: data.label_range: must be a list, not '0,5': write [0,5]"


def test_latest_is_the_newest_finished_run(
    own_run: Path, fails: Fails, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = Path("runs", "20990101-000000-other")
    shutil.copytree(own_run, newer)
    record = json.loads((newer / "run.json").read_text(encoding="utf-8"))
    later = {**record, "id": newer.name, "created": "2099-01-01T00:00:00+00:00"}
    (newer / "run.json").write_text(json.dumps({**later, "state": "running"}), encoding="utf-8")
    assert open_run("latest").folder == own_run
    (newer / "run.json").write_text(json.dumps(later), encoding="utf-8")
    assert open_run("latest").folder == newer
    (Path("runs") / "broken").mkdir()
    (Path("runs") / "broken" / "run.json").write_text("[", encoding="utf-8")
    assert call("predict", "latest", "test.csv", "-o", "latest.csv") == 0
    assert call("evaluate", "latest", "dev.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["rows"] == 24
    none = fails("predict", "latest", "test.csv", "-o", "x.csv", "--output", "elsewhere")
    assert none.startswith("latest: there is no finished run under elsewhere/")


def test_a_wrong_run_is_met_with_the_nearest(own_run: Path, fails: Fails) -> None:
    for name in ("20990101-000000-korsts-large", "20990102-000000-korsts-small"):
        shutil.copytree(own_run, Path("runs", name))
    told = fails("evaluate", "korsts", "dev.csv")
    assert told.endswith("did you mean '20990102-000000-korsts-small' or '20990101-000000-korsts-large'?")
    assert fails("evaluate", own_run.name[:-1] + "x", "dev.csv").endswith(f"did you mean '{own_run.name}'?")
    assert "; the newest there: 20990102-000000-korsts-small, " in fails("compare", "zzz", "latest")


def test_several_runs_answer_with_their_mean(own_run: Path, fails: Fails) -> None:
    assert call("train", "recipe.yaml", "training.seed=7", "--name", "second") == 0
    (second,) = Path("runs").glob("*-second")
    columns = []
    for out, runs in {"a": [own_run], "b": [second], "both": [own_run, second]}.items():
        assert call("predict", *map(str, runs), "test.csv", "-o", f"{out}.csv") == 0
        with open(f"{out}.csv", encoding="utf-8", newline="") as file:
            columns.append([float(row["prediction"]) for row in csv.DictReader(file)])
    np.testing.assert_allclose(np.mean(columns[:2], axis=0), columns[2], atol=1e-12)
    assert np.ptp(np.array(columns[:2]), axis=0).max() > 1e-3
    assert call("train", "recipe.yaml", "data.label_range=[0,6]", "--name", "wider") == 0
    (wider,) = Path("runs").glob("*-wider")
    told = fails("predict", str(own_run), str(wider), "test.csv", "-o", "x.csv")
    ends = "a mean is of runs on one label scale"
    assert told == f"predict: {own_run} answers on 0..5, {wider} answers on 0..6: {ends}"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "nothing.csv"),
        ("check", "train.csv", "--encoder", "./nowhere"),
        ("train", "nothing.yaml"),
        ("train", "recipe.yaml", "data.dev=nothing.csv"),
        ("train", "recipe.yaml", "model.encoder=./nowhere"),
        ("train", "recipe.yaml", "model.encoder=runs"),
        ("train", "recipe.yaml", "--name", "a/b"),
        ("study", "nothing.yaml"),
        ("study", "study.yaml", "baseline.data.dev=nothing.csv"),
        ("study", "study.yaml", "baseline.model.encoder=./nowhere"),
        ("compare", "nothing", "latest"),
        ("predict", "nothing", "test.csv", "-o", "x.csv"),
        ("predict", "latest", "nothing.csv", "-o", "x.csv"),
        ("predict", "latest", "nothing", "test.csv", "-o", "x.csv"),
        ("predict", "latest", "test.csv", "-o", "test.csv"),
        ("evaluate", "nothing", "dev.csv"),
        ("evaluate", "latest", "nothing.csv"),
        ("score", "nothing", "a", "b"),
        ("score", "latest", "a"),
        ("runs", "--output", "nowhere"),
    ],
)
def test_wrong_names_are_told_before_torch_is_imported(arguments: tuple[str, ...], own_run: Path) -> None:
    Path("study.yaml").write_text("{question: '?', baseline: recipe.yaml, arms: {a: {loss.alpha: 0.3}}}")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    program = LIGHT.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stdout == "2 []\n", done.stderr
    assert done.stderr.count("\n") == 1
