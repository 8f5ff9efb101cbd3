"""What a hub gets of a run, against a hub on this machine: model and card, in one commit; its failures."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

import dalmeum
from dalmeum.errors import DalmeumError, InputError
from tests.cli.test_commands import call
from tests.serving.hub_double import Hub, running_hub

OLDER = Path(__file__).parents[1] / "older" / "runs"
TOKEN = "hf_secretsecretsecret"


@pytest.fixture
def run(here: Path) -> Path:
    """`runs/ID` of a cross-encoder, with all that a run's folder has."""
    shutil.copytree(OLDER / "20261127-123628-cross", here / "runs" / "first")
    return Path("runs/first")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with running_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def test_model_and_card_arrive_and_nothing_else(run: Path, hub: Hub) -> None:
    (run / "model" / "training_args.bin").write_bytes(b"a pickle")
    (run / "model" / ".hidden.json").write_text("{}")
    found = dalmeum.publish(run, "me/first", send=True)
    arrived = hub.files["me/first"]
    expected = {
        path.name: path.read_bytes() for path in (OLDER / "20261127-123628-cross" / "model").iterdir()
    }
    assert {name: data for name, data in arrived.items() if name != "README.md"} == expected
    assert arrived["README.md"].decode() == found.card.text
    assert found.left_out == ("training_args.bin",)
    assert found.url == f"{hub.url}/me/first/commit/abc"
    assert found.files == {name: len(data) for name, data in arrived.items()}
    assert hub.created["me/first"]["visibility"] == "private"
    assert hub.messages == ["Model and card of the run 20261127-123628-cross"]
    assert hub.tokens == {f"Bearer {TOKEN}", None} or hub.tokens == {f"Bearer {TOKEN}"}
    dalmeum.publish(run, "me/first", send=True)  # into a repository that is there
    assert len(hub.messages) == 2


def test_folders_of_a_bi_encoder_keep_their_place(here: Path, hub: Hub) -> None:
    dalmeum.publish(OLDER / "20261127-123641-bi", "me/bi", send=True, private=False)
    assert {"modules.json", "1_Pooling/config.json", "dalmeum.json"} <= hub.files["me/bi"].keys()
    assert hub.created["me/bi"]["visibility"] == "public"


def test_without_send_nobody_is_asked_anything(
    run: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("export", str(run), "--hub", "me/first") == 0
    out, err = capsys.readouterr()
    assert hub.asked == []
    assert out.startswith("me/first, private where it is new:\n")
    assert "  model.safetensors\n" in out
    assert "# first\n" in out
    assert out.endswith("nothing was sent: --send does it\n")
    assert "the card states no licence" in err
    for name in ("predictions", "report", "recipe.yaml", "run.json", "checkpoints"):
        assert name not in out
    assert call("export", str(run), "--hub", "me/first", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sent"], told["url"], told["private"]) == (False, None, True)
    assert [*told["files"]] == [
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_sent_by_the_command(run: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    Path("card.yaml").write_text("license: mit\nlanguage: [en]\n", encoding="utf-8")
    command = ("export", str(run), "--hub", "me/first", "--send", "--public", "--card", "card.yaml")
    assert call(*command) == 0
    out, err = capsys.readouterr()
    assert out == f"sent: {hub.url}/me/first/commit/abc\n"
    assert b"license: mit" in hub.files["me/first"]["README.md"]
    assert hub.created["me/first"]["visibility"] == "public"
    assert TOKEN not in out + err
    assert "warning of the hub" not in err


@pytest.mark.parametrize(
    ("end", "status", "told", "code"),
    [
        ("/create", 401, "the hub knows no such token, or none was given: set HF_TOKEN", 2),
        ("/create", 403, "the token may not write there", 2),
        ("/preupload/main", 403, "the token may not write there", 2),
        ("/objects/batch", 403, "the token may not write there", 2),
        ("/preupload/main", 404, "the token may not write there", 2),
        ("/commit/main", 409, "somebody else has changed the repository meanwhile", 1),
        ("/commit/main", 412, "somebody else has changed the repository meanwhile", 1),
        ("/commit/main", 400, "the hub refuses a file or the card", 1),
        ("/validate-yaml", 400, "the hub refuses a file or the card", 1),
        ("/create", 418, "the hub failed (418)", 1),
    ],
)
def test_what_the_hub_refuses_is_one_line(
    run: Path, hub: Hub, capsys: pytest.CaptureFixture[str], end: str, status: int, told: str, code: int
) -> None:
    hub.fails[end] = status
    assert call("export", str(run), "--hub", "me/first", "--send") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith(f"me/first: {told}")
    assert TOKEN not in err
    assert "Traceback" not in err
    assert hub.files == {}


def test_no_hub_is_there(run: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(DalmeumError, match="the hub can't be reached, or broke off"):
            dalmeum.publish(run, "me/first", send=True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="HF_HUB_OFFLINE is set"):
        dalmeum.publish(run, "me/first", send=True)


@pytest.mark.parametrize(
    "name", ["", "first", "a/b/c", "me/", "me/a b", "me/x..y", "../x", "me/" + "x" * 120]
)
def test_names_that_are_none(run: Path, hub: Hub, name: str) -> None:
    with pytest.raises(InputError, match="is no name on the hub: write OWNER/NAME"):
        dalmeum.publish(run, name, send=True)
    assert hub.asked == []


def test_a_place_of_this_machine_does_not_leave_it(run: Path, hub: Hub, here: Path) -> None:
    path = run / "model" / "config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**values, "inner": {"_name_or_path": str(here / "runs")}}), encoding="utf-8")
    with pytest.raises(InputError, match="_name_or_path names a place of this machine"):
        dalmeum.publish(run, "me/first", send=True)
    assert hub.asked == []


def test_a_damaged_file_is_told(run: Path, hub: Hub) -> None:
    (run / "model" / "golden.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"golden\.json: can't be read: is no JSON"):
        dalmeum.publish(run, "me/first", send=True)
    assert hub.asked == []


def test_calls_that_mean_nothing(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("export", str(run)), ("export", str(run), "--hub", "me/first", "-o", "folder")):
        assert call(*command) == 2
        assert "name a folder to make, -o FOLDER, or a place on the hub" in capsys.readouterr().err
    with pytest.raises(InputError, match="no such run"):
        dalmeum.publish(run / "model", "me/first")
    Path("card.yaml").write_text("licence: mit\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"card\.yaml: .*licence.*license"):
        dalmeum.publish(run, "me/first", card="card.yaml")
