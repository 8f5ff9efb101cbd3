"""The exact gradient, on a real encoder with dropout, against graphs that are kept and one backward."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from accelerate.utils import send_to_device
from torch import Tensor, nn

from dalmeum.losses import mixture_loss
from dalmeum.models.cross import new_cross_encoder
from dalmeum.training.batches import MicroBatchSize, cut, sorted_by_length
from dalmeum.training.exact import Passes, RandomState, exact_backward
from dalmeum.training.pairs import EncodedPairs, collate_rows
from dalmeum.training.trainer import network_outputs
from tests.conftest import draw_pairs

BATCH = 24
CPU = torch.device("cpu")


class Network:
    """MiniLM with a head, `BATCH` pairs, and their micro-batches."""

    def __init__(self, minilm: str, dtype: torch.dtype, device: torch.device = CPU) -> None:
        self.device = device
        model, self.encoding = new_cross_encoder(minilm, num_labels=1, max_length=64, seed=0)
        network: nn.Module = model
        self.model = (network.double() if dtype == torch.float64 else network).to(device).train()
        first, second, labels = zip(*draw_pairs(BATCH), strict=True)
        longer = [f"{text} {'and so on ' * (index % 5)}" for index, text in enumerate(first)]
        items = self.encoding.encode(longer, second)
        self.pairs = EncodedPairs(items, torch.tensor(labels, dtype=dtype), None)
        self.lengths = self.encoding.lengths(items)

    def micro_batches(self, size: int, *, by_length: bool = True) -> list[dict[str, Any]]:
        order = list(range(BATCH))
        if by_length:
            pieces = cut(sorted_by_length(order, self.lengths), self.lengths, MicroBatchSize(pairs=size))
        else:
            pieces = [order[start : start + size] for start in range(0, BATCH, size)]
        batches = collate_rows(self.pairs, self.encoding)(pieces)["micro_batches"]
        return [send_to_device(batch, self.device) for batch in batches]

    def gradient(self, backward: Callable[[], object]) -> Tensor:
        self.model.zero_grad()
        torch.manual_seed(7)
        backward()
        return torch.cat([p.grad.flatten() for p in self.model.parameters() if p.grad is not None])

    def exact(self, micro_batches: Sequence[dict[str, Any]]) -> Tensor:
        def forward(batch: dict[str, Any]) -> Tensor:
            return network_outputs(self.model, batch)

        passes = Passes(forward, forward, Tensor.backward, self.device)
        labels = torch.cat([batch["labels"] for batch in micro_batches])
        return self.gradient(
            lambda: exact_backward(passes, micro_batches, lambda out: mixture_loss(out[0, :, 0], labels, 0.1))
        )

    def reference(self, micro_batches: Sequence[dict[str, Any]]) -> Tensor:
        """The same forwards under the same states, with all graphs kept, and one backward."""

        def backward() -> None:
            outputs = torch.cat([network_outputs(self.model, batch)[0, :, 0] for batch in micro_batches])
            labels = torch.cat([batch["labels"] for batch in micro_batches])
            mixture_loss(outputs, labels, 0.1).backward()

        return self.gradient(backward)


def relative_difference(first: Tensor, second: Tensor) -> float:
    return float((first - second).norm() / second.norm())


@pytest.fixture(scope="module", params=[torch.float32, torch.float64], ids=["float32", "float64"])
def network(request: pytest.FixtureRequest, minilm: str) -> Network:
    return Network(minilm, request.param)


@pytest.mark.parametrize("by_length", [True, False])
@pytest.mark.parametrize("size", [1, 3, 8, BATCH])
def test_equals_the_kept_graphs_with_dropout(network: Network, size: int, by_length: bool) -> None:
    micro_batches = network.micro_batches(size, by_length=by_length)
    assert len(micro_batches) == -(-BATCH // size)
    tolerance = 1e-4 if network.pairs.labels.dtype == torch.float32 else 1e-10
    exact, reference = network.exact(micro_batches), network.reference(micro_batches)
    assert relative_difference(exact, reference) < tolerance


def test_without_dropout_no_cut_matters(network: Network) -> None:
    tolerance = 1e-4 if network.pairs.labels.dtype == torch.float32 else 1e-10
    network.model.eval()
    try:
        plain = network.reference(network.micro_batches(BATCH, by_length=False))
        for size in (1, 3, 8, BATCH):
            for by_length in (True, False):
                cut_up = network.exact(network.micro_batches(size, by_length=by_length))
                assert relative_difference(cut_up, plain) < tolerance
    finally:
        network.model.train()


def test_other_masks_in_pass_two_are_noticed(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    micro_batches = network.micro_batches(8)
    monkeypatch.setattr(RandomState, "restore", lambda self, device: None)
    assert relative_difference(network.exact(micro_batches), network.reference(micro_batches)) > 0.01


def test_random_state_after_a_step_is_that_of_one_pass(network: Network) -> None:
    micro_batches = network.micro_batches(8)
    network.exact(micro_batches)
    after_exact = torch.get_rng_state()
    network.reference(micro_batches)
    assert torch.equal(after_exact, torch.get_rng_state())


def test_one_micro_batch_takes_one_pass(network: Network) -> None:
    calls = 0

    def count(*_: Any) -> None:
        nonlocal calls
        calls += 1

    handle = network.model.register_forward_hook(count)
    try:
        network.exact(network.micro_batches(BATCH))
        assert calls == 1
        network.exact(network.micro_batches(BATCH // 4))
        assert calls == 1 + 4 + 3  # the last micro-batch keeps its graph
    finally:
        handle.remove()


def test_bfloat16_autocast_is_close(network: Network) -> None:
    if network.pairs.labels.dtype == torch.float64:
        pytest.skip("autocast is for float32 weights")
    micro_batches = network.micro_batches(8)
    reference = network.reference(micro_batches)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        exact = network.exact(micro_batches)
        kept = network.reference(micro_batches)
    # The same rounding in both passes: as exact as float32 against its own reference.
    assert relative_difference(exact, kept) < 1e-2
    assert relative_difference(exact, reference) < 0.1
