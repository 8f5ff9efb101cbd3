"""What share of a GPU's peak a training run reaches."""

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

PEAK_BFLOAT16 = {
    "NVIDIA H200": 989e12,
    "NVIDIA H100 80GB HBM3": 989e12,
    "NVIDIA H100 PCIe": 756e12,
    "NVIDIA A100-SXM4-80GB": 312e12,
    "NVIDIA A100-SXM4-40GB": 312e12,
    "NVIDIA A100 80GB PCIe": 312e12,
    "NVIDIA A100-PCIE-40GB": 312e12,
    "NVIDIA L40S": 362e12,
    "NVIDIA L4": 121e12,
}
"""Dense bfloat16 operations a second, by NVIDIA's data sheets, which show twice as many, with sparsity."""


def peak_flops() -> float | None:
    """Of the GPU in use; None on a processor, and on a GPU that is not listed."""
    return PEAK_BFLOAT16.get(torch.cuda.get_device_name()) if torch.cuda.is_available() else None


def training_flops(model: PreTrainedModel, lengths: Sequence[int]) -> float:
    """Operations that one epoch over sequences of these lengths asks of an encoder.

    A token takes 6 N for the N weights of the layers, and 12 * layers * hidden * length for attention
    (Chowdhery et al. 2022, arXiv 2204.02311, appendix B). Padding and second forward passes do not count; the
    last layer does for all tokens, also where a cross-encoder leaves out those that its head does not read.
    """
    weights = sum(weight.numel() for weight in model.base_model.get_submodule("encoder").parameters())
    attention = 12 * model.config.num_hidden_layers * model.config.hidden_size
    return float(sum(length * (6 * weights + attention * length) for length in lengths))
