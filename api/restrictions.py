"""From a checked scenario document to restrictions and passes as geodata knows them, in WGS-84."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from api import schemas
from api.hours import read_hours
from geodata.datum import to_wgs84
from geodata.model import Datum, LonLat
from geodata.restrictions import (
    Area,
    Checkpoint,
    Closure,
    InForce,
    Line,
    NamedRoad,
    Pass,
    Restrictions,
    Zone,
    shape_of,
)

DAYS = 45
"""Opening hours of checkpoints are laid out so far: orders lie within 31 days, and the last one's shifts end soon after."""


def restrictions_of(document: schemas.ScenarioDocument) -> Restrictions:
    """In the order of the document, so that complaints of ``resolve`` point into it."""
    datum = document.datum
    return Restrictions(
        tuple(_closure(entry, datum.closures) for entry in document.closures),
        tuple(_checkpoint(document, entry) for entry in document.checkpoints),
        tuple(_zone(entry, datum.zones) for entry in document.zones),
    )


def exempt_from(document: schemas.ScenarioDocument, order: str) -> frozenset[str]:
    """The restrictions that do not count for this order."""
    entries = (*document.closures, *document.checkpoints, *document.zones)
    return frozenset(entry.id for entry in entries if order in entry.exempt_orders)


def passes_of(document: schemas.ScenarioDocument) -> tuple[Pass, ...]:
    """Passes listed, and those named at a vehicle, which are valid always; of each vehicle that an entry counts out."""
    members = {entry.id: _vehicle_ids(entry) for entry in document.vehicles}
    listed = (
        Pass(entry.number, vehicle, frozenset(entry.places), InForce(entry.valid_from, entry.valid_to))
        for entry in document.passes
        for vehicle in members.get(entry.vehicle, (entry.vehicle,))
    )
    own = (
        Pass("", vehicle, frozenset(entry.passes))
        for entry in document.vehicles
        if entry.passes
        for vehicle in members[entry.id]
    )
    return (*listed, *own)


def _vehicle_ids(entry: schemas.VehicleEntry) -> tuple[str, ...]:
    return (entry.id,) if entry.count == 1 else tuple(f"{entry.id}-{n + 1}" for n in range(entry.count))


def _closure(entry: schemas.ClosureEntry, datum: Datum) -> Closure:
    return Closure(
        id=entry.id,
        shape=_named_road(entry, datum) if entry.geometry is None else _shape(entry.geometry, datum),
        in_force=InForce(entry.from_at, entry.to_at),
        spares_holders=entry.spares_holders,
        name=entry.name,
        source=entry.source,
        note=entry.note,
    )


def _named_road(entry: schemas.ClosureEntry, datum: Datum) -> NamedRoad:
    ends = (entry.from_lon, entry.from_lat, entry.to_lon, entry.to_lat)
    if entry.road is None or any(part is None for part in ends):
        return NamedRoad(entry.road or "")
    one, other = to_wgs84(np.array(ends, dtype=np.float64).reshape(2, 2), datum=datum).tolist()
    return NamedRoad(entry.road, (LonLat(*one), LonLat(*other)))


def _area(entry: schemas.GeometryEntry, datum: Datum) -> Area:
    """Of a checked document: a zone is never a line."""
    shape = _shape(entry, datum)
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise TypeError(entry.type)
    return shape


def _shape(entry: schemas.GeometryEntry, datum: Datum) -> Area | Line:
    return shapely.transform(shape_of(entry.type, entry.coordinates), lambda points: to_wgs84(points, datum=datum))


def _checkpoint(document: schemas.ScenarioDocument, entry: schemas.CheckpointEntry) -> Checkpoint:
    needs_pass = entry.needs_pass or bool(entry.lets_through)
    return Checkpoint(
        id=entry.id,
        location=_location(entry.lon, entry.lat, document.datum.checkpoints),
        delay_s=entry.delay_s,
        open_in=tuple(_open_in(document, entry.opening)) if entry.opening else None,
        lets_through=frozenset({entry.id, *entry.lets_through}) if needs_pass else None,
        in_force=InForce(entry.from_at, entry.to_at),
        name=entry.name,
        source=entry.source,
        note=entry.note,
    )


def _open_in(document: schemas.ScenarioDocument, opening: str) -> Iterator[InForce]:
    """From the day before the first order on."""
    zone = ZoneInfo(document.timezone)
    first = min(order.order_at.astimezone(UTC) for order in document.orders).astimezone(zone).date() - timedelta(days=1)
    hours = read_hours(opening)
    midnight = datetime.combine(first, datetime.min.time())
    for begin_min, end_min in hours.over(first, days=DAYS) if hours else ():
        begin, end = (midnight + timedelta(minutes=minute) for minute in (begin_min, end_min))
        yield InForce(begin.replace(tzinfo=zone), end.replace(tzinfo=zone))


def _zone(entry: schemas.ZoneEntry, datum: Datum) -> Zone:
    return Zone(
        id=entry.id,
        area=_area(entry.geometry, datum),
        level=entry.level,
        needs_pass=entry.needs_pass or entry.level == "sealed",
        gates=tuple(_location(gate.lon, gate.lat, datum) for gate in entry.gates),
        in_force=InForce(entry.from_at, entry.to_at),
        name=entry.name,
        source=entry.source,
        note=entry.note,
    )


def _location(lon: float, lat: float, datum: Datum) -> LonLat:
    return LonLat(*to_wgs84(np.array([lon, lat]), datum=datum).tolist())
