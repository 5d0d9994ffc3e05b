"""Exact travel times between positions on the road, and the way driven, on demand.

Two engines behind one interface: ``HierarchyTimes`` (customizable contraction hierarchies) and ``DijkstraTimes``
(scipy), the reference and fallback. Both sum whole milliseconds and round a path up to seconds once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse.csgraph import dijkstra

from geodata.contraction import Hierarchy, ToNodes, Topology, is_installed
from geodata.model import Floats, Ints, Leg, RoadPosition
from geodata.network import Network
from geodata.roads import Roads
from geodata.stretches import FirstStretch, LastStretch, first_stretch, last_stretch

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


class _Path(NamedTuple):
    ms: int
    arcs: tuple[int, ...]


def _along_edge(roads: Roads, origin: RoadPosition, destination: RoadPosition) -> _Path | None:
    """Driving on along the shared edge without leaving it, where the road allows."""
    if origin.edge != destination.edge or not roads.clear_between(origin.edge, origin.fraction, destination.fraction):
        return None
    ways = [
        _Path(roads.ms_behind(arc, destination) - roads.ms_behind(arc, origin), (arc,))
        for arc in roads.open_arcs_of(origin.edge)
        if (destination.fraction >= origin.fraction) == bool(roads.network.arc_forward[arc])
        or destination.fraction == origin.fraction
    ]
    return min(ways, default=None)


@dataclass(frozen=True, eq=False)
class _Columns:
    """The entries of all destinations, one after the other: ``nodes`` are the distinct ones, ``column`` indexes them.

    Destination i has the entries from ``first[i]`` on. One without any has the first node, infinitely far from it.
    """

    nodes: Ints
    column: Ints
    ms: Floats
    first: Ints
    by_edge: Mapping[int, Sequence[int]]

    @classmethod
    def of(cls, destinations: Sequence[RoadPosition], entries: Sequence[Mapping[int, int]]) -> _Columns:
        nodes = sorted({node for ends in entries for node in ends} or {0})
        number = {node: index for index, node in enumerate(nodes)}
        column = [[number[node] for node in ends] or [0] for ends in entries]
        ms = [list(map(float, ends.values())) or [np.inf] for ends in entries]
        by_edge: dict[int, list[int]] = {}
        for index, destination in enumerate(destinations):
            by_edge.setdefault(destination.edge, []).append(index)
        first = np.cumsum([0, *map(len, column[:-1])], dtype=np.int64)
        return cls(np.array(nodes, dtype=np.int64), np.concatenate(column), np.concatenate(ms), first, by_edge)

    def finish(self, to_nodes: Floats) -> Floats:
        """Milliseconds to each destination, from milliseconds to each node (NaN or infinity: no way)."""
        best: Floats = np.fmin.reduceat(to_nodes[self.column] + self.ms, self.first)
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
        along = _along_edge(roads, origin, destinations[index])
        if along is not None:
            row[index] = np.fmin(row[index], along.ms)


_topologies: WeakKeyDictionary[Network, Topology] = WeakKeyDictionary()


def _topology_of(network: Network) -> Topology:
    """Made once for a network, whoever drives there and whatever is closed."""
    if network not in _topologies:
        _topologies[network] = Topology(network.order, network.turn_from, network.turn_to)
    return _topologies[network]


@dataclass(frozen=True, eq=False)
class HierarchyTimes:
    """The hierarchy's nodes are states and its arcs turns, of which it knows those that may be driven through.

    Roads for ends only are searched around each origin and each destination (``stretches``).
    """

    roads: Roads

    @cached_property
    def _hierarchy(self) -> Hierarchy:
        return Hierarchy(_topology_of(self.roads.network), self.roads.through_weight)

    def table(self, origins: Sequence[RoadPosition], destinations: Sequence[RoadPosition]) -> Ints:
        seconds = np.full((len(origins), len(destinations)), NO_WAY_S, dtype=np.int64)
        if not len(origins) or not len(destinations):
            return seconds
        lasts = [last_stretch(self.roads, destination) for destination in destinations]
        columns = _Columns.of(destinations, [last.ends for last in lasts])
        inside: dict[int, list[tuple[int, int]]] = {}
        for index, last in enumerate(lasts):
            for state, ms in last.own.items():
                inside.setdefault(state, []).append((index, ms))
        hierarchy = self._hierarchy  # built here once, before the threads share it

        def fill(rows: range) -> None:
            search = hierarchy.to_nodes(columns.nodes)
            for row in rows:
                first = first_stretch(self.roads, origins[row])
                ms = _to_columns(search, first, columns)
                _stay_inside(ms, first, inside)
                same_edge = columns.by_edge.get(origins[row].edge, ())
                _stay_on_edge(self.roads, ms, origins[row], destinations, same_edge)
                seconds[row] = _seconds(ms)

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(fill, [range(len(origins))[part::THREADS] for part in range(THREADS)]))
        return seconds

    def leg(self, origin: RoadPosition, destination: RoadPosition) -> Leg | None:
        first, last = first_stretch(self.roads, origin), last_stretch(self.roads, destination)
        ways = (self._around(first, last), self._inside(first, last), _along_edge(self.roads, origin, destination))
        return _leg(self.roads, origin, destination, ways)

    def _around(self, first: FirstStretch, last: LastStretch) -> _Path | None:
        if not first.ends or not last.ends:
            return None
        way = self._hierarchy.way([*first.ends.items()], [*last.ends.items()])
        if way is None:
            return None
        before = first.arcs_to_end(self.roads, way.nodes[0])
        after = last.arcs_after(self.roads, way.nodes[-1])
        return _Path(way.ms, (*before, *self.roads.network.state_arc[way.nodes].tolist(), *after))

    def _inside(self, first: FirstStretch, last: LastStretch) -> _Path | None:
        ways = [(first.inside[state] + ms, state) for state, ms in last.own.items() if state in first.inside]
        if not ways:
            return None
        ms, state = min(ways)
        return _Path(ms, (*first.arcs_to_inside(self.roads, state), int(self.roads.network.state_arc[state])))


def _to_columns(search: ToNodes, first: FirstStretch, columns: _Columns) -> Floats:
    if not first.ends:
        return np.full(len(columns.first), np.inf)
    return columns.finish(search.ms_from([*first.ends.items()]))


def _stay_inside(row: Floats, first: FirstStretch, inside: Mapping[int, Sequence[tuple[int, int]]]) -> None:
    """Lower a row's entries, in place, where the destination is come to on roads for ends only."""
    for state in first.inside.keys() & inside.keys():
        for index, ms in inside[state]:
            row[index] = np.fmin(row[index], first.inside[state] + ms)


@dataclass(frozen=True, eq=False)
class DijkstraTimes:
    """Searches the graph of ways, on which roads for ends only are doubled; shares no search with the hierarchy."""

    roads: Roads

    def table(self, origins: Sequence[RoadPosition], destinations: Sequence[RoadPosition]) -> Ints:
        seconds = np.full((len(origins), len(destinations)), NO_WAY_S, dtype=np.int64)
        if not len(destinations):
            return seconds
        columns = _Columns.of(destinations, [self.roads.way_graph.entries(to) for to in destinations])
        for first in range(0, len(origins), ROWS_AT_ONCE):
            some = origins[first : first + ROWS_AT_ONCE]
            for row, to_nodes in enumerate(self._from(some)[:, columns.nodes], start=first):
                ms = columns.finish(to_nodes)
                same_edge = columns.by_edge.get(origins[row].edge, ())
                _stay_on_edge(self.roads, ms, origins[row], destinations, same_edge)
                seconds[row] = _seconds(ms)
        return seconds

    def _from(self, origins: Sequence[RoadPosition]) -> Floats:
        """Milliseconds from each origin to each node of the graph of ways."""
        ways = self.roads.way_graph
        graph = ways.with_starts([ways.exits(origin) for origin in origins])
        reached: Floats = dijkstra(graph, indices=len(ways.arc) + np.arange(len(origins)))
        return reached

    def leg(self, origin: RoadPosition, destination: RoadPosition) -> Leg | None:
        ways = (self._around(origin, destination), _along_edge(self.roads, origin, destination))
        return _leg(self.roads, origin, destination, ways)

    def _around(self, origin: RoadPosition, destination: RoadPosition) -> _Path | None:
        ways = self.roads.way_graph
        start, exits, entries = len(ways.arc), ways.exits(origin), ways.entries(destination)
        (ms,), (before,) = dijkstra(ways.with_starts([exits]), indices=[start], return_predecessors=True)
        reached = [(int(ms[node]) + rest, node) for node, rest in entries.items() if np.isfinite(ms[node])]
        if not reached:
            return None
        total_ms, node = min(reached)
        nodes = [node]
        while (node := int(before[node])) != start:
            nodes.append(node)
        return _Path(total_ms, (exits[nodes[-1]].arc, *ways.arc[nodes[::-1]].tolist()))


def _leg(roads: Roads, origin: RoadPosition, destination: RoadPosition, ways: Sequence[_Path | None]) -> Leg | None:
    """The fastest of the ways, the last of several."""
    best = min((way for way in reversed(ways) if way is not None), key=lambda way: way.ms, default=None)
    return best and Leg(best.ms, _metres(roads, origin, destination, best.arcs), best.arcs)


def _metres(roads: Roads, origin: RoadPosition, destination: RoadPosition, arcs: tuple[int, ...]) -> float:
    network = roads.network
    length = network.edge_length_m[network.arc_edge[list(arcs)]]
    behind = _along(roads, arcs[0], origin) * length[0]
    ahead = (1.0 - _along(roads, arcs[-1], destination)) * length[-1]
    return round(float(length.sum() - behind - ahead), LENGTH_DECIMALS)


def _along(roads: Roads, arc: int, position: RoadPosition) -> float:
    return position.fraction if roads.network.arc_forward[arc] else 1.0 - position.fraction
