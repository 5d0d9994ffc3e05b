"""What lies behind private gates: roads open in themselves that only such gates and roads join to the rest."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geodata.model import Booleans, Ints
from geodata.network import Network

_OWN_NETWORK = 0.5
"""A strong component larger than this share of the largest is a network of its own, on which one drives through."""


def enclosed(network: Network, is_open: Booleans, ends_only: Booleans) -> Booleans:
    """[m] open arcs that only ``ends_only`` arcs join to the main network, in one direction or both.

    Nobody passes through them anyway; who has business on them has to be let in at the gate.
    """
    through = is_open & ~ends_only
    if not ends_only.any() or not through.any():
        return np.zeros(network.arcs, dtype=np.bool_)
    component = _components(network, through, connection="strong")
    size = np.bincount(component)
    main = (size > _OWN_NETWORK * size.max())[component]
    inside = main[network.tail] & (component[network.tail] == component[network.head])
    aside = ~main[network.tail] & ~main[network.head]
    area = _components(network, is_open & aside, connection="weak")
    gated = np.zeros(network.nodes, dtype=np.bool_)
    gated[area[np.concatenate([network.tail[ends_only], network.head[ends_only]])]] = True
    behind = gated[area] & ~main
    found: Booleans = through & ~inside & (behind[network.tail] | behind[network.head])
    return found


def _components(network: Network, arcs: Booleans, *, connection: Literal["weak", "strong"]) -> Ints:
    """[n] the number of each node's component in the graph of the arcs chosen."""
    ends = network.tail[arcs], network.head[arcs]
    graph = coo_array((np.ones(len(ends[0])), ends), shape=(network.nodes, network.nodes)).tocsr()
    labels: Ints = connected_components(graph, connection=connection)[1].astype(np.int64)
    return labels
