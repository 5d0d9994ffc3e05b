"""The same problem with one thing changed: what another fleet, target, hours, pass, stock, cap or ceiling would mean.

Visits keep their parts, so that a solution of the one can be read as one of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from geodata.model import Ints
from routing.model import AtGate, Depot, Interval, Problem, Seconds, Site, Unserved, Vehicle, Visit


def with_vehicles(problem: Problem, vehicles: Sequence[Vehicle], alike: Mapping[str, str]) -> Problem:
    """Another fleet. ``alike``: a new vehicle's id to that of the one it equals, which sites may know by name."""

    def known(names: frozenset[str]) -> frozenset[str]:
        return names.union(new for new, old in alike.items() if old in names)

    def site_changed(site: Site) -> Site:
        if not site.allowed and not site.preferred:
            return site
        allowed = None if site.allowed is None else known(site.allowed)
        return replace(site, allowed=allowed, preferred=known(site.preferred))

    def visit_changed(visit: Visit) -> Visit:
        if not visit.allowed and not visit.preferred:
            return visit
        allowed = None if visit.allowed is None else known(visit.allowed)
        return replace(visit, allowed=allowed, preferred=known(visit.preferred))

    scenario = replace(problem.scenario, vehicles=tuple(vehicles))
    if not alike:
        return replace(problem, scenario=scenario)
    scenario = replace(scenario, sites=tuple(site_changed(site) for site in scenario.sites))
    dismissed = tuple(replace(left, visit=visit_changed(left.visit)) for left in problem.dismissed)
    return replace(
        problem, scenario=scenario, visits=tuple(visit_changed(visit) for visit in problem.visits), dismissed=dismissed
    )


def with_one_more(problem: Problem, like: Vehicle) -> Problem:
    """One vehicle more, last in the list, that differs from ``like`` in its id alone."""
    ids = {vehicle.id for vehicle in problem.scenario.vehicles}
    name = next(name for number in range(1, len(ids) + 2) if (name := f"{like.id}+{number}") not in ids)
    return with_vehicles(problem, (*problem.scenario.vehicles, replace(like, id=name)), {name: like.id})


def with_targets(problem: Problem, within_s: Mapping[str, Seconds]) -> Problem:
    """Other dispatch targets for sites, none shorter than it was."""
    longest: dict[str, Seconds] = {}
    for visit in problem.visits:
        if visit.site in within_s:
            longest[visit.site] = max(longest.get(visit.site, within_s[visit.site]), visit.within_s)
    return _with_sites(
        problem,
        longest.keys(),
        lambda site: replace(site, target_s=longest[site.place.id]),
        lambda visit: replace(visit, target_s=longest[visit.site]),
    )


def with_ceiling(problem: Problem, longest_route_s: Seconds) -> Problem:
    """No vehicle is out for longer."""
    policy = replace(problem.scenario.policy, longest_route_s=longest_route_s)
    return replace(problem, scenario=replace(problem.scenario, policy=policy))


def with_any_hours(problem: Problem, site: str) -> Problem:
    """A site that receives at any time of its waves."""
    return _with_sites(
        problem,
        (site,),
        lambda each: replace(each, receiving=None),
        lambda visit: replace(visit, windows=(Interval(visit.order.order_s, visit.order.limit_s),)),
    )


def with_cap(problem: Problem, site: str, most_vehicles: int | None) -> Problem:
    """So many vehicles may come to the site, None: any number."""
    return _with_sites(problem, (site,), lambda each: replace(each, most_vehicles=most_vehicles), lambda visit: visit)


def _with_sites(
    problem: Problem,
    sites: Collection[str],
    change_site: Callable[[Site], Site],
    change_visit: Callable[[Visit], Visit],
) -> Problem:
    changed = tuple(change_site(each) if each.place.id in sites else each for each in problem.scenario.sites)
    visits = tuple(change_visit(each) if each.site in sites else each for each in problem.visits)
    return replace(problem, scenario=replace(problem.scenario, sites=changed), visits=visits)


def with_pass(problem: Problem, vehicles: frozenset[str], name: str) -> Problem:
    """These vehicles carry the pass too."""
    granted = tuple(
        replace(each, passes=each.passes | {name}) if each.id in vehicles else each
        for each in problem.scenario.vehicles
    )
    return replace(problem, scenario=replace(problem.scenario, vehicles=granted))


def with_hand_over(problem: Problem, row: int, travel_s: Ints, gates: Mapping[int, AtGate]) -> Problem:
    """Vehicles of some classes hand over for a row at another place, to which the table leads, whatever the hour."""
    at_gate = {**problem.at_gate, **{(number, row): gate for number, gate in gates.items()}}
    return replace(problem, travel_s=travel_s, at_gate=at_gate, hourly=None)


def with_road_classes(problem: Problem, vehicles: Mapping[str, int]) -> Problem:
    """Vehicles by id that are on the roads as another class."""
    changed = tuple(
        replace(each, road_class=vehicles[each.id]) if each.id in vehicles else each
        for each in problem.scenario.vehicles
    )
    return replace(problem, scenario=replace(problem.scenario, vehicles=changed))


def with_stock(problem: Problem, depot: str, units: Mapping[str, int]) -> Problem:
    """The depot holds so much more."""

    def filled(each: Depot) -> Depot:
        added = {kind: each.stock.get(kind, 0) + count for kind, count in units.items()}
        return replace(each, stock={**each.stock, **added}) if each.place.id == depot else each

    depots = tuple(filled(each) for each in problem.scenario.depots)
    scenario = replace(problem.scenario, depots=depots)
    return replace(problem, scenario=scenario, depots={each.place.id: each for each in depots})


def with_visit(problem: Problem, visit: Visit) -> Problem:
    """A visit that was dismissed is to be made after all; it is the last."""
    dismissed: tuple[Unserved, ...] = tuple(left for left in problem.dismissed if left.visit.id != visit.id)
    return replace(problem, visits=(*problem.visits, visit), dismissed=dismissed)
