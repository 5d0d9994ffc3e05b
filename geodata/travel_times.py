"""Exact travel times between positions on the road, and the way driven, on demand.

Two engines behind one interface: ``HierarchyTimes`` (customizable contraction hierarchies) and ``DijkstraTimes``
(scipy), the reference and fallback. Both sum whole milliseconds and round a path up to seconds once.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
from scipy.sparse.csgraph import dijkstra

from geodata.contraction import Hierarchy, ToNodes, Way, is_installed
from geodata.model import Floats, Ints, Leg, RoadPosition
from geodata.profile import CLOSED
from geodata.roads import Roads

NO_WAY_S = 1_000_000_000
"""Stands in a table for a pair without a way: some thirty years, so that it is late in every comparison."""

THREADS = 2
"""The hierarchy releases the interpreter lock; a table is computed in as many slices."""

LENGTH_DECIMALS = 1
"""A leg's metres are rounded where they arise, so that stated totals are the sums of stated parts."""

ROWS_AT_ONCE = 64
"""Dijkstra keeps a distance to every node for so many origins at a time, to bound its memory."""


class TravelTimes(Protocol):
    def table(self, origins: Sequence[RoadPosition], destinations: Sequence[RoadPosition]) -> Ints:
        """[len(origins), len(destinations)] whole seconds, ``NO_WAY_S`` where no way leads."""
        ...

    def leg(self, origin: RoadPosition, destination: RoadPosition) -> Leg | None:
        """A fastest way, or None where no way leads."""
        ...


def exact_times(roads: Roads) -> TravelTimes:
    """The hierarchy where its library is installed, else Dijkstra: slower, the same times."""
    return HierarchyTimes(roads) if is_installed() else DijkstraTimes(roads)


class _End(NamedTuple):
    """Where an arc of a position's edge leaves for, or is entered from: a node, and the milliseconds in between."""

    node: int
    ms: int
    arc: int


_NOWHERE = _End(node=0, ms=CLOSED, arc=-1)


def _exits(roads: Roads, position: RoadPosition) -> list[_End]:
    arcs = roads.open_arcs_of(position.edge)
    return [_End(int(roads.network.head[arc]), roads.ms_ahead(arc, position), arc) for arc in arcs]


def _entries(roads: Roads, position: RoadPosition) -> list[_End]:
    arcs = roads.open_arcs_of(position.edge)
    return [_End(int(roads.network.tail[arc]), roads.ms_behind(arc, position), arc) for arc in arcs]


def _within_arc_ms(roads: Roads, origin: RoadPosition, destination: RoadPosition) -> tuple[int, int] | None:
    """(milliseconds, arc) of driving on along the shared edge without leaving it, where the road allows."""
    if origin.edge != destination.edge:
        return None
    ways = [
        (roads.ms_behind(arc, destination) - roads.ms_behind(arc, origin), arc)
        for arc in roads.open_arcs_of(origin.edge)
        if (destination.fraction >= origin.fraction) == bool(roads.network.arc_forward[arc])
        or destination.fraction == origin.fraction
    ]
    return min(ways, default=None)


@dataclass(frozen=True, eq=False)
class _Destinations:
    """Entry nodes of all destinations, two entries each (the second repeats the first where there is only one).

    A destination on a closed edge has none; its row is padded with ``_NOWHERE``, infinitely far from any node.
    """

    nodes: Ints
    column: Ints
    ms: Floats
    by_edge: dict[int, list[int]]

    @classmethod
    def of(cls, roads: Roads, destinations: Sequence[RoadPosition]) -> _Destinations:
        entries = [_entries(roads, destination) or [_NOWHERE] for destination in destinations]
        nodes = sorted({end.node for ends in entries for end in ends})
        number = {node: index for index, node in enumerate(nodes)}
        column = np.array([[number[end.node] for end in (ends * 2)[:2]] for ends in entries], dtype=np.int64)
        ms = np.array([[end.ms for end in (ends * 2)[:2]] for ends in entries], dtype=np.float64)
        ms[ms == _NOWHERE.ms] = np.inf
        by_edge: dict[int, list[int]] = {}
        for index, destination in enumerate(destinations):
            by_edge.setdefault(destination.edge, []).append(index)
        return cls(np.array(nodes, dtype=np.int64), column.reshape(-1, 2), ms.reshape(-1, 2), by_edge)

    def finish(self, to_nodes: Floats) -> Floats:
        """Milliseconds to each destination, from milliseconds to each entry node (NaN or infinity: no way)."""
        ways = to_nodes[self.column] + self.ms
        best: Floats = np.fmin(ways[:, 0], ways[:, 1])
        return best


def _seconds(ms: Floats) -> Ints:
    reached = np.isfinite(ms)
    seconds = np.full(ms.shape, NO_WAY_S, dtype=np.int64)
    seconds[reached] = -(-ms[reached].astype(np.int64) // 1000)
    return seconds


def _stay_on_edge(
    roads: Roads, row: Floats, origin: RoadPosition, destinations: Sequence[RoadPosition], same_edge: Sequence[int]
) -> None:
    """Lower a row's entries, in place, where the destination lies ahead on the origin's own edge."""
    for index in same_edge:
        within = _within_arc_ms(roads, origin, destinations[index])
        if within is not None:
            row[index] = np.fmin(row[index], within[0])


@dataclass(frozen=True, eq=False)
class HierarchyTimes:
    roads: Roads

    @cached_property
    def _hierarchy(self) -> Hierarchy:
        network = self.roads.network
        return Hierarchy(network.order, network.tail, network.head, self.roads.ms)

    def table(self, origins: Sequence[RoadPosition], destinations: Sequence[RoadPosition]) -> Ints:
        ends = _Destinations.of(self.roads, destinations)
        slices = [range(len(origins))[part::THREADS] for part in range(THREADS)]
        hierarchy = self._hierarchy  # built here once, before the threads share it
        seconds = np.full((len(origins), len(destinations)), NO_WAY_S, dtype=np.int64)

        def fill(rows: range) -> None:
            if not len(rows) or not len(ends.nodes):
                return  # the library takes no empty list
            search = hierarchy.to_nodes(ends.nodes)
            for row in rows:
                self._fill(seconds[row], search, origins[row], destinations, ends)

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(fill, slices))
        return seconds

    def _fill(
        self,
        seconds: Ints,
        search: ToNodes,
        origin: RoadPosition,
        destinations: Sequence[RoadPosition],
        ends: _Destinations,
    ) -> None:
        exits = [(end.node, end.ms) for end in _exits(self.roads, origin)]
        if exits:
            ms = ends.finish(search.ms_from(exits))
            _stay_on_edge(self.roads, ms, origin, destinations, ends.by_edge.get(origin.edge, ()))
            seconds[:] = _seconds(ms)

    def leg(self, origin: RoadPosition, destination: RoadPosition) -> Leg | None:
        exits, entries = _exits(self.roads, origin), _entries(self.roads, destination)
        if not exits or not entries:
            return None
        around = self._hierarchy.way([(end.node, end.ms) for end in exits], [(end.node, end.ms) for end in entries])
        return _leg(self.roads, origin, destination, around)


@dataclass(frozen=True, eq=False)
class DijkstraTimes:
    roads: Roads

    def table(self, origins: Sequence[RoadPosition], destinations: Sequence[RoadPosition]) -> Ints:
        ends = _Destinations.of(self.roads, destinations)
        seconds = np.full((len(origins), len(destinations)), NO_WAY_S, dtype=np.int64)
        for first in range(0, len(origins), ROWS_AT_ONCE):
            self._fill(seconds, range(first, min(first + ROWS_AT_ONCE, len(origins))), origins, destinations, ends)
        return seconds

    def _fill(
        self,
        seconds: Ints,
        rows: range,
        origins: Sequence[RoadPosition],
        destinations: Sequence[RoadPosition],
        ends: _Destinations,
    ) -> None:
        exits = {row: _exits(self.roads, origins[row]) for row in rows}
        starts = sorted({end.node for row in rows for end in exits[row]})
        number = {node: index for index, node in enumerate(starts)}
        from_start = dijkstra(self.roads.graph, indices=starts)[:, ends.nodes] if starts else np.empty((0, 0))
        for row in rows:
            ms = np.full(len(destinations), np.inf)
            for end in exits[row]:
                ms = np.fmin(ms, ends.finish(from_start[number[end.node]] + end.ms))
            _stay_on_edge(self.roads, ms, origins[row], destinations, ends.by_edge.get(origins[row].edge, ()))
            seconds[row] = _seconds(ms)

    def leg(self, origin: RoadPosition, destination: RoadPosition) -> Leg | None:
        around = min(
            (
                way
                for start in _exits(self.roads, origin)
                for end in _entries(self.roads, destination)
                if (way := self._way(start, end)) is not None
            ),
            default=None,
        )
        return _leg(self.roads, origin, destination, around)

    def _way(self, start: _End, end: _End) -> Way | None:
        ms, before = dijkstra(self.roads.graph, indices=[start.node], return_predecessors=True)
        if not np.isfinite(ms[0, end.node]):
            return None
        nodes = [end.node]
        while nodes[-1] != start.node:
            nodes.append(int(before[0, nodes[-1]]))
        nodes.reverse()
        arcs = [self._fastest_arc(tail, head) for tail, head in pairwise(nodes)]
        return Way(start.ms + sum(int(self.roads.ms[arc]) for arc in arcs) + end.ms, nodes, arcs)

    def _fastest_arc(self, tail: int, head: int) -> int:
        arcs = self._by_ends[tail, head]
        return min(arcs, key=lambda arc: (self.roads.ms[arc], arc))

    @cached_property
    def _by_ends(self) -> dict[tuple[int, int], list[int]]:
        by_ends: dict[tuple[int, int], list[int]] = {}
        for arc in self.roads.open_arcs.tolist():
            ends = int(self.roads.network.tail[arc]), int(self.roads.network.head[arc])
            by_ends.setdefault(ends, []).append(arc)
        return by_ends


def _leg(roads: Roads, origin: RoadPosition, destination: RoadPosition, around: Way | None) -> Leg | None:
    within = _within_arc_ms(roads, origin, destination)
    if within is not None and (around is None or within[0] <= around[0]):
        return Leg(within[0], _metres(roads, origin, destination, (within[1],)), (within[1],))
    if around is None:
        return None
    ms, nodes, arcs = around
    first = min((end.ms, end.arc) for end in _exits(roads, origin) if end.node == nodes[0])
    last = min((end.ms, end.arc) for end in _entries(roads, destination) if end.node == nodes[-1])
    whole = (first[1], *arcs, last[1])
    return Leg(ms, _metres(roads, origin, destination, whole), whole)


def _metres(roads: Roads, origin: RoadPosition, destination: RoadPosition, arcs: tuple[int, ...]) -> float:
    network = roads.network
    length = network.edge_length_m[network.arc_edge[list(arcs)]]
    behind = _along(roads, arcs[0], origin) * length[0]
    ahead = (1.0 - _along(roads, arcs[-1], destination)) * length[-1]
    return round(float(length.sum() - behind - ahead), LENGTH_DECIMALS)


def _along(roads: Roads, arc: int, position: RoadPosition) -> float:
    return position.fraction if roads.network.arc_forward[arc] else 1.0 - position.fraction
