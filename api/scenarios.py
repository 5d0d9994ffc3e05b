"""From a checked scenario document to the scenario that is planned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from api import schemas
from api.hours import DAY, Hours, Rest, read_breaks, read_hours
from api.restrictions import exempt_from, passes_of, restrictions_of
from geodata.datum import to_wgs84
from geodata.model import Datum, LonLat
from geodata.profile import HourlyFactors, Size
from routing.model import (
    UNBOUND,
    AccessPoint,
    Break,
    Demand,
    DemandLine,
    Depot,
    DispatchOrder,
    Driver,
    Interval,
    Load,
    Lock,
    Place,
    Policy,
    Role,
    Scenario,
    Site,
    Supply,
    SupplyKind,
    Vehicle,
    ZoneLevel,
)

DAYS_AHEAD = 9
"""Opening hours are laid out so far, so that a site that is closed can say when it opens next."""

WAY_HOME_S = 7_200
"""A vehicle without a shift of its own is on duty from the first order until so long after the last round."""


# --- scenario document to scenario ------------------------------------------------------------------------------


def scenario_of(document: schemas.ScenarioDocument) -> Scenario:
    """The scenario a checked document means, its coordinates in WGS-84."""
    epoch = min(order.order_at.astimezone(UTC) for order in document.orders)  # in a zone, differences skip DST changes
    orders = tuple(_order(entry, epoch) for entry in document.orders)
    days = DAYS_AHEAD + max(order.limit_s for order in orders) // 86_400
    clock = _Clock(epoch, ZoneInfo(document.timezone), days)
    depots = _wgs84(document.depots, document.datum.depots)
    sites = _wgs84(document.sites, document.datum.sites)
    roles = _roles(document)
    fleet = _fleet(document)
    return Scenario(
        name=document.name,
        epoch=epoch,
        timezone=document.timezone,
        kinds=_kinds(document),
        access_points=_access_points(document, depots, sites),
        depots=_depots(document, {e.id: _place(e, depots[e.id], roles) for e in document.depots}, clock),
        sites=tuple(_site(document, e, _place(e, sites[e.id], roles), clock, fleet) for e in document.sites),
        vehicles=tuple(v for entry in document.vehicles for v in _vehicles(document, entry, clock, orders)),
        drivers=tuple(_driver(entry, clock, orders) for entry in document.drivers),
        orders=orders,
        policy=_policy(document.settings),
        snap_limit_m=document.settings.snap_limit_m,
        fingerprint=fingerprint(document),
        locks=tuple(_lock(entry) for entry in document.locks),
        restrictions=restrictions_of(document),
        permits=passes_of(document),
        exempt={entry.id: exempt_from(document, entry.id) for entry in document.orders},
        ferries=document.settings.ferries,
        hour_factors=_hour_factors(document),
    )


def _hour_factors(document: schemas.ScenarioDocument) -> HourlyFactors | None:
    factors = {(entry.road_class, entry.hour): entry.factor for entry in document.hour_factors}
    return HourlyFactors(factors) if factors else None


def fingerprint(document: schemas.ScenarioDocument) -> str:
    return hashlib.sha256(document.model_dump_json().encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Clock:
    """Wall-clock hours as intervals in seconds since the first order, over so many days from the day before it."""

    epoch: datetime
    zone: ZoneInfo
    days: int

    def hours(self, text: str) -> tuple[Interval, ...] | None:
        """None for no text, or for one that cannot be read and was let through with a warning: always."""
        hours = read_hours(text) if text else None
        return None if hours is None else tuple(self._intervals(hours))

    def rests(self, rest: Rest) -> Iterator[Interval]:
        """The times in which a rest begins, one on each of its days."""
        first = self.epoch.astimezone(self.zone).date() - timedelta(days=1)
        for offset in range(self.days + 1):
            if (first + timedelta(days=offset)).weekday() in rest.window.weekdays:
                day = offset * DAY
                yield Interval(self._second(first, rest.start + day), self._second(first, rest.end + day))

    def _intervals(self, hours: Hours) -> Iterator[Interval]:
        first = self.epoch.astimezone(self.zone).date() - timedelta(days=1)
        for open_min, close_min in hours.over(first, days=self.days + 1):
            interval = Interval(self._second(first, open_min), self._second(first, close_min))
            if interval.close_s >= 0:
                yield interval

    def _second(self, first: date, minute: int) -> int:
        wall = datetime.combine(first, datetime.min.time()) + timedelta(minutes=minute)
        return round((wall.replace(tzinfo=self.zone) - self.epoch).total_seconds())


def _order(entry: schemas.OrderEntry, epoch: datetime) -> DispatchOrder:
    order_s = round((entry.order_at - epoch).total_seconds())
    return DispatchOrder(entry.id, order_s, entry.target_s, entry.round_limit_s)


def _wgs84(entries: Sequence[schemas.PlaceEntry | schemas.AccessPointEntry], datum: Datum) -> dict[str, LonLat]:
    points = np.array([[entry.lon, entry.lat] for entry in entries], dtype=np.float64).reshape(-1, 2)
    converted = to_wgs84(points, datum=datum)
    return {e.id: LonLat(float(lon), float(lat)) for e, (lon, lat) in zip(entries, converted, strict=True)}


def _access_points(
    document: schemas.ScenarioDocument, depots: Mapping[str, LonLat], sites: Mapping[str, LonLat]
) -> tuple[AccessPoint, ...]:
    """Those listed, and each place without one as its own."""
    listed = _wgs84(document.access_points, document.datum.access_points)
    points = {e.id: AccessPoint(e.id, e.name, listed[e.id], e.bays) for e in document.access_points}
    for entries, where in ((document.depots, depots), (document.sites, sites)):
        for entry in entries:
            if entry.access_point is None:
                points.setdefault(entry.id, AccessPoint(entry.id, entry.name, where[entry.id]))
    return tuple(points.values())


def _roles(document: schemas.ScenarioDocument) -> dict[str, frozenset[Role]]:
    """By place: a depot supplies, a site receives, and one that is both does both."""
    depots, sites = ({entry.id for entry in entries} for entries in (document.depots, document.sites))
    lists = ((Role.SOURCE, depots), (Role.DESTINATION, sites))
    return {name: frozenset(role for role, names in lists if name in names) for name in depots | sites}


def _place(entry: schemas.PlaceEntry, location: LonLat, roles: Mapping[str, frozenset[Role]]) -> Place:
    point = entry.access_point or entry.id
    return Place(entry.id, entry.name or entry.id, entry.kind.value, roles[entry.id], location, point)


class _Wish(NamedTuple):
    """What a site asks of vehicles besides a pass."""

    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    longest_m: float | None = None

    @classmethod
    def of(cls, site: schemas.SiteEntry) -> _Wish:
        return cls(site.vehicles, site.not_vehicles, site.longest_vehicle_m)

    def fits(self, length_m: float | None) -> bool:
        """Where length is limited, an unknown one does not fit: it may be the one that gets stuck."""
        return self.longest_m is None or (length_m is not None and length_m <= self.longest_m)


@dataclass(frozen=True, slots=True)
class _Fleet:
    """Which vehicles sites let in, and which they prefer; one set for all sites of the same wish."""

    allowed: Mapping[_Wish, frozenset[str] | None]
    preferred: Mapping[tuple[str, ...], frozenset[str]]


def _fleet(document: schemas.ScenarioDocument) -> _Fleet:
    members = {entry.id: frozenset(_vehicle_ids(entry)) for entry in document.vehicles}

    def named(names: Iterable[str]) -> frozenset[str]:
        return frozenset(vehicle for name in names for vehicle in members.get(name, (name,)))

    def allowed(wish: _Wish) -> frozenset[str] | None:
        fitting = named(entry.id for entry in document.vehicles if wish.fits(_length_m(entry)))
        chosen = fitting & named(wish.only) if wish.only else fitting
        return None if wish == _Wish() else chosen - named(wish.never)

    wishes = {_Wish.of(site) for site in document.sites}
    preferences = {site.prefer_vehicles for site in document.sites}
    return _Fleet({wish: allowed(wish) for wish in wishes}, {names: named(names) for names in preferences})


def _site(
    document: schemas.ScenarioDocument, entry: schemas.SiteEntry, place: Place, clock: _Clock, fleet: _Fleet
) -> Site:
    settings = document.settings
    per_crate_s = entry.service_per_crate_s
    return Site(
        place=place,
        demands=tuple(_demands(document, entry)),
        receiving=clock.hours(entry.receiving),
        finish_by_close=entry.finish_by_close,
        priority=entry.priority,
        required=entry.required,
        service_s=settings.service_s if entry.service_s is None else entry.service_s,
        service_per_crate_s=settings.service_per_crate_s if per_crate_s is None else per_crate_s,
        target_s=entry.target_s,
        zone=ZoneLevel[entry.zone.upper()] if entry.zone else ZoneLevel.OPEN,
        most_vehicles=entry.max_vehicles,
        allowed=fleet.allowed[_Wish.of(entry)],
        needs_pass=entry.needs_pass,
        preferred=fleet.preferred[entry.prefer_vehicles],
    )


def _demands(document: schemas.ScenarioDocument, entry: schemas.SiteEntry) -> Iterator[Demand]:
    by_order: dict[str, list[DemandLine]] = {}
    for line in entry.demand:
        if line.units:
            by_order.setdefault(line.order or document.orders[0].id, []).append(DemandLine(line.kind, line.units))
    for order in document.orders:
        if order.id in by_order:
            yield Demand(order.id, tuple(by_order[order.id]))


def _kinds(document: schemas.ScenarioDocument) -> tuple[SupplyKind, ...]:
    """Apart goes both ways, whichever of the two says so."""
    apart: dict[str, set[str]] = {entry.id: set(entry.apart) for entry in document.kinds}
    for entry in document.kinds:
        for other in entry.apart:
            apart[other].add(entry.id)
    return tuple(_kind(entry, frozenset(apart[entry.id])) for entry in document.kinds)


def _kind(entry: schemas.KindEntry, apart: frozenset[str]) -> SupplyKind:
    grams, cm3 = round(entry.kg * 1_000), round(entry.m3 * 1e6)
    return SupplyKind(entry.id, entry.name or entry.id, grams, cm3, entry.crates, apart)


def _depots(document: schemas.ScenarioDocument, places: Mapping[str, Place], clock: _Clock) -> tuple[Depot, ...]:
    """A kind with stock at any depot is limited at every depot; at stations every kind is, and limits no other depot."""
    every = [kind.id for kind in document.kinds]
    limited = sorted({line.kind for entry in document.depots if entry.supplied_from is None for line in entry.stock})
    return tuple(
        _depot(document.settings, entry, places[entry.id], clock, limited if entry.supplied_from is None else every)
        for entry in document.depots
    )


def _supply(settings: schemas.Settings, entry: schemas.DepotEntry) -> Supply | None:
    if entry.supplied_from is None:
        return None
    return Supply(
        supplier=entry.supplied_from,
        sorting_s=entry.sorting_s,
        sorting_per_crate_s=entry.sorting_per_crate_s,
        service_s=settings.service_s,
        service_per_crate_s=settings.service_per_crate_s,
    )


def _depot(
    settings: schemas.Settings, entry: schemas.DepotEntry, place: Place, clock: _Clock, limited: Sequence[str]
) -> Depot:
    return Depot(
        place=place,
        opening=clock.hours(entry.opening),
        loading_s=entry.loading_s,
        loading_per_crate_s=entry.loading_per_crate_s,
        bays=entry.loading_bays,
        stock=dict.fromkeys(limited, 0) | {line.kind: line.units for line in entry.stock},
        supply=_supply(settings, entry),
    )


def _vehicles(
    document: schemas.ScenarioDocument, entry: schemas.VehicleEntry, clock: _Clock, orders: Sequence[DispatchOrder]
) -> Iterator[Vehicle]:
    fixed_s = entry.fixed_cost_s
    shift = _shift(entry.shift, clock, orders)
    vehicle = Vehicle(
        id=entry.id,
        name=entry.name or entry.id,
        kind=entry.kind,
        start=entry.depot,
        end=entry.end or entry.depot,
        capacity=Load(
            UNBOUND if entry.capacity_kg is None else round(entry.capacity_kg * 1_000),
            UNBOUND if entry.capacity_m3 is None else round(entry.capacity_m3 * 1e6),
            UNBOUND if entry.capacity_crates is None else entry.capacity_crates,
        ),
        shift=shift,
        fixed_cost_s=document.settings.vehicle_fixed_cost_s if fixed_s is None else fixed_s,
        max_loops=entry.max_loops,
        reload_at=entry.reload or (entry.depot,),
        breaks=tuple(_breaks(entry, clock, shift)),
        passes=frozenset(entry.passes),
        licence=entry.licence,
        profile=entry.profile,
        size=_size(entry),
    )
    if entry.count == 1:
        yield vehicle
        return
    for number, identifier in enumerate(_vehicle_ids(entry), 1):
        yield replace(vehicle, id=identifier, name=f"{vehicle.name}-{number}")


def _length_m(entry: schemas.VehicleEntry) -> float | None:
    """Of the vehicle itself, not of its kind; who comes on foot gets in everywhere."""
    return 0.0 if entry.profile == "on_foot" else entry.length_m


def _size(entry: schemas.VehicleEntry) -> Size:
    return Size(entry.height_m, entry.width_m, entry.length_m, entry.weight_t, entry.axle_t, entry.hazmat)


def _vehicle_ids(entry: schemas.VehicleEntry) -> list[str]:
    """The ids of the vehicles an entry stands for."""
    return [entry.id] if entry.count == 1 else [f"{entry.id}-{number}" for number in range(1, entry.count + 1)]


def _breaks(entry: schemas.VehicleEntry, clock: _Clock, shift: Interval) -> Iterator[Break]:
    """The rests of this shift that can still begin; cut so that they are taken within it and after the first order."""
    for rest in read_breaks(entry.breaks):
        duration_s = rest.minutes * 60
        within = Interval(max(shift.open_s, 0), shift.close_s - duration_s)
        windows = (window.meet(within) for window in clock.rests(rest))
        yield from (Break(window, duration_s) for window in windows if window is not None)


def _lock(entry: schemas.LockEntry) -> Lock:
    return Lock(entry.route or entry.vehicle or "", entry.visit, entry.position)


def _driver(entry: schemas.DriverEntry, clock: _Clock, orders: Sequence[DispatchOrder]) -> Driver:
    return Driver(
        id=entry.id,
        name=entry.name or entry.id,
        shift=_shift(entry.shift, clock, orders),
        licences=frozenset(entry.licences),
        known=frozenset(entry.known_sites),
    )


def _shift(text: str, clock: _Clock, orders: Sequence[DispatchOrder]) -> Interval:
    """The shift that is on at the first order, or else the next."""
    shifts = clock.hours(text)
    if shifts is None:
        return Interval(0, max(order.limit_s for order in orders) + WAY_HOME_S)
    return next((shift for shift in shifts if shift.close_s > 0), Interval(0, 0))


def _policy(settings: schemas.Settings) -> Policy:
    prices = settings.prices
    by_priority = {1: prices.priority_1, 2: prices.priority_2, 3: prices.priority_3}
    return Policy(
        after_target=settings.after_target,
        objective=settings.objective,
        prices=by_priority,
        target_from=settings.target_from,
        longest_route_s=settings.longest_route_s,
        disinfection_s=settings.disinfection_s,
        unpreferred_price_s=settings.unpreferred_price_s,
        change_price_s=settings.change_price_s,
        longest_route_price=settings.longest_route_price,
    )
