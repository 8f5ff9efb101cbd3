"""A user's mistake ends in one clear line a problem and an exit code; nothing is half-written or lost."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_commands import HEADER, call
from tests.conftest import run_folders

Fails = Callable[..., list[str]]
MAIN = (sys.executable, "-c", "from dalmeum.cli import main; main()")


@pytest.fixture(autouse=True)
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The finished run's folder; the test works in a folder of its own, beside its data."""
    for file in trained.glob("*.*"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))  # for commands in their own process
    return str(run_folders(trained / "runs")[0])


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Fails:
    """The lines on standard error of a command that must fail with `code`, and print nothing else."""

    def lines(*command: str, code: int = 2) -> list[str]:
        capsys.readouterr()
        assert call(*command) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        return err.splitlines()

    return lines


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """As a full disk does it: no file of this process grows beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


KOREAN = HEADER + "a,s,가나다,나라,1,0\nb,s,다라,마바,4,1\n"
BAD_FILES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty": ("", (": is empty",)),
    "blank": ("\n\r\n  \n", (": is empty",)),
    "header": (HEADER, (": has a header and no rows",)),
    "header-crlf": (HEADER.replace("\n", "\r\n"), (": has a header and no rows",)),
    "missing column": (
        "id,source,sentence_1,label\na,s,x,1\n",
        (": column 'sentence_2' is missing",),
    ),
    "unknown column": (
        "id,source,sentence_1,sentence_2,label,extra\na,s,x,y,1,z\n",
        (": unknown column 'extra'; remove it, or read the file in a generic format",),
    ),
    "labels": (
        HEADER + "a,s,x,y,high,1\nb,s,x,y,NaN,1\nc,s,x,y,inf,1\nd,s,x,y,5.1,1\ne,s,x,y,1e999,1\n",
        (
            ", line 2: label 'high' is not a number",
            ", line 3: label 'NaN' is not finite",
            ", line 4: label 'inf' is not finite",
            ", line 5: label 5.1 is outside 0..5 "
            "(set data.label_range, or --label-range, if your scale differs)",
            ", line 6: label '1e999' is not finite",
        ),
    ),
    "ids": (
        HEADER + "a,s,x,y,1,0\na,s,x,z,4,1\n",
        (", line 3: id 'a' is also on line 2; ids must be unique",),
    ),
    "ragged": (
        HEADER + "a,s,x,y,1,0\nb,s,x,y\nc,s,x,y,1,0,9\n",
        (
            ", line 3: 4 fields where the header has 6 (quote a sentence that holds a comma)",
            ", line 4: 7 fields where the header has 6 (quote a sentence that holds a comma)",
        ),
    ),
    "a NUL": (
        HEADER + "a,s,x\0x,y,1,0\n",
        (", line 2: sentence_1 holds a NUL character; the file is damaged here",),
    ),
    "NULs": (bytes(5000), (": is full of NUL bytes: no text, or UTF-16; save it as UTF-8",)),
    "UTF-16 without a mark": (
        KOREAN.encode("utf-16-le"),
        (": is full of NUL bytes: no text, or UTF-16; save it as UTF-8",),
    ),
    "UTF-32": (KOREAN.encode("utf-32"), (": is UTF-32; save it as UTF-8",)),
    "a megabyte": (
        HEADER + f"a,s,{'x' * 1_000_000},y,1,0\n",
        (", line 2: sentence_1 has 1,000,000 characters, more than 10,000",),
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_told_alike_by_every_command(name: str, run: str, fails: Fails) -> None:
    content, ends = BAD_FILES[name]
    Path("bad.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    expected = [f"bad.csv{end}" for end in ends]
    assert fails("check", "bad.csv") == expected
    assert fails("evaluate", run, "bad.csv", "--json") == expected
    assert fails("predict", run, "bad.csv", "-o", "out/scores.csv") == expected
    assert fails("train", "recipe.yaml", "data.train=bad.csv") == expected
    assert fails("train", "recipe.yaml", "data.dev=bad.csv", "--json") == expected
    assert not Path("out").exists()
    assert not Path("runs").exists()


BAD_PLACES = {
    "tran.csv": "tran.csv: no such file; did you mean 'train.csv'?",
    "nowhere/x": "nowhere/x: no such file",
    "folder": "folder: is a folder; name a file",
    "dev.csv/x": "dev.csv/x: can't be read: not a directory",
    "*.csv": "*.csv: no such file; it looks like a pattern: name one file",
    "https://example.org/a.csv": (
        "https://example.org/a.csv: no such file; it looks like a URL: download the file and name it"
    ),
    "link.csv": "link.csv: no such file: it is a link that leads nowhere",
    " ": "the name of a data file is empty",
}


@pytest.mark.parametrize("name", BAD_PLACES)
def test_a_place_that_holds_no_file(name: str, run: str, fails: Fails) -> None:
    Path("folder").mkdir()
    Path("link.csv").symlink_to("gone.csv")
    expected = [BAD_PLACES[name]]
    assert fails("check", name) == expected
    assert fails("evaluate", run, name) == expected
    assert fails("predict", run, name, "-o", "out.csv") == expected
    assert fails("train", "recipe.yaml", f'data.train="{name}"') == expected
    assert not Path("out.csv").exists()
    assert not Path("runs").exists()


def test_a_test_file_where_labels_are_needed(run: str, fails: Fails) -> None:
    missing = "test.csv: column 'label' is missing"
    mend = "; where there are none, dalmeum predict RUN test.csv -o out.csv predicts them"
    assert fails("evaluate", run, "test.csv") == [missing + mend]
    assert fails("train", "recipe.yaml", "data.dev=test.csv") == [missing]
    Path("plain.csv").write_text("sentence1,sentence2\nA cat eats.,A dog runs.\n")
    (told,) = fails("evaluate", run, "plain.csv")
    assert told.startswith("plain.csv: no column for label: ")
    assert told.endswith(mend.replace("test.csv", "plain.csv"))
    Path("empty.csv").write_text("sentence1,sentence2,label\nA cat eats.,A dog runs.,\n")
    (told,) = fails("evaluate", run, "empty.csv")
    assert told.endswith(mend.replace("test.csv", "empty.csv"))
    Path("worse.csv").write_text("sentence1,label\nA cat eats.,\n")
    assert "predict" not in "".join(fails("evaluate", run, "worse.csv"))  # which could not read it either


def test_cp949_in_a_file_declared_utf8(run: str, fails: Fails) -> None:
    Path("bad.csv").write_bytes(KOREAN.encode("cp949"))
    expected = [
        "bad.csv, line 2: byte 0xb0 is not UTF-8, and 1 more line is like it; "
        "the file reads as CP949: set encoding to cp949 or auto"
    ]
    assert fails("check", "bad.csv", "--encoding", "utf-8") == expected
    assert fails("evaluate", run, "bad.csv", "--encoding", "utf-8") == expected
    assert fails("predict", run, "bad.csv", "-o", "out.csv", "--encoding", "utf-8") == expected
    assert fails("train", "recipe.yaml", "data.train=bad.csv", "data.encoding=utf-8") == expected


def test_problems_of_all_splits_are_told_together(fails: Fails) -> None:
    Path("train.csv").write_text(HEADER, encoding="utf-8")
    Path("dev.csv").unlink()
    Path("test.csv").write_text("id,source,sentence_1,sentence_2\n1,s,a\n", encoding="utf-8")
    assert fails("train", "recipe.yaml") == [
        "train.csv: has a header and no rows",
        "dev.csv: no such file",
        "test.csv, line 2: 3 fields where the header has 4 (quote a sentence that holds a comma)",
    ]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems(end: str, run: str) -> None:
    competition = HEADER + 'a,s,x,y,1,0\nb,s,"x, z",z,4,1\n'
    korsts = "genre\tfilename\tyear\tid\tscore\tsentence1\tsentence2\nm\tf\t1\t1\t1\ta\tb\n"
    for name, text in (("pairs.csv", competition), ("pairs.tsv", korsts)):
        Path(name).write_bytes(text.replace("\n", end).encode())
        assert call("evaluate", run, name) == 0


def test_empty_sentences_are_scored_and_checked(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("gaps.csv").write_text(HEADER + "a,s,,y,1,0\nb,s,x,,4,1\nc,s,,,3,1\n", encoding="utf-8")
    assert call("predict", run, "gaps.csv", "-o", "out.csv") == 0
    assert len(Path("out.csv").read_text().splitlines()) == 4
    assert call("check", "gaps.csv") == 1
    assert "Problems, which would spoil a result" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("traning.epochs=3", "traning is no key of a recipe: did you mean training?"),
        ("training.epoch=3", "training.epoch is no key of a recipe: did you mean epochs?"),
        ("loss.nmae=mae", "loss.nmae is no key of a recipe: did you mean name?"),
        ("noequals", "'noequals' is no override: write section.key=value, e.g. training.seed=7"),
        ("training.epochs=0", "training.epochs: input should be greater than or equal to 1, not 0"),
        ("training.learning_rate=nan", "training.learning_rate: input should be a valid number, not 'nan'"),
        ("tasks.binary.threshold=.nan", "tasks.binary.threshold: input should be a finite number, not nan"),
        ("data.label_range=[5,0]", "data: label_range [5, 0] must go from low to high"),
        ("output=", "output: input should be a valid string, not None"),
    ],
)
def test_a_wrong_recipe(override: str, line: str, fails: Fails) -> None:
    assert fails("train", "recipe.yaml", override) == [f"recipe.yaml: {line}"]


def test_recipes_that_are_no_recipe(fails: Fails) -> None:
    Path("recipes").mkdir()
    Path("empty.yaml").touch()
    Path("cp949.yaml").write_bytes("question: 가나\n".encode("cp949"))
    Path("tabs.yaml").write_text("data:\n\ttrain: x\n")
    assert fails("train", "nothing.yaml") == [
        "nothing.yaml: no such recipe; the ones at hand are in recipes/"
    ]
    assert fails("train", "recipes") == ["recipes: is a folder; name the recipe's YAML file"]
    assert fails("train", "empty.yaml") == [
        "empty.yaml: holds no recipe; it must start with keys such as data: and model:"
    ]
    assert fails("train", "cp949.yaml") == ["cp949.yaml: is not UTF-8 text; save the recipe as UTF-8"]
    assert fails("train", "tabs.yaml") == [
        "tabs.yaml, line 2, column 1: is not valid YAML: found character '\\t' that cannot start any token"
    ]


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param("? [a, b]\n: 3\n", id="list as key"),
        pytest.param("a: " + "[" * 5000, id="nested too deep"),
    ],
)
def test_yaml_that_no_recipe_can_be(recipe: str, fails: Fails) -> None:
    Path("odd.yaml").write_text(recipe)
    (line,) = fails("train", "odd.yaml")
    assert line.startswith("odd.yaml")


def copy_encoder(run: str) -> Path:
    shutil.copytree(f"{run}/model", "encoder")
    return Path("encoder")


def test_encoders_that_are_not_there(run: str, fails: Fails) -> None:
    Path("folder").mkdir()
    for name, line in {
        "./nowhere": "./nowhere: no such model folder",
        "folder": "folder: is no model folder: config.json is missing",
        "package:no_such_package/model": (
            "package:no_such_package/model: package no_such_package is not installed: "
            "pip install no-such-package"
        ),
    }.items():
        assert fails("train", "recipe.yaml", f"model.encoder={name}") == [line]
    (line,) = fails("train", "recipe.yaml", "model.encoder=no/such-encoder")
    assert line.startswith("no/such-encoder: can't be loaded as an encoder: ")
    assert fails("check", "train.csv", "--encoder", "./nowhere") == ["./nowhere: no such model folder"]
    assert not Path("runs").exists()


def test_a_pickle_in_place_of_safetensors(run: str, fails: Fails) -> None:
    folder = copy_encoder(run)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert fails("train", "recipe.yaml", "model.encoder=encoder") == [
        "encoder: has no *.safetensors; weights in pickles (*.bin, *.pt) can run code and are not loaded: "
        "convert them with save_pretrained"
    ]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", "{oops"),
        ("config.json", "{}"),
        ("tokenizer.json", "{oops"),
        pytest.param("model.safetensors", "cut off"),
        pytest.param("config.json", "[]"),
    ],
)
def test_an_encoder_with_a_damaged_file(file: str, content: str, run: str, fails: Fails) -> None:
    (copy_encoder(run) / file).write_text(content)
    (line,) = fails("train", "recipe.yaml", "model.encoder=encoder")
    assert line.startswith("encoder: can't be loaded as an encoder: ")
    assert not Path("runs").exists()


def damaged_run(run: str, file: str, content: str | None) -> str:
    shutil.copytree(run, "damaged")
    path = Path("damaged", file)
    path.unlink()
    if content is not None:
        path.write_text(content)
    return "damaged"


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("run.json", None, r"damaged: no such run, neither a folder with a run\.json nor an id under runs/"),
        (
            "run.json",
            "{oops",
            r"damaged/run\.json: can't be read: no JSON from line 1, column \d on; the run folder is damaged",
        ),
        (
            "run.json",
            "[" * 100_000,
            r"damaged/run\.json: can't be read: no JSON from line 1, .*; the run folder is damaged",
        ),
        ("run.json", "[]", r"damaged/run\.json: is no record that this version of dalmeum reads"),
        ("run.json", "{}", r"damaged/run\.json: is no record that this version of dalmeum reads \(key id\)"),
        ("model/config.json", None, r"damaged/model: is no model folder: config\.json is missing"),
        ("model/config.json", "{oops", r"damaged/model/config\.json: can't be read: .*"),
        ("model/model.safetensors", None, r"damaged/model: has no \*\.safetensors; .*"),
        pytest.param("model/model.safetensors", "cut off", r"damaged/model.*"),
    ],
)
def test_a_damaged_run(file: str, content: str | None, line: str, run: str, fails: Fails) -> None:
    folder = damaged_run(run, file, content)
    for command in (("evaluate", folder, "dev.csv"), ("predict", folder, "test.csv", "-o", "out.csv")):
        (told,) = fails(*command)
        assert re.fullmatch(line, told)
    assert not Path("out.csv").exists()


@pytest.mark.parametrize("left", [None, {}, {"label_range": [0.0, 5.0], "binary_threshold": 2.5}])
def test_a_runs_model_without_its_settings(left: dict[str, Any] | None, run: str, fails: Fails) -> None:
    """Else it would be scored as a foreign model, on another scale perhaps."""
    config = json.loads(Path(run, "model/config.json").read_text(encoding="utf-8"))
    del config["dalmeum"]
    written = config if left is None else {**config, "dalmeum": left}
    folder = damaged_run(run, "model/config.json", json.dumps(written))
    missing = "sigmoid" if left else "label_range, sigmoid, binary_threshold"
    for place in (folder, f"{folder}/model"):
        (told,) = fails("evaluate", place, "dev.csv")
        assert told == (
            "damaged/model: is a run's model, and what dalmeum wrote beside its weights is missing "
            f"(config.json, section dalmeum: {missing}): put the file back as it was, or train the run again"
        )
    shutil.copytree("damaged/model", "foreign")  # nothing there says whose it is
    if not left:
        assert call("predict", "foreign", "test.csv", "-o", "out.csv") == 0


def test_weights_that_are_no_numbers(run: str, fails: Fails) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(run, "damaged")
    path = Path("damaged/model/model.safetensors")
    weights = load_file(path)
    weights["classifier.weight"] *= float("nan")
    save_file(weights, path, metadata={"format": "pt"})
    (line,) = fails("evaluate", "damaged", "dev.csv")
    assert line.startswith("damaged/model/model.safetensors: is not what was saved there")
    path.with_name("golden.json").unlink()
    Path("out.csv").write_text("old")
    (line,) = fails("predict", "damaged", "test.csv", "-o", "out.csv", "--submission", code=1)
    assert line.startswith("test.csv: 12 of 12 scores are not numbers: the model's weights are damaged")
    assert Path("out.csv").read_text() == "old"
    (line,) = fails("evaluate", "damaged", "dev.csv", code=1)
    assert line.startswith("dev.csv: 24 of 24 scores are not numbers")


def test_runs_that_are_not_there(run: str, fails: Fails) -> None:
    shutil.copytree(run, Path("runs", Path(run).name))
    unknown = "no such run, neither a folder with a run.json nor an id under runs/"
    newest = f"; the newest there: {Path(run).name}"
    assert fails("evaluate", "nothing", "dev.csv") == [f"nothing: {unknown}{newest}"]
    assert fails("evaluate", "dev.csv", "dev.csv") == [
        "dev.csv: is a file, not a run: name the run before the file"
    ]
    assert fails("evaluate", "x" * 5000, "dev.csv") == [f"{'x' * 5000}: {unknown}{newest}"]
    assert fails("predict", f"{Path(run).name}s", "test.csv", "-o", "out.csv") == [
        f"{Path(run).name}s: {unknown}; did you mean '{Path(run).name}'?"
    ]
    assert fails("evaluate", Path(run).name, "dev.csv", "--output", "elsewhere") == [
        f"{Path(run).name}: no such run, neither a folder with a run.json nor an id under elsewhere/"
    ]


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("--format", "korst", "unknown format 'korst'; did you mean 'korsts'?"),
        ("--encoding", "latin1", "encoding 'latin1' is not known: choose one of auto, utf-8, cp949"),
        (
            "--precision",
            "fp16",
            "precision 'fp16' is unknown: use one of auto, float32, bfloat16, float16",
        ),
    ],
)
def test_options_with_unknown_values(option: str, value: str, line: str, run: str, fails: Fails) -> None:
    assert fails("evaluate", run, "dev.csv", option, value) == [line]
    assert fails("predict", run, "test.csv", "-o", "out.csv", option, value) == [line]
    if option != "--precision":
        assert fails("check", "dev.csv", option, value) == [line]


def test_a_threshold_that_is_no_number(run: str, fails: Fails) -> None:
    for value in ("nan", "inf"):
        assert fails("evaluate", run, "dev.csv", "--threshold", value) == [
            f"threshold {value} is no number on the label scale"
        ]
    assert "Invalid value for '--threshold'" in fails("evaluate", run, "dev.csv", "--threshold", "abc")[-1]


def test_calls_that_the_command_line_refuses(run: str, fails: Fails) -> None:
    assert fails("predict", run, "test.csv")[-1] == "Error: Missing option '--out' / '-o'."
    assert fails("runs", "--sort", "size")[-1] == (
        "Error: Invalid value for '--sort': 'size' is not one of 'age', 'score', 'name', 'state'."
    )
    assert fails("train", "recipe.yaml", "--nope")[-1].startswith("Error: No such option: --nope")
    assert fails("trian")[-1].startswith("Error: No such command 'trian'.")


def test_outputs_that_cannot_be_written(run: str, fails: Fails) -> None:
    Path("file").write_text("old")
    Path("folder").mkdir()
    mend = "can't be written: a file stands where a folder is needed; choose another place for the output"
    for out, line in {
        "folder": "folder: is a folder; name a file to write",
        "file/out.csv": f"file/out.csv: {mend}",
        "file/inner/out.csv": f"file/inner/out.csv: {mend}",
    }.items():
        assert fails("predict", run, "test.csv", "-o", out) == [line]
    for output in ("file", "file/runs"):
        line = fails("train", "recipe.yaml", f"output={output}", "--json")[-1]
        assert line == f"{output}: {mend}"
    assert fails("demo", "--folder", "file", "--output", "runs")[-1] == f"file/train.csv: {mend}"
    assert Path("file").read_text() == "old"
    assert not any(Path("folder").iterdir())


def test_a_full_disk_leaves_the_old_predictions(run: str, fails: Fails) -> None:
    rows = "".join(f"row-{row},s,a cat,a dog\n" for row in range(300))
    Path("many.csv").write_text("id,source,sentence_1,sentence_2\n" + rows)
    Path("out").mkdir()
    Path("out/scores.csv").write_text("old")
    with file_size_limit(4096):
        (line,) = fails("predict", run, "many.csv", "-o", "out/scores.csv")
    assert line.startswith("out/scores.csv: can't be written: file too large; ")
    assert Path("out/scores.csv").read_text() == "old"
    assert [path.name for path in Path("out").iterdir()] == ["scores.csv"]


@pytest.mark.parametrize("size", [100_000, 6_000_000])  # the weights, the optimiser's state
def test_a_full_disk_in_training_can_be_resumed(
    size: int, fails: Fails, capsys: pytest.CaptureFixture[str]
) -> None:
    with file_size_limit(size):
        line = fails("train", "recipe.yaml", "--json")[-1]
    assert re.match(r"runs/\S+-recipe: can't be written: (file too large|no space left on device); ", line)
    (folder,) = run_folders("runs")
    assert json.loads((folder / "run.json").read_text())["state"] == "running"
    assert call("train", "recipe.yaml", "--resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(folder)


def test_no_run_is_left_where_not_even_its_record_fits(fails: Fails) -> None:
    with file_size_limit(100):
        (line,) = fails("train", "recipe.yaml")
    assert re.fullmatch(r"runs/\S+/\.lease\.json: can't be written: file too large; .*", line)
    assert not any(Path("runs").iterdir())


def test_a_pipe_and_a_link_stay_what_they_are(run: str) -> None:
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text()))
    reader.start()
    assert call("predict", run, "test.csv", "-o", "pipe") == 0
    reader.join(10)
    assert Path("pipe").is_fifo()
    assert read[0].startswith("id,label,prediction,binary_prediction\ntest-0,")
    Path("target.csv").write_text("old")
    Path("link.csv").symlink_to("target.csv")
    assert call("predict", run, "test.csv", "-o", "link.csv") == 0
    assert Path("link.csv").is_symlink()
    assert Path("target.csv").read_text() == read[0]


def test_changed_data_are_not_resumed(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    unfinished = Path("runs", Path(run).name)
    shutil.copytree(run, unfinished)
    record = json.loads((unfinished / "run.json").read_text())
    (unfinished / "run.json").write_text(json.dumps(record | {"state": "running"}))
    before = {path: path.read_bytes() for path in unfinished.rglob("*") if path.is_file()}
    with open("dev.csv", "a", encoding="utf-8") as file:
        file.write("new,drawn,The cat eats.,A cat eats today.,5,1\n")
    assert call("train", "recipe.yaml", "--resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["folder"] != str(unfinished)
    assert {path: path.read_bytes() for path in unfinished.rglob("*") if path.is_file()} == before


def test_training_that_diverges(fails: Fails) -> None:
    line = fails("train", "recipe.yaml", "training.learning_rate=1e30", "--json", code=1)[-1]
    assert re.match(
        r"step \d+: the (loss|gradient) is not a finite number: lower training.learning_rate", line
    )
    (folder,) = run_folders("runs")
    record = json.loads((folder / "run.json").read_text())
    assert (record["state"], record["error"]) == ("failed", line)


def test_ctrl_c_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("train", "recipe.yaml", "training.epochs=60")
    process = subprocess.Popen(
        [*MAIN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background of a shell script, its children would ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not list(Path().glob("runs/*/checkpoints/checkpoint-6/trainer_state.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "interrupted; a training run goes on with --resume" in err.splitlines()
    assert "Traceback" not in err
    (folder,) = run_folders("runs")
    assert call(*arguments, "--resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(folder)


def test_a_reader_that_leaves_early() -> None:
    lines = "".join(f"{row},source {row},문장 {row},글 {row},1,0\n" for row in range(500))
    Path("many.csv").write_text(HEADER + lines, encoding="utf-8")
    process = subprocess.Popen(
        [*MAIN, "check", "many.csv", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 1


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_standard_output_on_a_full_disk() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*MAIN, "check", "dev.csv"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        "standard output: can't be written: no space left on device; "
        "free some space and run the command again\n"
    )
