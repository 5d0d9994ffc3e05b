"""The way of a leg as a driver sees it: stretches of road one after the other, and what else leads off between them.

Barriers on the way are edges of no length; they belong to the crossing they stand at, and their time to the stretch after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from geodata.bearings import angles, end_bearings
from geodata.errors import Text
from geodata.model import Floats, LonLat, RoadPosition
from geodata.network import Network
from geodata.profile import CLOSED
from geodata.roads import Roads

_GRADES = ("motorway", "trunk", "primary", "secondary", "tertiary")
_STREET, _LANE = 5, 6
_STREETS = frozenset({"unclassified", "residential", "living_street", "road", "busway"})
_LANES = frozenset({"service", "track"})

NO_NAME = Text("", "")


@dataclass(frozen=True, slots=True)
class Road:
    """What is seen of an edge. ``refs``: its numbers. ``grade``: 0 for a motorway to 6 for a lane, of a link as of its roads."""

    name: Text
    refs: frozenset[str]
    grade: int
    link: bool
    round: bool
    for_vehicles: bool

    def goes_on_as(self, after: Road) -> bool:
        """Whether nothing new is to be read on the signs: the same name, none, or a name in place of the number."""
        return after.name in {NO_NAME, self.name} or after.name.zh in self.refs or self.name.zh in after.refs


@dataclass(frozen=True, slots=True)
class Arm:
    """A road beside the way at a crossing. ``angle``: degrees to the right of the way come. ``open``: may be driven into."""

    road: Road
    angle: float
    open: bool


@dataclass(frozen=True, eq=False)
class DrivenWay:
    """``arcs`` driven from ``origin`` on the first to ``destination`` on the last; stretches are numbered from 0."""

    roads: Roads
    arcs: tuple[int, ...]
    origin: RoadPosition
    destination: RoadPosition

    @property
    def network(self) -> Network:
        return self.roads.network

    @cached_property
    def places(self) -> Sequence[int]:
        """Where in ``arcs`` each stretch is."""
        return [place for place, arc in enumerate(self.arcs) if not self._is_barrier(arc)] or range(len(self.arcs))

    def __len__(self) -> int:
        return len(self.places)

    def _is_barrier(self, arc: int) -> bool:
        edge = self.network.arc_edge[arc]
        return "highway" not in self._tags(arc) and self.network.edge_length_m[edge] == 0

    def _tags(self, arc: int) -> Mapping[str, str]:
        tags: Mapping[str, str] = self.network.tag_sets[self.network.edge_tags[self.network.arc_edge[arc]]]
        return tags

    @cached_property
    def _stretch_arcs(self) -> list[int]:
        return [self.arcs[place] for place in self.places]

    def edge(self, number: int) -> int:
        return int(self.network.arc_edge[self._stretch_arcs[number]])

    @cached_property
    def seen(self) -> list[Road]:
        """The road of each stretch."""
        return [road_seen(self.network, self.edge(number)) for number in range(len(self))]

    # --- what it takes ---

    @cached_property
    def ms(self) -> list[int]:
        """Of each stretch as far as it is driven, with the turns and barriers before it; after the last one also those."""
        ms = [int(self.roads.ms[arc]) for arc in self.arcs]
        ms[0] -= self.roads.ms_behind(self.arcs[0], self.origin)
        ms[-1] -= self.roads.ms_ahead(self.arcs[-1], self.destination)
        for place, turn in enumerate(turns_of(self.network, self.arcs), start=1):
            ms[place] += int(self.roads.turn_ms[turn])
        ends = [0, *(place + 1 for place in self.places[:-1]), len(ms)]
        return [sum(ms[first:end]) for first, end in pairwise(ends)]

    @cached_property
    def metres(self) -> list[float]:
        metres = [float(self.network.edge_length_m[self.edge(number)]) for number in range(len(self))]
        behind, until = self._share(0, self.origin), self._share(-1, self.destination)
        if len(self) == 1:
            return [metres[0] * (until - behind)]
        return [metres[0] * (1.0 - behind), *metres[1:-1], metres[-1] * until]

    def _share(self, number: int, position: RoadPosition) -> float:
        """The part of a stretch's arc that lies before a position; nothing of one that is not on it."""
        arc = self._stretch_arcs[number]
        if position.edge != self.network.arc_edge[arc]:
            return float(number != 0)
        return position.fraction if self.network.arc_forward[arc] else 1.0 - position.fraction

    # --- where it leads ---

    def begin(self, number: int) -> LonLat:
        if number == 0:
            return self.origin.point
        lon, lat = self.network.arc_geometry(self._stretch_arcs[number])[0]
        return LonLat(float(lon), float(lat))

    @cached_property
    def _bearings(self) -> list[tuple[float, float]]:
        """In which each stretch begins and ends; a stretch cut by the origin or the destination begins or ends there."""
        bearings = []
        for number, arc in enumerate(self._stretch_arcs):
            if number in {0, len(self) - 1}:
                bearings.append(self._bearings_of_part(number, arc))
            else:
                bearings.append((_bearing(self.network, arc), _bearing(self.network, arc, at_end=True)))
        return bearings

    def _bearings_of_part(self, number: int, arc: int) -> tuple[float, float]:
        start = self._share(0, self.origin) if number == 0 else 0.0
        end = self._share(-1, self.destination) if number == len(self) - 1 else 1.0
        line = _part(self.network.arc_geometry(arc), start, end)
        leaving, back = end_bearings(line, np.array([0, len(line)]))
        if np.isnan(leaving[0]):
            return _bearing(self.network, arc), _bearing(self.network, arc, at_end=True)
        return float(leaving[0]), float(back[0]) + 180.0

    def leaving(self, number: int) -> float:
        """Degrees clockwise from north, in [0, 360), in which a stretch begins; 0 if it has no length."""
        return float(np.nan_to_num(self._bearings[number][0])) % 360.0

    def arriving(self, number: int) -> float:
        return float(np.nan_to_num(self._bearings[number][1])) % 360.0

    def angle(self, before: int, after: int) -> float:
        """Degrees to the right, in [-180, 180), from the end of one stretch to the beginning of another."""
        return _angle(self._bearings[before][1], self._bearings[after][0])

    def arms(self, number: int) -> tuple[Arm, ...]:
        """What else leads off at the beginning of a stretch, from the second on."""
        return self._arms[number - 1]

    @cached_property
    def _arms(self) -> list[tuple[Arm, ...]]:
        return [self._arms_between(before, after) for before, after in pairwise(self.places)]

    def _arms_between(self, before: int, after: int) -> tuple[Arm, ...]:
        own = {int(self.network.arc_edge[arc]) for arc in self.arcs[before : after + 1]}
        bearing = _bearing(self.network, self.arcs[before], at_end=True)
        beside: dict[int, Arm] = {}
        for arc, following in pairwise(self.arcs[before : after + 1]):
            for edge, starts_here in self._ends_at(arc, following):
                if edge not in own and edge not in beside:
                    beside[edge] = self._arm(edge, bearing, starts_here=starts_here)
        return tuple(arm for arm in beside.values() if arm.open or arm.road.for_vehicles)

    def _ends_at(self, arc: int, following: int) -> Iterator[tuple[int, bool]]:
        """The edges that meet between two arcs, and whether with their tail; of a barrier those beyond it."""
        for edge, at_tail in _meeting(self.network, arc, following):
            out = int(self.network.edge_arcs[edge, 0 if at_tail else 1])
            if out < 0 or not self._is_barrier(out):
                yield edge, at_tail
            else:
                yield from (end for end in _meeting(self.network, out) if end[0] != edge)

    def _arm(self, edge: int, came: float, *, starts_here: bool) -> Arm:
        bearing = float(self.network.end_bearings[0 if starts_here else 1][edge])
        out = int(self.network.edge_arcs[edge, 0 if starts_here else 1])
        is_open = out >= 0 and bool(self.roads.ms[out] < CLOSED)
        return Arm(road_seen(self.network, edge), _angle(came, bearing), is_open)


def road_seen(network: Network, edge: int) -> Road:
    tags = network.tag_sets[network.edge_tags[edge]]
    kind = tags.get("highway", "")
    base = kind.removesuffix("_link")
    known = base in _GRADES or kind in _STREETS | _LANES
    grade = _GRADES.index(base) if base in _GRADES else _STREET if kind in _STREETS else _LANE
    refs = frozenset(ref.strip() for ref in network.name_sets[network.edge_names[edge]].get("ref", "").split(";"))
    return Road(
        name=network.road_name_in_both(edge),
        refs=refs - {""},
        grade=grade,
        link=base != kind,
        round=bool(network.on_roundabout[edge]),
        for_vehicles=known,
    )


def turns_of(network: Network, arcs: Sequence[int]) -> Iterator[int]:
    """The turns of a way that begins without memory. Raises ``ValueError`` where one arc does not follow the other."""
    state = arcs[0]
    for arc in arcs[1:]:
        first, last = network.first_turn[state : state + 2].tolist()
        leads = first + np.flatnonzero(network.state_arc[network.turn_to[first:last]] == arc)
        if not len(leads):
            raise ValueError(f"no turn leads to arc {arc}")
        yield int(leads[0])
        state = int(network.turn_to[leads[0]])


def _meeting(network: Network, arc: int, following: int | None = None) -> Iterator[tuple[int, bool]]:
    """Edges with an arc out of the end of an arc, or into the beginning of the one that follows; and whether by their tail."""
    first, last = network.first_turn[arc : arc + 2].tolist()
    for out in network.state_arc[network.turn_to[first:last]].tolist():
        yield int(network.arc_edge[out]), bool(network.arc_forward[out])
    for state in () if following is None else network.states_of(following):
        for into in network.state_arc[network.turn_from[network.turns_into(state)]].tolist():
            yield int(network.arc_edge[into]), not network.arc_forward[into]


def _bearing(network: Network, arc: int, *, at_end: bool = False) -> float:
    """In which an arc is driven at its beginning, or at its end; NaN for one without length."""
    by_tail = bool(network.arc_forward[arc]) != at_end
    bearing = float(network.end_bearings[0 if by_tail else 1][network.arc_edge[arc]])
    return bearing + 180.0 if at_end else bearing


def _angle(arriving: float, leaving: float) -> float:
    return float(angles(np.array(arriving), np.array(leaving)))


def _part(line: Floats, start: float, end: float) -> Floats:
    """A line (q, 2) between two shares of its length."""
    scale = np.array([np.cos(np.radians(line[0, 1])), 1.0])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*(np.diff(line, axis=0) * scale).T))])
    cuts = np.array([start, end]) * along[-1]
    ends = np.column_stack([np.interp(cuts, along, line[:, axis]) for axis in (0, 1)])
    inside = line[(along > cuts[0]) & (along < cuts[1])]
    return np.concatenate([ends[:1], inside, ends[1:]])
