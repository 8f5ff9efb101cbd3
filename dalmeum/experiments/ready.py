"""What can be seen and said of recipes before the heavy imports, which take seconds: data and encoders."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from dalmeum.data import PairTable
from dalmeum.data.splits import PairReader, Split, binary_labels, read_splits
from dalmeum.experiments.teacher import check_teacher
from dalmeum.languages import LANGUAGES, Text, counted
from dalmeum.machine import versions
from dalmeum.models.packaged import Packaged
from dalmeum.models.pretrained import check_encoder
from dalmeum.own_code import is_own
from dalmeum.recipe import ModelRecipe, Recipe, TrainingRecipe
from dalmeum.recipe.model import errors_of_member
from dalmeum.runs.contents import OFFLINE_PACKAGES

if TYPE_CHECKING:
    import torch

PLAN = Text(
    "training on {pairs}, {dev}{models}: {encoder} on {device} in {precision}, {steps_counted}, into {place}",
    "{pairs}로 학습, {dev}{models}: {encoder}, {device}, {precision}, {steps:,}스텝, {place}에 저장",
)
OFFLINE = Text("offline (from {packages})", "offline({packages}에서)")
PAIRS = Text("{counted}", "문장쌍 {pairs:,}개")
PART = Text(
    "{counted} (part {number} of a pool of {pool:,})",
    "문장쌍 {pairs:,}개({pool:,}개에서 뽑은 {number}번째 부분)",
)
TAUGHT = Text(
    "{told} and {count:,} that {teacher} scores", "{told}와 {teacher}이(가) 점수를 매기는 {count:,}개"
)
MODELS = Text(", {count} models", ", 모델 {count}개")
FOLDS = Text("each of {folds} folds dev in turn", "폴드 {folds}개를 돌아가며 dev로 사용")
DEV, NO_DEV = Text("dev of {pairs:,}", "dev {pairs:,}개"), Text("no dev", "dev 없음")


def check_ready(recipes: Iterable[Recipe], reader: PairReader) -> None:
    """Raise `InputError` for what is wrong with their data, which `reader` keeps or their encoders.

    Errors as in `read_splits`, `binary_labels`, `check_teacher` and `locate_encoder`.
    """
    for recipe in recipes:
        for name, member in recipe.members.items():
            with errors_of_member(name):
                check_encoder(member.model)
        if not recipe.members:
            check_encoder(recipe.model)
        tables = read_splits(recipe, reader)
        for split, table in tables.items():
            if split != "test":
                binary_labels(recipe, table)
        check_teacher(recipe, tables)


def starts_slowly(recipe: Recipe) -> bool:
    """Whether making the scorer takes long and can't fail: what is to come is told before it."""
    return any(each.model.kind == "offline" for each in recipe.singles)


def plan_told(
    recipe: Recipe, tables: Mapping[Split, PairTable], place: object, reader: PairReader | None = None
) -> Text:
    """What training the recipe will be, in a line; of the heavy imports it takes torch alone.

    `reader` has read the tables.
    """
    from dalmeum.models.precision import default_device

    device, train, singles = default_device(), tables["train"], recipe.singles
    trainings = recipe.trainings.values()
    pairs = [_learned(read_splits(each, reader)["train"]) for each in trainings] or [_learned(train)]
    steps = sum(_steps(each.training, count) for each in singles for count in pairs)
    return PLAN.format(
        pairs=pairs_told(recipe, train),
        dev=_dev_told(recipe, tables),
        models=MODELS.format(count=len(trainings)) if trainings else "",
        encoder=_encoders_told([each.model for each in singles]),
        device=device,
        precision=", ".join(dict.fromkeys(_precision(each, device) for each in singles)),
        steps=steps,
        steps_counted=counted(steps, "step"),
        place=place,
    )


def _learned(train: PairTable) -> int:
    """How many pairs an epoch takes."""
    return len(train) + len(train.unlabelled or ())


def _dev_told(recipe: Recipe, tables: Mapping[Split, PairTable]) -> Text:
    if folds := recipe.data.all_folds:
        return FOLDS.format(folds=folds)
    return DEV.format(pairs=len(tables["dev"])) if "dev" in tables else NO_DEV


def _steps(training: TrainingRecipe, pairs: int) -> int:
    return training.max_steps or training.epochs * math.ceil(pairs / training.effective_batch_size)


def _encoders_told(models: Sequence[ModelRecipe]) -> Text:
    told = [_encoder_told(model) for model in models]
    return Text(*(" + ".join(each.in_language(language) for each in told) for language in LANGUAGES))


def _encoder_told(model: ModelRecipe) -> Text:
    """What is loaded from where."""
    packaged = Packaged.named(model.encoder or "")
    if packaged is not None:
        return packaged.told()
    if model.kind == "offline":
        found = versions(OFFLINE_PACKAGES)
        return OFFLINE.format(packages=", ".join(f"{name} {found[name]}" for name in OFFLINE_PACKAGES))
    return Text.same(model.encoder or model.kind)


def _precision(recipe: Recipe, device: "torch.device") -> str:
    from dalmeum.models.precision import resolve_precision

    precision: str = recipe.training.precision
    # The offline encoder and own kinds compute in float32 unless told otherwise.
    if precision == "auto" and (recipe.model.kind == "offline" or is_own(recipe.model.kind)):
        return "float32"
    return str(resolve_precision(precision, device)).removeprefix("torch.")


def pairs_told(recipe: Recipe, train: PairTable) -> Text:
    """How many pairs a recipe trains on; of a part also which, counted from 1, and of how many."""
    part, told = recipe.data.part, {"pairs": len(train), "counted": counted(len(train), "pair")}
    of_people = PAIRS.format(**told)
    if part is not None and train.pool is not None:
        of_people = PART.format(**told, number=part.number + 1, pool=len(train.pool))
    if train.unlabelled is None:
        return of_people
    return TAUGHT.format(told=of_people, count=len(train.unlabelled), teacher=recipe.loss.teacher)
