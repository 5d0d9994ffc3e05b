"""Reasons, tested by the checker's own reckoning: the first that holds is the one a late or unserved visit must carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

from geodata.errors import Text
from geodata.travel_times import NO_WAY_S
from routing.check_book import Book, may_come
from routing.model import Interval, Load, Plan, ReasonCode, Site, Stop, Vehicle, Violation, Visit


def check_reasons(book: Book, plan: Plan, late: Collection[str]) -> Iterator[Violation]:
    """Late and unserved visits carry the first reason that holds; stops in time carry none. ``late``: visits."""
    left = _stock_left(book, plan)
    for loop in (loop for route in plan.routes for loop in route.loops):
        for stop in loop.stops:
            yield from _check_stop(book, stop, _draw(loop.depot, stop.visit), left, late)
    for unserved in plan.unserved:
        if unserved.reason is None:
            text = Text("未送达的任务须有原因", "an unserved visit carries a reason")
            yield Violation("DEMAND", text, visit=unserved.visit.id)
        else:
            left_out = _LeftOver(left, unserved=True)
            yield from _check_reason(book, "DEMAND", unserved.visit, unserved.reason.code, left_out)


Stock = Counter[tuple[str, str]]
"""Units by depot and kind."""


class _LeftOver(NamedTuple):
    """What the rest of a plan leaves for a visit. ``unserved``: the plan does not make it at all."""

    stock: Stock
    unserved: bool = False


def _stock_left(book: Book, plan: Plan) -> Stock:
    """Of each limited kind what stays at each depot."""
    left = Stock({(d.place.id, kind): n for d in book.problem.scenario.depots for kind, n in d.stock.items()})
    for loop in (loop for route in plan.routes for loop in route.loops):
        for stop in loop.stops:
            left.subtract(_draw(loop.depot, stop.visit))
    return left


def _draw(depot: str, visit: Visit) -> Stock:
    drawn = Stock()
    for line in visit.lines:
        drawn[depot, line.kind] += line.units
    return drawn


def _check_stop(book: Book, stop: Stop, drawn: Stock, left: Stock, late: Collection[str]) -> Iterator[Violation]:
    """``left`` and what the stop itself drew: what there would be for it if it came after everybody else."""
    if (stop.reason is None) == (stop.visit.id in late):
        text = Text("迟到的停靠须有原因，准时的没有", "a late stop carries a reason, a stop in time none")
        yield Violation("TARGET", text, visit=stop.visit.id)
    elif stop.reason is not None:
        for_it = Stock(left)
        for_it.update(drawn)
        yield from _check_reason(book, "TARGET", stop.visit, stop.reason.code, _LeftOver(for_it))


def _check_reason(book: Book, rule: str, visit: Visit, stated: ReasonCode, left: _LeftOver) -> Iterator[Violation]:
    if visit.id not in book.visits:
        return
    found = _reason_code(book, book.visits[visit.id], left)
    if stated is not found:
        text = Text(f"原因 {stated} 不成立，应为 {found}", f"the reason {stated} does not hold; {found} does")
        yield Violation(rule, text, visit=visit.id)


def _reason_code(book: Book, visit: Visit, left: _LeftOver) -> ReasonCode:
    """The first reason that holds: the visit alone, by every vehicle there is, and then beside the rest of the plan."""
    site = book.sites[visit.site]
    held = visit.allowed  # the site's own choice, or of it the one vehicle that a lock leaves
    named = [vehicle for name, vehicle in book.vehicles.items() if held is None or name in held]
    vehicles = [vehicle for vehicle in named if may_come(site, vehicle)]
    everyone = book.vehicles.values()
    tests: tuple[tuple[ReasonCode, Callable[[], bool]], ...] = (
        (
            ReasonCode.UNREACHABLE,
            lambda: _unreachable(book, visit, vehicles) and not _opened_by_passes(book, visit, vehicles),
        ),
        (
            ReasonCode.NO_PASS,
            lambda: (
                _unreachable(book, visit, vehicles)
                or (not vehicles and any(may_come(replace(site, needs_pass=None), vehicle) for vehicle in everyone))
            ),
        ),
        (
            ReasonCode.TOO_BIG,
            lambda: (
                _no_unit_fits(book, visit, _driving(book, visit, vehicles) or vehicles)
                or (left.unserved and _over_the_cap(book, site))
            ),
        ),
        (ReasonCode.TOO_FAR, lambda: not any(_in_time_alone(book, v, visit, None) for v in vehicles)),
        (ReasonCode.WINDOW_MISSED, lambda: not any(_in_time_alone(book, v, visit, site.receiving) for v in vehicles)),
        (
            ReasonCode.NO_STOCK,
            lambda: (
                not any(
                    _in_stock(book, v.start, visit, left.stock) and _in_time_alone(book, v, visit, site.receiving)
                    for v in vehicles
                )
            ),
        ),
    )
    return next((code for code, holds in tests if holds()), ReasonCode.NO_CAPACITY_LEFT)


def _driving(book: Book, visit: Visit, vehicles: Iterable[Vehicle]) -> list[Vehicle]:
    """Those that come there, and on to where they end."""
    return [
        vehicle
        for vehicle in vehicles
        if book.table_s(vehicle, book.row(vehicle.start), visit.row) < NO_WAY_S
        and book.table_s(vehicle, visit.row, book.row(vehicle.end)) < NO_WAY_S
    ]


def _no_unit_fits(book: Book, visit: Visit, vehicles: Sequence[Vehicle]) -> bool:
    kinds = {kind.id: kind for kind in book.problem.scenario.kinds}
    units = [kinds[line.kind].load(1) for line in visit.lines]
    return not any(_holds(vehicle, unit) for vehicle in vehicles for unit in units)


def _over_the_cap(book: Book, site: Site) -> bool:
    """Of kilograms, room or crates the site wants more than any vehicles that may come, no more than its cap, carry."""
    if site.most_vehicles is None:
        return False
    coming = [vehicle for vehicle in book.vehicles.values() if may_come(site, vehicle)]
    wanted = [visit.load for visit in book.problem.visits if visit.site == site.place.id]
    for dimension in range(len(Load())):
        rooms = sorted(
            vehicle.capacity[dimension] * (vehicle.max_loops if vehicle.reload_at else 1) for vehicle in coming
        )
        most = sum(rooms[::-1][: site.most_vehicles])
        if sum(load[dimension] for load in wanted) > most:
            return True
    return False


def _in_stock(book: Book, depot: str, visit: Visit, left: Stock) -> bool:
    source = book.problem.depots[depot]
    return all(
        line.kind not in source.stock or left[depot, line.kind] + source.behind.get(line.kind, 0) >= line.units
        for line in visit.lines
    )


def _holds(vehicle: Vehicle, load: Load) -> bool:
    return all(amount <= limit for amount, limit in zip(load, vehicle.capacity, strict=True))


def _in_time_alone(book: Book, vehicle: Vehicle, visit: Visit, hours: tuple[Interval, ...] | None) -> bool:
    """Load at every instant that may matter, rest there or at the site as it may fall due, and see whether one does."""
    if book.level(vehicle, visit) < vehicle.been or not _holds(vehicle, visit.load):
        return False
    trip = _Trip.of(book, vehicle, visit, hours)
    ways = list(product((_UNTAKEN, _BEFORE, _THERE, _AFTER), repeat=len(vehicle.breaks)))
    return any(trip.succeeds(load_s, way) for load_s in trip.instants() for way in ways)


_UNTAKEN, _BEFORE, _THERE, _AFTER = range(4)
"""Where a break is taken on a trip to one site: nowhere, before driving there, before unloading, before driving back."""


@dataclass(frozen=True, slots=True)
class _Trip:
    """One vehicle's way to one visit alone and back."""

    book: Book
    vehicle: Vehicle
    visit: Visit
    hours: tuple[Interval, ...] | None
    loading_s: int
    out_s: int
    home_s: int

    @classmethod
    def of(cls, book: Book, vehicle: Vehicle, visit: Visit, hours: tuple[Interval, ...] | None) -> _Trip:
        depot, start = book.problem.depots[vehicle.start], book.row(vehicle.start)
        loading_s = depot.loading_s + round(depot.loading_per_crate_s * visit.load.crates)
        out_s, home_s = book.table_s(vehicle, start, visit.row), book.table_s(vehicle, visit.row, book.row(vehicle.end))
        return cls(book, vehicle, visit, hours, loading_s, out_s, home_s)

    def instants(self) -> set[int]:
        """When it may be worth beginning to load: as soon as possible, after a break, or just in time for the hours."""
        from_s = max(self.vehicle.shift.open_s, self.visit.order.order_s)
        lead_s = self.loading_s + self.out_s
        wished = [from_s, *(opens_s - lead_s for opens_s, _ in self.hours or ())]
        wished += [rest.window.open_s + rest.duration_s - self.loading_s for rest in self.vehicle.breaks]
        wished += [
            opens_s - lead_s - rest.duration_s for opens_s, _ in self.hours or () for rest in self.vehicle.breaks
        ]
        opening = self.book.problem.depots[self.vehicle.start].opening
        if opening is None:
            return {max(from_s, load_s) for load_s in wished}
        spans = [(max(from_s, hours.open_s), hours.close_s - self.loading_s) for hours in opening]
        return {
            min(max(load_s, first_s), last_s) for load_s in wished for first_s, last_s in spans if first_s <= last_s
        }

    def succeeds(self, load_s: int, way: tuple[int, ...]) -> bool:
        """Whether it is in time, within hours, shift and round, no longer out than allowed, and the driver rested."""
        departure_s = load_s + self.loading_s
        ready_s = self._rested(self._rested(departure_s, way, _BEFORE) + self.out_s, way, _THERE)
        site, order, policy = self.book.sites[self.visit.site], self.visit.order, self.book.problem.scenario.policy
        start_s = _soonest(self.hours, ready_s, self.visit.service_s if site.finish_by_close else 0)
        back_s = self._rested(start_s + self.visit.service_s, way, _AFTER) + self.home_s
        within_s = order.target_s if site.target_s is None else site.target_s
        since_s = order.order_s if policy.target_from == "order" else departure_s
        return (
            start_s <= min(since_s + within_s, order.limit_s)
            and back_s <= self.vehicle.shift.close_s
            and (policy.longest_route_s is None or back_s - departure_s <= policy.longest_route_s)
            and all(
                taken != _UNTAKEN or departure_s >= window.open_s + duration_s or back_s <= window.close_s
                for taken, (window, duration_s) in zip(way, self.vehicle.breaks, strict=True)
            )
        )

    def _rested(self, free_s: int, way: tuple[int, ...], at: int) -> int:
        for taken, (window, duration_s) in zip(way, self.vehicle.breaks, strict=True):
            if taken == at:
                start_s = max(free_s, window.open_s)
                free_s = start_s + duration_s if start_s <= window.close_s else NO_WAY_S
        return free_s


def _soonest(hours: tuple[Interval, ...] | None, instant_s: int, lasting_s: int) -> int:
    """The first instant from the given one on in the hours, with so much of them left."""
    if hours is None:
        return instant_s
    starts = (max(instant_s, opens_s) for opens_s, closes_s in hours if max(instant_s, opens_s) + lasting_s <= closes_s)
    return min(starts, default=NO_WAY_S)


def _opened_by_passes(book: Book, visit: Visit, vehicles: Sequence[Vehicle]) -> bool:
    """Of those that might come some class needs nothing but passes. Tried again on the roads by ``check_shut_off``."""
    shut = book.problem.shut_off
    coming = vehicles or book.vehicles.values()
    classes = {vehicle.road_class for vehicle in coming} or range(len(book.problem.travel_s))
    return any((number, visit.row) in shut and shut[number, visit.row].passes for number in classes)


def _unreachable(book: Book, visit: Visit, vehicles: Sequence[Vehicle]) -> bool:
    """Those that might come: all, where none may."""
    return not _driving(book, visit, vehicles or book.vehicles.values())
