import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dalmeum.errors import InputError
from dalmeum.models.offline import build
from dalmeum.models.offline.build import build_offline
from dalmeum.models.offline.configuration import OfflineConfig
from dalmeum.models.offline.encoder import OfflineEncoder
from dalmeum.models.offline.features import feature_names
from dalmeum.models.offline.load import load_offline
from dalmeum.models.offline.modeling import OfflineForPairScoring

TRAIN = [
    ("비행기가 이륙하고 있다.", "비행기가 하늘로 떠오른다."),
    ("한 남자가 기타를 치고 있다.", "한 여자가 피아노를 연주한다."),
    ("개가 공을 물고 달린다.", "고양이가 소파에서 잔다."),
    ("회의는 3시에 시작합니다.", "회의는 4시에 시작합니다."),
    ("그는 오지 않았다.", "그는 왔다."),
    ("주가가 크게 떨어졌다.", "증시가 급락했다."),
    ("내일 비가 온다.", "내일 비가 옵니다."),
    ("아이들이 공원에서 논다.", "은행이 금리를 올렸다."),
]
ODD = ["", "   ", "😀😀", "\0\0", "\ud800x", "ภาษาไทย", "1" * 9_000, "가" * 9_000, "العربية", "x\n\ty", "?!"]

Offline = tuple[OfflineForPairScoring, OfflineEncoder]


@pytest.fixture(scope="module")
def offline() -> Offline:
    first, second = zip(*TRAIN, strict=True)
    model, encoder = build_offline(first, second, num_labels=2, seed=7)
    model.train(False)
    return model, encoder


def batch(encoder: OfflineEncoder, pairs: list[tuple[str, str]]) -> dict[str, Tensor]:
    return encoder.collate(encoder.encode(*zip(*pairs, strict=True)))


def test_a_pair_has_two_logits_and_no_loss(offline: Offline) -> None:
    model, encoder = offline
    output = model(**batch(encoder, TRAIN))
    assert output.logits.shape == (8, 2)
    assert output.logits.dtype == torch.float32
    assert output.loss is None


def test_order_of_the_sentences_makes_no_difference(offline: Offline) -> None:
    model, encoder = offline
    pairs = TRAIN + [(a, b) for a in ODD for b in ODD]
    forth = encoder.collate(encoder.encode(*zip(*pairs, strict=True)))
    back = encoder.collate(encoder.encode(*zip(*((b, a) for a, b in pairs), strict=True)))
    torch.testing.assert_close(forth["features"], back["features"], rtol=0, atol=1e-6)
    torch.testing.assert_close(model(**forth).logits, model(**back).logits, rtol=0, atol=1e-6)


def test_any_text_has_a_finite_score(offline: Offline) -> None:
    model, encoder = offline
    logits = model(**batch(encoder, [(a, b) for a in ODD for b in ODD])).logits
    assert torch.isfinite(logits).all()
    # 2,000-fold features of odd text are clipped: the score stays near the range of training.
    assert logits.abs().max() < 100 * model(**batch(encoder, TRAIN)).logits.abs().max()


def test_company_makes_no_difference(offline: Offline) -> None:
    _, encoder = offline
    together = np.stack(encoder.encode(*zip(*[*TRAIN[:3], ("가" * 500, "나라 말")], strict=True)))
    alone = np.stack([encoder.encode([one], [other])[0] for one, other in TRAIN[:3]])
    np.testing.assert_allclose(together[:3], alone, rtol=1e-5, atol=1e-5)


def test_saved_and_loaded_it_gives_the_same_scores(offline: Offline, tmp_path: Path) -> None:
    model, encoder = offline
    # None that the encoder remembers from its fit: those were padded in other company.
    pairs = [(first, TRAIN[row - 1][1]) for row, (first, _) in enumerate(TRAIN)]
    model.save_pretrained(tmp_path)
    encoder.save_pretrained(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "config.json",
        "encoder.json",
        "encoder.safetensors",
        "model.safetensors",
    ]
    loaded, loaded_encoder = load_offline(tmp_path)
    assert loaded.config.num_labels == 2
    assert loaded.config.id2label == {0: "similarity", 1: "binary"}
    expected = model(**batch(encoder, pairs)).logits
    torch.testing.assert_close(loaded(**batch(loaded_encoder, pairs)).logits, expected, rtol=1e-5, atol=1e-6)


def test_what_takes_long_is_said_at_once_and_not_again_for_another_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = zip(*TRAIN, strict=True)
    build._fitted.cache_clear()
    build_offline(first, second, num_labels=1, seed=1)
    build_offline(first, second, num_labels=1, seed=2)
    told = "fitting the offline encoder on 8 pairs: vectors of sentences and morphemes, then the features"
    assert capsys.readouterr().err.splitlines() == [told]
    monkeypatch.setenv("RANK", "1")  # the second process under torchrun
    build._fitted.cache_clear()
    build_offline(first, second, num_labels=1, seed=1)
    assert capsys.readouterr().err == ""


def test_one_seed_gives_one_model_and_another_another() -> None:
    first, second = zip(*TRAIN, strict=True)
    weights = [build_offline(first, second, num_labels=1, seed=seed)[0].state_dict() for seed in (1, 1, 2)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not torch.equal(weights[0]["directions"], weights[2]["directions"])
    assert all(torch.isfinite(value).all() for value in weights[0].values())


def test_folding_is_affine_in_the_similarity_and_leaves_the_binary_logit() -> None:
    model = OfflineForPairScoring(OfflineConfig(num_features=4, num_labels=2, hidden_size=32))
    model.train(False)
    model.initialise(torch.randn(50, 4), seed=1)
    features = torch.randn(20, 4)
    before = model(features).logits.detach()
    model.fold_affine(3.0, -1.5)
    after = model(features).logits.detach()
    torch.testing.assert_close(after[:, 0], 3.0 * before[:, 0] - 1.5, rtol=0, atol=2e-6)
    assert torch.equal(after[:, 1], before[:, 1])


def test_the_gradient_reaches_all_weights_and_no_buffer() -> None:
    model = OfflineForPairScoring(OfflineConfig(num_features=4, num_labels=2, hidden_size=32)).train()
    model.initialise(torch.randn(50, 4), seed=1)
    model(torch.randn(20, 4)).logits.square().sum().backward()
    assert {name for name, _ in model.named_parameters()} == {"classifier.weight", "classifier.bias"}
    gradient = model.classifier.weight.grad
    assert gradient is not None
    assert (gradient.abs().sum(dim=0) > 0).all()


def test_random_features_come_near_the_gaussian_kernel() -> None:
    config = OfflineConfig(num_features=3, hidden_size=200_000, kernel_width=0.3, dropout=0.0)
    model = OfflineForPairScoring(config)
    model.initialise(torch.tensor([[-1.0, -1, -1], [1, 1, 1]]), seed=0)  # mean 0, deviation 1
    x = torch.tensor([[0.0, 0.5, -1.0], [1.0, 0.0, 0.5]])
    seen: list[Tensor] = []
    model.classifier.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    model(x)
    random_features = seen[0][:, :-3] / 200_000**0.5
    # exp(-0.3 * (1 + 0.25 + 2.25) / 3), and 1 with itself
    expected = torch.tensor([[1.0, 0.7047], [0.7047, 1.0]])
    torch.testing.assert_close(random_features @ random_features.T, expected, rtol=0, atol=0.01)
    torch.testing.assert_close(seen[0][:, -3:], x)


def test_a_feature_without_variance_in_training_stays_harmless() -> None:
    model = OfflineForPairScoring(OfflineConfig(num_features=2, hidden_size=16))
    model.initialise(torch.tensor([[1.0, 0.0], [1.0, 1.0]]), seed=0)
    assert model.feature_scale.tolist() == [1.0, 0.5]


def test_every_pair_costs_the_same(offline: Offline) -> None:
    _, encoder = offline
    assert encoder.lengths(encoder.encode(["가", "가 " * 99], ["나", "다"])) == [1, 1]
    assert len(encoder.encode(["가"], ["나"])[0]) == len(feature_names()) == len(set(feature_names()))


def test_another_version_of_kiwi_is_told(offline: Offline, tmp_path: Path) -> None:
    offline[1].save_pretrained(tmp_path)
    state = json.loads((tmp_path / "encoder.json").read_text(encoding="utf-8"))
    state["kiwi"]["kiwipiepy"] = "0.1.0"
    (tmp_path / "encoder.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.warns(UserWarning, match=r"trained with kiwipiepy 0\.1\.0.*scores may differ"):
        OfflineEncoder.from_pretrained(tmp_path)


def test_other_features_are_refused(offline: Offline, tmp_path: Path) -> None:
    offline[1].save_pretrained(tmp_path)
    state = json.loads((tmp_path / "encoder.json").read_text(encoding="utf-8"))
    state["features"][0] = "of_tomorrow"
    (tmp_path / "encoder.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(InputError, match="another version of dalmeum"):
        OfflineEncoder.from_pretrained(tmp_path)


@pytest.mark.parametrize("file", ["encoder.json", "encoder.safetensors", "model.safetensors"])
@pytest.mark.parametrize("content", [None, b"no such thing"])
def test_missing_and_broken_files_are_one_line(
    offline: Offline, tmp_path: Path, file: str, content: bytes | None
) -> None:
    for part in offline:
        part.save_pretrained(tmp_path)
    (tmp_path / file).unlink() if content is None else (tmp_path / file).write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_offline(tmp_path)
    assert "\n" not in str(caught.value)


LOADS = (
    "import dalmeum; from transformers import AutoModelForSequenceClassification as Auto",
    "from transformers import AutoModelForSequenceClassification as Auto; import dalmeum",
)


@pytest.mark.parametrize("imports", LOADS, ids=["dalmeum first", "transformers first"])
def test_import_of_dalmeum_makes_the_kind_known_to_transformers(
    offline: Offline, tmp_path: Path, imports: str
) -> None:
    offline[0].save_pretrained(tmp_path)
    program = f"{imports}\nprint(type(Auto.from_pretrained({str(tmp_path)!r})).__name__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "OfflineForPairScoring"
