"""One ONNX file for one network, whatever was built before it and however sets are ordered."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

__all__ = ["in_canonical_order"]


def in_canonical_order(exported: "ModelProto") -> bytes:
    """Order and name what is inside an exported network by what it answers.

    tf2onnx takes names from a count of all models built so far, and both names and order from
    sets, so that equal networks become unlike files. A network with loops or branches is left as
    it is.

    Parameters
    ----------
    exported : onnx.ModelProto
        Changed in place.

    Returns
    -------
    bytes
    """
    graph = exported.graph
    nodes = list(graph.node)
    if not any(attribute.HasField("g") for node in nodes for attribute in node.attribute):
        _replace(graph, _ordered(graph, nodes))
    return exported.SerializeToString(deterministic=True)


def _ordered(graph: "GraphProto", nodes: "list[NodeProto]") -> "list[NodeProto]":
    """Put every node after those that it depends on, beginning with the first answer's first."""
    made_by = {name: place for place, node in enumerate(nodes) for name in node.output}
    ordered: dict[int, NodeProto] = {}
    waiting = [made_by[value.name] for value in reversed(graph.output) if value.name in made_by]
    while waiting:
        place = waiting[-1]
        before = [made_by[name] for name in nodes[place].input if name in made_by]
        missing = [one for one in before if one not in ordered]
        if missing:
            waiting.append(missing[0])
            continue
        ordered.setdefault(place, nodes[place])
        waiting.pop()
    return list(ordered.values())


def _replace(graph: "GraphProto", nodes: "list[NodeProto]") -> None:
    names = {"": ""} | {value.name: value.name for value in [*graph.input, *graph.output]}
    for node in nodes:
        node.ClearField("name")
        node.ClearField("doc_string")
        for values in (node.input, node.output):
            values[:] = [names.setdefault(name, f"v{len(names)}") for name in values]
    kept = {names[value.name]: value for value in graph.initializer if value.name in names}
    for name, value in kept.items():
        value.name = name
    ordered = [kept[name] for name in names.values() if name in kept]
    sides: dict[str, str] = {}
    for value in [*graph.input, *graph.output]:
        for side in value.type.tensor_type.shape.dim:
            if side.dim_param:
                side.dim_param = sides.setdefault(side.dim_param, f"side{len(sides)}")
    for field, values in ((graph.node, nodes), (graph.initializer, ordered)):
        copies = [type(value).FromString(value.SerializeToString()) for value in values]
        del field[:]
        field.extend(copies)
    del graph.value_info[:]
    graph.ClearField("doc_string")
