"""In which floating-point type a model computes."""

import contextlib
import os

import torch


def default_device() -> torch.device:
    """The best at hand; of several GPUs the one that torchrun gave this process."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """The type that `auto` stands for on a device: bfloat16 where its matrix units have it, else float32.

    A processor without them emulates bfloat16, slower than float32. float16 is never chosen by itself: its
    range needs a scaled loss.
    """
    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    if device.type == "cuda":
        good = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities() if device.type == "cpu" else {}
        good = bool(
            capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16")
        )
    return torch.bfloat16 if good else torch.float32


def autocast(device: torch.device, dtype: torch.dtype) -> contextlib.AbstractContextManager[object]:
    """Mixed precision in `dtype`; nothing for float32."""
    if dtype == torch.float32:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=dtype)
