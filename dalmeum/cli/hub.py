"""What dalmeum export --hub is told, and what it prints."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import help_text
from dalmeum.cli.output import note_warnings, print_json
from dalmeum.languages import Text

HubOption = Annotated[
    str | None,
    typer.Option(
        "--hub",
        metavar="OWNER/NAME",
        help=help_text(
            "In place of -o: the model and a card for the Hugging Face hub; shown, and sent with --send.",
            "-o 대신: 모델과 모델 카드를 Hugging Face 허브에. 보여 주기만 하고, --send를 주면 보냅니다.",
        ),
    ),
]
SendOption = Annotated[
    bool,
    typer.Option("--send", help=help_text("With --hub, send it.", "--hub에서 실제로 보냅니다.")),
]
PublicOption = Annotated[
    bool,
    typer.Option(
        "--public",
        help=help_text(
            "With --hub, make a new repository public.", "--hub에서 저장소를 새로 만들 때 공개합니다."
        ),
    ),
]
CardOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=help_text(
            "With --hub, YAML of what the card should tell: license, language, data, notes.",
            "--hub에서 모델 카드에 적을 내용의 YAML: license, language, data, notes.",
        ),
    ),
]

TITLE = Text("{repo}, {visibility}:", "{repo}({visibility}):")
PRIVATE = Text("private where it is new", "새로 만들면 비공개")
PUBLIC = Text("public where it is new", "새로 만들면 공개")
LEFT_OUT = Text("left out: {names}", "제외: {names}")
NOT_SENT = Text("nothing was sent: --send does it", "아직 보내지 않았습니다. --send를 붙이면 보냅니다")
SENT = Text("sent: {url}", "보냈습니다: {url}")


def publish(
    run: str,
    repo: str,
    send: bool,
    public: bool,
    card: Path | None,
    output: Path,
    trust_code: bool,
    json: bool,
) -> None:
    from dalmeum.serving.hub import publish as put

    found = put(run, repo, send=send, private=not public, card=card, output=output, trust_code=trust_code)
    note_warnings(found.warnings)
    if json:
        print_json(found.to_dict())
        return
    if found.url is not None:
        print(SENT.format(url=found.url))
        return
    print(TITLE.format(repo=repo, visibility=PUBLIC if public else PRIVATE))
    for name, size in found.files.items():
        print(f"  {_size(size):>10}  {name}")
    if found.left_out:
        print(LEFT_OUT.format(names=", ".join(found.left_out)))
    print(f"\n{found.card.text.rstrip()}\n\n{NOT_SENT}")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
