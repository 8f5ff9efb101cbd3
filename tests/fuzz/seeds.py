"""Small good files of every format that dalmeum reads."""

import io
import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

ROWS = [
    ("a1", "news", "고양이가 생선을 먹는다.", "생선을 고양이가 먹고 있다.", 4.2, 1),
    ("a2", "chat", "오늘 비가 와요", "내일은 맑겠습니다", 1.0, 0),
    ("a3", "news", 'He said "no", twice', "She said yes", 0.4, 0),
    ("a4", "chat", "같은 문장", "같은 문장", 5.0, 1),
]
COLUMNS = ("id", "source", "sentence_1", "sentence_2", "label", "binary-label")


def _table() -> pa.Table:
    return pa.table(dict(zip(COLUMNS, (list(column) for column in zip(*ROWS, strict=True)), strict=True)))


def _csv(delimiter: str) -> bytes:
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(_table(), buffer, pyarrow.csv.WriteOptions(delimiter=delimiter))
    return buffer.getvalue()


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(_table(), buffer)
    return buffer.getvalue()


def _records() -> list[dict[str, object]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def _klue() -> bytes:
    items = [
        {
            "guid": f"klue-sts-v1_dev_{row[0]}",
            "source": row[1],
            "sentence1": row[2],
            "sentence2": row[3],
            "labels": {"label": row[4], "real-label": row[4] + 0.01, "binary-label": row[5]},
            "annotations": {"agreement": "0:0:0:2:3:2:0", "annotations": [4, 4, 3]},
        }
        for row in ROWS
    ]
    return json.dumps(items, ensure_ascii=False, indent=1).encode()


def _sick() -> bytes:
    head = "pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment\n"
    return (
        head + "".join(f"{n}\t{r[2]}\t{r[3]}\t{r[4] * 0.8 + 1}\tNEUTRAL\n" for n, r in enumerate(ROWS))
    ).encode()


def _korsts(header: bool) -> bytes:
    head = "genre\tfilename\tyear\tid\tscore\tsentence1\tsentence2\n" if header else ""
    rows = (f"main-news\tMSRvid\t2012test\t{n:04}\t{r[4]:.3f}\t{r[2]}\t{r[3]}\n" for n, r in enumerate(ROWS))
    return (head + "".join(rows)).encode()


FILES: dict[str, list[bytes]] = {
    "csv": [_csv(","), _csv(",").decode().encode("cp949"), _csv(";"), _korsts(header=False)],
    "tsv": [_csv("\t"), _sick(), _korsts(header=True)],
    "json": [_klue(), json.dumps(_records(), ensure_ascii=False).encode()],
    "jsonl": ["\n".join(json.dumps(row, ensure_ascii=False) for row in _records()).encode()],
    "parquet": [_parquet()],
}
