"""The network as one road user may drive it: a time per arc and per turn, and what hangs together with what.

A *leg* is driven [ends only]* [open]* [ends only]*: roads that are open to their ends only (access=destination, private,
delivery, customers) make up a first and a last stretch of it, or the whole of it, and are never passed through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from geodata.model import Booleans, Ints, RoadPosition
from geodata.network import Network
from geodata.profile import CLOSED, RoadUser, arc_costs, turn_costs

Part = tuple[float, float]
"""A closed part of an edge: the fractions of its length, from its tail, between which it must not be driven."""

Delay = tuple[float, int]
"""A fraction of an edge, and the milliseconds that passing it takes in either direction."""


@dataclass(frozen=True, eq=False)
class Roads:
    """``ms``: [m] whole milliseconds per arc, ``CLOSED`` where it must not be driven. ``turn_ms``: [t] those of a turn.

    ``ends_only``: [m] arcs that are used as a first or last stretch only. ``closed_parts``: by edge, sorted, disjoint,
    open intervals; such an edge is not passed, but left and come to on either side of what is closed. ``delays``: by
    edge, which ``ms`` holds already; who stops at such a point has come through it. The same network
    under further restrictions is ``dataclasses.replace(roads, ms=...)``: it shares the hierarchy's topology.
    """

    network: Network
    ms: Ints
    turn_ms: Ints
    ends_only: Booleans
    closed_parts: Mapping[int, tuple[Part, ...]] = field(default_factory=dict)
    delays: Mapping[int, tuple[Delay, ...]] = field(default_factory=dict)

    # --- arcs and their parts ---

    @cached_property
    def open_arcs(self) -> Ints:
        return np.flatnonzero(self.ms < CLOSED)

    @cached_property
    def edge_is_open(self) -> Booleans:
        """[k] whether at least one direction of the edge may be driven."""
        is_open = np.zeros(self.network.edges, dtype=np.bool_)
        is_open[self.network.arc_edge[self.open_arcs]] = True
        return is_open

    @cached_property
    def whole(self) -> Booleans:
        """[m] arcs that may be driven from end to end."""
        unbroken = np.ones(self.network.edges, dtype=np.bool_)
        unbroken[list(self.closed_parts)] = False
        whole: Booleans = (self.ms < CLOSED) & unbroken[self.network.arc_edge]
        return whole

    @cached_property
    def passable(self) -> Booleans:
        """[m] arcs that may be driven in the middle of a leg."""
        passable: Booleans = self.whole & ~self.ends_only
        return passable

    def open_arcs_of(self, edge: int) -> tuple[int, ...]:
        return tuple(int(arc) for arc in self.network.edge_arcs[edge] if arc >= 0 and self.ms[arc] < CLOSED)

    def ms_ahead(self, arc: int, position: RoadPosition) -> int:
        """Milliseconds from a position to the end of an arc of its edge; ``ms_behind`` is exactly the rest."""
        forward = bool(self.network.arc_forward[arc])
        along = position.fraction if forward else 1.0 - position.fraction
        delays = self.delays.get(position.edge, ())
        driving_ms = int(self.ms[arc]) - sum(ms for _, ms in delays)
        ahead = (ms for at, ms in delays if (at > position.fraction if forward else at < position.fraction))
        return round(driving_ms * (1.0 - along)) + sum(ahead)

    def ms_behind(self, arc: int, position: RoadPosition) -> int:
        return int(self.ms[arc]) - self.ms_ahead(arc, position)

    def arcs_out(self, position: RoadPosition) -> tuple[int, ...]:
        """Open arcs of a position's edge that can be driven from there to their end."""
        return tuple(arc for arc in self.open_arcs_of(position.edge) if self._clear(arc, position, 1.0))

    def arcs_in(self, position: RoadPosition) -> tuple[int, ...]:
        """Open arcs of a position's edge that can be driven from their start to there."""
        return tuple(arc for arc in self.open_arcs_of(position.edge) if self._clear(arc, position, 0.0))

    def _clear(self, arc: int, position: RoadPosition, end: float) -> bool:
        """Whether nothing is closed between a position and an end of an arc: 0 for its start, 1 for its end."""
        return self.clear_between(position.edge, position.fraction, end if self.network.arc_forward[arc] else 1.0 - end)

    def clear_between(self, edge: int, one: float, other: float) -> bool:
        """Whether nothing is closed between two fractions of an edge; the borders of a closed part are not closed."""
        low, high = min(one, other), max(one, other)
        return all(end <= low or start >= high for start, end in self.closed_parts.get(edge, ()))

    # --- turns ---

    @cached_property
    def turn_weight(self) -> Ints:
        """[t] milliseconds from the start of the arc left to the start of the arc entered.

        ``CLOSED`` where either arc is, or the turn; whether the arc left may be passed is not asked.
        """
        network = self.network
        state_ms = self.ms[network.state_arc]
        weight = state_ms[network.turn_from] + self.turn_ms
        np.putmask(weight, (weight > CLOSED) | (state_ms[network.turn_to] >= CLOSED), CLOSED)
        return weight

    @cached_property
    def through_weight(self) -> Ints:
        """[t] the same, ``CLOSED`` also where the arc left is not passable."""
        if bool(self.passable[self.open_arcs].all()):
            return self.turn_weight
        passable = self.passable[self.network.state_arc]
        return np.where(passable[self.network.turn_from], self.turn_weight, CLOSED)

    def turns_out(self, state: int) -> list[tuple[int, int]]:
        """(state entered, weight) of each open turn out of a state."""
        turns = slice(*self.network.first_turn[state : state + 2].tolist())
        return _open_ends(self.network.turn_to[turns], self.turn_weight[turns])

    def turns_in(self, state: int) -> list[tuple[int, int]]:
        """(state left, weight) of each open turn into a state."""
        turns = self.network.turns_into(state)
        return _open_ends(self.network.turn_from[turns], self.turn_weight[turns])

    # --- the graph of ways ---

    @cached_property
    def way_graph(self) -> WayGraph:
        return WayGraph.of(self)

    def reached_from(self, position: RoadPosition) -> Booleans:
        """[m] arcs that can be driven onto, from their start, coming from a position."""
        ways = self.way_graph
        reached = _spread(ways.with_starts([ways.exits(position)]), len(ways.arc))
        arcs = np.zeros(self.network.arcs, dtype=np.bool_)
        arcs[ways.arc[reached[reached < len(ways.arc)]]] = True
        return arcs

    def leading_to(self, position: RoadPosition) -> Booleans:
        """[m] arcs whose end can be left for a position."""
        ways = self.way_graph
        last = np.zeros(len(ways.arc), dtype=np.bool_)
        for node in ways.entries(position):
            last[_spread(ways.reversed, node)] = True
        # a leg begins without memory, on an arc that need not be passable: look one turn ahead from each
        network, weight = self.network, self.turn_weight
        first = (weight < CLOSED) & (network.turn_from < network.arcs)
        entered = ways.entered(network.turn_from[first], network.turn_to[first])
        arcs = np.zeros(network.arcs, dtype=np.bool_)
        arcs[network.turn_from[first][last[entered]]] = True
        return arcs

    @cached_property
    def strong_component(self) -> Ints:
        """[m] number of each arc's strongly connected component, by turns between whole arcs.

        Roads open to their ends only count as open here: a depot may well lie on one. Of an arc's several states the
        one with the largest component counts.
        """
        network = self.network
        whole = self.whole[network.state_arc]
        turns = (self.turn_weight < CLOSED) & whole[network.turn_from] & whole[network.turn_to]
        ends = network.turn_from[turns], network.turn_to[turns]
        graph = csr_array((np.ones(len(ends[0])), ends), shape=(network.states, network.states))
        labels = connected_components(graph, directed=True, connection="strong")[1].astype(np.int64)
        by_size = np.lexsort((-labels, np.bincount(labels)[labels]))
        largest = np.empty(network.arcs, dtype=np.int64)
        largest[network.state_arc[by_size]] = labels[by_size]
        return largest

    @cached_property
    def component_size(self) -> Ints:
        """Open arcs in each strong component; 0 where there are none."""
        return np.bincount(self.strong_component[self.open_arcs], minlength=1)


VAN_DRIVER = RoadUser()


def open_roads(network: Network, user: RoadUser = VAN_DRIVER) -> Roads:
    """The network without tonight's restrictions, as this user may drive it."""
    costs = arc_costs(network, user)
    return Roads(network, costs.ms, turn_costs(network, user, costs.ms), costs.ends_only)


class Exit(NamedTuple):
    """The milliseconds from a position to the start of a state, and the arc of its edge by which it is left."""

    ms: int
    arc: int


@dataclass(frozen=True, eq=False)
class WayGraph:
    """All that legs may consist of, as one plain graph for plain searches.

    Node i < s is state i, of a passable arc or on the first stretch of a leg; the nodes after them are states of
    ends-only arcs on its last stretch. Being at a node is to be at the start of its arc. ``last``: [s] node of each state
    on the last stretch, or the state itself. ``arc``: [nodes] the arc of each. Weights are milliseconds; a stored zero is
    a way that takes no time.
    """

    roads: Roads
    graph: csr_array
    last: Ints
    arc: Ints

    @classmethod
    def of(cls, roads: Roads) -> WayGraph:
        network = roads.network
        ends_only = roads.ends_only[network.state_arc]
        last = np.arange(network.states)
        last[ends_only] = network.states + np.arange(int(ends_only.sum()))
        arc = np.concatenate([network.state_arc, network.state_arc[ends_only]])
        turns = np.flatnonzero((roads.turn_weight < CLOSED) & roads.whole[network.state_arc[network.turn_from]])
        left, entered, weight = network.turn_from[turns], network.turn_to[turns], roads.turn_weight[turns]
        onward = ends_only[left] & ends_only[entered]
        rows = np.concatenate([left, last[left[onward]]])
        columns = np.concatenate([np.where(ends_only[left], entered, last[entered]), last[entered[onward]]])
        weights = np.concatenate([weight, weight[onward]]).astype(np.float64)
        first = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(arc)))])
        return cls(roads, csr_array((weights, columns, first), shape=(len(arc), len(arc))), last, arc)

    def entered(self, left: Ints, states: Ints) -> Ints:
        """The nodes come to by turns from arcs [x], at the beginning of a leg, into states [x]."""
        return np.where(self.roads.ends_only[left], states, self.last[states])

    def exits(self, position: RoadPosition) -> dict[int, Exit]:
        """How each node that follows a position's edge is come to first."""
        found: dict[int, Exit] = {}
        for arc in self.roads.arcs_out(position):
            behind_ms = self.roads.ms_behind(arc, position)
            for state, weight in self.roads.turns_out(arc):
                node = state if self.roads.ends_only[arc] else int(self.last[state])
                way = Exit(weight - behind_ms, arc)
                found[node] = min(found.get(node, way), way)
        return found

    def entries(self, position: RoadPosition) -> dict[int, int]:
        """Milliseconds to a position from each node of its edge."""
        return {
            node: self.roads.ms_behind(arc, position)
            for arc in self.roads.arcs_in(position)
            for state in self.roads.network.states_of(arc)
            for node in {state, int(self.last[state])}
        }

    @cached_property
    def reversed(self) -> csr_array:
        return csr_array(self.graph.T)

    def with_starts(self, starts: Sequence[Mapping[int, Exit]]) -> csr_array:
        """The graph with a further node behind its own for each of some positions, by their exits."""
        size = len(self.arc) + len(starts)
        columns = np.array([node for ends in starts for node in ends], dtype=self.graph.indices.dtype)
        weights = np.array([way.ms for ends in starts for way in ends.values()], dtype=np.float64)
        first = self.graph.indptr[-1] + np.cumsum([len(ends) for ends in starts], dtype=self.graph.indptr.dtype)
        return csr_array(
            (
                np.concatenate([self.graph.data, weights]),
                np.concatenate([self.graph.indices, columns]),
                np.concatenate([self.graph.indptr, first]),
            ),
            shape=(size, size),
        )


def _spread(graph: csr_array, start: int) -> Ints:
    reached: Ints = breadth_first_order(graph, start, return_predecessors=False).astype(np.int64)
    return reached


def _open_ends(states: Ints, weights: Ints) -> list[tuple[int, int]]:
    return [end for end in zip(states.tolist(), weights.tolist(), strict=True) if end[1] < CLOSED]
