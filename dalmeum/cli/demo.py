"""dalmeum demo: the whole story on the built-in practice set."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption
from dalmeum.cli.output import REPORT, RUN, SUBMISSION, print_json, print_places
from dalmeum.errors import one_line
from dalmeum.languages import Text
from dalmeum.progress import tell
from dalmeum.terminal import shell_word, terminal_width, wrapped

SYNTHETIC = Text(
    "The practice set is synthetic, made for trying things out: its scores say nothing about real data.",
    "연습 데이터는 연습용으로 만든 합성 데이터입니다. 여기서 나온 점수는 실제 데이터에 대해 아무것도 말해 "
    "주지 않습니다.",
)
HANDED_IN = Text(
    "Handed in: the run of that arm that is best on dev. It was picked by its dev score, which is therefore "
    "a little too good; the labels of test took no part in any choice.",
    "제출한 것: 그 비교 조건에서 dev 점수가 가장 좋은 실행. dev 점수를 보고 골랐으므로 그 점수는 조금 "
    "부풀려져 있습니다. test의 레이블은 어떤 선택에도 쓰지 않았습니다.",
)
LIVE = Text("The model, asked now (0 to 5):", "이 모델에 직접 물어보면(0~5점):")
SURPRISE = Text(
    "The last pair has the same words and another sense, and scores high all the same: this small model "
    "looks at words more than at who does what to whom.",
    "마지막 쌍은 단어만 같고 뜻이 다른데도 점수가 높습니다. 이 작은 모델은 누가 누구에게 했는지보다 단어를 "
    "더 봅니다.",
)
OTHERS = Text("Try others:", "다른 문장도 물어보세요:")
CALL = Text('dalmeum score latest "one sentence" "another"', 'dalmeum score latest "문장 하나" "다른 문장"')
SURPRISING = 3.0
"""The score of a pair that says something else from which on it is a surprise."""

STRONGER = Text(
    "These runs trained the offline encoder, so that all of them take about a minute. A pretrained encoder "
    "that knows Korean scores higher and takes some {times} times as long{how}:",
    "여기서는 모두 1분쯤에 끝나도록 오프라인 인코더를 학습했습니다. 한국어를 아는 사전학습 인코더는 점수가 "
    "더 높지만 {times}배쯤 걸립니다{how}:",
)
NEXT = Text("Next: change one line of {study} and run", "다음: {study}에서 한 줄을 바꾸고 실행하세요")


@documented(
    """Study losses on the built-in practice set, and hand in the best model; no download.

    The study, practice.yaml in the folder, is judged on dev. Its best model there is scored on the hidden
    test labels, and gets a report and a submission file.""",
    """내장 연습 데이터로 손실을 비교하고 가장 좋은 모델을 제출합니다. 내려받을 것이 없습니다.

    비교 실험(폴더의 practice.yaml)은 dev에서 판정합니다. 거기서 가장 좋은 모델을 숨겨 둔 test 레이블로
    채점하고, 보고서와 제출 파일을 만듭니다.""",
)
def demo(
    folder: Annotated[
        Path,
        typer.Option(
            help=help_text(
                "Where the practice set, its recipe and its study are written.",
                "연습 데이터와 그 레시피, 비교 실험을 쓰는 폴더.",
            )
        ),
    ] = Path("practice"),
    output: Annotated[
        Path, typer.Option(help=help_text("The folder that the runs are written to.", "실행을 쓰는 폴더."))
    ] = Path("runs"),
    json: JsonOption = False,
) -> None:
    from dalmeum.demo import STUDY, run_demo
    from dalmeum.pages.scores import metrics_lines

    tell(SYNTHETIC)
    done = run_demo(folder, output)
    metrics = done.run.metrics()
    test = done.test.to_dict()
    if json:
        print_json(
            {
                "run": done.run.id,
                "folder": str(done.run.folder),
                "metrics": {**metrics, "test": test},
                "report": str(done.run.report),
                "submission": str(done.submission),
                "study": done.study.findings.to_dict(),
                "page": str(done.page),
            }
        )
        return
    print(done.study.findings, end="\n\n")
    print("\n".join(wrapped(str(HANDED_IN), terminal_width())), end="\n\n")
    print("\n".join(metrics_lines(metrics["dev"], "dev")), end="\n\n")
    print("\n".join(metrics_lines(test, "test")), end="\n\n")
    print_places(
        [
            (Text("study", "비교 실험"), done.page),
            (RUN, done.run.id),
            (REPORT, done.run.report),
            (SUBMISSION, done.submission),
        ]
    )
    study = folder / f"{STUDY}.yaml"
    print(f"\n{NEXT.format(study=one_line(str(study)))}\n  dalmeum study {shell_word(str(study))}\n")
    if done.run.recipe().model.kind == "offline":
        print("\n".join(stronger_lines(folder)), end="\n\n")
    print("\n".join(live_lines(done.live)), end="\n\n")
    print(done.page.resolve().as_uri())


def stronger_lines(folder: Path) -> Iterator[str]:
    """What was trained, and how to train the better model."""
    from dalmeum.draft.model import E5, INSTALL, SLOWER, has_e5

    told = STRONGER.format(times=SLOWER, how="" if has_e5() else INSTALL)
    yield from wrapped(str(told), terminal_width())
    files = " ".join(shell_word(str(folder / f"{split}.csv")) for split in ("train", "dev"))
    yield f"  dalmeum init {files} --encoder {E5} -o {shell_word(str(folder / 'e5.yaml'))}"


def live_lines(scores: Sequence[float]) -> Iterator[str]:
    """Three pairs as the model scores them now, and what to make of the last."""
    from dalmeum.demo import LIVE_PAIRS

    yield str(LIVE)
    for score, pair in zip(scores, LIVE_PAIRS, strict=True):
        yield f"  {score:4.2f}  {' / '.join(pair)}"
    if scores[-1] > SURPRISING:
        yield from wrapped(str(SURPRISE), terminal_width())
    yield f"{OTHERS}\n  {CALL}"
