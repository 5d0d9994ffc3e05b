"""The gates of a zone: those given, or wherever a road crosses its edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geodata.errors import Text
from geodata.model import Floats, LonLat, RoadPosition
from geodata.restrictions.model import Area, Zone
from geodata.restrictions.parts import Parts
from geodata.restrictions.plane import Plane

ON_EDGE_M = 0.5
"""A part of a road that begins so near to the zone's edge begins there, and not at a junction inside."""

SAME_POINT_M = 1.0
GATE_REACH_M = 50.0
"""At a given gate goods are handed over on a road so near to it."""

GATE_FROM_ZONE_M = 200.0
"""A given gate lies at most so far from its zone's edge."""

FAR_FROM_ZONE = Text(
    "防控区“{id}”的卡口离其边界 {metres} 米，超过 {limit} 米",
    "the gate is {metres} m from the edge of zone '{id}'; the limit is {limit} m",
)
OFF_THE_ROADS = Text(
    "防控区“{id}”的卡口离最近的道路 {metres} 米，超过 {limit} 米",
    "the gate of zone '{id}' is {metres} m from the nearest road; the limit is {limit} m",
)


@dataclass(frozen=True, slots=True)
class GatePoint:
    """``positions``: where on the roads it may be, the best first; which of them can be used depends on the roads."""

    id: str
    zone: str
    location: LonLat
    positions: tuple[RoadPosition, ...]


def crossings(plane: Plane, zone: Zone, area: Area, parts: Parts) -> tuple[GatePoint, ...]:
    """Where roads cross the zone's edge, counted clockwise from the north as seen from its middle."""
    edge = np.concatenate([parts.edge, parts.edge])
    fraction = np.concatenate([parts.start, parts.end])
    points = plane.on_edges(edge, fraction)
    on_edge = shapely.distance(points, area.boundary) <= ON_EDGE_M if len(points) else np.zeros(0, dtype=np.bool_)
    edge, fraction, points = edge[on_edge], fraction[on_edge], points[on_edge]
    places = shapely.get_coordinates(points)
    order = _clockwise(places, area)
    found: list[tuple[Floats, list[RoadPosition]]] = []
    for at in order:
        position = plane.position(int(edge[at]), float(fraction[at]))
        known = next((gate for place, gate in found if np.hypot(*(place - places[at])) <= SAME_POINT_M), None)
        if known is None:
            found.append((places[at], [position]))
        else:
            known.append(position)
    return tuple(
        GatePoint(f"{zone.id}-G{number}", zone.id, positions[0].point, tuple(positions))
        for number, (_, positions) in enumerate(found, start=1)
    )


def _clockwise(places: Floats, area: Area) -> list[int]:
    middle = shapely.get_coordinates(shapely.centroid(area))[0]
    east, north = (places - middle).T
    bearing = np.round(np.degrees(np.arctan2(east, north)) % 360.0, 6)
    return [int(at) for at in np.lexsort((np.arange(len(places)), bearing))]


def given_gates(
    plane: Plane, zone: Zone, area: Area, parts: Parts
) -> tuple[tuple[GatePoint, ...], tuple[tuple[int, Text], ...]]:
    """The zone's own gates, and by their numbers what is wrong with some."""
    faults: list[tuple[int, Text]] = []
    gates: list[GatePoint] = []
    for number, location in enumerate(zone.gates):
        point = shapely.Point(plane.points([location])[0])
        from_zone_m = shapely.distance(point, area.boundary)
        _, from_road_m = plane.index.nearest([location], plane.index.roads.edge_is_open)
        if from_zone_m > GATE_FROM_ZONE_M:
            faults.append((number, _told(FAR_FROM_ZONE, zone, from_zone_m, GATE_FROM_ZONE_M)))
        elif from_road_m[0] > GATE_REACH_M:
            faults.append((number, _told(OFF_THE_ROADS, zone, float(from_road_m[0]), GATE_REACH_M)))
        else:
            positions = _positions_near(plane, location, point, parts)
            gates.append(GatePoint(f"{zone.id}-G{number + 1}", zone.id, location, positions))
    return tuple(gates), tuple(faults)


def _told(message: Text, zone: Zone, metres: float, limit: float) -> Text:
    words = {"id": zone.id, "metres": round(metres) if np.isfinite(metres) else "∞", "limit": round(limit)}
    return Text(message.zh.format(**words), message.en.format(**words))


def _positions_near(plane: Plane, location: LonLat, point: shapely.Point, parts: Parts) -> tuple[RoadPosition, ...]:
    """The nearest place of each road near a gate; of a place inside the zone, the edges of what is closed there."""
    found: list[tuple[float, int, RoadPosition]] = []
    for edge in plane.index.edges_within(location, GATE_REACH_M).tolist():
        nearest = plane.index.position(location, edge)
        own = parts.edge == edge
        closed = zip(parts.start[own].tolist(), parts.end[own].tolist(), strict=True)
        around = next((part for part in closed if part[0] < nearest.fraction < part[1]), None)
        for position in [nearest] if around is None else [plane.position(edge, side) for side in around]:
            metres = float(shapely.distance(plane.on_edges(np.array([edge]), np.array([position.fraction]))[0], point))
            found.append((round(metres, 3), edge, position))
    return tuple(position for _, _, position in sorted(found, key=lambda each: each[:2]))
