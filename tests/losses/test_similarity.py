import sys

import pytest
import torch

from dalmeum.errors import MissingExtraError
from dalmeum.losses import LOSSES, concordance_loss, cosent_loss, mixture_loss, ranknet_loss, similarity_loss
from dalmeum.recipe import LOSS_NAMES, FractionSchedule, LossRecipe

LOGITS = torch.tensor([1.0, 2.0, 4.0])
LABELS = torch.tensor([1.0, 4.0, 3.0])


def value(recipe: LossRecipe, progress: float = 0.0) -> float:
    return similarity_loss(recipe, (0.0, 5.0))(LOGITS, LABELS, progress).item()


def test_hand_numbers() -> None:
    # Differences 0, -2, 1. Huber (delta 1): 0, 2 - .5, .5.
    assert value(LossRecipe(name="mae")) == pytest.approx(1.0)
    assert value(LossRecipe(name="mse")) == pytest.approx(5 / 3)
    assert value(LossRecipe(name="huber")) == pytest.approx(2 / 3)


def test_bce_against_label_as_a_share_of_the_range() -> None:
    # -(t log s(z) + (1 - t) log(1 - s(z))) = log(1 + e^z) - t z with t = label / 5.
    targets = (0.2, 0.8, 0.6)
    terms = [torch.log1p(z.exp()).item() - t * z.item() for z, t in zip(LOGITS, targets, strict=True)]
    assert value(LossRecipe(name="bce")) == pytest.approx(sum(terms) / 3)


def test_alpha_moves_with_progress() -> None:
    schedule = LossRecipe(name="mixture", alpha=FractionSchedule(start=0.0, end=0.5))
    for progress, alpha in ((0.0, 0.0), (0.5, 0.25), (1.0, 0.5)):
        assert value(schedule, progress) == pytest.approx(mixture_loss(LOGITS, LABELS, alpha).item())


def test_rank_and_concordance_losses() -> None:
    assert value(LossRecipe(name="ccc")) == concordance_loss(LOGITS, LABELS).item()
    assert value(LossRecipe(name="ranknet")) == ranknet_loss(LOGITS, LABELS).item()
    # Its scale is for cosines: label units are divided by the width of their range, which is 5.
    assert value(LossRecipe(name="cosent")) == pytest.approx(cosent_loss(LOGITS, LABELS, scale=20 / 5).item())


def test_missing_library_is_told_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers.sentence_transformer.losses", None)
    with pytest.raises(MissingExtraError) as caught:
        similarity_loss(LossRecipe(name="cosent"), (0.0, 5.0))
    assert str(caught.value) == (
        "sentence-transformers is not installed: pip install 'dalmeum[sentence-transformers]'"
    )


def test_the_table_has_what_recipes_may_name() -> None:
    assert tuple(LOSSES) == LOSS_NAMES


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_refuses_shapes_that_would_broadcast(name: str) -> None:
    loss = similarity_loss(LossRecipe.model_validate({"name": name}), (0.0, 5.0))
    with pytest.raises(ValueError, match="must both have shape"):
        loss(LOGITS[:, None], LABELS, 0.0)
