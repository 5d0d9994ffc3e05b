"""Closures, gates and zones in a plan's document and in everything made of it; on a ring of roads, a block a minute."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from api.files.routes_geojson import routes_geojson
from api.files.workbook import write_workbook
from api.maps.plan_map import LANDSCAPE, TALL, draw_plan_map
from api.plan_documents import misstatements
from api.schemas import PlanDocument, StateDocument, StopEntry
from api.service import Effort, Networks, PlanOutcome, check_document, plan_scenario
from api.terminal import show_plan
from api.validation import validate_scenario
from api.views.page_content import plan_content
from geodata.network import build_network, save_network
from routing.solvers.base import Stop
from tests.routing import small

Raw = dict[str, Any]
ORDER_AT = "2022-11-20T21:30:00+08:00"


def place(name: str, x: int, y: int = 0, **members: Any) -> Raw:
    at = small.corner(x, y)
    return {"id": name, "name": f"{name}号", "lon": at.lon, "lat": at.lat, **members}


def box(west: float, east: float, south: float, north: float) -> Raw:
    """In blocks."""
    low, step = small.ORIGIN, small.STEP
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "Polygon", "coordinates": [[[low.lon + x * step, low.lat + y * step] for x, y in corners]]}


WANTED = {"demand": [{"kind": "kit", "units": 3}]}
SCENARIO: Raw = {
    "name": "一圈路",
    "network": "ring",
    "settings": {"service_s": 240, "service_per_crate_s": 0},
    "orders": [{"id": "w1", "order_at": ORDER_AT}],
    "kinds": [{"id": "kit", "name": "基础包", "kg": 4, "crates": 1}],
    "depots": [place("D", 0)],
    "sites": [
        place("S1", 3, **WANTED),
        place("S2", 6, **WANTED),
        place("S3", 3, 2, **WANTED),
        place("S4", 8, **WANTED),
    ],
    "vehicles": [{"id": "V", "count": 2, "depot": "D", "capacity_crates": 20, "shift": "20:00-次日3:00"}],
}
"""A ring of six by two blocks, and a road of two blocks on from its east."""

BRIDGE = {"id": "C1", "name": "滨河桥", "geometry": box(6.9, 7.1, -0.2, 0.2)}
SEALED = {"id": "Z1", "name": "东区", "level": "sealed", "geometry": box(5.5, 6.5, -0.5, 0.5)}
CHECKPOINT = {"id": "K1", "lon": small.corner(1).lon, "lat": small.ORIGIN.lat, "delay_s": 60}
TONIGHT = {"closures": [BRIDGE], "zones": [SEALED], "checkpoints": [CHECKPOINT]}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    folder = tmp_path_factory.mktemp("networks")
    ends = [((x, y), (x + 1, y)) for y in (0, 2) for x in range(6)]
    ends += [((x, y), (x, y + 1)) for x in (0, 6) for y in range(2)] + [((6, 0), (7, 0)), ((7, 0), (8, 0))]
    ring = build_network([small.road(*each) for each in ends], name="ring", attribution="drawn by hand")
    save_network(ring, folder / "ring.bgn")
    return Networks(folder)


def planned(networks: Networks, changes: Raw, **options: Any) -> PlanOutcome:
    effort = Effort(stop=Stop(iterations=60))
    return plan_scenario(validate_scenario(SCENARIO | changes), networks=networks, effort=effort, **options)


@pytest.fixture(scope="module")
def tonight(networks: Networks) -> PlanOutcome:
    return planned(networks, TONIGHT)


def stop_at(plan: PlanDocument, site: str) -> StopEntry:
    return next(stop for stop in stops_of(plan) if stop.site == site)


def stops_of(plan: PlanDocument) -> list[StopEntry]:
    return [stop for route in plan.routes for loop in route.loops for stop in loop.stops]


# --- the document ---------------------------------------------------------------------------------------------------


def test_a_stop_tells_its_gate_and_keeps_the_sites_own_place(tonight: PlanOutcome) -> None:
    stop = stop_at(tonight.document, "S2")
    assert stop.gate is not None
    assert (stop.gate.id[:4], stop.gate.zones) == ("Z1-G", ("Z1",))
    assert (stop.lon, stop.lat) == pytest.approx(small.corner(6), abs=1e-6)
    away = (stop.gate.lon - stop.lon) / small.STEP, (stop.gate.lat - stop.lat) / small.STEP
    assert sorted(map(abs, away)) == pytest.approx([0, 0.5], abs=1e-3)
    assert stop_at(tonight.document, "S1").gate is None


def test_every_restriction_tells_when_it_counts_and_whom_it_keeps_out(tonight: PlanOutcome) -> None:
    told = {entry.id: entry for entry in tonight.document.restrictions}
    assert [entry.kind for entry in told.values()] == ["closure", "checkpoint", "zone"]
    assert all(entry.orders == ("w1",) for entry in told.values())
    assert (told["Z1"].at_gate, told["Z1"].level) == (("S2",), "sealed")
    assert told["K1"].cut_off == told["K1"].at_gate == ()
    assert "S4" in {*told["C1"].cut_off, *told["Z1"].cut_off}
    lines = told["C1"].geometry.coordinates if told["C1"].geometry else ()
    assert {round((lon - small.ORIGIN.lon) / small.STEP, 2) for line in lines for lon, _ in line} == {6.9, 7, 7.1}


def test_what_is_over_before_the_order_counts_for_none(networks: Networks) -> None:
    over = {"closures": [BRIDGE | {"to_at": "2022-11-20T21:00:00+08:00"}]}
    plan = planned(networks, over).document
    assert plan.restrictions[0].orders == ()
    assert plan.summary.unserved == 0


def test_an_exempt_order_is_not_held_up(networks: Networks) -> None:
    plan = planned(networks, {"zones": [SEALED | {"exempt_orders": ["w1"]}]}).document
    assert plan.restrictions[0].orders == ()
    assert stop_at(plan, "S2").gate is None


def test_the_document_passes_the_check_and_a_forged_gate_does_not(networks: Networks, tonight: PlanOutcome) -> None:
    scenario = validate_scenario(SCENARIO | TONIGHT)
    assert check_document(scenario, tonight.document, networks=networks) == ()
    raw = tonight.document.model_dump(mode="json")
    stops = [stop for route in raw["routes"] for loop in route["loops"] for stop in loop["stops"]]
    stop = next(stop for stop in stops if stop["gate"])
    stop["gate"]["id"] = "Z1-G9"
    found = check_document(scenario, PlanDocument.model_validate(raw), networks=networks)
    assert ("ZONE", stop["visit"]) in {(violation.rule, violation.visit) for violation in found}


@pytest.mark.parametrize(("member", "other"), [("lon", 120.0), ("name", "北门"), ("zones", [])])
def test_what_a_gate_says_of_itself_is_checked(
    networks: Networks, tonight: PlanOutcome, member: str, other: Any
) -> None:
    raw = tonight.document.model_dump(mode="json")
    stops = [stop for route in raw["routes"] for loop in route["loops"] for stop in loop["stops"]]
    next(stop for stop in stops if stop["gate"])["gate"][member] = other
    found = check_document(validate_scenario(SCENARIO | TONIGHT), PlanDocument.model_validate(raw), networks=networks)
    assert {violation.rule for violation in found} == {"TOTALS"}


def test_what_a_plan_says_of_restrictions_is_checked(networks: Networks, tonight: PlanOutcome) -> None:
    raw = tonight.document.model_dump(mode="json")
    raw["restrictions"][2]["at_gate"] = []
    forged = PlanDocument.model_validate(raw)
    assert {violation.subject for violation in misstatements(forged, tonight.document)} == {"/restrictions/2/at_gate"}
    found = check_document(validate_scenario(SCENARIO | TONIGHT), forged, networks=networks)
    assert {violation.rule for violation in found} == {"TOTALS"}


# --- what is made of it -----------------------------------------------------------------------------------------------


def test_directions_lead_to_the_gate(tonight: PlanOutcome) -> None:
    """And its last step ends there."""
    leg = next(leg for leg in tonight.directions().legs if leg.visit == "S2/1")
    gate = stop_at(tonight.document, "S2").gate
    assert gate is not None
    assert leg.destination == gate.id
    assert (leg.steps[-1].lon, leg.steps[-1].lat) == pytest.approx((gate.lon, gate.lat), abs=1e-6)


def test_a_vehicle_with_a_pass_is_shown_its_own_way(networks: Networks) -> None:
    """Of two vans one holds it; both are told where to drive."""
    permits = {"passes": [{"vehicle": "V-2", "places": ["Z1"]}], "locks": [{"visit": "S2/1", "vehicle": "V-2"}]}
    outcome = planned(networks, {"zones": [SEALED]} | permits)
    assert stop_at(outcome.document, "S2").gate is None
    leg = next(leg for leg in outcome.directions().legs if leg.visit == "S2/1")
    assert sum(step.travel_s for step in leg.steps) == stop_at(outcome.document, "S2").leg.travel_s


def test_the_geometry_has_gates_and_restrictions(tonight: PlanOutcome) -> None:
    found = routes_geojson(tonight.document, tonight.network)["features"]
    (gate,) = [each for each in found if each["properties"]["feature"] == "gate"]
    assert gate["properties"]["visits"] == ["S2/1"]
    shapes = [each["geometry"]["type"] for each in found if each["properties"]["feature"] == "restriction"]
    assert shapes == ["MultiLineString", "Point", "Polygon"]
    driven = [each["geometry"]["coordinates"] for each in found if each["properties"]["feature"] == "loop"]
    ends = np.array([line[-1] for lines in driven for line in lines])
    assert (np.abs(ends - gate["geometry"]["coordinates"]) < 1e-6).all(axis=1).any()


@pytest.mark.parametrize(("lang", "stops", "sheet"), [("zh", "停靠", "道路限制"), ("en", "Stops", "Restrictions")])
def test_the_workbook_tells_gates_and_restrictions(tonight: PlanOutcome, lang: str, stops: str, sheet: str) -> None:
    stream = io.BytesIO()
    write_workbook(tonight.document, stream, lang=lang)
    book = openpyxl.load_workbook(stream)
    gate = stop_at(tonight.document, "S2").gate
    assert gate is not None
    assert gate.id in {cell.value for row in book[stops].iter_rows() for cell in row}
    assert [row[0].value for row in book[sheet].iter_rows(min_row=2)] == ["C1", "K1", "Z1"]


@pytest.mark.parametrize("size", [LANDSCAPE, TALL])
def test_the_map_shows_them(networks: Networks, tonight: PlanOutcome, size: tuple[int, int]) -> None:
    """The same plan without a word of restrictions gives another picture."""
    bare = tonight.document.model_copy(update={"restrictions": ()})
    assert draw_plan_map(tonight.document, tonight.network, size=size) != draw_plan_map(
        bare, tonight.network, size=size
    )


@pytest.mark.parametrize(("language", "said"), [("zh", "交接点：卡口 Z1-G"), ("en", "handed over at gate Z1-G")])
def test_terminal_and_page_name_the_gate(
    tonight: PlanOutcome, capsys: pytest.CaptureFixture[str], language: str, said: str, tmp_path: Path
) -> None:
    show_plan(tonight.document, tmp_path, language)
    assert said in " ".join(capsys.readouterr().out.split())
    content = plan_content(tonight.document, validate_scenario(SCENARIO | TONIGHT), language)
    sites = [stop.site for route in content.routes for loop in route.loops for stop in loop.stops]
    assert any(said in site for site in sites)


# --- in the night ---------------------------------------------------------------------------------------------------


def test_a_closure_drawn_after_the_plan_was_made_replans_with_the_changes_listed(networks: Networks) -> None:
    before = planned(networks, {})
    assert before.document.summary.unserved == 0
    after = planned(networks, {"closures": [BRIDGE]}, previous=before.document).document
    assert [(change.visit, change.to_vehicle) for change in after.changes] == [("S4/1", None)]
    (left,) = after.unserved
    assert left.reason.code == "UNREACHABLE"
    assert "C1 滨河桥" in left.reason.message.zh
    scenario = validate_scenario(SCENARIO | {"closures": [BRIDGE]})
    assert check_document(scenario, after, networks=networks, previous=before.document) == ()


def test_the_rest_of_a_day_is_planned_under_a_zone_sealed_at_noon(networks: Networks) -> None:
    """When it is drawn nobody has left yet, five minutes after the order."""
    before = planned(networks, {"depots": [place("D", 0, opening="21:45-次日3:00")]})
    changes = {"depots": [place("D", 0, opening="21:45-次日3:00")], "zones": [SEALED]}
    now = datetime.fromisoformat(ORDER_AT) + timedelta(minutes=5)
    after = planned(networks, changes, previous=before.document, state=StateDocument(now_at=now)).document
    assert stop_at(after, "S2").gate is not None
    scenario = validate_scenario(SCENARIO | changes)
    assert check_document(scenario, after, networks=networks, previous=before.document) == ()


def test_a_vehicle_that_stands_at_a_gate_goes_on_from_there(networks: Networks) -> None:
    before = planned(networks, {"zones": [SEALED], "vehicles": [SCENARIO["vehicles"][0] | {"count": 1}]})
    stop = stop_at(before.document, "S2")
    state = StateDocument(now_at=stop.start_at + timedelta(seconds=1))
    changes = {"zones": [SEALED], "vehicles": [SCENARIO["vehicles"][0] | {"count": 1}]}
    after = planned(networks, changes, previous=before.document, state=state).document
    left = {each.visit for each in stops_of(before.document) if each.start_s > stop.start_s}
    assert {each.visit for each in stops_of(after)} == left
    assert (
        check_document(validate_scenario(SCENARIO | changes), after, networks=networks, previous=before.document) == ()
    )


def test_two_stages_hand_over_at_gates_too(networks: Networks) -> None:
    """A, at the north-west corner, is supplied from D and delivers to all sites."""
    changes: Raw = {
        "depots": [place("D", 0, stock=[{"kind": "kit", "units": 90}]), place("A", 0, 2, supplied_from="D")],
        "vehicles": [
            {"id": "T", "depot": "D", "capacity_crates": 20},
            {"id": "V", "depot": "A", "capacity_crates": 20},
        ],
    }
    plan = planned(networks, changes | {"zones": [SEALED], "closures": [BRIDGE]}).document
    assert stop_at(plan, "S2").gate is not None
    assert {left.site for left in plan.unserved} == {"S4"}
    scenario = validate_scenario(SCENARIO | changes | {"zones": [SEALED], "closures": [BRIDGE]})
    assert check_document(scenario, plan, networks=networks) == ()


def test_the_same_request_gives_the_same_document(networks: Networks, tonight: PlanOutcome) -> None:
    again = planned(networks, TONIGHT).document
    assert json.loads(again.model_dump_json()) == json.loads(tonight.document.model_dump_json())
