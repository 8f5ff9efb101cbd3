"""Products in integers: by hand where they are exact, and near the float ones where they are not."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from dalmeum.serving.export.int8 import _line
from dalmeum.serving.export.quantize import Graph, Quantized, write_quantized
from dalmeum.serving.export.ranges import CLIPPED, SMOOTHINGS, Activation, _with, observed, quantized

DRAW = np.random.default_rng(0)
WEIGHT = DRAW.normal(0, 1, (4, 3)).astype(np.float32)
BIAS = np.array([0.5, -0.5, 1.0], np.float32)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    """`score = mean(x @ WEIGHT + BIAS)` over tokens and outputs, x being (rows, tokens, 4)."""
    nodes = [
        helper.make_node("Mul", ["attention_mask", "one"], ["x"], name="times"),
        helper.make_node("MatMul", ["x", "weight"], ["product"], name="matmul"),
        helper.make_node("Add", ["product", "network.layer.bias"], ["y"], name="add"),
        helper.make_node("ReduceMean", ["y", "axes"], ["score"], name="mean", keepdims=0),
    ]
    constants = {
        "one": np.float32(1),
        "weight": WEIGHT,
        "network.layer.bias": BIAS,
        "axes": np.array([1, 2], np.int64),
    }
    made = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("attention_mask", TensorProto.FLOAT, ["n", "t", 4])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n"])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, str(tmp_path / "model.onnx"))
    return Graph(tmp_path / "model.onnx")


def scores(path: Path, values: Any) -> Any:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["score"], {"attention_mask": values.astype(np.float32)})[0]


def test_the_product_is_found_with_its_bias(graph: Graph) -> None:
    ((product,),) = graph.products.values()
    assert (product.name, product.nodes, product.activation) == ("layer", ("matmul", "add"), "x")
    assert (product.weight, product.bias, product.output) == ("weight", "network.layer.bias", "y")


def test_integers_by_hand(graph: Graph, tmp_path: Path) -> None:
    # 0.5 a step, 10 for 0: 3.2 is 6 steps, 3.0; weights of 2 a step; the bias as it is, less the shift.
    found = Quantized(
        smoothing=np.ones(4, np.float32),
        scale=0.5,
        zero=10,
        weights=(np.array([[1, 0, 0], [0, 2, 0], [0, 0, 3], [0, 0, 0]], np.int8),),
        steps=(np.full(3, 2, np.float32),),
        shifts=(np.full(3, 0.25, np.float32),),
        error=0.0,
    )
    write_quantized(graph, {"x": found}, tmp_path / "int8.onnx", (3.0, 1.0))
    # (3 * 2 + -1 * 4 + 200 steps clipped at 245: 122.5 * 6 + BIAS - .25) / 3
    value = np.array([[[3.2, -1.1, 500.0, 7.0]]])
    expected = (3 * 2 - 1 * 4 + 122.5 * 6 + 1.0 - 0.75) / 3
    assert scores(tmp_path / "int8.onnx", value) == pytest.approx([3 * expected + 1])


def test_channels_of_unlike_ranges_are_evened_out(graph: Graph, tmp_path: Path) -> None:
    rows = DRAW.normal(0, [0.1, 0.1, 0.1, 30], (600, 4)).astype(np.float32)
    activation = Activation(rows.min(0), rows.max(0), rows)
    weights = [np.diag(np.array([10, 10, 10, 0.1], np.float32))[:, :3]]
    best, plain = quantized(activation, weights), _with(activation, weights, 0.0, 0.0)
    assert (best.smoothing != 1).all()
    assert best.error < 0.01 * plain.error
    assert best.error == min(
        _with(activation, weights, smoothing, clipped).error
        for smoothing in SMOOTHINGS
        for clipped in CLIPPED
    )
    # Dividing the activation and multiplying the weights is the same product.
    np.testing.assert_allclose(
        best.weights[0] * best.steps[0] / best.smoothing[:, None], weights[0], atol=10 / 127
    )


def test_a_graph_in_integers_is_near_the_float_one(graph: Graph, tmp_path: Path) -> None:
    batches = [DRAW.normal(0, [1, 1, 5, 0.2], (8, 6, 4)) for _ in range(20)]
    observed_rows = np.concatenate([batch.reshape(-1, 4) for batch in batches]).astype(np.float32)
    activation = Activation(observed_rows.min(0), observed_rows.max(0), observed_rows)
    write_quantized(graph, {"x": quantized(activation, [WEIGHT])}, tmp_path / "int8.onnx")
    exact, found = scores(tmp_path / "model.onnx", batches[0]), scores(tmp_path / "int8.onnx", batches[0])
    assert 0 < np.abs(found - exact).max() < 0.05 * exact.std()
    np.testing.assert_array_equal(scores(tmp_path / "int8.onnx", batches[0][2:3]), found[2:3])


def test_what_is_no_token_is_not_observed(graph: Graph, tmp_path: Path) -> None:
    mask = np.ones((2, 3, 4), np.float32)
    mask[1] = 0.5
    found = observed(graph, [{"attention_mask": mask}], tmp_path / "scratch.onnx")  # type: ignore[dict-item]
    np.testing.assert_array_equal(found["x"].lowest, np.full(4, 0.5))
    np.testing.assert_array_equal(found["x"].largest, np.ones(4))
    assert not (tmp_path / "scratch.onnx").exists()


def test_a_line_brings_scores_back() -> None:
    right = np.array([0.0, 1.0, 2.0, 4.0])
    slope, intercept = _line((right - 0.3) / 1.25, right)
    np.testing.assert_allclose([slope, intercept], [1.25, 0.3])
    np.testing.assert_allclose(_line(np.ones(4), right), [1.0, 0.75])
    assert _line(-right, right)[0] == 1.0
