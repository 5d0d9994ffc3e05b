"""Where a vehicle drives: the line of each leg, following the network's arcs and cut at the two points on the road."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from api.schemas import LegEntry, LoopEntry, PlanDocument, StopEntry
from geodata.errors import BadInput
from geodata.model import Floats, LonLat, RoadPosition
from geodata.network import EARTH_RADIUS_M, Network

_SAME_PLACE_M = 0.5
"""Two stretches of one arc this close to a point are equally good; the leg's length then says which is meant."""


@dataclass(frozen=True, slots=True)
class DrivenLeg:
    """A leg with its line: (q, 2) lon, lat in driving order, q = 0 when the vehicle does not move."""

    to: str
    leg: LegEntry
    points: Floats


def driven_legs(plan: PlanDocument, network: Network, loop: LoopEntry) -> tuple[DrivenLeg, ...]:
    """The legs of a loop: from its depot to each stop in turn, and back."""
    return tuple(_legs(places_on_road(plan), network, loop))


def places_on_road(plan: PlanDocument) -> Mapping[str, LonLat]:
    """The point on the road of every place that could be tied to one."""
    return {
        entry.place: LonLat(entry.lon, entry.lat)
        for entry in plan.located
        if entry.lon is not None and entry.lat is not None
    }


def stands_at(stop: StopEntry) -> LonLat:
    """Where the vehicle stands: at the gate where it hands over at one."""
    return LonLat(stop.lon, stop.lat) if stop.gate is None else LonLat(stop.gate.lon, stop.gate.lat)


def depots_in_use(plan: PlanDocument) -> tuple[str, ...]:
    """Places that a loop leaves from or ends at, in order of first appearance."""
    loops = [loop for route in plan.routes for loop in route.loops]
    return tuple(dict.fromkeys(place for loop in loops for place in (loop.depot, loop.back.place)))


def require_its_network(plan: PlanDocument, network: Network) -> None:
    """Arcs are numbers: on another network they would draw nonsense."""
    if plan.network.fingerprint != network.fingerprint:
        zh = f"方案是在另一个路网上算出的（{plan.network.name}，{plan.network.fingerprint}）"
        en = f"the plan was made on another road network ({plan.network.name}, {plan.network.fingerprint})"
        raise BadInput.one(zh, en, file=network.name)


def _legs(places: Mapping[str, LonLat], network: Network, loop: LoopEntry) -> Iterator[DrivenLeg]:
    here = places[loop.depot]
    for stop in loop.stops:
        there = stands_at(stop)
        yield DrivenLeg(stop.visit, stop.leg, leg_line(network, stop.leg, here, there))
        here = there
    back = loop.back
    yield DrivenLeg(back.place, back.leg, leg_line(network, back.leg, here, places[back.place]))


def leg_line(network: Network, leg: LegEntry, start: LonLat, end: LonLat) -> Floats:
    """Points (q, 2) driven from ``start`` on the first arc to ``end`` on the last."""
    if not leg.arcs:
        return np.empty((0, 2))
    lines = [network.arc_geometry(arc) for arc in leg.arcs]
    begin_m, end_m = _cuts(lines, leg.length_m, start, end)
    if len(lines) == 1:
        return _without_repeats(_cut(lines[0], min(begin_m, end_m), max(begin_m, end_m)))
    first, last = _cut(lines[0], begin_m, np.inf), _cut(lines[-1], 0.0, end_m)
    return _without_repeats(np.concatenate([first, *lines[1:-1], last]))


def leg_ends(network: Network, leg: LegEntry, start: LonLat, end: LonLat) -> tuple[RoadPosition, RoadPosition]:
    """Where on its first and on its last arc a leg that has arcs begins and ends."""
    lines = [network.arc_geometry(arc) for arc in leg.arcs]
    begin_m, end_m = _cuts(lines, leg.length_m, start, end)
    first, last = (leg.arcs[0], lines[0], begin_m, start), (leg.arcs[-1], lines[-1], end_m, end)
    return _position(network, *first), _position(network, *last)


def _position(network: Network, arc: int, line: Floats, offset_m: float, point: LonLat) -> RoadPosition:
    whole_m = float(_along_m(line)[-1])
    along = min(offset_m / whole_m, 1.0) if whole_m else 0.0
    return RoadPosition(int(network.arc_edge[arc]), along if network.arc_forward[arc] else 1.0 - along, point)


def _cuts(lines: list[Floats], length_m: float, start: LonLat, end: LonLat) -> tuple[float, float]:
    """Where on the first and last arc the drive begins and ends: the nearest points that give the leg's length."""
    pairs = product(_offsets_near(lines[0], start), _offsets_near(lines[-1], end))
    full_m = 0.0 if len(lines) == 1 else sum(float(_along_m(line)[-1]) for line in lines[:-1])
    return min(pairs, key=lambda pair: abs(full_m - pair[0] + pair[1] - length_m))


def _offsets_near(line: Floats, point: LonLat) -> list[float]:
    """Metres from the line's beginning to its nearest points to ``point``; more than one where it meets itself."""
    scale = _metres_per_degree(line)
    origins, steps = line[:-1] * scale, np.diff(line, axis=0) * scale
    squares = np.maximum((steps**2).sum(axis=1), 1e-12)
    target = np.array(point) * scale
    share = np.clip(((target - origins) * steps).sum(axis=1) / squares, 0.0, 1.0)
    away = np.hypot(*(origins + share[:, None] * steps - target).T)
    near = away <= away.min() + _SAME_PLACE_M
    offsets = _along_m(line)[:-1] + share * np.sqrt((steps**2).sum(axis=1))
    best_first = sorted(zip(away[near], offsets[near], strict=True))
    return [float(offset) for _, offset in best_first]


def _along_m(line: Floats) -> Floats:
    """Metres from the beginning of a line (q, 2) to each of its points: [q]."""
    steps = np.diff(line, axis=0) * _metres_per_degree(line)
    along: Floats = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    return along


def _metres_per_degree(line: Floats) -> Floats:
    """Plane approximation, good to some millionths over the length of one arc."""
    degree = np.pi / 180 * EARTH_RADIUS_M
    return np.array([degree * np.cos(np.radians(line[:, 1].mean())), degree])


def _cut(line: Floats, begin_m: float, end_m: float) -> Floats:
    along = _along_m(line)
    begin, end = min(begin_m, along[-1]), min(end_m, along[-1])
    inside = line[(along > begin) & (along < end)]
    return np.concatenate([_at(line, along, begin), inside, _at(line, along, end)])


def _at(line: Floats, along: Floats, offset: float) -> Floats:
    return np.array([[np.interp(offset, along, line[:, 0]), np.interp(offset, along, line[:, 1])]])


def _without_repeats(points: Floats) -> Floats:
    moved = np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])
    kept: Floats = points[moved]
    return kept if len(kept) > 1 else np.empty((0, 2))
