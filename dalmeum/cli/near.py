"""dalmeum near: the near-duplicates of a corpus, in clusters."""

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
    """Find sentences of a corpus that nearly repeat each other, in clusters.

    Two are in one cluster where a chain of pairs over the threshold leads from one to the other. The first of
    a cluster is its most central sentence: what to keep where the others go.""",
    """말뭉치에서 거의 같은 문장을 묶어 보여 줍니다.

    기준을 넘는 쌍을 이어 가면 닿는 문장들이 한 묶음입니다. 묶음의 첫 문장이 가장 가운데에 있는 문장이라,
    하나만 남긴다면 이 문장을 남기면 됩니다.""",
)
def near(
    corpus: CorpusArgument,
    model: ModelOption,
    threshold: Annotated[
        float | None,
        typer.Option(
            help=help_text(
                "Lowest similarity of near-duplicates, on the label scale; by default 4.5 on 0 to 5.",
                "거의 같다고 볼 가장 낮은 유사도(레이블 척도). 주지 않으면 0~5에서 4.5.",
            )
        ),
    ] = None,
    index: IndexOption = None,
    rebuild: RebuildOption = False,
    column: ColumnOption = None,
    out: ResultsOption = None,
    format: SentenceFormatOption = "auto",
    encoding: EncodingOption = "auto",
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.serving.search import near as find
    from dalmeum.serving.search.writing import check_results

    if out is not None:
        check_results(out, [corpus])
    found = find(
        corpus,
        model,
        threshold=threshold,
        index=index,
        rebuild=rebuild,
        column=column,
        format=format,
        encoding=encoding,
        precision=precision,
        output=output,
        trust_code=trust_code,
    )
    show(found, out, json)
