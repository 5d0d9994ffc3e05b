"""Cross checks of a scenario: ids, references, coordinates, clocks and hours that are sound alone but not together.

They run on whatever entries can be read, so that one bad cell does not hide what else is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import ValidationError

from api.complaints import complaint_at, nearest_name, pointer_to
from api.hours import read_hours, why_unread
from api.schemas import (
    AccessPointEntry,
    DepotEntry,
    Document,
    KindEntry,
    OrderEntry,
    PlaceEntry,
    ScenarioDocument,
    SiteEntry,
    VehicleEntry,
)
from geodata.errors import Complaint, Text
from geodata.model import Datum

MOST_OF = {"kinds": 200, "access_points": 20_000, "depots": 2_000, "sites": 20_000, "vehicles": 5_000}
MOST_DEMAND_LINES = 500
MOST_ORDER_SPREAD_S = 31 * 86_400
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100

# Looking for the name that was meant takes time, and a list full of unknown names needs no more hints.
MOST_HINTS = 20
# Two records of one place may differ by rounding (0.1 m) and no more.
SAME_PLACE_DEG = 1e-6
# How far two coordinate systems may set one place apart.
DATUM_SHIFT_DEG = 0.02
FAR_KM, NEAR_KM, EARTH_KM = 500.0, 100.0, 6371.0

ENTRIES: dict[str, type[Document]] = {
    "orders": OrderEntry,
    "kinds": KindEntry,
    "access_points": AccessPointEntry,
    "depots": DepotEntry,
    "sites": SiteEntry,
    "vehicles": VehicleEntry,
}

E = TypeVar("E", bound=Document)

TOO_MANY = Text("超过 {most} 项的上限（现有 {count} 项）", "more than the limit of {most} entries ({count} given)")
SAME_ID = Text("编号“{id}”重复", "the id '{id}' is used more than once")
SAME_VEHICLE = Text("按数量展开后车辆编号“{id}”重复", "the vehicle id '{id}' is used more than once after counting out")
ELSEWHERE = Text(
    "编号“{id}”在储备库和点位中指不同地方；同一网点的坐标须一致",
    "the id '{id}' names two different places among depots and sites; an outlet needs the same coordinates in both",
)
GATE_ELSEWHERE = Text(
    "编号“{id}”也是另一处停靠点；请填写停靠点或改编号",
    "the id '{id}' is also that of an access point elsewhere; name the access point or change the id",
)
UNKNOWN = Text("{what}中没有“{id}”", "unknown {what} '{id}'")
UNKNOWN_LIKE = Text("{what}中没有“{id}”，是否为“{like}”？", "unknown {what} '{id}'; did you mean '{like}'?")
WHAT = {
    "orders": Text("批次", "order"),
    "kinds": Text("品类", "kind"),
    "access_points": Text("停靠点", "access point"),
    "depots": Text("储备库", "depot"),
}
SAME_LINE = Text("品类“{kind}”在同一批次中重复", "the kind '{kind}' is demanded twice in one order")
MANY_LINES = Text("需求超过 {most} 行", "more than {most} demand lines")
NO_DEMAND = Text("没有任何点位有需求", "no site demands anything")
NO_CAPACITY = Text(
    "至少要有一项载重、容积或载箱数", "needs at least one of capacity_kg, capacity_m3 and capacity_crates"
)
NO_SIZE = Text("公斤、立方米、箱数不能都为 0", "kg, m3 and crates must not all be 0")
NULL_ISLAND = Text("坐标为 (0, 0)，应是漏填", "the coordinates are (0, 0), which means they were left out")
SWAPPED = Text(
    "此点远离其他点 {far} 公里，对调后只有 {near} 公里：经度与纬度似乎写反了",
    "{far} km from the other points, but {near} km with longitude and latitude swapped: they look swapped",
)
NO_TIMEZONE = Text("没有时区“{name}”；应如 Asia/Shanghai", "unknown timezone '{name}'; write it as Asia/Shanghai")
YEAR = Text("年份须在 2000 与 2100 之间", "the year must lie between 2000 and 2100")
SPREAD = Text("与最早的批次相差超过 31 天", "is more than 31 days after the first order")
ONE_SHIFT = Text("班次只能有一个时段", "a shift is one interval")
HOURS_LISTED = Text("{reason}；此点按全天开放处理", "{reason}; the site is taken as always open")
HOURS_NOTE = Text("时间中的说明“{note}”未予考虑", "the note '{note}' in the hours was not taken into account")


@dataclass(frozen=True, slots=True)
class Part(Generic[E]):
    """The good entries of one list with their numbers, and every id that is written in it, good entry or not."""

    entries: tuple[tuple[int, E], ...]
    ids: frozenset[str]
    known: bool


@dataclass(frozen=True, slots=True)
class Parts:
    orders: Part[OrderEntry]
    kinds: Part[KindEntry]
    access_points: Part[AccessPointEntry]
    depots: Part[DepotEntry]
    sites: Part[SiteEntry]
    vehicles: Part[VehicleEntry]
    timezone: object
    lists_hours: bool
    demand_known: bool
    datum: Mapping[str, Any]

    def tolerance(self, one: str, other: str) -> float:
        """Degrees by which one place may differ between two lists, before their datums are made one."""
        wgs84 = Datum.WGS84.value
        same = self.datum.get(one, wgs84) == self.datum.get(other, wgs84)
        return SAME_PLACE_DEG if same else DATUM_SHIFT_DEG

    def every(self) -> Iterator[tuple[str, Part[Any]]]:
        return ((name, getattr(self, name)) for name in ENTRIES)


def readable_parts(raw: dict[str, Any], document: ScenarioDocument | None, unread: frozenset[str]) -> Parts:
    """The parts of a document, of which ``unread`` lists and columns are known to be missing."""
    settings = raw.get("settings")
    return Parts(
        orders=_part(raw, document, "orders", OrderEntry, unread),
        kinds=_part(raw, document, "kinds", KindEntry, unread),
        access_points=_part(raw, document, "access_points", AccessPointEntry, unread),
        depots=_part(raw, document, "depots", DepotEntry, unread),
        sites=_part(raw, document, "sites", SiteEntry, unread),
        vehicles=_part(raw, document, "vehicles", VehicleEntry, unread),
        timezone=raw.get("timezone", "Asia/Shanghai"),
        lists_hours=isinstance(settings, dict) and settings.get("unreadable_hours") == "list",
        datum=raw["datum"] if isinstance(raw.get("datum"), dict) else {},
        demand_known=not unread & {"sites", "kinds", "sites/demand"},
    )


def _part(
    raw: dict[str, Any], document: ScenarioDocument | None, name: str, entry: type[E], unread: frozenset[str]
) -> Part[E]:
    rows = raw.get(name, [])
    known = isinstance(rows, list) and name not in unread
    rows = rows if isinstance(rows, list) else []
    written = (row.get("id") for row in rows if isinstance(row, dict))
    ids = frozenset(identifier.strip() for identifier in written if isinstance(identifier, str))
    entries = tuple(enumerate(getattr(document, name))) if document else tuple(_good(rows, entry))
    return Part(entries, ids, known)


def _good(rows: Iterable[object], entry: type[E]) -> Iterator[tuple[int, E]]:
    for index, row in enumerate(rows):
        try:
            yield index, entry.model_validate_json(json.dumps(row), strict=True)
        except ValidationError:
            continue


def cross_complaints(parts: Parts) -> Iterator[Complaint]:
    """Every complaint about entries that are sound alone but not together."""
    for check in CHECKS:
        yield from check(parts)


def cross_warnings(parts: Parts) -> Iterator[Complaint]:
    """What is let through, but should be known: hours taken as always open, and notes read past."""
    if parts.lists_hours:
        yield from (complaint_at(pointer, HOURS_LISTED, reason=reason) for pointer, reason in _unread_receiving(parts))
    for index, site in parts.sites.entries:
        hours = read_hours(site.receiving)
        for note in hours.notes if hours else ():
            yield complaint_at(pointer_to("sites", index, "receiving"), HOURS_NOTE, note=note)


# --- the checks ---


def _too_many(parts: Parts) -> Iterator[Complaint]:
    for name, most in MOST_OF.items():
        entries = getattr(parts, name).entries
        count = sum(entry.count for _, entry in entries) if name == "vehicles" else len(entries)
        if count > most:
            yield complaint_at(pointer_to(name), TOO_MANY, most=most, count=count)
    for index, site in parts.sites.entries:
        if len(site.demand) > MOST_DEMAND_LINES:
            yield complaint_at(pointer_to("sites", index, "demand"), MANY_LINES, most=MOST_DEMAND_LINES)


def _same_ids(parts: Parts) -> Iterator[Complaint]:
    for name, part in parts.every():
        seen: set[str] = set()
        for index, entry in part.entries:
            if entry.id in seen:
                yield complaint_at(pointer_to(name, index, "id"), SAME_ID, id=entry.id)
            seen.add(entry.id)


def _same_vehicles(parts: Parts) -> Iterator[Complaint]:
    if sum(vehicle.count for _, vehicle in parts.vehicles.entries) > MOST_OF["vehicles"]:
        return
    seen: set[str] = set()
    written: set[str] = set()
    for index, vehicle in parts.vehicles.entries:
        names = [vehicle.id] if vehicle.count == 1 else [f"{vehicle.id}-{n + 1}" for n in range(vehicle.count)]
        clash = next((name for name in names if name in seen), None)
        if clash is not None and vehicle.id not in written:
            yield complaint_at(pointer_to("vehicles", index, "id"), SAME_VEHICLE, id=clash)
        seen.update(names)
        written.add(vehicle.id)


def _same_names_elsewhere(parts: Parts) -> Iterator[Complaint]:
    depots = {depot.id: depot for _, depot in parts.depots.entries}
    for index, site in parts.sites.entries:
        if site.id in depots and _apart(site, depots[site.id], parts.tolerance("sites", "depots")):
            yield complaint_at(pointer_to("sites", index, "id"), ELSEWHERE, id=site.id)
    gates = {gate.id: gate for _, gate in parts.access_points.entries}
    for name, index, place in _places(parts):
        own = place.id in gates and place.access_point is None
        if own and _apart(place, gates[place.id], parts.tolerance(name, "access_points")):
            yield complaint_at(pointer_to(name, index, "id"), GATE_ELSEWHERE, id=place.id)


def _apart(one: PlaceEntry | AccessPointEntry, other: PlaceEntry | AccessPointEntry, tolerance_deg: float) -> bool:
    return max(abs(one.lon - other.lon), abs(one.lat - other.lat)) > tolerance_deg


def _places(parts: Parts) -> Iterator[tuple[str, int, PlaceEntry]]:
    yield from (("depots", index, depot) for index, depot in parts.depots.entries)
    yield from (("sites", index, site) for index, site in parts.sites.entries)


def _references(parts: Parts) -> Iterator[tuple[str, str, str]]:
    """Pointer, list referred to and id of every reference."""
    for name, index, place in _places(parts):
        if place.access_point is not None:
            yield pointer_to(name, index, "access_point"), "access_points", place.access_point
    for index, vehicle in parts.vehicles.entries:
        yield pointer_to("vehicles", index, "depot"), "depots", vehicle.depot
        if vehicle.end is not None:
            yield pointer_to("vehicles", index, "end"), "depots", vehicle.end
    for index, site in parts.sites.entries:
        for line, demand in enumerate(site.demand):
            yield pointer_to("sites", index, "demand", line, "kind"), "kinds", demand.kind
            if demand.order is not None:
                yield pointer_to("sites", index, "demand", line, "order"), "orders", demand.order


def _unknown_references(parts: Parts) -> Iterator[Complaint]:
    hints = MOST_HINTS
    for pointer, name, identifier in _references(parts):
        part = getattr(parts, name)
        if part.known and identifier not in part.ids:
            like = nearest_name(identifier, part.ids) if hints else ""
            hints = max(0, hints - 1)
            yield complaint_at(pointer, UNKNOWN_LIKE if like else UNKNOWN, what=WHAT[name], id=identifier, like=like)


def _same_lines(parts: Parts) -> Iterator[Complaint]:
    first = parts.orders.entries[0][1].id if parts.orders.entries else None
    for index, site in parts.sites.entries:
        seen: set[tuple[str, str | None]] = set()
        for line, demand in enumerate(site.demand):
            key = (demand.kind, demand.order or first)
            if key in seen:
                yield complaint_at(pointer_to("sites", index, "demand", line), SAME_LINE, kind=demand.kind)
            seen.add(key)


def _nothing_to_do(parts: Parts) -> Iterator[Complaint]:
    for index, vehicle in parts.vehicles.entries:
        if vehicle.capacity_kg is None and vehicle.capacity_m3 is None and vehicle.capacity_crates is None:
            yield complaint_at(pointer_to("vehicles", index), NO_CAPACITY)
    for index, kind in parts.kinds.entries:
        if kind.kg == kind.m3 == kind.crates == 0:
            yield complaint_at(pointer_to("kinds", index), NO_SIZE)
    sites = parts.sites
    whole = parts.demand_known and sites.entries and len(sites.entries) >= len(sites.ids)
    if whole and not any(line.units for _, site in sites.entries for line in site.demand):
        yield complaint_at("/sites", NO_DEMAND)


def _coordinates(parts: Parts) -> Iterator[Complaint]:
    named = [(name, index, place) for name, index, place in _places(parts)]
    points: list[tuple[str, int, PlaceEntry | AccessPointEntry]] = [
        *named,
        *(("access_points", index, gate) for index, gate in parts.access_points.entries),
    ]
    for name, index, point in points:
        if point.lon == point.lat == 0:
            yield complaint_at(pointer_to(name, index, "lon"), NULL_ISLAND)
    real = [(name, index, point.lon, point.lat) for name, index, point in points if point.lon or point.lat]
    yield from _swapped(real)


def _swapped(points: list[tuple[str, int, float, float]]) -> Iterator[Complaint]:
    if len(points) < 2:
        return
    at = np.array([(lon, lat) for _, _, lon, lat in points])
    suspicious = np.flatnonzero(_kilometres(at, np.median(at, axis=0)) > FAR_KM / 2)
    for row in suspicious[:2_000]:
        others = np.median(np.delete(at, row, axis=0), axis=0)
        far, near = _kilometres(at[row], others), _kilometres(at[row, ::-1], others)
        if far > FAR_KM and near < NEAR_KM:
            pointer = pointer_to(points[row][0], points[row][1], "lon")
            yield complaint_at(pointer, SWAPPED, far=round(float(far)), near=round(float(near)))


def _kilometres(points: np.ndarray[Any, Any], centre: np.ndarray[Any, Any]) -> Any:
    """Great-circle distance (haversine), lon and lat in degrees."""
    lon, lat = np.radians(points[..., 0]), np.radians(points[..., 1])
    centre_lon, centre_lat = np.radians(centre)
    chord = np.sin((lat - centre_lat) / 2) ** 2 + np.cos(lat) * np.cos(centre_lat) * np.sin((lon - centre_lon) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))


def _clock(parts: Parts) -> Iterator[Complaint]:
    if isinstance(parts.timezone, str) and not _is_timezone(parts.timezone):
        yield complaint_at("/timezone", NO_TIMEZONE, name=parts.timezone[:60])
    sound = []
    for index, order in parts.orders.entries:
        if EARLIEST_YEAR <= order.order_at.year < LATEST_YEAR:
            sound.append((index, order.order_at))
        else:
            yield complaint_at(pointer_to("orders", index, "order_at"), YEAR)
    first = min((instant for _, instant in sound), default=None)
    for index, instant in sound:
        if first is not None and (instant - first).total_seconds() > MOST_ORDER_SPREAD_S:
            yield complaint_at(pointer_to("orders", index, "order_at"), SPREAD)


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


# --- opening hours -----------------------------------------------------------------------------------------------


def _hours(parts: Parts) -> Iterator[Complaint]:
    if not parts.lists_hours:
        yield from (Complaint(reason, pointer=pointer) for pointer, reason in _unread_receiving(parts))
    for index, depot in parts.depots.entries:
        reason = why_unread(depot.opening)
        if reason:
            yield Complaint(reason, pointer=pointer_to("depots", index, "opening"))
    for index, vehicle in parts.vehicles.entries:
        reason = why_unread(vehicle.shift) or _not_one_interval(vehicle.shift)
        if reason:
            yield Complaint(reason, pointer=pointer_to("vehicles", index, "shift"))


def _unread_receiving(parts: Parts) -> Iterator[tuple[str, Text]]:
    for index, site in parts.sites.entries:
        reason = why_unread(site.receiving)
        if reason:
            yield pointer_to("sites", index, "receiving"), reason


def _not_one_interval(shift: str) -> Text | None:
    hours = read_hours(shift)
    return None if hours is None or all(len(rule.intervals) == 1 for rule in hours.rules) else ONE_SHIFT


CHECKS: tuple[Callable[[Parts], Iterator[Complaint]], ...] = (
    _too_many,
    _clock,
    _same_ids,
    _same_vehicles,
    _same_names_elsewhere,
    _unknown_references,
    _same_lines,
    _nothing_to_do,
    _coordinates,
    _hours,
)
