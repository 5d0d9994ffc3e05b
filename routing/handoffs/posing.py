"""What a plan asks of the handoffs: its stops with the time each has to spare, and sites as given or by default."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from routing.handoffs.model import Arrival, BayOwner, Crew, HandoffInput, Mode, SiteInput, Volunteer
from routing.model import Plan, Problem, Route, Seconds, Stop, Vehicle

SAMPLING_SITE = "sampling_site"


@dataclass(frozen=True, slots=True)
class HandoffSettings:
    """What a scenario says of handoffs, by id. What it does not say is assumed: see ``pose_handoffs``."""

    owners: Mapping[str, BayOwner] = field(default_factory=dict)
    sites: Mapping[str, SiteInput] = field(default_factory=dict)
    crews: tuple[Crew, ...] = ()
    volunteers: tuple[Volunteer, ...] = ()
    policy: Literal["early", "balanced", "few_people"] = "balanced"


def pose_handoffs(problem: Problem, plan: Plan, settings: HandoffSettings | None = None) -> HandoffInput:
    """The stops of the plan at the scenario's sites.

    A site of which nothing is said has a crew of its own; goods are collected, at a sampling site carried in, and at a gate
    handed over there. Where doors are to be served and nobody is named, there is a volunteer for each round.
    """
    given = settings or HandoffSettings()
    arrivals = tuple(arrival for route in plan.routes for arrival in _arrivals(problem, route))
    gates = {arrival.site for arrival in arrivals if arrival.owner in _gates(plan)}
    places = {site.place.id: site.place for site in problem.scenario.sites}
    crews, volunteers = list(given.crews), list(given.volunteers)
    sites = []
    for name in dict.fromkeys(arrival.site for arrival in arrivals):
        site = given.sites.get(name) or _usual(name, places[name].kind, at_gate=name in gates)
        if not site.crews:
            crews.append(Crew(f"{name}/crew"))
            site = replace(site, crews=(crews[-1].id,), assumed=True)
        if not site.volunteers:
            assumed = [Volunteer(f"{name}/volunteer-{number}") for number in range(1, _rounds(site) + 1)]
            volunteers += assumed
            site = replace(site, volunteers=tuple(each.id for each in assumed), assumed=site.assumed or bool(assumed))
        sites.append(site)
    return HandoffInput(
        tuple(_owners(problem, arrivals, given.owners)),
        tuple(sites),
        arrivals,
        tuple(crews),
        tuple(volunteers),
        given.policy,
    )


def _gates(plan: Plan) -> set[str]:
    return {stop.gate for stop in plan.stops() if stop.gate is not None}


def _usual(name: str, kind: str, *, at_gate: bool) -> SiteInput:
    if kind == SAMPLING_SITE:
        return SiteInput(name, Mode.SITE_CREW)
    return SiteInput(name, Mode.GATE if at_gate else Mode.COLLECTION)


def _rounds(site: SiteInput) -> int:
    return math.ceil(sum(len(site.doors_of(group)) for group in site.groups) / site.per_round)


def _owners(problem: Problem, arrivals: tuple[Arrival, ...], given: Mapping[str, BayOwner]) -> Iterator[BayOwner]:
    bays = {point.id: point.bays for point in problem.scenario.access_points}
    for name in dict.fromkeys(arrival.owner for arrival in arrivals):
        yield given.get(name) or BayOwner(name, bays.get(name, 1))


def _arrivals(problem: Problem, route: Route) -> Iterator[Arrival]:
    """Of a vehicle, in order. Delays are handed on whole: what slack its loading and rests have is not counted on."""
    vehicle = next(each for each in problem.scenario.vehicles if each.id == route.vehicle)
    points = {site.place.id: site.place.access_point for site in problem.scenario.sites}
    latest_s = _latest(problem, vehicle, route)
    before: Stop | None = None
    for stop in (stop for loop in route.loops for stop in loop.stops):
        visit = stop.visit
        if visit.site not in points:
            continue
        yield Arrival(
            visit.id,
            route.vehicle,
            visit.site,
            stop.gate or points[visit.site],
            stop.arrival_s,
            stop.start_s,
            stop.departure_s - stop.start_s,
            latest_s[visit.id],
            visit.load.crates,
            None if before is None else before.visit.id,
            0 if before is None else stop.arrival_s - before.departure_s,
        )
        before = stop


def _latest(problem: Problem, vehicle: Vehicle, route: Route) -> dict[str, Seconds]:
    """By visit the latest start under which it, every stop after it and the way home stay as much in time as planned."""
    stops = [stop for loop in route.loops for stop in loop.stops]
    home_s = max(route.loops[-1].back_s, _home_by(problem, vehicle, route)) - route.loops[-1].back_s
    spare_s = home_s + (stops[-1].departure_s if stops else 0)
    latest: dict[str, Seconds] = {}
    for stop, following in reversed(list(pairwise([*stops, None]))):
        if stop is None:
            continue
        service_s = stop.departure_s - stop.start_s
        if following is not None:
            spare_s = latest[following.visit.id] - (following.arrival_s - stop.departure_s)
        latest[stop.visit.id] = max(stop.start_s, min(_own_latest(stop), spare_s - service_s))
    return latest


def _own_latest(stop: Stop) -> Seconds:
    """Within its target, or no later than planned if it is late already; within the round and the same receiving hours."""
    in_time_s = max(stop.start_s, min(stop.latest_s, stop.visit.order.limit_s))
    closing_s = [window.close_s for window in stop.visit.windows if window.holds(stop.start_s)]
    return min([in_time_s, *closing_s])


def _home_by(problem: Problem, vehicle: Vehicle, route: Route) -> Seconds:
    longest_s = problem.scenario.policy.longest_route_s
    if longest_s is None:
        return vehicle.shift.close_s
    return min(vehicle.shift.close_s, route.loops[0].departure_s + longest_s)
