"""A finished plan as GeoJSON (RFC 7946): what is driven, where it stops, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from api.maps.driven import depots_in_use, driven_legs, places_on_road, require_its_network
from api.schemas import (
    LineEntry,
    LoadEntry,
    LoopEntry,
    PlanDocument,
    RestrictionInPlan,
    RouteEntry,
    StopEntry,
    UnservedEntry,
)
from geodata.model import Floats
from geodata.network import Network

Json = dict[str, Any]

_DECIMALS = 7


def routes_geojson(plan: PlanDocument, network: Network) -> Json:
    """A FeatureCollection, WGS-84 lon, lat with 7 decimals.

    Each loop is one MultiLineString with a line per leg that moves; stops, depots and unserved sites are Points.
    ``properties.feature`` is ``loop``, ``stop``, ``depot``, ``transfer`` (a station and when it is ready),
    ``unserved``, ``gate`` or ``restriction``. Raises ``BadInput`` for another network than the plan's.
    """
    require_its_network(plan, network)
    features = [*_loops(plan, network), *_stops(plan), *_depots(plan), *_transfers(plan)]
    features += [*map(_unserved, plan.unserved), *_gates(plan), *map(_restriction, plan.restrictions)]
    return {
        "type": "FeatureCollection",
        "name": plan.scenario.name,
        "attribution": plan.network.attribution,
        "features": features,
    }


def _loops(plan: PlanDocument, network: Network) -> Iterator[Json]:
    for route, loop in _every_loop(plan):
        lines = [leg.points for leg in driven_legs(plan, network, loop) if len(leg.points)]
        yield _feature(_multi_line(lines), _loop_properties(route, loop))


def _every_loop(plan: PlanDocument) -> Iterator[tuple[RouteEntry, LoopEntry]]:
    return ((route, loop) for route in plan.routes for loop in route.loops)


def _loop_properties(route: RouteEntry, loop: LoopEntry) -> Json:
    legs = [*(stop.leg for stop in loop.stops), loop.back.leg]
    return {
        "feature": "loop",
        "vehicle": route.vehicle,
        "loop": loop.number,
        "depot": loop.depot,
        "end": loop.back.place,
        "stops": len(loop.stops),
        "departure_s": loop.departure_s,
        "departure_at": loop.departure_at.isoformat(),
        "back_s": loop.back.arrival_s,
        "back_at": loop.back.arrival_at.isoformat(),
        "travel_s": sum(leg.travel_s for leg in legs),
        "length_m": round(sum(leg.length_m for leg in legs), 1),
        **_load(loop.load),
    }


def _stops(plan: PlanDocument) -> Iterator[Json]:
    for route, loop in _every_loop(plan):
        for number, stop in enumerate(loop.stops, start=1):
            where = {"feature": "stop", "vehicle": route.vehicle, "loop": loop.number, "number": number}
            yield _feature(_point(stop.lon, stop.lat), where | _stop_properties(stop))


def _stop_properties(stop: StopEntry) -> Json:
    return {
        "visit": stop.visit,
        "site": stop.site,
        "part": stop.part,
        "name": stop.name,
        "access_point": stop.access_point,
        "gate": stop.gate.id if stop.gate else None,
        "arrival_s": stop.arrival_s,
        "arrival_at": stop.arrival_at.isoformat(),
        "start_s": stop.start_s,
        "start_at": stop.start_at.isoformat(),
        "departure_s": stop.departure_s,
        "departure_at": stop.departure_at.isoformat(),
        "late": stop.late_s > 0,
        "late_s": stop.late_s,
        "reason": stop.reason.code if stop.reason else None,
        "units": _units(stop.lines),
        **_load(stop.load),
    }


def _depots(plan: PlanDocument) -> Iterator[Json]:
    places = places_on_road(plan)
    for depot in depots_in_use(plan):
        yield _feature(_point(*places[depot]), {"feature": "depot", "depot": depot})


def _transfers(plan: PlanDocument) -> Iterator[Json]:
    places = places_on_road(plan)
    for entry in plan.transfers:
        properties = {
            "feature": "transfer",
            "station": entry.station,
            "supplier": entry.supplier,
            "ready_s": entry.ready_s,
            "ready_at": entry.ready_at.isoformat(),
            "units": _units(entry.lines),
        }
        yield _feature(_point(*places[entry.station]), properties)


def _unserved(entry: UnservedEntry) -> Json:
    properties = {
        "feature": "unserved",
        "visit": entry.visit,
        "site": entry.site,
        "part": entry.part,
        "name": entry.name,
        "required": entry.required,
        "priority": entry.priority,
        "reason": entry.reason.code,
        "message": {"zh": entry.reason.message.zh, "en": entry.reason.message.en},
        "units": _units(entry.lines),
        **_load(entry.load),
    }
    return _feature(_point(entry.lon, entry.lat), properties)


def _gates(plan: PlanDocument) -> Iterator[Json]:
    """Each once, with the stops at which goods are handed over there."""
    stops = [stop for _, loop in _every_loop(plan) for stop in loop.stops if stop.gate]
    gates = {stop.gate.id: stop.gate for stop in stops if stop.gate}
    for name, gate in gates.items():
        served = [stop.visit for stop in stops if stop.gate and stop.gate.id == name]
        properties = {"feature": "gate", "gate": name, "name": gate.name, "zones": list(gate.zones), "visits": served}
        yield _feature(_point(gate.lon, gate.lat), properties)


def _restriction(entry: RestrictionInPlan) -> Json:
    geometry: Json | None = None
    if entry.geometry is not None:
        geometry = {"type": entry.geometry.type, "coordinates": list(entry.geometry.coordinates)}
    elif entry.lon is not None and entry.lat is not None:
        geometry = _point(entry.lon, entry.lat)
    properties = {
        "feature": "restriction",
        "restriction": entry.id,
        "kind": entry.kind,
        "name": entry.name,
        "level": entry.level,
        "orders": list(entry.orders),
        "cut_off": list(entry.cut_off),
        "at_gate": list(entry.at_gate),
    }
    return _feature(geometry, properties)


def _units(lines: Sequence[LineEntry]) -> dict[str, int]:
    return {line.kind: line.units for line in lines}


def _load(load: LoadEntry) -> Json:
    return {"kg": load.kg, "m3": load.m3, "crates": load.crates}


def _feature(geometry: Json | None, properties: Json) -> Json:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _point(lon: float, lat: float) -> Json:
    return {"type": "Point", "coordinates": [round(lon, _DECIMALS), round(lat, _DECIMALS)]}


def _multi_line(lines: Sequence[Floats]) -> Json | None:
    """A loop whose stops all lie at the depot drives nowhere: RFC 7946 section 3.2 has null for it."""
    return (
        {"type": "MultiLineString", "coordinates": [line.round(_DECIMALS).tolist() for line in lines]}
        if lines
        else None
    )
