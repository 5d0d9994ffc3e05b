"""Handing over at a zone's gate, for places inside that the holder of some passes may not enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geodata.model import LonLat, RoadPosition
from geodata.profile import Span
from geodata.restrictions.resolve import Placed, Resolved
from geodata.restrictions.served import Served


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate in use: ``position`` is where vehicles stop, outside the zone."""

    id: str
    zone: str
    name: str
    location: LonLat
    position: RoadPosition


@dataclass(frozen=True, slots=True)
class HandOver:
    """For a place that cannot be driven to: its gate, metres from it in a straight line, and the zones it lies in.

    ``gate`` is None where no gate of these zones can be driven to and away from.
    """

    gate: Gate | None
    away_m: float
    zones: tuple[str, ...]


def hand_overs(
    resolved: Resolved,
    served: Served,
    positions: Sequence[RoadPosition],
    *,
    span: Span,
    passes: frozenset[str] = frozenset(),
) -> tuple[HandOver | None, ...]:
    """For each position its hand-over, or None where it can be driven to or lies in no zone that bars the holder.

    ``served``: what depots can serve on the holder's roads. Places that come to the same gate share one object. Of
    zones that overlap or lie in one another, any gate will do.
    """
    zones = [each for each in resolved.barring(span, passes) if each.area is not None]
    groups = _overlapping(zones)
    usable: dict[str, Gate | None] = {}
    return tuple(
        None if served.has(position) else _hand_over(resolved, served, position, zones, groups, usable)
        for position in positions
    )


def _hand_over(
    resolved: Resolved,
    served: Served,
    position: RoadPosition,
    zones: Sequence[Placed],
    groups: Sequence[int],
    usable: dict[str, Gate | None],
) -> HandOver | None:
    around = [number for number, zone in enumerate(zones) if _holds(zone, position)]
    if not around:
        return None
    reachable = {groups[number] for number in around}
    gates = [
        gate
        for number, zone in enumerate(zones)
        if groups[number] in reachable
        for gate in _usable_gates(zone, served, usable)
    ]
    names = tuple(zones[number].id for number in around)
    if not gates:
        return HandOver(None, float("inf"), names)
    places = resolved.plane.points([gate.position.point for gate in gates])
    away = np.hypot(*(places - resolved.plane.points([position.point])).T)
    nearest = int(np.argmin(np.round(away, 3)))
    return HandOver(gates[nearest], float(away[nearest]), names)


def _holds(zone: Placed, position: RoadPosition) -> bool:
    own = zone.parts.edge == position.edge
    return bool(((zone.parts.start[own] <= position.fraction) & (position.fraction <= zone.parts.end[own])).any())


def _usable_gates(zone: Placed, served: Served, usable: dict[str, Gate | None]) -> list[Gate]:
    for point in zone.gates:
        if point.id not in usable:
            position = next((each for each in point.positions if served.has(each)), None)
            name = zone.restriction.name or zone.id
            gate = None if position is None else Gate(point.id, point.zone, name, point.location, position)
            usable[point.id] = gate
    return [gate for point in zone.gates if (gate := usable[point.id]) is not None]


def _overlapping(zones: Sequence[Placed]) -> list[int]:
    """For each zone the number of the group of zones it hangs together with."""
    group = list(range(len(zones)))
    areas = [zone.area for zone in zones if zone.area is not None]
    pairs = shapely.STRtree(areas).query(areas, predicate="intersects").T.tolist() if areas else []
    for one, other in pairs:
        joined, gone = sorted((group[one], group[other]))
        group = [joined if number == gone else number for number in group]
    return group
