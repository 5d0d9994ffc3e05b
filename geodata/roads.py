"""The network as one profile may drive it: a time per arc, and what hangs together with what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from geodata.model import Booleans, Ints, RoadPosition
from geodata.network import Network
from geodata.profile import CLOSED, VAN, Profile, arc_milliseconds


@dataclass(frozen=True, eq=False)
class Roads:
    """``ms``: [m] whole milliseconds per arc, ``CLOSED`` where it must not be driven."""

    network: Network
    ms: Ints

    @cached_property
    def open_arcs(self) -> Ints:
        return np.flatnonzero(self.ms < CLOSED)

    @cached_property
    def graph(self) -> csr_array:
        """Sparse n × n milliseconds, the fastest of parallel arcs; stored zeros are arcs that take no time."""
        tail, head, ms = (values[self.open_arcs] for values in (self.network.tail, self.network.head, self.ms))
        order = np.lexsort((ms, head, tail))
        tail, head, ms = tail[order], head[order], ms[order]
        first = np.ones(len(tail), dtype=np.bool_)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        shape = (self.network.nodes, self.network.nodes)
        return csr_array((ms[first].astype(np.float64), (tail[first], head[first])), shape=shape)

    @cached_property
    def strong_component(self) -> Ints:
        """[n] number of each node's strongly connected component."""
        labels: Ints = connected_components(self.graph, directed=True, connection="strong")[1].astype(np.int64)
        return labels

    @cached_property
    def component_size(self) -> Ints:
        """Nodes in each strong component."""
        return np.bincount(self.strong_component)

    @cached_property
    def edge_is_open(self) -> Booleans:
        """[k] whether at least one direction of the edge may be driven."""
        is_open = np.zeros(self.network.edges, dtype=np.bool_)
        is_open[self.network.arc_edge[self.open_arcs]] = True
        return is_open

    def open_arcs_of(self, edge: int) -> tuple[int, ...]:
        return tuple(int(arc) for arc in self.network.edge_arcs[edge] if arc >= 0 and self.ms[arc] < CLOSED)

    def ms_ahead(self, arc: int, position: RoadPosition) -> int:
        """Milliseconds from a position to the end of an arc of its edge; ``ms_behind`` is exactly the rest."""
        along = position.fraction if self.network.arc_forward[arc] else 1.0 - position.fraction
        return round(int(self.ms[arc]) * (1.0 - along))

    def ms_behind(self, arc: int, position: RoadPosition) -> int:
        return int(self.ms[arc]) - self.ms_ahead(arc, position)

    def reached_from(self, position: RoadPosition) -> Booleans:
        """[n] nodes that can be driven to from a position."""
        return self._spread(self.graph, [int(self.network.head[arc]) for arc in self.open_arcs_of(position.edge)])

    def leading_to(self, position: RoadPosition) -> Booleans:
        """[n] nodes from which a position can be driven to."""
        starts = [int(self.network.tail[arc]) for arc in self.open_arcs_of(position.edge)]
        return self._spread(self._reversed, starts)

    @cached_property
    def _reversed(self) -> csr_array:
        return csr_array(self.graph.T)

    def _spread(self, graph: csr_array, starts: list[int]) -> Booleans:
        reached = np.zeros(self.network.nodes, dtype=np.bool_)
        for start in starts:
            if not reached[start]:
                reached[breadth_first_order(graph, start, return_predecessors=False)] = True
        return reached


def open_roads(network: Network, profile: Profile = VAN) -> Roads:
    return Roads(network, arc_milliseconds(network, profile))
