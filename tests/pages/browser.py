"""A headless Chromium, driven through its own debugging pipe."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

OWNED = 'data-owned="yes"'
"""What a hostile script that runs leaves in the document."""

FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --remote-debugging-pipe --hide-scrollbars"
)
MOST_SECONDS = 20
READY = "document.documentElement.dataset.ready === 'yes'"


@dataclass
class Tab:
    """One page, and what its console and the network were asked for.

    Chromium reads commands from its file descriptor 3 and answers on 4, each message ended by a zero byte.
    """

    commands: int
    answers: int
    session: str = ""
    last: int = 0
    pending: bytes = b""
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.last:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def open(
        self, page: Path | str, *, width: int = 1280, dark: bool = False, language: str = "en-US"
    ) -> None:
        """Load the page from its file, or its address, and wait until its scripts are done."""
        url = page if isinstance(page, str) else page.as_uri()
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        agent = self.value("navigator.userAgent")
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        self.console.clear()
        self.requests.clear()
        self.call("Page.navigate", url=url)
        self.wait(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")
        if "data-script" in self.document():
            self.wait(READY)

    def value(self, script: str) -> Any:
        """What a line of JavaScript gives, a promise's value awaited."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until `condition` holds; it is asked from here, as a page without JavaScript has no timers."""
        end = time.monotonic() + MOST_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError):  # the page may just be replaced
                if self.value(f"Boolean({condition})"):
                    return
            time.sleep(0.02)
        raise AssertionError(f"never: {condition}")

    def document(self) -> str:
        return str(self.value("document.documentElement.outerHTML"))

    def text(self) -> str:
        """What can be read on the page."""
        return str(self.value("document.body.innerText"))

    def picture(self, path: Path) -> None:
        """The whole page as a PNG, however long."""
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.pending:
            assert select.select([self.answers], [], [], MOST_SECONDS)[0], "Chromium says nothing"
            more = os.read(self.answers, 1 << 20)
            assert more, "Chromium has ended"
            self.pending += more
        message, _, self.pending = self.pending.partition(b"\0")
        read: dict[str, Any] = json.loads(message)
        values = read.get("params", {})
        if read.get("method") in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}:
            self.console.append(json.dumps(values))
        if read.get("method") == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        return read


@contextlib.contextmanager
def browser() -> Iterator[Tab]:
    """A Chromium with a fresh profile; it ends with the block."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, _Pipe() as told, _Pipe() as said:
        # The shell gives the two ends the numbers that Chromium wants.
        script = f'exec "$@" 3<&{told.read} 4>&{said.write}'
        command = ["bash", "-c", script, "bash", CHROMIUM, *FLAGS.split(), f"--user-data-dir={profile}"]
        process = subprocess.Popen(
            command, pass_fds=(told.read, said.write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            tab = Tab(told.write, said.read)
            target = tab.call("Target.createTarget", url="about:blank")["targetId"]
            tab.session = tab.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                tab.call(f"{domain}.enable")
            yield tab
        finally:
            process.terminate()
            process.wait(timeout=30)


class _Pipe:
    def __enter__(self) -> "_Pipe":
        self.read, self.write = os.pipe()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.read)
        os.close(self.write)
