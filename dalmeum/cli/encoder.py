"""dalmeum encoder trim: a smaller vocabulary."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated
from unicodedata import normalize

import typer

from dalmeum.cli.help import HELP_OPTIONS, Command, Group, documented, help_text
from dalmeum.cli.options import ColumnsOption, EncodingOption, FormatOption, JsonOption, parse_columns
from dalmeum.cli.output import print_json
from dalmeum.languages import Text
from dalmeum.numbers import WIDEST

encoder = typer.Typer(
    cls=Group,
    name="encoder",
    help=help_text("Change an encoder.", "인코더를 고칩니다."),
    rich_markup_mode=None,
    context_settings=HELP_OPTIONS,
)

TOLD = Text(
    "{before:,} pieces to {after:,}, {megabytes_before:,.0f} MB to {megabytes_after:,.0f} MB: {out}\n"
    "how much of another text it can't read: dalmeum check FILE --encoder {out}",
    "어휘 {before:,}개를 {after:,}개로, "
    "{megabytes_before:,.0f} MB를 {megabytes_after:,.0f} MB로 줄였습니다: {out}\n"
    "다른 글에서 읽지 못하는 비율을 보려면: dalmeum check FILE --encoder {out}",
)


@encoder.command(cls=Command, context_settings=HELP_OPTIONS)
@documented(
    """Write an encoder with the vocabulary that texts need.

    A multilingual encoder shrinks to a third or less for one language. Texts whose pieces are kept have the
    same scores as before; letters that no piece has any more are unknown.""",
    """데이터에 나오는 글에 필요한 어휘만 남긴 인코더를 씁니다.

    다국어 인코더는 한 언어만 남기면 3분의 1 이하로 줄어듭니다. 남은 어휘로 쪼개지는 글의 점수는 그대로이고,
    빠진 글자는 모르는 토큰이 됩니다.""",
)
def trim(
    model: Annotated[
        str,
        typer.Argument(
            help=help_text(
                "The encoder, as a recipe names it: a folder, a hub name, package:e5/full.",
                "레시피에 적는 대로 인코더를 적습니다: 폴더, 허브 이름, package:e5/full.",
            )
        ),
    ],
    data: Annotated[
        list[str],
        typer.Argument(
            help=help_text(
                "Files of pairs: their sentences say what is needed.",
                "문장쌍 파일. 그 문장에 필요한 어휘만 남깁니다.",
            )
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=help_text("The folder to write.", "결과를 쓸 폴더."))
    ],
    lines: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help=help_text(
                "More text, one on each line of a file; may be given again.",
                "한 줄에 글 하나씩 든 파일의 글도 더합니다. 여러 번 쓸 수 있습니다.",
            ),
        ),
    ] = None,
    columns: ColumnsOption = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    json: JsonOption = False,
) -> None:
    of_pairs = _texts(data, format, encoding, parse_columns(columns))
    texts = list(dict.fromkeys((*of_pairs, *_lines(lines or [], encoding))))

    from dalmeum.models.encoders.trim import trim_encoder  # torch only where it is used

    done = trim_encoder(model, texts, out)
    values = {
        "pieces": dict(zip(("before", "after"), done.pieces, strict=True)),
        "bytes": dict(zip(("before", "after"), done.weights, strict=True)),
    }
    if json:
        print_json({"model": model, "out": str(out), "texts": len(texts), **values})
    else:
        megabytes = {f"megabytes_{when}": count / 1e6 for when, count in values["bytes"].items()}
        print(TOLD.format(**values["pieces"], **megabytes, out=out))


def _texts(data: Sequence[str], format: str, encoding: str, columns: dict[str, str]) -> Iterator[str]:
    """Sentences of pairs, whatever the scale of their labels."""
    from dalmeum.data import read_pairs

    for source in data:
        table = read_pairs(
            source, format=format, encoding=encoding, columns=columns, label_range=(-WIDEST, WIDEST)
        )
        yield from (*table.sentence1, *table.sentence2)


def _lines(files: Sequence[Path], encoding: str) -> Iterator[str]:
    from dalmeum.data.readers.decode import check_encoding, check_magic, decode
    from dalmeum.data.readers.sources import open_source

    for path in files:
        with open_source(path, str(path)) as file:
            check_magic(file, str(path))
            text = decode(file, str(path), check_encoding(encoding)).read()
        yield from (normalize("NFC", line) for line in text.splitlines())
