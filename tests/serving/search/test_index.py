"""An index in a file: used again, refused where it is of something else, and gone on with."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from dalmeum.errors import InputError
from dalmeum.serving.search import index as index_module
from dalmeum.serving.search.index import Head, Index, in_memory, kept, partial_of
from dalmeum.serving.search.nearest import nearest
from dalmeum.serving.search.sentences import Sentences, read_sentences
from tests import kill
from tests.serving.search.conftest import DIMENSIONS, Counting, vector_of

TEXTS = [f"sentence {number}" for number in range(50)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four blocks, the last of them a small one."""
    monkeypatch.setattr(index_module, "BLOCK", 16)


def make_index(
    path: Path, embed: Counting, texts: list[str] = TEXTS, model: str = "m", *, rebuild: bool = False
) -> Index:
    sentences = read_sentences(texts)
    return kept(path, Head.of(model, sentences, DIMENSIONS), sentences, embed, rebuild=rebuild)


def test_what_is_kept_is_what_was_embedded_and_is_not_embedded_again(tmp_path: Path) -> None:
    path, embed = tmp_path / "new" / "corpus.index", Counting()
    first = make_index(path, embed)
    assert embed.asked == TEXTS
    assert os.listdir(path.parent) == ["corpus.index"]
    expected = np.stack([vector_of(text) for text in TEXTS])
    np.testing.assert_array_equal(first.vectors, expected)
    again = make_index(path, embed)
    assert len(embed.asked) == 50
    assert isinstance(again.vectors, np.memmap)
    np.testing.assert_array_equal(again.vectors, expected)
    np.testing.assert_array_equal(in_memory(read_sentences(TEXTS), Counting()).vectors, expected)
    queries = np.stack([vector_of("a"), vector_of("b")])
    np.testing.assert_array_equal(again.nearest(queries, 5)[1], nearest(expected, queries, 5)[1])


def test_an_index_of_something_else_is_refused_and_rebuilt_by_what_is_new(tmp_path: Path) -> None:
    path, embed = tmp_path / "corpus.index", Counting()
    make_index(path, embed)
    before = path.read_bytes()
    grown = ["a new one", *TEXTS[10:]]
    with pytest.raises(InputError, match="is an index of another corpus: --rebuild replaces it"):
        make_index(path, embed, grown)
    with pytest.raises(InputError, match="is an index of another model"):
        make_index(path, embed, model="other")
    assert path.read_bytes() == before
    embed.asked.clear()
    found = make_index(path, embed, grown, rebuild=True)
    assert embed.asked == ["a new one"]
    np.testing.assert_array_equal(found.vectors, np.stack([vector_of(text) for text in grown]))
    make_index(path, embed, grown, "other", rebuild=True)
    assert embed.asked[1:] == grown
    with pytest.raises(InputError, match="of another model"):
        make_index(path, embed, grown)


@pytest.mark.parametrize(("stop", "lost", "left"), [(32, 0, 18), (32, 7, 34), (48, 0, 2), (16, 4000, 50)])
def test_what_was_cut_off_is_gone_on_with(
    tmp_path: Path, stop: int, lost: int, left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path, undisturbed = tmp_path / "corpus.index", tmp_path / "undisturbed.index"
    make_index(undisturbed, Counting())
    with pytest.raises(KeyboardInterrupt):
        make_index(path, Counting(stop_after=stop))
    assert not path.exists()
    assert "what is embedded is kept: the same command goes on with it" in capsys.readouterr().err
    os.truncate(partial_of(path), partial_of(path).stat().st_size - lost)  # a write that did not get through
    embed = Counting()
    make_index(path, embed)
    assert len(embed.asked) == left
    assert path.read_bytes() == undisturbed.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["corpus.index", "undisturbed.index"]


def test_what_was_cut_off_of_another_corpus_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "corpus.index"
    with pytest.raises(KeyboardInterrupt):
        make_index(path, Counting(stop_after=32))
    embed = Counting()
    found = make_index(path, embed, TEXTS[:20])
    assert embed.asked == TEXTS[:20]
    np.testing.assert_array_equal(found.vectors, np.stack([vector_of(text) for text in TEXTS[:20]]))


def test_nothing_is_left_where_nothing_was_done(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_index(tmp_path / "corpus.index", Counting(stop_after=0))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id,text\n1,a\n", "is there, and is no index of dalmeum's: name another file"),
        (b"", "is no index of dalmeum's"),
        (b"dalmeum index 1\n{}", "is no index of dalmeum's"),
        (b"dalmeum index 1\n[1]", "is no index of dalmeum's"),
    ],
)
def test_other_files_are_refused_and_stay(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "corpus.index"
    path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        make_index(path, Counting(), rebuild=True)
    assert path.read_bytes() == content


def test_a_damaged_one_is_told_and_made_again(tmp_path: Path) -> None:
    path = tmp_path / "corpus.index"
    make_index(path, Counting())
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:5000], whole[:4200] + whole[-256:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="is damaged: --rebuild makes it again"):
            make_index(path, Counting())
    embed = Counting()
    make_index(path, embed, rebuild=True)
    assert embed.asked == TEXTS
    assert path.read_bytes() == whole


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "corpus.index"
    with (
        FileLock(tmp_path / ".corpus.index.lock"),
        pytest.raises(InputError, match="another process makes this index"),
    ):
        make_index(path, Counting())


def test_many_vectors_get_a_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "GRAPH_FROM", 2000)
    monkeypatch.setattr(index_module, "BLOCK", 512)
    path, embed = tmp_path / "corpus.index", Counting()
    texts = [f"text {number}" for number in range(2000)]
    made = make_index(path, embed, texts)
    assert made.graph is not None
    opened = make_index(path, embed, texts)
    assert len(embed.asked) == 2000
    assert opened.graph is not None
    assert (opened.graph.expansion, opened.graph.recall) == (made.graph.expansion, made.graph.recall)
    queries = np.stack([vector_of(f"query {number}") for number in range(50)])
    exact, _ = nearest(np.asarray(opened.vectors), queries, 10)
    cosines, rows = opened.nearest(queries, 10)
    assert np.mean(cosines >= exact[:, -1:] - 1e-6) >= 0.95
    np.testing.assert_array_equal(rows, made.nearest(queries, 10)[1])
    whole = path.read_bytes()
    for damaged in (whole[:-3000] + whole[-256:], whole[:-3000] + b"\xff" * 2 + whole[-2998:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="is damaged"):
            make_index(path, embed, texts)
    assert [file.name for file in tmp_path.iterdir()] == ["corpus.index"]


def test_without_usearch_the_extra_is_named_before_anything_is_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "GRAPH_FROM", 20)
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    embed = Counting()
    with pytest.raises(InputError, match=r"usearch is not installed: pip install 'dalmeum\[search\]'"):
        make_index(tmp_path / "corpus.index", embed)
    assert embed.asked == []


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index_module, "_flush", full)
    with pytest.raises(InputError, match=r"corpus\.index: can't be written: no space left on device"):
        make_index(tmp_path / "corpus.index", Counting())


PROGRAM = """
from pathlib import Path
from dalmeum.serving.search import index
from tests.serving.search.conftest import Counting
from tests.serving.search.test_index import make_index
index.BLOCK, index.GRAPH_FROM = 16, 40
make_index(Path("corpus.index"), Counting())
"""


def test_killed_at_any_write_it_comes_to_its_end_the_next_time(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM]
    root = str(Path(__file__).parents[3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", root)
        whole = tmp_path / "whole"
        whole.mkdir()
        undisturbed = kill.call(command, whole)
        assert undisturbed.code == 0, undisturbed.said
        assert len(undisturbed.written) >= 4
        for at in range(1, len(undisturbed.written) + 1):
            folder = tmp_path / str(at)
            folder.mkdir()
            assert kill.call(command, folder, at).code == -9
            assert not (folder / "corpus.index").exists()
            again = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert again.returncode == 0, again.stderr
            sentences = read_sentences(TEXTS)
            head = Head.of("m", sentences, DIMENSIONS)
            found = kept(folder / "corpus.index", head, sentences, Counting(stop_after=0), rebuild=False)
            np.testing.assert_array_equal(found.vectors, np.stack([vector_of(text) for text in TEXTS]))


def test_head_says_what_it_is_of(make: Callable[..., Sentences]) -> None:
    one, other = (Head.of("m", make(*texts), 4) for texts in (("a", "b"), ("b", "a")))
    assert one != other  # rows would be others
    assert Head.of("m", make("a", "b", "a"), 4) == one
