"""dalmeum export: a model for programs without dalmeum and torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.hub import CardOption, HubOption, PublicOption, SendOption, publish
from dalmeum.cli.options import JsonOption, OutputOption, RunArgument, TrustCodeOption
from dalmeum.cli.output import print_json, print_places
from dalmeum.errors import InputError
from dalmeum.languages import Text, counted_pairs

FOUND = Text(
    "{name}: at most {largest:.1e} away from the model on {pairs}, 99 of 100 within {p99:.1e}, "
    "{megabytes:.0f} MB",
    "{name}: {pairs}에서 모델과 최대 {largest:.1e} 차이, 100개 중 99개는 {p99:.1e} 이내, {megabytes:.0f} MB",
)
LEFT_OUT = Text(
    "{name}: left out, beyond tolerance: {beyond}",
    "{name}: 허용 범위를 벗어나 넣지 않았습니다. {beyond}",
)
BEYOND = "{name} {value:.2g} > {most:g}"

NAMES = {
    "model.onnx": Text("graph", "그래프"),
    "model-int8.onnx": Text("graph in int8", "int8 그래프"),
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
            help=help_text(
                "The folder to make; by default export in the run's, where score finds it.",
                "만들 폴더. 주지 않으면 실행 폴더 안의 export이고, score가 거기서 찾습니다.",
            ),
        ),
    ] = None,
    hub: HubOption = None,
    send: SendOption = False,
    public: PublicOption = False,
    card: CardOption = None,
    only: Annotated[
        str | None,
        typer.Option(
            help=help_text(
                "float32 or int8; by default both, int8 where it is within tolerance.",
                "float32 또는 int8. 주지 않으면 둘 다이며, int8은 허용 범위 안일 때만.",
            )
        ),
    ] = None,
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
    if hub is not None:
        if out is not None or only is not None:
            raise InputError("export --hub: sends the model itself: leave -o and --only out")
        publish(run, hub, send, public, card, output, trust_code, json)
        return
    from dalmeum.serving.export import export as write
    from dalmeum.serving.export import place_of

    folder = place_of(run, out, output)
    certificate = write(run, out, only=only, data=data, output=output, trust_code=trust_code)
    if json:
        print_json({"run": run, "folder": str(folder), "certificate": certificate})
        return
    for name, graph in certificate["graphs"].items():
        print(_told(name, graph))
    print()
    print_places([(name, folder / file) for file, name in NAMES.items() if (folder / file).exists()])


def _told(name: str, graph: Mapping[str, Any]) -> Text:
    if graph["written"]:
        pairs = counted_pairs(graph["change"]["pairs"])
        return FOUND.format(name=name, pairs=pairs, megabytes=graph["megabytes"], **_sizes(graph["change"]))
    beyond = [
        BEYOND.format(name=each, value=graph["found"][each], most=most)
        for each, most in graph["tolerance"].items()
        if graph["found"][each] is None or graph["found"][each] > most
    ]
    return LEFT_OUT.format(name=name, beyond=", ".join(beyond))


def _sizes(change: Mapping[str, float]) -> dict[str, float]:
    return {name: change[name] for name in ("largest", "p99")}
