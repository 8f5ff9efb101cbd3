"""Pieces of like length cost least, and a network's answers and gradients are those of one forward."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from dalmeum.models import bi
from dalmeum.models.bi import new_bi_encoder
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.encoding import PairEncoding
from dalmeum.models.head import leave_out_what_no_head_reads
from dalmeum.models.pieces import PIECE, by_length, cut_by_length

LATE = [("It is late.", "It was late yesterday.")] * 4
PAIRS = [
    ("The cat eats.", "A cat sleeps. " * 11),
    ("A dog runs in the park while it rains and rains. " * 4, "A dog."),
    ("Birds sing " * 9, "A bird sings, and another one too."),
    *LATE,
]


def cost(pieces: list[list[int]], lengths: list[int]) -> int:
    return sum(len(piece) * max(lengths[row] for row in piece) + PIECE for piece in pieces)


def test_texts_are_cut_where_padding_costs_more_than_a_piece() -> None:
    assert PIECE == 48
    assert cut_by_length([]) == []
    assert cut_by_length([7]) == [[0]]
    # Together 2 * 57 + 48; apart 9 + 57 + 2 * 48: the same 162. One more token, and they part.
    assert cut_by_length([9, 57]) == [[0, 1]]
    assert sorted(cut_by_length([58, 9])) == [[0], [1]]
    # Three of 10, padded to 40, would take 90 more tokens; two of 38, padded to 40, take 4.
    assert sorted(map(sorted, cut_by_length([10, 40, 38, 10, 38, 10]))) == [[0, 3, 5], [1, 2, 4]]


def test_no_cut_costs_less() -> None:
    generator = random.Random(0)
    for _ in range(30):
        lengths = [generator.randint(1, 120) for _ in range(9)]
        order = sorted(range(9), key=lambda index: lengths[index])
        found = cut_by_length(lengths)
        assert sorted(itertools.chain(*found)) == list(range(9))
        all_cuts = (
            [order[begin:end] for begin, end in itertools.pairwise((0, *bounds, 9))]
            for count in range(9)
            for bounds in itertools.combinations(range(1, 9), count)
        )
        assert cost(found, lengths) == min(cost(cut, lengths) for cut in all_cuts)


def test_pieces_keep_their_tokens_and_answers_their_rows() -> None:
    mask = torch.zeros(4, 100, dtype=torch.long)
    mask[0, :5] = mask[1, :90] = mask[2, :100] = mask[3, :6] = 1
    tokens = torch.arange(400).reshape(4, 100) * mask
    features = {"input_ids": tokens, "attention_mask": mask, "prompt_length": torch.tensor([3, 1, 4, 2])}
    widths = []

    def sums(part: dict[str, Tensor]) -> Tensor:
        widths.append(part["input_ids"].shape)
        assert part["attention_mask"].shape == part["input_ids"].shape
        return torch.stack([part["input_ids"].sum(1), part["prompt_length"]], dim=1)

    answers = by_length(sums, features)
    assert sorted(widths) == [(2, 6), (2, 100)]
    assert torch.equal(answers, torch.stack([tokens.sum(1), features["prompt_length"]], dim=1))


def test_padding_on_the_left_stays() -> None:
    mask = torch.zeros(4, 100, dtype=torch.long)
    mask[:2, -5:] = mask[2:] = 1
    widths = []

    def widths_of(part: dict[str, Tensor]) -> Tensor:
        widths.append(part["attention_mask"].shape)
        return part["attention_mask"].sum(1)

    assert by_length(widths_of, {"attention_mask": mask}).tolist() == [5, 5, 100, 100]
    assert widths == [(4, 100)]


def test_without_a_mask_and_in_a_trace_all_is_one_forward() -> None:
    mask = torch.zeros(4, 200, dtype=torch.long)
    mask[:2, :5] = mask[2:] = 1
    calls: list[int] = []

    def forward(part: dict[str, Tensor]) -> Tensor:
        calls.append(next(iter(part.values())).shape[0])
        return next(iter(part.values())).sum(1)

    by_length(forward, {"input_ids": mask})
    torch.jit.trace(lambda mask: by_length(forward, {"attention_mask": mask}), mask, check_trace=False)
    assert calls == [4, 4]
    by_length(forward, {"attention_mask": mask})
    assert calls == [4, 4, 2, 2]


def gradients(network: nn.Module, encoding: PairEncoding) -> dict[str, Tensor]:
    network.zero_grad()
    features = encoding.collate(encoding.encode(*zip(*PAIRS, strict=True)))
    logits = network(**features).logits
    (logits[:, 0] * torch.arange(1.0, 8.0)).sum().backward()
    found = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    return {**found, "logits": logits.detach()}


def without_dropout(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return network.double().train()


def assert_equal(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-6, atol=1e-9)


def test_a_bi_encoders_gradient_is_that_of_one_forward(minilm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network, encoding = new_bi_encoder(minilm, num_labels=1, max_length=64, label_range=(0.0, 5.0))
    without_dropout(network)
    calls: list[int] = []
    network.encoder.register_forward_pre_hook(lambda _, inputs: calls.append(len(inputs[0]["input_ids"])))
    found = gradients(network, encoding)
    assert len(calls) > 1
    assert sum(calls) == 14
    monkeypatch.setattr(bi, "by_length", lambda function, features: function(features))
    assert_equal(found, gradients(network, encoding))


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra"])
def test_a_cross_encoders_gradient_is_the_plain_classifiers(
    tiny_encoder: Callable[[str], str], kind: str
) -> None:
    network, encoding = new_cross_encoder(tiny_encoder(kind), num_labels=1, max_length=64, seed=0)
    plain = AutoModelForSequenceClassification.from_config(network.config)
    plain.load_state_dict(network.state_dict())
    behind = []
    encoder: Any = network.base_model.encoder
    encoder.layer[-1].intermediate.register_forward_hook(
        lambda module, inputs, output: behind.append(output.shape[:2])
    )
    found = gradients(without_dropout(network), encoding)
    assert len(behind) > 1
    assert {width for _, width in behind} == {1}
    assert sum(count for count, _ in behind) == 7
    assert_equal(found, gradients(without_dropout(plain), encoding))


def test_a_head_that_may_read_all_tokens_gets_all(tiny_encoder: Callable[[str], str]) -> None:
    def last_width(model: PreTrainedModel) -> int:
        leave_out_what_no_head_reads(model)
        return int(model.base_model(input_ids=torch.ones(1, 7, dtype=torch.long))[0].shape[1])

    name = tiny_encoder("bert")
    load = AutoModelForSequenceClassification.from_pretrained
    assert last_width(load(name)) == 1
    assert last_width(load(name, chunk_size_feed_forward=7)) == 7
    other = load(name)
    other.config.model_type = "own"
    assert last_width(other) == 7
