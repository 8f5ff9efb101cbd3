"""Outputs: whole or not at all, never over what is read or kept, at any place that the system allows."""

import errno
import os
import resource
from pathlib import Path

import pytest

from dalmeum.errors import InputError
from dalmeum.files import (
    check_output,
    check_path,
    check_writable,
    disk_error,
    disk_time,
    make_folder,
    replace_file,
    write_json,
    write_text,
)

TORCH = "[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0"


@pytest.fixture
def run(here: Path) -> Path:
    run = here / "runs" / "20260101-000000-run"
    (run / "predictions").mkdir(parents=True)
    for name in ("run.json", "recipe.yaml"):
        (run / name).write_text("{}", encoding="utf-8")
    return run


@pytest.mark.parametrize("name", ["x.csv", "./x.csv", "sub/../x.csv", "hard.csv", "soft.csv", "linked/x.csv"])
def test_no_output_is_an_input(here: Path, name: str) -> None:
    (here / "sub").mkdir()
    (here / "x.csv").write_text("data", encoding="utf-8")
    os.link("x.csv", "hard.csv")
    Path("soft.csv").symlink_to("x.csv")
    Path("linked").symlink_to(".")
    with pytest.raises(InputError, match=r"is what is read here"):
        check_output(Path(name), ["hub:klue", "no/such", "x.csv"])
    check_output(Path("y.csv"), ["x.csv"])


@pytest.mark.parametrize("name", ["run.json", "new.csv", "predictions/dev.csv", "predictions/deeper/new.csv"])
def test_no_output_is_in_a_run(run: Path, name: str) -> None:
    Path("elsewhere").symlink_to(run)
    for path in (run / name, Path(os.path.relpath(run / name)), Path("elsewhere", name)):
        with pytest.raises(InputError, match=r"lies in the folder of a run, .*; choose another place"):
            check_output(path)
    Path("link.csv").symlink_to(run / "run.json")
    with pytest.raises(InputError, match="lies in the folder of a run"):
        check_output(Path("link.csv"))
    check_output(run.parent / "new.csv")


def test_a_place_that_no_file_can_take_is_told_beforehand(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("old", encoding="utf-8")
    Path("link").symlink_to("loop")
    Path("loop").symlink_to("link")
    for name, told in {
        ".": "is a folder",
        "file/x.csv": "a file stands where a folder is needed",
        "file/new/x.csv": "a file stands where a folder is needed",
        "가" * 90: "file name too long",
        "loop": "too many levels of symbolic links",
    }.items():
        with pytest.raises(InputError, match=told):
            check_writable(Path(name))
    for name in ("new.csv", "new/deeper/x.csv", "file", "/dev/null"):
        check_writable(Path(name))
    assert not Path("new").exists()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != here)
    with pytest.raises(InputError, match="file: can't be written: permission denied"):
        check_writable(Path("file"))


def test_an_unknown_failure_of_the_writer_is_not_said_to_be_a_full_disk(tmp_path: Path) -> None:
    told = str(disk_error(tmp_path, RuntimeError(TORCH)))
    assert "no space left" not in told
    assert "the writing broke off, for no reason that was told" in told
    assert "GB are free there" in told
    gone = str(disk_error(tmp_path / "gone" / "x", RuntimeError("Parent directory gone does not exist.")))
    assert "no such file or directory" in gone


def test_the_reason_is_found_out_by_writing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        told = str(disk_error(tmp_path, RuntimeError(TORCH)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "can't be written: file too large; " in told


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("SafetensorError: I/O error: No space left on device (os error 28)", errno.ENOSPC),
        ("Io Error: os error 122", errno.EDQUOT),
        ("code: 27, kind: FileTooLarge", errno.EFBIG),
        ("code: 30, kind: ReadOnlyFilesystem", errno.EROFS),
    ],
)
def test_a_librarys_own_way_of_saying_it(tmp_path: Path, said: str, code: int) -> None:
    assert f"can't be written: {os.strerror(code).lower()}; " in str(disk_error(tmp_path, RuntimeError(said)))


@pytest.mark.parametrize("said", ["os error 280", "code: 2800", "index 28 is out of bounds"])
def test_other_errors_are_no_disks(tmp_path: Path, said: str) -> None:
    assert disk_error(tmp_path, RuntimeError(said)) is None


def test_a_nul_in_a_name_is_told(here: Path) -> None:
    for call in (check_path, check_output, make_folder, lambda path: write_text(path, "")):
        with pytest.raises(InputError, match="holds a NUL character"):
            call(Path("q\0x"))


def test_a_folder_that_is_no_utf8_is_told_and_a_file_is_written(here: Path) -> None:
    with pytest.raises(InputError, match="is not UTF-8: choose another name for the output"):
        make_folder(Path("\udcff"))
    write_text(Path("\udcff.csv"), "kept")
    assert Path("\udcff.csv").read_text(encoding="utf-8") == "kept"


def test_deep_folders_and_long_names_are_written(deep: Path) -> None:
    write_json(deep / "x.json", {"kept": 1})
    assert (deep / "x.json").is_file()
    long = Path("가" * 83 + ".csvx"[: 255 - 249])
    write_text(long, "kept")
    assert long.read_text(encoding="utf-8") == "kept"
    with pytest.raises(InputError, match="can't be written: file name too long; choose another place"):
        write_text(Path("가" * 86), "")


def test_what_dead_processes_left_is_swept_away(here: Path) -> None:
    with replace_file(Path("x.txt")) as file:
        (mine,) = here.glob(".*.tmp")
        dead = mine.with_name(mine.name.replace(f"-{os.getpid()}-", "-999999999-"))
        foreign = mine.with_name(".dalmeum-00000000-999999999-abc.tmp")
        dead.touch()
        foreign.touch()
        write_text(Path("y.txt"), "")
        file.write("x")
    assert sorted(path.name for path in here.iterdir()) == sorted([foreign.name, "x.txt", "y.txt"])


def test_the_disks_own_clock(here: Path) -> None:
    Path("x").touch()
    assert disk_time(here) == pytest.approx(Path("x").stat().st_mtime, abs=5)
    assert [path.name for path in here.iterdir()] == ["x"]
