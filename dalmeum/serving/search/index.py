"""What was embedded of a corpus, in one file that is mapped into memory: vectors, of many a graph, too."""

import contextlib
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock, Timeout

from dalmeum.errors import InputError
from dalmeum.files import make_folder, make_temporary, output_error
from dalmeum.languages import Text
from dalmeum.progress import Progress, tell
from dalmeum.serving.search.embedding import Vectors
from dalmeum.serving.search.nearest import (
    GRAPH_FROM,
    UNTOLD,
    Advance,
    Graph,
    Nearest,
    nearest,
    new_links,
    tried,
)
from dalmeum.serving.search.sentences import DIGEST, Sentences, digest

MAGIC, END = b"dalmeum index 1\n", b"\ndalmeum: whole\n"
FOOT = 256
"""Bytes at the end: what is known of the graph as JSON, filled up with spaces, and `END`."""
HEAD = 4096
"""Bytes before the digests: `MAGIC`, and what the index is of as JSON, filled up with spaces."""

ALIGNED = 64
"""What vectors and graph begin at a multiple of, in bytes."""

BLOCK = 4096
"""Sentences that are embedded together, like lengths beside each other; they are kept after so many."""

EMBEDDING = Text("embedding, sentence", "임베딩, 문장")
LINKING = Text("linking near vectors, sentence", "가까운 벡터 연결, 문장")
KEPT = Text(
    "{path}: what is embedded is kept: the same command goes on with it",
    "{path}: 임베딩한 것은 남겨 두었습니다. 같은 명령으로 이어서 할 수 있습니다",
)

Embed = Callable[[Sequence[str], Callable[[int], object]], Vectors]


@dataclass(frozen=True)
class Head:
    """What an index is of.

    Attributes:
        model: hash of the model's files and its precision.
        corpus: hash of the sentences.
        rows, dimensions: of its vectors.
    """

    model: str
    corpus: str
    rows: int
    dimensions: int

    @classmethod
    def of(cls, model: str, sentences: Sentences, dimensions: int) -> "Head":
        return cls(model, hashlib.sha256(sentences.digests()).hexdigest(), len(sentences), dimensions)

    @property
    def vectors_at(self) -> int:
        return _aligned(HEAD + DIGEST * self.rows)

    @property
    def row_bytes(self) -> int:
        return 4 * self.dimensions

    @property
    def vectors_end(self) -> int:
        return self.vectors_at + self.row_bytes * self.rows

    def to_bytes(self) -> bytes:
        return MAGIC + json.dumps(asdict(self)).encode().ljust(HEAD - len(MAGIC))

    @classmethod
    def read(cls, path: Path) -> "Head":
        """`InputError` where the file is no index."""
        try:
            with open(path, "rb") as file:
                start = file.read(HEAD)
            found: Any = json.loads(start.removeprefix(MAGIC)) if start.startswith(MAGIC) else None
            return cls(**found)
        except OSError as error:
            raise InputError(f"{path}: can't be read: {(error.strerror or '').lower()}") from None
        except (TypeError, ValueError):
            raise InputError(f"{path}: is there, and is no index of dalmeum's: name another file") from None


@dataclass(frozen=True)
class Index:
    """Vectors (n, dimensions) of length 1 of a corpus's sentences, and a graph of them, if there is one."""

    vectors: Vectors
    graph: Graph | None = None

    def nearest(self, queries: Vectors, count: int, advance: Advance = UNTOLD) -> Nearest:
        if self.graph is not None:
            return self.graph.nearest(queries, count, advance)
        return nearest(self.vectors, queries, count, advance)


def in_memory(sentences: Sentences, embed: Embed) -> Index:
    """An index for this once."""
    blocks = _embedded(sentences.texts, 0, embed)
    first = next(blocks)
    vectors = np.empty((len(sentences), first.shape[1]), np.float32)
    vectors[: len(first)] = first
    done = len(first)
    for block in blocks:
        vectors[done : done + len(block)] = block
        done += len(block)
    return Index(vectors)


def kept(path: Path, head: Head, sentences: Sentences, embed: Embed, *, rebuild: bool) -> Index:
    """The index in a file, which is made if it is not there, and goes on where it was cut off.

    With `rebuild` one of another corpus or model is replaced; of the same model, sentences that it has are
    not embedded again.

    Raises `InputError` for an index of something else, a file that is none, and where another process works.
    """
    found = Head.read(path) if os.path.lexists(path) else None
    if found is not None and not rebuild:
        if found == head:
            return _opened(path, head)
        other = "model" if found.model != head.model else "corpus"
        raise InputError(
            f"{path}: is an index of another {other}: --rebuild replaces it, or name another file"
        )
    if head.rows >= GRAPH_FROM:
        new_links(head.dimensions)  # without usearch nothing is embedded in vain
    with _one_process(path):
        if found is not None and found.model == head.model and found.dimensions == head.dimensions:
            with contextlib.suppress(InputError):  # a damaged one
                embed = _knowing(path, found, embed)
        try:
            _write(path, head, sentences, embed)
        except OSError as error:
            raise output_error(path, error) from error
    return _opened(path, head)


def partial_of(path: Path) -> Path:
    """Where an index grows until it is whole."""
    return path.with_name(f"{path.name}.partial")


def _write(path: Path, head: Head, sentences: Sentences, embed: Embed) -> None:
    partial = partial_of(path)
    done = _rows_in(partial, head)
    try:
        with open(partial, "r+b" if done else "w+b") as file:
            if not done:
                file.write(head.to_bytes() + sentences.digests())
            file.truncate(head.vectors_at + done * head.row_bytes)
            file.seek(0, os.SEEK_END)
            for block in _embedded(sentences.texts, done, embed):
                file.write(block.tobytes())
                _flush(file)
                done += len(block)
            foot = _append_graph(file, partial, head) if head.rows >= GRAPH_FROM else {}
            file.write(json.dumps(foot).encode().ljust(FOOT - len(END)) + END)
            _flush(file)
        os.replace(partial, path)
    except BaseException:
        if done:
            tell(KEPT.format(path=partial))
        else:
            partial.unlink(missing_ok=True)
        raise


def _rows_in(partial: Path, head: Head) -> int:
    """Vectors of whole blocks that an earlier process left."""
    with contextlib.suppress(InputError):
        if Head.read(partial) == head:
            rows = (partial.stat().st_size - head.vectors_at) // head.row_bytes
            return head.rows if rows >= head.rows else max(0, rows // BLOCK * BLOCK)
    return 0


def _embedded(texts: Sequence[str], done: int, embed: Embed) -> Iterator[Vectors]:
    """The vectors of those behind the first `done`, `BLOCK` at a time."""
    with Progress(len(texts), EMBEDDING) as progress:
        progress.jump(done)
        for start in range(done, len(texts), BLOCK):
            yield embed(texts[start : start + BLOCK], progress.advance)


def _knowing(old: Path, head: Head, embed: Embed) -> Embed:
    """The same, which takes what an index has, and embeds the rest."""
    vectors = _opened(old, head).vectors
    with open(old, "rb") as file:
        file.seek(HEAD)
        row_of = {file.read(DIGEST): row for row in range(head.rows)}

    def known(texts: Sequence[str], advance: Callable[[int], object]) -> Vectors:
        rows = np.array([row_of.get(digest(text), -1) for text in texts])
        result = np.empty((len(texts), head.dimensions), np.float32)
        result[rows >= 0] = vectors[rows[rows >= 0]]
        advance(int((rows >= 0).sum()))
        new = [text for text, row in zip(texts, rows, strict=True) if row < 0]
        if new:
            result[rows < 0] = embed(new, advance)
        return result

    return known


def _append_graph(file: BinaryIO, partial: Path, head: Head) -> dict[str, Any]:
    """Links between the vectors that the file has, behind them; what its foot says of it."""
    vectors = _vectors(partial, head)
    links = new_links(head.dimensions)
    with Progress(head.rows, LINKING) as progress:
        for start in range(0, head.rows, BLOCK):
            block = vectors[start : start + BLOCK]
            links.add(np.arange(start, start + len(block)), block)
            progress.advance(len(block))
    graph = tried(links, vectors)
    handle, saved = make_temporary(partial.parent)
    os.close(handle)
    try:
        links.save(saved)
        file.seek(_aligned(head.vectors_end))
        with open(saved, "rb") as source:
            shutil.copyfileobj(source, file, 1 << 24)
        checksum = zlib.crc32(np.memmap(saved, np.uint8, "r").data)
    finally:
        saved.unlink(missing_ok=True)
    return {"expansion": graph.expansion, "recall": graph.recall, "checksum": checksum}


def _opened(path: Path, head: Head) -> Index:
    """A whole index, mapped into memory; `InputError` where it is damaged."""
    damaged = InputError(f"{path}: is damaged: --rebuild makes it again")
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            file.seek(max(0, size - FOOT))
            end = file.read()
        if not end.endswith(END) or size < head.vectors_end + FOOT:
            raise damaged
        foot = json.loads(end.removesuffix(END))
        vectors = _vectors(path, head)
        if not foot:
            return Index(vectors)
        start = _aligned(head.vectors_end)
        mapped = np.memmap(path, np.uint8, "r", start, (size - FOOT - start,))
        if zlib.crc32(mapped.data) != foot["checksum"]:  # wrong links lead out of the memory
            raise damaged
        links = new_links(head.dimensions)
        links.view(mapped.data)
        return Index(vectors, Graph(links, vectors, int(foot["expansion"]), float(foot["recall"]), mapped))
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise damaged from None
    except OSError as error:
        raise InputError(f"{path}: can't be read: {(error.strerror or '').lower()}") from None


def _vectors(path: Path, head: Head) -> Vectors:
    return np.memmap(path, np.float32, "r", head.vectors_at, (head.rows, head.dimensions))


def _aligned(place: int) -> int:
    return -(-place // ALIGNED) * ALIGNED


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextlib.contextmanager
def _one_process(path: Path) -> Iterator[None]:
    """`InputError` where another one makes this index."""
    make_folder(path.parent)
    lock = path.with_name(f".{path.name}.lock")
    try:
        with FileLock(lock, blocking=False, thread_local=False, fallback_to_soft=False):
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
    except Timeout:
        raise InputError(f"{path}: another process makes this index: wait for it, or name another") from None
