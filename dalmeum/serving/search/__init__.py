"""Over many sentences: the nearest to some, and those that nearly repeat each other."""

import hashlib
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dalmeum.data import PairTable
from dalmeum.errors import InputError
from dalmeum.files import check_output, check_path
from dalmeum.languages import Text
from dalmeum.numbers import range_told
from dalmeum.progress import Progress, tell
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import load, model_folder
from dalmeum.runs.scoring import folder_of
from dalmeum.serving.search.embedding import Embedder, Vectors
from dalmeum.serving.search.index import Head, Index, in_memory, kept, partial_of
from dalmeum.serving.search.linkage import by_centrality, clusters
from dalmeum.serving.search.nearest import Rows
from dalmeum.serving.search.results import Cluster, Found, Near
from dalmeum.serving.search.sentences import Sentences, read_queries, read_sentences

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer
    from dalmeum.runs.folder import Run

TOP, CANDIDATES = 10, 50

NEARLY_THE_SAME = 0.9
"""The threshold, as a share of the label range, where none is given: 4.5 on 0 to 5."""

RERANKED_TOGETHER = 64
"""Queries whose candidates are scored together."""

SEARCHING, RERANKING = Text("searching, query", "검색, 질의"), Text("scoring, pair", "채점, 문장쌍")
COMPARING = Text("comparing, pair", "비교, 문장쌍")

WORTH_KEEPING = 20_000
KEEP = Text(
    "embedding {count:,} sentences for this once; --index FILE keeps them for the next time",
    "{count:,}문장을 이번 한 번만 쓰려고 임베딩합니다. --index FILE로 다음에도 쓸 수 있습니다",
)


def search(
    corpus: str | Path | Iterable[str],
    queries: str | Path | Iterable[str],
    model: "str | Path | Run",
    *,
    rerank: "str | Path | Run | None" = None,
    top: int = TOP,
    candidates: int = CANDIDATES,
    index: str | Path | None = None,
    rebuild: bool = False,
    column: str | None = None,
    query_column: str | None = None,
    format: str = "auto",
    encoding: str = "auto",
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
) -> Found:
    """Find the sentences of a corpus that are nearest to each query, as `dalmeum search` does.

    Args:
        corpus: a file, or texts, as `read_sentences` takes them; so are `column`, `format` and `encoding`.
        queries: likewise, with `query_column`; or one query.
        model: a bi-encoder, whose vectors are compared.
        rerank: any run or model, which scores the `candidates` that are nearest by the bi-encoder, and orders
            them; the `top` of these are answered.
        index: a file that keeps the vectors; it is made where there is none, and has to be of this corpus and
            model, unless `rebuild`.

    Raises `InputError` and `DataError` for what only the user can mend.
    """
    _check_counts(top=top, candidates=candidates)
    if str(corpus) == str(queries) == "-":
        raise InputError(
            "corpus and queries can't both come from standard input: name a file for one of them"
        )
    place = model_folder(folder_of(model), output)
    second = None if rerank is None else model_folder(folder_of(rerank), output)
    sentences = read_sentences(corpus, column=column, format=format, encoding=encoding)
    asked = read_queries(queries, column=query_column, format=format, encoding=encoding)
    scorer = None if second is None else load(second, precision, trust_code=trust_code)
    embedder = _embedder(model, place, precision, trust_code)
    found = _index(embedder, place, sentences, index, rebuild, _files(corpus, queries))
    vectors = in_memory(asked, embedder.embed).vectors
    with Progress(len(asked), SEARCHING) as progress:
        cosines, rows = found.nearest(vectors, max(top, candidates) if scorer else top, progress.advance)
    similarity, score = embedder.similarity(cosines), None
    if scorer is not None:
        scores = _scores(scorer, sentences, asked, rows)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        rows, score = np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)
        similarity = np.take_along_axis(similarity, order, 1)
    recall = None if found.graph is None else found.graph.recall
    return Found(sentences, asked, rows, similarity, score, recall, (*sentences.warnings, *asked.warnings))


def near(
    corpus: str | Path | Iterable[str],
    model: "str | Path | Run",
    *,
    threshold: float | None = None,
    index: str | Path | None = None,
    rebuild: bool = False,
    column: str | None = None,
    format: str = "auto",
    encoding: str = "auto",
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
) -> Near:
    """Find the near-duplicates of a corpus in clusters, as `dalmeum near` does.

    Two sentences are in one cluster where a chain of pairs as similar as `threshold`, or more, leads from one
    to the other; every pair is compared.

    Args:
        threshold: on the label scale; by default nine tenths up from its lowest end.
        The others are as in `search`.

    Raises `InputError` and `DataError` for what only the user can mend.
    """
    place = model_folder(folder_of(model), output)
    sentences = read_sentences(corpus, column=column, format=format, encoding=encoding)
    embedder = _embedder(model, place, precision, trust_code)
    low, high = embedder.label_range
    if threshold is None:
        threshold = low + NEARLY_THE_SAME * (high - low)
    highest = float(embedder.similarity(np.ones(1, np.float32))[0])
    if not threshold <= highest:
        raise InputError(
            f"threshold {threshold:g}: two equal sentences have {highest:.4g} by this model: choose one "
            f"below, on the label scale of {range_told(embedder.label_range)}"
        )
    vectors = _index(embedder, place, sentences, index, rebuild, _files(corpus)).vectors
    with Progress(len(vectors) * (len(vectors) - 1) // 2, COMPARING) as progress:
        found = clusters(vectors, embedder.cosine(threshold), progress.advance)
    ordered = _ordered(sentences, embedder, vectors, found.of)
    return Near(sentences, threshold, ordered, found.pairs, sentences.warnings)


def _check_counts(**counts: object) -> None:
    for name, value in counts.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"{name} {value!r:.80}: give a whole number of 1 or more")


def _embedder(model: "str | Path | Run", place: Path, precision: str, trust_code: bool) -> Embedder:
    return Embedder.of(load(place, precision, trust_code=trust_code), str(folder_of(model)))


def _files(*sources: object) -> list[str | Path]:
    return [each for each in sources if isinstance(each, str | Path)]


def _index(
    embedder: Embedder,
    place: Path,
    sentences: Sentences,
    index: str | Path | None,
    rebuild: bool,
    read: list[str | Path],
) -> Index:
    if index is None:
        if rebuild:
            raise InputError("rebuild: name the index that is to be made again")
        if len(sentences) >= WORTH_KEEPING:
            tell(KEEP.format(count=len(sentences)))
        return in_memory(sentences, embedder.embed)
    path = Path(index)
    for each in (path, partial_of(path)):
        check_path(each)
        check_output(each, [place, *read])
    model = f"{folder_hash(place)} {embedder.scorer.precision}"
    head = Head.of(hashlib.sha256(model.encode()).hexdigest(), sentences, embedder.dimensions)
    return kept(path, head, sentences, embedder.embed, rebuild=rebuild)


def _scores(
    scorer: "PairScorer", sentences: Sentences, asked: Sentences, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Of each query with each of its candidates, (q, candidates), on the scorer's label scale."""
    from dalmeum.evaluation.predict import score_table

    result = np.empty(rows.shape)
    with Progress(rows.size, RERANKING) as progress:
        for start in range(0, len(rows), RERANKED_TOGETHER):
            part = rows[start : start + RERANKED_TOGETHER]
            first = [asked.texts[start + row] for row in range(len(part)) for _ in part[row]]
            second = [sentences.texts[row] for row in part.ravel()]
            table = PairTable(
                tuple(map(str, range(len(first)))),
                ("",) * len(first),
                tuple(first),
                tuple(second),
                name=asked.name,
                label_range=scorer.label_range,
            )
            found = score_table(scorer, table, progress.advance).similarity
            result[start : start + RERANKED_TOGETHER] = found.reshape(part.shape)
    return result


def _ordered(sentences: Sentences, embedder: Embedder, vectors: Vectors, of: Rows) -> tuple[Cluster, ...]:
    """The clusters of more than one line, those with most lines first."""
    order = np.argsort(of, kind="stable")
    bounds = np.flatnonzero(np.diff(of[order], prepend=-1, append=-1))
    found = []
    for start, stop in itertools.pairwise(bounds):
        rows = order[start:stop]
        if len(rows) > 1 or len(sentences.lines[rows[0]]) > 1:
            central, cosines = by_centrality(vectors, rows)
            found.append(Cluster(central, embedder.similarity(cosines)))
    found.sort(key=lambda each: -sum(len(sentences.lines[row]) for row in each.rows))
    return tuple(found)
