"""What a graph's activations are like on real pairs, and the integers that change their products least."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from dalmeum.serving.export.quantize import Array, Graph, Quantized, save

ROWS = 1024
"""Tokens that integers are chosen on."""

SMOOTHINGS = (0.0, 0.5, 0.7, 0.85)
"""Shares of an activation's range by channel that its weights take (Xiao et al. 2023, "SmoothQuant")."""

CLIPPED = (0.0, 1e-4, 1e-3)
"""Shares of an activation's values at each end that 8 bits may leave out."""

Features = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Activation:
    """One that products read.

    Attributes:
        lowest, highest: of each channel (channels,), over all tokens.
        rows: of some tokens, (tokens, channels), padding left out.
    """

    lowest: Array
    highest: Array
    rows: Array

    @property
    def largest(self) -> Array:
        """Size of each channel."""
        return np.maximum(np.abs(self.lowest), np.abs(self.highest))


def observed(graph: Graph, batches: Sequence[Features], scratch: Path) -> dict[str, Activation]:
    """The activations of tokens, on batches of the graph's inputs; `scratch` is written and removed."""
    names = list(graph.products)
    proto = onnx.ModelProto()
    proto.CopyFrom(graph.proto)
    proto.graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    try:
        save(proto, scratch)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(str(scratch), options, providers=["CPUExecutionProvider"])
        return _gathered(names, batches, lambda batch: session.run(names, batch))
    finally:
        for path in (scratch, scratch.with_name(f"{scratch.name}.data")):
            path.unlink(missing_ok=True)


def _gathered(
    names: Sequence[str], batches: Sequence[Features], run: Callable[[Features], Sequence[Array]]
) -> dict[str, Activation]:
    draw = np.random.default_rng(0)
    share = ROWS / sum(int(batch["attention_mask"].sum()) for batch in batches)
    bounds: dict[str, list[Array]] = {}
    rows: dict[str, list[Array]] = {}
    for batch in batches:
        mask = batch["attention_mask"].reshape(-1, batch["attention_mask"].shape[-1]).astype(bool)
        for name, values in zip(names, run(batch), strict=True):
            if values.ndim < 3:
                continue  # of a pair, not of tokens
            all_of_them = values.shape[:2] == mask.shape
            tokens = values[mask] if all_of_them else values.reshape(-1, values.shape[-1])
            bounds.setdefault(name, []).append(np.stack([tokens.min(0), tokens.max(0)]))
            # A last layer may go on with the first token alone.
            chosen = draw.random(len(tokens)) < (share if all_of_them else 1)
            rows.setdefault(name, []).append(tokens[chosen])
    return {
        name: Activation(np.min(each, 0)[0], np.max(each, 0)[1], np.concatenate(rows[name])[:ROWS])
        for name, each in bounds.items()
    }


def quantized(activation: Activation, weights: Sequence[Array]) -> Quantized:
    """The integers, of those tried, that change the products on the activation's rows least."""
    tried = [
        _with(activation, weights, smoothing, clipped) for smoothing in SMOOTHINGS for clipped in CLIPPED
    ]
    return min(tried, key=lambda found: found.error)


def _with(activation: Activation, weights: Sequence[Array], strength: float, clipped: float) -> Quantized:
    smoothing = _smoothing(activation.largest, weights, strength)
    rows = activation.rows / smoothing
    low, high = (activation.lowest / smoothing).min(), (activation.highest / smoothing).max()
    if clipped:
        low, high = np.quantile(rows, [clipped, 1 - clipped])
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    scale = float(np.float32(max(high - low, 1e-12) / 255))
    zero = int(np.clip(np.round(-low / scale), 0, 255))
    rounded = ((np.clip(np.round(rows / scale) + zero, 0, 255) - zero) * scale).astype(np.float32)
    integers, steps, shifts, error = [], [], [], 0.0
    for weight in weights:
        integer, step = _in_steps(weight * smoothing[:, None])
        right = activation.rows @ weight
        changes = rounded @ (integer * step) - right
        integers.append(integer)
        steps.append(step)
        shifts.append(changes.mean(0))
        error += float(changes.var(0).mean() / max(right.var(), 1e-12))
    return Quantized(smoothing, scale, zero, tuple(integers), tuple(steps), tuple(shifts), error)


def _smoothing(largest: Array, weights: Sequence[Array], strength: float) -> Array:
    """Divisors of channels, 1 in the geometric mean; all of them 1 for a strength of 0."""
    if not strength:
        return np.ones_like(largest)
    heaviest = np.max([np.abs(weight).max(1) for weight in weights], axis=0)
    found = np.maximum(largest, 1e-5) ** strength / np.maximum(heaviest, 1e-5) ** (1 - strength)
    return np.asarray(found / np.exp(np.log(found).mean()), np.float32)


def _in_steps(weight: Array) -> tuple[NDArray[np.int8], Array]:
    step = (np.abs(weight).max(0) / 127).astype(np.float32)
    step[step == 0] = 1
    return np.clip(np.round(weight / step), -127, 127).astype(np.int8), step
