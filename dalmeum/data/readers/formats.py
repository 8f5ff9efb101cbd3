"""The formats that a data file may have. The reference in `docs/` says of each how it looks."""

from collections.abc import Mapping

from dalmeum.languages import Text

STRICT: Mapping[str, Text] = {
    "competition": Text(
        "CSV `id, source, sentence_1, sentence_2, label, binary-label`; a test file has no labels; id and "
        "source may be left out, `binary_label` is taken, a column with pandas' index is left aside",
        "CSV `id, source, sentence_1, sentence_2, label, binary-label`. test 파일에는 레이블이 없습니다. "
        "id와 source는 없어도 되고, `binary_label`도 읽으며, pandas 색인 열은 읽지 않습니다",
    ),
    "klue-sts": Text(
        "JSON list with `guid, source, sentence1, sentence2, labels, annotations`; the label is `real-label`",
        "`guid, source, sentence1, sentence2, labels, annotations`의 JSON 리스트. "
        "레이블은 `real-label`입니다",
    ),
    "korsts": Text(
        "TSV `genre filename year id score sentence1 sentence2`, as KorSTS and STS-B have it, with a header, "
        "or without and with up to two more fields (the original STSbenchmark); quote characters are text",
        "TSV `genre filename year id score sentence1 sentence2`(KorSTS, STS-B). 헤더가 없고 필드가 둘까지 더 "
        "있어도(원래의 STSbenchmark) 읽습니다. 따옴표도 글자로 읽습니다",
    ),
    "stsb-csv": Text(
        "CSV without a header: sentence1, sentence2, score",
        "헤더 없는 CSV: sentence1, sentence2, score",
    ),
    "sick": Text(
        "TSV `pair_ID sentence_A sentence_B relatedness_score ...`, labels 1 to 5",
        "TSV `pair_ID sentence_A sentence_B relatedness_score ...`, 레이블 1~5",
    ),
}
"""Formats that know their columns."""

GENERIC: Mapping[str, Text] = {
    "csv": Text("CSV with named columns", "열 이름이 있는 CSV"),
    "tsv": Text("TSV with named columns", "열 이름이 있는 TSV"),
    "jsonl": Text(
        "a JSON object a line; an inner value is named `labels.real-label`",
        "한 줄에 JSON 객체 하나. 안쪽 값은 `labels.real-label`처럼 적습니다",
    ),
    "parquet": Text("Parquet with named columns", "열 이름이 있는 Parquet"),
    "hub": Text(
        "a data set of the `datasets` library, as in `hub:klue/klue?config=sts&split=train`; needs the extra "
        "`dalmeum[hub]`",
        "`datasets` 라이브러리의 데이터셋: `hub:klue/klue?config=sts&split=train`. "
        "추가 설치 `dalmeum[hub]`가 필요합니다",
    ),
}
"""Formats whose columns are found by common names, or named by `data.columns`."""

FORMATS = ("auto", *STRICT, *GENERIC)
