"""Small hand-made networks: listed street by street with their times, or drawn as a map.

    streets("A-B 10", "B>C 4.5", "C-D closed")      seconds; "-" both ways, ">" one way, "|" closed both ways
    drawn('''A---B
             |   v
             D---C''', cell_m=100)                   "-" and "|" both ways, ">", "<", "^" and "v" one way

A street's edge has the number of its place in the list, or in reading order of the map (rows first, then columns).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

import networkx as nx
import numpy as np

from geodata.model import Ints, LonLat, RoadPosition, Segment
from geodata.network import EARTH_RADIUS_M, Network, build_network
from geodata.profile import CLOSED
from geodata.roads import Roads, open_roads

ORIGIN = LonLat(121.6, 38.9)
DEGREE_M = np.pi * EARTH_RADIUS_M / 180

Street = tuple[int, int, int | None, int | None]
"""Tail, head, milliseconds forward and backward: None where there is no such arc, ``CLOSED`` where it is shut."""


def network_of(ends: Sequence[Street], *, places: Mapping[int, LonLat] | None = None) -> Network:
    """A network with these streets as straight edges between nodes on a circle, or at the places given."""
    segments = [
        Segment(
            tail=tail,
            head=head,
            points=np.array([(places or {}).get(node) or _on_circle(node) for node in (tail, head)]),
            way=number + 1,
            tags={"highway": "residential"},
            names={"name": f"street {number}"},
            forward=forward is not None,
            backward=backward is not None,
        )
        for number, (tail, head, forward, backward) in enumerate(ends)
    ]
    return build_network(segments, name="small", attribution="drawn by hand")


def roads_of(ends: Sequence[Street]) -> Roads:
    """Roads on which the streets take exactly the milliseconds said."""
    network = network_of(ends)
    ms = [ends[edge][2 if forward else 3] for edge, forward in zip(network.arc_edge, network.arc_forward, strict=True)]
    return plain_roads(network, np.array(ms, dtype=np.int64))


def plain_roads(network: Network, ms: Ints) -> Roads:
    """Roads on which turns take no time and are all allowed, U-turns too."""
    no_turn_ms, none = np.zeros(network.turns, dtype=np.int64), np.zeros(network.arcs, dtype=np.bool_)
    return Roads(network, ms, no_turn_ms, none)


def streets(*lines: str) -> Roads:
    """Roads from lines such as "A-B 10", "B>C 4.5" (one way), "C|D 3" (closed); nodes are numbered A = 0, B = 1 …"""
    return roads_of([_street(line) for line in lines])


def at(roads: Roads, edge: int, fraction: float) -> RoadPosition:
    """The position a part of the way along an edge."""
    return RoadPosition(edge, fraction, LonLat(*roads.network.geometry(edge)[0]))


def _street(line: str) -> Street:
    tail, kind, head, seconds = re.fullmatch(r"([A-Z])([->|])([A-Z]) ([\d.]+)", line).groups()  # type: ignore[union-attr]
    ms = round(float(seconds) * 1000)
    forward, backward = {"-": (ms, ms), ">": (ms, None), "|": (CLOSED, CLOSED)}[kind]
    return ord(tail) - ord("A"), ord(head) - ord("A"), forward, backward


def _on_circle(node: int) -> LonLat:
    angle = node * 2.4
    return LonLat(ORIGIN.lon + 0.01 * float(np.cos(angle)), ORIGIN.lat + 0.01 * float(np.sin(angle)))


# --- an independent reference ------------------------------------------------------------------------------------

Node = int | tuple[int, float]
"""A junction, or a point at a fraction of an edge."""


def split_graph(roads: Roads, positions: Sequence[RoadPosition]) -> nx.MultiDiGraph[Node]:
    """The open arcs as a graph in which every position is a node that splits its edge; weights in whole milliseconds.

    An arc's part ahead of a position is rounded half to even, in exact arithmetic; the part behind is the rest.
    """
    graph: nx.MultiDiGraph[Node] = nx.MultiDiGraph()
    graph.add_nodes_from(range(roads.network.nodes))
    on_edge: dict[int, set[float]] = {}
    for position in positions:
        on_edge.setdefault(position.edge, set()).add(position.fraction)
        graph.add_node((position.edge, position.fraction))
    for arc in range(roads.network.arcs):
        if roads.ms[arc] < CLOSED:
            _add_arc(graph, roads, arc, sorted(on_edge.get(int(roads.network.arc_edge[arc]), ())))
    return graph


def _add_arc(graph: nx.MultiDiGraph[Node], roads: Roads, arc: int, fractions: Sequence[float]) -> None:
    edge, forward, ms = int(roads.network.arc_edge[arc]), bool(roads.network.arc_forward[arc]), int(roads.ms[arc])
    stops: list[Node] = [(edge, fraction) for fraction in (fractions if forward else reversed(fractions))]
    behind = [part_behind(ms, fraction, forward=forward) for fraction in (fractions if forward else fractions[::-1])]
    chain = [int(roads.network.tail[arc]), *stops, int(roads.network.head[arc])]
    marks = [0, *behind, ms]
    for start, end, before, after in zip(chain, chain[1:], marks, marks[1:], strict=False):
        graph.add_edge(start, end, ms=after - before)


def part_behind(ms: int, fraction: float, *, forward: bool) -> int:
    """Whole milliseconds of an arc behind a position, by integer arithmetic on the fraction's exact ratio."""
    numerator, denominator = fraction.as_integer_ratio()
    ahead, rest = divmod(ms * ((denominator - numerator) if forward else numerator), denominator)
    half = 2 * rest - denominator
    return ms - ahead - (1 if half > 0 or (half == 0 and ahead % 2) else 0)


def reference_ms(
    roads: Roads, origins: Sequence[RoadPosition], destinations: Sequence[RoadPosition]
) -> list[list[int | None]]:
    """Milliseconds by networkx on the split graph, None where no way leads."""
    graph = split_graph(roads, [*origins, *destinations])
    rows: list[list[int | None]] = []
    for origin in origins:
        found: Mapping[Node, Any] = nx.single_source_dijkstra_path_length(
            graph, (origin.edge, origin.fraction), weight="ms"
        )
        open_edge = bool(roads.edge_is_open[origin.edge])
        rows.append([found.get((to.edge, to.fraction)) if open_edge else None for to in destinations])
    return rows


# --- maps ---------------------------------------------------------------------------------------------------------

_ACROSS = {"-": (True, True), ">": (True, False), "<": (False, True)}
_DOWN = {"|": (True, True), "v": (True, False), "^": (False, True)}


@dataclass(frozen=True)
class Drawing:
    """A drawn map: its roads, as a van drives them, and where things on it lie."""

    roads: Roads
    cell_m: float
    names: Mapping[str, int]

    def point(self, column: float, row: float) -> LonLat:
        """A place by column and row of the drawing, the first of each being 0."""
        return _place(column, row, self.cell_m)

    def edge(self, tail: str, head: str) -> int:
        """The street between two named corners."""
        wanted = {self.names[tail], self.names[head]}
        network = self.roads.network
        ends = [{int(network.tail[arc]), int(network.head[arc])} for arc in range(network.arcs)]
        return next(int(network.arc_edge[arc]) for arc, pair in enumerate(ends) if pair == wanted)


def drawn(picture: str, *, cell_m: float = 100.0) -> Drawing:
    """Roads from a drawing: corners are capital letters, one cell is ``cell_m`` wide and high."""
    lines = dedent(picture).strip("\n").splitlines()
    width = max(map(len, lines))
    rows = [line.ljust(width) for line in lines]
    corners = sorted((letter, column, row) for row, line in enumerate(rows) for column, letter in _letters(line))
    names = {letter: number for number, (letter, _, _) in enumerate(corners)}
    found = [
        *(street for line in rows for street in _runs(line, _ACROSS)),
        *(street for column in zip(*rows, strict=True) for street in _runs("".join(column), _DOWN)),
    ]
    ends = [
        (names[tail], names[head], 0 if forward else None, 0 if back else None) for tail, head, forward, back in found
    ]
    places = {names[letter]: _place(column, row, cell_m) for letter, column, row in corners}
    return Drawing(open_roads(network_of(ends, places=places)), cell_m, names)


def _letters(line: str) -> Iterator[tuple[int, str]]:
    return ((column, letter) for column, letter in enumerate(line) if letter.isupper())


def _runs(line: str, kinds: Mapping[str, tuple[bool, bool]]) -> Iterator[tuple[str, str, bool, bool]]:
    """Streets along one row or column: letter, a run of one sign, letter."""
    for sign, (forward, backward) in kinds.items():
        for match in re.finditer(rf"([A-Z]){re.escape(sign)}+(?=([A-Z]))", line):
            yield match[1], match[2], forward, backward


def _place(column: float, row: float, cell_m: float) -> LonLat:
    metre_lon = 1 / (DEGREE_M * np.cos(np.radians(ORIGIN.lat)))
    return LonLat(ORIGIN.lon + column * cell_m * metre_lon, ORIGIN.lat - row * cell_m / DEGREE_M)
