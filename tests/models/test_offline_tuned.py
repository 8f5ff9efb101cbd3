"""What the offline encoder makes of its sentence encoder beyond features: layers trained on the labels, out
of fold, and a share of the bare cosine in the answer.
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

import dalmeum
from dalmeum.data import PairTable, read_pairs
from dalmeum.data.folds import fold_rows
from dalmeum.data.practice.files import write_practice
from dalmeum.errors import InputError, RecipeError
from dalmeum.models.offline import tuned
from dalmeum.models.offline.analysis import analysed
from dalmeum.models.offline.build import build_offline
from dalmeum.models.offline.configuration import OfflineConfig
from dalmeum.models.offline.encoder import OfflineEncoder
from dalmeum.models.offline.features import TUNED
from dalmeum.models.offline.load import load_offline
from dalmeum.models.offline.modeling import OfflineForPairScoring
from dalmeum.models.offline.tuned import TunedLayers, embed, fingerprints
from dalmeum.models.offline.universal import DENSE, universal_encoder
from dalmeum.recipe.model import UniversalRecipe
from dalmeum.runs.predictions import read_predictions

Sides = tuple[NDArray[np.float32], NDArray[np.float32]]
Made = tuple[OfflineForPairScoring, OfflineEncoder]

FOLDS = 3
BOTH = UniversalRecipe(tuned_folds=FOLDS, share=0.25)


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> PairTable:
    """90 pairs of the practice set."""
    files = write_practice(tmp_path_factory.mktemp("practice"))
    return read_pairs(files["train"]).take(np.arange(90))


@pytest.fixture(scope="module")
def vectors(train: PairTable) -> Sides:
    return below(train.sentence1), below(train.sentence2)


@pytest.fixture(scope="module")
def layers(train: PairTable, vectors: Sides) -> TunedLayers:
    return TunedLayers.fit(train, vectors[0], vectors[1], FOLDS, seed=1)


def below(texts: Any) -> NDArray[np.float32]:
    return np.stack([each.vectors["ngrams"] for each in analysed(list(texts), universal=True)])


def of_pairs(layers: TunedLayers, pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
    texts = [text for pair in pairs for text in pair]
    rows = np.arange(len(texts)).reshape(-1, 2)
    return layers.cosines(texts, below(texts), rows[:, 0], rows[:, 1])


def by_hand(weights: dict[str, torch.Tensor], pair: tuple[str, str]) -> float:
    one, other = embed(torch.from_numpy(below(pair)), weights)
    return float(one @ other)


def test_a_training_pair_is_answered_by_the_layers_that_have_not_learned_from_it(
    train: PairTable, layers: TunedLayers
) -> None:
    pairs = list(train.pairs)
    cosines = of_pairs(layers, pairs)
    for fold, rows in enumerate(fold_rows(train, FOLDS)):
        own = {name: layers.weights[name][fold] for name in DENSE}
        expected = [by_hand(own, pairs[row]) for row in rows]
        np.testing.assert_allclose(cosines[rows], expected, atol=1e-6)


def test_a_new_pair_has_the_mean_of_the_weights_and_one_of_two_folds_the_mean_of_the_cosines(
    train: PairTable, layers: TunedLayers
) -> None:
    mean = {name: layers.weights[name].mean(dim=0) for name in DENSE}
    new = ("처음 보는 문장입니다.", "이것도 처음 봅니다.")
    first, second = (train.sentence1[rows[0]] for rows in fold_rows(train, FOLDS)[:2])
    own = [{name: layers.weights[name][fold] for name in DENSE} for fold in range(2)]
    found = of_pairs(layers, [new, (first, new[0]), (new[0], first), (first, second), (second, first)])
    across = (by_hand(own[0], (first, second)) + by_hand(own[1], (first, second))) / 2
    expected = [by_hand(mean, new), *[by_hand(own[0], (first, new[0]))] * 2, across, across]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_labels_of_a_fold_do_not_reach_its_own_layers(
    train: PairTable, vectors: Sides, layers: TunedLayers, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = fold_rows(train, FOLDS)
    monkeypatch.setattr(tuned, "fold_rows", lambda *given: rows)
    assert train.label is not None
    labels = np.array(train.label)
    labels[rows[0]] = 5.0 - labels[rows[0]]
    other = TunedLayers.fit(dataclasses.replace(train, label=labels), vectors[0], vectors[1], FOLDS, seed=1)
    assert all(torch.equal(other.weights[name][0], layers.weights[name][0]) for name in DENSE)
    assert not torch.equal(other.weights["p1"][1], layers.weights["p1"][1])


def test_layers_learn_what_the_labels_say(
    train: PairTable, vectors: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels are 5 where the first dimension below the layers is of one sign in both sentences, else 0."""
    monkeypatch.setattr(tuned, "EPOCHS", 40)
    alike = np.sign(vectors[0][:, 0]) == np.sign(vectors[1][:, 0])
    assert 20 < alike.sum() < 70
    labels = np.where(alike, 5.0, 0.0)
    rows = torch.arange(len(labels))
    sides = [torch.from_numpy(side) for side in vectors]
    trained = tuned._trained(sides[0], sides[1], torch.from_numpy(labels).float(), rows, torch.Generator())

    def correlation(weights: Any) -> float:
        one, other = (embed(side, weights) for side in sides)
        return float(np.corrcoef((one * other).sum(dim=1).numpy(), labels)[0, 1])

    begin = correlation(universal_encoder().weights)
    assert correlation(trained) > begin + 0.3


def test_a_seed_gives_one_model_and_another_another(
    train: PairTable, vectors: Sides, layers: TunedLayers
) -> None:
    again = TunedLayers.fit(train, vectors[0], vectors[1], FOLDS, seed=1)
    other = TunedLayers.fit(train, vectors[0], vectors[1], FOLDS, seed=2)
    assert all(torch.equal(again.weights[name], layers.weights[name]) for name in DENSE)
    assert not torch.equal(other.weights["p1"], layers.weights["p1"])
    np.testing.assert_array_equal(other.folds, layers.folds)


def test_too_few_pairs_for_the_folds_are_a_line(train: PairTable) -> None:
    few = train.take(np.arange(4))
    with pytest.raises(InputError, match=r"^model\.universal\.tuned_folds: .*can't fill 20 folds$"):
        build_offline(
            few.sentence1,
            few.sentence2,
            num_labels=1,
            seed=1,
            universal=UniversalRecipe(tuned_folds=20),
            train=few,
        )


@pytest.fixture(scope="module")
def made(train: PairTable) -> Made:
    first, second = train.sentence1, train.sentence2
    return build_offline(first, second, num_labels=1, seed=1, universal=BOTH, train=train)


def test_saved_and_loaded_it_gives_the_same_features(made: Made, train: PairTable, tmp_path: Path) -> None:
    model, encoder = made
    model.save_pretrained(tmp_path)
    encoder.save_pretrained(tmp_path)
    loaded, again = load_offline(tmp_path)
    assert again.names == encoder.names
    assert again.names[-1] == TUNED
    assert (loaded.config.share, loaded.config.shared_feature) == (
        0.25,
        encoder.names.index("universal_embedding"),
    )
    for first, second in ((train.sentence1, train.sentence2), (train.sentence2, train.sentence1[::-1])):
        np.testing.assert_allclose(
            np.stack(again.encode(first, second)),
            np.stack(encoder.encode(first, second)),
            rtol=1e-4,
            atol=1e-4,
        )


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays.pop("tuned_folds"),
        lambda arrays: arrays.pop("tuned_d0"),
        lambda arrays: arrays.update(tuned_folds=arrays["tuned_folds"] + np.int8(FOLDS)),
        lambda arrays: arrays.update(tuned_folds=arrays["tuned_folds"][1:]),
        lambda arrays: arrays.update(tuned_sentences=arrays["tuned_sentences"][::-1].copy()),
        lambda arrays: arrays.update(tuned_p1=arrays["tuned_p1"][:, 1:].copy()),
        lambda arrays: arrays.update(tuned_more=arrays["tuned_p1"]),
    ],
)
def test_damaged_layers_are_refused_in_a_line(damage: Any, made: Made, tmp_path: Path) -> None:
    model, encoder = made
    model.save_pretrained(tmp_path)
    encoder.save_pretrained(tmp_path)
    arrays = dict(load_file(tmp_path / "encoder.safetensors"))
    damage(arrays)
    save_file(arrays, tmp_path / "encoder.safetensors")
    with pytest.raises(
        InputError, match=r"encoder.safetensors: is not of its encoder.json: export the model again"
    ):
        load_offline(tmp_path)


def test_fingerprints_are_the_same_in_every_process() -> None:
    # The 8 bytes of b2sum -l 64, the lowest first.
    assert fingerprints(["", "가"]).tolist() == [-5426141060434712860, 7611550136779736908]
    assert fingerprints([]).shape == (0,)


def shared(share: float) -> OfflineForPairScoring:
    config = OfflineConfig(
        num_features=4, num_labels=2, hidden_size=32, dropout=0.0, share=share, shared_feature=2
    )
    model = OfflineForPairScoring(config)
    model.initialise(3 * torch.randn(50, 4, generator=torch.Generator().manual_seed(1)) + 2, seed=1)
    return model


def test_a_share_of_the_answer_is_the_features_on_the_scale_of_the_rest() -> None:
    draw = torch.Generator().manual_seed(2)
    model = shared(0.25)
    model.fold_affine(7.0, 3.0)
    batches = [3 * torch.randn(64, 4, generator=draw) + 2 for _ in range(200)]
    model.train()
    learned = torch.cat([model(features).logits.detach() for features in batches[100:]])
    mean, spread = model.answer_mean.item(), model.answer_spread.item()
    assert mean == pytest.approx(learned[:, 0].mean().item(), abs=0.2 * spread)
    assert spread == pytest.approx(learned[:, 0].std().item(), rel=0.15)
    features = batches[0]
    standardised = (features[:, 2] - model.feature_mean[2]) / model.feature_scale[2]
    assert standardised.abs().max() < 4
    before = model(features).logits.detach()
    mean, spread = model.answer_mean.item(), model.answer_spread.item()
    model.train(False)
    after = model(features).logits.detach()
    expected = 0.75 * before[:, 0] + 0.25 * (mean + spread * standardised)
    torch.testing.assert_close(after[:, 0], expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(after[:, 1], before[:, 1])


def test_folding_is_affine_with_a_share_too() -> None:
    model = shared(0.4)
    features = torch.randn(20, 4)
    model.train()
    model(features)
    model.train(False)
    before = model(features).logits.detach()
    model.fold_affine(3.0, -1.5)
    torch.testing.assert_close(model(features).logits[:, 0], 3.0 * before[:, 0] - 1.5, rtol=0, atol=1e-5)


def test_a_batch_of_one_pair_moves_nothing() -> None:
    model = shared(0.4).train()
    model(torch.randn(1, 4))
    assert (model.answer_mean.item(), model.answer_spread.item()) == (0.0, 1.0)


def test_a_run_scores_its_training_pairs_as_it_was_trained_on_them(
    train: PairTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = dalmeum.train(
        data=[dict(zip(("sentence1", "sentence2", "label"), row, strict=True)) for row in rows_of(train)],
        model={"kind": "offline", "universal": {"tuned_folds": FOLDS, "share": 0.25}},
        training={"epochs": 2},
    )
    recorded = read_predictions(run.folder / "predictions" / "train.csv")
    np.testing.assert_allclose(
        dalmeum.load(run).score(list(train.pairs)), recorded.predictions.similarity, rtol=0, atol=1e-4
    )


def rows_of(table: PairTable) -> list[tuple[str, str, float]]:
    assert table.label is not None
    return [(*pair, float(label)) for pair, label in zip(table.pairs, table.label, strict=True)]


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"kind": "cross", "encoder": "x", "universal": {"share": 0.1}}, "universal is of kind offline"),
        ({"kind": "offline", "universal": {"share": 1}}, "0.9"),
        ({"kind": "offline", "universal": {"tuned_folds": 1}}, "2"),
        ({"kind": "offline", "universal": {"folds": 5}}, "folds"),
    ],
)
def test_what_has_no_sense_in_a_recipe_is_refused(model: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        dalmeum.load_recipe({"data": {"train": "x.csv"}, "model": model})


def test_a_recipe_that_says_nothing_of_it_is_what_it_was_and_a_member_has_its_own() -> None:
    plain = dalmeum.load_recipe({"data": {"train": "x.csv"}, "model": {"kind": "offline"}})
    assert "universal" not in plain.model_dump()["model"]
    members = {"one": {"kind": "offline", "universal": {"share": 0.1}}, "two": {"kind": "offline"}}
    recipe = dalmeum.load_recipe(
        {"data": {"train": "x.csv"}, "model": {"kind": "ensemble", "members": members}}
    )
    one, two = recipe.members.values()
    assert one.model.universal == UniversalRecipe(share=0.1)
    assert two.model.universal is None
    dumped = recipe.model_dump()["model"]["members"]
    assert ("universal" in dumped["one"], "universal" in dumped["two"]) == (True, False)
    assert dalmeum.load_recipe(recipe.model_dump(mode="json")) == recipe
