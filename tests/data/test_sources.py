"""Whatever a name leads to, reading ends: pipes are read, devices refused, wide files told in time."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dalmeum.data import read_pairs
from dalmeum.data.readers import sources
from dalmeum.errors import DataError

HEADER = "id,source,sentence_1,sentence_2,label\n"
ROW = "a,s,가,나,1\n"


def refused(path: Path | str, **options: object) -> list[str]:
    with pytest.raises(DataError) as raised:
        read_pairs(path, **options)  # type: ignore[arg-type]
    return list(raised.value.problems)


@pytest.mark.parametrize(
    "device",
    ["/dev/zero", "/dev/null", "/dev/urandom", "/dev/tty", "/proc/kmsg", "/proc/version"],
)
def test_devices(device: str) -> None:
    (line,) = refused(device)
    assert line == f"{device}: is a device, not a file: save the data to a file and name that"


def test_a_file_without_a_size_that_waits_for_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a kernel's trace_pipe does, on a file system of its own."""

    def read(*_: object) -> bytes:
        raise BlockingIOError

    (tmp_path / "trace_pipe").touch()
    (tmp_path / "a.csv").write_text(HEADER + ROW, encoding="utf-8")
    assert refused(tmp_path / "trace_pipe") == [f"{tmp_path}/trace_pipe: is empty"]
    monkeypatch.setattr(os, "read", read)
    (line,) = refused(tmp_path / "trace_pipe")
    assert line.startswith(f"{tmp_path}/trace_pipe: is a device, not a file")
    assert len(read_pairs(tmp_path / "a.csv")) == 1
    (tmp_path / "link").symlink_to("/proc/kmsg")
    assert "is a device, not a file" in refused(tmp_path / "link")[0]


def test_a_pipe_that_nobody_writes_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == [f"{tmp_path}/pipe: is a pipe that nobody writes to; name a file"]


@pytest.mark.parametrize("pause", [0, 0.3])
def test_a_pipe_is_read_to_its_end(pause: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose writer takes longer than a pipe is waited for."""
    monkeypatch.setattr(sources, "PATIENCE", 0.1)
    read, write = os.pipe()
    program = f"import time, sys; time.sleep({pause}); print({HEADER!r} + {ROW!r} * 1, end='')"
    with subprocess.Popen([sys.executable, "-c", program], stdout=write):
        os.close(write)
        table = read_pairs(f"/dev/fd/{read}")
    os.close(read)
    assert list(table.pairs) == [("가", "나")]


def test_a_pipe_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PIPE_BYTES", 1 << 16)
    with subprocess.Popen(["yes", ROW], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        (line,) = refused(f"/dev/fd/{writer.stdout.fileno()}")
        writer.kill()
    assert line.endswith(": more than 1 GiB came through this pipe: save it to a file")


def test_process_substitution_and_standard_input(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + ROW, encoding="utf-8")
    check = f"PYTHONPATH={Path(__file__).parents[2]} {sys.executable} -m dalmeum check --json"
    for command in (
        f"{check} <(cat a.csv)",
        f"cat a.csv | {check} /dev/stdin",
        f"{check} /dev/stdin < a.csv",
    ):
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert '"rows": 1' in done.stdout


def test_a_huge_file_of_nothing(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(1 << 36)
    (line,) = refused(tmp_path / "a.csv")
    assert "is full of NUL bytes" in line


COLUMNS = 100_000


@pytest.mark.parametrize("kind", ["unknown", "the same", "competition", "named", "jsonl", "parquet"])
def test_wide_files_take_no_time(kind: str, tmp_path: Path) -> None:
    names = [f"column{number}" for number in range(COLUMNS)]
    path, options = tmp_path / "a.csv", {}
    if kind == "the same":
        names = ["x"] * COLUMNS
    if kind == "competition":
        names[:4] = ["id", "source", "sentence_1", "sentence_2"]
    if kind == "named":
        options = {"columns": {"sentence1": "colum1", "sentence2": "colum2"}}
    path.write_text(",".join(names) + "\n" + ",".join("가" * COLUMNS) + "\n", encoding="utf-8")
    if kind == "jsonl":
        path = tmp_path / "a.jsonl"
        cells = [", ".join(f'"k{row}-{place}": 1' for place in range(500)) for row in range(COLUMNS // 500)]
        path.write_text("\n".join(f"{{{row}}}" for row in cells), encoding="utf-8")
    if kind == "parquet":
        import pyarrow
        import pyarrow.parquet

        path = tmp_path / "a.parquet"
        pyarrow.parquet.write_table(pyarrow.table({name: ["x"] for name in names[:10_000]}), path)
    started = time.process_time()
    lines = refused(path, **options)
    assert time.process_time() - started < 8
    assert len(lines[0]) < 500


def test_many_rows_that_are_wrong_take_no_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "".join(f"{row},s,x,y,high\n" for row in range(100_000)), encoding="utf-8")
    started = time.process_time()
    assert len(refused(path)) == 100_000
    assert time.process_time() - started < 8
