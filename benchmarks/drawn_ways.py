"""Ways that another engine drew on the same map, told in our arcs and weighed by our times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby, pairwise

import numpy as np
from scipy.spatial import KDTree

from geodata.model import Floats, RoadPosition
from geodata.network import EARTH_RADIUS_M, Network
from geodata.roads import Roads

SAME_NODE_M = 0.5
"""OSRM keeps six decimals of a coordinate, some ten centimetres."""


class DrawnWays:
    def __init__(self, roads: Roads) -> None:
        self.roads = roads
        self.network: Network = roads.network

    def arcs(self, drawn: Sequence[tuple[float, float]], origin: RoadPosition, end: RoadPosition) -> list[int] | None:
        """The arcs of a line through the map's nodes between two positions; None where it leaves our network."""
        away, nodes = map(np.asarray, self._tree.query(np.array(drawn) * self._metres))
        known = nodes[away <= SAME_NODE_M].tolist()
        steps = [step for step in pairwise(node for node, _ in groupby(known)) if step in self._arc_of]
        arcs = [arc for arc, _ in groupby(self._arc_of[step] for step in steps)]
        arcs = [*self._first(arcs, origin, end), *arcs]
        arcs += self._last(arcs, end)
        return [*self._joined(arcs)] if self._hang_together(arcs, origin, end) else None

    def weight_ms(self, arcs: Sequence[int], origin: RoadPosition, end: RoadPosition) -> int | None:
        """What our engine would take along these arcs; None where it may not drive so."""
        roads, total, state = self.roads, 0, arcs[0]
        for arc in arcs[1:]:
            onward = {int(self.network.state_arc[to]): (to, ms) for to, ms in roads.turns_out(state)}
            if arc not in onward:
                return None
            state, ms = onward[arc]
            total += ms
        kinds = [bool(kind) for kind, _ in groupby(roads.ends_only[list(arcs)].tolist())]
        if kinds[1:-1].count(True):
            return None
        return total - roads.ms_behind(arcs[0], origin) + roads.ms_behind(arcs[-1], end)

    def _first(self, arcs: Sequence[int], origin: RoadPosition, end: RoadPosition) -> list[int]:
        """The origin's arc where the line holds no whole step of it."""
        if arcs and self.network.arc_edge[arcs[0]] == origin.edge:
            return []
        onto = [arcs[0]] if arcs else self._arcs_of(end.edge)
        return [arc for arc in self._arcs_of(origin.edge) if any(self._meet(arc, after) for after in onto)][:1]

    def _last(self, arcs: Sequence[int], end: RoadPosition) -> list[int]:
        """The destination's arc where the line holds no whole step of it."""
        if not arcs or self.network.arc_edge[arcs[-1]] == end.edge:
            return []
        return [arc for arc in self._arcs_of(end.edge) if self._meet(arcs[-1], arc)][:1]

    def _arcs_of(self, edge: int) -> list[int]:
        return [int(arc) for arc in self.network.edge_arcs[edge] if arc >= 0]

    def _hang_together(self, arcs: Sequence[int], origin: RoadPosition, end: RoadPosition) -> bool:
        if not arcs or [self.network.arc_edge[arcs[at]] for at in (0, -1)] != [origin.edge, end.edge]:
            return False
        return all(self._meet(*pair) for pair in pairwise(arcs))

    def _meet(self, before: int, after: int) -> bool:
        node, onto = self._gap(before, after)
        return node == onto or (node, onto) in self._barriers

    def _gap(self, before: int, after: int) -> tuple[int, int]:
        return int(self.network.head[before]), int(self.network.tail[after])

    def _joined(self, arcs: Sequence[int]) -> Iterator[int]:
        """With the arcs of no length that lead through a barrier."""
        yield arcs[0]
        for before, after in pairwise(arcs):
            yield from self._barriers.get(self._gap(before, after), ())
            yield after

    @cached_property
    def _barriers(self) -> dict[tuple[int, int], list[int]]:
        """Ways through a barrier, between two of the copies of its node: one arc of no length, or two."""
        network = self.network
        arcs = np.flatnonzero(network.edge_length_m[network.arc_edge] == 0.0).tolist()
        found = {(int(network.tail[arc]), int(network.head[arc])): [arc] for arc in arcs}
        leaving: dict[int, list[int]] = {}
        for arc in arcs:
            leaving.setdefault(int(network.tail[arc]), []).append(arc)
        for arc in arcs:
            for other in leaving.get(int(network.head[arc]), ()):
                found.setdefault((int(network.tail[arc]), int(network.head[other])), [arc, other])
        return found

    @cached_property
    def _metres(self) -> Floats:
        lat = float(np.radians(self.network.lat.mean()))
        metres: Floats = np.radians(1.0) * EARTH_RADIUS_M * np.array([np.cos(lat), 1.0])
        return metres

    @cached_property
    def _places(self) -> tuple[Floats, list[int]]:
        places, number = np.unique(self.network.points, axis=0, return_inverse=True)
        return places, number.ravel().tolist()

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self._places[0] * self._metres)

    @cached_property
    def _arc_of(self) -> dict[tuple[int, int], int]:
        """The arc that holds each step between two neighbouring points of the network."""
        first, number = self.network.first_point.tolist(), self._places[1]
        found: dict[tuple[int, int], int] = {}
        for edge, (forward, backward) in enumerate(self.network.edge_arcs.tolist()):
            for step in pairwise(number[first[edge] : first[edge + 1]]):
                found.setdefault(step, forward)
                found.setdefault(step[::-1], backward)
        return found
