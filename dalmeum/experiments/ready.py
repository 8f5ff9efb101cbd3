"""What can be seen and said of recipes before the heavy imports, which take seconds: data and encoders."""

import math
from collections.abc import Iterable, Mapping

from dalmeum.data import PairTable
from dalmeum.data.splits import PairReader, Split, binary_labels, read_splits
from dalmeum.languages import Text
from dalmeum.models.packaged import Packaged
from dalmeum.models.pretrained import check_encoder
from dalmeum.own_code import is_own
from dalmeum.recipe import Recipe

PLAN = Text(
    "training on {pairs:,} pairs, {dev}: {encoder} on {device} in {precision}, {steps:,} steps, into {place}",
    "문장쌍 {pairs:,}개로 학습, {dev}: {encoder}, {device}, {precision}, {steps:,}스텝, {place}에 저장",
)
DEV, NO_DEV = Text("dev of {pairs:,}", "dev {pairs:,}개"), Text("no dev", "dev 없음")


def check_ready(recipes: Iterable[Recipe], reader: PairReader) -> None:
    """Raise `InputError` for what is wrong with their data, which `reader` keeps or their encoders.

    Errors as in `read_splits`, `binary_labels` and `locate_encoder`.
    """
    for recipe in recipes:
        check_encoder(recipe.model)
        for split, table in read_splits(recipe, reader).items():
            if split != "test":
                binary_labels(recipe, table)


def starts_slowly(recipe: Recipe) -> bool:
    """Whether making the scorer takes long and can't fail: what is to come is told before it."""
    return recipe.model.kind == "offline"


def plan_told(recipe: Recipe, tables: Mapping[Split, PairTable], place: object) -> Text:
    """What training the recipe will be, in a line; of the heavy imports it takes torch alone."""
    from dalmeum.models.precision import default_device, resolve_precision

    training, device = recipe.training, default_device()
    packaged = Packaged.named(recipe.model.encoder or "")
    pairs = len(tables["train"])
    precision: str = training.precision
    if precision == "auto":
        # The offline encoder and own kinds compute in float32 unless told otherwise.
        plain = recipe.model.kind == "offline" or is_own(recipe.model.kind)
        precision = "float32" if plain else str(resolve_precision(precision, device)).removeprefix("torch.")
    return PLAN.format(
        pairs=pairs,
        dev=DEV.format(pairs=len(tables["dev"])) if "dev" in tables else NO_DEV,
        encoder=packaged.told() if packaged else recipe.model.encoder or recipe.model.kind,
        device=device,
        precision=precision,
        steps=training.max_steps or training.epochs * math.ceil(pairs / training.effective_batch_size),
        place=place,
    )
