"""dalmeum reproduce: a submission's file made again from its manifest."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, TrustCodeOption
from dalmeum.cli.output import print_json
from dalmeum.errors import one_line
from dalmeum.languages import Text
from dalmeum.numbers import percent

if TYPE_CHECKING:
    from dalmeum.competition.reproduce import Reproduction

IDENTICAL = Text("identical: {file}, sha256 {sha256}", "같음: {file}, sha256 {sha256}")
DIFFERENT = Text("different from what was handed in", "제출한 파일과 다름")
BY = Text(
    "{file}: {share} of the ids differ, by {largest:.3g} at most",
    "{file}: id의 {share}에서 다르고, 차이는 가장 큰 것이 {largest:.3g}",
)
OTHER_IDS = Text("{file}: has other ids", "{file}: id가 다릅니다")
CHANGED = Text(
    "{file}: is no longer the file that was handed in", "{file}: 제출한 그 파일이 아닙니다(그 뒤에 바뀜)"
)
GONE = Text(
    "the file that was handed in is not here, so by how much is not known; -o FILE writes what was made",
    "제출한 파일이 여기 없어 얼마나 다른지는 알 수 없습니다. -o FILE을 주면 다시 만든 것을 씁니다",
)
WRITTEN = Text("written: {file}", "씀: {file}")
HOW = {
    "found": Text("{name}: the same weights, in {place}", "{name}: 같은 가중치({place})"),
    "same_run": Text(
        "{name}: weights of another run of the same recipe and data, {place}; {same}",
        "{name}: 같은 레시피와 데이터로 학습한 다른 실행의 가중치({place}), {same}",
    ),
    "trained": Text("{name}: trained anew, {place}; {same}", "{name}: 다시 학습함({place}), {same}"),
}
SAME = {
    True: Text("they came out the same", "결과가 같습니다"),
    False: Text("they came out different", "결과가 다릅니다"),
}
VERSION = Text("{package} was {then}, and is {now}", "{package}: 그때는 {then}, 지금은 {now}")


@documented(
    """Make a submission's file again from its manifest, and say whether it is the same.

    Models are taken from where they lie, by their content; those that are gone are trained anew. Nothing that
    differs is written over. Exit code 1 where it is different.""",
    """제출 파일을 매니페스트로 다시 만들고 같은지 알려 줍니다.

    모델은 내용으로 찾아 그대로 쓰고, 없어진 것은 다시 학습합니다. 다른 파일을 덮어쓰지 않습니다. 다르면
    종료 코드는 1입니다.""",
)
def reproduce(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST",
            help=help_text("FILE.manifest.json of a submission.", "제출의 FILE.manifest.json."),
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help=help_text("A new file, to be written in any case.", "다시 만든 것을 쓸 새 파일."),
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            help=help_text(
                "The folder of runs where models are looked for, and trained.",
                "모델을 찾고, 없으면 학습할 실행들의 폴더.",
            )
        ),
    ] = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.competition.reproduce import reproduce as make

    made = make(manifest, out, output=output, trust_code=trust_code)
    if json:
        print_json(made.to_dict())
    else:
        print("\n".join(one_line(str(line)) for line in _lines(made, manifest)))
    if not made.identical:
        raise typer.Exit(1)


def _lines(made: "Reproduction", manifest: Path) -> list[Text]:
    told = [
        HOW[each.how].format(name=each.name, place=each.model, same=SAME[each.same_weights])
        for each in made.members
    ]
    file = made.compared
    if made.identical:
        told.append(IDENTICAL.format(file=file or made.written or manifest, sha256=made.manifest.sha256))
    else:
        told.append(DIFFERENT)
        told += [
            VERSION.format(package=name, then=then, now=now)
            for name, (then, now) in made.other_versions.items()
        ]
    if file is not None and not made.original:
        told.append(CHANGED.format(file=file))
    if file is None:
        told += [] if made.identical or made.written else [GONE]
    elif made.largest is None or made.share is None:
        told.append(OTHER_IDS.format(file=file))
    elif made.share > 0:
        told.append(BY.format(file=file, share=percent(made.share), largest=made.largest))
    if made.written is not None:
        told.append(WRITTEN.format(file=made.written))
    return told
