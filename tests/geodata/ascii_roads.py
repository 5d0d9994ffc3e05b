"""Small road maps drawn with letters, read through the real reader and searched twice.

A plain search in networkx finds the way; the travel times the planner uses must give the same time, or the drawing
fails.

    town = drawn(
        '''
        a---b---c
            |
            d
        ''',
        {"abc": "primary", "bd": "residential + oneway=yes"},
        nodes={"b": "highway=traffic_signals"},
        relations=[("abc", "b", "bd", "no_right_turn")],
    )
    assert town.way("a", "d") == "abd"

A letter is a node; a column is 50 m wide, a row 100 m high unless ``cell_m`` says else, north is up; other signs are for the eye alone. Tags are
joined by " + ", and a word without "=" is a ``highway``. A relation says from which ways, over which node or ways, to
which ways (separated by blanks), and its kind or its tags.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import networkx as nx

from geodata.model import Ints, LonLat, RoadPosition
from geodata.network import EARTH_RADIUS_M, Network, build_network
from geodata.profile import CLOSED, RoadUser, arc_costs, turn_costs
from geodata.roads import open_roads
from geodata.sources import read_roads
from geodata.travel_times import HierarchyTimes

COLUMN_M, ROW_M = 50.0, 100.0
ORIGIN = LonLat(121.6, 38.9)
"""In Dalian."""

Relation = tuple[str, str, str, str]
VAN_USER = RoadUser()


class Way(NamedTuple):
    """What a search found: the letters passed, seconds and metres."""

    letters: str
    seconds: float
    metres: float


@dataclass(frozen=True, eq=False)
class Drawing:
    network: Network
    letters: Mapping[tuple[float, float], str]

    def way(self, start: str, end: str, user: RoadUser = VAN_USER) -> str:
        """Letters passed on the fastest way, "" if there is none."""
        found = self.find(start, end, user)
        return found.letters if found else ""

    def seconds(self, start: str, end: str, user: RoadUser = VAN_USER) -> float:
        """Of the fastest way, to a tenth; infinite if there is none."""
        found = self.find(start, end, user)
        return found.seconds if found else math.inf

    def find(self, start: str, end: str, user: RoadUser = VAN_USER) -> Way | None:
        """The fastest way from one letter to another, leaving and arriving on any road that meets there."""
        missing = {start, end} - {self._letter(node) for node in range(self.network.nodes)}
        assert not missing, f"no road begins, ends or meets another at {missing}"
        graph = self._turn_graph(user)
        for node in list(graph):
            arc = int(self.network.state_arc[node[0]])
            if node[0] < self.network.arcs and self._letter(int(self.network.tail[arc])) == start:
                graph.add_edge("start", node, ms=0)
            if self._letter(int(self.network.head[arc])) == end:
                graph.add_edge(node, "end", ms=graph.nodes[node]["ms"])
        quickest_ms = self._planner_ms(start, end, user)
        if "start" not in graph or "end" not in graph or not nx.has_path(graph, "start", "end"):
            assert quickest_ms is None
            return None
        path = nx.dijkstra_path(graph, "start", "end", weight="ms")
        ms = nx.path_weight(graph, path, weight="ms")
        assert quickest_ms == ms
        arcs = [int(self.network.state_arc[state]) for state, _ in path[1:-1]]
        metres = sum(float(self.network.edge_length_m[self.network.arc_edge[arc]]) for arc in arcs)
        return Way(self._spelled(arcs), round(ms / 1000, 1), round(metres))

    def _planner_ms(self, start: str, end: str, user: RoadUser) -> int | None:
        """The best over the ends of the edges that meet at the letters."""
        times = HierarchyTimes(open_roads(self.network, user))
        starts = [self._end_of(arc, at_head=False) for arc in self._arcs_at(self.network.tail, start)]
        ends = [self._end_of(arc, at_head=True) for arc in self._arcs_at(self.network.head, end)]
        legs = [times.leg(origin, destination) for origin in starts for destination in ends]
        return min((leg.ms for leg in legs if leg), default=None)

    def _arcs_at(self, nodes: Ints, letter: str) -> list[int]:
        return [arc for arc, node in enumerate(nodes.tolist()) if self._letter(node) == letter]

    def _end_of(self, arc: int, *, at_head: bool) -> RoadPosition:
        point = self.network.arc_geometry(arc)[-1 if at_head else 0]
        fraction = 1.0 if at_head == bool(self.network.arc_forward[arc]) else 0.0
        return RoadPosition(int(self.network.arc_edge[arc]), fraction, LonLat(*map(float, point)))

    def _turn_graph(self, user: RoadUser) -> nx.DiGraph:
        """Nodes are (state, stretch): at first roads open to their ends only (0), then open roads (1), then again (2).

        The weight of a turn is the time of the arc before it and its own.
        """
        costs = arc_costs(self.network, user)
        turn_ms = turn_costs(self.network, user, costs.ms)
        graph: nx.DiGraph = nx.DiGraph()
        for state, arc in enumerate(self.network.state_arc.tolist()):
            if costs.ms[arc] < CLOSED:
                for stretch in (0, 2) if costs.ends_only[arc] else (1,):
                    graph.add_node((state, stretch), ms=int(costs.ms[arc]))
        turns = zip(self.network.turn_from.tolist(), self.network.turn_to.tolist(), turn_ms.tolist(), strict=True)
        for came, goes, ms in turns:
            for pair in ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2)):
                before, after = (came, pair[0]), (goes, pair[1])
                if ms < CLOSED and before in graph and after in graph:
                    graph.add_edge(before, after, ms=graph.nodes[before]["ms"] + ms)
        return graph

    def _letter(self, node: int) -> str:
        return self.letters[_rounded(self.network.lon[node], self.network.lat[node])]

    def _spelled(self, arcs: Sequence[int]) -> str:
        passed: list[str] = []
        for arc in arcs:
            for lon, lat in self.network.arc_geometry(arc):
                letter = self.letters[_rounded(lon, lat)]
                if passed[-1:] != [letter]:
                    passed.append(letter)
        return "".join(passed)


def drawn(
    picture: str,
    ways: Mapping[str, str],
    *,
    nodes: Mapping[str, str] | None = None,
    relations: Sequence[Relation] = (),
    cell_m: tuple[float, float] = (COLUMN_M, ROW_M),
) -> Drawing:
    places = dict(_places(picture, *cell_m))
    text = _xml(places, ways, nodes or {}, relations)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawing.osm"
        path.write_text(text, encoding="utf-8")
        roads = read_roads(str(path))
    network = build_network(roads.segments, name="drawing", attribution="", restrictions=roads.relations)
    return Drawing(network, {_rounded(*place): letter for letter, place in places.items()})


def _rounded(lon: float, lat: float) -> tuple[float, float]:
    return round(float(lon), 6), round(float(lat), 6)


def _places(picture: str, column_m: float, row_m: float) -> Iterator[tuple[str, LonLat]]:
    metre = math.degrees(1 / EARTH_RADIUS_M)
    for row, line in enumerate(dedent(picture).strip("\n").split("\n")):
        for column, sign in enumerate(line):
            if sign.isalpha():
                east = column * column_m * metre / math.cos(math.radians(ORIGIN.lat))
                yield sign, LonLat(round(ORIGIN.lon + east, 7), round(ORIGIN.lat - row * row_m * metre, 7))


# --- OpenStreetMap XML --------------------------------------------------------------------------------------------


def _xml(
    places: Mapping[str, LonLat], ways: Mapping[str, str], nodes: Mapping[str, str], relations: Sequence[Relation]
) -> str:
    numbers = {letter: number for number, letter in enumerate(places, start=1)}
    way_numbers = {name: number for number, name in enumerate(ways, start=101)}
    lines = [
        f'<node id="{numbers[letter]}" lat="{place.lat:.7f}" lon="{place.lon:.7f}">{_tags(nodes.get(letter, ""))}</node>'
        for letter, place in places.items()
    ]
    for name, tags in ways.items():
        members = "".join(f'<nd ref="{numbers[letter]}"/>' for letter in name)
        lines.append(f'<way id="{way_numbers[name]}">{members}{_tags(tags)}</way>')
    ways_only = {"way": way_numbers}
    for number, (start, via, end, tags) in enumerate(relations, start=1001):
        over = {"way": way_numbers} if len(via) > 1 else {"node": numbers}
        members = [
            (kind, of_kind[name], role)
            for role, names, kinds in (("from", start, ways_only), ("via", via, over), ("to", end, ways_only))
            for kind, of_kind in kinds.items()
            for name in names.split()
        ]
        inside = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        kind = tags if "=" in tags else f"restriction={tags}"
        lines.append(f'<relation id="{number}">{inside}{_tags(f"type=restriction + {kind}")}</relation>')
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">', *lines, "</osm>"])


def _tags(text: str) -> str:
    pairs = (tag.partition("=") for tag in text.split(" + ") if tag)
    return "".join(
        f"<tag k={quoteattr(key if at else 'highway')} v={quoteattr(value if at else key)}/>"
        for key, at, value in pairs
    )
