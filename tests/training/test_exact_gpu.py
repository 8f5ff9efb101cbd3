"""The exact gradient on a GPU, where dropout draws from a generator of its own."""

import pytest
import torch

from dalmeum.training.exact import RandomState
from tests.training.test_exact import Network, relative_difference

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]

GPU = torch.device("cuda", 0)


@pytest.mark.parametrize("size", [3, 8, 64])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
def test_equals_the_kept_graphs_with_dropout(
    minilm: str, dtype: torch.dtype, tolerance: float, size: int
) -> None:
    network = Network(minilm, dtype, GPU)
    micro_batches = network.micro_batches(size)
    difference = relative_difference(network.exact(micro_batches), network.reference(micro_batches))
    assert difference < tolerance


def test_equals_the_kept_graphs_in_mixed_precision(minilm: str) -> None:
    network = Network(minilm, torch.float32, GPU)
    micro_batches = network.micro_batches(8)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        exact = network.exact(micro_batches)
        kept = network.reference(micro_batches)
    assert relative_difference(exact, kept) < 1e-2


def test_mixed_precision_is_close_to_float32(minilm: str) -> None:
    """Without dropout: a GPU's attention in bfloat16 is another kernel, which draws other masks."""
    network = Network(minilm, torch.float32, GPU)
    network.model.eval()
    micro_batches = network.micro_batches(8)
    reference = network.reference(micro_batches)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        exact = network.exact(micro_batches)
    assert relative_difference(exact, reference) < 0.1


def test_other_masks_in_pass_two_are_noticed(minilm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(minilm, torch.float32, GPU)
    micro_batches = network.micro_batches(8)
    monkeypatch.setattr(RandomState, "restore", lambda self, device: torch.set_rng_state(self.cpu))
    assert relative_difference(network.exact(micro_batches), network.reference(micro_batches)) > 0.01


def test_random_state_after_a_step_is_that_of_one_pass(minilm: str) -> None:
    network = Network(minilm, torch.float32, GPU)
    micro_batches = network.micro_batches(8)
    network.exact(micro_batches)
    after_exact = torch.cuda.get_rng_state(GPU)
    network.reference(micro_batches)
    assert torch.equal(after_exact, torch.cuda.get_rng_state(GPU))
