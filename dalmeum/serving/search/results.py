"""What was found, as an object: a table for a terminal, a dictionary for JSON, rows for a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.languages import Text, counted, shorten
from dalmeum.serving.search.sentences import Sentences
from dalmeum.serving.search.writing import Row, write_rows
from dalmeum.terminal import table

RANK, SIMILARITY, SCORE = Text("rank", "순위"), Text("similarity", "유사도"), Text("score", "점수")
LINE, LINES, SENTENCE = Text("line", "줄"), Text("lines", "줄"), Text("sentence", "문장")
CLUSTER = Text(
    "cluster {number}: {lines}, least similarity to the first {least:.2f}",
    "묶음 {number}: {count:,}줄, 첫 문장과의 유사도 최소 {least:.2f}",
)
NEAR = Text(
    "{clusters} of near-duplicates at {threshold:g} or more in {sentences} ({different:,} different): "
    "{pairs}; {spare:,} could go",
    "{threshold:g} 이상인 중복 묶음 {clusters_count:,}개, 전체 {count:,}문장(서로 다른 {different:,}문장) 중 "
    "{pairs_count:,}쌍. 지워도 되는 문장 {spare:,}개",
)
MORE = Text(
    "... and {count:,} more: -o FILE writes all of them", "... 외 {count:,}개. -o FILE로 모두 쓸 수 있습니다"
)

SHOWN_CLUSTERS, SHOWN_MEMBERS, SHOWN_LINES = 20, 10, 5
"""On a terminal."""


@dataclass(frozen=True)
class Found:
    """The sentences that are nearest to each of q queries, at most k of them, the nearest first.

    Attributes:
        rows: (q, k), of the corpus.
        similarity: (q, k), on the label scale of the bi-encoder, not clipped to it.
        score: (q, k), what the cross-encoder says, by which they are ordered; None without one.
        recall: the share of the true 10 nearest that the index's graph finds; None where all were compared.
    """

    corpus: Sentences
    queries: Sentences
    rows: NDArray[np.int64]
    similarity: NDArray[np.float64]
    score: NDArray[np.float64] | None = None
    recall: float | None = None
    warnings: tuple[Text, ...] = ()

    def hits(self, query: int) -> Iterator[dict[str, Any]]:
        for place, row in enumerate(self.rows[query]):
            yield {
                "rank": place + 1,
                "line": self.corpus.lines[row][0],
                "copies": len(self.corpus.lines[row]),
                "sentence": self.corpus.texts[row],
                "similarity": float(self.similarity[query, place]),
                "score": None if self.score is None else float(self.score[query, place]),
            }

    def to_dict(self) -> dict[str, Any]:
        return {
            "corpus": self.corpus.name,
            "recall": self.recall,
            "queries": [
                {"line": line, "query": self.queries.texts[query], "found": [*self.hits(query)]}
                for line, query in self._asked()
            ],
            "warnings": [str(each) for each in self.warnings],
        }

    def write(self, out: str | Path) -> None:
        """A row a hit; the format by the end of the name."""
        columns: Mapping[str, type] = {
            "query_line": int,
            "query": str,
            "rank": int,
            "line": int,
            "copies": int,
            "sentence": str,
            "similarity": float,
            "score": float,
        }
        left = () if self.score is not None else ("score",)
        write_rows(
            Path(out),
            {name: kind for name, kind in columns.items() if name not in left},
            (
                (line, self.queries.texts[query], *(value for name, value in hit.items() if name not in left))
                for line, query in self._asked()
                for hit in self.hits(query)
            ),
        )

    def _asked(self) -> list[tuple[int, int]]:
        """Every query as often as it was asked: its line, and its row."""
        return sorted((line, row) for row, lines in enumerate(self.queries.lines) for line in lines)

    def __str__(self) -> str:
        blocks = []
        for _, query in self._asked():
            second = [] if self.score is None else [SCORE]
            rows: list[Sequence[object]] = [[RANK, SIMILARITY, *second, LINE, SENTENCE]]
            for hit in self.hits(query):
                score = [] if hit["score"] is None else [f"{hit['score']:.2f}"]
                line = f"{hit['line']}" + (f" (+{hit['copies'] - 1})" if hit["copies"] > 1 else "")
                rows.append([hit["rank"], f"{hit['similarity']:.2f}", *score, line, shorten(hit["sentence"])])
            right = range(len(rows[0]) - 1)
            asked = shorten(self.queries.texts[query])
            blocks.append("\n".join([asked, *table(rows, right=right, whole=right)]))
        return "\n\n".join(blocks)


@dataclass(frozen=True)
class Cluster:
    """Sentences that hang together, the most central first.

    Attributes:
        rows: of the corpus, (m,); one alone stands on several lines.
        similarity: to the first, (m,), on the label scale.
    """

    rows: NDArray[np.int64]
    similarity: NDArray[np.float64]


@dataclass(frozen=True)
class Near:
    """Clusters of near-duplicates, those on most lines first.

    Attributes:
        threshold: on the label scale.
        pairs: of different sentences that are as similar or more.
    """

    corpus: Sentences
    threshold: float
    clusters: tuple[Cluster, ...]
    pairs: int
    warnings: tuple[Text, ...] = ()

    def lines(self, cluster: Cluster) -> int:
        return sum(len(self.corpus.lines[row]) for row in cluster.rows)

    @property
    def spare(self) -> int:
        """Lines that could go, where one of each cluster stays."""
        return sum(self.lines(each) - 1 for each in self.clusters)

    def to_dict(self) -> dict[str, Any]:
        return {
            "corpus": self.corpus.name,
            "sentences": self.corpus.count,
            "different": len(self.corpus),
            "threshold": self.threshold,
            "pairs": self.pairs,
            "spare": self.spare,
            "clusters": [
                [
                    {
                        "lines": [*self.corpus.lines[row]],
                        "sentence": self.corpus.texts[row],
                        "similarity": float(value),
                    }
                    for row, value in zip(each.rows, each.similarity, strict=True)
                ]
                for each in self.clusters
            ],
            "warnings": [str(each) for each in self.warnings],
        }

    def write(self, out: str | Path) -> None:
        """A row for each line of a cluster; `central` is the first line of its most central sentence."""
        columns = {"cluster": int, "central": bool, "line": int, "sentence": str, "similarity": float}
        write_rows(Path(out), columns, self._rows())

    def _rows(self) -> Iterator[Row]:
        for number, each in enumerate(self.clusters, start=1):
            for place, (row, value) in enumerate(zip(each.rows, each.similarity, strict=True)):
                for copy, line in enumerate(self.corpus.lines[row]):
                    yield number, place == copy == 0, line, self.corpus.texts[row], float(value)

    def __str__(self) -> str:
        told = NEAR.format(
            clusters=counted(len(self.clusters), "cluster"),
            clusters_count=len(self.clusters),
            threshold=self.threshold,
            sentences=counted(self.corpus.count, "sentence"),
            count=self.corpus.count,
            different=len(self.corpus),
            pairs=counted(self.pairs, "pair"),
            pairs_count=self.pairs,
            spare=self.spare,
        )
        blocks = [str(told)]
        blocks += [self._block(number, each) for number, each in enumerate(self.clusters[:SHOWN_CLUSTERS], 1)]
        if len(self.clusters) > SHOWN_CLUSTERS:
            blocks.append(str(MORE.format(count=len(self.clusters) - SHOWN_CLUSTERS)))
        return "\n\n".join(blocks)

    def _block(self, number: int, cluster: Cluster) -> str:
        count = self.lines(cluster)
        lines = counted(count, "line")
        head = CLUSTER.format(number=number, lines=lines, count=count, least=cluster.similarity.min())
        rows: list[Sequence[object]] = [[SIMILARITY, LINES, SENTENCE]]
        for row, value in zip(cluster.rows[:SHOWN_MEMBERS], cluster.similarity, strict=False):
            places = self.corpus.lines[row]
            told = ", ".join(map(str, places[:SHOWN_LINES])) + (", ..." if len(places) > SHOWN_LINES else "")
            rows.append([f"{value:.2f}", told, shorten(self.corpus.texts[row])])
        more = len(cluster.rows) - SHOWN_MEMBERS
        rest = [str(MORE.format(count=more))] if more > 0 else []
        return "\n".join([str(head), *table(rows, right=(0, 1), whole=(0,)), *rest])
