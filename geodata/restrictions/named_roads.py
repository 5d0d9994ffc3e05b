"""A road by its name, its number or the id of its way, and what of it lies between two points."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geodata.errors import Text
from geodata.model import Booleans, Floats, Ints, RoadPosition
from geodata.network import Network
from geodata.restrictions.model import NamedRoad
from geodata.restrictions.parts import NOTHING, Parts, parts_followed, together, whole
from geodata.restrictions.plane import Plane

if TYPE_CHECKING:
    import networkx as nx

END_M = 100.0
"""A point that ends a closure lies so near to the road it names."""

CARRIAGEWAYS_M = 40.0
"""The two carriageways of a road are at most so far apart."""

GAP_M = 60.0
"""Two pieces of a road are one road still if so little is missing between them."""

GAP_FACTOR = 5.0
"""A way along the road itself is preferred to one over a gap, by lengths."""

UNKNOWN = Text("路网中没有名称、编号或道路 ID 为“{road}”的道路", "no road has the name, number or way id '{road}'")
UNKNOWN_LIKE = Text(
    "路网中没有名称、编号或道路 ID 为“{road}”的道路，是否为“{like}”？",
    "no road has the name, number or way id '{road}'; did you mean '{like}'?",
)
OFF_THE_ROAD = Text(
    "{which}离道路“{road}”{metres} 米，超过 {limit} 米",
    "{which} is {metres} m from the road '{road}'; the limit is {limit} m",
)
ENDS = (Text("起点", "the first point"), Text("终点", "the last point"))
APART = Text(
    "道路“{road}”的这两点不相连；请分段填写，或画线",
    "the road '{road}' does not lead from the one point to the other; name each piece, or draw a line",
)
NO_STRETCH = Text("起点与终点是道路“{road}”上的同一处", "both points are the same place on the road '{road}'")


class NotFound(Exception):
    """The road, or what lies between its points, is not there: with a message for every reason."""

    def __init__(self, messages: list[Text]) -> None:
        self.messages = messages
        super().__init__("; ".join(message.en for message in messages))


def parts_of_road(plane: Plane, named: NamedRoad) -> Parts:
    """All carriageways of the road between its points. Raises ``NotFound``."""
    allowed = edges_named(plane.network, named.road)
    if not allowed.any():
        like = _nearest_name(plane.network, named.road)
        raise NotFound([_filled(UNKNOWN_LIKE if like else UNKNOWN, road=named.road, like=like)])
    if named.between is None:
        return whole(np.flatnonzero(allowed))
    one, other = _ends(plane, named, allowed)
    if (one.edge, one.fraction) == (other.edge, other.fraction):
        raise NotFound([_filled(NO_STRETCH, road=named.road)])
    own, line = _way_along(plane, named, allowed, one, other)
    beside = parts_followed(plane, line, CARRIAGEWAYS_M).of_edges(allowed)
    driven = np.zeros(plane.network.edges, dtype=np.bool_)
    driven[own.edge] = True
    return together([own, beside.of_edges(~driven)])


def edges_named(network: Network, road: str) -> Booleans:
    """[k] edges of which any name or number is this one, or whose way has this id."""
    wanted = _folded(road)
    sets = [wanted in {_folded(each) for each in _names(names)} for names in network.name_sets]
    named: Booleans = np.array(sets, dtype=np.bool_)[network.edge_names]
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19:
        named |= network.edge_way == int(wanted)
    return named


def _names(names: object) -> Iterator[str]:
    values = names.values() if hasattr(names, "values") else ()
    return (part.strip() for value in values for part in str(value).split(";") if part.strip())


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _nearest_name(network: Network, road: str) -> str:
    known = {_folded(name): name for names in network.name_sets for name in _names(names)}
    found = difflib.get_close_matches(_folded(road), list(known), n=1, cutoff=0.5)
    return known[found[0]] if found else ""


def _filled(message: Text, **words: object) -> Text:
    texts = {name: word if isinstance(word, Text) else Text(str(word), str(word)) for name, word in words.items()}
    zh = message.zh.format(**{name: text.zh for name, text in texts.items()})
    return Text(zh, message.en.format(**{name: text.en for name, text in texts.items()}))


def _ends(plane: Plane, named: NamedRoad, allowed: Booleans) -> tuple[RoadPosition, RoadPosition]:
    places = named.between or ()
    edges, metres = plane.index.nearest(places, allowed)
    far = [
        _filled(OFF_THE_ROAD, which=which, road=named.road, metres=round(away), limit=round(END_M))
        for which, away in zip(ENDS, metres.tolist(), strict=True)
        if away > END_M
    ]
    if far:
        raise NotFound(far)
    one, other = (plane.index.position(place, edge) for place, edge in zip(places, edges.tolist(), strict=True))
    return one, other


# --- the way from one point to the other along the road -------------------------------------------------------------

_ENDS = ("one", "other")
Step = tuple[int, float, float] | None
"""An edge and the fractions from which to which it is followed; None over a gap."""


def _way_along(
    plane: Plane, named: NamedRoad, allowed: Booleans, one: RoadPosition, other: RoadPosition
) -> tuple[Parts, shapely.LineString]:
    import networkx as nx

    graph = _road_graph(plane, np.flatnonzero(allowed), (one, other))
    try:
        nodes = nx.dijkstra_path(graph, *_ENDS, weight="m")
    except nx.NetworkXNoPath:
        raise NotFound([_filled(APART, road=named.road)]) from None
    steps: list[Step] = [graph.edges[pair]["step"] for pair in pairwise(nodes)]
    stretches = [step for step in steps if step is not None and step[1] != step[2]]
    own = together([_part(*stretch) for stretch in stretches]) if stretches else NOTHING
    points = [_drawn(plane, *stretch) for stretch in stretches]
    return own, shapely.LineString(np.concatenate(points))


def _part(edge: int, start: float, end: float) -> Parts:
    return Parts(np.array([edge]), np.array([min(start, end)]), np.array([max(start, end)]))


def _drawn(plane: Plane, edge: int, start: float, end: float) -> Floats:
    """The corners of a stretch in the direction in which it is followed."""
    line = plane.lines[edge]
    low, high = sorted((start, end))
    length = shapely.length(line)
    corners = shapely.get_coordinates(line)
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    inner = corners[(at > low * length) & (at < high * length)]
    ends = shapely.get_coordinates(plane.on_edges(np.array([edge, edge]), np.array([low, high])))
    drawn = np.concatenate([ends[:1], inner, ends[1:]])
    return drawn if start <= end else drawn[::-1]


def _road_graph(plane: Plane, edges: Ints, ends: tuple[RoadPosition, RoadPosition]) -> nx.DiGraph[int | str]:
    """The road's own edges both ways, gaps bridged, and its two ends; metres and steps."""
    import networkx as nx

    graph: nx.DiGraph[int | str] = nx.DiGraph()
    network, length = plane.network, shapely.length(plane.lines)
    first_arc = network.edge_arcs[edges].max(axis=1)
    forward = network.arc_forward[first_arc]
    tails = np.where(forward, network.tail[first_arc], network.head[first_arc]).tolist()
    heads = np.where(forward, network.head[first_arc], network.tail[first_arc]).tolist()
    for edge, tail, head in zip(edges.tolist(), tails, heads, strict=True):
        _join(graph, tail, head, float(length[edge]), (edge, 0.0, 1.0))
        for name, end in zip(_ENDS, ends, strict=True):
            if end.edge == edge:
                _join(graph, tail, name, float(length[edge]) * end.fraction, (edge, 0.0, end.fraction))
                _join(graph, name, head, float(length[edge]) * (1 - end.fraction), (edge, end.fraction, 1.0))
    one, other = ends
    if one.edge == other.edge:
        metres = float(length[one.edge]) * abs(one.fraction - other.fraction)
        _join(graph, *_ENDS, metres, (one.edge, one.fraction, other.fraction))
    _bridge_gaps(graph, plane)
    return graph


def _join(graph: nx.DiGraph[int | str], start: int | str, end: int | str, metres: float, step: Step) -> None:
    back = None if step is None else (step[0], step[2], step[1])
    for pair, stretch in (((start, end), step), ((end, start), back)):
        if not graph.has_edge(*pair) or graph.edges[pair]["m"] > metres:
            graph.add_edge(*pair, m=metres, step=stretch)


def _bridge_gaps(graph: nx.DiGraph[int | str], plane: Plane) -> None:
    """Between pieces of the road that do not meet, wherever their nodes are near."""
    import networkx as nx
    from scipy.spatial import cKDTree

    piece = {node: number for number, nodes in enumerate(nx.weakly_connected_components(graph)) for node in nodes}
    nodes = sorted(node for node in graph if isinstance(node, int))
    network = plane.network
    places = plane.points([(float(network.lon[node]), float(network.lat[node])) for node in nodes])  # type: ignore[misc]
    for one, other in sorted(cKDTree(places).query_pairs(GAP_M)):
        if piece[nodes[one]] != piece[nodes[other]]:
            metres = float(np.hypot(*(places[one] - places[other])))
            _join(graph, nodes[one], nodes[other], GAP_FACTOR * metres, None)
