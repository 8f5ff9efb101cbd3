"""dalmeum search: the sentences of a corpus that are nearest to some."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import EncodingOption, JsonOption, OutputOption, PrecisionOption, TrustCodeOption
from dalmeum.cli.sentences import (
    ColumnOption,
    CorpusArgument,
    IndexOption,
    ModelOption,
    RebuildOption,
    ResultsOption,
    SentenceFormatOption,
    show,
)


@documented(
    """Find the sentences of a corpus that are nearest to each query.

    A bi-encoder gives each sentence a vector, and the nearest ones are found by these; with --rerank another
    model, as a cross-encoder, scores them again.""",
    """말뭉치에서 질의마다 가장 가까운 문장을 찾습니다.

    바이 인코더가 문장마다 벡터를 만들고, 그 벡터로 가까운 문장을 찾습니다. --rerank를 주면 크로스 인코더 같은
    다른 모델이 다시 채점합니다.""",
)
def search(
    corpus: CorpusArgument,
    queries: Annotated[
        str,
        typer.Argument(
            help=help_text(
                "One query in quotes, a file of queries, or - for standard input.",
                "따옴표로 묶은 질의 하나, 질의 파일, 또는 표준 입력이면 -.",
            )
        ),
    ],
    model: ModelOption,
    rerank: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help=help_text("A model that scores what is found again.", "찾은 문장을 다시 채점할 모델."),
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help=help_text("Sentences a query.", "질의마다 보여 줄 문장 수."))
    ] = 10,
    candidates: Annotated[
        int,
        typer.Option(
            min=1,
            help=help_text(
                "With --rerank, sentences a query to score.", "--rerank에서 질의마다 채점할 문장 수."
            ),
        ),
    ] = 50,
    index: IndexOption = None,
    rebuild: RebuildOption = False,
    column: ColumnOption = None,
    query_column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=help_text("The column with the queries.", "질의가 들어 있는 열.")),
    ] = None,
    out: ResultsOption = None,
    format: SentenceFormatOption = "auto",
    encoding: EncodingOption = "auto",
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.serving.search import search as find
    from dalmeum.serving.search.writing import check_results

    if out is not None:
        check_results(out, [corpus, queries])
    found = find(
        corpus,
        queries,
        model,
        rerank=rerank,
        top=top,
        candidates=candidates,
        index=index,
        rebuild=rebuild,
        column=column,
        query_column=query_column,
        format=format,
        encoding=encoding,
        precision=precision,
        output=output,
        trust_code=trust_code,
    )
    show(found, out, json)
