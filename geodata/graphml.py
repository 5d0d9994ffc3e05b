"""Roads from graphs of osmnx, as ``osmnx.save_graphml`` writes them (versions 1 and 2)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geodata.errors import BadInput, Complaint, Text
from geodata.intake import MapFormat, damaged, examine, not_a_map
from geodata.junctions import set_barriers_apart, with_signals
from geodata.model import Floats, Segment
from geodata.tags import ROADS, barrier_tags, faces, road_names, road_tags

if TYPE_CHECKING:
    import networkx as nx

    Graph = nx.MultiDiGraph[int]

_NAMED = 20
"""How many nodes of the same fault are named one by one."""

_SAME_POINT_DECIMALS = 7


def read_graphml(path: Path) -> list[Segment]:
    """Segments of an osmnx graph, in the file's order.

    Edges are arcs already legal in their direction: the two of a two-way road become one segment, any other edge a
    segment with one arc, and ``oneway`` is rewritten to say just that. Where simplification merged values into a list,
    the first counts; of limits ("maxspeed") all are kept, "50;60". Raises ``BadInput`` for whatever is not such a graph.
    """
    if examine(path, root="graphml") is not MapFormat.XML:
        raise not_a_map(path)
    graph = _load(path)
    if not graph.is_directed():
        raise BadInput.one(
            "图必须是有向图（osmnx 的格式）", "must be a directed graph, as osmnx writes it", file=str(path)
        )
    _require_on_earth(path, graph)
    try:
        segments = graph_segments(graph)
    except (ValueError, TypeError, AttributeError, LookupError):
        raise damaged(path) from None
    if not segments:
        raise BadInput.one("图文件里没有可用的道路", "holds no road", file=str(path))
    return segments


def _load(path: Path) -> Graph:
    import networkx as nx
    import osmnx

    plain = {"oneway": str, "reversed": str}
    try:
        with np.errstate(all="ignore"):  # shapely warns of lines with "nan" or "1e999", which are refused later
            graph: Graph = osmnx.load_graphml(path, edge_dtypes=plain)
    except (nx.NetworkXException, shapely.errors.ShapelyError):
        raise damaged(path) from None
    except (ValueError, TypeError, LookupError, AttributeError, SyntaxError, RuntimeError, MemoryError, OSError):
        raise damaged(path) from None
    return graph


def _require_on_earth(path: Path, graph: Graph) -> None:
    astray = [node for node, place in graph.nodes(data=True) if not _on_earth(place)]
    texts = [
        Text(
            f"节点 {node} 没有有效的 WGS-84 经纬度；投影过的图请先转回经纬度",
            f"node {node} has no valid WGS-84 lon and lat; a projected graph must be saved unprojected",
        )
        for node in astray[:_NAMED]
    ]
    if len(astray) > _NAMED:
        rest = len(astray) - _NAMED
        texts.append(Text(f"另有 {rest} 个节点也是如此", f"{rest} more nodes likewise"))
    if texts:
        raise BadInput(Complaint(text, file=str(path)) for text in texts)


def _on_earth(place: Mapping[str, Any]) -> bool:
    lon, lat = place.get("x", math.nan), place.get("y", math.nan)
    return isinstance(lon, float | int) and isinstance(lat, float | int) and abs(lon) <= 180 and abs(lat) <= 90


def graph_segments(graph: Graph) -> list[Segment]:
    """Segments of an osmnx graph in memory."""
    arcs = [arc for tail, head, edge in graph.edges(data=True) if (arc := _arc(graph, tail, head, edge))]
    barriers = {
        node: barrier_tags({key: str(value) for key, value in attributes.items()})
        for node, attributes in graph.nodes(data=True)
        if "barrier" in attributes
    }
    signals = {
        node: facing
        for node, attributes in graph.nodes(data=True)
        if (facing := faces({key: str(value) for key, value in attributes.items()}))
    }
    roads = with_signals((_with_oneway(segment) for segment in _paired(arcs)), signals)
    return set_barriers_apart(roads, barriers)


def _arc(graph: Graph, tail: int, head: int, edge: Mapping[str, Any]) -> Segment | None:
    """An edge as a segment in the direction of its way, with the one arc that the edge is; not for other than roads."""
    said = {key: _one(key, value) for key, value in edge.items()}
    if said.get("highway") not in ROADS:
        return None
    against = str(edge.get("reversed", "")).lower() == "true"
    segment = Segment(
        tail=tail,
        head=head,
        points=_points(graph, tail, head, edge.get("geometry")),
        way=_way(edge.get("osmid")),
        tags=road_tags(said),
        names=road_names(said),
        backward=False,
    )
    return _turned(segment) if against else segment


_LIMITS = ("max", "min")


def _one(key: str, value: Any) -> str:
    if isinstance(value, list | tuple | set):
        values = [str(each) for each in value]
        return ";".join(values) if key.startswith(_LIMITS) else values[0] if values else ""
    return str(value)


def _way(osmid: Any) -> int:
    """The lowest of merged ways, which is the same for both arcs whatever the order of the list."""
    lowest = min(osmid, default=0) if isinstance(osmid, list) else osmid
    return lowest if isinstance(lowest, int) else 0


def _points(graph: Graph, tail: int, head: int, geometry: Any) -> Floats:
    """The edge's line, made to begin and end at its nodes (consolidated graphs leave gaps)."""
    if geometry is not None and geometry.geom_type != "LineString":
        raise ValueError(f"no line from {tail} to {head}")
    start, end = ([graph.nodes[node]["x"], graph.nodes[node]["y"]] for node in (tail, head))
    inner = [] if geometry is None else shapely.get_coordinates(geometry).tolist()
    before = [] if inner and inner[0] == start else [start]
    after = [] if len(inner) > 1 and inner[-1] == end else [end]
    points = np.array([*before, *inner, *after], dtype=np.float64)
    if not (np.abs(points) <= (180.0, 90.0)).all():
        raise ValueError(f"no line on the Earth from {tail} to {head}")
    return points


def _turned(segment: Segment) -> Segment:
    return replace(
        segment,
        tail=segment.head,
        head=segment.tail,
        points=segment.points[::-1].copy(),
        forward=segment.backward,
        backward=segment.forward,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """What an edge and its twin share: way and line, whichever way round."""

    way: int
    points: bytes


def _line(segment: Segment) -> _Line:
    rounded = np.round(segment.points, _SAME_POINT_DECIMALS)
    return _Line(segment.way, min(rounded.tobytes(), rounded[::-1].tobytes()))


def _paired(arcs: Sequence[Segment]) -> Iterator[Segment]:
    """Each arc once, with the arc in the other direction of the same line if there is one."""
    waiting: dict[_Line, list[int]] = defaultdict(list)
    found: dict[int, Segment] = {}
    for index, arc in enumerate(arcs):
        same = waiting[_line(arc)]
        partner = next((other for other in same if _are_twins(found[other], arc)), None)
        if partner is None:
            same.append(index)
            found[index] = arc
        else:
            same.remove(partner)
            found[partner] = replace(found[partner], forward=True, backward=True)
    yield from found.values()


def _are_twins(one: Segment, other: Segment) -> bool:
    """Whether they run in opposite directions: with the way and against it, or from opposite ends."""
    if _same_line(one.points, other.points):
        return one.forward != other.forward
    return one.forward == other.forward and _same_line(one.points, other.points[::-1])


def _same_line(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=0, atol=10.0**-_SAME_POINT_DECIMALS))


def _with_oneway(segment: Segment) -> Segment:
    """Say of the arcs there are that they are the legal ones, so that no rule of the profile closes them again."""
    both = segment.forward and segment.backward
    oneway = "no" if both else "yes" if segment.forward else "-1"
    kept = {key: value for key, value in segment.tags.items() if not key.startswith("oneway")}
    return replace(segment, tags=kept | {"oneway": oneway})
