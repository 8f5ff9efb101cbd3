"""Pairs that are judged by a run that knows them: that has learned from them, or was chosen on them."""

from collections import Counter
from pathlib import Path

from dalmeum.data import PairTable
from dalmeum.data.checks import leaks, shared_pairs
from dalmeum.data.splits import Split, read_splits
from dalmeum.data.telling import pairs_told
from dalmeum.errors import DalmeumError, InputError
from dalmeum.languages import Text
from dalmeum.runs.folder import Run, open_run

UNKNOWN = Text(
    "{train}, which was trained on, is gone or holds other pairs by now: nobody can say whether {name} has "
    "pairs of it",
    "학습에 쓴 {train}이(가) 없어졌거나 내용이 바뀌어, {name}에 학습한 문장쌍이 있는지 확인하지 못했습니다",
)
OWN_DEV = Text(
    "{name}: is the dev set on which the checkpoint was chosen: scores on it are a little too good",
    "{name}: 체크포인트를 고른 dev입니다. 여기서 낸 점수는 조금 좋게 나옵니다",
)
IN_DEV = Text(
    "{name}: {told}, on which the checkpoint was chosen: scores on them are a little too good",
    "{name}: {told}({share:.1%}). 체크포인트를 고른 데이터라 여기서 낸 점수는 조금 좋게 나옵니다",
)
KNOWS = Text("loss.teacher {teacher}: {told}", "loss.teacher {teacher}: {told}")
ALSO_IN = Text("({share:.1%}) also in {dev}", "{dev}에도 있는")


def known_to(run: str | Path, output: str | Path, table: PairTable) -> tuple[Text, ...]:
    """What a run knows of the pairs of a table: it was trained on some, or its checkpoint was chosen on some.

    What its teacher knows, it may know, too. Where a training file is gone, or holds other pairs by now, that
    nobody can say. Nothing for a model folder that is no run's: what it was trained on is not recorded.
    """
    try:
        opened = open_run(_run_of(Path(run)) or run, output)
    except InputError:
        return ()
    train = _as_it_was(opened, "train")
    if train is None:
        told: tuple[Text, ...] = (UNKNOWN.format(train=opened.recipe().data.train, name=table.name),)
    else:
        told = leaks(train, table)
    teacher = opened.record.data.get("teacher")
    of_teacher = () if teacher is None else known_to_teacher(teacher.path, output, table)
    return (*told, *_chosen_on(opened, table), *of_teacher)


def known_to_teacher(teacher: str, output: str | Path, table: PairTable) -> tuple[Text, ...]:
    """The same of a run that others learn from, told as theirs."""
    return tuple(KNOWS.format(teacher=teacher, told=told) for told in known_to(teacher, output, table))


def _run_of(folder: Path) -> Path | None:
    """The run whose model is in a folder."""
    parent = folder.absolute().parent
    return parent if folder.name == "model" and (parent / "run.json").is_file() else None


def _as_it_was(run: Run, split: Split) -> PairTable | None:
    """A split of a run; None where its file is gone, or holds other pairs by now."""
    recipe, known = run.recipe(), run.record.data.get(split)
    alone: dict[str, str | None] = {"dev": None, "test": None, "unlabelled": None}
    if split == "dev" and recipe.data.dev is not None:
        alone |= {"train": recipe.data.dev, "max_train_pairs": None, "part": None}
        split = "train"
    data = recipe.data.model_copy(update=alone)
    try:
        table = read_splits(recipe.model_copy(update={"data": data}))[split]
    except DalmeumError:
        return None
    return table if known is not None and known.sha256 == table.sha256 else None


def _chosen_on(run: Run, table: PairTable) -> tuple[Text, ...]:
    known = run.record.data.get("dev")
    if known is None or not chose_checkpoint(run):
        return ()
    if known.sha256 == table.sha256:
        return (OWN_DEV.format(name=table.name),)
    dev = _as_it_was(run, "dev")
    shared = 0 if dev is None else shared_pairs(dev, table)
    if not shared:
        return ()
    share = shared / len(table)
    told = pairs_told(shared, ALSO_IN.format(share=share, dev=known.path))
    return (IN_DEV.format(name=table.name, told=told, share=share),)


def chose_checkpoint(run: Run) -> bool:
    """Whether dev was evaluated several times, so that one was chosen; True where nobody knows."""
    try:
        history = run.history()
    except InputError:
        return True
    looks = Counter(key for entry in history for key in entry if key.endswith("eval_pearson"))
    return max(looks.values(), default=0) > 1
