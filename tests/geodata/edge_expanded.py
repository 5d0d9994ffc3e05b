"""The plainest reference for drives with turns: networkx on a graph whose nodes are the last arcs driven.

Knows nothing of states, hierarchies or stretches. A restriction is a sequence of arcs; a node is the tuple of as many
last arcs as the longest restriction could need, and the part of the leg: before ("first"), on ("open") and after ("last")
the roads that are open to all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np

from geodata.contraction import elimination_order
from geodata.model import RoadPosition
from geodata.network import Network
from geodata.profile import CLOSED
from geodata.roads import Part, Roads
from geodata.turn_graph import Ban, turn_graph
from tests.geodata.small_roads import Street, network_of, part_behind

Arcs = tuple[int, ...]
Node = tuple[Arcs, str]


@dataclass(frozen=True, eq=False)
class World:
    """Times per arc, penalties per pair of arcs (``CLOSED``: forbidden), forbidden sequences, and what is restricted."""

    network: Network
    ms: Sequence[int]
    penalty: Mapping[tuple[int, int], int]
    forbidden: Sequence[Arcs]
    ends_only: Sequence[bool]
    closed_parts: Mapping[int, tuple[Part, ...]]

    @cached_property
    def roads(self) -> Roads:
        """The same as the program has it."""
        network = with_bans(self.network, self.forbidden)
        arcs = network.state_arc[network.turn_from].tolist(), network.state_arc[network.turn_to].tolist()
        turn_ms = np.array([self.penalty.get(pair, 0) for pair in zip(*arcs, strict=True)], dtype=np.int64)
        turn_ms[network.ban_turn] = CLOSED
        ms, ends_only = np.array(self.ms, dtype=np.int64), np.array(self.ends_only, dtype=np.bool_)
        return Roads(network, ms, turn_ms, ends_only, self.closed_parts)

    @cached_property
    def ways(self) -> nx.DiGraph[Node]:
        """Everything that may be driven after leaving any arc."""
        graph: nx.DiGraph[Node] = nx.DiGraph()
        waiting = [node for arc in range(len(self.ms)) for node, _ in self.first_turns(arc)]
        graph.add_nodes_from(waiting)
        while waiting:
            node = waiting.pop()
            for following, ms in () if self.is_broken(node[0][-1]) else self._turns(node):
                if following not in graph:
                    waiting.append(following)
                graph.add_edge(node, following, ms=ms)
        return graph

    def first_turns(self, arc: int) -> Iterator[tuple[Node, int]]:
        """Where a leg comes to that begins on an arc, and the milliseconds of all of the arc and the turn."""
        return self._turns(((arc,), "first" if self.ends_only[arc] else "open"))

    def _turns(self, node: Node) -> Iterator[tuple[Node, int]]:
        driven, part = node
        arc = driven[-1]
        if self.ms[arc] >= CLOSED:
            return
        for following in self.followers[arc]:
            part_then = _PARTS.get((part, bool(self.ends_only[following])))
            longer = (*driven, following)
            penalty = self.penalty.get((arc, following), 0)
            if self.ms[following] < CLOSED and part_then and penalty < CLOSED and not self._ends_forbidden(longer):
                yield (longer[-self._memory :], part_then), self.ms[arc] + penalty

    @cached_property
    def followers(self) -> Sequence[Sequence[int]]:
        tail, head = self.network.tail.tolist(), self.network.head.tolist()
        return [[after for after, start in enumerate(tail) if start == end] for end in head]

    @property
    def _memory(self) -> int:
        return max((len(arcs) - 1 for arcs in self.forbidden), default=1)

    def _ends_forbidden(self, driven: Arcs) -> bool:
        return any(driven[-len(arcs) :] == tuple(arcs) for arcs in self.forbidden)

    def is_broken(self, arc: int) -> bool:
        return bool(self.closed_parts.get(int(self.network.arc_edge[arc])))

    def behind(self, arc: int, position: RoadPosition) -> int:
        return part_behind(self.ms[arc], position.fraction, forward=bool(self.network.arc_forward[arc]))

    def is_clear(self, edge: int, one: float, other: float) -> bool:
        low, high = sorted((one, other))
        return not any(
            max(low, start) < min(high, end) or start < low == high < end for start, end in self._parts(edge)
        )

    def _parts(self, edge: int) -> Sequence[Part]:
        return self.closed_parts.get(edge, ())

    def arcs_of(self, position: RoadPosition) -> list[int]:
        arcs = np.flatnonzero(self.network.arc_edge == position.edge).tolist()
        return [arc for arc in arcs if self.ms[arc] < CLOSED]

    def start(self, arc: int) -> float:
        """The fraction of its edge at which an arc starts."""
        return 0.0 if self.network.arc_forward[arc] else 1.0


_PARTS = {
    ("first", True): "first",
    ("first", False): "open",
    ("open", False): "open",
    ("open", True): "last",
    ("last", True): "last",
}


def with_bans(network: Network, forbidden: Sequence[Arcs]) -> Network:
    """The network with these sequences of arcs as restrictions that are always in force."""
    turns = turn_graph(network.tail, network.head, [Ban(tuple(arcs), by) for by, arcs in enumerate(forbidden)])
    lon, lat = (((at[network.tail] + at[network.head]) / 2)[turns.state_arc] for at in (network.lon, network.lat))
    return replace(
        network,
        state_arc=turns.state_arc,
        turn_from=turns.turn_from,
        turn_to=turns.turn_to,
        ban_turn=turns.ban_turn,
        ban_by=turns.ban_by,
        order=elimination_order(lon, lat, turns.turn_from, turns.turn_to),
        bans=tuple({"id": str(by)} for by in range(len(forbidden))),
    )


def world_of(
    streets: Sequence[Street],
    *,
    penalty: Mapping[tuple[int, int], int] | None = None,
    forbidden: Sequence[Arcs] = (),
    ends_only: Sequence[bool] = (),
    closed_parts: Mapping[int, tuple[Part, ...]] | None = None,
) -> World:
    network = network_of(streets)
    ms = [streets[edge][2 if ahead else 3] for edge, ahead in zip(network.arc_edge, network.arc_forward, strict=True)]
    flags = list(ends_only) or [False] * network.arcs
    return World(
        network, [CLOSED if time is None else time for time in ms], penalty or {}, forbidden, flags, closed_parts or {}
    )


def reference_row(world: World, origin: RoadPosition, destinations: Sequence[RoadPosition]) -> list[int | None]:
    """Milliseconds from an origin to each destination, None where no way leads."""
    to_node = reference_nodes(world, origin)
    return [_finish(world, to_node, origin, destination) for destination in destinations]


def reference_nodes(world: World, origin: RoadPosition) -> dict[Node, int]:
    """Milliseconds from an origin to each node that can be come to."""
    to_node: dict[Node, int] = {}
    for arc in world.arcs_of(origin):
        if not world.is_clear(origin.edge, origin.fraction, 1.0 - world.start(arc)):
            continue
        for node, ms in world.first_turns(arc):
            found: Mapping[Node, Any] = nx.single_source_dijkstra_path_length(world.ways, node, weight="ms")
            for reached, more in found.items():
                total = ms - world.behind(arc, origin) + more
                to_node[reached] = min(total, to_node.get(reached, total))
    return to_node


def _finish(world: World, to_node: Mapping[Node, int], origin: RoadPosition, destination: RoadPosition) -> int | None:
    ways = []
    for arc in world.arcs_of(destination):
        if world.is_clear(destination.edge, destination.fraction, world.start(arc)):
            behind = world.behind(arc, destination)
            ways += [ms + behind for (driven, _), ms in to_node.items() if driven[-1] == arc]
        ahead = (destination.fraction - origin.fraction) * (1 if world.network.arc_forward[arc] else -1)
        along = origin.edge == destination.edge and ahead >= 0
        if along and world.is_clear(origin.edge, origin.fraction, destination.fraction):
            ways.append(world.behind(arc, destination) - world.behind(arc, origin))
    return min(ways, default=None)


def ms_of_way(world: World, origin: RoadPosition, destination: RoadPosition, arcs: Arcs) -> int:
    """What driving these arcs from place to place takes, once it is known to be allowed."""
    network = world.network
    edges = network.arc_edge[list(arcs)]
    assert (edges[0], edges[-1]) == (origin.edge, destination.edge)
    assert all(world.ms[arc] < CLOSED for arc in arcs)
    assert all(after in world.followers[arc] for arc, after in pairwise(arcs))
    assert not any(arcs[at : at + len(bad)] == tuple(bad) for bad in world.forbidden for at in range(len(arcs)))
    assert re.fullmatch("e*o*e*", "".join("e" if world.ends_only[arc] else "o" for arc in arcs))
    assert not any(world.is_broken(arc) for arc in arcs[1:-1])
    if len(arcs) == 1:
        assert world.is_clear(origin.edge, origin.fraction, destination.fraction)
        assert (destination.fraction - origin.fraction) * (1 if network.arc_forward[arcs[0]] else -1) >= 0
    else:
        assert world.is_clear(origin.edge, origin.fraction, 1.0 - world.start(arcs[0]))
        assert world.is_clear(destination.edge, destination.fraction, world.start(arcs[-1]))
    penalties = [world.penalty.get(pair, 0) for pair in pairwise(arcs)]
    assert max(penalties, default=0) < CLOSED
    whole = sum(world.ms[arc] for arc in arcs[:-1]) + sum(penalties)
    return whole - world.behind(arcs[0], origin) + world.behind(arcs[-1], destination)
