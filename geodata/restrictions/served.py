"""Which places some depot can drive to and be driven back to from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geodata.model import Booleans, RoadPosition
from geodata.roads import Roads


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """``rounds``: of each depot the arcs [m] that it can drive onto, and those [m] whose end can be left for it."""

    roads: Roads
    rounds: tuple[tuple[RoadPosition, Booleans, Booleans], ...]

    def has(self, position: RoadPosition) -> bool:
        """Whether one and the same depot can drive there and be driven back to."""
        roads = self.roads
        into, out_of = roads.arcs_in(position), roads.arcs_out(position)
        return any(
            (any(reached[arc] for arc in into) or _is_along(roads, depot, position))
            and (any(leading[arc] for arc in out_of) or _is_along(roads, position, depot))
            for depot, reached, leading in self.rounds
        )

    @property
    def edges(self) -> Booleans:
        """[k] edges that can be driven onto and left again, at least at one end."""
        edges = np.zeros(self.roads.network.edges, dtype=np.bool_)
        arc_edge = self.roads.network.arc_edge
        for depot, reached, leading in self.rounds:
            entered, left = np.zeros_like(edges), np.zeros_like(edges)
            entered[arc_edge[reached]] = True
            left[arc_edge[leading]] = True
            edges |= entered & left
            edges[depot.edge] = True
        return edges


def served_from(roads: Roads, depots: Sequence[RoadPosition]) -> Served:
    """Ways begin and end at these depots."""
    distinct = {(depot.edge, depot.fraction): depot for depot in depots}
    rounds = ((depot, roads.reached_from(depot), roads.leading_to(depot)) for depot in distinct.values())
    return Served(roads, tuple(rounds))


def _is_along(roads: Roads, origin: RoadPosition, destination: RoadPosition) -> bool:
    """Whether one can be driven to from the other along the edge that both are on."""
    if origin.edge != destination.edge or not roads.clear_between(origin.edge, origin.fraction, destination.fraction):
        return False
    ahead = destination.fraction - origin.fraction
    return ahead == 0.0 or any(
        (ahead > 0) == bool(roads.network.arc_forward[arc]) for arc in roads.open_arcs_of(origin.edge)
    )
