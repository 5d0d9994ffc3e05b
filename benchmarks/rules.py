"""Two real cases under each rule of the whole delivery problem: what a plan then says.

    python -m benchmarks.rules            # both; results to benchmarks/results/rules_{example,dalian}.{json,md}
    python -m benchmarks.rules dalian     # one of them

Every variation is planned with the same work limit and seed, and judged as `baogong check` does, reasons included; figures
are one run each.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta

from api.day_states import day_entry, day_state
from api.plan_documents import PlanWriter
from api.scenarios import scenario_of
from api.schemas import (
    DemandEntry,
    DepotEntry,
    KindEntry,
    LockEntry,
    PlaceKind,
    PlanDocument,
    RouteEntry,
    ScenarioDocument,
    Settings,
    SiteEntry,
    StateDocument,
    StockEntry,
    VehicleEntry,
)
from api.service import Effort, check_document, plan_scenario
from benchmarks.machine import RESULTS, machine
from benchmarks.towns import TOWNS, Town
from geodata.model import LonLat
from routing.day_state import DayState
from routing.midday import rest_of_day
from routing.model import Problem
from routing.pipeline import make_plan
from routing.solvers import known_solver
from routing.solvers.base import Stop

ITERATIONS = 300
SEALED_WITHIN_DEGREES = 0.012
ALCOHOL = "酒精"
CITY = "市级库"
LOCKED_ROUTES = 5
LOST_AFTER = timedelta(minutes=40)

Row = Mapping[str, object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("town", nargs="?", choices=list(TOWNS))
    chosen = parser.parse_args().town
    for name in TOWNS if chosen is None else [chosen]:
        with TOWNS[name]() as town:
            store(town, list(rows(town)))


def rows(town: Town) -> Iterator[Row]:
    morning = None
    for name, (vary, _) in VARIATIONS.items():
        row, plan = plan_one(name, town, vary(town))
        morning = plan if morning is None else morning
        yield row
    assert morning is not None  # noqa: S101  there are variations
    yield from locked(town, morning)
    yield from van_lost(town, morning)


def store(town: Town, found: list[Row]) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"rules_{town.name}"
    whole = {"machine": machine(), "iterations": ITERATIONS, "plans": found}
    path.with_suffix(".json").write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(as_markdown(town, found), encoding="utf-8")


def plan_one(
    name: str,
    town: Town,
    scenario: ScenarioDocument,
    *,
    previous: PlanDocument | None = None,
    state: StateDocument | None = None,
    seed: int = 1,
) -> tuple[Row, PlanDocument]:
    """The row of a variation, with its plan."""
    began = time.perf_counter()
    effort = Effort(stop=Stop(iterations=ITERATIONS), seed=seed)
    plan = plan_scenario(scenario, networks=town.networks, effort=effort, previous=previous, state=state).document
    return judged(name, town, scenario, plan, time.perf_counter() - began, previous), plan


def judged(
    name: str,
    town: Town,
    scenario: ScenarioDocument,
    plan: PlanDocument,
    seconds: float,
    previous: PlanDocument | None = None,
) -> Row:
    """The row of a plan. Ends the program where it breaks a rule."""
    violations = check_document(scenario, plan, networks=town.networks, previous=previous)
    if violations:
        raise SystemExit(f"{town.name}, {name}: " + "; ".join(violation.message.en for violation in violations))
    row = {"name": name, "seconds": round(seconds, 1), **figures(plan)}
    print(row, flush=True)
    return row


def figures(plan: PlanDocument) -> dict[str, object]:
    """``cost_s`` is without the price of changed stops, so that plans with and without one compare."""
    summary = plan.summary
    stops = [stop for route in plan.routes for loop in route.loops for stop in loop.stops]
    reasons = Counter(stop.reason.code for stop in stops if stop.reason)
    reasons.update(left.reason.code for left in plan.unserved)
    return {
        "visits": summary.visits,
        "in_time": summary.served_in_time,
        "late": summary.served_late,
        "unserved": summary.unserved,
        "vehicles": summary.vehicles_used,
        "loops": sum(len(route.loops) for route in plan.routes),
        "cost_s": sum(route.totals.cost_s - route.totals.price_s for route in plan.routes),
        "reasons": dict(reasons),
        "changed": summary.changed_stops,
    }


# --- planned again ----------------------------------------------------------------------------------------------


def locked(town: Town, morning: PlanDocument) -> Iterator[Row]:
    """Five routes of the first plan stay, the rest is sought with another seed and nothing to keep it."""
    apart = max(1, len(morning.routes) // LOCKED_ROUTES)
    kept = morning.routes[::apart][:LOCKED_ROUTES]
    locks = tuple(LockEntry(route=route.vehicle) for route in kept)
    scenario = changes_free(town.scenario).model_copy(update={"locks": locks})
    yield plan_one("five routes locked", town, scenario, previous=morning, seed=2)[0]


def van_lost(town: Town, morning: PlanDocument) -> Iterator[Row]:
    """At minute 40, with all it has on board: the van with the most stops yet to make."""
    now_at = morning.orders[0].order_at + LOST_AFTER
    now_s = int(LOST_AFTER.total_seconds())

    def stops_ahead(route: RouteEntry) -> int:
        return sum(stop.start_s > now_s for loop in route.loops for stop in loop.stops)

    lost = max(morning.routes, key=stops_ahead)
    state = StateDocument(now_at=now_at, lost_vehicles=(lost.vehicle,))
    row, _ = plan_one("a van lost at minute 40", town, town.scenario, previous=morning, state=state)
    yield {**row, "stops_of_the_lost": stops_ahead(lost)}
    yield {**planned_afresh(town, morning, state), "stops_of_the_lost": stops_ahead(lost)}


def planned_afresh(town: Town, morning: PlanDocument, state: StateDocument) -> Row:
    """The rest of the day as if nobody knew what was planned for it."""
    began = time.perf_counter()
    network = town.networks.load(town.scenario.network)
    come_to: list[DayState] = []

    def rest(problem: Problem) -> Problem:
        come_to.append(day_state(state, problem, morning))
        return rest_of_day(problem, come_to[0])

    planned = make_plan(
        scenario_of(town.scenario),
        network,
        solver=known_solver("pyvrp"),
        stop=Stop(iterations=ITERATIONS),
        seed=1,
        later=rest,
    )
    writer = PlanWriter(town.scenario, planned.problem, network, day=day_entry(come_to[0]))
    plan = writer.write(planned.plan, solver=morning.solver, reproducible=True)
    row = judged("the same, planned afresh", town, town.scenario, plan, time.perf_counter() - began)
    return {**row, "changed": changed_stops(morning, plan)}


def changed_stops(before: PlanDocument, after: PlanDocument) -> int:
    """Stops still to make that another vehicle makes than before, or none."""
    now = {stop.visit: route.vehicle for route in after.routes for loop in route.loops for stop in loop.stops}
    now |= {left.visit: "" for left in after.unserved}
    was = {stop.visit: route.vehicle for route in before.routes for loop in route.loops for stop in loop.stops}
    return sum(was.get(visit, "") != vehicle for visit, vehicle in now.items())


def changes_free(scenario: ScenarioDocument) -> ScenarioDocument:
    return with_settings(scenario, scenario.settings.model_copy(update={"change_price_s": 0}))


# --- variations -------------------------------------------------------------------------------------------------


def with_depots(scenario: ScenarioDocument, change: Callable[[DepotEntry], DepotEntry]) -> ScenarioDocument:
    return scenario.model_copy(update={"depots": tuple(change(entry) for entry in scenario.depots)})


def with_vehicles(scenario: ScenarioDocument, change: Callable[[VehicleEntry], VehicleEntry]) -> ScenarioDocument:
    return scenario.model_copy(update={"vehicles": tuple(change(entry) for entry in scenario.vehicles)})


def with_sites(scenario: ScenarioDocument, change: Callable[[SiteEntry], SiteEntry]) -> ScenarioDocument:
    return scenario.model_copy(update={"sites": tuple(change(entry) for entry in scenario.sites)})


def with_settings(scenario: ScenarioDocument, settings: Settings) -> ScenarioDocument:
    return scenario.model_copy(update={"settings": settings})


def as_it_is(town: Town) -> ScenarioDocument:
    return town.scenario


def loading_takes_time(town: Town) -> ScenarioDocument:
    return with_depots(town.scenario, lambda e: e.model_copy(update={"loading_s": 300, "loading_per_crate_s": 1.0}))


def three_bays_each(town: Town) -> ScenarioDocument:
    return with_depots(loading_takes_time(town), lambda e: e.model_copy(update={"loading_bays": 3}))


def two_loops_for_half_the_vans(town: Town) -> ScenarioDocument:
    def halved(entry: VehicleEntry) -> VehicleEntry:
        return entry.model_copy(update={"count": math.ceil(entry.count / 2), "max_loops": 2})

    return with_vehicles(loading_takes_time(town), halved)


def counted_from_departure(town: Town) -> ScenarioDocument:
    settings = town.scenario.settings.model_copy(update={"target_from": "departure"})
    return with_settings(two_loops_for_half_the_vans(town), settings)


def stock_short_by_a_third(town: Town) -> ScenarioDocument:
    """The first depot holds a third less than its share of what is wanted, the others some more than the rest."""
    depots = town.scenario.depots
    wanted = sum(line.units for site in town.scenario.sites for line in site.demand if line.kind == town.food)
    units = {depot.id: math.ceil(wanted / (len(depots) - 1)) for depot in depots}
    units[depots[0].id] = 2 * wanted // (3 * len(depots))
    return with_depots(
        town.scenario, lambda e: e.model_copy(update={"stock": (StockEntry(kind=town.food, units=units[e.id]),)})
    )


def food_and_alcohol_apart(town: Town) -> ScenarioDocument:
    alcohol = KindEntry(id=ALCOHOL, name="75% 酒精", kg=10.0, m3=0.02, crates=1.0, apart=(town.food,))
    fed = [site.id for site in town.scenario.sites if any(line.kind == town.food for line in site.demand)]
    also = frozenset(fed[3::4])

    def also_alcohol(entry: SiteEntry) -> SiteEntry:
        if entry.id not in also:
            return entry
        return entry.model_copy(update={"demand": (*entry.demand, DemandEntry(kind=ALCOHOL, units=3))})

    kinds = (*town.scenario.kinds, alcohol)
    return with_sites(town.scenario.model_copy(update={"kinds": kinds}), also_alcohol)


def sealed_centre(town: Town) -> ScenarioDocument:
    """Sites around the centre are sealed and take a pass, which some vehicles carry."""

    def sealed(entry: SiteEntry) -> SiteEntry:
        away = math.hypot(entry.lon - town.centre.lon, entry.lat - town.centre.lat)
        update = {"zone": "sealed", "needs_pass": "red"} if away < SEALED_WITHIN_DEGREES else {}
        return entry.model_copy(update=update)

    def with_pass(entry: VehicleEntry) -> VehicleEntry:
        return entry.model_copy(update={"passes": ("red",)}) if entry.id in town.passes else entry

    return with_vehicles(with_sites(town.scenario, sealed), with_pass)


def no_route_over_two_hours(town: Town) -> ScenarioDocument:
    settings = town.scenario.settings.model_copy(update={"longest_route_s": 7_200})
    return with_settings(town.scenario, settings)


def city_depot_feeds(
    scenario: ScenarioDocument, stations: Collection[str], *, at: LonLat, trucks: int, truck_crates: int = 600
) -> ScenarioDocument:
    """These depots hold nothing of their own: a city depot elsewhere sends them everything first, by trucks of its own.

    Loading takes 5 min, unloading at a station what it takes at a site, sorting 10 min and 0.5 s per crate.
    """
    city = DepotEntry(id=CITY, name=CITY, kind=PlaceKind.CITY_DEPOT, lon=at.lon, lat=at.lat, loading_s=300)
    fleet = VehicleEntry(id=f"{CITY}-L", count=trucks, depot=CITY, capacity_crates=truck_crates, max_loops=2)
    supply = {"supplied_from": CITY, "sorting_s": 600, "sorting_per_crate_s": 0.5, "stock": ()}
    fed = with_depots(scenario, lambda e: e.model_copy(update=supply if e.id in stations else {}))
    return fed.model_copy(update={"depots": (*fed.depots, city), "vehicles": (*fed.vehicles, fleet)})


def city_depot_feeds_two(town: Town) -> ScenarioDocument:
    """The first two depots are fed from elsewhere in the city; the others hold what they like."""
    stations = [entry.id for entry in town.scenario.depots[:2]]
    return city_depot_feeds(town.scenario, stations, at=town.city_depot, trucks=16, truck_crates=250)


VARIATIONS: dict[str, tuple[Callable[[Town], ScenarioDocument], str]] = {
    "as it is": (as_it_is, "one loop per vehicle, loading takes no time"),
    "loading takes time": (loading_takes_time, "5 min and 1 s per crate before leaving"),
    "three loading bays": (three_bays_each, "the same, with three bays at each depot"),
    "two loops, half the fleet": (two_loops_for_half_the_vans, "half of every kind of vehicle, each may reload once"),
    "counted from departure": (counted_from_departure, "the same, the target counting from each loop's departure"),
    "stock short by a third": (stock_short_by_a_third, "the first depot holds a third less than its share"),
    "food and alcohol apart": (food_and_alcohol_apart, "every fourth site that gets food also gets alcohol"),
    "sealed centre": (sealed_centre, "sites around the centre are sealed and take a pass"),
    "a city depot feeds two stations": (
        city_depot_feeds_two,
        "two depots are fed by sixteen trucks, 6 s a crate to unload",
    ),
    "no route over two hours": (no_route_over_two_hours, "a ceiling on the longest route"),
}


REPLANNED = {
    "five routes locked": "five of the first plan's routes are kept, the rest is planned anew",
    "a van lost at minute 40": "the rest of the day, a changed stop at 600 s",
    "the same, planned afresh": "the same state, with nothing of the first plan known",
}
COLUMNS = {
    "visits": "visits",
    "in_time": "in time",
    "late": "late",
    "unserved": "unserved",
    "vehicles": "vehicles",
    "loops": "loops",
    "cost_s": "cost (s)",
    "changed": "changed stops",
    "stops_of_the_lost": "of the lost van",
    "seconds": "seconds",
    "reasons": "reasons",
}


def as_markdown(town: Town, found: list[Row]) -> str:
    said = {name: text for name, (_, text) in VARIATIONS.items()} | REPLANNED
    table = [
        f"| {row['name']}: {said[str(row['name'])]} | " + " | ".join(_cell(row.get(key)) for key in COLUMNS) + " |"
        for row in found
    ]
    how = f"{machine()}. {ITERATIONS} iterations, seed 1. Every plan passed its check, reasons included."
    head = ["variation", *COLUMNS.values()]
    lines = [f"# {town.name.capitalize()} under each rule", "", how, ""]
    return "\n".join([*lines, f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *table, ""])


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {code}" for code, count in sorted(value.items()))
    return "" if value is None else str(value)


if __name__ == "__main__":
    main()
