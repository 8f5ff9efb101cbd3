"""dalmeum serve: models behind an HTTP API."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import BackendOption, JsonOption, OutputOption, PrecisionOption, TrustCodeOption
from dalmeum.cli.output import print_json
from dalmeum.errors import MissingExtraError
from dalmeum.languages import Text
from dalmeum.progress import tell

INTERRUPTED = 130

LOADING = Text("loading {names}", "불러오는 중: {names}")
SERVING = Text(
    "serving at {address} (API: {address}/docs); Ctrl+C ends it",
    "{address} 에서 응답합니다 (API: {address}/docs). Ctrl+C를 누르면 끝납니다",
)
STOPPING = Text("stopping: what is begun is finished", "끝내는 중: 시작한 요청은 마칩니다")


@documented(
    """Answer for models over HTTP: similarities, rankings, and reranking as other clients expect it.

    The first run is the default, others are chosen by name: a run's id, a folder's name, or NAME=RUN. Without
    tokens it listens to this machine alone. Tokens stand in a file or in DALMEUM_TOKENS. Logs are JSON lines
    on standard error, without texts.""",
    """모델을 HTTP로 제공합니다. 점수와 순위를 답하고, 다른 클라이언트가 기대하는 형식으로 재순위화합니다.

    첫 실행이 기본이고, 나머지는 이름으로 고릅니다. 이름은 실행 id나 폴더 이름, 또는 NAME=RUN으로 준 것입니다.
    토큰이 없으면 이 기계에서만 접속할 수 있습니다. 토큰은 파일이나 DALMEUM_TOKENS에 둡니다. 로그는 문장 없이
    JSON으로 한 줄씩 표준 오류에 씁니다.""",
)
def serve(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help=help_text(
                "Run ids under --output, latest, or run or model folders, each with a name before it or not: "
                "NAME=RUN.",
                "--output 아래의 실행 id, latest, 또는 실행이나 모델의 폴더. NAME=RUN으로 이름을 줄 수 "
                "있습니다.",
            ),
        ),
    ],
    host: Annotated[
        str,
        typer.Option(
            help=help_text(
                "The address to listen at; others than this machine's own need a token.",
                "응답할 주소. 이 기계 밖에서 접속할 수 있는 주소에는 토큰이 필요합니다.",
            )
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            help=help_text("The port; 0 takes a free one.", "포트. 0이면 비어 있는 것을 씁니다."),
        ),
    ] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help=help_text(
                "A file of tokens, one a line, one of which a request must carry.",
                "토큰을 한 줄에 하나씩 적은 파일. 요청은 그중 하나를 보내야 합니다.",
            )
        ),
    ] = None,
    max_pairs: Annotated[
        int, typer.Option(min=1, help=help_text("Pairs of a request.", "요청 하나의 문장쌍 수."))
    ] = 1024,
    max_characters: Annotated[
        int, typer.Option(min=1, help=help_text("Characters of a sentence.", "문장 하나의 글자 수."))
    ] = 8192,
    max_wait: Annotated[
        float,
        typer.Option(
            help=help_text(
                "Seconds that a request may wait for others before it is refused with 429.",
                "앞선 요청을 기다릴 수 있는 시간(초). 넘을 것 같으면 바로 429로 거절합니다.",
            )
        ),
    ] = 1.0,
    timeout: Annotated[
        float,
        typer.Option(
            help=help_text("Seconds to an answer, at most.", "응답까지 걸릴 수 있는 최대 시간(초).")
        ),
    ] = 30.0,
    backend: BackendOption = "auto",
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    trust_code: TrustCodeOption = False,
    json: JsonOption = False,
) -> None:
    try:
        import fastapi_offline  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(error.name or "fastapi", "serve") from None
    from dalmeum.serving.http.limits import Limits
    from dalmeum.serving.http.models import find_models
    from dalmeum.serving.http.server import address_of, bind
    from dalmeum.serving.http.server import serve as answer
    from dalmeum.serving.http.tokens import read_tokens

    limits = Limits(
        pairs=max_pairs,
        waiting=max(Limits.waiting, max_pairs),
        characters=max_characters,
        wait=max_wait,
        deadline=timeout,
    )
    tokens = read_tokens(token_file)
    names = ", ".join(place.name for place in find_models(runs, output))
    place = bind(host, port, protected=bool(tokens))
    tell(LOADING.format(names=names))
    from dalmeum.serving.http.app import create_app

    app = create_app(
        runs,
        tokens=tokens,
        limits=limits,
        backend=backend,
        precision=precision,
        output=output,
        trust_code=trust_code,
    )
    address = address_of(place)

    def started() -> None:
        tell(SERVING.format(address=address))
        if json:
            print_json({"address": address, "models": list(app.state.service.models)})
            sys.stdout.flush()

    if not answer(app, place, started=started, stopping=lambda: tell(STOPPING)):
        raise typer.Exit(INTERRUPTED)
