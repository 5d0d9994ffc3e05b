"""From ways to segments: split where ways meet and at signals, and barriers set apart so that a profile can judge them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from types import MappingProxyType

import numpy as np

from geodata.model import Segment
from geodata.tags import JOINT, STAR

Places = Mapping[int, tuple[float, float]]
"""Where each node lies: lon, lat."""

Barriers = Mapping[int, Mapping[str, str]]
"""Tags of the nodes that are barriers."""

Signals = Mapping[int, str]
"""Which traffic a node's signals face, as seen along their way: "forward", "backward", or anything else for both."""


_NONE: Signals = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Way:
    """A line through nodes with one set of tags, as a map stores it."""

    id: int
    nodes: tuple[int, ...]
    tags: Mapping[str, str]
    names: Mapping[str, str]


def split_ways(ways: Sequence[Way], places: Places, barriers: Barriers, signals: Signals = _NONE) -> list[Segment]:
    """Segments between junctions, way ends, barriers and signals. Nodes without a place (a clipped map) cut their way."""
    used = Counter(node for way in ways for node in way.nodes)
    ends = {node for node, times in used.items() if times > 1 or node in barriers or node in signals}
    segments = [
        _segment(way, nodes, places)
        for way in ways
        for stretch in _known_stretches(way.nodes, places)
        for nodes in _cut(stretch, ends)
    ]
    return set_barriers_apart(with_signals(segments, signals), barriers)


def _known_stretches(nodes: Sequence[int], places: Places) -> Iterator[list[int]]:
    """Runs of nodes whose place is known, without immediate repetitions."""
    for known, run in groupby(nodes, key=places.__contains__):
        if known:
            yield [node for node, _ in groupby(run)]


def _cut(nodes: Sequence[int], ends: set[int]) -> Iterator[Sequence[int]]:
    last = len(nodes) - 1
    cuts = [index for index, node in enumerate(nodes) if index in {0, last} or node in ends]
    for start, stop in pairwise(cuts):
        yield nodes[start : stop + 1]


def _segment(way: Way, nodes: Sequence[int], places: Places) -> Segment:
    points = np.array([places[node] for node in nodes], dtype=np.float64)
    return Segment(tail=nodes[0], head=nodes[-1], points=points, way=way.id, tags=way.tags, names=way.names)


def with_signals(segments: Iterable[Segment], signals: Signals) -> list[Segment]:
    """Mark the arcs that signals face. Where more than two roads meet, they face every one, whatever is said of them."""
    roads = list(segments)
    arms = Counter(node for road in roads for node in (road.tail, road.head))
    faces_forward = {node for node, facing in signals.items() if arms[node] > 2 or facing != "backward"}
    faces_backward = {node for node, facing in signals.items() if arms[node] > 2 or facing != "forward"}
    return [
        replace(road, signal_forward=road.head in faces_forward, signal_backward=road.tail in faces_backward)
        if road.head in signals or road.tail in signals
        else road
        for road in roads
    ]


def set_barriers_apart(segments: Iterable[Segment], barriers: Barriers) -> list[Segment]:
    """Let every road end at its own copy of a barrier node and join the copies by segments of no length.

    Two copies get one joining segment, more get one each to the node itself. A joining segment carries the barrier's
    tags and node, way 0, and no ``highway``. Copies get negative ids below every id in use. A barrier at a road's end
    stays.
    """
    roads = list(segments)
    touching = _ends_at(roads, barriers)
    fresh = min([0, *(node for road in roads for node in (road.tail, road.head))]) - 1
    moved: dict[tuple[int, str], int] = {}
    joints: list[Segment] = []
    for node in sorted(touching):
        copies = [fresh - number for number in range(len(touching[node]))]
        fresh -= len(copies)
        moved |= dict(zip(touching[node], copies, strict=True))
        joints += _joints(node, copies, _point(roads, touching[node][0]), barriers[node])
    return [_with_ends(road, index, moved) for index, road in enumerate(roads)] + joints


def _ends_at(roads: Sequence[Segment], barriers: Barriers) -> dict[int, list[tuple[int, str]]]:
    """The road ends (index, "tail" or "head") at each barrier that has something on more than one side."""
    ends = defaultdict(list)
    for index, road in enumerate(roads):
        for end, node in (("tail", road.tail), ("head", road.head)):
            if node in barriers:
                ends[node].append((index, end))
    return {node: found for node, found in ends.items() if len(found) > 1}


def _point(roads: Sequence[Segment], end: tuple[int, str]) -> tuple[float, float]:
    index, name = end
    lon, lat = roads[index].points[0 if name == "tail" else -1]
    return float(lon), float(lat)


def _joints(node: int, copies: Sequence[int], point: tuple[float, float], tags: Mapping[str, str]) -> Iterator[Segment]:
    is_star = len(copies) > 2
    pairs = [(copy, node) for copy in copies] if is_star else [(copies[0], copies[1])]
    tags = {**tags, JOINT: STAR} if is_star else tags
    for tail, head in pairs:
        place = np.array([point, point])
        yield Segment(tail=tail, head=head, points=place, way=0, tags=tags, names={}, barrier_node=node)


def _with_ends(road: Segment, index: int, moved: Mapping[tuple[int, str], int]) -> Segment:
    tail, head = moved.get((index, "tail"), road.tail), moved.get((index, "head"), road.head)
    return road if (tail, head) == (road.tail, road.head) else replace(road, tail=tail, head=head)
