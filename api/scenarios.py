"""From a checked scenario document to the scenario that is planned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from api import schemas
from api.hours import Hours, read_hours
from geodata.datum import to_wgs84
from geodata.model import Datum, LonLat
from routing.model import (
    UNBOUND,
    AccessPoint,
    Demand,
    DemandLine,
    Depot,
    DispatchOrder,
    Interval,
    Load,
    Place,
    Policy,
    Role,
    Scenario,
    Site,
    SupplyKind,
    Vehicle,
)

DAYS_AHEAD = 9
"""Opening hours are laid out so far, so that a site that is closed can say when it opens next."""

WAY_HOME_S = 7_200
"""A vehicle without a shift of its own is on duty from the first order until so long after the last round."""


# --- scenario document to scenario ------------------------------------------------------------------------------


def scenario_of(document: schemas.ScenarioDocument) -> Scenario:
    """The scenario a checked document means, its coordinates in WGS-84."""
    epoch = min(order.order_at for order in document.orders)
    orders = tuple(_order(entry, epoch) for entry in document.orders)
    days = DAYS_AHEAD + max(order.limit_s for order in orders) // 86_400
    clock = _Clock(epoch, ZoneInfo(document.timezone), days)
    depots = _wgs84(document.depots, document.datum.depots)
    sites = _wgs84(document.sites, document.datum.sites)
    return Scenario(
        name=document.name,
        epoch=epoch,
        timezone=document.timezone,
        kinds=tuple(_kind(entry) for entry in document.kinds),
        access_points=_access_points(document, depots, sites),
        depots=tuple(Depot(_place(document, e, depots[e.id]), clock.hours(e.opening)) for e in document.depots),
        sites=tuple(_site(document, entry, sites[entry.id], clock) for entry in document.sites),
        vehicles=tuple(v for entry in document.vehicles for v in _vehicles(document, entry, clock, orders)),
        orders=orders,
        policy=_policy(document.settings),
        snap_limit_m=document.settings.snap_limit_m,
        fingerprint=fingerprint(document),
    )


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


def _place(document: schemas.ScenarioDocument, entry: schemas.PlaceEntry, location: LonLat) -> Place:
    roles = {
        role
        for role, entries in ((Role.SOURCE, document.depots), (Role.DESTINATION, document.sites))
        if any(other.id == entry.id for other in entries)
    }
    point = entry.access_point or entry.id
    return Place(entry.id, entry.name or entry.id, entry.kind.value, frozenset(roles), location, point)


def _site(document: schemas.ScenarioDocument, entry: schemas.SiteEntry, location: LonLat, clock: _Clock) -> Site:
    settings = document.settings
    per_crate_s = entry.service_per_crate_s
    return Site(
        place=_place(document, entry, location),
        demands=tuple(_demands(document, entry)),
        receiving=clock.hours(entry.receiving),
        finish_by_close=entry.finish_by_close,
        priority=entry.priority,
        required=entry.required,
        service_s=settings.service_s if entry.service_s is None else entry.service_s,
        service_per_crate_s=settings.service_per_crate_s if per_crate_s is None else per_crate_s,
    )


def _demands(document: schemas.ScenarioDocument, entry: schemas.SiteEntry) -> Iterator[Demand]:
    by_order: dict[str, list[DemandLine]] = {}
    for line in entry.demand:
        if line.units:
            by_order.setdefault(line.order or document.orders[0].id, []).append(DemandLine(line.kind, line.units))
    for order in document.orders:
        if order.id in by_order:
            yield Demand(order.id, tuple(by_order[order.id]))


def _kind(entry: schemas.KindEntry) -> SupplyKind:
    return SupplyKind(entry.id, entry.name or entry.id, round(entry.kg * 1_000), round(entry.m3 * 1e6), entry.crates)


def _vehicles(
    document: schemas.ScenarioDocument, entry: schemas.VehicleEntry, clock: _Clock, orders: Sequence[DispatchOrder]
) -> Iterator[Vehicle]:
    fixed_s = entry.fixed_cost_s
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
        shift=_shift(entry, clock, orders),
        fixed_cost_s=document.settings.vehicle_fixed_cost_s if fixed_s is None else fixed_s,
    )
    if entry.count == 1:
        yield vehicle
        return
    for number in range(1, entry.count + 1):
        yield replace(vehicle, id=f"{entry.id}-{number}", name=f"{vehicle.name}-{number}")


def _shift(entry: schemas.VehicleEntry, clock: _Clock, orders: Sequence[DispatchOrder]) -> Interval:
    """The shift that is on at the first order, or else the next."""
    shifts = clock.hours(entry.shift)
    if shifts is None:
        return Interval(0, max(order.limit_s for order in orders) + WAY_HOME_S)
    return next((shift for shift in shifts if shift.close_s > 0), Interval(0, 0))


def _policy(settings: schemas.Settings) -> Policy:
    prices = settings.prices
    by_priority = {1: prices.priority_1, 2: prices.priority_2, 3: prices.priority_3}
    return Policy(settings.after_target, settings.objective, by_priority)
