"""A plan and its document say the same, there and back, and nothing in a document can be changed unnoticed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.plan_documents import plan_of_document
from api.scenarios import scenario_of
from api.schemas import PlanDocument, ScenarioDocument, SolverEntry
from api.service import Effort, Networks, check_document, plan_scenario
from api.validation import validate_scenario
from geodata.network import save_network
from routing.evaluate import Solution
from routing.pipeline import Posed, finish_plan, pose
from routing.solvers.base import Stop
from tests.routing import small

ORDER_AT = "2022-11-20T21:30:00+08:00"
"""Half past nine in the evening, so that the plan goes past midnight."""


def place(name: str, x: int, y: int = 0, **members: Any) -> dict[str, Any]:
    at = small.corner(x, y)
    return {"id": name, "name": f"{name}号", "lon": at.lon, "lat": at.lat, **members}


def wants(units: int, kind: str = "kit") -> dict[str, Any]:
    return {"demand": [{"kind": kind, "units": units}]}


SCENARIO: dict[str, Any] = {
    "name": "一条路",
    "network": "line",
    "settings": {"service_s": 240, "service_per_crate_s": 0},
    "orders": [
        {"id": "w1", "order_at": ORDER_AT, "target_s": 900, "round_limit_s": 14_400},
        {"id": "w2", "order_at": "2022-11-20T14:30:00Z", "target_s": 3_600},
    ],
    "kinds": [
        {"id": "kit", "name": "基础包", "kg": 4.33, "m3": 0.012, "crates": 0.3333},
        {"id": "tank", "name": "水箱", "kg": 3_000, "m3": 1, "crates": 1},
    ],
    "access_points": [place("G", 5, bays=2)],
    "depots": [place("D", 0, opening="6:00-次日2:00"), place("E", 12)],
    "sites": [
        place("S1", 2, priority=1, **wants(30)),
        place("S2", 8, access_point="G", **wants(25)),
        place("S3", 4, access_point="G", receiving="22:00-23:00", **wants(10)),
        place("S4", 9, required=True, **wants(12)),
        place("S5", 10, receiving="9:00-10:00", **wants(3)),
        place("S6", 6, 4, **wants(3)),
        place("S7", 7, **wants(1, "tank")),
        place("S8", 11, demand=[{"kind": "kit", "units": 9, "order": "w2"}]),
    ],
    "vehicles": [
        {"id": "V", "count": 2, "depot": "D", "capacity_kg": 200, "capacity_crates": 20, "shift": "20:00-次日3:00"},
        {"id": "W", "depot": "D", "end": "E", "capacity_kg": 100, "fixed_cost_s": 60, "kind": "货车"},
    ],
}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    folder = tmp_path_factory.mktemp("networks")
    save_network(small.line_network(), folder / "line.bgn")
    return Networks(folder)


@pytest.fixture(scope="module")
def scenario() -> ScenarioDocument:
    return validate_scenario(SCENARIO)


@pytest.fixture(scope="module")
def posed(scenario: ScenarioDocument, networks: Networks) -> Posed:
    return pose(scenario_of(scenario), networks.load("line"))


@pytest.fixture(scope="module")
def document(scenario: ScenarioDocument, networks: Networks) -> PlanDocument:
    return plan_scenario(scenario, networks=networks, effort=Effort(stop=Stop(iterations=200))).document


# --- what it says -----------------------------------------------------------------------------------------------


def test_the_small_plan_has_something_of_everything(document: PlanDocument) -> None:
    summary = document.summary
    assert summary.served_in_time > 0
    assert summary.served_late > 0
    assert {left.reason.code for left in document.unserved} == {"UNREACHABLE", "TOO_BIG", "WINDOW_MISSED"}
    assert len(document.routes) > 1
    assert max(len(route.loops[0].stops) for route in document.routes) > 1


def test_every_instant_is_its_second_after_the_first_order_in_the_scenarios_zone(document: PlanDocument) -> None:
    first = datetime.fromisoformat(ORDER_AT)
    stops = [stop for route in document.routes for loop in route.loops for stop in loop.stops]
    pairs = [(order.order_at, order.order_s) for order in document.orders]
    pairs += [(stop.arrival_at, stop.arrival_s) for stop in stops]
    pairs += [(stop.start_at, stop.start_s) for stop in stops]
    pairs += [(stop.departure_at, stop.departure_s) for stop in stops]
    pairs += [(stop.latest_at, stop.latest_s) for stop in stops]
    assert all(instant == first + timedelta(seconds=second) for instant, second in pairs)
    assert all(instant.utcoffset() == timedelta(hours=8) for instant, _ in pairs)
    assert [order.order_s for order in document.orders] == [0, 3_600]


def test_parts_of_a_stop_add_up(document: PlanDocument) -> None:
    for route in document.routes:
        for loop in route.loops:
            assert loop.load.crates == sum(stop.load.crates for stop in loop.stops)
            assert sum(line.units for line in loop.lines) == sum(
                line.units for stop in loop.stops for line in stop.lines
            )
            for stop in loop.stops:
                assert stop.start_s == stop.arrival_s + stop.wait_s
                assert stop.departure_s == stop.start_s + stop.service_s
                assert stop.late_s == max(0, stop.start_s - stop.latest_s)
                assert (stop.reason is None) == (stop.late_s == 0)


def test_sites_that_share_a_gate_are_stopped_at_there(document: PlanDocument) -> None:
    stops = {stop.site: stop for route in document.routes for loop in route.loops for stop in loop.stops}
    assert {stops[name].access_point for name in ("S2", "S3")} == {"G"}
    assert (stops["S2"].lon, stops["S2"].lat) == (stops["S3"].lon, stops["S3"].lat)
    assert stops["S1"].access_point == "S1"


def test_what_lies_off_the_roads_is_told_with_both_distances(document: PlanDocument) -> None:
    located = {entry.place: entry for entry in document.located}
    assert set(located) == {"D", "E", *(f"S{number}" for number in range(1, 9))}
    assert located["S6"].lon is None
    assert located["S6"].snap_m == pytest.approx(2_400, abs=20)
    assert located["D"].road == "直路"
    assert located["D"].snap_m == 0


# --- there and back ---------------------------------------------------------------------------------------------


def test_a_plan_comes_back_from_its_document_as_it_was(posed: Posed, document: PlanDocument) -> None:
    seats = {vehicle.id: row for row, vehicle in enumerate(posed.problem.scenario.vehicles)}
    index = {visit.id: row for row, visit in enumerate(posed.problem.visits)}
    routes: list[tuple[int, ...]] = [() for _ in seats]
    for route in document.routes:
        routes[seats[route.vehicle]] = tuple(index[stop.visit] for stop in route.loops[0].stops)
    plan = finish_plan(posed, Solution(tuple(routes)))
    again = plan_of_document(document, posed.problem)
    assert replace(again, routes=()) == replace(plan, routes=())
    for one, other in zip(again.routes, plan.routes, strict=True):
        assert one.totals == other.totals
        for mine, yours in zip(one.loops[0].stops, other.loops[0].stops, strict=True):
            assert replace(mine, leg=None) == replace(yours, leg=None)
            assert mine.leg is not None
            assert yours.leg is not None
            assert (mine.leg.arcs, mine.leg.length_m) == (yours.leg.arcs, yours.leg.length_m)


def test_a_document_survives_json_and_passes_its_check(
    document: PlanDocument, scenario: ScenarioDocument, networks: Networks
) -> None:
    again = PlanDocument.model_validate_json(document.model_dump_json())
    assert again == document
    assert again.model_dump_json() == document.model_dump_json()
    assert check_document(scenario, again, networks=networks) == ()


def test_state_and_version_of_a_stored_plan_are_nobodys_business_here(
    document: PlanDocument, scenario: ScenarioDocument, networks: Networks
) -> None:
    stored = document.model_copy(update={"state": "released", "version": 7})
    assert check_document(scenario, stored, networks=networks) == ()


# --- nothing can be changed unnoticed -----------------------------------------------------------------------------

Path_ = tuple[str | int, ...]

FREE = {"solver", "state", "version", "warnings"}
"""What no rule speaks of: how the plan was found, where it is kept, what was said on the way."""


def leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    else:
        yield path, value


def is_free(path: Path_) -> bool:
    return path[0] in FREE or path in {("schema_version",), ("summary", "check"), ("summary", "reproducible")}


def changes(path: Path_, value: Any) -> list[Any]:
    """Other values of the same sort."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, -value - 1]
    if isinstance(value, str) and str(path[-1]).endswith("_at"):
        return [(datetime.fromisoformat(value) + timedelta(seconds=1)).isoformat()]
    if isinstance(value, str):
        return [value + "x"]
    return [1.5 if path[-1] in {"lon", "lat", "snap_m", "nearest_m"} else 1]


def changed(raw: dict[str, Any], path: Path_, value: Any) -> PlanDocument | None:
    """None where a value of that sort has no place in a document."""
    spoiled: Any = copy.deepcopy(raw)
    inner = spoiled
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    try:
        return PlanDocument.model_validate(spoiled)
    except ValueError:
        return None


def unnoticed(document: PlanDocument, check: Callable[[PlanDocument], Any], *, one_in: int) -> tuple[list[Any], int]:
    """Changes that pass the check, and how many were tried: every change, or one in so many."""
    raw = document.model_dump(mode="json")
    passed, tried = [], 0
    every = [(path, other) for path, value in leaves(raw) if not is_free(path) for other in changes(path, value)]
    for path, other in every[::one_in]:
        spoiled = changed(raw, path, other)
        if spoiled is not None:
            tried += 1
            if not check(spoiled):
                passed.append((path, other))
    return passed, tried


def test_a_sample_of_the_leaves_of_a_document_is_checked(
    document: PlanDocument, scenario: ScenarioDocument, networks: Networks
) -> None:
    passed, tried = unnoticed(document, lambda plan: check_document(scenario, plan, networks=networks), one_in=11)
    assert passed == []
    assert tried > 50


@pytest.mark.slow
def test_every_leaf_of_a_document_is_checked(
    document: PlanDocument, scenario: ScenarioDocument, networks: Networks
) -> None:
    passed, tried = unnoticed(document, lambda plan: check_document(scenario, plan, networks=networks), one_in=1)
    assert passed == []
    assert tried > 600


def test_every_list_of_a_document_is_checked_for_what_is_missing(
    document: PlanDocument, scenario: ScenarioDocument, networks: Networks
) -> None:
    raw = document.model_dump(mode="json")
    for path in lists(raw):
        if not is_free(path):
            spoiled = copy.deepcopy(raw)
            inner: Any = spoiled
            for step in path:
                inner = inner[step]
            inner.pop()
            assert check_document(scenario, PlanDocument.model_validate(spoiled), networks=networks), path


def lists(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, dict | list):
        if isinstance(value, list) and value:
            yield path
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from lists(item, (*path, step))


@pytest.mark.parametrize("huge", [10**12, -(10**12), 10**25])
def test_a_time_beyond_every_calendar_is_a_violation_and_no_crash(
    huge: int, document: PlanDocument, scenario: ScenarioDocument, networks: Networks
) -> None:
    raw = document.model_dump(mode="json")
    for path in (
        ("routes", 0, "loops", 0, "departure_s"),
        ("routes", 0, "loops", 0, "stops", 0, "start_s"),
        ("routes", 0, "loops", 0, "stops", 0, "leg", "travel_s"),
        ("routes", 0, "loops", 0, "stops", 0, "leg", "arcs", 0),
        ("routes", 0, "loops", 0, "stops", 0, "part"),
        ("routes", 0, "totals", "cost_s"),
        ("unserved", 0, "priority"),
    ):
        spoiled = changed(raw, path, huge)
        assert spoiled is not None
        assert check_document(scenario, spoiled, networks=networks)


def test_a_weight_beyond_every_scale_is_a_violation_and_no_crash(
    document: PlanDocument, scenario: ScenarioDocument, networks: Networks
) -> None:
    raw = document.model_dump(mode="json")
    for path in (("routes", 0, "loops", 0, "stops", 0, "load", "kg"), ("summary", "load", "m3")):
        for huge in (1e308, -1e308):
            spoiled = changed(raw, path, huge)
            assert spoiled is not None
            assert check_document(scenario, spoiled, networks=networks)


def test_figures_and_words_of_a_reason_are_tested_too(
    document: PlanDocument, scenario: ScenarioDocument, networks: Networks
) -> None:
    """Softened: an hour late told as ten minutes."""
    raw = document.model_dump(mode="json")
    late = next(path for path, _ in leaves(raw) if path[-2:] == ("message", "zh") and path[0] == "routes")
    spoiled = changed(raw, late, "稍晚")
    assert spoiled is not None
    told = check_document(scenario, spoiled, networks=networks)
    assert [one.subject for one in told] == ["/" + "/".join(str(step) for step in late)]


def test_a_plan_of_another_scenario_or_another_network_is_told_so(
    document: PlanDocument, scenario: ScenarioDocument, networks: Networks, tmp_path: Path
) -> None:
    other = scenario.model_copy(update={"name": "另一个"})
    assert "fingerprint" in {one.subject for one in check_document(other, document, networks=networks)}
    save_network(small.line_network(13), tmp_path / "line.bgn")
    told = check_document(scenario, document, networks=Networks(tmp_path))
    assert ("ROAD", "network") in {(one.rule, one.subject) for one in told}


def test_solver_entry_says_how_the_plan_was_found(document: PlanDocument) -> None:
    assert document.solver == SolverEntry(
        engine="pyvrp",
        engine_version=document.solver.engine_version,
        seed=0,
        iterations=200,
        seconds=None,
    )
    assert document.summary.reproducible
