"""What can be scheduled by itself: stops that share neither a bay nor, by way of others, a crew."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from routing.handoffs.reception import Asked


def components(asked: Asked) -> tuple[frozenset[str], ...]:
    """Sets of stops, in the order of their first. All stops of a site share its crews, so that sites stay whole."""
    arrivals = asked.given.arrivals
    keys: dict[tuple[str, str], int] = {}
    edges = []
    for number, arrival in enumerate(arrivals):
        shared = [("owner", arrival.owner), ("site", arrival.site)]
        shared += [("crew", crew) for crew in asked.sites[arrival.site].crews]
        edges += [(number, keys.setdefault(key, len(arrivals) + len(keys))) for key in shared]
    if not edges:
        return ()
    size = len(arrivals) + len(keys)
    rows, columns = np.array(edges).T
    _, labels = connected_components(coo_array((np.ones(len(edges)), (rows, columns)), (size, size)), directed=False)
    found: dict[int, list[str]] = {}
    for arrival, label in zip(arrivals, labels[: len(arrivals)].tolist(), strict=True):
        found.setdefault(label, []).append(arrival.stop)
    return tuple(frozenset(stops) for stops in found.values())
