"""Writes stand_in.onnx: a network with Kokoro's inputs and output that says nothing.

waveform = input_ids * mean(style) / speed, each number 100 times. Needs the package onnx.
"""

from onnx import TensorProto, checker, helper, save

f, i = TensorProto.FLOAT, TensorProto.INT64
graph = helper.make_graph(
    [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=f),
        helper.make_node("ReduceMean", ["style"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["ids", "mean"], ["loud"]),
        helper.make_node("Div", ["loud", "speed"], ["fast"]),
        helper.make_node("Unsqueeze", ["fast", "last"], ["column"]),
        helper.make_node("Tile", ["column", "times"], ["rows"]),
        helper.make_node("Reshape", ["rows", "flat"], ["waveform"]),
    ],
    "stand-in",
    [
        helper.make_tensor_value_info("input_ids", i, [1, "tokens"]),
        helper.make_tensor_value_info("style", f, [1, 256]),
        helper.make_tensor_value_info("speed", f, [1]),
    ],
    [helper.make_tensor_value_info("waveform", f, [1, "samples"])],
    [
        helper.make_tensor("last", i, [1], [2]),
        helper.make_tensor("times", i, [3], [1, 1, 100]),
        helper.make_tensor("flat", i, [2], [1, -1]),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="")
checker.check_model(model)
save(model, "stand_in.onnx")
