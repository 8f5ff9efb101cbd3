"""dalmeum export: a model for programs without dalmeum and torch."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.hub import CardOption, HubOption, PublicOption, SendOption, publish
from dalmeum.cli.options import JsonOption, OutputOption, RunArgument, TrustCodeOption
from dalmeum.cli.output import print_json, print_places
from dalmeum.errors import InputError
from dalmeum.languages import Text

FOUND = Text(
    "float32: at most {largest:.1e} away from the model on {count:,} pairs, {megabytes:.0f} MB",
    "float32: 문장쌍 {count:,}개에서 모델과 최대 {largest:.1e} 차이, {megabytes:.0f} MB",
)

NAMES = {
    "model.onnx": Text("graph", "그래프"),
    "example.py": Text("example", "예제"),
    "certificate.json": Text("certificate", "인증서"),
    "certificate.html": Text("page", "페이지"),
}


@documented(
    """Write a run's model as an ONNX graph with its tokenizer, a program that uses them, and a certificate of
    how far its scores are from the model's.""",
    """실행의 모델을 ONNX 그래프로 쓰고, 토크나이저와 그것을 쓰는 프로그램, 점수가 원래 모델과 얼마나 다른지
    적은 인증서를 함께 둡니다.""",
)
def export(
    run: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help=help_text("The folder to make.", "만들 폴더."),
        ),
    ] = None,
    hub: HubOption = None,
    send: SendOption = False,
    public: PublicOption = False,
    card: CardOption = None,
    data: Annotated[
        str | None,
        typer.Option(
            help=help_text(
                "Pairs to compare scores on; by default the run's dev pairs.",
                "점수를 비교할 문장쌍. 주지 않으면 실행의 dev.",
            )
        ),
    ] = None,
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    if hub is not None and out is None:
        publish(run, hub, send, public, card, output, trust_code, json)
        return
    if hub is not None or out is None:
        raise InputError("export: name a folder to make, -o FOLDER, or a place on the hub, --hub OWNER/NAME")
    from dalmeum.serving.export import export as write

    certificate = write(run, out, data=data, output=output, trust_code=trust_code)
    if json:
        print_json({"run": run, "folder": str(out), "certificate": certificate})
        return
    found = certificate["graphs"]["float32"]
    largest, count = found["change"]["largest"], certificate["pairs"]["count"]
    print(FOUND.format(largest=largest, count=count, megabytes=found["megabytes"]), end="\n\n")
    print_places([(name, out / file) for file, name in NAMES.items()])
