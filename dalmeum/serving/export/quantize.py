"""Matrix products of a graph in 8-bit integers: weights by output channel, activations by fixed scales.

What an encoder computes between two tokens (attention, norms, GELU) stays in float32, as do products that are
not of tokens, the head's among them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dalmeum.serving.export.runtime import OUTPUT

RUNTIME = "com.microsoft"
"""ONNX Runtime's own operators, of which one takes integers to floats."""

MOST_INSIDE = 1_500_000_000
"""Bytes of a graph with its weights inside; a larger one has them beside it."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Product:
    """`activation @ weight + bias`, of a graph.

    Attributes:
        name: of the layer, as the model calls it.
        nodes: that compute it: the product, and the addition of the bias.
        weight: by its name, (inputs, outputs).
        bias: by its name, (outputs,); None without one.
        output: what it is called in the graph.
    """

    name: str
    nodes: tuple[str, ...]
    activation: str
    weight: str
    bias: str | None
    output: str


@dataclass(frozen=True)
class Quantized:
    """Products of one activation in integers.

    Attributes:
        smoothing: what each channel of the activation is divided by, and its row of weights multiplied by.
        scale, zero: a step of the activation's 8 bits, and which of them is 0.
        weights: for each product, (inputs, outputs), -127 to 127.
        steps: for each product, a step of each output's weights.
        shifts: for each product, what rounding adds to each output in the mean.
        error: mean square of what rounding changes, as a share of the outputs' variance.
    """

    smoothing: Array
    scale: float
    zero: int
    weights: tuple[NDArray[np.int8], ...]
    steps: tuple[Array, ...]
    shifts: tuple[Array, ...]
    error: float


class Graph:
    """A float32 graph, and its products of tokens, by the activation that they read."""

    def __init__(self, path: Path) -> None:
        self.proto = onnx.load(str(path))
        self._constants = {each.name: each for each in self.proto.graph.initializer}
        self.products: dict[str, list[Product]] = {}
        for each in self._found():
            self.products.setdefault(each.activation, []).append(each)

    def constant(self, name: str) -> NDArray[Any]:
        return numpy_helper.to_array(self._constants[name])

    def weights(self, activation: str) -> list[Array]:
        return [self.constant(each.weight) for each in self.products[activation]]

    def _found(self) -> Iterable[Product]:
        readers: dict[str, list[Any]] = {}
        for node in self.proto.graph.node:
            for name in node.input:
                readers.setdefault(name, []).append(node)
        for node in self.proto.graph.node:
            if node.op_type != "MatMul" or len(self._dims(node.input[1])) != 2:
                continue
            after = readers.get(node.output[0], [])
            others = [name for name in after[0].input if name != node.output[0]] if len(after) == 1 else []
            if others and after[0].op_type == "Add" and len(self._dims(others[0])) == 1:
                name = others[0].removeprefix("network.").removesuffix(".bias")
                nodes, output, bias = (node.name, after[0].name), after[0].output[0], others[0]
                yield Product(name, nodes, node.input[0], node.input[1], bias, output)
            else:
                yield Product(node.name, (node.name,), node.input[0], node.input[1], None, node.output[0])

    def _dims(self, name: str) -> Sequence[int]:
        """Of a constant; none of what is computed."""
        return self._constants[name].dims if name in self._constants else ()


def write_quantized(
    graph: Graph, found: Mapping[str, Quantized], path: Path, line: tuple[float, float] = (1.0, 0.0)
) -> None:
    """Write a graph whose products of some activations are in integers, and whose scores s are made
    `line[0] * s + line[1]`.
    """
    proto = onnx.ModelProto()
    proto.CopyFrom(graph.proto)
    replaced, added, constants = set[str](), [], dict[str, NDArray[Any]]()
    for activation, each in found.items():
        products = graph.products[activation]
        replaced |= {node for product in products for node in product.nodes}
        added += _quantized_nodes(graph, products, each, constants)
    nodes = [node for node in proto.graph.node if node.name not in replaced] + added
    for node in nodes:
        node.output[:] = [f"{OUTPUT}.raw" if name == OUTPUT else name for name in node.output]
    constants |= {
        f"{OUTPUT}.{key}": np.array(value, np.float32) for key, value in zip("ab", line, strict=True)
    }
    nodes += [
        helper.make_node("Mul", [f"{OUTPUT}.raw", f"{OUTPUT}.a"], [f"{OUTPUT}.scaled"]),
        helper.make_node("Add", [f"{OUTPUT}.scaled", f"{OUTPUT}.b"], [OUTPUT]),
    ]
    known = {*graph._constants, *constants, "", *(each.name for each in proto.graph.input)}
    used = {name for node in nodes for name in node.input}
    kept = [each for each in proto.graph.initializer if each.name in used]
    kept += [numpy_helper.from_array(value, name) for name, value in constants.items()]
    del proto.graph.node[:], proto.graph.initializer[:]
    proto.graph.node.extend(_in_order(nodes, known))
    proto.graph.initializer.extend(kept)
    if RUNTIME not in {each.domain for each in proto.opset_import}:
        proto.opset_import.append(helper.make_opsetid(RUNTIME, 1))
    save(proto, path)


def save(proto: Any, path: Path) -> None:
    """Write a graph, with large weights beside it."""
    beside = proto.ByteSize() > MOST_INSIDE
    onnx.save(proto, str(path), save_as_external_data=beside, location=f"{path.name}.data")


def _quantized_nodes(
    graph: Graph, products: Sequence[Product], found: Quantized, constants: dict[str, NDArray[Any]]
) -> list[Any]:
    """Nodes in the place of some products of one activation, whose constants are put to the others."""
    source = name = products[0].activation
    nodes = []
    if (found.smoothing != 1).any():
        constants[f"{name}.smoothing"] = (1 / found.smoothing).astype(np.float32)
        source = f"{name}.smoothed"
        nodes.append(helper.make_node("Mul", [name, f"{name}.smoothing"], [source]))
    constants[f"{name}.scale"] = np.array(found.scale, np.float32)
    constants[f"{name}.zero"] = np.array(found.zero, np.uint8)
    read = [f"{name}.integers", f"{name}.scale", f"{name}.zero"]
    nodes.append(helper.make_node("QuantizeLinear", [source, *read[1:]], [read[0]]))
    for product, weights, steps, shifts in zip(
        products, found.weights, found.steps, found.shifts, strict=True
    ):
        bias = -shifts if product.bias is None else graph.constant(product.bias) - shifts
        values = (weights, steps, np.zeros(len(steps), np.int8), bias.astype(np.float32))
        names = [f"{product.output}.{part}" for part in ("weights", "steps", "zeros", "bias")]
        constants.update(zip(names, values, strict=True))
        inputs = [read[0], names[0], read[1], names[1], read[2], names[2], names[3]]
        nodes.append(
            helper.make_node(
                "MatMulIntegerToFloat", inputs, [product.output], name=product.nodes[0], domain=RUNTIME
            )
        )
    return nodes


def _in_order(nodes: Sequence[Any], known: set[str]) -> list[Any]:
    """Each node behind those whose outputs it reads."""
    ordered: list[Any] = []
    left = list(nodes)
    while left:
        ready = [node for node in left if known.issuperset(node.input)]
        assert ready, "a graph without a circle"
        ordered += ready
        known |= {name for node in ready for name in node.output}
        chosen = {id(node) for node in ready}
        left = [node for node in left if id(node) not in chosen]
    return ordered
