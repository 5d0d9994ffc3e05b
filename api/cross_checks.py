"""Cross checks of a scenario: ids, references, coordinates, clocks and hours that are sound alone but not together.

They run on whatever entries can be read, so that one bad cell does not hide what else is wrong.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import ValidationError

from api.complaints import complaint_at, nearest_name, pointer_to
from api.hours import DAY, Hours, Rest, read_breaks, read_hours, why_no_breaks, why_unread
from api.schemas import (
    AccessPointEntry,
    CheckpointEntry,
    ClosureEntry,
    DepotEntry,
    Document,
    DriverEntry,
    HourFactorEntry,
    KindEntry,
    LockEntry,
    OrderEntry,
    PassEntry,
    PlaceEntry,
    ScenarioDocument,
    SiteEntry,
    VehicleEntry,
    ZoneEntry,
)
from geodata.errors import Complaint, Text
from geodata.model import Datum
from geodata.profile import FACTOR_CLASSES, KINDS

MOST_OF = {
    "kinds": 200,
    "access_points": 20_000,
    "depots": 2_000,
    "sites": 20_000,
    "vehicles": 5_000,
    "drivers": 5_000,
    "locks": 20_000,
    "closures": 2_000,
    "checkpoints": 2_000,
    "zones": 2_000,
    "passes": 20_000,
    "hour_factors": 2_000,
}
MOST_LINES = 500
MOST_CHOICES = 5_000_000
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
    "drivers": DriverEntry,
    "locks": LockEntry,
    "closures": ClosureEntry,
    "checkpoints": CheckpointEntry,
    "zones": ZoneEntry,
    "passes": PassEntry,
    "hour_factors": HourFactorEntry,
}
COUNTED = re.compile(r"(?P<entry>.+)-(?P<number>[1-9]\d{0,3})")
MOST_SHOWN = 5

NAME_LISTS = (
    ("kinds", "apart", "kinds"),
    ("vehicles", "reload", "depots"),
    ("sites", "vehicles", "vehicles"),
    ("sites", "not_vehicles", "vehicles"),
    ("sites", "prefer_vehicles", "vehicles"),
    ("drivers", "known_sites", "sites"),
    ("closures", "exempt_orders", "orders"),
    ("checkpoints", "exempt_orders", "orders"),
    ("zones", "exempt_orders", "orders"),
)
"""List and member that holds ids, and the list they are ids of."""

SINGLE_NAMES = (
    ("vehicles", "depot", "depots"),
    ("vehicles", "end", "depots"),
    ("depots", "supplied_from", "depots"),
    ("passes", "vehicle", "vehicles"),
    ("locks", "vehicle", "vehicles"),
    ("locks", "route", "vehicles"),
)
"""The same of members that hold one id, or None."""

E = TypeVar("E", bound=Document)

TOO_MANY = Text("超过 {most} 项的上限（现有 {count} 项）", "more than the limit of {most} entries ({count} given)")
TOO_MANY_CHOICES = Text(
    "各点位对车辆的 {count} 种不同要求乘以 {vehicles} 辆车超过 {most}；请合并相同的要求",
    "{count} different wishes of sites for {vehicles} vehicles are more than {most} choices; use fewer different ones",
)
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
    "sites": Text("点位", "site"),
    "vehicles": Text("车辆", "vehicle"),
}
SAME_LINE = Text("品类“{kind}”在同一批次中重复", "the kind '{kind}' is demanded twice in one order")
SAME_STOCK = Text("品类“{kind}”的库存重复", "the stock of kind '{kind}' is given twice")
MANY_LINES = Text("需求超过 {most} 行", "more than {most} demand lines")
MANY_STOCK_LINES = Text("库存超过 {most} 行", "more than {most} lines of stock")
APART_FROM_ITSELF = Text("品类“{kind}”不能与自己分开装车", "the kind '{kind}' cannot be kept apart from itself")
AND_NOT = Text("车辆“{id}”同时被禁止", "the vehicle '{id}' is also among those that may not come")
TARGET_BEYOND = Text(
    "送达时限 {target} 秒超过批次“{order}”的轮次时限 {limit} 秒",
    "the target of {target} s is beyond the round limit of order '{order}', {limit} s",
)
BREAK_OUTSIDE = Text("休息“{rest}”不在班次“{shift}”之内", "the break '{rest}' does not fit into the shift '{shift}'")
NO_LENGTH = Text(
    "{count} 辆（组）车没有填写车长，不会派往限制车长的 {sites} 个点位：{names}",
    "no length is given for {count} entries of vehicles, which are not sent to the {sites} sites that limit it: {names}",
)
UNKNOWN_CLASS = Text(
    "未知的道路等级“{id}”；应为 highway 的取值，例如 primary，或用 * 表示所有等级",
    "unknown class of roads '{id}'; a value of highway such as primary, or * for any",
)
UNKNOWN_CLASS_LIKE = Text(
    "未知的道路等级“{id}”，是否为“{like}”？", "unknown class of roads '{id}'; did you mean '{like}'?"
)
SAME_HOUR = Text(
    "道路等级“{id}”在 {hour} 时已有系数", "the class of roads '{id}' already has a factor for the hour {hour}"
)
SIZE_ON_FOOT = Text("步行者没有车辆尺寸与重量", "who goes on foot has no dimensions of a vehicle")
AXLE_ABOVE_WEIGHT = Text(
    "轴重 {axle} 吨超过总重 {weight} 吨", "the axle load of {axle} t is more than the total weight of {weight} t"
)
LOAD_ABOVE_WEIGHT = Text(
    "总重 {weight} 吨（含货物）不大于载重 {kg} 公斤",
    "the total weight of {weight} t, load included, is no more than the load of {kg} kg",
)
HEAVIER = Text(
    "{count} 辆（组）车的载重不小于其通行方式通常的总重（如 {usual} 吨），限重与货车限行将按通常总重判断；"
    "请填写总重或改通行方式：{names}",
    "{count} entries of vehicles carry no less than their profile usually weighs laden (such as {usual} t), by which limits of"
    " weight and bans of lorries are judged; give their total weight or another profile: {names}",
)
NO_DEMAND = Text("没有任何点位有需求", "no site demands anything")
NO_CAPACITY = Text(
    "至少要有一项载重、容积或载箱数", "needs at least one of capacity_kg, capacity_m3 and capacity_crates"
)
NO_SIZE = Text("公斤、立方米、箱数不能都为 0", "kg, m3 and crates must not all be 0")
LOCK_FORM = Text(
    "须填写任务与车辆（可加位置），或只填写线路",
    "needs a visit and a vehicle (and perhaps a position), or a route alone",
)
LOCK_OF_MANY = Text(
    "“{id}”是 {count} 辆车；请写明其中一辆，如“{id}-1”",
    "'{id}' stands for {count} vehicles; name one, such as '{id}-1'",
)
NOT_A_VISIT = Text("“{id}”不是配送任务；应如“点位/1”", "'{id}' is not a visit; write it as site/1")
LOCKED_TWICE = Text("任务“{id}”锁定了不止一次", "the visit '{id}' is locked more than once")
SAME_POSITION = Text(
    "车辆“{id}”的第 {position} 站锁定了不止一个任务", "more than one visit is locked as stop {position} of '{id}'"
)
ROUTE_TWICE = Text("车辆“{id}”的线路锁定了不止一次", "the route of '{id}' is locked more than once")
SUPPLIES_ITSELF = Text("储备库“{id}”不能由自己供货", "the depot '{id}' cannot be supplied from itself")
THIRD_STAGE = Text(
    "上级库“{id}”自己也由“{above}”供货；只支持两级",
    "the supplier '{id}' is itself supplied, from '{above}'; there are two stages at most",
)
NOTHING_TO_SORT = Text("没有填写上级库，分拣时间无意义", "sorting takes a depot to be supplied from")
ONE_ORDER = Text(
    "有上级库时只能有一个批次（现有 {count} 个）；请逐批制定计划",
    "with a depot supplied from another there can be one order only, not {count}: plan one order at a time",
)
STATION_AS_SITE = Text(
    "“{id}”由上级库供货，不能在同一计划中又是点位",
    "'{id}' is supplied from another depot and cannot be a site of the same plan as well",
)
NO_VEHICLE_THERE = Text(
    "上级库“{id}”没有从那里出发的车辆，货物运不到转运站",
    "no vehicle starts at the supplier '{id}', so nothing can be brought to its stations",
)
NO_VEHICLE_BELOW = Text(
    "所有车辆都从上级库出发，没有车辆可送往点位", "every vehicle starts at a supplier; none is left to serve the sites"
)
FIRST_STAGE_ONLY = Text(
    "从上级库“{depot}”出发的车辆只送转运站：只能在那里补货、返回上级库，不能是“{id}”",
    "a vehicle that starts at the supplier '{depot}' serves stations only: it reloads there and ends at a supplier, not '{id}'",
)
SECOND_STAGE_ONLY = Text(
    "“{id}”是上级库，只向转运站供货；从“{depot}”出发的车辆不能在那里补货或返回",
    "'{id}' supplies stations only; a vehicle that starts at '{depot}' cannot reload or end there",
)
NO_LOCKS_YET = Text("有上级库时不能锁定", "nothing can be locked where a depot is supplied from another")
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
    drivers: Part[DriverEntry]
    locks: Part[LockEntry]
    closures: Part[ClosureEntry]
    checkpoints: Part[CheckpointEntry]
    zones: Part[ZoneEntry]
    passes: Part[PassEntry]
    hour_factors: Part[HourFactorEntry]
    timezone: object
    lists_hours: bool
    demand_known: bool
    datum: Mapping[str, Any]

    def tolerance(self, one: str, other: str) -> float:
        """Degrees by which one place may differ between two lists, before their datums are made one."""
        wgs84 = Datum.WGS84.value
        same = self.datum.get(one, wgs84) == self.datum.get(other, wgs84)
        return SAME_PLACE_DEG if same else DATUM_SHIFT_DEG

    def named(self) -> Iterator[tuple[str, Part[Any]]]:
        """The lists whose entries have ids."""
        return ((name, getattr(self, name)) for name, entry in ENTRIES.items() if "id" in entry.model_fields)


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
        drivers=_part(raw, document, "drivers", DriverEntry, unread),
        locks=_part(raw, document, "locks", LockEntry, unread),
        closures=_part(raw, document, "closures", ClosureEntry, unread),
        checkpoints=_part(raw, document, "checkpoints", CheckpointEntry, unread),
        zones=_part(raw, document, "zones", ZoneEntry, unread),
        passes=_part(raw, document, "passes", PassEntry, unread),
        hour_factors=_part(raw, document, "hour_factors", HourFactorEntry, unread),
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
    """What is let through, but should be known: hours taken as always open, notes read past, unknown lengths."""
    yield from _without_length(parts)
    yield from _heavier_than_usual(parts)
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
        if len(site.demand) > MOST_LINES:
            yield complaint_at(pointer_to("sites", index, "demand"), MANY_LINES, most=MOST_LINES)
    for index, depot in parts.depots.entries:
        if len(depot.stock) > MOST_LINES:
            yield complaint_at(pointer_to("depots", index, "stock"), MANY_STOCK_LINES, most=MOST_LINES)


def _too_many_choices(parts: Parts) -> Iterator[Complaint]:
    """Who may go where is kept as a set of vehicles for each different wish; an entry of a few bytes may mean many."""
    sites = [site for _, site in parts.sites.entries]
    wishes = {(site.vehicles, site.not_vehicles, site.longest_vehicle_m) for site in sites}
    count = len(wishes) + len({site.prefer_vehicles for site in sites})
    vehicles = sum(vehicle.count for _, vehicle in parts.vehicles.entries)
    if count > 2 and count * vehicles > MOST_CHOICES:
        yield complaint_at("/sites", TOO_MANY_CHOICES, count=count, vehicles=vehicles, most=MOST_CHOICES)


def _same_ids(parts: Parts) -> Iterator[Complaint]:
    for name, part in parts.named():
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
    yield from _listed_references(parts)
    yield from _line_references(parts)
    for name, index, place in _places(parts):
        if place.access_point is not None:
            yield pointer_to(name, index, "access_point"), "access_points", place.access_point
    for name, member, target in SINGLE_NAMES:
        for index, entry in getattr(parts, name).entries:
            if getattr(entry, member) is not None:
                yield pointer_to(name, index, member), target, getattr(entry, member)


def _listed_references(parts: Parts) -> Iterator[tuple[str, str, str]]:
    for name, member, target in NAME_LISTS:
        for index, entry in getattr(parts, name).entries:
            for at, identifier in enumerate(getattr(entry, member)):
                yield pointer_to(name, index, member, at), target, identifier


def _line_references(parts: Parts) -> Iterator[tuple[str, str, str]]:
    for index, depot in parts.depots.entries:
        for line, stock in enumerate(depot.stock):
            yield pointer_to("depots", index, "stock", line, "kind"), "kinds", stock.kind
    for index, site in parts.sites.entries:
        for line, demand in enumerate(site.demand):
            yield pointer_to("sites", index, "demand", line, "kind"), "kinds", demand.kind
            if demand.order is not None:
                yield pointer_to("sites", index, "demand", line, "order"), "orders", demand.order


def _unknown_references(parts: Parts) -> Iterator[Complaint]:
    hints = MOST_HINTS
    for pointer, name, identifier in _references(parts):
        part = getattr(parts, name)
        if part.known and identifier not in part.ids and not (name == "vehicles" and _is_counted(identifier, parts)):
            like = nearest_name(identifier, part.ids) if hints else ""
            hints = max(0, hints - 1)
            yield complaint_at(pointer, UNKNOWN_LIKE if like else UNKNOWN, what=WHAT[name], id=identifier, like=like)


def _locks(parts: Parts) -> Iterator[Complaint]:
    """Forms, visits and vehicles of locks, and locks that contradict each other."""
    seen: set[tuple[object, ...]] = set()
    counts = {vehicle.id: vehicle.count for _, vehicle in parts.vehicles.entries}
    for index, lock in parts.locks.entries:
        if not _is_one_lock(lock):
            yield complaint_at(pointer_to("locks", index), LOCK_FORM)
            continue
        member, vehicle = ("route", lock.route) if lock.route else ("vehicle", lock.vehicle)
        if counts.get(vehicle or "", 1) > 1:
            yield complaint_at(
                pointer_to("locks", index, member), LOCK_OF_MANY, id=vehicle, count=counts[vehicle or ""]
            )
        for pointer, message, key in _claims(index, lock):
            if key in seen:
                yield complaint_at(pointer, message, id=key[1], position=lock.position)
            seen.add(key)


def _is_one_lock(lock: LockEntry) -> bool:
    if lock.route is not None:
        return lock.visit is None and lock.vehicle is None and lock.position is None
    return lock.visit is not None and lock.vehicle is not None


def _claims(index: int, lock: LockEntry) -> Iterator[tuple[str, Text, tuple[object, ...]]]:
    """What only one lock may lay claim to: a visit, a position of a vehicle, a route."""
    if lock.visit is not None:
        yield pointer_to("locks", index, "visit"), LOCKED_TWICE, ("visit", lock.visit)
    if lock.position is not None:
        yield pointer_to("locks", index, "position"), SAME_POSITION, ("position", lock.vehicle, lock.position)
    if lock.route is not None:
        yield pointer_to("locks", index, "route"), ROUTE_TWICE, ("route", lock.route)


def _lock_references(parts: Parts) -> Iterator[Complaint]:
    """The site of a locked visit; the number of its part is looked up once demands are split into parts."""
    for index, lock in parts.locks.entries:
        site, slash, part = (lock.visit or "").rpartition("/")
        pointer = pointer_to("locks", index, "visit")
        if lock.visit is not None and not (slash and part.isascii() and part.isdecimal()):
            yield complaint_at(pointer, NOT_A_VISIT, id=lock.visit)
        elif lock.visit is not None and parts.sites.known and site not in parts.sites.ids:
            yield complaint_at(pointer, UNKNOWN, what=WHAT["sites"], id=site)


def _is_counted(identifier: str, parts: Parts) -> bool:
    """Whether this is V-2 of a vehicle V that stands for two or more, or for a number that could not be read."""
    match = COUNTED.fullmatch(identifier)
    if match is None or match["entry"] not in parts.vehicles.ids:
        return False
    counts = [vehicle.count for _, vehicle in parts.vehicles.entries if vehicle.id == match["entry"]]
    return not counts or any(1 < count >= int(match["number"]) for count in counts)


def _same_lines(parts: Parts) -> Iterator[Complaint]:
    first = parts.orders.entries[0][1].id if parts.orders.entries else None
    for index, site in parts.sites.entries:
        seen: set[tuple[str, str | None]] = set()
        for line, demand in enumerate(site.demand):
            key = (demand.kind, demand.order or first)
            if key in seen:
                yield complaint_at(pointer_to("sites", index, "demand", line), SAME_LINE, kind=demand.kind)
            seen.add(key)


def _same_stock(parts: Parts) -> Iterator[Complaint]:
    for index, depot in parts.depots.entries:
        seen: set[str] = set()
        for line, stock in enumerate(depot.stock):
            if stock.kind in seen:
                yield complaint_at(pointer_to("depots", index, "stock", line), SAME_STOCK, kind=stock.kind)
            seen.add(stock.kind)


def _contradictions(parts: Parts) -> Iterator[Complaint]:
    for index, kind in parts.kinds.entries:
        if kind.id in kind.apart:
            pointer = pointer_to("kinds", index, "apart", kind.apart.index(kind.id))
            yield complaint_at(pointer, APART_FROM_ITSELF, kind=kind.id)
    for index, site in parts.sites.entries:
        for member in ("vehicles", "prefer_vehicles"):
            for at, vehicle in enumerate(getattr(site, member)):
                if vehicle in site.not_vehicles:
                    yield complaint_at(pointer_to("sites", index, member, at), AND_NOT, id=vehicle)


def _targets(parts: Parts) -> Iterator[Complaint]:
    orders = [order for _, order in parts.orders.entries]
    for index, site in parts.sites.entries:
        wanted = {line.order or orders[0].id for line in site.demand} if orders else set()
        limits = [order for order in orders if order.id in wanted and order.round_limit_s < (site.target_s or 0)]
        for order in limits[:1]:
            words = {"target": site.target_s, "order": order.id, "limit": order.round_limit_s}
            yield complaint_at(pointer_to("sites", index, "target_s"), TARGET_BEYOND, **words)


def _without_length(parts: Parts) -> Iterator[Complaint]:
    """One warning for all: a vehicle of unknown length is not sent where length is limited."""
    limited = [index for index, site in parts.sites.entries if site.longest_vehicle_m is not None]
    unknown = [(index, vehicle.id) for index, vehicle in parts.vehicles.entries if _length_matters(vehicle)]
    if limited and unknown:
        names = "、".join(identifier for _, identifier in unknown[:MOST_SHOWN])
        names += " …" if len(unknown) > MOST_SHOWN else ""
        pointer = pointer_to("vehicles", unknown[0][0], "length_m")
        yield complaint_at(pointer, NO_LENGTH, count=len(unknown), sites=len(limited), names=names)


def _length_matters(vehicle: VehicleEntry) -> bool:
    return vehicle.length_m is None and vehicle.profile != "on_foot"


def _sizes(parts: Parts) -> Iterator[Complaint]:
    """What one figure of a vehicle says against another."""
    for index, vehicle in parts.vehicles.entries:
        if vehicle.profile == "on_foot":
            for member in ("height_m", "width_m", "length_m", "weight_t", "axle_t"):
                if getattr(vehicle, member) is not None:
                    yield complaint_at(pointer_to("vehicles", index, member), SIZE_ON_FOOT)
        elif vehicle.weight_t is not None:
            yield from _weights(index, vehicle, vehicle.weight_t)


def _weights(index: int, vehicle: VehicleEntry, weight_t: float) -> Iterator[Complaint]:
    if vehicle.axle_t is not None and vehicle.axle_t > weight_t:
        pointer = pointer_to("vehicles", index, "axle_t")
        yield complaint_at(pointer, AXLE_ABOVE_WEIGHT, axle=f"{vehicle.axle_t:g}", weight=f"{weight_t:g}")
    if vehicle.capacity_kg is not None and vehicle.capacity_kg >= 1_000 * weight_t:
        pointer = pointer_to("vehicles", index, "weight_t")
        yield complaint_at(pointer, LOAD_ABOVE_WEIGHT, kg=f"{vehicle.capacity_kg:g}", weight=f"{weight_t:g}")


def _hour_factors(parts: Parts) -> Iterator[Complaint]:
    seen: set[tuple[str, int]] = set()
    hints = MOST_HINTS
    for index, entry in parts.hour_factors.entries:
        if entry.road_class not in FACTOR_CLASSES:
            like = nearest_name(entry.road_class, FACTOR_CLASSES) if hints else ""
            hints = max(0, hints - 1)
            message = UNKNOWN_CLASS_LIKE if like else UNKNOWN_CLASS
            pointer = pointer_to("hour_factors", index, "road_class")
            yield complaint_at(pointer, message, id=entry.road_class, like=like)
        if (entry.road_class, entry.hour) in seen:
            yield complaint_at(
                pointer_to("hour_factors", index, "hour"), SAME_HOUR, id=entry.road_class, hour=entry.hour
            )
        seen.add((entry.road_class, entry.hour))


def _heavier_than_usual(parts: Parts) -> Iterator[Complaint]:
    """One warning for all vehicles whose load alone is as heavy as what their profile weighs laden, for want of a weight."""
    heavy = [
        (index, vehicle)
        for index, vehicle in parts.vehicles.entries
        if vehicle.weight_t is None and (vehicle.capacity_kg or 0.0) >= 1_000 * _usual_weight_t(vehicle)
    ]
    if heavy:
        names = "、".join(vehicle.id for _, vehicle in heavy[:MOST_SHOWN]) + (" …" if len(heavy) > MOST_SHOWN else "")
        index, first = heavy[0]
        usual = f"{_usual_weight_t(first):g}"
        yield complaint_at(
            pointer_to("vehicles", index, "capacity_kg"), HEAVIER, count=len(heavy), usual=usual, names=names
        )


def _usual_weight_t(vehicle: VehicleEntry) -> float:
    usual_t = KINDS[vehicle.profile].size.weight_t
    return math.inf if usual_t is None else usual_t


# --- depots that are supplied from others ---


def _stages(parts: Parts) -> Iterator[Complaint]:
    """Two stages, one order, no station that is a site, nothing locked."""
    above = {depot.id: depot.supplied_from for _, depot in parts.depots.entries if depot.supplied_from is not None}
    sites = {site.id for _, site in parts.sites.entries}
    orders = parts.orders.entries
    for index, depot in parts.depots.entries:
        if depot.supplied_from is None:
            if depot.sorting_s or depot.sorting_per_crate_s:
                member = "sorting_s" if depot.sorting_s else "sorting_per_crate_s"
                yield complaint_at(pointer_to("depots", index, member), NOTHING_TO_SORT)
            continue
        pointer = pointer_to("depots", index, "supplied_from")
        if depot.supplied_from == depot.id:
            yield complaint_at(pointer, SUPPLIES_ITSELF, id=depot.id)
        elif depot.supplied_from in above:
            yield complaint_at(pointer, THIRD_STAGE, id=depot.supplied_from, above=above[depot.supplied_from])
        if len(orders) > 1:
            yield complaint_at(pointer, ONE_ORDER, count=len(orders))
        if depot.id in sites:
            yield complaint_at(pointer_to("depots", index, "id"), STATION_AS_SITE, id=depot.id)
    if above and parts.locks.entries:
        yield complaint_at(pointer_to("locks", parts.locks.entries[0][0]), NO_LOCKS_YET)


def _vehicles_of_stages(parts: Parts) -> Iterator[Complaint]:
    """Each stage has vehicles of its own, and none of them comes to the other's depots."""
    stations = [(index, depot) for index, depot in parts.depots.entries if depot.supplied_from is not None]
    suppliers = {depot.supplied_from for _, depot in stations}
    starts = {vehicle.depot for _, vehicle in parts.vehicles.entries}
    if not suppliers or not parts.vehicles.known or len(parts.vehicles.entries) < len(parts.vehicles.ids):
        return
    for index, depot in stations:
        supplier = depot.supplied_from
        if supplier != depot.id and supplier in parts.depots.ids and supplier not in starts:
            yield complaint_at(pointer_to("depots", index, "supplied_from"), NO_VEHICLE_THERE, id=supplier)
    if starts <= suppliers:
        yield complaint_at("/vehicles", NO_VEHICLE_BELOW)
    for index, vehicle in parts.vehicles.entries:
        yield from _strays(index, vehicle, suppliers)


def _strays(index: int, vehicle: VehicleEntry, suppliers: Collection[str | None]) -> Iterator[Complaint]:
    first = vehicle.depot in suppliers
    ends = [] if vehicle.end is None else [(pointer_to("vehicles", index, "end"), vehicle.end)]
    reloads = [(pointer_to("vehicles", index, "reload", at), name) for at, name in enumerate(vehicle.reload)]
    astray = [each for each in ends if (each[1] in suppliers) != first]
    astray += [each for each in reloads if (each[1] != vehicle.depot if first else each[1] in suppliers)]
    for pointer, name in astray:
        yield complaint_at(pointer, FIRST_STAGE_ONLY if first else SECOND_STAGE_ONLY, depot=vehicle.depot, id=name)


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
    suspicious = np.flatnonzero(kilometres(at, np.median(at, axis=0)) > FAR_KM / 2)
    for row in suspicious[:2_000]:
        others = np.median(np.delete(at, row, axis=0), axis=0)
        far, near = kilometres(at[row], others), kilometres(at[row, ::-1], others)
        if far > FAR_KM and near < NEAR_KM:
            pointer = pointer_to(points[row][0], points[row][1], "lon")
            yield complaint_at(pointer, SWAPPED, far=round(float(far)), near=round(float(near)))


def kilometres(points: np.ndarray[Any, Any], centre: np.ndarray[Any, Any]) -> Any:
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
    for name, part in (("vehicles", parts.vehicles), ("drivers", parts.drivers)):
        for index, entry in part.entries:
            reason = why_unread(entry.shift) or _not_one_interval(entry.shift)
            if reason:
                yield Complaint(reason, pointer=pointer_to(name, index, "shift"))
    for index, vehicle in parts.vehicles.entries:
        reason = why_no_breaks(vehicle.breaks) or _outside_shift(vehicle)
        if reason:
            yield Complaint(reason, pointer=pointer_to("vehicles", index, "breaks"))


def _unread_receiving(parts: Parts) -> Iterator[tuple[str, Text]]:
    for index, site in parts.sites.entries:
        reason = why_unread(site.receiving)
        if reason:
            yield pointer_to("sites", index, "receiving"), reason


def _not_one_interval(shift: str) -> Text | None:
    hours = read_hours(shift)
    return None if hours is None or all(len(rule.intervals) == 1 for rule in hours.rules) else ONE_SHIFT


def _outside_shift(vehicle: VehicleEntry) -> Text | None:
    """Whether some break fits into the shift on no day at all."""
    shift = read_hours(vehicle.shift)
    if not vehicle.shift or shift is None:
        return None
    outside = any(not _fits_shift(rest, shift) for rest in read_breaks(vehicle.breaks))
    return complaint_at("", BREAK_OUTSIDE, rest=vehicle.breaks, shift=vehicle.shift).message if outside else None


def _fits_shift(rest: Rest, shift: Hours) -> bool:
    """Whether it can begin in its time, not before the shift, and end with it; a night's second half is a day on."""
    return any(
        max(start, opening) <= min(end, closing - rest.minutes)
        for rule in shift.rules
        for opening, closing in rule.intervals
        for start, end in ((rest.start + day, rest.end + day) for day in (-DAY, 0, DAY))
    )


CHECKS: tuple[Callable[[Parts], Iterator[Complaint]], ...] = (
    _too_many,
    _too_many_choices,
    _clock,
    _same_ids,
    _same_vehicles,
    _same_names_elsewhere,
    _unknown_references,
    _same_lines,
    _same_stock,
    _locks,
    _lock_references,
    _contradictions,
    _targets,
    _sizes,
    _hour_factors,
    _stages,
    _vehicles_of_stages,
    _nothing_to_do,
    _coordinates,
    _hours,
)
