"""What a plan says of the restrictions it was made under: where each lies, when it counts, and whom it keeps out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from shapely.ops import substring

from api import schemas
from geodata.errors import Text
from geodata.network import Network
from geodata.restrictions import Checkpoint, Resolved, Restriction, Zone
from geodata.restrictions.resolve import Placed
from routing.explain import shut_off
from routing.ground import Ground, span_of
from routing.model import Plan, Problem, ReasonCode, Unserved
from routing.road_report import Stranded, stranded

_DECIMALS = 7


def restrictions_in_plan(
    problem: Problem, plan: Plan, network: Network, resolved: Resolved | None
) -> tuple[schemas.RestrictionInPlan, ...]:
    """In the order of the scenario."""
    if resolved is None:
        return ()
    cut_off = {left.visit.site: _keeping_out(problem, left) for left in plan.unserved}
    at_gate = dict(_at_gates(problem, plan))
    return tuple(
        schemas.RestrictionInPlan(
            id=placed.id,
            name=placed.restriction.name,
            **shape_on_roads(placed, network),
            orders=tuple(_orders(problem, placed.restriction)),
            cut_off=tuple(site for site, names in cut_off.items() if placed.id in names),
            at_gate=tuple(site for site, zones in at_gate.items() if placed.id in zones),
        )
        for placed in resolved.placed
    )


def _orders(problem: Problem, restriction: Restriction) -> Iterator[str]:
    """In whose waves it counts."""
    scenario = problem.scenario
    for wave, order in enumerate(scenario.orders):
        exempt = scenario.exempt.get(order.id, frozenset())
        if restriction.id not in exempt and restriction.in_force.meets(span_of(scenario, wave)):
            yield order.id


def _keeping_out(problem: Problem, left: Unserved) -> frozenset[str]:
    if left.reason is None or left.reason.code not in {ReasonCode.UNREACHABLE, ReasonCode.NO_PASS}:
        return frozenset()
    shut = shut_off(problem, left.visit)
    if shut is None or "nearest_open_m" not in left.reason.figures:
        return frozenset()
    return frozenset(shut.passes or (name for lifted in shut.by for name in lifted))


def _at_gates(problem: Problem, plan: Plan) -> Iterator[tuple[str, frozenset[str]]]:
    vehicles = {vehicle.id: vehicle for vehicle in problem.scenario.vehicles}
    zones: dict[str, frozenset[str]] = {}
    for route in plan.routes:
        for stop in (stop for loop in route.loops for stop in loop.stops if stop.gate is not None):
            gate = problem.gate_of(vehicles[route.vehicle], stop.visit) if route.vehicle in vehicles else None
            zones[stop.visit.site] = zones.get(stop.visit.site, frozenset()).union(gate.zones if gate else ())
    yield from zones.items()


# --- who cannot leave ---------------------------------------------------------------------------------------------


def stranded_warnings(ground: Ground) -> tuple[Text, ...]:
    """Vehicles that can come to no site, with what keeps them from it."""
    return tuple(_stranded_said(each) for each in stranded(ground))


def _stranded_said(each: Stranded) -> Text:
    count, names = len(each.vehicles), "、".join(f"“{name}”" for name in each.by)
    those = " and ".join(repr(name) for name in each.by)
    first = each.vehicles[0]
    return Text(
        f"批次 {each.order}：储备库“{each.start}”的 {count} 辆车（{first}{'等' if count > 1 else ''}）"
        f"被{names}困住，到不了任何点位",
        f"order {each.order}: {count} {'vehicles' if count > 1 else 'vehicle'} at depot {each.start!r}"
        f" ({first}{' and others' if count > 1 else ''}) can come to no site because of {those}",
    )


# --- where it lies ------------------------------------------------------------------------------------------------


def shape_on_roads(placed: Placed, network: Network) -> dict[str, Any]:
    """Kind, and level, geometry or place of what a document says of it, in WGS-84."""
    restriction = placed.restriction
    if isinstance(restriction, Zone):
        return {"kind": "zone", "level": restriction.level, "geometry": _area(restriction)}
    if isinstance(restriction, Checkpoint):
        lon, lat = (round(part, _DECIMALS) for part in restriction.location)
        return {"kind": "checkpoint", "lon": lon, "lat": lat}
    return {"kind": "closure", "geometry": _stretches(placed, network)}


def _area(zone: Zone) -> schemas.GeometryEntry:
    rings = [
        [shapely.get_coordinates(ring).round(_DECIMALS).tolist() for ring in (polygon.exterior, *polygon.interiors)]
        for polygon in shapely.get_parts(zone.area)
    ]
    several = len(rings) > 1
    return schemas.GeometryEntry(
        type="MultiPolygon" if several else "Polygon", coordinates=tuple(rings if several else rings[0])
    )


def _stretches(placed: Placed, network: Network) -> schemas.GeometryEntry | None:
    """The stretches of road it closes; None where it closes a point alone."""
    parts = zip(placed.parts.edge.tolist(), placed.parts.start.tolist(), placed.parts.end.tolist(), strict=True)
    lines = [line for part in parts if len(line := _stretch(network, *part)) > 1]
    return schemas.GeometryEntry(type="MultiLineString", coordinates=tuple(lines)) if lines else None


def _stretch(network: Network, edge: int, start: float, end: float) -> list[list[float]]:
    """Fractions are of metres: a degree of longitude is made as short as it is there."""
    points = network.points[network.first_point[edge] : network.first_point[edge + 1]]
    shorter = np.array([math.cos(math.radians(float(points[:, 1].mean()))), 1.0])
    line = shapely.LineString(points * shorter)
    coordinates = shapely.get_coordinates(substring(line, start, end, normalized=True)) / shorter
    return [list(pair) for pair in dict.fromkeys(map(tuple, coordinates.round(_DECIMALS).tolist()))]
