"""`dalmeum search` among 250,000 sentences: recall at 10, time a query, memory; `near` among some of them.

    OMP_NUM_THREADS=1 python benchmarks/search.py data/korean-text/nsmc-reviews.txt.gz --work FOLDER

To embed so many by a transformer takes hours on a processor. Vectors are those of the universal sentence
encoder (512 dimensions, real and Korean), through the same index as a bi-encoder's; `--e5` embeds some by
multilingual-e5-small, too, whose cosines lie closer together. Queries are sentences of the corpus (beside
themselves) and, with `--questions`, of another source. What is embedded stays in `--work`.
"""

import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from dalmeum.serving.search import index as index_module
from dalmeum.serving.search.embedding import Embedder, Vectors
from dalmeum.serving.search.index import Head, Index, kept
from dalmeum.serving.search.linkage import clusters
from dalmeum.serving.search.nearest import nearest
from dalmeum.serving.search.sentences import Sentences, read_sentences

PACKAGES = ("dalmeum", "numpy", "usearch", "torch", "scipy")
COUNT, QUERIES, NEAR = 10, 500, 50_000
LEAST = 0.9
"""The cosine from which two sentences count as near-duplicates here."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="a sentence a line, gzip")
    parser.add_argument(
        "--questions", type=Path, help="CSV whose first column holds sentences of another kind"
    )
    parser.add_argument("--work", type=Path, required=True, help="a folder for vectors and indices")
    parser.add_argument("--e5", type=int, default=0, help="sentences to embed by multilingual-e5-small")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.ask:
        print(json.dumps(asked(options.ask, options.work)))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    with gzip.open(options.corpus, "rt", encoding="utf-8") as file:
        sentences = read_sentences(file.read().split("\n"), name=options.corpus.name)
    result: dict[str, Any] = {"universal": measured(sentences, "universal", universal, options)}
    result["near"] = duplicates(options.work / "universal.npy")
    if options.e5:
        some = read_sentences(sentences.texts[: options.e5])
        result["e5"] = measured(some, "e5", e5(options.work), options)
    print(json.dumps(result, indent=1))
    if options.out:
        from record import circumstances

        settings = {"corpus": options.corpus.name, "threads": os.environ.get("OMP_NUM_THREADS")}
        told = {**circumstances(PACKAGES, settings), **result}
        options.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


Embed = Callable[[Sequence[str]], Vectors]


def universal(texts: Sequence[str]) -> Vectors:
    from dalmeum.models.offline.universal import universal_encoder

    return np.asarray(universal_encoder().encode(texts)["embedding"])


def e5(work: Path) -> Embed:
    from dalmeum.models.bi import new_bi_encoder
    from dalmeum.models.scorer import PairScorer
    from dalmeum.runs.folder import load

    if not (work / "e5-bi").exists():
        model, encoding = new_bi_encoder("package:e5", num_labels=1, max_length=128, label_range=(0.0, 5.0))
        PairScorer(model, encoding).save(work / "e5-bi")
    return Embedder.of(load(work / "e5-bi"), "e5").embed


def measured(sentences: Sentences, name: str, embed: Embed, options: argparse.Namespace) -> dict[str, Any]:
    """An index of these sentences, asked in a process of its own."""
    work: Path = options.work
    result: dict[str, Any] = {"sentences": len(sentences)}
    vectors_file = work / f"{name}.npy"
    if not vectors_file.exists():
        start = time.process_time()
        np.save(vectors_file, in_order_of_length(sentences.texts, embed))
        result["embedding_processor_seconds"] = round(time.process_time() - start, 1)
    vectors = np.load(vectors_file, mmap_mode="r")
    own = np.random.default_rng(0).choice(len(vectors), QUERIES, replace=False)
    np.save(work / f"{name}-own.npy", vectors[own])
    if options.questions:
        with open(options.questions, encoding="utf-8", newline="") as file:
            texts = [row[0] for row in csv.reader(file)][1 : QUERIES + 1]
        np.save(work / f"{name}-others.npy", embed(texts))
    start = time.process_time()
    embed(sentences.texts[:1])
    for text in sentences.texts[:50]:
        embed([text])
    result["embedding_a_query_milliseconds"] = round(1000 * (time.process_time() - start) / 51, 2)
    place = iter(range(0, len(vectors), index_module.BLOCK))
    index_module.GRAPH_FROM = 1  # type: ignore[attr-defined]
    path = work / f"{name}.index"
    path.unlink(missing_ok=True)
    start = time.process_time()
    kept(
        path,
        Head.of(name, sentences, vectors.shape[1]),
        sentences,
        lambda texts, advance: np.asarray(vectors[(first := next(place)) : first + len(texts)]),
        rebuild=False,
    )
    result["index_processor_seconds"] = round(time.process_time() - start, 1)
    result["index_megabytes"] = round(path.stat().st_size / 1e6, 1)
    result["vectors_megabytes"] = round(vectors.nbytes / 1e6, 1)
    again = subprocess.run(
        [sys.executable, __file__, "-", "--work", str(work), "--ask", str(path)],
        check=True,
        stdout=subprocess.PIPE,
    )
    return {**result, **json.loads(again.stdout)}


def in_order_of_length(texts: Sequence[str], embed: Embed) -> Vectors:
    order = np.argsort([len(text) for text in texts], kind="stable")
    found: list[Vectors] = []
    for start in range(0, len(order), 4096):
        found.append(embed([texts[row] for row in order[start : start + 4096]]))
        print(f"{start:,} of {len(order):,}", file=sys.stderr, flush=True)
    result = np.empty((len(order), found[0].shape[1]), np.float32)
    result[order] = np.concatenate(found)
    return result


def asked(path: Path, work: Path) -> dict[str, Any]:
    """One query at a time, by the graph; and what comparing all of them finds, in the time of that."""
    before = psutil.Process().memory_info()
    start = time.process_time()
    index = index_module._opened(path, Head.read(path))
    result: dict[str, Any] = {"opening_milliseconds": round(1000 * (time.process_time() - start), 1)}
    assert index.graph is not None
    result["expansion"], result["recall_told"] = index.graph.expansion, index.graph.recall
    kinds = [kind for kind in ("own", "others") if (work / f"{path.stem}-{kind}.npy").exists()]
    # Before anything is compared with all vectors, which brings them all into memory.
    answers = {kind: timed(index.graph.nearest, np.load(work / f"{path.stem}-{kind}.npy")) for kind in kinds}
    after = psutil.Process().memory_info()
    # Pages of the file count as shared: the system takes them back where it is short of memory.
    mapped, whole = after.shared - before.shared, after.rss - before.rss
    result["memory_megabytes"] = {"own": round((whole - mapped) / 1e6, 1), "mapped": round(mapped / 1e6, 1)}
    for kind in kinds:
        queries = np.load(work / f"{path.stem}-{kind}.npy")
        result[kind] = compared(index, queries, kind == "own", *answers[kind])
    _, exact = timed(lambda query, count: nearest(index.vectors, query, count), queries[:30])
    result["exact_milliseconds"] = round(float(np.median(exact)), 2)
    return result


def timed(
    find: Callable[[Vectors, int], tuple[Any, NDArray[np.int64]]], queries: Vectors
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The cosines that are found for each query, and milliseconds of processor time for each."""
    found, spent = [], []
    for query in queries:
        start = time.process_time()
        cosines, _ = find(query[None], COUNT + 1)
        spent.append(1000 * (time.process_time() - start))
        found.append(cosines[0])
    return np.array(found), np.array(spent)


def compared(
    index: Index, queries: Vectors, own: bool, found: NDArray[np.float32], spent: NDArray[np.float64]
) -> dict[str, Any]:
    start = time.process_time()
    exact, _ = nearest(index.vectors, queries, COUNT + 1)
    together = 1000 * (time.process_time() - start) / len(queries)
    first = 1 if own else 0  # a sentence of the corpus finds itself
    found, least = found[:, first : first + COUNT], exact[:, first + COUNT - 1]
    recalls = (found >= least[:, None] - 1e-6).mean(axis=1)
    return {
        "queries": len(queries),
        "recall_at_10": round(float(recalls.mean()), 4),
        "milliseconds": round(float(np.median(spent)), 3),
        "milliseconds_99": round(float(np.percentile(spent, 99)), 3),
        "exact_together_milliseconds": round(together, 2),
    }


def duplicates(vectors_file: Path) -> dict[str, Any]:
    vectors = np.load(vectors_file, mmap_mode="r")[:NEAR]
    start = time.process_time()
    found = clusters(np.asarray(vectors), LEAST)
    sizes = np.bincount(found.of)
    return {
        "sentences": len(vectors),
        "cosine": LEAST,
        "pairs": found.pairs,
        "clusters": int((sizes > 1).sum()),
        "largest": int(sizes.max()),
        "processor_seconds": round(time.process_time() - start, 1),
    }


if __name__ == "__main__":
    main()
