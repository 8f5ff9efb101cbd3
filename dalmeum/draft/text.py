"""A recipe for data files, with comments for who has never written one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from dalmeum.configuration import yaml_line
from dalmeum.data import PairTable
from dalmeum.data.readers.formats import GENERIC
from dalmeum.data.splits import Split
from dalmeum.draft.comments import comment, shown
from dalmeum.draft.files import Draft
from dalmeum.draft.model import model_lines, model_told
from dalmeum.errors import InputError
from dalmeum.files import write_text
from dalmeum.languages import Text, counted
from dalmeum.recipe import build_recipe
from dalmeum.terminal import shell_word

NUMBERS_ROWS = Text(" (numbers the rows)", "(행 번호)")


def write_recipe(draft: Draft, path: Path) -> None:
    """Write the recipe to a new file, its comments in the terminal's language.

    Raises `InputError` where something stands there, or it can't be written.
    """
    if path.exists() or path.is_symlink():
        raise InputError(f"{path}: is there already: name another file with -o, or delete it")
    lines = [
        *_head(draft, path),
        *_data(draft),
        *model_lines(draft.model, korean=draft.korean),
        *_loss(draft),
        *_training(draft),
    ]
    text = "\n".join(lines) + "\n"
    build_recipe(yaml.safe_load(text), str(path))  # nothing is written that can't be read
    write_text(path, text)


def told(draft: Draft) -> list[tuple[Text, Text]]:
    """What was found and chosen, a name and a text each, for the terminal."""
    lines = [
        (Text.same(split), Text("{name}: {found}", "{name}: {found}").format(name=table.name, found=found))
        for split, table in draft.tables.items()
        for found in [_found(draft, split)]
    ]
    if "dev" not in draft.tables and draft.folds is not None:
        held_out = Text(
            "held out of train: fold 0 of {folds}", "train에서 떼어 둠: 폴드 {folds}개 중 0번"
        ).format(folds=draft.folds)
        lines.insert(1, (Text.same("dev"), held_out))
    (low, high), (lowest, highest) = draft.labels, draft.label_range
    scale = Text("{low:g} to {high:g}", "{low:g}~{high:g}").format(low=low, high=high)
    if draft.labels != draft.label_range:
        scale = Text(
            "{found}, on a scale of {low:g} to {high:g}", "{found}. {low:g}~{high:g} 척도로 봅니다"
        ).format(found=scale, low=lowest, high=highest)
    return [*lines, (Text("labels", "레이블"), scale), (Text("model", "모델"), model_told(draft.model))]


def _found(draft: Draft, split: Split) -> Text:
    table, columns = draft.tables[split], draft.columns[split]
    kind = columns.format if columns.encoding is None else f"{columns.format}, {columns.encoding}"
    pairs = Text(counted(len(table), "pair"), f"문장쌍 {len(table):,}개")
    return Text("{pairs} ({kind})", "{pairs}({kind})").format(pairs=pairs, kind=kind)


def train_call(path: Path) -> str:
    """The command that trains the recipe."""
    return f"dalmeum train {shell_word(str(path))}"


def check_call(draft: Draft, files: Sequence[str]) -> str:
    """The command that checks the files as the recipe reads them."""
    call = ["dalmeum", "check", *files]
    if draft.named:
        call += ["--columns", ",".join(f"{field}={column}" for field, column in draft.named.items())]
    if draft.label_range != PairTable.label_range:
        call += ["--label-range", *(f"{bound:g}" for bound in draft.label_range)]
    return " ".join(map(shell_word, call))


def _head(draft: Draft, path: Path) -> Iterator[str]:
    call = shown(train_call(path))
    yield f"# {call}"
    yield "#"
    yield from comment(
        Text(
            "Written by dalmeum init. Change it here, or for one run alone, as in:",
            "dalmeum init이 쓴 레시피입니다. 여기서 고치거나, 실행 한 번에서만 이렇게 바꿀 수 있습니다:",
        )
    )
    yield f"#   {call} loss.alpha=0.3 training.seed=7"
    yield ""
    question = Text(
        "How well does a model do that learned from {train}?", "{train}에서 배운 모델은 얼마나 잘 맞히는가?"
    )
    yield from comment(
        Text(
            "What the run is to answer; it heads the report.", "이 실행이 답할 질문. 보고서 맨 위에 나옵니다."
        )
    )
    yield f"question: {yaml_line(str(question.format(train=Path(draft.tables['train'].name).name)))}"
    yield ""


def _data(draft: Draft) -> Iterator[str]:
    yield "data:"
    for split in draft.tables:
        yield from _table(draft, split)
    if "dev" not in draft.tables:
        yield from _held_out(draft)
    if draft.named:
        yield from comment(Text("Which column holds what:", "어느 열이 무엇인지:"), 2)
        yield f"  columns: {yaml_line(dict(draft.named))}"
    low, high = draft.labels
    yield from comment(
        Text(
            "The lowest and the highest label that there can be; the files have {low:g} to {high:g}.",
            "있을 수 있는 가장 낮은 레이블과 가장 높은 레이블. 파일의 레이블은 {low:g}~{high:g}입니다.",
        ).format(low=low, high=high),
        2,
    )
    yield f"  label_range: [{draft.label_range[0]:g}, {draft.label_range[1]:g}]"
    yield ""


def _held_out(draft: Draft) -> Iterator[str]:
    """In place of a dev file."""
    if draft.folds is None:
        yield from comment(
            Text(
                "No dev file, and no part of train can be held out: its pairs are too few, or all hang "
                "together by the sentences that they share. There will be no score on new pairs.",
                "dev 파일이 없고, train의 일부를 떼어 둘 수도 없습니다. 문장쌍이 너무 적거나, 같은 문장으로 "
                "모두 이어져 있습니다. 새 문장쌍에서의 점수는 나오지 않습니다.",
            ),
            2,
        )
        return
    yield from comment(
        Text(
            "No dev file: train is cut into {folds} folds, of which number {fold} is held out as dev. To "
            "hand in, leave fold out: a model is trained for each, in {folds} times the time, and all answer "
            "together.",
            "dev 파일이 없어 train을 폴드 {folds}개로 나누고, 그중 {fold}번을 dev로 떼어 둡니다. 제출할 때는 "
            "fold를 지우세요. 폴드마다 모델을 학습해({folds}배 걸립니다) 함께 답합니다.",
        ).format(folds=draft.folds, fold=0),
        2,
    )
    yield f"  folds: {draft.folds}"
    yield "  fold: 0"


def _table(draft: Draft, split: Split) -> Iterator[str]:
    """A file: what was found in it, and its key."""
    table, columns = draft.tables[split], draft.columns[split]
    found = _found(draft, split)
    used = ", ".join(
        field if field == column else f"{field} ({yaml_line(column)})"
        for field, column in columns.fields.items()
    )
    yield from comment(Text("{found}: {used}", "{found}: {used}").format(found=found, used=used), 2)
    if columns.unused and columns.format in GENERIC:
        unused = ", ".join(
            f"{yaml_line(column)}{NUMBERS_ROWS if column in columns.index else ''}"
            for column in columns.unused
        )
        yield from comment(Text("not used: {names}", "쓰지 않는 열: {names}").format(names=unused), 2)
    if split == "dev":
        yield from comment(
            Text(
                "Nothing is learned from dev: the model that is best there is kept.",
                "dev에서는 배우지 않고, dev에서 가장 좋은 모델을 남깁니다.",
            ),
            2,
        )
    if split == "test" and table.label is None:
        yield from comment(
            Text(
                "No labels: the predictions go to submission.csv in the run's folder.",
                "레이블이 없어, 예측을 실행 폴더의 submission.csv에 씁니다.",
            ),
            2,
        )
    yield f"  {split}: {yaml_line(table.name)}"


def _loss(draft: Draft) -> Iterator[str]:
    yield from comment(
        Text(
            "1 - Pearson over a whole batch, with a share (alpha) of the mean absolute error.",
            "배치 전체에서 구한 1 - 피어슨에 평균 절대 오차(MAE)를 alpha만큼 섞습니다.",
        )
    )
    yield "loss:"
    yield "  name: mixture"
    yield "  alpha: 0.1"
    rule = next((summary.binary_rule for summary in draft.report.tables if summary.binary_rule), None)
    yield ""
    if draft.tables["train"].binary is None:
        return
    yield from comment(
        Text(
            "train has a binary column, similar or not. Take the # away to learn it beside the similarity:",
            "train에 유사/비유사 이진 열이 있습니다. 유사도와 함께 학습하려면 #을 지우세요:",
        )
    )
    if rule is not None:
        yield from comment(
            Text(
                "(it says similar where the label is {threshold:g} or more)",
                "(레이블이 {threshold:g} 이상이면 유사로 되어 있습니다)",
            ).format(threshold=rule.threshold)
        )
    yield "# tasks:"
    yield "#   binary: {weight: 0.2}"
    yield ""


def _training(draft: Draft) -> Iterator[str]:
    yield "training:"
    yield from comment(
        Text(
            "auto: what suits the kind of model. The recipe.yaml in the run's folder has the numbers.",
            "auto: 모델 종류에 맞는 값. 실제로 쓴 값은 실행 폴더의 recipe.yaml에 남습니다.",
        ),
        2,
    )
    # Those of recipes/korsts-e5-bi.yaml.
    epochs, rate = ("2", "5.0e-5") if draft.model.is_packaged else ("auto", "auto")
    yield f"  epochs: {epochs}"
    yield "  effective_batch_size: auto"
    yield f"  learning_rate: {rate}"
    yield from comment(
        Text(
            "Another seed, another score: compare two ideas by several seeds (dalmeum study).",
            "시드가 다르면 점수도 달라집니다. 두 아이디어는 여러 시드로 비교하세요(dalmeum study).",
        ),
        2,
    )
    yield "  seed: 42"
    yield ""
    yield from comment(Text("Each run gets a folder in here.", "실행마다 이 안에 폴더가 하나 생깁니다."))
    yield "output: runs"
