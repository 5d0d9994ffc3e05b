"""Which restrictions could matter to a place at all, told without driving: pieces of road, and what is shut between them.

Where no way leads even if every road could be driven in both directions, none leads when rules are minded. So a set of
restrictions need not be tried unless it joins a place with a depot here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata.model import Booleans, Ints, RoadPosition
from geodata.network import Network
from geodata.restrictions.resolve import Placed
from geodata.roads import Roads

Barred = dict[int, list[tuple[float, float, int]]]
"""By edge: from where to where it is closed, and by the restriction of which number."""

Link = tuple[int, int, frozenset[int]]
"""Two pieces, and the restrictions that all have to be lifted for them to hang together."""


@dataclass(frozen=True, slots=True, eq=False)
class Pockets:
    """Pieces are numbered; links [l] join two each where ``shut_by[kind]`` is lifted. Places and depots are pieces too."""

    pieces: int
    ends: Ints
    kind: Ints
    shut_by: tuple[frozenset[int], ...]
    places: Ints
    depots: Ints

    def joined(self, lifted: Collection[int]) -> Booleans:
        """For each place whether it hangs together with some depot once restrictions with these numbers are lifted."""
        gone = frozenset(lifted)
        is_open = np.array([shut_by <= gone for shut_by in self.shut_by], dtype=np.bool_)
        start, end = self.ends[is_open[self.kind]].T
        graph = csr_array((np.ones(len(start)), (start, end)), shape=(self.pieces, self.pieces))
        labels = connected_components(graph, directed=False)[1]
        return np.isin(labels[self.places], labels[self.depots])


def pockets_of(
    roads: Roads, barring: Sequence[Placed], places: Sequence[RoadPosition], depots: Sequence[RoadPosition]
) -> Pockets:
    """``roads``: those without restrictions."""
    barred = _barred(barring)
    piece, tails, heads = _pieces(roads, barred)
    first = int(piece.max()) + 1
    links = [
        (int(piece[tails[edge]]), int(piece[heads[edge]]), frozenset(number for _, _, number in closed))
        for edge, closed in sorted(barred.items())
        if roads.edge_is_open[edge]
    ]
    stops = [*places, *depots]
    for number, stop in enumerate(stops, start=first):
        links += [
            (number, int(piece[tails[stop.edge]]), _between(barred, stop.edge, 0.0, stop.fraction)),
            (number, int(piece[heads[stop.edge]]), _between(barred, stop.edge, stop.fraction, 1.0)),
        ]
    links += _on_one_edge(barred, places, depots, first)
    links = list(dict.fromkeys(links))
    kinds = {shut_by: number for number, shut_by in enumerate(dict.fromkeys(link[2] for link in links))}
    numbers = first + np.arange(len(stops))
    return Pockets(
        first + len(stops),
        np.array([link[:2] for link in links], dtype=np.int64).reshape(-1, 2),
        np.array([kinds[link[2]] for link in links], dtype=np.int64),
        tuple(kinds),
        numbers[: len(places)],
        numbers[len(places) :],
    )


def _barred(barring: Sequence[Placed]) -> Barred:
    barred: Barred = {}
    for number, each in enumerate(barring):
        parts = each.parts
        for edge, start, end in zip(parts.edge.tolist(), parts.start.tolist(), parts.end.tolist(), strict=True):
            barred.setdefault(edge, []).append((start, end, number))
    return barred


def _pieces(roads: Roads, barred: Collection[int]) -> tuple[Ints, Ints, Ints]:
    """[n] the piece of each node, joined by edges on which nothing is closed; [k], [k] tail and head of each edge."""
    network = roads.network
    tails, heads = _edge_ends(network)
    unbroken = roads.edge_is_open.copy()
    unbroken[list(barred)] = False
    ends = tails[unbroken], heads[unbroken]
    graph = csr_array((np.ones(len(ends[0])), ends), shape=(network.nodes, network.nodes))
    return connected_components(graph, directed=False)[1].astype(np.int64), tails, heads


def _edge_ends(network: Network) -> tuple[Ints, Ints]:
    arc = network.edge_arcs.max(axis=1)
    forward = network.arc_forward[arc]
    tail, head = network.tail[arc], network.head[arc]
    return np.where(forward, tail, head), np.where(forward, head, tail)


def _between(barred: Barred, edge: int, low: float, high: float) -> frozenset[int]:
    """What is closed between two places on an edge, or where one of them is."""
    closed = barred.get(edge, ())
    return frozenset(number for start, end, number in closed if start < high and low < end)


def _on_one_edge(
    barred: Barred,
    places: Sequence[RoadPosition],
    depots: Sequence[RoadPosition],
    first: int,
) -> Iterator[Link]:
    for at, place in enumerate(places):
        for number, depot in enumerate(depots, start=len(places)):
            if place.edge == depot.edge:
                low, high = sorted((place.fraction, depot.fraction))
                yield first + at, first + number, _between(barred, place.edge, low, high)
