"""The embedded example under each rule of the whole delivery problem: what a plan then says.

    python -m benchmarks.rules    # results to benchmarks/results/rules.{json,md}

Every variation is planned with the same work limit and seed, and checked; figures are one run each.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from api.example import example_scenario
from api.schemas import (
    DemandEntry,
    DepotEntry,
    KindEntry,
    PlanDocument,
    ScenarioDocument,
    Settings,
    SiteEntry,
    StockEntry,
    VehicleEntry,
)
from api.service import Effort, Networks, plan_scenario
from benchmarks.machine import RESULTS, machine
from routing.solvers.base import Stop

ITERATIONS = 1_500
CENTRE = (-71.2520, -29.9060)
SEALED_WITHIN_DEGREES = 0.012
FOOD, ALCOHOL = "基础包", "酒精"


def main() -> None:
    rows = []
    for name, (vary, _) in VARIATIONS.items():
        row = plan_one(name, vary(example_scenario()))
        print(row, flush=True)
        rows.append(row)
    RESULTS.mkdir(exist_ok=True)
    found = {"machine": machine(), "iterations": ITERATIONS, "plans": rows}
    (RESULTS / "rules.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "rules.md").write_text(as_markdown(rows), encoding="utf-8")


def plan_one(name: str, scenario: ScenarioDocument) -> dict[str, object]:
    began = time.perf_counter()
    effort = Effort(stop=Stop(iterations=ITERATIONS), seed=1)
    plan = plan_scenario(scenario, networks=Networks(Path()), effort=effort).document
    return {"name": name, "seconds": round(time.perf_counter() - began, 1), **figures(plan)}


def figures(plan: PlanDocument) -> dict[str, object]:
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
        "cost_s": summary.objective.cost_s,
        "reasons": dict(reasons),
    }


# --- variations -------------------------------------------------------------------------------------------------


def with_depots(scenario: ScenarioDocument, change: Callable[[DepotEntry], DepotEntry]) -> ScenarioDocument:
    return scenario.model_copy(update={"depots": tuple(change(entry) for entry in scenario.depots)})


def with_vehicles(scenario: ScenarioDocument, change: Callable[[VehicleEntry], VehicleEntry]) -> ScenarioDocument:
    return scenario.model_copy(update={"vehicles": tuple(change(entry) for entry in scenario.vehicles)})


def with_sites(scenario: ScenarioDocument, change: Callable[[SiteEntry], SiteEntry]) -> ScenarioDocument:
    return scenario.model_copy(update={"sites": tuple(change(entry) for entry in scenario.sites)})


def with_settings(scenario: ScenarioDocument, settings: Settings) -> ScenarioDocument:
    return scenario.model_copy(update={"settings": settings})


def as_it_is(scenario: ScenarioDocument) -> ScenarioDocument:
    return scenario


def loading_takes_time(scenario: ScenarioDocument) -> ScenarioDocument:
    return with_depots(scenario, lambda e: e.model_copy(update={"loading_s": 300, "loading_per_crate_s": 1.0}))


def three_bays_each(scenario: ScenarioDocument) -> ScenarioDocument:
    return with_depots(loading_takes_time(scenario), lambda e: e.model_copy(update={"loading_bays": 3}))


def two_loops_for_half_the_vans(scenario: ScenarioDocument) -> ScenarioDocument:
    def halved(entry: VehicleEntry) -> VehicleEntry:
        return entry.model_copy(update={"count": math.ceil(entry.count / 2), "max_loops": 2})

    return with_vehicles(loading_takes_time(scenario), halved)


def counted_from_departure(scenario: ScenarioDocument) -> ScenarioDocument:
    settings = scenario.settings.model_copy(update={"target_from": "departure"})
    return with_settings(two_loops_for_half_the_vans(scenario), settings)


def stock_short_by_a_third(scenario: ScenarioDocument) -> ScenarioDocument:
    """The first depot holds a third less than a quarter of what is wanted, the others what is wanted between them."""
    wanted = sum(line.units for site in scenario.sites for line in site.demand if line.kind == FOOD)
    units = {depot.id: math.ceil(wanted / 3) for depot in scenario.depots}
    units[scenario.depots[0].id] = wanted // 6
    return with_depots(scenario, lambda e: e.model_copy(update={"stock": (StockEntry(kind=FOOD, units=units[e.id]),)}))


def food_and_alcohol_apart(scenario: ScenarioDocument) -> ScenarioDocument:
    alcohol = KindEntry(id=ALCOHOL, name="75% 酒精", kg=10.0, m3=0.02, crates=1.0, apart=(FOOD,))

    def also_alcohol(entry: SiteEntry) -> SiteEntry:
        if entry.kind != "drop_point" or int(entry.id.removeprefix("P")) % 4:
            return entry
        return entry.model_copy(update={"demand": (*entry.demand, DemandEntry(kind=ALCOHOL, units=3))})

    return with_sites(scenario.model_copy(update={"kinds": (*scenario.kinds, alcohol)}), also_alcohol)


def sealed_centre(scenario: ScenarioDocument) -> ScenarioDocument:
    """Sites around the centre are sealed and take a pass, which the vans of two depots carry."""

    def sealed(entry: SiteEntry) -> SiteEntry:
        away = math.hypot(entry.lon - CENTRE[0], entry.lat - CENTRE[1])
        update = {"zone": "sealed", "needs_pass": "red"} if away < SEALED_WITHIN_DEGREES else {}
        return entry.model_copy(update=update)

    def with_pass(entry: VehicleEntry) -> VehicleEntry:
        return entry.model_copy(update={"passes": ("red",)}) if entry.id in {"V3", "V4", "T4"} else entry

    return with_vehicles(with_sites(scenario, sealed), with_pass)


def no_route_over_two_hours(scenario: ScenarioDocument) -> ScenarioDocument:
    return with_settings(scenario, scenario.settings.model_copy(update={"longest_route_s": 7_200}))


VARIATIONS: dict[str, tuple[Callable[[ScenarioDocument], ScenarioDocument], str]] = {
    "as it is": (as_it_is, "one loop per vehicle, loading takes no time"),
    "loading takes time": (loading_takes_time, "5 min and 1 s per crate before leaving"),
    "three loading bays": (three_bays_each, "the same, with three bays at each depot"),
    "two loops, half the fleet": (two_loops_for_half_the_vans, "half of every kind of vehicle, each may reload once"),
    "counted from departure": (counted_from_departure, "the same, the target counting from each loop's departure"),
    "stock short by a third": (stock_short_by_a_third, "the first depot holds a third less than its share"),
    "food and alcohol apart": (food_and_alcohol_apart, "every fourth drop point also gets alcohol"),
    "sealed centre": (sealed_centre, "sites around the centre are sealed and take a pass"),
    "no route over two hours": (no_route_over_two_hours, "a ceiling on the longest route"),
}


def as_markdown(rows: list[dict[str, object]]) -> str:
    head = ["variation", "visits", "in time", "late", "unserved", "vehicles", "loops", "cost (s)", "seconds", "reasons"]
    keys = ("visits", "in_time", "late", "unserved", "vehicles", "loops", "cost_s", "seconds", "reasons")
    table = [
        f"| {row['name']}: {VARIATIONS[str(row['name'])][1]} | " + " | ".join(str(row[key]) for key in keys) + " |"
        for row in rows
    ]
    lines = ["# The example under each rule", "", f"{machine()}. {ITERATIONS} iterations, seed 1.", ""]
    return "\n".join([*lines, f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *table, ""])


if __name__ == "__main__":
    main()
