"""Between a plan and its document, in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from api import schemas
from api.plan_restrictions import restrictions_in_plan
from geodata.errors import Text
from geodata.locate import Located
from geodata.model import Leg, LonLat
from geodata.network import Network
from geodata.restrictions import Resolved
from routing.changes import Change, changes
from routing.check import SKIPPED_WITHOUT_HANDOFFS
from routing.drivers import familiarity
from routing.model import (
    DemandLine,
    DispatchOrder,
    Driver,
    Earlier,
    EarlierLoop,
    EarlierStop,
    Load,
    Loop,
    Objective,
    Place,
    Plan,
    Problem,
    Reason,
    ReasonCode,
    Relaxation,
    Relief,
    Rest,
    Route,
    RouteTotals,
    Stop,
    Summary,
    Transfer,
    Unserved,
    Vehicle,
    Violation,
    Visit,
)

END_OF_TIME = datetime.max.replace(tzinfo=UTC)
MOST = 1e15
"""No weight or volume is larger; more would not fit a whole number of grams."""

# --- plan to plan document --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlanWriter:
    """Writes plans of one problem as documents."""

    document: schemas.ScenarioDocument
    problem: Problem
    network: Network
    warnings: tuple[Text, ...] = ()
    day: schemas.DayEntry | None = None
    resolved: Resolved | None = None

    def write(self, plan: Plan, *, solver: schemas.SolverEntry, reproducible: bool) -> schemas.PlanDocument:
        scenario = self.problem.scenario
        changed = None if scenario.earlier is None else changes(scenario.earlier, plan)
        return schemas.PlanDocument(
            scenario=schemas.ScenarioReference(
                name=scenario.name, timezone=scenario.timezone, fingerprint=scenario.fingerprint
            ),
            network=schemas.NetworkEntry(
                name=self.network.name, fingerprint=self.network.fingerprint, attribution=self.network.attribution
            ),
            solver=solver,
            orders=tuple(self._order(order) for order in scenario.orders),
            summary=_summary_entry(plan.summary, reproducible=reproducible, changed=changed),
            routes=tuple(self._route(route) for route in plan.routes),
            unserved=tuple(self._unserved(unserved) for unserved in plan.unserved),
            located=tuple(self._located(place) for place in self._places.values()),
            warnings=tuple(schemas.Bilingual(zh=warning.zh, en=warning.en) for warning in self.warnings),
            changes=tuple(self._change(change) for change in changed or ()),
            day=self.day,
            transfers=tuple(self._transfer(transfer) for transfer in plan.transfers),
            restrictions=restrictions_in_plan(self.problem, plan, self.network, self.resolved),
        )

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.problem.scenario.timezone)

    @cached_property
    def _places(self) -> dict[str, Place]:
        scenario = self.problem.scenario
        places = [*(depot.place for depot in scenario.depots), *(site.place for site in scenario.sites)]
        return {place.id: place for place in places}

    @cached_property
    def _vehicles(self) -> dict[str, Vehicle]:
        return {vehicle.id: vehicle for vehicle in self.problem.scenario.vehicles}

    @cached_property
    def _drivers(self) -> dict[str, Driver]:
        return {driver.id: driver for driver in self.problem.scenario.drivers}

    def _at(self, second: int) -> datetime:
        """A second beyond the calendar, which only a forged plan has, is the end of time."""
        try:
            return (self.problem.scenario.epoch + timedelta(seconds=second)).astimezone(self._zone)
        except OverflowError:
            return END_OF_TIME

    def _transfer(self, transfer: Transfer) -> schemas.TransferEntry:
        return schemas.TransferEntry(
            station=transfer.station,
            supplier=transfer.supplier,
            ready_s=transfer.ready_s,
            ready_at=self._at(transfer.ready_s),
            lines=_line_entries(transfer.lines),
        )

    def _change(self, change: Change) -> schemas.ChangeEntry:
        before, after = change.before, change.after
        return schemas.ChangeEntry(
            visit=change.visit,
            site=change.site,
            from_vehicle=before.vehicle if before else None,
            to_vehicle=after.vehicle if after else None,
            from_start_s=before.start_s if before else None,
            from_start_at=self._at(before.start_s) if before else None,
            to_start_s=after.start_s if after else None,
            to_start_at=self._at(after.start_s) if after else None,
        )

    def _order(self, order: DispatchOrder) -> schemas.OrderInPlan:
        return schemas.OrderInPlan(
            id=order.id,
            order_s=order.order_s,
            order_at=self._at(order.order_s),
            target_s=order.target_s,
            round_limit_s=order.round_limit_s,
            reasons_hour=self.problem.reason_hours.get(order.id),
        )

    def _route(self, route: Route) -> schemas.RouteEntry:
        vehicle = self._vehicles.get(route.vehicle)
        return schemas.RouteEntry(
            vehicle=route.vehicle,
            name=vehicle.name if vehicle else "",
            kind=vehicle.kind if vehicle else "",
            loops=tuple(self._loop(number, loop, vehicle) for number, loop in enumerate(route.loops, 1)),
            rests=tuple(
                schemas.TakenRest(start_s=rest.start_s, start_at=self._at(rest.start_s), duration_s=rest.duration_s)
                for rest in route.rests
            ),
            totals=schemas.RouteTotals(**route.totals._asdict() | {"load": _load_entry(route.totals.load)}),
            **self._driver_members(route),
        )

    def _driver_members(self, route: Route) -> dict[str, Any]:
        driver = self._drivers.get(route.driver or "")
        known = familiarity(driver, route)
        return {
            "driver": route.driver,
            "driver_name": driver.name if driver else "",
            "known_stops": known.known_stops,
            "unknown_sites": known.unknown_sites,
        }

    def _loop(self, number: int, loop: Loop, vehicle: Vehicle | None) -> schemas.LoopEntry:
        visits = [stop.visit for stop in loop.stops]
        return schemas.LoopEntry(
            number=number,
            depot=loop.depot,
            loading_s=loop.loading_from_s,
            loading_at=self._at(loop.loading_from_s),
            departure_s=loop.departure_s,
            departure_at=self._at(loop.departure_s),
            lines=_merged_lines(visits),
            load=_load_entry(_sum(visit.load for visit in visits)),
            stops=tuple(self._stop(stop, vehicle) for stop in loop.stops),
            back=schemas.ReturnEntry(
                place=loop.end,
                arrival_s=loop.back_s,
                arrival_at=self._at(loop.back_s),
                leg=_leg_entry(loop.back_travel_s, loop.back_leg),
            ),
        )

    def _stop(self, stop: Stop, vehicle: Vehicle | None) -> schemas.StopEntry:
        visit, latest_s = stop.visit, stop.latest_s
        return schemas.StopEntry(
            visit=visit.id,
            **self._site_members(visit),
            access_point=self._places[visit.site].access_point if visit.site in self._places else "",
            arrival_s=stop.arrival_s,
            arrival_at=self._at(stop.arrival_s),
            start_s=stop.start_s,
            start_at=self._at(stop.start_s),
            departure_s=stop.departure_s,
            departure_at=self._at(stop.departure_s),
            latest_s=latest_s,
            latest_at=self._at(latest_s),
            wait_s=stop.start_s - stop.arrival_s,
            service_s=stop.departure_s - stop.start_s,
            late_s=stop.late_s,
            reason=_reason_entry(stop.reason) if stop.reason else None,
            leg=_leg_entry(stop.travel_s, stop.leg),
            gate=None if stop.gate is None or vehicle is None else self._gate(stop.visit, vehicle),
        )

    def _gate(self, visit: Visit, vehicle: Vehicle) -> schemas.GateEntry | None:
        gate = self.problem.gate_of(vehicle, visit)
        if gate is None:
            return None
        place = gate.position.point
        return schemas.GateEntry(
            id=gate.id, name=gate.name, lon=round(place.lon, 7), lat=round(place.lat, 7), zones=gate.zones
        )

    def _site_members(self, visit: Visit) -> dict[str, Any]:
        """Where vehicles stop for it if it lies on the roads, else where it is."""
        place = self._places.get(visit.site)
        located = self.problem.located.by_access_point.get(place.access_point) if place else None
        point = located.position.point if located and located.position else place.location if place else LonLat(0, 0)
        return {
            "site": visit.site,
            "part": visit.part,
            "name": place.name if place else "",
            "order": visit.order.id,
            "lon": round(point.lon, 7),
            "lat": round(point.lat, 7),
            "lines": _line_entries(visit.lines),
            "load": _load_entry(visit.load),
        }

    def _unserved(self, unserved: Unserved) -> schemas.UnservedEntry:
        visit = unserved.visit
        return schemas.UnservedEntry(
            visit=visit.id,
            **self._site_members(visit),
            required=visit.required,
            priority=visit.priority,
            reason=_reason_entry(unserved.reason) if unserved.reason else NO_REASON,
        )

    def _located(self, place: Place) -> schemas.LocatedEntry:
        located = self.problem.located.by_access_point[place.access_point]
        position = located.position
        return schemas.LocatedEntry(
            place=place.id,
            lon=position.point.lon if position else None,
            lat=position.point.lat if position else None,
            road=self.network.road_name(position.edge) if position else "",
            snap_m=None if located.snap_m is None else round(located.snap_m, 1),
            nearest_m=_nearest_m(located),
        )


NO_REASON = schemas.ReasonEntry(code="", message=schemas.Bilingual(zh="", en=""), figures={})


def _nearest_m(located: Located) -> float | None:
    """Metres to the nearest road of all, when that is not the one used."""
    if located.snap_m is not None and located.snap_m - located.nearest_m < 0.05:
        return None
    return round(located.nearest_m, 1) if np.isfinite(located.nearest_m) else None


def _sum(loads: Iterable[Load]) -> Load:
    total = Load()
    for load in loads:
        total = total.plus(load)
    return total


def _load_entry(load: Load) -> schemas.LoadEntry:
    return schemas.LoadEntry(kg=load.grams / 1_000, m3=load.cm3 / 1e6, crates=load.crates)


def _line_entries(lines: Iterable[DemandLine]) -> tuple[schemas.LineEntry, ...]:
    return tuple(schemas.LineEntry(kind=line.kind, units=line.units) for line in lines)


def _merged_lines(visits: Sequence[Visit]) -> tuple[schemas.LineEntry, ...]:
    units: dict[str, int] = {}
    for visit in visits:
        for line in visit.lines:
            units[line.kind] = units.get(line.kind, 0) + line.units
    return tuple(schemas.LineEntry(kind=kind, units=count) for kind, count in units.items())


def _leg_entry(travel_s: int, leg: Leg | None) -> schemas.LegEntry:
    return schemas.LegEntry(travel_s=travel_s, length_m=leg.length_m if leg else 0.0, arcs=leg.arcs if leg else ())


def _reason_entry(reason: Reason) -> schemas.ReasonEntry:
    return schemas.ReasonEntry(
        code=reason.code.value,
        message=schemas.Bilingual(zh=reason.message.zh, en=reason.message.en),
        figures=dict(reason.figures),
        relaxation=_relaxation_entry(reason.relaxation) if reason.relaxation else None,
    )


def _relaxation_entry(relaxation: Relaxation) -> schemas.RelaxationEntry:
    return schemas.RelaxationEntry(
        relief=relaxation.relief.value,
        message=schemas.Bilingual(zh=relaxation.message.zh, en=relaxation.message.en),
        figures=dict(relaxation.figures),
    )


def _summary_entry(summary: Summary, *, reproducible: bool, changed: Sequence[Change] | None) -> schemas.Summary:
    members = {name: getattr(summary, name) for name in Summary.__dataclass_fields__}
    return schemas.Summary(
        **members | {"load": _load_entry(summary.load), "objective": schemas.Objective(**summary.objective._asdict())},
        check="passed",
        skipped=SKIPPED_WITHOUT_HANDOFFS,
        reproducible=reproducible,
        changed_stops=None if changed is None else len(changed),
    )


# --- plan document to plan --------------------------------------------------------------------------------------


def plan_of_document(document: schemas.PlanDocument, problem: Problem) -> Plan:
    """The plan a document states, right or wrong: judging it is the checker's business."""
    reader = _PlanReader(problem)
    summary = document.summary
    stated = {name: getattr(summary, name) for name in Summary.__dataclass_fields__}
    return Plan(
        routes=tuple(reader.route(route) for route in document.routes),
        unserved=tuple(Unserved(reader.visit(entry), _reason(entry.reason)) for entry in document.unserved),
        summary=Summary(
            **stated | {"load": _load(summary.load), "objective": Objective(**summary.objective.model_dump())}
        ),
        transfers=stated_transfers(document),
    )


def stated_transfers(document: schemas.PlanDocument) -> tuple[Transfer, ...]:
    """What a document says is brought to stations, right or wrong."""
    return tuple(
        Transfer(
            entry.station,
            entry.supplier,
            tuple(DemandLine(line.kind, line.units) for line in entry.lines),
            entry.ready_s,
        )
        for entry in document.transfers
    )


class _PlanReader:
    def __init__(self, problem: Problem) -> None:
        self._visits = {visit.id: visit for visit in problem.visits}
        self._visits |= {dismissed.visit.id: dismissed.visit for dismissed in problem.dismissed}
        self._orders = {order.id: order for order in problem.scenario.orders}

    def route(self, entry: schemas.RouteEntry) -> Route:
        totals = {name: getattr(entry.totals, name) for name in RouteTotals._fields}
        stated = RouteTotals(**totals | {"load": _load(entry.totals.load)})
        rests = tuple(Rest(rest.start_s, rest.duration_s) for rest in entry.rests)
        return Route(entry.vehicle, tuple(self._loop(loop) for loop in entry.loops), stated, rests, entry.driver)

    def _loop(self, entry: schemas.LoopEntry) -> Loop:
        return Loop(
            depot=entry.depot,
            end=entry.back.place,
            departure_s=entry.departure_s,
            stops=tuple(self._stop(stop) for stop in entry.stops),
            back_s=entry.back.arrival_s,
            back_travel_s=entry.back.leg.travel_s,
            back_leg=_leg(entry.back.leg),
            load_s=entry.loading_s,
        )

    def _stop(self, entry: schemas.StopEntry) -> Stop:
        return Stop(
            visit=self.visit(entry),
            arrival_s=entry.arrival_s,
            start_s=entry.start_s,
            departure_s=entry.departure_s,
            travel_s=entry.leg.travel_s,
            leg=_leg(entry.leg),
            reason=_reason(entry.reason) if entry.reason else None,
            due_s=entry.latest_s,
            gate=entry.gate.id if entry.gate else None,
        )

    def visit(self, entry: schemas.StopEntry | schemas.UnservedEntry) -> Visit:
        """What the problem knows by that name, with what the document says of it."""
        lines = tuple(DemandLine(line.kind, line.units) for line in entry.lines)
        posed = self._visits.get(entry.visit)
        order = self._orders.get(entry.order, DispatchOrder(entry.order, 0))
        if posed is None:
            return Visit(entry.site, entry.part, order, lines, _load(entry.load), 0, (), 2, False, -1)
        return replace(posed, site=entry.site, part=entry.part, order=order, lines=lines, load=_load(entry.load))


def _leg(entry: schemas.LegEntry) -> Leg:
    return Leg(entry.travel_s * 1_000, entry.length_m, entry.arcs)


def _load(entry: schemas.LoadEntry) -> Load:
    return Load(round(_bounded(entry.kg) * 1_000), round(_bounded(entry.m3) * 1e6), entry.crates)


def _bounded(amount: float) -> float:
    return max(-MOST, min(amount, MOST))


def _reason(entry: schemas.ReasonEntry) -> Reason | None:
    if entry.code not in ReasonCode.__members__:
        return None
    text = Text(entry.message.zh, entry.message.en)
    return Reason(ReasonCode(entry.code), text, entry.figures, _relaxation(entry.relaxation))


def _relaxation(entry: schemas.RelaxationEntry | None) -> Relaxation | None:
    if entry is None or entry.relief not in set(Relief):
        return None
    return Relaxation(Relief(entry.relief), Text(entry.message.zh, entry.message.en), entry.figures)


# --- a plan document as the plan to start from --------------------------------------------------------------------


def earlier_of(document: schemas.PlanDocument, epoch: datetime) -> Earlier:
    """Who served what, by today's clock, which starts at ``epoch``."""
    routes = {
        route.vehicle: tuple(EarlierLoop(loop.depot, tuple(stop.visit for stop in loop.stops)) for loop in route.loops)
        for route in document.routes
    }
    return Earlier(dict(_earlier_stops(document, epoch)), routes)


def stated_earlier(document: schemas.PlanDocument, epoch: datetime) -> Earlier | None:
    """The plan a document says it was made from, as far as it follows from the changes it lists; None for a fresh one."""
    if document.summary.changed_stops is None:
        return None
    stops = dict(_earlier_stops(document, epoch))
    for change in document.changes:
        stops.pop(change.visit, None)
        if change.from_vehicle is not None:
            stops[change.visit] = EarlierStop(change.from_vehicle, change.from_start_s or 0)
    return Earlier(stops)


def _earlier_stops(document: schemas.PlanDocument, epoch: datetime) -> Iterator[tuple[str, EarlierStop]]:
    for route in document.routes:
        for stop in (stop for loop in route.loops for stop in loop.stops):
            yield stop.visit, EarlierStop(route.vehicle, round((stop.start_at - epoch).total_seconds()))


def misstatements(stated: schemas.PlanDocument, rebuilt: schemas.PlanDocument) -> Iterator[Violation]:
    """Members of a document that do not follow from the rest of it: instants, names, sums of loads."""
    yield from _differences(stated.model_dump(mode="json"), rebuilt.model_dump(mode="json"), "")


def _differences(stated: object, rebuilt: object, pointer: str) -> Iterator[Violation]:
    if isinstance(stated, dict) and isinstance(rebuilt, dict):
        for name in stated:
            yield from _differences(stated[name], rebuilt.get(name), f"{pointer}/{name}")
    elif isinstance(stated, list) and isinstance(rebuilt, list) and len(stated) == len(rebuilt):
        for index, (one, other) in enumerate(zip(stated, rebuilt, strict=True)):
            yield from _differences(one, other, f"{pointer}/{index}")
    elif stated != rebuilt:
        zh, en = f"{pointer} 写明 {stated}，应为 {rebuilt}", f"{pointer} is stated as {stated}, should be {rebuilt}"
        yield Violation("TOTALS", Text(zh, en), subject=pointer)
