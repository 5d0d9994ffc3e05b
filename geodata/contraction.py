"""Customizable contraction hierarchies (Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843), as RoutingKit has them.

The one home of ``routingkit-cch``, a young library: whoever replaces it changes this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from geodata.model import Floats, Ints

Ends = Sequence[tuple[int, int]]
"""Nodes, each with the milliseconds from a position to it, or from it to a position."""


class Way(NamedTuple):
    """A path: its milliseconds, those at its ends included, and its nodes."""

    ms: int
    nodes: list[int]


def is_installed() -> bool:
    return find_spec("routingkit_cch") is not None


def elimination_order(lon: Floats, lat: Floats, tail: Ints, head: Ints) -> Ints:
    """[n] nested dissection by inertial flow (Schild and Sommer 2015). Depends on topology and place, not on times."""
    import routingkit_cch

    order = routingkit_cch.compute_order_inertial(len(lon), tail.tolist(), head.tolist(), lat.tolist(), lon.tolist())
    return np.array(order, dtype=np.int64)


class Topology:
    """What all hierarchies over the same arcs share, whatever their times. Costs far more than customising it."""

    def __init__(self, order: Ints, tail: Ints, head: Ints) -> None:
        import routingkit_cch

        self.kit = routingkit_cch
        leave_out_arcs_without_any_way = True
        arcs = tail.tolist(), head.tolist()
        self.contracted = routingkit_cch.CCH(order.tolist(), *arcs, leave_out_arcs_without_any_way)


class Hierarchy:
    """A topology customised to one time per arc. Searches may run in several threads."""

    def __init__(self, topology: Topology, ms: Ints) -> None:
        self._kit = topology.kit
        self._metric = self._kit.CCHMetric(topology.contracted, ms.tolist())

    def to_nodes(self, nodes: Ints) -> ToNodes:
        """``nodes`` is not empty."""
        return ToNodes(self._kit.CCHOneToMany(self._metric, nodes.tolist()))

    def way(self, exits: Ends, entries: Ends) -> Way | None:
        """The fastest way from any of the exits to any of the entries, their milliseconds included."""
        found = self._kit.CCHQuery(self._metric).run_multi(list(exits), list(entries))
        return None if found.distance is None else Way(found.distance, found.node_path)


class ToNodes:
    """Searches to a fixed set of nodes. Belongs to the thread that made it."""

    def __init__(self, search: object) -> None:
        self._search = search

    def ms_from(self, exits: Ends) -> Floats:
        """Milliseconds to each of the nodes from the nearest of the exits, NaN where no way leads."""
        return np.array(self._search.distances_from_multi(list(exits)), dtype=np.float64)  # type: ignore[attr-defined]
