"""A SavedModel's graph without what no server reads: a quarter of it."""

from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.graph_pb2 import GraphDef


def slim(graph: GraphDef) -> None:
    """Take from `graph`, in place, what loaders infer anew, what no result needs, and the long paths of names."""
    for function in graph.library.function:
        function.arg_attr.clear()  # names and shapes of arguments, which the signature has too
        bury(function)
        shorten(function)
    for node in [*graph.node, *(node for function in graph.library.function for node in function.node_def)]:
        node.attr.pop("_output_shapes", None)


def bury(function: FunctionDef) -> None:
    """Remove the nodes on which no result and no effect of the function depends."""
    inputs = {node.name: node.input for node in function.node_def}
    needed, found = set(), [*function.ret.values(), *function.control_ret.values()]
    while found:
        name = producer(found.pop())
        if name in inputs and name not in needed:
            needed.add(name)
            found.extend(inputs[name])
    alive = [node for node in function.node_def if node.name in needed]
    del function.node_def[:]
    function.node_def.extend(alive)


def shorten(function: FunctionDef) -> None:
    """Name each node by the last part of its path: encoder/conv2d_1/convolution is convolution, or convolution.7."""
    short, taken = {}, {argument.name for argument in function.signature.input_arg}
    for i, node in enumerate(function.node_def):
        last = node.name.rsplit("/", 1)[-1]
        short[node.name] = f"{last}.{i}" if last in taken else last
        taken.add(short[node.name])

    def renamed(reference: str) -> str:
        name = producer(reference)
        return reference.replace(name, short.get(name, name), 1)

    for node in function.node_def:
        node.name = short[node.name]
        node.input[:] = [renamed(reference) for reference in node.input]
    for results in (function.ret, function.control_ret):
        for key in list(results):
            results[key] = renamed(results[key])


def producer(reference: str) -> str:
    """The node in a reference within a function: "name:output:0", or "^name" for an order alone."""
    return reference.removeprefix("^").split(":")[0]
