import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.sentence_transformer.losses import AnglELoss
from sentence_transformers.sentence_transformer.modules import Dense, StaticEmbedding

import dalmeum
from dalmeum.errors import InputError, MissingExtraError
from dalmeum.losses import similarity_loss
from dalmeum.models.bi import BiEncoder, TokenizedSentences, new_bi_encoder
from dalmeum.models.kinds import load_scorer
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import LossRecipe

PAIRS = [
    ("A man plays a flute.", "A man is playing a large flute."),
    ("A man plays a flute.", "The stock market fell sharply on Monday after a report on inflation."),
    ("비행기가 이륙하고 있다.", "비행기가 뜬다."),
    ("", "<script>alert('x')</script>"),
    ("  two\n spaces ", "TWO SPACES"),
    ("long " * 300, "other " * 300),
]
Tiny = Callable[[str], str]


def new(encoder: str, num_labels: int = 1, *, angle: bool = False) -> tuple[BiEncoder, TokenizedSentences]:
    return new_bi_encoder(encoder, num_labels=num_labels, max_length=64, label_range=(0.0, 5.0), angle=angle)


def cosines(folder: Path | str) -> np.ndarray:
    """What sentence-transformers itself makes of the folder."""
    model = SentenceTransformer(str(folder), device="cpu")
    first, second = (model.encode(list(column)) for column in zip(*PAIRS, strict=True))
    return np.asarray(model.similarity_pairwise(first, second), dtype=np.float64)


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "minilm", "korean_encoder"])
def test_sentence_transformer_of_the_folder_gives_the_same_scores(
    tiny_encoder: Tiny, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    real = kind in ("minilm", "korean_encoder")
    scorer = PairScorer(*new(request.getfixturevalue(kind) if real else tiny_encoder(kind), num_labels=2))
    scorer.fold(0.9, 0.3)
    scorer.save(tmp_path)
    settings = json.loads((tmp_path / "dalmeum.json").read_text())
    line = settings["similarity"]
    assert line == {"slope": pytest.approx(4.5), "intercept": pytest.approx(0.3)}
    ours = load_scorer(tmp_path, "float32")
    scores = ours.score(PAIRS)
    assert scores.shape == (6,)
    assert np.ptp(scores) > 0.01
    np.testing.assert_allclose(scores, line["slope"] * cosines(tmp_path) + line["intercept"], atol=1e-4)
    items = scorer.encoding.encode(*zip(*PAIRS, strict=True))
    np.testing.assert_allclose(ours.logits(items), scorer.logits(items), atol=1e-5)
    binary = ours.binary(ours.logits(ours.encoding.encode(*zip(*PAIRS, strict=True))))
    assert binary is not None
    logits = settings["binary"]["slope"] * cosines(tmp_path) + settings["binary"]["intercept"]
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-logits)), atol=1e-4)


def test_settings_come_back(tiny_encoder: Tiny, tmp_path: Path) -> None:
    model, encoding = new_bi_encoder(
        tiny_encoder("bert"), num_labels=1, max_length=64, label_range=(1.0, 3.0)
    )
    PairScorer(model, encoding, label_range=(1.0, 3.0), binary_threshold=2.5).save(tmp_path)
    loaded = load_scorer(tmp_path)
    assert (loaded.label_range, loaded.binary_threshold, loaded.has_binary) == ((1.0, 3.0), 2.5, False)
    np.testing.assert_allclose(loaded.score([("a", "a")]), 3.0, atol=1e-6)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json", ".safetensors"}
    assert SentenceTransformer(str(tmp_path), device="cpu").max_seq_length == 64


def test_any_sentence_transformer_scores_five_times_its_cosine(minilm: str) -> None:
    np.testing.assert_allclose(dalmeum.load(minilm, "float32").score(PAIRS), 5 * cosines(minilm), atol=1e-4)


def test_plain_encoder_is_pooled_by_the_mean(tiny_encoder: Tiny) -> None:
    model, encoding = new(tiny_encoder("bert"))
    model.eval()
    batch = encoding.collate(encoding.encode(["A cat sleeps on the mat."], ["A dog."]))
    assert batch["attention_mask"].sum(1).tolist() == [9, 5]
    with torch.no_grad():
        bert = model.encoder.transformers_model
        assert bert is not None
        tokens = bert(**batch).last_hidden_state
        first, second = tokens[0].mean(0), tokens[1, :5].mean(0)
        cosine = torch.dot(first, second) / first.norm() / second.norm()
        assert model(**batch).logits.item() == pytest.approx(5 * cosine.item(), abs=1e-5)


def test_scores_do_not_depend_on_batch_mates_or_order(tiny_encoder: Tiny) -> None:
    scorer = PairScorer(*new(tiny_encoder("bert")))
    together = scorer.score(PAIRS)
    np.testing.assert_allclose(together, [scorer.score([pair])[0] for pair in PAIRS], atol=1e-5)
    np.testing.assert_allclose(together, scorer.score([pair[::-1] for pair in PAIRS]), atol=1e-5)
    assert scorer.score([]).shape == (0,)


def test_fold_leaves_the_second_task_alone(tiny_encoder: Tiny) -> None:
    scorer = PairScorer(*new(tiny_encoder("bert"), num_labels=2))
    scorer.fold(2.0, 1.0)  # an intercept that the next one has to take along
    items = scorer.encoding.encode(*zip(*PAIRS, strict=True))
    before = scorer.logits(items)
    scorer.fold(-1.7, 0.4)
    after = scorer.logits(items)
    np.testing.assert_allclose(after[:, 0], -1.7 * before[:, 0] + 0.4, atol=1e-5)
    np.testing.assert_array_equal(after[:, 1], before[:, 1])


def test_cost_of_a_pair_is_that_of_its_longer_sentence_twice(tiny_encoder: Tiny) -> None:
    _, encoding = new(tiny_encoder("bert"))
    items = encoding.encode(["A cat sleeps on the mat.", "word " * 300], ["A dog.", "A dog."])
    assert encoding.lengths(items) == [18, 128]


def test_cosine_computes_in_float32_under_autocast(minilm: str) -> None:
    model, encoding = new(minilm)
    model.fold_affine(1.0, 4.0)
    scores = PairScorer(model, encoding, precision=torch.bfloat16).score(PAIRS)
    # Around 4 bfloat16 has only multiples of 1/32.
    assert (np.abs(scores * 32 - np.round(scores * 32)) > 1e-3).any()
    np.testing.assert_allclose(scores, PairScorer(model, encoding).score(PAIRS), atol=0.02)


def folder_with(minilm: str, folder: Path, **settings: object) -> str:
    """MiniLM with other settings of sentence-transformers."""
    shutil.copytree(minilm, folder)
    path = folder / "config_sentence_transformers.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    return str(folder)


@pytest.mark.parametrize("include_prompt", [True, False])
def test_default_prompt_and_fewer_dimensions_are_kept(
    minilm: str, tmp_path: Path, include_prompt: bool
) -> None:
    prompts = {"prompts": {"sts": "compare: "}, "default_prompt_name": "sts", "truncate_dim": 100}
    folder = folder_with(minilm, tmp_path / "prompted", **prompts)
    pooling = tmp_path / "prompted" / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps(json.loads(pooling.read_text()) | {"include_prompt": include_prompt}))
    scorer = PairScorer(*new(folder))
    scorer.save(tmp_path / "saved")
    expected = 5 * cosines(tmp_path / "saved")
    np.testing.assert_allclose(load_scorer(tmp_path / "saved", "float32").score(PAIRS), expected, atol=1e-4)
    assert np.abs(expected - 5 * cosines(minilm)).max() > 0.1


def test_dense_layer_on_top(minilm: str, tmp_path: Path) -> None:
    model = SentenceTransformer(minilm, device="cpu")
    model.add_module("3", Dense(384, 16))
    model.save(str(tmp_path / "dense"))
    np.testing.assert_allclose(
        PairScorer(*new(str(tmp_path / "dense"))).score(PAIRS[:5]),
        5 * cosines(tmp_path / "dense")[:5],
        atol=1e-4,
    )
    # The same weights in a pickle are not touched.
    dense = tmp_path / "dense" / "3_Dense"
    torch.save(load_file(dense / "model.safetensors"), dense / "pytorch_model.bin")
    (dense / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"3_Dense: has no \*\.safetensors; weights in pickles"):
        new(str(tmp_path / "dense"))


def test_cross_encoder_with_modules_stays_one(tiny_encoder: Tiny, tmp_path: Path) -> None:
    CrossEncoder(tiny_encoder("bert"), num_labels=1, device="cpu").save_pretrained(str(tmp_path))
    assert (tmp_path / "modules.json").exists()
    assert not isinstance(load_scorer(tmp_path).model, BiEncoder)


def test_angle_is_what_the_loss_sees_in_training(tiny_encoder: Tiny) -> None:
    model, encoding = new(tiny_encoder("bert"), angle=True)
    batch = encoding.collate(encoding.encode(*zip(*PAIRS, strict=True)))
    labels = torch.tensor([5.0, 0.0, 4.0, 0.5, 4.0, 1.0])
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):  # drawn otherwise for a piece
            module.p = 0.0
    output = model.train()(**batch)
    assert output.member_logits is not None
    ours = similarity_loss(LossRecipe(name="angle"), (0.0, 5.0))(output.member_logits[0, :, 0], labels, 0.0)
    embeddings = model.encoder(dict(batch))["sentence_embedding"].double()
    theirs = AnglELoss(model.encoder).compute_loss_from_embeddings(list(embeddings.chunk(2)), labels.double())
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-4)
    assert model.eval()(**batch).member_logits is None


def test_encoders_that_cannot_be(minilm: str, tiny_encoder: Tiny, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    foreign = tmp_path / "foreign"
    shutil.copytree(minilm, foreign)
    (foreign / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: pass\n")
    modules = json.loads((foreign / "modules.json").read_text())
    modules[1]["type"] = "own.Own"
    (foreign / "modules.json").write_text(json.dumps(modules))

    incomplete = tmp_path / "incomplete"
    shutil.copytree(minilm, incomplete)
    weights = load_file(incomplete / "model.safetensors")
    del weights["encoder.layer.3.output.dense.weight"]
    save_file(weights, incomplete / "model.safetensors", metadata={"format": "pt"})

    static = tmp_path / "static"
    tokenizer = SentenceTransformer(minilm, device="cpu").tokenizer
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)], device="cpu").save(str(static))

    for name, text in (("damaged", "[1]"), ("cut", "[{")):
        shutil.copytree(tiny_encoder("bert"), tmp_path / name)
        (tmp_path / name / "modules.json").write_text(text)
    (tmp_path / "empty").mkdir()
    cases = {
        str(tmp_path / "none"): "no such model folder",
        str(tmp_path / "empty"): "is no model folder: config.json is missing",
        str(
            foreign
        ): "can't be loaded as an encoder: it needs code of its own (trust_remote_code), which is never run",
        str(incomplete): "weights are missing: encoder.layer.3.output.dense.weight",
        str(static): "its first module is a StaticEmbedding: choose a model that starts with an encoder",
        str(tmp_path / "damaged"): "modules.json: is damaged: save the model again",
        str(tmp_path / "cut"): "modules.json: can't be read",
        "nobody/nothing": "can't be loaded as an encoder",
    }
    for name, message in cases.items():
        with pytest.raises(InputError) as caught:
            new(name)
        assert message in str(caught.value), name
        assert str(caught.value).startswith(name)
        assert "\n" not in str(caught.value)
    assert not ran.exists()


@pytest.mark.parametrize(
    "text", ["[]", '{"similarity": 3}', '{"similarity": {"slope": 1}}', '{"binary": {}}']
)
def test_damaged_settings_are_told(tiny_encoder: Tiny, tmp_path: Path, text: str) -> None:
    PairScorer(*new(tiny_encoder("bert"))).save(tmp_path)
    (tmp_path / "dalmeum.json").write_text(text)
    with pytest.raises(InputError, match=r"dalmeum\.json:? is damaged: export the model again"):
        load_scorer(tmp_path)


def test_missing_library_is_told(minilm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    for load in (lambda: new(minilm), lambda: load_scorer(Path(minilm))):
        with pytest.raises(MissingExtraError, match=r"pip install 'dalmeum\[sentence-transformers\]'"):
            load()
